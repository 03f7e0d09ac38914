/**
 * The full-sync tracker: follows what a master and one of its slaves say, look by look, and keeps the facts from
 * which it follows whether the slave's full sync really ran to its end. Pure and JSON-serialisable, so the same
 * code follows live nodes, simulated ones and recordings.
 */
import type { Capabilities } from './capabilities.ts';
import {
  type Address,
  type BinlogOffset,
  compareOffsets,
  type DbState,
  type ListedSlave,
  type Look,
  type NodeFacts,
  type ReplicationFacts,
  sameAddress,
} from './node-facts.ts';

/**
 * A received byte count below this is the protocol's own talk (MetaSync, DBSync, pings), not yet the snapshot.
 * In recordings 40 to 42 the talk before the first file stays under 4 KiB.
 */
const protocolNoiseBytes = 16 * 1024;

/**
 * Received bytes over the snapshot's size that count as all of it. Recordings on 3.5.4, 3.5.5 and 4.0.1: complete
 * transfers 0.94 to 1.00 (the size is sampled, not exact), transfers cut short 0.06 to 0.38.
 */
export const completeShare = 0.9;

const keptSamples = 60;
const keptDumps = 12;

export interface MasterSample {
  readonly at: number;
  readonly binlog: Readonly<Record<string, BinlogOffset>>;
  readonly sstBytes: number | null;
}

/** A dump that finished while the master was watched: LASTSAVE changed. */
export interface Dump {
  /** LASTSAVE's new value, unix seconds on the master's clock. */
  readonly lastSave: number;
  /** The last look that still showed the old value, and the first that showed the new one. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Bytes in the table files just before and just after; the snapshot's size lies about between them. */
  readonly sstBytesBefore: number | null;
  readonly sstBytesAfter: number | null;
}

export interface MasterTracker {
  readonly lastAnsweredAt: number | null;
  /** Set while the master does not answer. */
  readonly silentSince: number | null;
  readonly silentAs: 'busy' | 'unreachable' | 'denied' | 'garbled' | null;
  readonly processId: number | null;
  readonly uptimeSeconds: number | null;
  readonly replOutputBytes: number | null;
  readonly restartedAt: number | null;
  readonly runId: string | null;
  readonly lastSave: number | null;
  readonly lastSaveAt: number | null;
  readonly dumps: readonly Dump[];
  readonly bgsaving: boolean;
  readonly bgsavingSeenAt: number | null;
  readonly scanning: boolean;
  readonly compacting: boolean;
  readonly samples: readonly MasterSample[];
  readonly replication: ReplicationFacts | null;
}

export const newMasterTracker = (): MasterTracker => ({
  lastAnsweredAt: null,
  silentSince: null,
  silentAs: null,
  processId: null,
  uptimeSeconds: null,
  replOutputBytes: null,
  restartedAt: null,
  runId: null,
  lastSave: null,
  lastSaveAt: null,
  dumps: [],
  bgsaving: false,
  bgsavingSeenAt: null,
  scanning: false,
  compacting: false,
  samples: [],
  replication: null,
});

/** One stay in WaitDBSync: one try of a full sync. */
export interface Wait {
  readonly startedAt: number;
  readonly endedAt: number | null;
  /**
   * How it ended: `swapped` = the node went on with the snapshot's offset or is ready to; `interrupted` = it fell
   * back (connection lost, NO ONE, restart); `discarded` = it went on without having taken over a snapshot.
   */
  readonly end: 'swapped' | 'interrupted' | 'discarded' | null;
  readonly dbs: readonly string[];
  /** Node's `total_net_repl_input_bytes` at its beginning, at the last look inside, and at the first look after. */
  readonly bytesAtStart: number | null;
  readonly bytesLast: number | null;
  readonly bytesLastAt: number | null;
  readonly firstBytesAt: number | null;
  /** First look inside at which the master made no dump: the node's own was finished then. */
  readonly dumpQuietAt: number | null;
  readonly offsetsBefore: Readonly<Record<string, BinlogOffset>>;
  readonly offsetsAfter: Readonly<Record<string, BinlogOffset>> | null;
  readonly masterOffsets: Readonly<Record<string, BinlogOffset>>;
  /** The dump that is being copied, when it was seen to finish while watching. */
  readonly dump: Dump | null;
  /** LASTSAVE when the wait began: the dump that is reused if no new one is made. */
  readonly lastSaveAtStart: number | null;
  readonly snapshotBytes: number | null;
  /** Whether snapshotBytes belongs to the copied dump, or is only the master's present size. */
  readonly snapshotBytesKnown: boolean;
  readonly supersededAt: number | null;
  readonly supersededBy: 'later_dump' | 'bgsave_during_copy' | 'other_full_sync' | null;
  readonly laterDumps: number;
  /** The other slave that entered its full sync during this wait. */
  readonly otherSlave: string | null;
  /** Last time that bytes or state moved. */
  readonly lastMoveAt: number;
}

