/** One stay in WaitDBSync: which dump is copied, how much came, and whether a newer dump took its place. */

import type { Capabilities } from '../../model/capabilities.ts';
import type { Copying, Dump, FullSyncPass, MasterTracker, SlaveTracker } from '../../model/full-sync.ts';
import {
  type BinlogOffset,
  bytesBetween,
  compareOffsets,
  type DbState,
  type ReplicationFacts,
} from '../../model/observation.ts';
import { dumpBytes, dumpBytesAtMost, latestSize } from './master-tracker.ts';
import { takePieces } from './pieces.ts';

/**
 * A received byte count below this is the protocol's own talk (MetaSync, DBSync, pings), not yet the snapshot.
 * The talk before the first file stays under 4 KiB (pika-facts 4.8).
 */
const protocolNoiseBytes = 16 * 1024;

/**
 * Received bytes over the snapshot's size that count as all of it. Recordings on 3.5.4, 3.5.5 and 4.0.1: complete
 * transfers 0.94 to 1.00 (the size is sampled, not exact), transfers cut short 0.06 to 0.38.
 */
export const completeShare = 0.9;

/**
 * Bytes in the node's own tables right after the swap over the snapshot's size, below which the node has not opened what
 * it received: RocksDB makes an empty database where a file is missing. Recordings 40 and 41: complete ones 1.03, ones that
 * lost keys 0.03 and 0.08. Much lower than 1, because a compaction right after the start can take half away (42: a fifth).
 */
export const openedShare = 0.3;

/** What a wait takes from the slave that it belongs to. */
export interface WaitingSlave {
  readonly attachedAt: number;
  readonly bytesAtAttach: number | null;
  readonly bytesBefore: number | null;
  readonly replInputBytes: number | null;
  readonly masterOffsetsAtAttach: Readonly<Record<string, BinlogOffset>>;
  readonly waits: readonly FullSyncPass[];
  readonly idleAt?: number;
}

export const states = (replication: ReplicationFacts): readonly DbState[] =>
  Object.values(replication.dbStates);

/**
 * The counter at the last look before the wait, since the copy may be under way when the wait is first seen. Before
 * that only the protocol's own talk came: in the first wait since SLAVEOF, from its very beginning.
 */
const bytesAtStartOf = (tracker: WaitingSlave): number | null =>
  tracker.waits.length === 0 ? (tracker.bytesAtAttach ?? tracker.bytesBefore) : tracker.bytesBefore;

/** Nothing seen of it yet. */
const unseen = {
  bytesLastAt: null,
  firstBytesAt: null,
  dumpQuietAt: null,
  bytesAtDump: null,
  snapshotBytes: null,
  snapshotBytesKnown: false,
  supersededAt: null,
  supersededBy: null,
  laterDumps: 0,
  otherSlave: null,
} as const;

export function beginPass(
  tracker: WaitingSlave,
  replication: ReplicationFacts,
  at: number,
  master: MasterTracker,
  capabilities: Capabilities,
): FullSyncPass {
  const masterOffsets = master.replication?.binlog ?? {};
  const since = Math.max(tracker.attachedAt, tracker.waits.at(-1)?.endedAt ?? 0, tracker.idleAt ?? 0);
  const wait: FullSyncPass = {
    ...unseen,
    startedAt: at,
    earliestAt: since,
    endedAt: null,
    end: null,
    dbs: [],
    bytesAtStart: bytesAtStartOf(tracker),
    bytesLast: tracker.replInputBytes,
    unseenBytesAtLeast: null,
    offsetsBefore: replication.binlog,
    offsetsAfter: null,
    masterOffsets,
    dump: master.dumps.findLast((dump) => dump.notAfter >= since) ?? null,
    lastSaveAtStart: master.lastSave,
    lastMoveAt: at,
    ...unwatchedBefore(tracker, replication, at - since),
  };
  const reused = capabilities.reusesDump
    ? (master.dumps.findLast((dump) => dump.lastSave === master.lastSave) ?? null)
    : null;
  return wait.dump === null && reused !== null ? { ...wait, dump: reused } : wait;
}

