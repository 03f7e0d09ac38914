/** From "up" to `verified`: offset, comparison, looks in a row, evidence. Part of `decide`. */
import { makeAnomaly } from '../../model/anomalies.ts';
import { type ProofGone, proofGoneWords } from '../../model/anomaly-table.ts';
import type { ChosenDepth, ComparisonReport } from '../../model/comparison.ts';
import { type AnomalyRecord, type CatchUp, type EvidenceRule, inWords, isMet } from '../../model/evidence.ts';
import type { Attempt, Expansion, Join } from '../../model/expansion.ts';
import type { SlaveTracker } from '../../model/full-sync.ts';
import { compareOffsets } from '../../model/observation.ts';
import { makeProblem } from '../../model/problems.ts';
import { because } from '../../model/reasons.ts';
import type { Said } from '../../model/text.ts';
import { chooseDepth, paceOf } from '../plan/depth.ts';
import {
  connectionRules,
  filesRule,
  fullSyncRules,
  hasPassed,
  judge,
  outlivesOnly,
} from '../sync/evidence.ts';
import { masterSilence } from '../sync/master-tracker.ts';
import { pairCapabilities } from '../sync/tracker.ts';
import { asksPerson, isOver } from './bound.ts';
import { currentAttempt, giveUp, patchAttempt } from './join-state.ts';
import { recordAnomalies, treat } from './remedy.ts';
import { enterPhase, patchJoin, say, type Turn, waitFor } from './turn.ts';

const maxInconclusiveComparisons = 3;

/** A look that gets no answer ends after as long (work/expansion/observer.ts). */
const looksLastMs = 5000;

/** Goes on with a node that is up: first its offset, then its data, then the looks in a row. */
export function catchUp(
  turn: Turn,
  join: Join,
  tracker: SlaveTracker,
  report: ComparisonReport | null,
): void {
  if (turn.nodeLooks.get(join.index)?.kind !== 'answered') return;
  if (turn.masterLook?.kind !== 'answered') {
    const silence = masterSilence(turn.expansion.masterTracker);
    if (silence !== null) waitFor(turn, join, silence);
    return;
  }
  if (!turn.masterLook.facts.replication) return;
  const attempt = withoutStaleCatchUp(currentAttempt(join)!, tracker);
  if (attempt.catchUp === null && join.comparison !== null) {
    catchUp(
      turn,
      patchJoin(turn, patchAttempt(turn, join, { catchUp: null }).index, { comparison: null }),
      tracker,
      null,
    );
    return;
  }
  const masterOffsets = turn.expansion.masterTracker.replication?.binlog ?? {};
  const own = tracker.replication?.binlog ?? {};
  const known: CatchUp = attempt.catchUp ?? {
    target: masterOffsets,
    targetAt: turn.now,
    passedAt: null,
    passedOffsets: null,
    stableLooks: 0,
    stableSince: null,
    ownOffsets: own,
    movedAt: turn.now,
  };
  // The target is the master's offset at one look; only a look of the node made no earlier can have passed it.
  const nodeLook = turn.nodeLooks.get(join.index)!;
  const isLater = attempt.catchUp !== null || nodeLook.at >= turn.masterLook.at;
  const passed = known.passedAt === null && isLater && hasPassed(own, known.target);
  const moved = hasMoved(own, known.ownOffsets) ? { ...known, ownOffsets: own, movedAt: turn.now } : known;
  const now: CatchUp = passed ? { ...moved, passedAt: turn.now, passedOffsets: own } : moved;
  const held = patchAttempt(turn, join, { catchUp: now });
  if (now.passedAt === null) {
    const behind = enterPhase(turn, held, 'catching_up', because('catching_up'));
    const endsAt = Math.max(now.movedAt, tracker.answersSince ?? 0) + turn.expansion.policy.stallTimeoutMs;
    if (
      isOver(turn, behind, { endsAt, atEnd: because('then_cause_decides', { anomaly: 'up_but_incomplete' }) })
    )
      treat(turn, behind, tracker, standsStill(turn, behind, now));
    return;
  }
  verify(turn, enterPhase(turn, held, 'verifying', because('comparing')), tracker, now, report);
}

const hasMoved = (own: CatchUp['ownOffsets'], before: CatchUp['ownOffsets']): boolean =>
  Object.entries(own).some(
    ([db, offset]) => before[db] === undefined || compareOffsets(offset, before[db]) !== 0,
  );

function standsStill(turn: Turn, join: Join, known: CatchUp): AnomalyRecord {
  const anomaly = makeAnomaly(
    'up_but_incomplete',
    { as: 'offset_stands_still', forMs: turn.now - known.movedAt },
    { at: turn.now, attempt: join.attempts.length },
  );
  recordAnomalies(turn, join, [anomaly]);
  return anomaly;
}

