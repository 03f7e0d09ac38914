/** The rules by which what goes wrong in a full sync is given its name. */

import { type AnomalyCode, type AnomalyFacts, makeAnomaly, type Remedy } from '../../model/anomalies.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import type { AnomalyRecord } from '../../model/evidence.ts';
import type { FullSyncPass, MasterTracker, SlaveTracker } from '../../model/full-sync.ts';
import { compareOffsets, formatAddress, isInError, type ReplicationFacts } from '../../model/observation.ts';
import {
  askedAgainAtMostBytes,
  bytesComplete,
  bytesInDoubt,
  completeShare,
  copiedBytes,
  copiesOfLastDump,
  copyBytesAtMost,
  dumpIsCertain,
  idleBytesPerSecond,
  isTrickle,
  lastRestartAt,
  leastExcessBytes,
  openedEnough,
  openedWhole,
  receivedIn,
  receivedInPass,
  refusedBytesPerSecond,
  sawEachDump,
  snapshotsAtMost,
  unseenAroundDumpMs,
} from './full-sync-pass.ts';
import { isSizedSince, latestMost, latestSize } from './master-tracker.ts';
import { requestsTimeOut } from './pieces.ts';
import { isConnected, lastPass, restartedAfterCopy, restartedInCopy } from './tracker.ts';

/** How long a symptom must last before it has its name. Milliseconds. */
export interface AnomalyLimits {
  readonly stallMs: number;
  /** How long a dump of the master excuses that nothing is received; one on 3.3.6 can wait for a push that hangs. */
  readonly bgsaveMs: number;
  /** How long a wait whose snapshot was superseded may stand still. */
  readonly supersededStallMs: number;
  /** NoConnect for this long after SLAVEOF: a first try takes under 1 s, one after an early re-attach 10 to 15 s (29). */
  readonly noConnectMs: number;
  /** A master drops a slave that is silent for 20 s, and the slave asks again 20 s later: that heals by itself. */
  readonly notListedMs: number;
  /** No reply for this long is no swap any more. */
  readonly busyMs: number;
  readonly maxWaits: number;
  /** A node that starts again and again begins to catch up anew each time. */
  readonly maxRestarts: number;
  readonly maxCopiesOfOneDump: number;
  /** How long a copy may take for a hundredth of itself, or go on where the size of its dump is not known. */
  readonly headwayMs: number;
}

