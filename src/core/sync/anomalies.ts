/** The rules by which what goes wrong in a full sync is given its name. */

import { type AnomalyCode, type AnomalyFacts, makeAnomaly, type Remedy } from '../../model/anomalies.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import type { AnomalyRecord } from '../../model/evidence.ts';
import type { MasterTracker, SlaveTracker, Wait } from '../../model/full-sync.ts';
import { formatAddress } from '../../model/observation.ts';
import {
  bytesComplete,
  copiedBytes,
  copyBytesAtMost,
  dumpIsCertain,
  openedEnough,
  receivedInWait,
  trickleBytesPerSecond,
  unseenAroundDumpMs,
} from './full-sync-pass.ts';
import { latestMost } from './master-tracker.ts';
import { isConnected, lastWait, restartedAfterCopy } from './tracker.ts';

/** How long a symptom must last before it has its name. Milliseconds. */
export interface AnomalyLimits {
  readonly stallMs: number;
  /** How long a dump of the master excuses that nothing is received; one on 3.3.6 can wait for a push that hangs. */
  readonly bgsaveMs: number;
  /** How long a wait whose snapshot was superseded may stand still. */
  readonly supersededStallMs: number;
  /** NoConnect for this long after SLAVEOF: a first try takes under 1 s, one after an early re-attach 10 to 15 s (29). */
  readonly noConnectMs: number;
  readonly notListedMs: number;
  /** No reply for this long is no swap any more. */
  readonly busyMs: number;
  readonly maxWaits: number;
  readonly maxCopiesOfOneDump: number;
  /** How long a copy may take for a hundredth of itself, or go on where the size of its dump is not known. */
  readonly headwayMs: number;
}

export const defaultAnomalyLimits: AnomalyLimits = {
  stallMs: 60_000,
  supersededStallMs: 15_000,
  bgsaveMs: 1_800_000,
  noConnectMs: 25_000,
  notListedMs: 10_000,
  busyMs: 600_000,
  maxWaits: 4,
  maxCopiesOfOneDump: 3,
  headwayMs: 1_800_000,
};

export interface AnomalyInput {
  readonly slave: SlaveTracker;
  readonly master: MasterTracker;
  readonly capabilities: Capabilities;
  readonly limits: AnomalyLimits;
  readonly attempt: number;
  readonly now: number;
}

/**
 * A rule: the facts of the anomaly `code` where it is seen, else null. They may hold more than its text needs, for whoever
 * judges it later.
 */
type Rule = {
  readonly [Code in AnomalyCode]: {
    readonly code: Code;
    readonly check: (input: AnomalyInput) => AnomalyFacts<Code> | null;
    /** Where it is not always the one of the catalogue. */
    readonly remedy?: (input: AnomalyInput, facts: AnomalyFacts<Code>) => Remedy | undefined;
  };
}[AnomalyCode];

/** Most decisive first. */
const rules: readonly Rule[] = [
  { code: 'foreign_change', check: foreignChange },
  { code: 'died_on_partial_database', check: died },
  {
    code: 'node_unreachable',
    check: (input) => (died(input) ? null : unreachable(input)),
    remedy: (_input, { as }) => (as === 'hangs' ? 'quarantine' : undefined),
  },
  {
    code: 'snapshot_superseded',
    check: superseded,
    remedy: ({ capabilities }) => (capabilities.opensSupersededCopy ? 'reattach' : 'wait'),
  },
  { code: 'copy_without_end', check: withoutEnd },
  { code: 'hung_in_full_sync', check: hung },
  { code: 'sync_loop', check: syncLoop },
  { code: 'full_sync_skipped', check: skipped },
  { code: 'up_but_incomplete', check: incomplete },
  {
    code: 'master_still_syncing',
    check: ({ slave: { masterSyncingAt: seenAt } }) => (seenAt === null ? null : { seenAt }),
  },
  { code: 'up_but_not_listed', check: notListed },
  { code: 'master_unreachable', check: (input) => neverConnected(input, 'unreachable') },
  { code: 'refused_for_good', check: (input) => neverConnected(input, 'refused') },
  {
    code: 'master_restarted',
    check: ({ slave: { masterRestartedAt: at } }) => (at === null ? null : { at }),
  },
  {
    code: 'node_restarted',
    check: nodeRestarted,
    remedy: (_input, { afterCopy }) => (afterCopy ? 'reattach' : undefined),
  },
  { code: 'copy_begun_again', check: begunAgain },
];