/** What came since SLAVEOF is the copy's where no DB is connected, which gets binlog. */
function unwatchedBefore(
  tracker: WaitingSlave,
  replication: ReplicationFacts,
  ms: number,
): Pick<FullSyncPass, 'unwatched'> {
  const start = bytesAtStartOf(tracker);
  if (tracker.waits.length > 0 || start === null || states(replication).includes('Connected')) return {};
  const bytes = (tracker.replInputBytes ?? 0) - start;
  return bytes > protocolNoiseBytes ? { unwatched: { bytes, ms: Math.max(0, ms) } } : {};
}

/** What came with one look; null = it did not say. */
export interface Received {
  readonly bytes: number | null;
  readonly replication: ReplicationFacts | null;
  readonly binlogFileSizeBytes: number | null;
  readonly uptimeSeconds: number | null;
  /** The counter of the look before, where this look took long: what came meanwhile came after the states that it shows. */
  readonly bytesBeforeStates: number | null;
  readonly throttleBytesPerSecond: number | null;
}

/**
 * Less than this is no copy. A node that asks for the files of a failed dump gets 200 to 520 bytes a second. Where the
 * files' port is closed, keep-alives make 16 to 30 (pika-facts 4.8).
 */
const trickleBytesPerSecond = 1024;

/** More than keep-alives of 16 to 30 bytes a second: questions are answered, and the answer is no. */
export const refusedBytesPerSecond = 100;

export const isTrickle = (bytesPerSecond: number): boolean =>
  bytesPerSecond >= refusedBytesPerSecond && bytesPerSecond <= trickleBytesPerSecond;

/** After so long without an answer a node asks again (rsync-timeout-ms); looks that are closer hide no such time. */
const askedAgainAfterMs = 1000;

/** A hundredth of the copy; of a large one less, so that slow copies are not taken for endless ones. */
const headwayShare = 0.01;
const headwayBytes = 64_000_000;

export function takeBytes(
  wait: FullSyncPass,
  { bytes, uptimeSeconds, bytesBeforeStates, throttleBytesPerSecond, ...seen }: Received,
  at: number,
): FullSyncPass {
  if (bytes === null) return wait;
  const start = wait.bytesAtStart ?? bytes;
  const { copying, moved: copied } = takeCopying(wait, bytesBeforeStates ?? bytes, seen);
  const since = bytes - (wait.movedBytes ?? wait.bytesLast ?? 0);
  const trickle = (trickleBytesPerSecond / 1000) * (at - wait.lastMoveAt);
  const moved = copied && (wait.bytesLast === null || since > Math.max(4096, trickle));
  const received = bytes - start;
  const refusals = (trickleBytesPerSecond / 1000) * (at - wait.startedAt);
  const isCopy = received > Math.max(protocolNoiseBytes, refusals);
  const firstBytesAt = wait.firstBytesAt ?? (isCopy ? at : null);
  const next = {
    ...wait,
    ...(copying ? { copying } : {}),
    bytesAtStart: start,
    bytesLast: bytes,
    bytesLastAt: at,
    firstBytesAt,
    bytesAtDump: wait.bytesAtDump ?? (wait.dump !== null && at >= wait.dump.notAfter ? bytes : null),
    lastMoveAt: moved ? at : wait.lastMoveAt,
    movedBytes: moved ? bytes : (wait.movedBytes ?? wait.bytesLast),
    movedUptimeSeconds: moved ? uptimeSeconds : (wait.movedUptimeSeconds ?? uptimeSeconds),
    uptimeSeconds,
  };
  if (firstBytesAt === null) return next;
  const hasCome = moved || (bytesBeforeStates !== null && bytes > bytesBeforeStates);
  const still = wait.firstBytesAt === null ? {} : takeStill(wait, bytes, at, hasCome);
  const before = { bytes: wait.bytesLast ?? bytes, at: wait.bytesLastAt ?? at };
  const pieces =
    throttleBytesPerSecond === null
      ? {}
      : { pieces: takePieces(wait.pieces, before, { bytes, at }, throttleBytesPerSecond) };
  return { ...next, ...still, ...pieces, headway: takeHeadway(next, at) };
}

