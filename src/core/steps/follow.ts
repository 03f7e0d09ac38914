/** Follows a node from SLAVEOF until it is up. Part of `decide`. */

import type { ComparisonReport } from '../../model/comparison.ts';
import type { AnomalyRecord } from '../../model/evidence.ts';
import type { Join } from '../../model/expansion.ts';
import type { SlaveTracker } from '../../model/full-sync.ts';
import type { Look } from '../../model/observation.ts';
import { makeProblem, problemOfFindings } from '../../model/problems.ts';
import { because, type Reason } from '../../model/reasons.ts';
import { masterReplaced } from '../plan/preflight.ts';
import {
  type AnomalyInput,
  awaitedFile,
  defaultAnomalyLimits,
  detectAnomalies,
  flapsInPlace,
} from '../sync/anomalies.ts';
import { takeFiles } from '../sync/files-complete.ts';
import { masterSilence } from '../sync/master-tracker.ts';
import {
  isConnected,
  mayBeSwapping,
  pairCapabilities,
  trackSlave,
  trackSlaveThroughMaster,
} from '../sync/tracker.ts';
import { stepAttempt } from './attempt.ts';
import { asksPerson, boundBySymptoms, isOver } from './bound.ts';
import { currentAttempt, giveUp, isTouched, patchAttempt } from './join-state.ts';
import { advanceLeaving, leave } from './leaving.ts';
import { progressOf } from './progress.ts';
import { applyRemedy, recordAnomalies, triesByItself } from './remedy.ts';
import { enterPhase, joinAt, patchJoin, type Turn, waitFor } from './turn.ts';
import { catchUp } from './verifying.ts';

/** Moves an attempt on by one step, or follows its full sync. */
export function advanceJoin(turn: Turn, join: Join, report: ComparisonReport | null): void {
  const attempt = currentAttempt(join);
  if (!attempt || attempt.endedAt !== null || masterIsAnother(turn, join)) return;
  if (attempt.step === 'syncing') followSync(turn, join, report);
  else stepAttempt(turn, join);
}

function followSync(turn: Turn, join: Join, report: ComparisonReport | null): void {
  const attempt = currentAttempt(join)!;
  if (attempt.tracker === null) return;
  const { expansion } = turn;
  const capabilities = pairCapabilities(expansion.capabilities!, attempt.tracker);
  const look = turn.nodeLooks.get(join.index);
  const through = turn.masterLook
    ? trackSlaveThroughMaster(attempt.tracker, expansion.masterTracker, turn.now, capabilities)
    : attempt.tracker;
  const seen = look ? trackSlave(through, look, expansion.masterTracker, capabilities) : through;
  const tracker = takeFiles(
    seen,
    { sight: seen.sight, listings: turn.listings.get(join.target.name) },
    { sight: expansion.masterTracker.sight, listings: turn.listings.get(expansion.master.name) },
    expansion.policy.verify.fileHashes === true,
  );
  const { nodeDownTimeoutMs } = expansion.policy;
  const busyMs = mayBeSwapping(tracker)
    ? Math.max(defaultAnomalyLimits.busyMs, nodeDownTimeoutMs)
    : nodeDownTimeoutMs;
  const followed = patchJoin(turn, patchAttempt(turn, join, { tracker }).index, {
    progress: progressOf(tracker, expansion.masterTracker, expansion.binlogFileSizeBytes, {
      unreachableMs: nodeDownTimeoutMs,
      busyMs,
    }),
  });
  const patienceMs = Math.max(expansion.policy.masterBusyTimeoutMs, expansion.policy.stallTimeoutMs);
  const input: AnomalyInput = {
    slave: tracker,
    master: expansion.masterTracker,
    capabilities,
    limits: {
      ...defaultAnomalyLimits,
      stallMs: expansion.policy.stallTimeoutMs,
      busyMs,
      bgsaveMs: patienceMs,
      headwayMs: patienceMs,
      supersededStallMs: Math.min(15_000, expansion.policy.stallTimeoutMs),
    },
    attempt: attempt.number,
    now: turn.now,
  };
  const anomalies = detectAnomalies(input);
  const named = recordAnomalies(turn, followed, anomalies);
  boundBySymptoms(turn, named, input);
  if (masterIsGone(turn, named)) return;
  if (applyRemedy(turn, named, tracker, anomalies)) return;
  if (!isConnected(tracker.replication) || tracker.busySince !== null || tracker.unreachableSince !== null) {
    duringSync(turn, joinAt(turn, join.index), input, anomalies);
    return;
  }
  const up = joinAt(turn, join.index);
  if (!isUnsteady(turn, up, tracker)) catchUp(turn, up, tracker, report);
}

