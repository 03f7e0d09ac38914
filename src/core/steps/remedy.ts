/** What is done about an anomaly: wait, attach anew a bounded number of times, or give the node up. Part of `decide`. */
import { anomalyInGeneral, anomalySteps, anomalyTitle } from '../../model/anomalies.ts';
import type { AnomalyRecord } from '../../model/evidence.ts';
import type { Attempt, Join, Problem } from '../../model/expansion.ts';
import type { SlaveTracker } from '../../model/full-sync.ts';
import { counted, nobody } from '../../model/text.ts';
import { isConnected } from '../sync/tracker.ts';
import { stepAttempt } from './attempt.ts';
import { currentAttempt, giveUp, patchAttempt } from './join-state.ts';
import { advanceLeaving, leave } from './leaving.ts';
import { enterPhase, joinAt, patchJoin, say, type Turn } from './turn.ts';

/** A node that died on a partial database stays down; a supervised one would be back by now. */
const diedAfterMs = 10_000;

export function recordAnomalies(turn: Turn, join: Join, anomalies: readonly AnomalyRecord[]): Join {
  const fresh = anomalies.filter(
    (anomaly) =>
      !join.anomalies.some((known) => known.code === anomaly.code && known.attempt === anomaly.attempt),
  );
  for (const anomaly of fresh) {
    const description = anomalyInGeneral(anomaly.code, nobody);
    say(turn, 'node.anomaly', `${join.target.name}: ${description.title}. ${anomaly.text}`, {
      node: join.target.name,
      level: anomaly.remedy === 'wait' ? 'warning' : 'error',
      data: {
        code: anomaly.code,
        remedy: anomaly.remedy,
        cause: description.cause,
        nextSteps: anomalySteps(anomaly, 'underWay', nobody),
        recordings: description.recordings,
        facts: anomaly.facts,
      },
    });
  }
  return fresh.length === 0
    ? join
    : patchJoin(turn, join.index, { anomalies: [...join.anomalies, ...fresh] });
}

/** Acts on the first anomaly that asks for it. True = the attempt is over. */
export function applyRemedy(
  turn: Turn,
  join: Join,
  tracker: SlaveTracker,
  anomalies: readonly AnomalyRecord[],
): boolean {
  for (const anomaly of anomalies) {
    switch (anomaly.code) {
      case 'died_on_partial_database':
        if (turn.now - tracker.unreachableSince! < diedAfterMs) return false;
        giveUp(turn, join, 'quarantined', problemOf(anomaly));
        return true;
      case 'node_unreachable':
        if (
          anomaly.remedy === 'wait' &&
          turn.now - tracker.unreachableSince! < turn.expansion.policy.nodeDownTimeoutMs
        )
          return false;
        stop(turn, join, problemOf(anomaly));
        return true;
      case 'foreign_change':
        giveUp(turn, join, 'failed', problemOf(anomaly));
        return true;
    }
    if (anomaly.remedy === 'quarantine') {
      stop(turn, join, problemOf(anomaly));
      return true;
    }
    if (anomaly.remedy === 'reattach') {
      reattach(turn, join, anomaly);
      return true;
    }
  }
  return false;
}

/**
 * Gives a node up. One whose full sync has not ended is detached: it would go on copying for ever, or keep the master from
 * purging its binlog.
 */
function stop(turn: Turn, join: Join, problem: Problem): void {
  const tracker = currentAttempt(join)?.tracker ?? null;
  giveUp(turn, join, 'quarantined', problem);
  const syncs = tracker !== null && !isConnected(tracker.replication) && tracker.unreachableSince === null;
  if (!syncs) return;
  leave(turn, joinAt(turn, join.index), 'quarantined', 'it is detached: its full sync did not end');
  advanceLeaving(turn, joinAt(turn, join.index));
}

const problemOf = (anomaly: AnomalyRecord): Problem => ({
  code: anomaly.code,
  text: `${anomalyTitle(anomaly.code, nobody)}. ${anomaly.text}`,
  nextSteps: anomalySteps(anomaly, 'givenUp', nobody),
  at: anomaly.at,
});

/** Ends the attempt and begins the next one with NO ONE, as often as is allowed. */
export function reattach(turn: Turn, join: Join, anomaly: AnomalyRecord): void {
  if (join.attempts.length >= join.attemptsAllowed) {
    stop(turn, join, {
      ...problemOf(anomaly),
      text: `${anomalyTitle(anomaly.code, nobody)}, and ${counted(join.attempts.length, 'attempt')} did not help. ${anomaly.text}`,
    });
    return;
  }
  const ended = patchAttempt(turn, join, { endedAt: turn.now, outcome: 'failed' });
  const attempt: Attempt = {
    number: ended.attempts.length + 1,
    kind: 'reattach',
    startedAt: turn.now,
    endedAt: null,
    outcome: null,
    step: 'detach',
    detachedAt: null,
    intents: [],
    tracker: null,
    catchUp: null,
  };
  say(
    turn,
    'node.remedy',
    `${join.target.name}: detached and attached anew (attempt ${attempt.number} of ${join.attemptsAllowed}), because: ${anomalyTitle(anomaly.code, nobody).toLowerCase()}`,
    {
      node: join.target.name,
      level: 'warning',
      data: { code: anomaly.code, attempt: attempt.number },
    },
  );
  const begun = patchJoin(turn, join.index, {
    attempts: [...ended.attempts, attempt],
    comparison: null,
    inconclusiveComparisons: 0,
    evidence: null,
  });
  stepAttempt(turn, enterPhase(turn, begun, 'attaching', `attempt ${attempt.number} begins`));
}