/** How long nothing came of late: seen, or hidden between two looks far apart, with fewer bytes than usual between them. */
function takeStill(
  wait: FullSyncPass,
  bytes: number,
  at: number,
  moved: boolean,
): Pick<FullSyncPass, 'stillMs' | 'hiddenMs' | 'fastest'> {
  const { bytesLast, bytesLastAt, lastMoveAt, stillMs = 0, hiddenMs = 0, fastest = 0 } = wait;
  const since = bytesLastAt ?? at;
  const perMs = at > since ? (bytes - (bytesLast ?? bytes)) / (at - since) : 0;
  const most = Math.max(fastest, perMs);
  const apartMs = Math.max(0, at - Math.max(since, lastMoveAt + askedAgainAfterMs));
  if (!moved)
    return { stillMs: stillMs + (isAnswered(wait, bytes, at) ? 0 : apartMs), hiddenMs, fastest: most };
  const share = most > 0 ? 1 - perMs / most : 0;
  return { stillMs, hiddenMs: hiddenMs + share * apartMs, fastest: most };
}

/**
 * Whether small answers came since the last file: a master that stands still gives none. With rsync-timeout-ms 20 small
 * files alone came for 20 s, again and again (pika-facts 4.8). Where a DB is connected, its binlog comes as well.
 */
function isAnswered({ copying, movedBytes, lastMoveAt }: FullSyncPass, bytes: number, at: number): boolean {
  if (movedBytes == null || copying?.states.includes('Connected')) return false;
  return bytes - movedBytes > (refusedBytesPerSecond * (at - lastMoveAt)) / 1000;
}

/** Uptimes are whole seconds, and a look can take some; clocks that are further apart do not count the same time. */
const sameClockMs = 5000;
const leastUptimeMs = 2000;

/**
 * What came since the last file, or, where no file has come, since the first look; null = not counted, or nobody knows
 * in how long. What came before this pass says nothing: a node can have waited for a reply for minutes.
 */
export function idleBytesPerSecond(wait: FullSyncPass): number | null {
  const { bytesLast, bytesLastAt, movedBytes, lastMoveAt, movedUptimeSeconds, uptimeSeconds } = wait;
  if (bytesLast === null || bytesLastAt === null || movedBytes == null) return null;
  const byWorkers = bytesLastAt - lastMoveAt;
  const byNode =
    uptimeSeconds == null || movedUptimeSeconds == null
      ? byWorkers
      : 1000 * (uptimeSeconds - movedUptimeSeconds);
  const agree = Math.abs(byWorkers - byNode) <= sameClockMs;
  const ms = agree ? byWorkers : byNode >= leastUptimeMs ? byNode : 0;
  return ms > 0 ? Math.max(0, ((bytesLast - movedBytes) * 1000) / ms) : null;
}

function takeHeadway(wait: FullSyncPass, at: number): { readonly at: number; readonly bytes: number } {
  const bytes = copiedBytes(wait);
  if (wait.headway === undefined) return { at, bytes };
  const step = Math.min(headwayBytes, headwayShare * (wait.snapshotBytes ?? Number.POSITIVE_INFINITY));
  return bytes - wait.headway.bytes >= step ? { at, bytes } : wait.headway;
}

/**
 * While clients write to the master, a node with a connected DB receives bytes even if the copy of another DB hangs. The
 * progress of the node's own binlog tells these bytes from the bytes of the copy.
 */
function takeCopying(
  wait: FullSyncPass,
  bytes: number,
  { replication, binlogFileSizeBytes }: Pick<Received, 'replication' | 'binlogFileSizeBytes'>,
): { readonly copying: Copying | undefined; readonly moved: boolean } {
  const { copying: known } = wait;
  if (replication === null) return { copying: known, moved: true };
  const states = JSON.stringify(replication.dbStates);
  const binlog = bytesBetween(replication.binlog, known?.binlog, binlogFileSizeBytes);
  if (known?.states !== states || binlog === null) {
    const begun = { states, binlog: replication.binlog, mostBytes: bytes, sinceBytes: bytes };
    return { copying: { ...begun, earlierBytes: copiedBytes(wait) }, moved: true };
  }
  const copied = bytes - wirePerBinlogByte * binlog;
  const moved = copied > known.mostBytes;
  return { copying: moved ? { ...known, mostBytes: copied } : known, moved };
}

/** Bytes that came of the present copy, at least: since its dump was replaced the last time, and without any binlog. */
export function copiedBytes({ copying }: FullSyncPass): number {
  if (copying === undefined) return 0;
  const { earlierBytes = 0, mostBytes, sinceBytes = mostBytes } = copying;
  return Math.max(0, earlierBytes + mostBytes - sinceBytes);
}

/** What a copy may receive over the snapshot's size: files begun again after time-outs, and a snapshot that is only sampled. */
const copyShareAtMost = 1.5;