/** Every anomaly that the facts show at this moment, most decisive first. */
export const detectAnomalies = (input: AnomalyInput): readonly AnomalyRecord[] =>
  rules.flatMap((rule) => seenBy(rule as Rule & { code: 'node_restarted' }, input));

/** The rules are told apart by their codes alone, so one type stands here for all. */
function seenBy<Code extends AnomalyCode>(
  { code, check, remedy }: Extract<Rule, { code: Code }>,
  input: AnomalyInput,
): AnomalyRecord[] {
  const facts = check(input) as AnomalyFacts<Code> | null;
  if (facts === null) return [];
  const own = remedy?.(input, facts as never);
  const seen = { at: input.now, attempt: input.attempt };
  return [makeAnomaly(code, facts, own === undefined ? seen : { ...seen, remedy: own })];
}

/** After SLAVEOF was answered OK a node is a slave at once; a master this much later was made one by somebody. */
const detachedForMs = 5000;

function foreignChange({ slave, now }: AnomalyInput) {
  const intendedMaster = formatAddress(slave.master);
  if (slave.foreignMaster !== null)
    return { as: 'other_master' as const, intendedMaster, foundMaster: slave.foreignMaster };
  const neverSlave =
    slave.establishedMaster === null &&
    slave.replication?.role === 'master' &&
    slave.lastAnsweredAt !== null &&
    now - slave.attachedAt > detachedForMs;
  if (slave.detachedByOthersAt === null && !neverSlave) return null;
  return {
    as: 'detached' as const,
    intendedMaster,
    foundMaster: null,
    detachedAt: slave.detachedByOthersAt,
  };
}

/** A node that is away since its snapshot was cut short, on a version that opens such a copy. */
function died({ slave, now, capabilities }: AnomalyInput) {
  const wait = lastWait(slave);
  if (slave.unreachableSince === null || wait === null) return null;
  const cut = capabilities.opensSupersededCopy && wait.supersededBy !== null;
  const left = wait.end === 'swapped' && !slave.restarts.some((at) => at > wait.startedAt);
  const neverUp = slave.upSince === null && !isConnected(slave.replication);
  if (!cut || !(wait.endedAt === null || (left && neverUp))) return null;
  const { unreachableSince } = slave;
  return { forMs: now - unreachableSince, unreachableSince, supersededBy: wait.supersededBy };
}

function unreachable({ slave, now, limits }: AnomalyInput) {
  if (slave.unreachableSince === null) {
    if (slave.busySince === null || now - slave.busySince < limits.busyMs) return null;
    return { as: 'hangs' as const, forMs: now - slave.busySince, busySince: slave.busySince };
  }
  const { how = null, met = null } = slave.unreachableAs ?? {};
  return {
    as: 'away' as const,
    forMs: now - slave.unreachableSince,
    how,
    met,
    unreachableSince: slave.unreachableSince,
    supersededBy: lastWait(slave)?.supersededBy ?? null,
  };
}

function superseded({ slave }: AnomalyInput) {
  const wait = lastWait(slave);
  if (!wait || wait.supersededBy === null) return null;
  return {
    by: wait.supersededBy,
    otherSlave: wait.otherSlave,
    laterDumps: wait.laterDumps,
    receivedBytes: receivedInWait(wait),
    snapshotBytes: wait.snapshotBytes,
  };
}

/** A dump of unknown size was made before anybody watched, and the master can have been larger then. */
const unknownDumpShare = 3;

function withoutEnd({ slave, master, limits, now }: AnomalyInput) {
  const wait = lastWait(slave);
  if (!wait || wait.endedAt !== null || slave.unreachableSince !== null) return null;
  const copied = copiedBytes(wait);
  const { snapshotBytes, snapshotBytesAtMost = null } = wait;
  const live = latestMost(master.samples);
  const size = snapshotBytesAtMost ?? live;
  if (size === null) return null;
  const share = snapshotBytesAtMost === null ? unknownDumpShare : undefined;
  const limitBytes = Math.round(copyBytesAtMost(wait, size, share));
  const tooLong = now - (wait.firstBytesAt ?? now) >= limits.headwayMs;
  if (copied <= limitBytes || (snapshotBytesAtMost === null && !tooLong)) return null;
  return {
    node: formatAddress(slave.self),
    receivedBytes: copied,
    snapshotBytes,
    snapshotBytesAtMost,
    masterBytes: size,
    limitBytes,
  };
}

