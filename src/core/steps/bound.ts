/** When a phase of a node should end, and when the service acts if it does not. Part of `decide`. */
import type { AnomalyCode } from '../../model/anomalies.ts';
import { isActive, type Join, type Progress } from '../../model/expansion.ts';
import { because, type Reason } from '../../model/reasons.ts';
import { binlogCatchUp } from '../plan/forecast.ts';
import { type AnomalyInput, nextAnomaly } from '../sync/anomalies.ts';
import { currentAttempt } from './join-state.ts';
import { patchJoin, type Turn } from './turn.ts';

/** The end of a wait. */
export interface Bound {
  readonly endsAt: number;
  /** What the service does at the end. */
  readonly atEnd: Reason;
}

/** Whether a wait has lasted as long as it may. Until then a person can see its end: of several waits the first. */
export function isOver(turn: Turn, { index }: Pick<Join, 'index'>, bound: Bound): boolean {
  if (turn.now >= bound.endsAt) return true;
  const known = turn.bounds.get(index);
  if (known === undefined || bound.endsAt < known.endsAt) turn.bounds.set(index, bound);
  return false;
}

export const asksPerson = because('then_person');

/** No cause is looked for where somebody else acts on the node, or it does not answer. */
const afterSymptom = (anomaly: AnomalyCode): Reason =>
  anomaly === 'foreign_change' || anomaly === 'node_unreachable'
    ? asksPerson
    : because('then_cause_decides', { anomaly });

/** The end of the symptom that comes first of all that last. */
export function boundBySymptoms(turn: Turn, join: Join, input: AnomalyInput): void {
  const next = nextAnomaly(input);
  if (next !== null) isOver(turn, join, { endsAt: next.at, atEnd: afterSymptom(next.code) });
}

/** Shows the ends that this turn has met. */
export function showBounds(turn: Turn): void {
  for (const join of turn.expansion.joins) {
    const ends = endsOf(turn, join);
    const { expectedEndsAt = null, boundEndsAt = null } = join.progress;
    if (ends.expectedEndsAt === expectedEndsAt && ends.boundEndsAt === boundEndsAt) continue;
    patchJoin(turn, join.index, { progress: { ...join.progress, ...ends } });
  }
}

type Ends = Required<Pick<Progress, 'expectedEndsAt' | 'boundEndsAt' | 'atBound'>>;

function endsOf(turn: Turn, join: Join): Ends {
  if (join.leaving === null && join.phase !== 'preflight' && !isActive(join.phase))
    return { expectedEndsAt: null, boundEndsAt: null, atBound: null };
  const bound = turn.bounds.get(join.index);
  return {
    expectedEndsAt: join.leaving === null ? expectedEnd(turn, join) : null,
    boundEndsAt: bound?.endsAt ?? null,
    atBound: bound?.atEnd ?? null,
  };
}

/** Of an attach without a detach before it, of a dump by hard links, and of the swap (pika-facts 0.4, 4.4). Milliseconds. */
const expectedMs = { attach: 1000, reattach: 5000, dump: 1000, swap: 2000 } as const;

function expectedEnd({ expansion, now }: Turn, join: Join): number | null {
  const { phase, phaseSince, progress } = join;
  const { forecast, policy } = expansion;
  switch (phase) {
    case 'preflight':
      return phaseSince + policy.lookIntervalMs;
    case 'attaching':
      return phaseSince + expectedMs[currentAttempt(join)?.kind ?? 'attach'];
    case 'snapshotting':
      return phaseSince + expectedMs.dump;
    case 'transferring': {
      if (progress.remainingSeconds !== null) return now + progress.remainingSeconds * 1000;
      const node = forecast?.nodes.find((each) => each.node === join.target.name);
      return node?.transferSeconds ? phaseSince + Math.round(node.transferSeconds.expected * 1000) : null;
    }
    case 'swapping':
      return phaseSince + expectedMs.swap;
    case 'catching_up':
      return progress.lagBytes === null
        ? null
        : now + Math.round((progress.lagBytes / binlogCatchUp.expected) * 1000);
    case 'verifying':
      return forecast?.verifySeconds ? phaseSince + Math.round(forecast.verifySeconds.expected * 1000) : null;
    default:
      return null;
  }
}
