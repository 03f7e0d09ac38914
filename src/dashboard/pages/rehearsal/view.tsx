import { anomalyTitle } from '../../../model/anomalies.ts';
import { joinPhases } from '../../../model/expansion.ts';
import type { Reader } from '../../../model/text.ts';
import type { BurstRun, FaultRun, PlayedNode, PlayedRun, Rehearsal } from '../../../model/views/rehearsal.ts';
import { Notice, Panel, Said, Steps, useDuration } from '../../components/parts.tsx';
import { Scrollable } from '../../components/scrollable.tsx';
import { Badge, PhaseBadge, StateBadge, type Tone } from '../../components/status.tsx';
import { formatShare } from '../../format.ts';
import { useMessages, useReader } from '../../i18n.tsx';
import { isStill } from '../expansion/lanes.ts';
import { RunTimeline } from './run-timeline.tsx';

/** What became of a plan on simulated nodes: as planned, with faults, and beside it the same nodes without this service. */
export function RehearsalView({
  rehearsal,
  forecastSeconds,
}: {
  readonly rehearsal: Rehearsal;
  /** What the plan's forecast expects; null = nothing. */
  readonly forecastSeconds: number | null;
}) {
  const t = useMessages().rehearsals;
  const duration = useDuration();
  const { predicted, faults, burst } = rehearsal;
  const longest = Math.max(predicted.seconds, ...faults.map((run) => run.seconds));
  return (
    <div className="stack" data-testid="rehearsal">
      <Panel id="predicted" title={t.predicted} tools={<Outcome run={predicted} />} flush>
        {forecastSeconds !== null && (
          <p className="soft small run-note">{t.forecastSays(duration(forecastSeconds * 1000))}</p>
        )}
        <RunTimeline run={predicted} seconds={predicted.seconds} label={t.predicted} />
        <Legend run={predicted} />
      </Panel>
      <Panel id="faults" title={t.faults} flush>
        {faults.map((run) => (
          <Fault key={run.fault} run={run} predicted={predicted} longest={longest} />
        ))}
      </Panel>
      <Burst burst={burst} predicted={predicted} />
      <Panel id="assumptions" title={t.assumptions}>
        <Steps steps={rehearsal.assumptions} />
        <p className="faint small">{t.tookMs(duration(rehearsal.tookMs))}</p>
      </Panel>
    </div>
  );
}

function Legend({ run }: { readonly run: PlayedRun }) {
  const t = useMessages();
  const used = joinPhases.filter(
    (phase) =>
      !isStill(phase) && run.nodes.some((node) => node.phases.some((entry) => entry.phase === phase)),
  );
  return (
    <ul className="plain legend run-legend" aria-label={t.topology.legend}>
      {used.map((phase) => (
        <li key={phase}>
          <i className={`swatch phase-${phase}`} /> {t.phases[phase]}
        </li>
      ))}
    </ul>
  );
}

/** How a run ended, after how long, and at how many dumps. */
function Outcome({ run }: { readonly run: PlayedRun }) {
  const t = useMessages().rehearsals;
  const duration = useDuration();
  return (
    <span className="row">
      {run.state === 'unfinished' ? (
        <Badge tone="warn" icon="warning">
          {t.unfinished}
        </Badge>
      ) : (
        <StateBadge state={run.state} />
      )}
      <span className="num">{duration(run.seconds * 1000)}</span>
      <span className="faint num">{t.dumps(run.dumps)}</span>
    </span>
  );
}

function Fault({
  run,
  predicted,
  longest,
}: {
  readonly run: FaultRun;
  readonly predicted: PlayedRun;
  readonly longest: number;
}) {
  const t = useMessages();
  const duration = useDuration();
  const reader = useReader();
  const more = run.seconds - predicted.seconds;
  const told = run.nodes.filter(
    (node) => node.attempts > 1 || node.anomalies.length > 0 || node.phase !== 'verified',
  );
  return (
    <section className="run-fault" aria-label={t.rehearsals.faultNames[run.fault]}>
      <div className="row apart">
        <h3>{t.rehearsals.faultNames[run.fault]}</h3>
        <Outcome run={run} />
      </div>
      <p className="soft small">
        <Said>{run.text}</Said> {more > 0 && t.rehearsals.longer(duration(more * 1000))}
      </p>
      {told.length > 0 && (
        <ul className="plain small">
          {told.map((node) => (
            <li key={node.node} className="row">
              <span className="mono">{node.node}</span>
              <PhaseBadge phase={node.phase} />
              <span className="soft">{nodeWords(node, t, reader)}</span>
            </li>
          ))}
        </ul>
      )}
      <RunTimeline run={run} seconds={longest} label={t.rehearsals.faultNames[run.fault]} />
    </section>
  );
}

function nodeWords(node: PlayedNode, t: ReturnType<typeof useMessages>, reader: Reader): string {
  const attempts = node.attempts > 1 ? [t.rehearsals.atAttempt(node.attempts)] : [];
  const anomalies = node.anomalies.map((code) => anomalyTitle(code, reader));
  return [...attempts, ...anomalies].join(' · ');
}

/** The same nodes, attached one after the other by somebody who believes what they say. */
function Burst({ burst, predicted }: { readonly burst: BurstRun; readonly predicted: PlayedRun }) {
  const t = useMessages();
  const r = t.rehearsals;
  const duration = useDuration();
  const spoilt = burst.nodes.filter((node) => node.says !== 'up' || node.lostKeys > 0);
  const lossy = burst.nodes.filter((node) => node.says === 'up' && node.lostKeys > 0);
  return (
    <Panel
      id="burst"
      title={r.burst}
      tools={
        <span className="row">
          <span className="num">{duration(burst.seconds * 1000)}</span>
          <span className="faint num">{r.dumps(burst.dumps)}</span>
        </span>
      }
    >
      <div className="stack tight">
        <p className="soft small">{r.burstHelp(burst.gapSeconds)}</p>
        {spoilt.length === 0 ? (
          <Notice tone="info" title={r.burstWell} />
        ) : (
          <Notice tone="bad" title={r.burstSpoilt(spoilt.length, burst.nodes.length)}>
            {lossy.length > 0 && <p>{r.burstSilent(lossy.length)}</p>}
          </Notice>
        )}
        <Scrollable label={r.burst}>
          <table className="table dense">
            <thead>
              <tr>
                <th scope="col">{t.nodeTable.node}</th>
                <th scope="col">{r.says}</th>
                <th scope="col">{r.missing}</th>
                <th scope="col">{r.withService}</th>
              </tr>
            </thead>
            <tbody>
              {burst.nodes.map((node) => {
                const played = predicted.nodes.find((other) => other.node === node.node);
                return (
                  <tr key={node.node}>
                    <th scope="row" className="mono">
                      {node.node}
                    </th>
                    <td>
                      <Badge tone={saysTone[node.says]}>{r.saysWords[node.says]}</Badge>
                    </td>
                    <td className="num">
                      {node.says === 'dead'
                        ? '–'
                        : node.lostKeys === 0
                          ? r.nothing
                          : formatShare(node.lostShare)}
                    </td>
                    <td>{played && <PhaseBadge phase={played.phase} />}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </Scrollable>
      </div>
    </Panel>
  );
}

const saysTone: Readonly<Record<BurstRun['nodes'][number]['says'], Tone>> = {
  up: 'plain',
  syncing: 'warn',
  dead: 'bad',
};
