/** What is done about an anomaly: wait, attach anew a bounded number of times, or give the node up. Part of `decide`. */
import { anomalyInGeneral, anomalySteps, anomalyTitle } from '../../model/anomalies.ts';
import type { ComparisonReport } from '../../model/comparison.ts';
import type { Diagnosis } from '../../model/diagnosis.ts';
import type { AnomalyRecord } from '../../model/evidence.ts';
import type { Attempt, Join, Problem } from '../../model/expansion.ts';
import type { SlaveTracker } from '../../model/full-sync.ts';
import { counted, nobody } from '../../model/text.ts';
import { diagnose } from '../sync/diagnosis.ts';
import { isConnected } from '../sync/tracker.ts';
import { stepAttempt } from './attempt.ts';
import { currentAttempt, giveUp, patchAttempt } from './join-state.ts';
import { advanceLeaving, leave } from './leaving.ts';
import { enterPhase, joinAt, patchJoin, say, type Turn, waitFor } from './turn.ts';

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
    if (anomaly.remedy === 'quarantine' || anomaly.remedy === 'reattach') {
      if (treat(turn, joinAt(turn, join.index), tracker, anomaly)) return true;
    }
  }
  return false;
}

/** Does what follows from the likeliest cause of an anomaly. True = the attempt is over. */
export function treat(
  turn: Turn,
  join: Join,
  slave: SlaveTracker,
  anomaly: AnomalyRecord,
  report: ComparisonReport | null = null,
): boolean {
  const diagnosis = diagnose({
    slave,
    master: turn.expansion.masterTracker,
    capabilities: turn.expansion.capabilities!,
    report,
    anomaly,
    earlier: join.triedCauses ?? [],
    now: turn.now,
  });
  const known = keepDiagnosis(turn, join, diagnosis);
  switch (diagnosis.remedy.kind) {
    case 'wait':
      waitFor(turn, known, waitWords(diagnosis));
      return false;
    case 'reattach':
      reattach(turn, known, anomaly, diagnosis);
      return true;
    case 'person':
      stop(turn, known, problemOf(anomaly, diagnosis));
      return true;
  }
}

const likeliest = ({ causes }: Diagnosis) => causes[0] ?? null;

/** The figures of the signs change with each look; what is concluded from them seldom does. */
function keepDiagnosis(turn: Turn, join: Join, diagnosis: Diagnosis): Join {
  const before = join.diagnosis ?? null;
  const same =
    before !== null &&
    before.attempt === diagnosis.attempt &&
    before.symptom === diagnosis.symptom &&
    likeliest(before)?.code === likeliest(diagnosis)?.code &&
    before.remedy.kind === diagnosis.remedy.kind;
  return same ? join : patchJoin(turn, join.index, { diagnosis });
}

const waitWords = (diagnosis: Diagnosis): string =>
  `${likeliest(diagnosis)?.text ?? 'Something is wrong.'} The node tries again by itself.`;

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

/** What is shown of a node that was given up: the symptom, and where it has several causes the likeliest with its steps. */
function problemOf(
  anomaly: AnomalyRecord,
  diagnosis: Diagnosis | null = null,
  title = anomalyTitle(anomaly.code, nobody),
): Problem {
  const cause = diagnosis === null ? null : likeliest(diagnosis);
  const steps = diagnosis?.remedy.kind === 'person' ? diagnosis.remedy.steps : [];
  const asks = anomaly.remedy === 'reattach' && cause !== null;
  return {
    code: anomaly.code,
    text: `${title}. ${anomaly.text}${asks ? ` Likely cause: ${cause.text}` : ''}`,
    nextSteps: asks && steps.length > 0 ? steps : anomalySteps(anomaly, 'givenUp', nobody),
    at: anomaly.at,
  };
}

/** Ends the attempt and begins the next one with NO ONE, as often as is allowed. */
function reattach(turn: Turn, join: Join, anomaly: AnomalyRecord, diagnosis: Diagnosis): void {
  const cause = likeliest(diagnosis);
  if (join.attempts.length >= join.attemptsAllowed) {
    const tried = `${anomalyTitle(anomaly.code, nobody)}, and ${counted(join.attempts.length, 'attempt')} did not help`;
    stop(turn, join, problemOf(anomaly, diagnosis, tried));
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
      data: { code: anomaly.code, attempt: attempt.number, cause: cause?.code ?? null },
    },
  );
  const begun = patchJoin(turn, join.index, {
    attempts: [...ended.attempts, attempt],
    comparison: null,
    inconclusiveComparisons: 0,
    evidence: null,
    triedCauses: cause === null ? (join.triedCauses ?? []) : [...(join.triedCauses ?? []), cause.code],
  });
  stepAttempt(turn, enterPhase(turn, begun, 'attaching', `attempt ${attempt.number} begins`));
}
