// biome-ignore-all lint/a11y/useSemanticElements: lanes at computed places stand between other things than list items
// biome-ignore-all lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard

import { memo, useEffect, useRef } from 'react';
import { isActive, joinPhases } from '../../../model/expansion.ts';
import type { ExpansionView, JoinView } from '../../../model/views/expansion.ts';
import { Icon } from '../../components/icon.tsx';
import { NodeName, useDuration, useNow } from '../../components/parts.tsx';
import { phaseLook } from '../../components/status.tsx';
import { useWidth } from '../../components/use-width.ts';
import { useVisibleRows, VirtualRows } from '../../components/virtual-rows.tsx';
import { formatClock } from '../../format.ts';
import { useMessages } from '../../i18n.tsx';
import { Link } from '../../router.tsx';
import { batchBands, isStill, isTroubled, restingSince, spansOf, ticksOf, timeRange } from './lanes.ts';

const laneHeight = 30;

/** A lane per node over time, its phases as blocks, and the batches as bands behind them. */
export function Timeline({ expansion }: { readonly expansion: ExpansionView }) {
  const t = useMessages();
  const current = useNow();
  const duration = useDuration();
  const { ref, width } = useWidth();
  const now = restingSince(expansion) ?? current;
  const { from, to } = timeRange(expansion, now);
  const range = useVisibleRows(expansion.joins.length, laneHeight);
  useScrollToWork(range.box, expansion);
  if (expansion.startedAt === null) return <p className="empty">{t.timeline.empty}</p>;

  const length = to - from;
  const percent = (at: number) => (Math.min(Math.max(at - from, 0), length) / length) * 100;
  const bands = batchBands(expansion.joins, now);
  const nameWidth = width < 620 ? 140 : 178;
  const trackWidth = Math.max(40, width - nameWidth - 32);
  // The last mark's words would run over the edge.
  const ticks = ticksOf(length, Math.max(2, Math.floor(trackWidth / 90))).filter(
    (tick) => tick / length < 1 - 70 / trackWidth,
  );
  const usedPhases = joinPhases.filter(
    (phase) =>
      !isStill(phase) && expansion.joins.some((join) => join.phases.some((entry) => entry.phase === phase)),
  );
  const endPhases = joinPhases.filter(
    (phase) => isStill(phase) && phase !== 'waiting' && expansion.joins.some((join) => join.phase === phase),
  );

  return (
    <div ref={ref} className="timeline" style={{ ['--name-width' as string]: `${nameWidth}px` }}>
      <div className="timeline-axis" aria-hidden="true">
        <div className="timeline-track">
          {ticks.map((tick) => (
            <span key={tick} className="tick num" style={{ left: `${(tick / length) * 100}%` }}>
              {tick === 0 ? formatClock(from) : `+${duration(tick).replace('.0', '')}`}
            </span>
          ))}
        </div>
      </div>
      <div className="timeline-batches" aria-hidden="true">
        <div className="timeline-track">
          {bands.map((band) => {
            const share = ((band.to - band.from) / length) * trackWidth;
            return (
              <span
                key={band.batch}
                className={`batch-band ${band.batch % 2 ? 'odd' : ''}`}
                style={{ left: `${percent(band.from)}%`, width: `${percent(band.to) - percent(band.from)}%` }}
                title={t.newExpansion.batch(band.batch + 1)}
              >
                {share > 58 ? t.newExpansion.batch(band.batch + 1) : share > 16 ? band.batch + 1 : ''}
              </span>
            );
          })}
        </div>
      </div>
      <div
        ref={range.ref}
        className="timeline-scroll"
        role="list"
        tabIndex={0}
        aria-label={t.expansion.timeline}
        style={{ height: Math.min(expansion.joins.length * laneHeight, 480) }}
      >
        <div
          className="timeline-bands"
          aria-hidden="true"
          style={{ height: expansion.joins.length * laneHeight }}
        >
          <div className="timeline-track">
            {bands.map((band) => (
              <i
                key={band.batch}
                className={band.batch % 2 ? 'odd' : ''}
                style={{ left: `${percent(band.from)}%`, width: `${percent(band.to) - percent(band.from)}%` }}
              />
            ))}
            {ticks.map((tick) => (
              <b key={tick} style={{ left: `${(tick / length) * 100}%` }} />
            ))}
          </div>
        </div>
        <VirtualRows
          range={range}
          count={expansion.joins.length}
          rowHeight={laneHeight}
          row={(index, style) => {
            const join = expansion.joins[index] as JoinView;
            return (
              <Lane
                key={join.target.name}
                id={expansion.id}
                join={join}
                // A node at rest does not change with the clock.
                now={isStill(join.phase) ? to : now}
                from={from}
                length={length}
                trackWidth={trackWidth}
                top={style.transform}
              />
            );
          }}
        />
      </div>
      <ul className="plain legend" aria-label={t.topology.legend}>
        {usedPhases.map((phase) => (
          <li key={phase}>
            <i className={`swatch phase-${phase}`} /> {t.phases[phase]}
          </li>
        ))}
        {endPhases.map((phase) => (
          <li key={phase} className={`tone-${phaseLook(phase).tone}`}>
            <Icon name={phaseLook(phase).icon} /> {t.phases[phase]}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Of many lanes, those at work are what one came for: they are brought into sight once. */
function useScrollToWork(box: HTMLElement | null, expansion: ExpansionView): void {
  const done = useRef(false);
  const first = expansion.joins.findIndex((join) => isActive(join.phase) || isTroubled(join));
  useEffect(() => {
    if (box === null || done.current || first < 0) return;
    done.current = true;
    box.scrollTop = Math.max(0, (first - 2) * laneHeight);
  }, [box, first]);
}

interface LaneProps {
  readonly id: string;
  readonly join: JoinView;
  readonly now: number;
  readonly from: number;
  readonly length: number;
  readonly trackWidth: number;
  readonly top: string;
}

const Lane = memo(function Lane({ id, join, now, from, length, trackWidth, top }: LaneProps) {
  const t = useMessages();
  const duration = useDuration();
  const spans = spansOf(join, now);
  const worked = spans.filter((span) => !isStill(span.phase));
  const batch = join.batch === null ? t.expansion.batchNone : t.newExpansion.batch(join.batch + 1);
  const words = worked.map((span) => t.timeline.span(t.phases[span.phase], duration(span.to - span.from)));
  const told = [...words, ...(isStill(join.phase) ? [t.phases[join.phase]] : [])].join(', ');
  const last = worked.at(-1);
  const endAt = isStill(join.phase) && join.phase !== 'waiting' ? (last?.to ?? join.phaseSince) : null;
  return (
    <div
      role="listitem"
      className="lane"
      style={{ transform: top }}
      aria-label={t.timeline.lane(join.target.name, batch, told)}
    >
      <span className="lane-name">
        <Link to={{ page: 'node', id, node: join.target.name }} label={join.target.name} className="mono">
          <NodeName name={join.target.name} />
        </Link>
      </span>
      <span className="timeline-track">
        {worked.map((span) => {
          const width = ((span.to - span.from) / length) * 100;
          const pixels = (width / 100) * trackWidth;
          const name = t.phases[span.phase];
          return (
            <i
              key={`${span.phase} ${span.from}`}
              className={`span phase-${span.phase} ${span.attempt > 1 ? 'again' : ''}`}
              style={{ left: `${((span.from - from) / length) * 100}%`, width: `max(2px, ${width}%)` }}
              title={`${name} · ${duration(span.to - span.from)}${span.attempt > 1 ? ` · ${t.timeline.attempt(span.attempt)}` : ''}`}
            >
              {pixels > name.length * 6.6 + 14 ? name : ''}
            </i>
          );
        })}
        {endAt !== null && (
          <em
            className={`lane-end ${phaseLook(join.phase).tone}`}
            style={{ left: `${Math.min(100, ((endAt - from) / length) * 100)}%` }}
            title={t.phases[join.phase]}
          >
            <Icon name={phaseLook(join.phase).icon} />
          </em>
        )}
      </span>
    </div>
  );
});