/**
 * While nothing comes, each of the node's four threads asks again every second for up to 4 MB, and the master answers
 * all requests in the end. Healthy copies from masters that were frozen for 12 and 18 s received 1.5 and 2.4 times the
 * snapshot (pika-facts 4.8).
 */
const askedAgainBytesPerMs = (4 * 4 * 1024 * 1024) / 1000;
export const askedAgainAtMostBytes = 1024 * 1024 * 1024;

/** Of a small snapshot one file that is begun again is more than half. */
export const leastExcessBytes = 16 * 1024 * 1024;

/**
 * LASTSAVE counts seconds, and shows one dump of two in the same second. A node that begins again by itself has copied of
 * the first until a little later.
 */
const unseenDumpWithinMs = 1500;

/** What one node may cost its master's network, in sizes of the snapshot, where the master does not stand still. */
export const snapshotsAtMost = 2;

/** Of which a quarter is left for what comes until the next look, and until the node is detached. */
const copiedAtMostShare = snapshotsAtMost - 0.25;

/** What this copy can have received at most, if the snapshot holds so much. */
export function copyBytesAtMost(
  { stillMs = 0, hiddenMs = 0, fastest = 0 }: Pick<FullSyncPass, 'stillMs' | 'hiddenMs' | 'fastest'>,
  snapshotBytes: number,
  { opensSupersededCopy }: Pick<Capabilities, 'opensSupersededCopy'>,
  share = copyShareAtMost,
): number {
  const least = Math.max(share * snapshotBytes, snapshotBytes + leastExcessBytes);
  const unseen = opensSupersededCopy ? 0 : unseenDumpWithinMs * fastest;
  // Files that are begun again and again make the pace uneven too, so that no look shows how long nothing came.
  const explained =
    Math.max(least, snapshotBytes + leastExcessBytes + unseen) + askedAgainBytesPerMs * hiddenMs;
  return (
    Math.max(least, Math.min(explained, copiedAtMostShare * snapshotBytes)) +
    Math.min(askedAgainAtMostBytes, askedAgainBytesPerMs * stillMs)
  );
}

/** How soon a copy can have received more than it may, at its fastest pace so far; null = not known. Milliseconds. */
export function boundReachedInMs(wait: FullSyncPass, capabilities: Capabilities): number | null {
  const { snapshotBytesAtMost = null, fastest = 0 } = wait;
  if (snapshotBytesAtMost === null || fastest === 0) return null;
  return (copyBytesAtMost(wait, snapshotBytesAtMost, capabilities) - copiedBytes(wait)) / fastest;
}

/**
 * The dump that this pass copies: the first dump that finished after the node asked, and before the first file came.
 * Until such a dump is seen, an older dump counts as reused. The master makes a new dump when the old dump's binlog
 * file is gone, or too far back (pika-facts 4.4).
 */
export function takeSnapshot(before: FullSyncPass, master: MasterTracker): FullSyncPass {
  const assumed = before.dump !== null && before.dump.notAfter < before.earliestAt;
  const made =
    before.dump === null || assumed ? master.dumps.find((dump) => isOwnDump(before, dump)) : undefined;
  const wait = made === undefined ? before : countedAnew(assumed ? { ...before, bytesAtDump: null } : before);
  const own = made ?? wait.dump ?? reusedDump(wait, master) ?? null;
  const dump =
    own === null
      ? null
      : (master.dumps.find((d) => d.lastSave === own.lastSave && d.notAfter === own.notAfter) ?? own);
  const known = dump === null ? null : dumpBytes(dump);
  const snapshotBytesAtMost = dump === null ? null : mostOf(dump, master);
  if (known !== null)
    return { ...wait, dump, snapshotBytes: known, snapshotBytesKnown: true, snapshotBytesAtMost };
  return { ...wait, dump, snapshotBytes: wait.snapshotBytes ?? latestSize(master.samples) };
}

/**
 * The most bytes that this dump can hold, or a later dump that the node may copy by now; null = not known. Of several DBs
 * each has a dump of its own: while one is made anew, the node can be given another that was made before.
 */
function mostOf(dump: Dump, { dumps, replication }: MasterTracker): number | null {
  const isOneOfSeveral = Object.keys(replication?.binlog ?? {}).length > 1;
  const others = dumps.filter((each) => isOneOfSeveral || each.notAfter > dump.notAfter);
  const sizes = [dump, ...others].map(dumpBytesAtMost);
  return sizes.includes(null) ? null : Math.max(...(sizes as number[]));
}