export type TrackerPhase = 'attaching' | 'snapshotting' | 'transferring' | 'swapping' | 'catching_up';

export interface RateSample {
  readonly at: number;
  readonly bytes: number;
}

/** What is known of one slave since one SLAVEOF. */
export interface SlaveTracker {
  readonly attachedAt: number;
  /** The master as the node was told it. */
  readonly master: Address;
  /** The node as the others see it. */
  readonly self: Address;
  /** master_host and master_port as the node first showed them after SLAVEOF. */
  readonly establishedMaster: Address | null;
  readonly phase: TrackerPhase;
  readonly phases: readonly { readonly phase: TrackerPhase; readonly at: number }[];
  readonly lastAnsweredAt: number | null;
  readonly busySince: number | null;
  readonly unreachableSince: number | null;
  readonly processId: number | null;
  readonly uptimeSeconds: number | null;
  readonly replInputBytes: number | null;
  readonly commandsProcessed: number | null;
  readonly restarts: readonly number[];
  readonly everWaited: boolean;
  readonly waits: readonly Wait[];
  /** Whether the master was seen to list the node as `full syncing` since the attach. */
  readonly listedFullSyncing: boolean;
  readonly listed: ListedSlave | null;
  readonly notListedSince: number | null;
  readonly listedBefore: readonly string[];
  readonly noConnectSince: number | null;
  readonly upSince: number | null;
  readonly replication: ReplicationFacts | null;
  /** Slaves of the master that were already in full sync when this one's wait began. */
  readonly othersSyncing: readonly string[];
  /** Size of the node's own tables at the first look after the swap. */
  readonly ownSstBytes: number | null;
  readonly rates: readonly RateSample[];
  /** The master was itself a slave in sync at some look since the attach. */
  readonly masterSyncingAt: number | null;
  readonly foreignMaster: string | null;
  readonly detachedByOthersAt: number | null;
  readonly masterRestartedAt: number | null;
}

/** Starts to follow a node from the moment its SLAVEOF was answered. */
export function newSlaveTracker(start: {
  readonly attachedAt: number;
  readonly master: Address;
  readonly self: Address;
  /** Last facts of the node before SLAVEOF: its counters and offsets are the base of the measurement. */
  readonly before: NodeFacts | null;
  /** Slaves that the master listed before SLAVEOF, as `ip:port`. */
  readonly listedBefore: readonly string[];
}): SlaveTracker {
  return {
    attachedAt: start.attachedAt,
    master: start.master,
    self: start.self,
    establishedMaster: null,
    phase: 'attaching',
    phases: [{ phase: 'attaching', at: start.attachedAt }],
    lastAnsweredAt: null,
    busySince: null,
    unreachableSince: null,
    processId: start.before?.server?.processId ?? null,
    uptimeSeconds: start.before?.server?.uptimeSeconds ?? null,
    replInputBytes: start.before?.stats?.replInputBytes ?? null,
    commandsProcessed: start.before?.stats?.commandsProcessed ?? null,
    restarts: [],
    everWaited: false,
    waits: [],
    listedFullSyncing: false,
    listed: null,
    notListedSince: null,
    listedBefore: start.listedBefore,
    noConnectSince: null,
    upSince: null,
    replication: start.before?.replication ?? null,
    othersSyncing: [],
    ownSstBytes: null,
    rates: [],
    masterSyncingAt: null,
    foreignMaster: null,
    detachedByOthersAt: null,
    masterRestartedAt: null,
  };
}