/** Each time that a node comes up, its offset and its data are judged anew: a link that breaks all the time has no end. */
const timesUpAtMost = 20;

/** Whether the link of the node breaks again and again; true = the node was given up. */
function isUnsteady(turn: Turn, join: Join, { standing }: SlaveTracker): boolean {
  const { number } = currentAttempt(join)!;
  const ups = join.phases.filter(({ phase, attempt }) => phase === 'catching_up' && attempt === number);
  const times = Math.max(ups.length, standing?.flaps ?? 0);
  // A binlog that cannot be applied breaks the link too, and has its own name once the offset has stood for a stall.
  const isTooSoon = turn.now - (ups[0]?.at ?? turn.now) < 2 * turn.expansion.policy.stallTimeoutMs;
  if (times <= timesUpAtMost || isTooSoon) return false;
  giveUp(
    turn,
    join,
    'quarantined',
    makeProblem('link_unsteady', { node: join.target.name, times }, turn.now),
  );
  return true;
}

/**
 * A copy of another master, or of the same master after it lost its data, is not what was asked for. The node is detached
 * before it replaces by this copy what it has: it may be all that is left of the data.
 */
function masterIsAnother(turn: Turn, join: Join): boolean {
  const { master: target, policy, plannedMaster } = turn.expansion;
  if (turn.masterLook === null || !tellsWhoItIs(turn.masterLook)) return false;
  const master = { target, look: turn.masterLook, capabilities: turn.capabilitiesOf(turn.masterLook) };
  const finding = masterReplaced({ master, policy, plannedMaster });
  if (finding === null) return false;
  const touched = isTouched(join);
  giveUp(turn, join, touched ? 'quarantined' : 'failed', problemOfFindings([finding], turn.now));
  if (!touched) return true;
  leave(turn, joinAt(turn, join.index), 'quarantined', because('master_is_another'));
  advanceLeaving(turn, joinAt(turn, join.index));
  return true;
}

/** Between two looks at the node its master is asked for new dumps alone. */
const tellsWhoItIs = (look: Look): boolean =>
  look.kind !== 'answered' || (look.facts.server !== undefined && look.facts.replication !== undefined);

/** Without its master nothing can be proven of a node; it is waited for as long as for a busy one. */
function masterIsGone(turn: Turn, join: Join): boolean {
  const { silentSince, silentAs, silentWith } = turn.expansion.masterTracker;
  const { policy, master } = turn.expansion;
  if (silentSince === null) return false;
  if (!isOver(turn, join, { endsAt: silentSince + policy.masterBusyTimeoutMs, atEnd: asksPerson }))
    return false;
  const facts = {
    master: master.name,
    kind: silentAs!,
    met: silentWith ?? null,
    forMs: turn.now - silentSince,
    node: join.target.name,
  };
  giveUp(turn, join, 'quarantined', makeProblem('master_unreachable', facts, turn.now));
  return true;
}

const whyInPhase = {
  attaching: because('being_attached'),
  snapshotting: because('dump_offered'),
  transferring: because('copying'),
  swapping: because('opening'),
  catching_up: because('catching_up'),
};

/** A first file comes within a second where the master makes no dump. */
const fileComesWithinMs = 5000;

function noFileYet(input: AnomalyInput): Reason | null {
  const awaited = awaitedFile(input);
  return awaited !== null && input.now - awaited.since >= fileComesWithinMs
    ? because('no_file_yet', awaited)
    : null;
}

function duringSync(turn: Turn, join: Join, input: AnomalyInput, anomalies: readonly AnomalyRecord[]): void {
  const tracker = input.slave;
  // A node that gives no answer for a while is still what it was; and a link that breaks every second is told once.
  const staysUp =
    (tracker.phase === 'catching_up' && join.phase === 'verifying') ||
    (join.phase === 'catching_up' && flapsInPlace(tracker));
  const entered = staysUp ? join : enterPhase(turn, join, tracker.phase, whyInPhase[tracker.phase]);
  const attempt = currentAttempt(entered)!;
  const busy = tracker.busySince === null ? null : because('node_may_be_opening');
  const held = waitFor(
    turn,
    entered,
    busy ??
      masterSilence(turn.expansion.masterTracker) ??
      triesByItself(entered, anomalies) ??
      noFileYet(input),
  );
  if (attempt.catchUp !== null && !isConnected(tracker.replication)) {
    patchAttempt(turn, held, { catchUp: null });
    patchJoin(turn, join.index, { comparison: null });
  } else if (attempt.catchUp !== null && attempt.catchUp.stableLooks > 0) {
    patchAttempt(turn, held, { catchUp: { ...attempt.catchUp, stableLooks: 0, stableSince: null } });
  }
}