/** What was seen before a restart of the node says nothing of the node after it. */
function withoutStaleCatchUp(attempt: Attempt, tracker: SlaveTracker): Attempt {
  const { catchUp: known } = attempt;
  const stale = known !== null && tracker.restarts.some((at) => at > known.targetAt);
  return stale ? { ...attempt, catchUp: null } : attempt;
}

function verify(
  turn: Turn,
  join: Join,
  tracker: SlaveTracker,
  known: CatchUp,
  report: ComparisonReport | null,
): void {
  const counted = countLook(turn, join, tracker, known);
  if (counted.comparison === null) {
    startComparison(turn, counted, tracker);
    return;
  }
  const result = counted.comparison.report ?? report;
  if (result === null) return;
  const withReport = counted.comparison.report ? counted : takeReport(turn, counted, result);
  const isNoted = outlivesOnly(result) && turn.expansion.policy.longerTtls !== 'halt';
  if (result.verdict === 'different' && !isNoted) {
    treat(turn, withReport, tracker, incompleteBy(turn, withReport, result), result);
    return;
  }
  if (result.verdict === 'inconclusive') {
    compareAgain(turn, withReport, result);
    return;
  }
  if (lookedSince(turn, join, result.endedAt)) settle(turn, withReport, tracker, result);
}

/** Counts the looks in a row that hold; the comparison runs meanwhile. */
function countLook(turn: Turn, join: Join, tracker: SlaveTracker, known: CatchUp): Join {
  const holds = standingRules(turn, tracker).every(isMet);
  const next: CatchUp = holds
    ? { ...known, stableLooks: known.stableLooks + 1, stableSince: known.stableSince ?? turn.now }
    : { ...known, stableLooks: 0, stableSince: null };
  return patchAttempt(turn, join, { catchUp: next });
}

/** The rules that must hold at every look. */
const standingRules = (turn: Turn, tracker: SlaveTracker) => [
  ...fullSyncRules(
    tracker,
    turn.expansion.masterTracker,
    pairCapabilities(turn.expansion.capabilities!, tracker),
  ),
  filesRule(tracker, requiresAgent(turn)),
  ...connectionRules(tracker, turn.expansion.masterTracker),
];

const requiresAgent = ({ expansion }: Turn): boolean => expansion.policy.requireAgent === true;

/** The last word belongs to looks at both nodes made after the data were compared. */
function lookedSince(turn: Turn, join: Join, at: number): boolean {
  const nodeLook = turn.nodeLooks.get(join.index);
  return nodeLook !== undefined && nodeLook.at >= at && turn.masterLook !== null && turn.masterLook.at >= at;
}

const reasonOf = ({ said, reason }: ComparisonReport): Said | string | null => said?.reason ?? reason;

function takeReport(turn: Turn, join: Join, report: ComparisonReport): Join {
  const { verdict, lookedAtKeys, share, smallestLossFound, differencesTotal: differences } = report;
  const compared = {
    verdict,
    reason: reasonOf(report),
    lookedAtKeys,
    share,
    smallestLossFound,
    differences,
    outlivesOnly: outlivesOnly(report),
  };
  say(turn, 'node.compared', compared, join.target.name);
  return patchJoin(turn, join.index, { comparison: { ...join.comparison!, report } });
}

function startComparison(turn: Turn, join: Join, tracker: SlaveTracker): void {
  const attempt = currentAttempt(join)!;
  const id = `${turn.expansion.id}.${join.index}.${attempt.number}.${join.inconclusiveComparisons + 1}`;
  const chosen = chosenDepth(turn.expansion, tracker);
  patchJoin(turn, join.index, { comparison: { id, report: null, ...(chosen && { chosen }) } });
  turn.comparisons.push({ joinIndex: join.index, id });
}

/** What `auto` chooses, by how long the copy of this node took; null = the policy names the depth. */
function chosenDepth(expansion: Expansion, { attachedAt, upSince }: SlaveTracker): ChosenDepth | null {
  const { policy, masterTracker, joins, forecast } = expansion;
  if (policy.verify.depth !== 'auto') return null;
  const { estimatedKeys: keys, samples } = masterTracker;
  const bytes = samples.findLast(({ sstBytes }) => sstBytes !== null)?.sstBytes ?? null;
  const paces = joins.flatMap(
    ({ comparison }) => paceOf(comparison?.chosen, comparison?.report ?? null) ?? [],
  );
  return chooseDepth({
    policy: policy.verify,
    size: keys === undefined || bytes === null ? null : { keys, bytes },
    copyMs: upSince === null ? 0 : Math.max(0, upSince - attachedAt),
    pace: paces.at(-1) ?? forecast?.depth?.pace ?? null,
  });
}