const slaveName = (slave: ListedSlave): string => `${slave.ip}:${slave.port}`;

/** What a checkpoint takes: the live files where the version tells them apart, else all of them. */
function snapshotSize(facts: NodeFacts): number | null {
  if (!facts.sizes) return null;
  return facts.sizes.liveSstBytes ?? facts.sizes.sstBytes;
}

// ---------------------------------------------------------------------------------------------- master

/** Takes in one look at the master. */
export function trackMaster(tracker: MasterTracker, look: Look): MasterTracker {
  if (look.kind !== 'answered') {
    return { ...tracker, silentSince: tracker.silentSince ?? look.at, silentAs: look.kind };
  }
  const { facts, at } = look;
  const restarted = hasRestarted(
    tracker,
    facts,
    facts.stats?.replOutputBytes ?? null,
    tracker.replOutputBytes,
  );
  const base = restarted ? { ...tracker, lastSave: null, lastSaveAt: null, restartedAt: at } : tracker;
  return {
    ...takeLastSave(base, facts, at),
    lastAnsweredAt: at,
    silentSince: null,
    silentAs: null,
    processId: facts.server?.processId ?? tracker.processId,
    uptimeSeconds: facts.server?.uptimeSeconds ?? tracker.uptimeSeconds,
    runId: facts.server?.runId ?? tracker.runId,
    replOutputBytes: facts.stats?.replOutputBytes ?? tracker.replOutputBytes,
    bgsaving: facts.stats?.bgsaving ?? tracker.bgsaving,
    bgsavingSeenAt: facts.stats?.bgsaving ? at : tracker.bgsavingSeenAt,
    scanning: facts.stats?.scanningKeyspace ?? tracker.scanning,
    compacting: facts.stats?.compacting ?? tracker.compacting,
    samples: addSample(tracker.samples, facts, at),
    replication: facts.replication ?? tracker.replication,
  };
}

/**
 * A process id that changed, an uptime or a since-start counter that fell. `run_id` is no sign: CONFIG REWRITE
 * stores it (facts 2.1).
 */
function hasRestarted(
  known: { readonly processId: number | null; readonly uptimeSeconds: number | null },
  facts: NodeFacts,
  counter: number | null,
  knownCounter: number | null,
): boolean {
  const { server } = facts;
  if (server?.processId != null && known.processId != null && server.processId !== known.processId)
    return true;
  if (
    server?.uptimeSeconds != null &&
    known.uptimeSeconds != null &&
    server.uptimeSeconds < known.uptimeSeconds
  ) {
    return true;
  }
  return counter !== null && knownCounter !== null && counter < knownCounter;
}

function takeLastSave(tracker: MasterTracker, facts: NodeFacts, at: number): MasterTracker {
  const value = facts.lastSaveUnixSeconds;
  const size = snapshotSize(facts);
  const withSizes = size === null ? tracker : { ...tracker, dumps: fillSizeAfter(tracker.dumps, size, at) };
  if (value === undefined) return withSizes;
  const changed = tracker.lastSave !== null && value !== tracker.lastSave;
  if (!changed) return { ...withSizes, lastSave: value, lastSaveAt: at };
  const dump: Dump = {
    lastSave: value,
    notBefore: tracker.lastSaveAt ?? at,
    notAfter: at,
    sstBytesBefore: latestSize(tracker.samples),
    sstBytesAfter: size,
  };
  return {
    ...withSizes,
    lastSave: value,
    lastSaveAt: at,
    dumps: [...withSizes.dumps, dump].slice(-keptDumps),
  };
}