export const defaultAnomalyLimits: AnomalyLimits = {
  stallMs: 60_000,
  supersededStallMs: 15_000,
  bgsaveMs: 1_800_000,
  noConnectMs: 25_000,
  notListedMs: 30_000,
  busyMs: 600_000,
  maxWaits: 4,
  maxRestarts: 4,
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

/** A symptom that has its name from a moment on, if it lasts until then. */
interface Due<Facts> {
  readonly from: number;
  readonly facts: Facts;
}

/**
 * A rule: the facts of the anomaly `code` where it is seen, else null; or, where a symptom must last for its name, from
 * when it has the name. They may hold more than its text needs, for whoever judges it later.
 */
type Rule = {
  readonly [Code in AnomalyCode]: {
    readonly code: Code;
    readonly check?: (input: AnomalyInput) => AnomalyFacts<Code> | null;
    /** The symptoms that could bear this name, the most telling first. */
    readonly due?: (input: AnomalyInput) => readonly Due<AnomalyFacts<Code>>[];
    /** Where the catalogue's remedy does not always fit. */
    readonly remedy?: (input: AnomalyInput, facts: AnomalyFacts<Code>) => Remedy | undefined;
  };
}[AnomalyCode];

/** Most decisive first. */
const rules: readonly Rule[] = [
  { code: 'foreign_change', due: foreignChange },
  { code: 'died_on_partial_database', check: died },
  {
    code: 'node_unreachable',
    due: (input) => (died(input) ? [] : unreachable(input)),
    remedy: (_input, { as }) => (as === 'hangs' ? 'quarantine' : undefined),
  },
  {
    code: 'snapshot_superseded',
    check: superseded,
    remedy: ({ capabilities }) => (capabilities.opensSupersededCopy ? 'reattach' : 'wait'),
  },
  { code: 'copy_without_end', check: withoutEnd },
  { code: 'hung_in_full_sync', due: hung },
  {
    code: 'reply_missed',
    due: replyMissed,
    remedy: (_input, { otherDatabaseConnected, forMs }) =>
      otherDatabaseConnected || forMs >= helpsItselfWithinMs ? 'reattach' : undefined,
  },
  { code: 'copy_not_opened', check: copyNotOpened },
  { code: 'binlog_not_applied', due: notApplied },
  {
    code: 'sync_loop',
    check: syncLoop,
    // A newer dump cost the bytes, and can be the last; a link that breaks again and again would cost as many once more.
    remedy: ({ slave }, { as }) =>
      as === 'too_many_bytes' && lastPass(slave)?.supersededBy != null ? 'reattach' : undefined,
  },
  { code: 'full_sync_skipped', check: skipped },
  { code: 'up_but_incomplete', check: incomplete },
  {
    code: 'master_still_syncing',
    check: ({ slave: { masterSyncingAt: seenAt } }) => (seenAt === null ? null : { seenAt }),
  },
  { code: 'up_but_not_listed', due: notListed },
  { code: 'master_unreachable', due: (input) => neverConnected(input, 'unreachable') },
  { code: 'refused_for_good', due: (input) => neverConnected(input, 'refused') },
  {
    code: 'master_restarted',
    check: ({ slave: { masterRestartedAt: at } }) => (at === null ? null : { at }),
  },
  {
    code: 'node_restarted',
    check: nodeRestarted,
    remedy: ({ limits }, { afterCopy, detached, restarts }) => {
      if (restarts > limits.maxRestarts) return 'quarantine';
      return afterCopy || detached ? 'reattach' : undefined;
    },
  },
  { code: 'copy_begun_again', check: begunAgain },
];

/** Every anomaly that the facts show at this moment, most decisive first. */
export const detectAnomalies = (input: AnomalyInput): readonly AnomalyRecord[] =>
  rules.flatMap((rule) => seenBy(rule as Rule & { code: 'node_restarted' }, input));

/** Only the code tells one rule from another, so one type covers all rules. */
function seenBy<Code extends AnomalyCode>(
  { code, check, due, remedy }: Extract<Rule, { code: Code }>,
  input: AnomalyInput,
): AnomalyRecord[] {
  const seenNow = due?.(input).find(({ from }) => from <= input.now)?.facts;
  const facts = (seenNow ?? check?.(input) ?? null) as AnomalyFacts<Code> | null;
  if (facts === null) return [];
  const own = remedy?.(input, facts as never);
  const seen = { at: input.now, attempt: input.attempt };
  return [makeAnomaly(code, facts, own === undefined ? seen : { ...seen, remedy: own })];
}

/** Which anomaly comes next, and when, if nothing changes until then; null = no symptom lasts. */
export function nextAnomaly(input: AnomalyInput): { readonly code: AnomalyCode; readonly at: number } | null {
  const ahead = rules.flatMap(({ code, due }) =>
    (due?.(input) ?? []).filter(({ from }) => from > input.now).map(({ from: at }) => ({ code, at })),
  );
  return ahead.length === 0 ? null : ahead.reduce((first, each) => (each.at < first.at ? each : first));
}

/**
 * After SLAVEOF was answered OK a node is a slave at once; a master this much later was made one by somebody. A SLAVEOF to
 * another master shows a master too, for up to 3 s: until the copy has ended (pika-facts 1.4).
 */
const detachedForMs = 5000;

function foreignChange({ slave }: AnomalyInput): readonly Due<AnomalyFacts<'foreign_change'>>[] {
  const { attachedAt, detachedByOthersAt: detachedAt, foreignMaster } = slave;
  const intendedMaster = formatAddress(slave.master);
  if (foreignMaster !== null) {
    const facts = { as: 'other_master' as const, intendedMaster, foundMaster: foreignMaster };
    return [{ from: attachedAt, facts }];
  }
  const neverSlave =
    slave.establishedMaster === null && slave.replication?.role === 'master' && slave.lastAnsweredAt !== null;
  if ((detachedAt === null && !neverSlave) || cameBackDetached(slave)) return [];
  const facts = { as: 'detached' as const, intendedMaster, foundMaster: null, detachedAt };
  return [{ from: (detachedAt ?? attachedAt) + detachedForMs + 1, facts }];
}

/**
 * A new process that is a master from its first look on has read a configuration without `slaveof`: a supervisor has
 * emptied its folder, or its file cannot be written. Nobody has given it another master.
 */
const cameBackDetached = ({ restarts, detachedByOthersAt }: SlaveTracker): boolean =>
  detachedByOthersAt !== null && restarts.at(-1) === detachedByOthersAt;

/** A node that is away since its snapshot was cut short, on a version that opens such a copy. */
function died({ slave, now, capabilities }: AnomalyInput) {
  const wait = lastPass(slave);
  if (slave.unreachableSince === null || wait === null) return null;
  const cut = capabilities.opensSupersededCopy && wait.supersededBy !== null;
  const left = wait.end === 'swapped' && !slave.restarts.some((at) => at > wait.startedAt);
  const neverUp = slave.upSince === null && !isConnected(slave.replication);
  if (!cut || !(wait.endedAt === null || (left && neverUp))) return null;
  const { unreachableSince } = slave;
  return { forMs: now - unreachableSince, unreachableSince, supersededBy: wait.supersededBy };
}

function unreachable({ slave, now, limits }: AnomalyInput): readonly Due<AnomalyFacts<'node_unreachable'>>[] {
  const { unreachableSince, busySince } = slave;
  if (unreachableSince !== null) {
    const { how = null, met = null } = slave.unreachableAs ?? {};
    const supersededBy = lastPass(slave)?.supersededBy ?? null;
    const forMs = now - unreachableSince;
    const facts = { as: 'away' as const, forMs, how, met, unreachableSince, supersededBy };
    return [{ from: unreachableSince, facts }];
  }
  if (busySince === null) return [];
  const facts = { as: 'hangs' as const, forMs: now - busySince, busySince };
  return [{ from: busySince + limits.busyMs, facts }];
}

function superseded({ slave }: AnomalyInput) {
  const wait = lastPass(slave);
  if (!wait || wait.supersededBy === null || wait.nodeToBeSeenSince !== undefined) return null;
  return {
    by: wait.supersededBy,
    otherSlave: wait.otherSlave,
    laterDumps: wait.laterDumps,
    receivedBytes: receivedInPass(wait),
    snapshotBytes: wait.snapshotBytes,
  };
}

/** A dump of unknown size was made before anybody watched, and the master can have been larger then. */
const unknownDumpShare = 3;

/** A dump so much larger than its master is not worth its copy: a new dump is copied sooner. */
const unknownDumpAtMostShare = 10;

function withoutEnd({ slave, master, limits, now, capabilities }: AnomalyInput) {
  const wait = lastPass(slave);
  if (!wait || wait.endedAt !== null || slave.unreachableSince !== null) return null;
  const copied = copiedBytes(wait);
  const { snapshotBytes, snapshotBytesAtMost = null } = wait;
  const live = latestMost(master.samples);
  const size = snapshotBytesAtMost ?? live;
  if (size === null) return null;
  const share = snapshotBytesAtMost === null ? unknownDumpShare : undefined;
  const limitBytes = Math.round(copyBytesAtMost(wait, size, capabilities, share));
  const tooLong =
    now - (wait.firstBytesAt ?? now) >= limits.headwayMs ||
    copied > unknownDumpAtMostShare * size + askedAgainAtMostBytes;
  const before = unwatchedExcess(wait, size, capabilities);
  if (before === 0 && (copied <= limitBytes || (snapshotBytesAtMost === null && !tooLong))) return null;
  return {
    node: formatAddress(slave.self),
    receivedBytes: before + copied,
    snapshotBytes,
    snapshotBytesAtMost,
    masterBytes: size,
    limitBytes,
    timesOut: requestsTimeOut(wait.pieces) !== null,
  };
}

/**
 * What came before anybody looked, where neither its snapshot nor a master that stood still all the time explains so
 * much. A node that begins again by itself can have copied several dumps, of which LASTSAVE shows the last.
 */
function unwatchedExcess(wait: FullSyncPass, size: number, capabilities: Capabilities): number {
  const { unwatched, snapshotBytesAtMost = null } = wait;
  if (unwatched === undefined || snapshotBytesAtMost === null) return 0;
  if (!capabilities.opensSupersededCopy && !sawEachDump(wait)) return 0;
  const most = copyBytesAtMost({ stillMs: unwatched.ms }, size, capabilities);
  return unwatched.bytes > most ? unwatched.bytes : 0;
}

function hung(input: AnomalyInput): readonly Due<AnomalyFacts<'hung_in_full_sync'>>[] {
  const { slave, limits, now, capabilities } = input;
  const wait = lastPass(slave);
  if (slave.unreachableSince !== null || slave.busySince !== null) return [];
  if (!wait || wait.endedAt !== null) return stuckBetween(input);
  const wasCut = wait.supersededAt !== null && capabilities.opensSupersededCopy;
  if (!wasCut && !capabilities.hasReplByteCounters) return [tooLongUncounted(wait, input)];
  const since = wasCut ? Math.max(wait.lastMoveAt, wait.supersededAt!) : wait.lastMoveAt;
  const from = stillUntil(input, since, wasCut ? limits.supersededStallMs : limits.stallMs);
  return [{ from, facts: standing(wait, now - wait.lastMoveAt, now) }, ...noHeadway(wait, input)];
}

/** While the master makes a dump no file can come: its time does not count, for as long as the policy allows. */
function stillUntil({ master, limits }: AnomalyInput, since: number, limitMs: number): number {
  if (master.bgsaving) return since + Math.max(limitMs, limits.bgsaveMs);
  const dumpedUntil = Math.min(master.bgsavingSeenAt ?? since, since + limits.bgsaveMs);
  return Math.max(since, dumpedUntil) + limitMs;
}

const sizesOf = (wait: FullSyncPass) => ({
  receivedBytes: receivedInPass(wait),
  snapshotBytes: wait.snapshotBytes,
});

function standing(wait: FullSyncPass, stillForMs: number, now: number): AnomalyFacts<'hung_in_full_sync'> {
  const waitsForMs = now - wait.startedAt;
  const bytesPerSecond = wait.firstBytesAt === null ? idleBytesPerSecond(wait) : null;
  if (bytesPerSecond === null || !isTrickle(bytesPerSecond))
    return { as: 'still', stillForMs, ...sizesOf(wait) };
  return { as: 'refused', waitsForMs, bytesPerSecond: Math.round(bytesPerSecond), ...sizesOf(wait) };
}

/** It moves, and at this pace it never ends. */
function noHeadway(wait: FullSyncPass, { limits, now }: AnomalyInput) {
  const { headway } = wait;
  if (headway === undefined) return [];
  const cameBytes = copiedBytes(wait) - headway.bytes;
  const facts = { as: 'no_headway' as const, cameBytes, inMs: now - headway.at, ...sizesOf(wait) };
  return [{ from: headway.at + limits.headwayMs, facts }];
}

/** 3.3 and 3.4 count no bytes: nothing but the time tells whether a copy moves. */
function tooLongUncounted(wait: FullSyncPass, { limits, now, master }: AnomalyInput) {
  const limit = Math.max(limits.headwayMs, master.bgsaving ? limits.bgsaveMs : 0);
  const facts = { as: 'uncounted' as const, waitsForMs: now - wait.startedAt, ...sizesOf(wait) };
  return { from: wait.startedAt + limit, facts };
}

/** Since when a node is neither connected nor copying; null = it is one of them, or was never taken by its master. */
function betweenSince(slave: SlaveTracker): number | null {
  const { replication, noConnectSince } = slave;
  const wait = lastPass(slave);
  if (!replication || replication.role === 'master' || isConnected(replication) || noConnectSince !== null)
    return null;
  if ((wait !== null && wait.endedAt === null) || isServedInVain(slave)) return null;
  return Math.max(slave.attachedAt, slave.phases.at(-1)?.at ?? 0, wait?.endedAt ?? 0);
}

/**
 * A slave of 3.5.3 and 3.5.4 gives up when the dump takes longer than 10 s. It begins again by itself when its idle
 * connection is closed: after 118 s on a real 3.5.4.
 */
const beginsAgainWithinMs = 150_000;

/** A dump by hard links takes 10 to 50 ms; a master that still makes it so long after has kept its slave waiting. */
const stillDumpingMs = 8000;

/** Whether it was the dump that came too late for the node, and not a closed port, at which each new try ends the same way. */
export const waitedForDump = (
  { startedAt }: FullSyncPass,
  { bgsavingSeenAt, silentSince }: MasterTracker,
): boolean =>
  silentSince !== null || (bgsavingSeenAt !== null && bgsavingSeenAt >= startedAt + stillDumpingMs);

/** A node that begins again by itself, and gets no file again, goes on so for ever. */
const triesInVain = 2;

/** When a node that is neither connected nor copying is given up for its state, should it not change; null = it is not so. */
function betweenEndsAt({ slave, master, capabilities, limits }: AnomalyInput): number | null {
  const { replication } = slave;
  const wait = lastPass(slave);
  const since = betweenSince(slave);
  if (since === null || replication === null || waitsForReply(replication)) return null;
  const beginsAgain =
    ['3.5.3', '3.5.4'].includes(capabilities.version) &&
    Object.values(replication.dbStates).every((state) => state === 'Error') &&
    wait?.firstBytesAt === null &&
    waitedForDump(wait, master);
  const limit = beginsAgain ? Math.max(beginsAgainWithinMs, limits.stallMs) : limits.stallMs;
  const sameSince = Math.max(since, slave.statesSince ?? since);
  return Math.min(sameSince + limit, since + limits.stallMs + beginsAgainWithinMs);
}

/** Neither connected nor copying: a state that does not change, or Error. */
function stuckBetween(input: AnomalyInput): readonly Due<AnomalyFacts<'hung_in_full_sync'>>[] {
  const { slave, capabilities, now } = input;
  const endsAt = betweenEndsAt(input);
  if (endsAt === null) return [];
  const inVain = slave.waits.filter(({ firstBytesAt, endedAt }) => endedAt !== null && firstBytesAt === null);
  const tries = capabilities.hasReplByteCounters ? inVain.length : 0;
  const { dbStates } = slave.replication!;
  const forMs = now - betweenSince(slave)!;
  const facts = { as: 'between' as const, forMs, dbStates, receivedBytes: null, snapshotBytes: null };
  return [{ from: tries >= triesInVain ? Math.min(now, endsAt) : endsAt, facts }];
}

/** Where no file of the copy has come yet: since when, and until when that is no anomaly. */
export function awaitedFile(input: AnomalyInput): { readonly since: number; readonly until: number } | null {
  const { slave, master, limits } = input;
  const wait = lastPass(slave);
  if (wait === null || wait.bytesLast === null || wait.firstBytesAt !== null || wait.end === 'swapped')
    return null;
  const until =
    wait.endedAt === null ? stillUntil(input, wait.lastMoveAt, limits.stallMs) : betweenEndsAt(input);
  return until === null || master.bgsaving ? null : { since: wait.startedAt, until };
}

/** DBs that are neither connected nor copying all wait for a reply of the master. */
function waitsForReply({ dbStates }: ReplicationFacts): boolean {
  const left = Object.values(dbStates).filter((state) => state !== 'Connected' && state !== 'WaitDBSync');
  return left.length > 0 && left.every((state) => state === 'WaitReply');
}

/** A reply takes some 50 ms. A master that stands still can take seconds, and gives the service no answer either. */
const replyTakesMs = 10_000;

/**
 * A reply that overtakes the node's own state is lost for good (pika-facts 5.3). With no other DB connected the node closes its
 * idle connection after 60 s and is up after 64 to 85 s; else nothing helps but to attach it again.
 */
const helpsItselfWithinMs = 100_000;

function replyMissed({
  slave,
  master,
  limits,
  now,
}: AnomalyInput): readonly Due<AnomalyFacts<'reply_missed'>>[] {
  const { replication } = slave;
  const between = betweenSince(slave);
  if (slave.unreachableSince !== null || slave.busySince !== null || master.silentSince !== null) return [];
  if (between === null || replication === null || !waitsForReply(replication)) return [];
  const since = Math.max(between, slave.statesSince ?? between);
  const dbs = Object.keys(replication.dbStates).filter((db) => replication.dbStates[db] === 'WaitReply');
  const otherDatabaseConnected = Object.values(replication.dbStates).includes('Connected');
  const facts = { dbs, forMs: now - since, otherDatabaseConnected, helpsItselfWithinMs };
  const named = since + Math.min(replyTakesMs, limits.stallMs);
  // It has its name early, and is left to help itself for longer.
  return [named, since + helpsItselfWithinMs].map((from) => ({ from, facts }));
}

/** Whether the node got no files before its state became Error, so that its databases are open and may be read. */
export const failedBeforeFiles = (slave: SlaveTracker): boolean =>
  isInError(slave.replication) && lastPass(slave)?.end === 'interrupted' && copyNotOpened({ slave }) === null;

/** A node that gets no list of files asks ten times, once a second, before its state becomes Error: half of that is certain. */
const listGivenUpAfterMs = 5_000;

/**
 * The files came, and then the state changed to Error: the copy could not be moved into place (pika-facts 4.9). The bytes
 * are those of the last look before: INFO stats would end the process of a node in this state.
 */
function copyNotOpened({ slave }: Pick<AnomalyInput, 'slave'>) {
  const wait = lastPass(slave);
  if (!isInError(slave.replication) || wait?.end !== 'interrupted' || restartedInCopy(slave)) return null;
  const lastedMs = (wait.endedAt ?? wait.startedAt) - wait.startedAt;
  const mayHaveCome = lastedMs < listGivenUpAfterMs && listGivenUpWithinMs(slave) === null;
  return wait.firstBytesAt !== null || mayHaveCome ? sizesOf(wait) : null;
}

/**
 * How soon a node has given the list of files up whose tries last for rsync-timeout-ms; null = it has not, or its files
 * may have come since the look before: with 5 ms a real 3.5.4 was in Error after 0.1 s.
 */
export function listGivenUpWithinMs(
  slave: Pick<SlaveTracker, 'waits' | 'throttleBytesPerSecond'>,
): number | null {
  const wait = slave.waits.at(-1);
  const { throttleBytesPerSecond = Number.POSITIVE_INFINITY } = slave;
  if (wait?.end !== 'interrupted' || wait.firstBytesAt !== null || wait.snapshotBytes === null) return null;
  // Looks far apart can have missed its beginning.
  const lastedMs = wait.endedAt! - wait.earliestAt;
  const unseenMs = wait.endedAt! - (wait.bytesLastAt ?? wait.startedAt);
  const leastMs = (1000 * completeShare * wait.snapshotBytes) / throttleBytesPerSecond;
  return lastedMs < listGivenUpAfterMs && unseenMs < leastMs ? lastedMs : null;
}

/** Fewer can be a network that breaks. */
const flapsThatTell = 3;

/** Whether the link breaks again and again while the node's offset stands. */
export const flapsInPlace = ({ standing }: Pick<SlaveTracker, 'standing'>): boolean =>
  (standing?.flaps ?? 0) >= flapsThatTell;

/** The master sends its binlog again and again: the node receives more than pings, and its own offset does not move. */
function isServedInVain({ standing: known, replInputBytes, lastAnsweredAt, rates }: SlaveTracker): boolean {
  if (known == null) return false;
  if (flapsInPlace({ standing: known })) return true;
  const since = { at: known.movedAt, bytes: known.bytes ?? replInputBytes ?? 0 };
  const now = { at: lastAnsweredAt ?? 0, bytes: replInputBytes ?? 0 };
  if (now.at - since.at <= 1000 || !isMoreThanPings(since, now)) return false;
  // A node that has missed a reply gets a first batch too, and nothing after it.
  const [first, last] = [rates[0], rates.at(-1)];
  return first === undefined || last === undefined || first === last || isMoreThanPings(first, last);
}

type Counted = SlaveTracker['rates'][number];

const isMoreThanPings = (from: Counted, to: Counted): boolean =>
  to.bytes - from.bytes > (refusedBytesPerSecond * (to.at - from.at)) / 1000;

/** The node asks for its place in the binlog again and again, and its offset does not move (pika-facts 5.1). */
function notApplied({ slave, master, limits, now }: AnomalyInput) {
  const { standing: known } = slave;
  if (known == null || !isServedInVain(slave)) return [];
  if (lastPass(slave)?.endedAt == null || slave.unreachableSince !== null || slave.busySince !== null)
    return [];
  const ahead = Object.entries(master.replication?.binlog ?? {}).some(([db, offset]) => {
    const own = known.offsets[db];
    return own !== undefined && compareOffsets(offset, own) > 0;
  });
  const facts = { forMs: now - known.movedAt, flaps: known.flaps, offsets: known.offsets };
  const from = Math.max(known.movedAt, slave.answersSince ?? 0) + limits.stallMs;
  return ahead ? [{ from, facts }] : [];
}

function syncLoop({ slave, limits }: AnomalyInput) {
  const begun = slave.waits.reduce((sum, wait) => sum + copiesIn(wait), 0);
  if (begun > limits.maxWaits) return { as: 'since_attach' as const, fullSyncs: begun };
  const tooMany = tooManyBytes(slave);
  if (tooMany !== null) return tooMany;
  const same = copiesOfLastDump(slave);
  if (same.length <= limits.maxCopiesOfOneDump) return null;
  return { as: 'of_one_dump' as const, fullSyncs: same.length, receivedBytes: receivedIn(same) };
}

/**
 * Whether the copies of this attempt together cost more than twice the largest of their snapshots: dumps that are replaced
 * again and again would keep a node copying without an end, and load its master.
 */
function tooManyBytes(slave: SlaveTracker) {
  const since = lastRestartAt(slave);
  const waits = slave.waits.filter(({ startedAt }) => startedAt >= since);
  const fullSyncs = waits.reduce((sum, wait) => sum + copiesIn(wait), 0);
  const sizes = waits.map(({ snapshotBytesAtMost }) => snapshotBytesAtMost ?? Number.POSITIVE_INFINITY);
  const receivedBytes = receivedIn(waits);
  const isOpen = lastPass(slave)?.endedAt === null;
  if (!isOpen || fullSyncs < 2) return null;
  if (receivedBytes <= snapshotsAtMost * Math.max(...sizes) + leastExcessBytes) return null;
  return { as: 'too_many_bytes' as const, fullSyncs, receivedBytes };
}

/** A node that throws a superseded copy away can be back in WaitDBSync before the next look; its wait then goes on. */
const copiesIn = ({ endedAt, laterDumps }: FullSyncPass): number =>
  endedAt === null ? 1 + laterDumps : Math.max(1, laterDumps);

function begunAgain({ slave, limits }: AnomalyInput) {
  const same = copiesOfLastDump(slave);
  if (same.length < 2) return null;
  return {
    node: formatAddress(slave.self),
    fullSyncs: same.length,
    limit: limits.maxCopiesOfOneDump,
    receivedBytes: receivedIn(same),
    snapshotBytes: lastPass(slave)!.snapshotBytes,
  };
}

function skipped({ slave, master }: AnomalyInput) {
  if (!isConnected(slave.replication)) return null;
  const wait = lastPass(slave);
  // Only a look at the master that came after can tell of a dump that was made for this node meanwhile.
  if (!wait && (master.lastAnsweredAt ?? 0) < (slave.upSince ?? 0)) return null;
  const byBinlog = cameByBinlog(slave, master);
  if (wait?.end === 'swapped' && !byBinlog) return null;
  if (!wait && slave.listedFullSyncing) return null;
  return {
    as: byBinlog ? ('by_binlog' as const) : wait ? ('unfinished' as const) : ('never' as const),
    waits: slave.waits.length,
    lastEnd: wait?.end ?? null,
    eligibleForMasterElection: slave.replication?.eligibleForMasterElection ?? null,
  };
}

/** Its tables are too small for a copy, and its memory holds the rest: it follows the binlog from its beginning. */
function cameByBinlog(slave: SlaveTracker, { samples }: MasterTracker): boolean {
  const wait = lastPass(slave);
  if (wait?.end !== 'swapped') return false;
  const isEnough = (bytes: number | null | undefined) =>
    openedEnough(wait, bytes ?? null, latestSize(samples));
  return isEnough(slave.ownSstBytes) === false && isEnough(slave.ownHeldBytes) === true;
}

function incomplete({
  slave,
  master,
  capabilities,
  limits,
  now,
}: AnomalyInput): AnomalyFacts<'up_but_incomplete'> | null {
  const wait = lastPass(slave);
  if (wait?.end !== 'swapped' || !isConnected(slave.replication)) return null;
  if (slave.replication?.eligibleForMasterElection === false) return { as: 'not_eligible' };
  const receivedBytes = receivedInPass(wait) ?? 0;
  if (bytesComplete(wait) === false && !openedWhole(wait, slave, capabilities)) {
    // Its tables are read at the next look.
    const isAwaited =
      bytesInDoubt(wait, slave, capabilities) &&
      !capabilities.opensSupersededCopy &&
      slave.ownSstBytes === null;
    if (isAwaited && now - (slave.upSince ?? now) < limits.notListedMs) return null;
    return { as: 'few_bytes', receivedBytes, snapshotBytes: wait.snapshotBytes! };
  }
  const openedLess = openedEnough(wait, slave.ownSstBytes, latestSize(master.samples)) === false;
  if (openedLess && !cameByBinlog(slave, master) && isSizedSince(slave, master))
    return { as: 'small_tables', receivedBytes, nodeTableBytesAfterSwap: slave.ownSstBytes! };
  if (!capabilities.opensSupersededCopy || dumpIsCertain(wait)) return null;
  return { as: 'uncertain_dump', unseenMs: unseenAroundDumpMs(wait) };
}

function notListed({ slave, master, limits, now }: AnomalyInput) {
  const { upSince, notListedSince, listed, busySince, answersSince = 0 } = slave;
  if (upSince === null || notListedSince === null || busySince !== null) return [];
  if (master.silentSince !== null || !master.replication) return [];
  const since = Math.max(upSince, notListedSince, answersSince);
  const as = listed === null ? ('not_listed' as const) : ('not_syncing' as const);
  const facts = { as, forMs: now - since, listed, since };
  return [{ from: since + limits.notListedMs, facts }];
}

/** A node whose master has never been seen by anybody tries every 3 to 4.5 s (pika-facts 0.4). */
const masterNeverSeenMs = 1500;

function neverConnected({ slave, limits, now, master }: AnomalyInput, because: 'unreachable' | 'refused') {
  if (slave.noConnectSince === null || slave.unreachableSince !== null) return [];
  const neverSeen = master.lastAnsweredAt === null;
  const masterGone = master.silentSince !== null || neverSeen;
  if (masterGone !== (because === 'unreachable')) return [];
  const from = slave.noConnectSince + (neverSeen ? masterNeverSeenMs : limits.noConnectMs);
  return [{ from, facts: { noConnectForMs: now - slave.noConnectSince } }];
}

function nodeRestarted({ slave }: AnomalyInput) {
  const last = slave.restarts.at(-1);
  if (last === undefined) return null;
  const [afterCopy, detached] = [restartedAfterCopy(slave), cameBackDetached(slave)];
  return { afterCopy, detached, restarts: slave.restarts.length, last };
}