function compareAgain(turn: Turn, join: Join, report: ComparisonReport): void {
  const tries = join.inconclusiveComparisons + 1;
  if (tries < maxInconclusiveComparisons) {
    patchJoin(turn, join.index, { comparison: null, inconclusiveComparisons: tries });
    return;
  }
  const facts = { node: join.target.name, tries, reason: reasonOf(report) };
  giveUp(turn, join, 'quarantined', makeProblem('comparison_inconclusive', facts, turn.now));
}

function incompleteBy(turn: Turn, join: Join, report: ComparisonReport): AnomalyRecord {
  const facts = {
    as: 'data_differ' as const,
    differences: report.differencesTotal,
    lookedAtKeys: report.lookedAtKeys,
    share: report.share,
    byKind: report.differencesByKind,
    bySign: report.differencesBySign ?? {},
    examples: report.examples.slice(0, 5),
  };
  const anomaly = makeAnomaly('up_but_incomplete', facts, { at: turn.now, attempt: join.attempts.length });
  recordAnomalies(turn, join, [anomaly]);
  return anomaly;
}

/** Says `verified` when every rule holds; a rule that never does ends in quarantine. */
function settle(turn: Turn, join: Join, tracker: SlaveTracker, report: ComparisonReport): void {
  const { expansion, now } = turn;
  const evidence = judge({
    slave: tracker,
    master: expansion.masterTracker,
    capabilities: pairCapabilities(expansion.capabilities!, tracker),
    catchUp: currentAttempt(join)!.catchUp,
    report,
    stableLooksRequired: expansion.policy.stableLooks,
    requireAgent: requiresAgent(turn),
    attempt: join.attempts.length,
    now,
  });
  const judged = patchJoin(turn, join.index, { evidence });
  if (evidence.verdict === 'verified') {
    succeed(turn, judged);
    return;
  }
  const missing = standingRules(turn, tracker).filter((rule) => !isMet(rule));
  const gone = proofGone(missing);
  if (gone !== null) {
    treat(turn, judged, tracker, unproven(turn, judged, gone), report);
    return;
  }
  const { stallTimeoutMs, stableLooks, lookIntervalMs } = expansion.policy;
  const isSteady = missing.length === 0;
  const why = because('rules_missing', {
    rules: (isSteady ? evidence.rules.filter((rule) => !isMet(rule)) : missing).map(inWords),
  });
  const waiting = isSteady ? judged : waitFor(turn, judged, why);
  // Looks in a row take their time, and a node that now and then gives no answer may never have so many.
  const limitMs = stallTimeoutMs + (isSteady ? stableLooks * (lookIntervalMs + looksLastMs) : 0);
  const hashedAt = tracker.files?.hashing?.at ?? 0;
  const endsAt = Math.max(waiting.phaseSince, report.endedAt, hashedAt) + limitMs;
  if (!isOver(turn, waiting, { endsAt, atEnd: asksPerson })) return;
  const facts = { node: join.target.name, because: why };
  giveUp(turn, waiting, 'quarantined', makeProblem('evidence_missing', facts, now));
}

type Gone = { readonly as: ProofGone; readonly db: string };

/** What the agents can never show any more of this copy, and no other rule speaks against it; another copy may be proven. */
function proofGone([rule, ...others]: readonly Omit<EvidenceRule, 'at'>[]): Gone | null {
  if (rule?.rule !== 'files_complete' || rule.holds !== null || others.length > 0) return null;
  const as = rule.statement;
  return as !== undefined && as in proofGoneWords ? { as: as as ProofGone, db: String(rule.facts.db) } : null;
}

function unproven(turn: Turn, join: Join, gone: Gone): AnomalyRecord {
  const anomaly = makeAnomaly('files_unproven', gone, { at: turn.now, attempt: join.attempts.length });
  recordAnomalies(turn, join, [anomaly]);
  return anomaly;
}

function succeed(turn: Turn, join: Join): void {
  const ended = patchAttempt(turn, join, { endedAt: turn.now, outcome: 'verified' });
  const verified = enterPhase(turn, ended, 'verified', because('verified'));
  const { receivedBytes, snapshotBytes } = join.progress;
  const tookMs = turn.now - (verified.attempts[0]?.startedAt ?? turn.now);
  const data = { attempts: join.attempts.length, receivedBytes, snapshotBytes, tookMs };
  say(turn, 'node.verified', data, join.target.name);
}