const fillSizeAfter = (dumps: readonly Dump[], size: number, at: number): readonly Dump[] =>
  dumps.some((dump) => dump.sstBytesAfter === null && dump.notAfter <= at)
    ? dumps.map((dump) => (dump.sstBytesAfter === null ? { ...dump, sstBytesAfter: size } : dump))
    : dumps;

const latestSize = (samples: readonly MasterSample[]): number | null =>
  samples.findLast((sample) => sample.sstBytes !== null)?.sstBytes ?? null;

/** Keeps the newest samples, at most a few a second. */
function addSample(samples: readonly MasterSample[], facts: NodeFacts, at: number): readonly MasterSample[] {
  if (!facts.replication && !facts.sizes) return samples;
  const last = samples.at(-1);
  const sample: MasterSample = {
    at,
    binlog: facts.replication?.binlog ?? last?.binlog ?? {},
    sstBytes: snapshotSize(facts),
  };
  return [...samples, sample].slice(-keptSamples);
}

/** Bytes of a dump's snapshot: the smaller of the sizes around it, since both are samples; null = not known. */
export function dumpBytes(dump: Dump): number | null {
  const sizes = [dump.sstBytesBefore, dump.sstBytesAfter].filter(
    (size) => size !== null && size > 0,
  ) as number[];
  return sizes.length === 0 ? null : Math.min(...sizes);
}

/** Slaves of the master other than `self` that are in full sync now, as `ip:port`. */
export function othersInFullSync(
  replication: ReplicationFacts | null,
  isOurs: (slave: ListedSlave) => boolean,
  capabilities: Capabilities,
): readonly string[] {
  if (!replication) return [];
  const word = capabilities.showsFullSyncing ? 'full syncing' : 'not syncing';
  return replication.slaves
    .filter((slave) => !isOurs(slave) && Object.values(slave.lag).includes(word))
    .map(slaveName);
}

// ----------------------------------------------------------------------------------------------- slave

/**
 * Finds the master's entry for a node: by the address under which the others see it, else by the one entry with
 * its port that appeared after SLAVEOF (a node announces the address of its own socket, facts 7).
 */
export function findListed(
  slaves: readonly ListedSlave[],
  self: Address,
  listedBefore: readonly string[],
): ListedSlave | null {
  const samePort = slaves.filter((slave) => slave.port === self.port);
  const exact = samePort.find((slave) => sameAddress({ host: slave.ip, port: slave.port }, self));
  if (exact) return exact;
  const appeared = samePort.filter((slave) => !listedBefore.includes(slaveName(slave)));
  return appeared.length === 1 ? appeared[0]! : null;
}

/** Takes in one look at the slave, beside the master as it is known at that time. */
export function trackSlave(
  tracker: SlaveTracker,
  look: Look,
  master: MasterTracker,
  capabilities: Capabilities,
): SlaveTracker {
  if (look.kind !== 'answered') return trackSilence(tracker, look);
  const { facts, at } = look;
  const restarted =
    at > tracker.attachedAt && (hasBegunAnew(tracker, facts) || cameBackAsStranger(tracker, facts));
  let next: SlaveTracker = {
    ...tracker,
    lastAnsweredAt: at,
    busySince: null,
    unreachableSince: facts.replication === undefined ? tracker.unreachableSince : null,
    processId: facts.server?.processId ?? tracker.processId,
    uptimeSeconds: facts.server?.uptimeSeconds ?? tracker.uptimeSeconds,
    replInputBytes: facts.stats?.replInputBytes ?? tracker.replInputBytes,
    commandsProcessed: facts.stats?.commandsProcessed ?? tracker.commandsProcessed,
    replication: facts.replication ?? tracker.replication,
  };
  if (restarted) next = afterRestart(next, facts, at);
  next = takeListing(next, master, at, capabilities);
  next = takeWait(next, facts, at, master, capabilities);
  next = takeMaster(next, facts, at, master);
  next = takeSpeed(next, at);
  return takePhase(next, at, capabilities, master);
}

const hasBegunAnew = (tracker: SlaveTracker, facts: NodeFacts): boolean =>
  hasRestarted(tracker, facts, facts.stats?.commandsProcessed ?? null, tracker.commandsProcessed);

