/**
 * A new dump of the master, asked for with the permission of the policy where only that cures a node. Part of `decide`.
 */
import type { Intent, Join } from '../../model/expansion.ts';
import { makeProblem } from '../../model/problems.ts';
import { because } from '../../model/reasons.ts';
import { othersInFullSync } from '../sync/master-tracker.ts';
import { isConnected } from '../sync/tracker.ts';
import { asksPerson, isOver } from './bound.ts';
import { intend } from './intent.ts';
import { currentAttempt, giveUp, isTouched, isUnderWay } from './join-state.ts';
import { type Turn, waitFor } from './turn.ts';

/** Whether the master has begun or finished a dump since this was decided on. */
export function isDumpAskedFor(
  { expansion: { masterTracker } }: { readonly expansion: Pick<Turn['expansion'], 'masterTracker'> },
  { command, savedAt }: Pick<Intent, 'command' | 'savedAt'>,
): boolean {
  if (command.kind !== 'bgsave') return false;
  const { bgsaving, bgsavingSeenAt } = masterTracker;
  return (
    (bgsaving && bgsavingSeenAt !== null && bgsavingSeenAt >= savedAt) || hasNewDump(masterTracker, savedAt)
  );
}

const hasNewDump = ({ dumps }: Turn['expansion']['masterTracker'], since: number): boolean =>
  dumps.some(({ notAfter }) => notAfter > since);

/** Holds the SLAVEOF of an attempt that wants a new dump until the dump is there; true = it is held, or was given up. */
export function holdForDump(turn: Turn, join: Join): boolean {
  const attempt = currentAttempt(join)!;
  if (attempt.wantsDump !== true) return false;
  const { masterTracker, policy, master } = turn.expansion;
  const asked = attempt.intents.findLast(
    ({ command, outcome }) => command.kind === 'bgsave' && outcome === 'ok',
  );
  if (asked === undefined) {
    if (someoneCopies(turn, join)) waitFor(turn, join, because('dump_would_harm'));
    else intend(turn, join, { kind: 'bgsave' }, because('only_new_dump_helps'));
    return true;
  }
  if (!masterTracker.bgsaving && hasNewDump(masterTracker, asked.savedAt)) return false;
  waitFor(turn, join, because('new_dump_awaited'));
  const waitedMs = turn.now - asked.savedAt;
  if (!isOver(turn, join, { endsAt: asked.savedAt + policy.masterBusyTimeoutMs, atEnd: asksPerson }))
    return true;
  const facts = { master: master.name, waitedMs, work: null, silence: because('new_dump_awaited') };
  giveUp(turn, join, isTouched(join) ? 'quarantined' : 'failed', makeProblem('master_busy', facts, turn.now));
  return true;
}

/** A dump that replaces another harms whoever copies that, whatever the version. */
function someoneCopies({ expansion, commands }: Turn, of: Join): boolean {
  const { joins, masterTracker, capabilities } = expansion;
  const others = joins.filter((join) => join.index !== of.index && isUnderWay(join));
  return (
    othersInFullSync(masterTracker.replication, () => false, capabilities!).length > 0 ||
    others.some((join) => {
      const { step, tracker, intents } = currentAttempt(join)!;
      const attaching = intents.some(
        ({ command, outcome }) => command.kind === 'slaveof' && outcome === null,
      );
      return attaching || (step === 'syncing' && !isConnected(tracker?.replication ?? null));
    }) ||
    commands.some(({ command }) => command.kind === 'slaveof')
  );
}