/**
 * A node asks for the dump and waits for it, so its own dump finishes before its first bytes come. The looks at master
 * and node are some time apart. So a dump counts as the node's own unless bytes had come before the last look that
 * still showed the old LASTSAVE.
 */
const isOwnDump = (wait: FullSyncPass, dump: Dump): boolean =>
  dump.notAfter >= wait.startedAt && (wait.firstBytesAt === null || wait.firstBytesAt > dump.notBefore);

/**
 * Versions up to 3.5.4 reuse a dump too, if the node's own offset lies in or shortly after the dump's binlog file, as
 * after an interrupted full sync (pika-facts 4.4). Then the copy has begun, and LASTSAVE has not changed.
 */
function reusedDump(wait: FullSyncPass, { lastSave, lastSaveAt, dumps }: MasterTracker): Dump | undefined {
  const { firstBytesAt, lastSaveAtStart } = wait;
  if (firstBytesAt === null || lastSaveAt === null || lastSaveAt < firstBytesAt) return undefined;
  return lastSave === lastSaveAtStart ? dumps.findLast((dump) => dump.lastSave === lastSave) : undefined;
}

export function takeSupersession(
  begun: FullSyncPass,
  /** Other slaves that have entered their full sync since this wait began. */
  newcomers: readonly string[],
  master: MasterTracker,
  at: number,
  capabilities: Capabilities,
): FullSyncPass {
  const wait = withQuietDump(begun, master);
  const later = dumpsAfterOwn(wait, master);
  if (later.length > 0) {
    return {
      ...(later.length > wait.laterDumps ? countedAnew(wait) : wait),
      laterDumps: later.length,
      supersededAt: wait.supersededAt ?? later[0]!.notAfter,
      supersededBy: 'later_dump',
    };
  }
  if (wait.supersededBy !== null) return wait;
  const ownDumpDoneAt = wait.firstBytesAt ?? wait.dumpQuietAt;
  if (master.bgsavingSeenAt !== null && ownDumpDoneAt !== null && master.bgsavingSeenAt > ownDumpDoneAt) {
    return { ...wait, supersededAt: master.bgsavingSeenAt, supersededBy: 'bgsave_during_copy' };
  }
  if (!capabilities.opensSupersededCopy || !dumpIsPastFirstBinlogFile(wait)) return wait;
  const newcomer = newcomers[0];
  if (newcomer === undefined || !capabilities.showsFullSyncing) return wait;
  return { ...wait, supersededAt: at, supersededBy: 'other_full_sync', otherSlave: newcomer };
}

/** In the order in which they were seen, where it is known: a clock that is set back makes a later dump look earlier. */
function dumpsAfterOwn({ dump: own, firstBytesAt, startedAt }: FullSyncPass, { dumps }: MasterTracker) {
  const index = own === null ? -1 : dumps.findLastIndex((dump) => isSameDump(dump, own));
  if (index >= 0) return dumps.slice(index + 1);
  const since = own ? own.notAfter : (firstBytesAt ?? startedAt);
  return dumps.filter((dump) => dump.notAfter > since);
}

/**
 * What came of the dump before says nothing of the new one, which can have been made at any moment since the last look:
 * the next look begins to count.
 */
function countedAnew({ headway: _before, ...wait }: FullSyncPass): FullSyncPass {
  const { copying } = wait;
  if (copying === undefined) return wait;
  const anew = { states: '', sinceBytes: copying.mostBytes, earlierBytes: 0 };
  return { ...wait, stillMs: 0, hiddenMs: 0, copying: { ...copying, ...anew } };
}

/** WaitDBSync can be seen some 10 ms before the master's is_bgsaving (recording 30); looks are some time apart. */
const ownDumpBeginsWithinMs = 1000;

function withQuietDump(wait: FullSyncPass, master: MasterTracker): FullSyncPass {
  if (wait.dumpQuietAt !== null || master.bgsaving || master.lastAnsweredAt === null) return wait;
  return master.lastAnsweredAt - wait.startedAt > ownDumpBeginsWithinMs
    ? { ...wait, dumpQuietAt: master.lastAnsweredAt }
    : wait;
}

