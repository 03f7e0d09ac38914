/** A node on its way out of the expansion: detached, so that it does not hang on the master half synced. Part of `decide`. */
import type { Join, NodeCommand } from '../../model/expansion.ts';
import type { ReplicationFacts } from '../../model/observation.ts';
import { because, type Reason } from '../../model/reasons.ts';
import { isOver } from './bound.ts';
import { endIntent, follows, intend, unknownActSettlesMs } from './intent.ts';
import { closeAttempt, currentAttempt, isTouched, isUnderWay } from './join-state.ts';
import { enterPhase, joinAt, patchJoin, say, type Turn, waitFor } from './turn.ts';

/** What made a node follow its master, or no longer, is not known to be ours. */
const othersAffair: readonly string[] = ['foreign_change', 'restored_meanwhile'];

/** Takes a node out of the expansion: detaches it first if it hangs on the master by our doing. */
export function leave(
  turn: Turn,
  join: Join,
  to: 'cancelled' | 'skipped' | 'failed' | 'quarantined',
  why: Reason,
): void {
  const isOthers = othersAffair.includes(join.problem?.code ?? '');
  if (!isTouched(join) || isOthers) {
    closeAttempt(turn, join, 'abandoned');
    enterPhase(turn, joinAt(turn, join.index), to, why);
    return;
  }
  const reopened = isUnderWay(join) ? join : openLeavingAttempt(turn, join);
  patchJoin(turn, reopened.index, { leaving: { to, since: turn.now }, waitingFor: why });
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
  if (replication) {
    leaveAsSeen(turn, join, replication);
    return;
  }
  const endsAt = leaving.since + turn.expansion.policy.nodeDownTimeoutMs;
  if (!isOver(turn, join, { endsAt, atEnd: because('then_left_attached') })) return;
  left(turn, join, because('not_detached', { master: turn.expansion.master.name }));
}

function leaveAsSeen(turn: Turn, join: Join, replication: ReplicationFacts): void {
  if (replication.role === 'master' || !followsOurMaster(turn, replication)) {
    if (mayStillHappen(turn, join, 'slaveof')) waitFor(turn, join, because('slaveof_may_still_happen'));
    else left(turn, join, because('detached_from', { master: turn.expansion.master.name }));
    return;
  }
  if (turn.frozen !== null) waitFor(turn, join, turn.frozen);
  else if (!mayStillHappen(turn, join, 'slaveof_no_one'))
    intend(
      turn,
      closeOpenIntent(turn, join),
      { kind: 'slaveof_no_one' },
      because('must_not_stay_half_synced'),
    );
}

/** A command was sent, and it is not known whether the node has taken it or will. */
function mayStillHappen(turn: Turn, join: Join, kind: NodeCommand['kind']): boolean {
  const pending = currentAttempt(join)?.intents.at(-1);
  return (
    pending !== undefined &&
    pending.outcome === null &&
    pending.command.kind === kind &&
    turn.now - pending.savedAt < unknownActSettlesMs
  );
}

function closeOpenIntent(turn: Turn, join: Join): Join {
  const open = currentAttempt(join)?.intents.find((intent) => intent.outcome === null);
  return open ? endIntent(turn, join, open, 'unknown', because('not_seen_on_node')) : join;
}

const followsOurMaster = (turn: Turn, replication: ReplicationFacts): boolean =>
  follows(replication, turn.expansion.master.seenAs);

function left(turn: Turn, join: Join, how: Reason): void {
  const { to } = join.leaving!;
  closeAttempt(turn, closeOpenIntent(turn, join), 'abandoned');
  const gone = patchJoin(turn, join.index, { leaving: null });
  enterPhase(turn, gone, to, how);
  if (gone.phase === to) say(turn, 'node.detached', { reason: how }, join.target.name);
}