/** Back after a time in which nobody saw it, and without a word that it is still the same process. */
function cameBackAsStranger(tracker: SlaveTracker, facts: NodeFacts): boolean {
  if (tracker.unreachableSince === null || facts.replication === undefined) return false;
  return facts.server?.processId == null || facts.server.processId !== tracker.processId;
}

/** A look at the master alone can tell that a snapshot was superseded; feed each of them to its slaves. */
export function trackSlaveThroughMaster(
  tracker: SlaveTracker,
  master: MasterTracker,
  at: number,
  capabilities: Capabilities,
): SlaveTracker {
  const listed = takeListing(tracker, master, at, capabilities);
  const wait = listed.waits.at(-1);
  if (!wait) return listed;
  if (wait.endedAt !== null) return replaceLastWait(listed, takeLateSupersession(wait, master));
  return replaceLastWait(
    listed,
    takeSupersession(takeSnapshot(wait, master), listed, master, at, capabilities),
  );
}

function trackSilence(tracker: SlaveTracker, look: Look): SlaveTracker {
  if (look.kind === 'busy') {
    const swapping = tracker.phase === 'transferring' ? enterPhase(tracker, 'swapping', look.at) : tracker;
    return { ...swapping, busySince: tracker.busySince ?? look.at };
  }
  return { ...tracker, unreachableSince: tracker.unreachableSince ?? look.at, upSince: null };
}

function afterRestart(tracker: SlaveTracker, facts: NodeFacts, at: number): SlaveTracker {
  const wait = tracker.waits.at(-1);
  const waits =
    wait && wait.endedAt === null
      ? [...tracker.waits.slice(0, -1), { ...wait, endedAt: at, end: 'interrupted' as const }]
      : tracker.waits;
  return {
    ...tracker,
    waits,
    restarts: [...tracker.restarts, at].slice(-20),
    replInputBytes: facts.stats?.replInputBytes ?? null,
    upSince: null,
    rates: [],
  };
}

function takeListing(
  tracker: SlaveTracker,
  master: MasterTracker,
  at: number,
  capabilities: Capabilities,
): SlaveTracker {
  if (!master.replication || master.silentSince !== null) return tracker;
  const listed = findListed(master.replication.slaves, tracker.self, tracker.listedBefore);
  const syncing = listed !== null && Object.values(listed.lag).includes('full syncing');
  const masterSyncing =
    master.replication.role !== 'master' && master.replication.linkStatus !== 'up'
      ? (tracker.masterSyncingAt ?? at)
      : tracker.masterSyncingAt;
  const restartedSince =
    master.restartedAt !== null && master.restartedAt > tracker.attachedAt
      ? master.restartedAt
      : tracker.masterRestartedAt;
  return {
    ...tracker,
    listed,
    notListedSince: listed ? null : (tracker.notListedSince ?? at),
    listedFullSyncing: tracker.listedFullSyncing || (capabilities.showsFullSyncing && syncing),
    masterSyncingAt: masterSyncing,
    masterRestartedAt: restartedSince,
  };
}

const states = (replication: ReplicationFacts): readonly DbState[] => Object.values(replication.dbStates);

const waitingDbs = (replication: ReplicationFacts): readonly string[] =>
  Object.entries(replication.dbStates)
    .filter(([, state]) => state === 'WaitDBSync')
    .map(([db]) => db);

/** Role slave, link up and every DB connected. */
export function isConnected(replication: ReplicationFacts | null): boolean {
  if (!replication || replication.role === 'master' || replication.linkStatus !== 'up') return false;
  const all = states(replication);
  return all.length > 0 && all.every((state) => state === 'Connected');
}

function replaceLastWait(tracker: SlaveTracker, wait: Wait): SlaveTracker {
  return { ...tracker, waits: [...tracker.waits.slice(0, -1), wait] };
}