function hung(input: AnomalyInput): AnomalyFacts<'hung_in_full_sync'> | null {
  const { slave, limits, now, capabilities, master } = input;
  const wait = lastWait(slave);
  if (slave.unreachableSince !== null || slave.busySince !== null) return null;
  if (!wait || wait.endedAt !== null) return stuckBetween(slave, limits, now);
  const wasCut = wait.supersededAt !== null && capabilities.opensSupersededCopy;
  if (!wasCut && !capabilities.hasReplByteCounters) return tooLongUncounted(wait, input);
  const still = now - wait.lastMoveAt;
  const limit = wasCut ? limits.supersededStallMs : limits.stallMs;
  const since = wasCut ? Math.min(still, now - wait.supersededAt!) : still;
  if (since < limit || (master.bgsaving && since < limits.bgsaveMs)) return noHeadway(wait, input);
  return standing(wait, still, now);
}

const sizesOf = (wait: Wait) => ({ receivedBytes: receivedInWait(wait), snapshotBytes: wait.snapshotBytes });

/** More than keep-alives of 16 to 30 bytes a second: questions are answered, and the answer is no. */
const refusedBytesPerSecond = 100;

function standing(wait: Wait, stillForMs: number, now: number): AnomalyFacts<'hung_in_full_sync'> {
  const waitsForMs = now - wait.startedAt;
  const perSecond = ((receivedInWait(wait) ?? 0) * 1000) / Math.max(1, waitsForMs);
  const isRefused = perSecond >= refusedBytesPerSecond && perSecond <= trickleBytesPerSecond;
  if (!isRefused) return { as: 'still', stillForMs, ...sizesOf(wait) };
  return { as: 'refused', waitsForMs, bytesPerSecond: Math.round(perSecond), ...sizesOf(wait) };
}

/** It moves, and at this pace it never ends. */
function noHeadway(wait: Wait, { limits, now }: AnomalyInput) {
  const { headway } = wait;
  if (headway === undefined || now - headway.at < limits.headwayMs) return null;
  const cameBytes = copiedBytes(wait) - headway.bytes;
  return { as: 'no_headway' as const, cameBytes, inMs: now - headway.at, ...sizesOf(wait) };
}

/** 3.3 and 3.4 count no bytes: nothing but the time tells whether a copy moves. */
function tooLongUncounted(wait: Wait, { limits, now, master }: AnomalyInput) {
  const waitsForMs = now - wait.startedAt;
  const limit = Math.max(limits.headwayMs, master.bgsaving ? limits.bgsaveMs : 0);
  return waitsForMs < limit ? null : { as: 'uncounted' as const, waitsForMs, ...sizesOf(wait) };
}

/**
 * Pika may miss the master's reply on a busy machine (it says WaitReply only after it has asked) and helps itself: its idle
 * connection is closed after 60 s, and it has reconnected after 65 to 80 s (seen on 3.5.4 and 4.0.1). With the usual time-out
 * of 60 s an attempt would be given up just before that, and all DBs be copied again.
 */
const reconnectsWithin = 5 / 3;

/** Neither connected nor copying: for example a reply that never came (WaitReply has no time-out), or state Error. */
function stuckBetween(slave: SlaveTracker, limits: AnomalyLimits, now: number) {
  const { replication, noConnectSince } = slave;
  if (!replication || replication.role === 'master' || isConnected(replication) || noConnectSince !== null)
    return null;
  const since = Math.max(slave.attachedAt, slave.phases.at(-1)?.at ?? 0, lastWait(slave)?.endedAt ?? 0);
  const isFinal = Object.values(replication.dbStates).includes('Error');
  if (now - since < limits.stallMs * (isFinal ? 1 : reconnectsWithin)) return null;
  const { dbStates } = replication;
  return { as: 'between' as const, forMs: now - since, dbStates, receivedBytes: null, snapshotBytes: null };
}

function syncLoop({ slave, limits }: AnomalyInput) {
  const begun = slave.waits.reduce((sum, wait) => sum + copiesIn(wait), 0);
  if (begun > limits.maxWaits) return { as: 'since_attach' as const, fullSyncs: begun };
  const same = copiesOfLastDump(slave);
  if (same.length <= limits.maxCopiesOfOneDump) return null;
  return { as: 'of_one_dump' as const, fullSyncs: same.length, receivedBytes: receivedIn(same) };
}