/** A dump that finished while the node was still copying, but was seen only after the node had gone on. */
export function takeLateSupersession(wait: FullSyncPass, master: MasterTracker): FullSyncPass {
  if (wait.supersededBy !== null || wait.end !== 'swapped') return wait;
  const since = wait.dump ? wait.dump.notAfter : (wait.firstBytesAt ?? wait.startedAt);
  const late = master.dumps.filter(
    (dump) => dump.notAfter > since && dump.notBefore < wait.endedAt! && !isSameDump(dump, wait.dump),
  );
  if (late.length === 0) return wait;
  return { ...wait, laterDumps: late.length, supersededAt: late[0]!.notAfter, supersededBy: 'later_dump' };
}

const isSameDump = (a: Dump, b: Dump | null): boolean =>
  b !== null && a.lastSave === b.lastSave && a.notAfter === b.notAfter;

/** Only a dump past binlog file 0 wraps in the unsigned comparison of versions up to 3.5.4 (pika-facts 4.4). */
const dumpIsPastFirstBinlogFile = (wait: FullSyncPass): boolean => {
  const offsets = Object.values(wait.masterOffsets);
  return offsets.length === 0 || offsets.some((offset) => offset.file > 0);
};

/** The first look after a wait, with the counter that it read. */
export interface EndOfPass {
  readonly replication: ReplicationFacts;
  readonly at: number;
  readonly replInputBytes: number | null;
  /** The master's offsets now; null = it was not seen at this look. */
  readonly masterOffsets: Readonly<Record<string, BinlogOffset>> | undefined;
  readonly binlogFileSizeBytes: number | null;
}

/** Ends a wait by the first look that no longer shows it. */
export function endPass(open: FullSyncPass, end: EndOfPass, capabilities: Capabilities): FullSyncPass {
  const { replication, at } = end;
  const after = replication.binlog;
  const wait = {
    ...open,
    unseenBytesAtLeast: unseenBytesAtLeast(open.bytesAtStart, open.masterOffsets, end),
    unseenBytesAtMost: unseenBytesAtMost(open.bytesAtStart, end),
  };
  const fellBack =
    replication.role === 'master' ||
    states(replication).some(
      (state) =>
        state === 'NoConnect' || state === 'TryDBSync' || state === 'Error' || state === 'DBNoConnect',
    );
  if (fellBack) return { ...wait, endedAt: at, end: 'interrupted', offsetsAfter: after };
  const jumped = wait.dbs.every((db) =>
    movedForward(wait.offsetsBefore[db], after[db], wait.masterOffsets[db]),
  );
  const finished = capabilities.hasEligibleFlag
    ? jumped || replication.eligibleForMasterElection === true
    : jumped;
  return { ...wait, endedAt: at, end: finished ? 'swapped' : 'discarded', offsetsAfter: after };
}

/** An offset that left its old place, or that had nowhere to go because the master stood there too (12a: 0:0). */
function movedForward(
  before: BinlogOffset | undefined,
  after: BinlogOffset | undefined,
  master: BinlogOffset | undefined,
): boolean {
  if (!before || !after) return true;
  if (compareOffsets(before, after) !== 0) return true;
  return master !== undefined && compareOffsets(master, before) === 0;
}

/** Bytes on the wire per byte of binlog: 1.03 (pika-facts 4.8); more, to be on the safe side. */
const wirePerBinlogByte = 1.1;

/**
 * The bytes of the snapshot that came even if nobody looked while the copy ended (a worker died, or was slow). These
 * are all bytes since the copy began, less everything that the master has written to its binlog meanwhile.
 */
function unseenBytesAtLeast(
  bytesAtStart: number | null,
  masterOffsets: FullSyncPass['masterOffsets'],
  end: EndOfPass,
): number | null {
  if (bytesAtStart === null || end.replInputBytes === null) return null;
  const binlog = bytesBetween(end.masterOffsets, masterOffsets, end.binlogFileSizeBytes);
  if (binlog === null) return null;
  return Math.max(0, end.replInputBytes - bytesAtStart - wirePerBinlogByte * binlog);
}

const unseenBytesAtMost = (bytesAtStart: number | null, { replInputBytes }: EndOfPass): number | null =>
  bytesAtStart === null || replInputBytes === null ? null : replInputBytes - bytesAtStart;

