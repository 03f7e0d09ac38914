/** What the service does about an anomaly: it waits, attaches the node again a limited number of times, or gives it up. Part of `decide`. */
import { findListedSlave } from '../../model/addresses.ts';
import { anomalyInGeneral, anomalySteps } from '../../model/anomalies.ts';
import type { ComparisonReport } from '../../model/comparison.ts';
import type { Diagnosis } from '../../model/diagnosis.ts';
import type { AnomalyRecord } from '../../model/evidence.ts';
import type { Attempt, Join, Problem } from '../../model/expansion.ts';
import type { SlaveTracker } from '../../model/full-sync.ts';
import { problemOfAnomaly } from '../../model/problems.ts';
import { because, type Reason } from '../../model/reasons.ts';
import { nobody } from '../../model/text.ts';
import { diagnose, symptomOf } from '../sync/diagnosis.ts';
import { logsByAgents } from '../sync/log-evidence.ts';
import { slaveName } from '../sync/master-tracker.ts';
import { isConnected, pairCapabilities } from '../sync/tracker.ts';
import { stepAttempt } from './attempt.ts';
import { asksPerson, isOver } from './bound.ts';
import { currentAttempt, giveUp, joinKnownAs, newAttempt, patchAttempt } from './join-state.ts';
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
    const { code, remedy, facts } = anomaly;
    const { cause, recordings } = anomalyInGeneral(code, nobody);
    const nextSteps = anomalySteps(anomaly, 'underWay', nobody);
    const data = { code, remedy, cause, nextSteps, recordings, facts, anomaly };
    say(turn, 'node.anomaly', data, join.target.name);
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
        if (!isOver(turn, join, { endsAt: tracker.unreachableSince! + diedAfterMs, atEnd: asksPerson }))
          return false;
        stop(turn, ...withDiagnosis(turn, join, tracker, anomaly));
        return true;
      case 'node_unreachable':
        if (
          anomaly.remedy === 'wait' &&
          !isOver(turn, join, {
            endsAt: tracker.unreachableSince! + turn.expansion.policy.nodeDownTimeoutMs,
            atEnd: asksPerson,
          })
        )
          return false;
        stop(turn, ...withDiagnosis(turn, join, tracker, anomaly));
        return true;
      case 'foreign_change':
        giveUp(turn, join, 'failed', problemOfAnomaly(anomaly));
        return true;
    }
    if (anomaly.remedy === 'quarantine' || anomaly.remedy === 'reattach') {
      if (treat(turn, joinAt(turn, join.index), tracker, anomaly)) return true;
    }
  }
  return false;
}

/** Slaves in sync that the master did not list before SLAVEOF, and that are no other node of the expansion. */
function unknownEntries({ expansion, nodeLooks }: Turn, of: Join, { listedBefore }: SlaveTracker): string[] {
  const slaves = expansion.masterTracker.replication?.slaves ?? [];
  const others = new Set(
    expansion.joins
      .filter((join) => join !== of)
      .map((join) => findListedSlave(slaves, joinKnownAs({ nodeLooks }, join))),
  );
  return slaves
    .filter((slave) => !others.has(slave) && Object.values(slave.lag).every((lag) => typeof lag === 'number'))
    .map(slaveName)
    .filter((name) => !listedBefore.includes(name));
}

/** A node that is gone: only the log on its host can tell why. */
function withDiagnosis(
  turn: Turn,
  join: Join,
  slave: SlaveTracker,
  anomaly: AnomalyRecord,
): [join: Join, problem: Problem] {
  const diagnosis = diagnosisOf(turn, join, slave, anomaly, null);
  if (diagnosis.causes.length === 0) return [join, problemOfAnomaly(anomaly)];
  return [keepDiagnosis(turn, join, diagnosis), problemOfAnomaly(anomaly, diagnosis)];
}

/** Does what follows from the likeliest cause of an anomaly. True = the attempt is over. */
export function treat(
  turn: Turn,
  join: Join,
  slave: SlaveTracker,
  anomaly: AnomalyRecord,
  report: ComparisonReport | null = null,
): boolean {
  const diagnosis = diagnosisOf(turn, join, slave, anomaly, report);
  const known = keepDiagnosis(turn, join, diagnosis);
  switch (diagnosis.remedy.kind) {
    case 'wait':
      isOver(turn, known, {
        endsAt: diagnosis.remedy.until,
        atEnd: because('then_cause_decides', { anomaly: anomaly.code }),
      });
      return false;
    case 'reattach':
    case 'ask_for_dump':
      reattach(turn, known, anomaly, diagnosis);
      return true;
    case 'person': {
      const sameAgain = diagnosis.causes.length === 0 && anomaly.remedy === 'reattach';
      const attempts = sameAgain ? known.attempts.length : null;
      stop(turn, known, problemOfAnomaly(anomaly, diagnosis, attempts));
      return true;
    }
  }
}

