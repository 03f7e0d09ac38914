/** A master that is busy with something that a full sync must not meet. Part of `decide`. */
import type { Join } from '../../model/expansion.ts';
import { masterBusyReasons } from '../plan/preflight.ts';
import { masterSilence } from '../sync/master-tracker.ts';
import { giveUp, isTouched, isUnderWay, joinKnownAs } from './join-state.ts';
import { type Turn, waitFor } from './turn.ts';

/**
 * What the master is at, apart from the node itself and the others that this expansion is syncing. A node that was
 * given up and still hangs on the master counts like anybody else's.
 */
export function masterBusy(turn: Turn, of: Join): readonly string[] {
  if (turn.masterLook?.kind !== 'answered')
    return [masterSilence(turn.expansion.masterTracker) ?? 'the master does not answer'];
  const ours = turn.expansion.joins
    .filter((join) => join.index === of.index || isUnderWay(join))
    .map((join) => joinKnownAs(turn, join));
  return masterBusyReasons(turn.masterLook.facts, ours);
}

export function holdForMaster(turn: Turn, join: Join, busy: readonly string[]): void {
  const { policy, master } = turn.expansion;
  const isSilent = turn.masterLook?.kind !== 'answered';
  const what = isSilent ? busy.join('; ') : `the master is busy: ${busy.join('; ')}`;
  if (turn.now - join.phaseSince < policy.masterBusyTimeoutMs) {
    waitFor(turn, join, what);
    return;
  }
  giveUp(turn, join, isTouched(join) ? 'quarantined' : 'failed', {
    code: 'master_busy',
    text: `${master.name} was waited for ${Math.round(policy.masterBusyTimeoutMs / 1000)} s: ${busy.join('; ')}.`,
    nextSteps: [
      'End what keeps the master busy; a slave that hangs in full sync must be detached (SLAVEOF NO ONE on it).',
      'Then retry this node.',
    ],
    at: turn.now,
  });
}