/**
 * A full sync that began and ended between two looks. The node is up and has reached the offset that the master had
 * when the service attached the node. The master has finished exactly one dump since. null = the looks show something
 * else.
 */
export function unseenPass(
  tracker: WaitingSlave,
  end: EndOfPass,
  master: MasterTracker,
): FullSyncPass | null {
  const { replication, at } = end;
  const dumps = master.dumps.filter((dump) => dump.notAfter > tracker.attachedAt);
  const dbs = Object.keys(replication.binlog);
  const jumped = dbs.every((db) => isAtOrPast(replication.binlog[db], tracker.masterOffsetsAtAttach[db]));
  if (dumps.length !== 1 || dbs.length === 0 || !jumped) return null;
  const wait: FullSyncPass = {
    ...unseen,
    startedAt: tracker.attachedAt,
    earliestAt: tracker.attachedAt,
    endedAt: at,
    end: 'swapped',
    dbs,
    bytesAtStart: tracker.bytesAtAttach,
    bytesLast: tracker.bytesAtAttach,
    unseenBytesAtLeast: unseenBytesAtLeast(tracker.bytesAtAttach, tracker.masterOffsetsAtAttach, end),
    unseenBytesAtMost: unseenBytesAtMost(tracker.bytesAtAttach, end),
    offsetsBefore: {},
    offsetsAfter: replication.binlog,
    masterOffsets: tracker.masterOffsetsAtAttach,
    dump: dumps[0]!,
    lastSaveAtStart: null,
    lastMoveAt: at,
  };
  return takeSnapshot(wait, master);
}

const isAtOrPast = (offset: BinlogOffset | undefined, target: BinlogOffset | undefined): boolean =>
  offset !== undefined && target !== undefined && compareOffsets(offset, target) >= 0;

/** Bytes that came during this wait; null = the version does not count them. */
export function receivedInPass(wait: FullSyncPass): number | null {
  if (wait.bytesLast === null || wait.bytesAtStart === null) return null;
  return Math.max(0, wait.bytesLast - wait.bytesAtStart, Math.floor(wait.unseenBytesAtLeast ?? 0));
}

/** Whether bytes and snapshot agree; null = not known. A master whose data lie in memory shows a size of 0 before its dump. */
export function bytesComplete(wait: FullSyncPass): boolean | null {
  const received = receivedInPass(wait);
  if (received === null || wait.snapshotBytes === null) return null;
  if (wait.snapshotBytes === 0 && !wait.snapshotBytesKnown) return null;
  if (received >= completeShare * wait.snapshotBytes) return true;
  return wait.snapshotBytesKnown ? false : null;
}

/** Below this the files beside the tables (MANIFEST, OPTIONS) are too large a part of what is copied. */
const tooSmallToTellBytes = 16 * 1024 * 1024;

/** Bytes that came during these waits. */
export const receivedIn = (waits: readonly FullSyncPass[]): number =>
  waits.reduce((sum, wait) => sum + (receivedInPass(wait) ?? 0), 0);

/** A restart of node or master explains what came before it. */
export const lastRestartAt = ({
  restarts,
  masterRestartedAt,
}: Pick<SlaveTracker, 'restarts' | 'masterRestartedAt'>): number =>
  Math.max(restarts.at(-1) ?? 0, masterRestartedAt ?? 0);

/** The copies of the dump that was copied last, since the last restart of node or master. */
export function copiesOfLastDump(
  slave: Pick<SlaveTracker, 'waits' | 'restarts' | 'masterRestartedAt'>,
): readonly FullSyncPass[] {
  const last = slave.waits.at(-1);
  if (!last?.dump) return [];
  const since = lastRestartAt(slave);
  return slave.waits.filter(
    ({ dump, startedAt, supersededBy }) =>
      dump?.notAfter === last.dump!.notAfter && startedAt >= since && supersededBy === null,
  );
}

type Said = Pick<SlaveTracker, 'replication'>;

/** The node's word that its full sync has ended, where its version gives one. */
const saysEnded = ({ replication }: Said, { hasEligibleFlag }: Capabilities): boolean =>
  hasEligibleFlag && replication?.eligibleForMasterElection === true;

/**
 * Whether more may have come than was counted in this wait: nobody looked while the copy ended, and binlog came as well;
 * or other databases of the node came before, with another dump.
 */