function takeWait(
  tracker: SlaveTracker,
  facts: NodeFacts,
  at: number,
  master: MasterTracker,
  capabilities: Capabilities,
): SlaveTracker {
  const replication = facts.replication;
  const open = tracker.waits.at(-1);
  const isOpen = open !== undefined && open.endedAt === null;
  if (!replication) {
    return isOpen ? replaceLastWait(tracker, takeBytes(open, tracker.replInputBytes, at)) : tracker;
  }
  const dbs = replication.role === 'master' ? [] : waitingDbs(replication);
  if (dbs.length > 0) {
    const wait = isOpen ? open : beginWait(tracker, replication, at, master, capabilities);
    const withDbs = { ...wait, dbs: [...new Set([...wait.dbs, ...dbs])] };
    const fed = takeBytes(takeSnapshot(withDbs, master), tracker.replInputBytes, at);
    const begun = isOpen
      ? tracker
      : { ...tracker, everWaited: true, waits: [...tracker.waits, wait], upSince: null };
    const others = isOpen ? begun.othersSyncing : othersNow(begun, master, capabilities);
    const withOthers = { ...begun, othersSyncing: others };
    return replaceLastWait(withOthers, takeSupersession(fed, withOthers, master, at, capabilities));
  }
  if (!isOpen) return tracker;
  return replaceLastWait(tracker, endWait(takeSnapshot(open, master), replication, at, capabilities));
}

const othersNow = (
  tracker: SlaveTracker,
  master: MasterTracker,
  capabilities: Capabilities,
): readonly string[] =>
  othersInFullSync(master.replication, (slave) => slave === tracker.listed, capabilities);

function beginWait(
  tracker: SlaveTracker,
  replication: ReplicationFacts,
  at: number,
  master: MasterTracker,
  capabilities: Capabilities,
): Wait {
  const masterOffsets = master.replication?.binlog ?? {};
  const since = Math.max(tracker.attachedAt, tracker.waits.at(-1)?.endedAt ?? 0);
  const wait: Wait = {
    startedAt: at,
    endedAt: null,
    end: null,
    dbs: [],
    bytesAtStart: tracker.replInputBytes,
    bytesLast: tracker.replInputBytes,
    bytesLastAt: null,
    firstBytesAt: null,
    dumpQuietAt: null,
    offsetsBefore: replication.binlog,
    offsetsAfter: null,
    masterOffsets,
    dump: master.dumps.findLast((dump) => dump.notAfter >= since) ?? null,
    lastSaveAtStart: master.lastSave,
    snapshotBytes: null,
    snapshotBytesKnown: false,
    supersededAt: null,
    supersededBy: null,
    laterDumps: 0,
    otherSlave: null,
    lastMoveAt: at,
  };
  const reused = capabilities.reusesDump
    ? (master.dumps.findLast((dump) => dump.lastSave === master.lastSave) ?? null)
    : null;
  return wait.dump === null && reused !== null ? { ...wait, dump: reused } : wait;
}

function takeBytes(wait: Wait, bytes: number | null, at: number): Wait {
  if (bytes === null) return wait;
  const start = wait.bytesAtStart ?? bytes;
  const moved = wait.bytesLast === null || bytes - wait.bytesLast > 4096;
  const received = bytes - start;
  return {
    ...wait,
    bytesAtStart: start,
    bytesLast: bytes,
    bytesLastAt: at,
    firstBytesAt: wait.firstBytesAt ?? (received > protocolNoiseBytes ? at : null),
    lastMoveAt: moved ? at : wait.lastMoveAt,
  };
}

/** The dump that this wait copies: the first that finished after the node asked, and before the first file came. */
function takeSnapshot(wait: Wait, master: MasterTracker): Wait {
  const own = wait.dump ?? master.dumps.find((dump) => isOwnDump(wait, dump)) ?? null;
  const dump =
    own === null
      ? null
      : (master.dumps.find((d) => d.lastSave === own.lastSave && d.notAfter === own.notAfter) ?? own);
  const known = dump === null ? null : dumpBytes(dump);
  if (known !== null) return { ...wait, dump, snapshotBytes: known, snapshotBytesKnown: true };
  return { ...wait, dump, snapshotBytes: wait.snapshotBytes ?? latestSize(master.samples) };
}

