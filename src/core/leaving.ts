/** A node on its way out of the expansion: detached, so that it does not hang on the master half synced. Part of `decide`. */
import type { Join } from './expansion.ts';
import { endIntent, follows, intend, unknownActSettlesMs } from './intent.ts';
import { closeAttempt, currentAttempt, isTouched, isUnderWay } from './join-state.ts';
import type { ReplicationFacts } from './node-facts.ts';
import { enterPhase, joinAt, patchJoin, say, type Turn, waitFor } from './turn.ts';

/** Takes a node out of the expansion: detaches it first if it hangs on the master by our doing. */
export function leave(
  turn: Turn,
  join: Join,
  to: 'cancelled' | 'skipped' | 'failed' | 'quarantined',
  text: string,
): void {
  const foreign = join.problem?.code === 'foreign_change';
  if (!isTouched(join) || foreign) {
    closeAttempt(turn, join, 'abandoned');
    enterPhase(turn, joinAt(turn, join.index), to, text);
    return;
  }
  const reopened = isUnderWay(join) ? join : openLeavingAttempt(turn, join);
  patchJoin(turn, reopened.index, { leaving: { to, since: turn.now }, waitingFor: text });
}

function openLeavingAttempt(turn: Turn, join: Join): Join {
  const attempts = join.attempts.map((attempt, i) =>
    i === join.attempts.length - 1 ? { ...attempt, endedAt: null, outcome: null } : attempt,
  );
  return patchJoin(turn, join.index, { attempts });
}

/** Goes on with taking a node out: NO ONE until the node says master, or it cannot be reached for too long. */
export function advanceLeaving(turn: Turn, join: Join): void {
  const leaving = join.leaving!;
  const look = turn.nodeLooks.get(join.index);
  const replication = look?.kind === 'answered' ? look.facts.replication : undefined;
  const pending = currentAttempt(join)?.intents.at(-1);
  if (replication) {
    if (replication.role === 'master' || !followsOurMaster(turn, replication)) {
      left(turn, join, `detached from ${turn.expansion.master.name}`);
      return;
    }
    const open = pending?.outcome === null && turn.now - pending.savedAt < unknownActSettlesMs;
    if (turn.frozen !== null) waitFor(turn, join, turn.frozen);
    else if (!open)
      intend(
        turn,
        closeOpenIntent(turn, join),
        { kind: 'slaveof_no_one' },
        'the node leaves the expansion and must not stay half synced',
      );
    return;
  }
  if (turn.now - leaving.since < turn.expansion.policy.nodeDownTimeoutMs) return;
  left(
    turn,
    join,
    `could not be reached to detach it from ${turn.expansion.master.name}; if it comes back it attaches by itself`,
  );
}

function closeOpenIntent(turn: Turn, join: Join): Join {
  const open = currentAttempt(join)?.intents.find((intent) => intent.outcome === null);
  return open ? endIntent(turn, join, open, 'unknown', 'not seen on the node') : join;
}

const followsOurMaster = (turn: Turn, replication: ReplicationFacts): boolean =>
  follows(replication, turn.expansion.master.seenAs);

function left(turn: Turn, join: Join, how: string): void {
  const { to } = join.leaving!;
  closeAttempt(turn, closeOpenIntent(turn, join), 'abandoned');
  const gone = patchJoin(turn, join.index, { leaving: null });
  enterPhase(turn, gone, to, how);
  if (gone.phase === to)
    say(turn, 'node.detached', `${join.target.name}: ${how}`, { node: join.target.name });
}
