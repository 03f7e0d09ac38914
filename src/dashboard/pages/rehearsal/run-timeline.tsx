// biome-ignore-all lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
import type { PlayedNode, PlayedRun } from '../../../model/views/rehearsal.ts';
import { Icon } from '../../components/icon.tsx';
import { NodeName, useDuration } from '../../components/parts.tsx';
import { phaseLook } from '../../components/status.tsx';
import { useWidth } from '../../components/use-width.ts';
import { useMessages } from '../../i18n.tsx';
import { isStill, ticksOf } from '../expansion/lanes.ts';

const leastSeconds = 1;

/** A run of a rehearsal on a time axis: a lane per node, its phases as blocks. `seconds`: how long the axis is. */
export function RunTimeline({
  run,
  seconds,
  label,
}: {
  readonly run: PlayedRun;
  readonly seconds: number;
  readonly label: string;
}) {
  const duration = useDuration();
  const { ref, width } = useWidth();
  const length = Math.max(leastSeconds, seconds) * 1000;
  const nameWidth = width < 620 ? 140 : 178;
  const trackWidth = Math.max(40, width - nameWidth - 32);
  // The last mark's words would run over the edge.
  const ticks = ticksOf(length, Math.max(2, Math.floor(trackWidth / 90))).filter(
    (tick) => tick / length < 1 - 70 / trackWidth,
  );
  return (
    <div ref={ref} className="timeline run-timeline" style={{ ['--name-width' as string]: `${nameWidth}px` }}>
      <div className="timeline-axis" aria-hidden="true">
        <div className="timeline-track">
          {ticks.map((tick) => (
            <span key={tick} className="tick num" style={{ left: `${(tick / length) * 100}%` }}>
              {`+${duration(tick).replace('.0', '')}`}
            </span>
          ))}
        </div>
      </div>
      <section className="run-lanes" aria-label={label} tabIndex={0}>
        <ul className="plain">
          {run.nodes.map((node) => (
            <Lane key={node.node} node={node} length={length} trackWidth={trackWidth} end={run.seconds} />
          ))}
        </ul>
      </section>
    </div>
  );
}

function Lane({
  node,
  length,
  trackWidth,
  end,
}: {
  readonly node: PlayedNode;
  readonly length: number;
  readonly trackWidth: number;
  readonly end: number;
}) {
  const t = useMessages();
  const duration = useDuration();
  const spans = node.phases
    .map(({ phase, atSeconds }, i) => ({
      phase,
      from: atSeconds * 1000,
      to: (node.phases[i + 1]?.atSeconds ?? end) * 1000,
    }))
    .filter(({ phase }) => !isStill(phase));
  const batch = node.batch === null ? t.expansion.batchNone : t.newExpansion.batch(node.batch + 1);
  const words = spans.map(({ phase, from, to }) => t.timeline.span(t.phases[phase], duration(to - from)));
  const look = phaseLook(node.phase);
  const endAt = spans.at(-1)?.to ?? 0;
  return (
    <li className="run-lane">
      <span className="visually-hidden">
        {t.timeline.lane(node.node, batch, [...words, t.phases[node.phase]].join(', '))}
      </span>
      <span className="lane-name mono" aria-hidden="true">
        <NodeName name={node.node} />
      </span>
      <span className="timeline-track" aria-hidden="true">
        {spans.map(({ phase, from, to }) => {
          const share = ((to - from) / length) * 100;
          const name = t.phases[phase];
          const fits = (share / 100) * trackWidth > name.length * 6.6 + 14;
          return (
            <i
              key={`${phase} ${from}`}
              className={`span phase-${phase}`}
              style={{ left: `${(from / length) * 100}%`, width: `max(2px, ${share}%)` }}
              title={`${name} · ${duration(to - from)}`}
            >
              {fits ? name : ''}
            </i>
          );
        })}
        {isStill(node.phase) && (
          <em
            className={`lane-end ${look.tone}`}
            style={{ left: `${Math.min(100, (endAt / length) * 100)}%` }}
            title={t.phases[node.phase]}
          >
            <Icon name={look.icon} />
          </em>
        )}
      </span>
    </li>
  );
}