/**
 * A node asks for the dump and waits for it, so its own finishes before its first bytes come. The looks at master
 * and node are some time apart: a dump counts as the node's own unless bytes had come before the last look
 * that still showed the old LASTSAVE.
 */
const isOwnDump = (wait: Wait, dump: Dump): boolean =>
  dump.notAfter >= wait.startedAt && (wait.firstBytesAt === null || wait.firstBytesAt > dump.notBefore);

function takeSupersession(
  begun: Wait,
  tracker: SlaveTracker,
  master: MasterTracker,
  at: number,
  capabilities: Capabilities,
): Wait {
  const wait = withQuietDump(begun, master);
  const since = wait.dump ? wait.dump.notAfter : (wait.firstBytesAt ?? wait.startedAt);
  const later = master.dumps.filter(
    (dump) => dump.notAfter > since && dump !== wait.dump && !isSameDump(dump, wait.dump),
  );
  if (later.length > 0) {
    return {
      ...wait,
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
  const newcomer = othersNow(tracker, master, capabilities).find(
    (name) => !tracker.othersSyncing.includes(name),
  );
  if (newcomer === undefined || !capabilities.showsFullSyncing) return wait;
  return { ...wait, supersededAt: at, supersededBy: 'other_full_sync', otherSlave: newcomer };
}

/** WaitDBSync can be seen some 10 ms before the master's is_bgsaving (recording 30); looks are some time apart. */
const ownDumpBeginsWithinMs = 1000;

function withQuietDump(wait: Wait, master: MasterTracker): Wait {
  if (wait.dumpQuietAt !== null || master.bgsaving || master.lastAnsweredAt === null) return wait;
  return master.lastAnsweredAt - wait.startedAt > ownDumpBeginsWithinMs
    ? { ...wait, dumpQuietAt: master.lastAnsweredAt }
    : wait;
}

/** A dump that finished while the node was still copying, but was seen only after the node had gone on. */
function takeLateSupersession(wait: Wait, master: MasterTracker): Wait {
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

/** Only a dump past binlog file 0 wraps in the unsigned comparison of versions up to 3.5.4 (facts 4.4). */
const dumpIsPastFirstBinlogFile = (wait: Wait): boolean => {
  const offsets = Object.values(wait.masterOffsets);
  return offsets.length === 0 || offsets.some((offset) => offset.file > 0);
};

function endWait(wait: Wait, replication: ReplicationFacts, at: number, capabilities: Capabilities): Wait {
  const after = replication.binlog;
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

function takeMaster(
  tracker: SlaveTracker,
  facts: NodeFacts,
  at: number,
  master: MasterTracker,
): SlaveTracker {
  const replication = facts.replication;
  if (!replication) return takeOwnSize(tracker, facts);
  const connected = isConnected(replication);
  const noConnect =
    states(replication).length > 0 && states(replication).every((state) => state === 'NoConnect');
  const shown =
    replication.role !== 'master' && replication.masterHost !== null && replication.masterPort !== null
      ? { host: replication.masterHost, port: replication.masterPort }
      : null;
  const established =
    tracker.establishedMaster ?? (shown && isSameMaster(shown, tracker.master) ? shown : null);
  const isForeign =
    shown !== null && (established ? !sameAddress(shown, established) : !isSameMaster(shown, tracker.master));
  const detached = replication.role === 'master' && established !== null;
  return takeOwnSize(
    {
      ...tracker,
      establishedMaster: established,
      foreignMaster: isForeign ? `${shown.host}:${shown.port}` : null,
      detachedByOthersAt: detached ? (tracker.detachedByOthersAt ?? at) : null,
      upSince: connected ? (tracker.upSince ?? at) : null,
      noConnectSince: noConnect && replication.role !== 'master' ? (tracker.noConnectSince ?? at) : null,
      masterSyncingAt: tracker.masterSyncingAt ?? (masterIsSyncing(master) ? at : null),
    },
    facts,
  );
}

const masterIsSyncing = (master: MasterTracker): boolean =>
  master.replication !== null &&
  master.replication.role !== 'master' &&
  master.replication.linkStatus === 'down';

/** Whether the master that a node shows is the one it was told. Pika stores its own interface address in place of 127.0.0.1 (facts 1.3), and a name verbatim. */
export const isSameMaster = (shown: Address, told: Address): boolean =>
  sameAddress(shown, told) ||
  (shown.port === told.port && (told.host === '127.0.0.1' || told.host === 'localhost'));

function takeOwnSize(tracker: SlaveTracker, facts: NodeFacts): SlaveTracker {
  if (tracker.upSince === null || tracker.ownSstBytes !== null || !facts.sizes) return tracker;
  return { ...tracker, ownSstBytes: snapshotSize(facts) };
}

function takeSpeed(tracker: SlaveTracker, at: number): SlaveTracker {
  const bytes = tracker.replInputBytes;
  if (bytes === null) return tracker;
  const last = tracker.rates.at(-1);
  if (last && at - last.at < 500) return tracker;
  return {
    ...tracker,
    rates: [...tracker.rates.filter((rate) => at - rate.at < 10_000), { at, bytes }].slice(-24),
  };
}

function takePhase(
  tracker: SlaveTracker,
  at: number,
  capabilities: Capabilities,
  master: MasterTracker,
): SlaveTracker {
  const phase = phaseNow(tracker, capabilities, master);
  return phase === tracker.phase ? tracker : enterPhase(tracker, phase, at);
}

function enterPhase(tracker: SlaveTracker, phase: TrackerPhase, at: number): SlaveTracker {
  return { ...tracker, phase, phases: [...tracker.phases, { phase, at }].slice(-100) };
}

function phaseNow(tracker: SlaveTracker, capabilities: Capabilities, master: MasterTracker): TrackerPhase {
  if (isConnected(tracker.replication)) return 'catching_up';
  const wait = tracker.waits.at(-1);
  if (wait && wait.endedAt === null) return phaseInWait(wait, tracker.phase, capabilities, master);
  if (wait?.end === 'swapped' && tracker.replication && !states(tracker.replication).includes('NoConnect'))
    return 'swapping';
  return 'attaching';
}

function phaseInWait(
  wait: Wait,
  current: TrackerPhase,
  capabilities: Capabilities,
  master: MasterTracker,
): TrackerPhase {
  if (!capabilities.hasReplByteCounters || wait.bytesLast === null)
    return master.bgsaving ? 'snapshotting' : 'transferring';
  if (wait.firstBytesAt === null) return 'snapshotting';
  const received = receivedInWait(wait) ?? 0;
  const all = wait.snapshotBytes !== null && wait.snapshotBytesKnown && received >= wait.snapshotBytes;
  return all && current === 'swapping' ? 'swapping' : 'transferring';
}

// -------------------------------------------------------------------------------------------- readings

/** Bytes that came during this wait; null = the version does not count them. */
export function receivedInWait(wait: Wait): number | null {
  if (wait.bytesLast === null || wait.bytesAtStart === null) return null;
  return Math.max(0, wait.bytesLast - wait.bytesAtStart);
}

/** The wait that the present state rests on. */
export const lastWait = (tracker: SlaveTracker): Wait | null => tracker.waits.at(-1) ?? null;

/** Bytes per second over the last seconds; null = not known yet. */
export function transferRate(tracker: SlaveTracker): number | null {
  const first = tracker.rates[0];
  const last = tracker.rates.at(-1);
  if (!first || !last || last.at - first.at < 500) return null;
  return Math.max(0, ((last.bytes - first.bytes) * 1000) / (last.at - first.at));
}

/** Whether bytes and snapshot agree: null = cannot be told. */
export function bytesComplete(wait: Wait): boolean | null {
  const received = receivedInWait(wait);
  if (received === null || wait.snapshotBytes === null) return null;
  if (received >= completeShare * wait.snapshotBytes) return true;
  return wait.snapshotBytesKnown ? false : null;
}