/** A node that throws a superseded copy away can be back in WaitDBSync before the next look; its wait then goes on. */
const copiesIn = ({ endedAt, laterDumps }: Wait): number =>
  endedAt === null ? 1 + laterDumps : Math.max(1, laterDumps);

const receivedIn = (waits: readonly Wait[]): number =>
  waits.reduce((sum, wait) => sum + (receivedInWait(wait) ?? 0), 0);

/** The copies of the dump that is copied now, since the last restart of node or master: it explains what came before. */
function copiesOfLastDump(slave: SlaveTracker): readonly Wait[] {
  const last = lastWait(slave);
  if (!last?.dump) return [];
  const since = Math.max(slave.restarts.at(-1) ?? 0, slave.masterRestartedAt ?? 0);
  return slave.waits.filter(
    ({ dump, startedAt, supersededBy }) =>
      dump?.notAfter === last.dump!.notAfter && startedAt >= since && supersededBy === null,
  );
}

function begunAgain({ slave, limits }: AnomalyInput) {
  const same = copiesOfLastDump(slave);
  if (same.length < 2) return null;
  return {
    node: formatAddress(slave.self),
    fullSyncs: same.length,
    limit: limits.maxCopiesOfOneDump,
    receivedBytes: receivedIn(same),
    snapshotBytes: lastWait(slave)!.snapshotBytes,
  };
}

function skipped({ slave, master }: AnomalyInput) {
  if (!isConnected(slave.replication)) return null;
  const wait = lastWait(slave);
  // Only a look at the master that came after can tell of a dump that was made for this node meanwhile.
  if (!wait && (master.lastAnsweredAt ?? 0) < (slave.upSince ?? 0)) return null;
  if (wait?.end === 'swapped') return null;
  if (!wait && slave.listedFullSyncing) return null;
  return {
    as: wait ? ('unfinished' as const) : ('never' as const),
    waits: slave.waits.length,
    lastEnd: wait?.end ?? null,
    eligibleForMasterElection: slave.replication?.eligibleForMasterElection ?? null,
  };
}

function incomplete({ slave, capabilities }: AnomalyInput): AnomalyFacts<'up_but_incomplete'> | null {
  const wait = lastWait(slave);
  if (wait?.end !== 'swapped' || !isConnected(slave.replication)) return null;
  if (slave.replication?.eligibleForMasterElection === false) return { as: 'not_eligible' };
  const receivedBytes = receivedInWait(wait) ?? 0;
  if (bytesComplete(wait) === false)
    return { as: 'few_bytes', receivedBytes, snapshotBytes: wait.snapshotBytes! };
  if (openedEnough(wait, slave.ownSstBytes) === false)
    return { as: 'small_tables', receivedBytes, nodeTableBytesAfterSwap: slave.ownSstBytes! };
  if (!capabilities.opensSupersededCopy || dumpIsCertain(wait)) return null;
  return { as: 'uncertain_dump', unseenMs: unseenAroundDumpMs(wait) };
}

function notListed({ slave, master, limits, now }: AnomalyInput) {
  if (slave.upSince === null || master.silentSince !== null || !master.replication) return null;
  const since = Math.max(slave.upSince, slave.notListedSince ?? slave.upSince);
  const notSyncing = slave.listed !== null && Object.values(slave.listed.lag).includes('not syncing');
  if (slave.listed !== null && !notSyncing) return null;
  if (now - since < limits.notListedMs) return null;
  const as = notSyncing ? ('not_syncing' as const) : ('not_listed' as const);
  return { as, forMs: now - since, listed: slave.listed, since };
}

/** A node whose master has never been seen by anybody tries every 3 to 4.5 s (recording 14). */
const masterNeverSeenMs = 1500;

function neverConnected({ slave, limits, now, master }: AnomalyInput, because: 'unreachable' | 'refused') {
  if (slave.noConnectSince === null || slave.unreachableSince !== null) return null;
  const neverSeen = master.lastAnsweredAt === null;
  const noConnectForMs = now - slave.noConnectSince;
  if (noConnectForMs < (neverSeen ? masterNeverSeenMs : limits.noConnectMs)) return null;
  const masterGone = master.silentSince !== null || neverSeen;
  return masterGone === (because === 'unreachable') ? { noConnectForMs } : null;
}

function nodeRestarted({ slave }: AnomalyInput) {
  const last = slave.restarts.at(-1);
  if (last === undefined) return null;
  return { afterCopy: restartedAfterCopy(slave), restarts: slave.restarts.length, last };
}