const cameUncounted = (wait: FullSyncPass, { replication }: Said): boolean =>
  (wait.unseenBytesAtMost ?? 0) >= completeShare * wait.snapshotBytes! ||
  Object.keys(replication?.binlog ?? {}).some((db) => !wait.dbs.includes(db));

/**
 * Whether few bytes of a snapshot are no proof that data are missing: more may have come than was counted, or the node
 * itself says that its full sync has ended, and INFO shows more than a dump holds. Then its tables tell.
 */
export const bytesInDoubt = (wait: FullSyncPass, slave: Said, capabilities: Capabilities): boolean =>
  bytesComplete(wait) === false && (saysEnded(slave, capabilities) || cameUncounted(wait, slave));

/** Of what a node opened, so much must have come over the wire: it has written tables of its own since. */
const cameByWireShare = 0.8;

/**
 * A version that never opens a part of a copy has all of it if its tables are as large, or came with this copy; a copy that
 * was cut short goes on with the files that it has. What the node says is no proof alone: its tables can be older ones.
 */
export function openedWhole(
  wait: FullSyncPass,
  slave: Pick<SlaveTracker, 'ownSstBytes' | 'replication' | 'waits' | 'restarts' | 'masterRestartedAt'>,
  capabilities: Capabilities,
): boolean {
  const { ownSstBytes } = slave;
  const { opensSupersededCopy, hasEligibleFlag } = capabilities;
  if (opensSupersededCopy || ownSstBytes === null || !bytesInDoubt(wait, slave, capabilities)) return false;
  if (hasEligibleFlag && !saysEnded(slave, capabilities)) return false;
  const snapshot = wait.snapshotBytes!;
  const received = Math.max(receivedInPass(wait) ?? 0, receivedIn(copiesOfLastDump(slave)));
  const cameInPart = received >= openedShare * snapshot;
  const uncounted = cameUncounted(wait, slave);
  if (ownSstBytes >= completeShare * snapshot) return cameInPart || uncounted;
  if (!hasEligibleFlag) return false;
  // All of it may have come unseen, and the node says so: of tables that were merged since, less is left.
  if (uncounted && ownSstBytes >= openedShare * snapshot) return true;
  if (!cameInPart) return false;
  if (snapshot < tooSmallToTellBytes) return true;
  return received >= cameByWireShare * ownSstBytes && ownSstBytes >= openedShare * received;
}

/**
 * Whether the node opened about as much as the snapshot holds, or, where its size is not known, as came; or as the master
 * holds now, if that is less: FLUSHALL empties both (pika-facts 5.2). null = not known.
 */
export function openedEnough(
  wait: FullSyncPass,
  ownTableBytes: number | null,
  masterBytes: number | null,
): boolean | null {
  const copied = wait.snapshotBytesKnown ? wait.snapshotBytes : receivedInPass(wait);
  const whole = copied === null || masterBytes === null ? copied : Math.min(copied, masterBytes);
  if (ownTableBytes === null || whole === null || whole < tooSmallToTellBytes) return null;
  return ownTableBytes >= openedShare * whole;
}

/** Looks at a node that is being attached are 100 ms apart; a slow answer or two still fit in here. */
const dumpSeenWithinMs = 2500;

/** Whether the looks were close enough together to see each dump since the node asked. */
export const sawEachDump = (wait: FullSyncPass): boolean =>
  wait.dump === null || wait.dump.notAfter < wait.earliestAt || unseenAroundDumpMs(wait) <= dumpSeenWithinMs;

/**
 * Whether only one dump ended between two looks. LASTSAVE tells of the last dump only. After looks far apart (a worker
 * died, a master was slow to answer) the node may have begun to copy another, older dump. It is certain if the looks
 * are close together, or if all bytes came after that dump.
 */
export function dumpIsCertain(wait: FullSyncPass): boolean {
  if (sawEachDump(wait)) return true;
  const { bytesAtDump, bytesAtStart, snapshotBytes } = wait;
  const received = receivedInPass(wait);
  if (received === null || bytesAtDump === null || bytesAtStart === null || snapshotBytes === null)
    return false;
  return received - (bytesAtDump - bytesAtStart) >= completeShare * snapshotBytes;
}

/** For how long the master was not seen around its dump: another dump can have been replaced in this time. */
export const unseenAroundDumpMs = ({ dump, earliestAt }: FullSyncPass): number =>
  dump!.notAfter - Math.max(dump!.notBefore, earliestAt);