function diagnosisOf(
  turn: Turn,
  join: Join,
  slave: SlaveTracker,
  anomaly: AnomalyRecord,
  report: ComparisonReport | null,
): Diagnosis {
  return diagnose({
    slave,
    master: turn.expansion.masterTracker,
    capabilities: pairCapabilities(turn.expansion.capabilities!, slave),
    nodeVersion: turn.capabilitiesOf(turn.nodeLooks.get(join.index))?.version ?? null,
    faults: turn.faults,
    logs: logsByAgents(slave, turn.expansion.masterTracker),
    report,
    anomaly,
    unknownEntries: anomaly.code === 'up_but_not_listed' ? unknownEntries(turn, join, slave) : [],
    earlier: join.triedCauses ?? [],
    mayAskForDump: turn.expansion.policy.mayAskForDump === true,
    now: turn.now,
  });
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

/** Without its signs: their figures change with each look. */
const named = (diagnosis: Diagnosis) => {
  const cause = likeliest(diagnosis);
  return cause && { code: cause.code, text: cause.text };
};

/** What a node does about its own trouble; null = nothing that is waited for. */
export function triesByItself(
  { diagnosis, attempts }: Join,
  anomalies: readonly AnomalyRecord[],
): Reason | null {
  const isPresent =
    diagnosis?.attempt === attempts.length && anomalies.some(({ code }) => code === diagnosis.symptom);
  return isPresent && diagnosis.remedy.kind === 'wait'
    ? because('tries_by_itself', { cause: named(diagnosis) })
    : null;
}

/**
 * Gives a node up. A node whose full sync has not ended is detached: it would go on copying for ever, or keep the master
 * from purging its binlog. So is a node that gets the same binlog again and again, though its link is up half of the time.
 */
function stop(turn: Turn, join: Join, problem: Problem): void {
  const tracker = currentAttempt(join)?.tracker ?? null;
  giveUp(turn, join, 'quarantined', problem);
  if (tracker === null || tracker.unreachableSince !== null) return;
  if (isConnected(tracker.replication) && problem.code !== 'binlog_not_applied') return;
  leave(turn, joinAt(turn, join.index), 'quarantined', because('sync_did_not_end'));
  advanceLeaving(turn, joinAt(turn, join.index));
}

/** What could have been the cause too is not cured either where the next copy shows it again. */
function withTried(before: readonly string[], likeliest: string, { causes }: Diagnosis): readonly string[] {
  const others = causes
    .map(({ code }) => code)
    .filter((code) => code !== likeliest && !before.includes(code));
  return [...before, likeliest, ...others];
}

/** Ends the attempt and begins the next one with NO ONE, as often as is allowed. */
function reattach(turn: Turn, join: Join, anomaly: AnomalyRecord, diagnosis: Diagnosis): void {
  const cause = likeliest(diagnosis);
  if (join.attempts.length >= join.attemptsAllowed) {
    stop(turn, join, problemOfAnomaly(anomaly, diagnosis, join.attempts.length));
    return;
  }
  const ended = patchAttempt(turn, join, { endedAt: turn.now, outcome: 'failed' });
  const attempt: Attempt = {
    ...newAttempt(turn, ended, 'reattach', 'detach'),
    ...(diagnosis.remedy.kind === 'ask_for_dump' ? { wantsDump: true } : {}),
  };
  const data = {
    code: anomaly.code,
    attempt: attempt.number,
    of: join.attemptsAllowed,
    cause: cause?.code ?? null,
  };
  say(turn, 'node.remedy', data, join.target.name);
  const begun = patchJoin(turn, join.index, {
    attempts: [...ended.attempts, attempt],
    comparison: null,
    inconclusiveComparisons: 0,
    evidence: null,
    triedCauses: withTried(join.triedCauses ?? [], cause?.code ?? symptomOf(anomaly), diagnosis),
  });
  stepAttempt(
    turn,
    enterPhase(turn, begun, 'attaching', because('attempt_begins', { attempt: attempt.number })),
  );
}
