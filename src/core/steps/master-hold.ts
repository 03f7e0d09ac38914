/** A master that is busy with something that a full sync must not meet. Part of `decide`. */
import type { Join } from '../../model/expansion.ts';
import type { MasterWork } from '../../model/findings/settings.ts';
import type { MasterTracker } from '../../model/full-sync.ts';
import { makeProblem } from '../../model/problems.ts';
import { because, type Reason } from '../../model/reasons.ts';
import { masterWork } from '../plan/preflight.ts';
import { masterSilence } from '../sync/master-tracker.ts';
import { asksPerson, isOver } from './bound.ts';
import { currentAttempt, giveUp, isTouched, isUnderWay, joinKnownAs } from './join-state.ts';
import { type Turn, waitFor } from './turn.ts';

/**
 * What the master is at, apart from the node itself and the others that this expansion is syncing; null = it does not
 * answer. A node that was given up and still hangs on the master counts like anybody else's.
 */
function masterBusy(turn: Turn, of: Join): readonly MasterWork[] | null {
  if (turn.masterLook?.kind !== 'answered') return null;
  const ours = turn.expansion.joins
    .filter((join) => join.index === of.index || isUnderWay(join))
    .map((join) => joinKnownAs(turn, join));
  return masterWork(turn.masterLook.facts, ours);
}

/** Holds the node while its master is at work or silent; true = it is held, or was given up. */
export function holdForMaster(turn: Turn, join: Join): boolean {
  const work = masterBusy(turn, join);
  if (work?.length === 0) return false;
  const { policy, master, masterTracker } = turn.expansion;
  const since = Math.max(join.phaseSince, currentAttempt(join)?.startedAt ?? 0);
  if (!isOver(turn, join, { endsAt: since + policy.masterBusyTimeoutMs, atEnd: asksPerson })) {
    waitFor(turn, join, work === null ? silence(masterTracker) : because('master_at_work', { work }));
    return true;
  }
  const waitedMs = policy.masterBusyTimeoutMs;
  const facts = {
    master: master.name,
    waitedMs,
    work,
    silence: work === null ? silence(masterTracker) : null,
  };
  const problem = makeProblem('master_busy', facts, turn.now);
  giveUp(turn, join, isTouched(join) ? 'quarantined' : 'failed', problem);
  return true;
}

const silence = (tracker: MasterTracker): Reason => masterSilence(tracker) ?? because('master_not_answering');
