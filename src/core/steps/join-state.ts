/** Readings of a join, and the few ways in which its attempt is changed. Part of `decide`. */

import type { KnownAs } from '../../model/addresses.ts';
import type { Attempt, Expansion, Intent, Join, Problem } from '../../model/expansion.ts';
import type { SlaveTracker } from '../../model/full-sync.ts';
import { knownAs } from '../plan/preflight-servers.ts';
import { isConnected, lastPass } from '../sync/tracker.ts';
import { enterPhase, patchJoin, say, type Turn } from './turn.ts';

export const currentAttempt = (join: Join): Attempt | null => join.attempts.at(-1) ?? null;

/** How the master may list the node, by its latest look and by what its attempts have found. */
export const joinKnownAs = (turn: Pick<Turn, 'nodeLooks'>, join: Join): KnownAs =>
  knownAs(join.target, turn.nodeLooks.get(join.index), lastTracker(join));

/** What the latest attempt with a SLAVEOF has found; null = there is none. */
export const lastTracker = (join: Join): SlaveTracker | null =>
  join.attempts.findLast((attempt) => attempt.tracker !== null)?.tracker ?? null;

/** Whether an attempt is under way: SLAVEOF has been decided on, and its end is not known. */
export const isUnderWay = (join: Join): boolean => {
  const attempt = currentAttempt(join);
  return attempt !== null && attempt.endedAt === null;
};

/** Whether its turn has come and it has not begun: of the present batch, or of an earlier one and retried. */
export const isNextInLine = (expansion: Expansion, join: Join): boolean =>
  (join.phase === 'waiting' || join.phase === 'preflight') &&
  (join.batch ?? 0) <= expansion.currentBatch &&
  !isUnderWay(join);

/** Whether the node must be proven before the nodes that are no canary begin. */
export const isCanary = ({ policy, joins }: Expansion, join: Join): boolean =>
  policy.canary != null && policy.canary < joins.length && join.index < policy.canary;

/** The first batch after the canary; null = there is no canary. */
export function firstAfterCanary(expansion: Expansion): number | null {
  const canaries = expansion.joins.filter((join) => isCanary(expansion, join));
  return canaries.length === 0 ? null : 1 + Math.max(...canaries.map(({ batch }) => batch ?? 0));
}

/** How many nodes may be in full sync together. */
export const fullSyncsAtATime = ({ batchSize, capabilities }: Expansion): number =>
  Math.min(batchSize ?? 1, capabilities?.maxConcurrentFullSyncs ?? 1);

/** The next attempt of a node, with nothing done yet. */
export const newAttempt = (
  { now }: Turn,
  { attempts }: Join,
  kind: Attempt['kind'],
  step: Attempt['step'],
): Attempt => ({
  number: attempts.length + 1,
  kind,
  startedAt: now,
  endedAt: null,
  outcome: null,
  step,
  detachedAt: null,
  intents: [],
  tracker: null,
  catchUp: null,
});

export function patchAttempt(turn: Turn, join: Join, change: Partial<Attempt>): Join {
  const attempts = join.attempts.map((attempt, i) =>
    i === join.attempts.length - 1 ? { ...attempt, ...change } : attempt,
  );
  return patchJoin(turn, join.index, { attempts });
}

/** Whether this expansion may have changed the node's data: a SLAVEOF was sent to it. */
export const isTouched = (join: Join): boolean =>
  join.attempts.some((attempt) =>
    attempt.intents.some((intent) => intent.command.kind === 'slaveof' && intent.outcome !== 'refused'),
  );

/**
 * Whether the node may be attached only while it holds no keys: its data may not go, and it was neither attached nor
 * detached as far as is known. A SLAVEOF that was not seen to have happened does not make its data ours.
 */
export const mustStayEmpty = (join: Join): boolean =>
  !join.target.overwriteData && !join.attempts.some(({ intents }) => intents.some(hasChangedNode));

const hasChangedNode = ({ command, outcome }: Intent): boolean =>
  command.kind === 'slaveof_no_one' || (command.kind === 'slaveof' && (outcome === 'ok' || outcome === null));

/** The last copy of this node could not be moved into place; until it is started again each read of a database ends its process. */
export const holdsNoDatabase = (join: Join): boolean =>
  join.anomalies.some(
    ({ code, attempt }) => code === 'copy_not_opened' && attempt === join.attempts.at(-1)?.number,
  );

/** The node's part has failed; what that means for the expansion is decided by the policy. */
export function giveUp(turn: Turn, join: Join, phase: 'failed' | 'quarantined', problem: Problem): void {
  const attempt = currentAttempt(join);
  const ended =
    attempt && attempt.endedAt === null
      ? patchAttempt(turn, join, { endedAt: turn.now, outcome: 'failed' })
      : join;
  const withProblem = patchJoin(turn, ended.index, { problem });
  enterPhase(turn, withProblem, phase, problem);
  const { code, nextSteps } = problem;
  say(turn, `node.${phase}`, { code, nextSteps, problem }, join.target.name);
}

export function closeAttempt(turn: Turn, join: Join, outcome: 'abandoned'): void {
  const attempt = currentAttempt(join);
  if (attempt && attempt.endedAt === null)
    patchAttempt(turn, join, { endedAt: turn.now, outcome: attempt.outcome ?? outcome });
}

/** Whether the node is in a state in which it holds the master's dump: nobody else may begin (promise 1). */
export function holdsFullSyncSlot(join: Join): boolean {
  return isUnderWay(join);
}

/** Whether the dump for this node's batch is still being made, so that others of the batch can share it. */
export function awaitsDump(join: Join): boolean {
  const attempt = currentAttempt(join);
  if (!attempt || attempt.endedAt !== null) return false;
  if (attempt.step !== 'syncing' || attempt.tracker === null) return true;
  const wait = lastPass(attempt.tracker);
  return wait === null
    ? !isConnected(attempt.tracker.replication)
    : wait.endedAt === null && wait.firstBytesAt === null;
}
