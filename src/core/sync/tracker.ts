/**
 * The full-sync tracker. It follows the answers of a master and a slave, look by look, and keeps the facts that prove
 * whether the slave's full sync ran to its end. Pure and JSON-serialisable, so the same code follows live nodes,
 * simulated nodes and recordings.
 */

import { findListedSlave } from '../../model/addresses.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import type {
  FullSyncPass,
  MasterTracker,
  SlaveTracker,
  Standing,
  TrackerPhase,
} from '../../model/full-sync.ts';
import {
  type Address,
  type BinlogOffset,
  compareOffsets,
  type ListedSlave,
  type Look,
  type NodeFacts,
  type ReplicationFacts,
  sameAddress,
} from '../../model/observation.ts';
import { withSight } from './agent-sight.ts';
import {
  beginPass,
  type EndOfPass,
  endPass,
  type Received,
  receivedInPass,
  states,
  takeBytes,
  takeLateSupersession,
  takeSnapshot,
  takeSupersession,
  unseenPass,
} from './full-sync-pass.ts';
import { hasRestarted, latestSizedAt, othersInFullSync, slaveName, snapshotSize } from './master-tracker.ts';

/** Starts to follow a node from the moment its SLAVEOF was answered. */
export function newSlaveTracker(start: {
  readonly attachedAt: number;
  readonly master: Address;
  readonly self: Address;
  /** Last facts of the node before SLAVEOF: its counters and offsets are the base of the measurement. */
  readonly before: NodeFacts | null;
  /** Entries that cannot be its own, as `ip:port`: listed before SLAVEOF, or of other nodes of the expansion. */
  readonly listedBefore: readonly string[];
  readonly binlogFileSizeBytes?: number | null;
  readonly masterOffsets?: Readonly<Record<string, BinlogOffset>>;
  /** Of the node's own version. */
  readonly opensSupersededCopy?: boolean | undefined;
}): SlaveTracker {
  return {
    attachedAt: start.attachedAt,
    master: start.master,
    self: start.self,
    ...(start.before?.ips ? { ips: start.before.ips } : {}),
    ...throttleIn(start.before),
    binlogFileSizeBytes: start.binlogFileSizeBytes ?? null,
    ...(start.opensSupersededCopy === undefined ? {} : { opensSupersededCopy: start.opensSupersededCopy }),
    bytesAtAttach: start.before?.stats?.replInputBytes ?? null,
    bytesBefore: start.before?.stats?.replInputBytes ?? null,
    masterOffsetsAtAttach: start.masterOffsets ?? {},
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

function throttleIn(facts: NodeFacts | null): Pick<SlaveTracker, 'throttleBytesPerSecond'> {
  const bytesPerSecond = facts?.config?.throttleBytesPerSecond;
  return bytesPerSecond == null ? {} : { throttleBytesPerSecond: bytesPerSecond };
}

/**
 * The master's entry for a node that was never listed under its own address: the only entry with its port that
 * appeared after SLAVEOF (a node announces the address of its own socket, pika-facts 7).
 */
function guessListed(slaves: readonly ListedSlave[], tracker: SlaveTracker): ListedSlave | null {
  const { self, listedBefore, listedByAddress } = tracker;
  if (listedByAddress) return null;
  const appeared = slaves.filter(
    (slave) => slave.port === self.port && !listedBefore.includes(slaveName(slave)),
  );
  return appeared.length === 1 ? appeared[0]! : null;
}

/**
 * What holds for a slave of a master: it is the slave that opens what it has copied when a new dump takes the place of its own,
 * whatever the version of its master.
 */
export const pairCapabilities = (
  master: Capabilities,
  { opensSupersededCopy = false }: SlaveTracker,
): Capabilities =>
  opensSupersededCopy && !master.opensSupersededCopy ? { ...master, opensSupersededCopy } : master;

/** A look that ends without an answer lasts 5 s. */
const longSilenceMs = 10_000;

/** Takes in one look at the slave, beside the master as it is known at that time. */
export function trackSlave(
  known: SlaveTracker,
  look: Look,
  master: MasterTracker,
  capabilities: Capabilities,
): SlaveTracker {
  const tracker = withSight(known, look, known.attachedAt);
  if (look.kind !== 'answered') return trackSilence(tracker, look);
  const { facts, at } = look;
  const restarted =
    at > tracker.attachedAt && (hasBegunAnew(tracker, facts) || cameBackAsStranger(tracker, facts));
  let next: SlaveTracker = {
    ...nodeSeen(tracker, at, restarted),
    lastAnsweredAt: at,
    busySince: null,
    ...(tracker.busySince !== null && at - tracker.busySince >= longSilenceMs ? { answersSince: at } : {}),
    unreachableSince: facts.replication === undefined ? tracker.unreachableSince : null,
    processId: facts.server?.processId ?? tracker.processId,
    uptimeSeconds: facts.server?.uptimeSeconds ?? tracker.uptimeSeconds,
    bytesBefore: tracker.replInputBytes,
    replInputBytes: facts.stats?.replInputBytes ?? tracker.replInputBytes,
    commandsProcessed: facts.stats?.commandsProcessed ?? tracker.commandsProcessed,
    replication: facts.replication ?? tracker.replication,
    ...(facts.ips ? { ips: facts.ips } : {}),
    ...throttleIn(facts),
  };
  if (restarted) next = afterRestart(next, facts, at);
  next = takeListing(next, master, at, capabilities);
  next = takePass(next, look, master, capabilities);
  next = takeMaster(next, facts, at, master, tracker.replication);
  next = takeSpeed(next, at);
  return takePhase(next, at, capabilities, master);
}

type AnsweredLook = Extract<Look, { readonly kind: 'answered' }>;

const hasBegunAnew = (tracker: SlaveTracker, facts: NodeFacts): boolean =>
  hasRestarted(tracker, facts, facts.stats?.commandsProcessed ?? null, tracker.commandsProcessed);

/** Back after a time in which nobody saw it, and without a word that it is still the same process. */
function cameBackAsStranger(tracker: SlaveTracker, facts: NodeFacts): boolean {
  if (tracker.unreachableSince === null || facts.replication === undefined) return false;
  return facts.server?.processId == null || facts.server.processId !== tracker.processId;
}

/** An answer that came late is no older than that; one from longer before is new, and the clock was set back. */
const answersComeWithinMs = 120_000;

/** What the master showed is the node's own dump if the node was started again, else another's. An older answer tells neither. */
function nodeSeen(tracker: SlaveTracker, at: number, restarted: boolean): SlaveTracker {
  const wait = tracker.waits.at(-1);
  if (wait?.nodeToBeSeenSince === undefined) return tracker;
  const { nodeToBeSeenSince: since, ...seen } = wait;
  if (at < since && since - at < answersComeWithinMs) return tracker;
  const own = { supersededAt: null, supersededBy: null, otherSlave: null, laterDumps: 0 } as const;
  return replaceLastPass(tracker, restarted ? { ...seen, ...own } : seen);
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
  if (wait.endedAt !== null) return replaceLastPass(listed, takeLateSupersession(wait, master));
  const taken = takeSupersession(
    takeSnapshot(wait, master),
    newcomers(listed, master, capabilities),
    master,
    at,
    capabilities,
  );
  const isNews = wait.supersededBy === null && taken.supersededBy !== null;
  // An answer of the node to a question of the same moment is new enough.
  const askedAt = Math.min(at, master.lastSaveAt ?? at);
  return replaceLastPass(listed, isNews ? { ...taken, nodeToBeSeenSince: askedAt } : taken);
}

function trackSilence(
  tracker: SlaveTracker,
  look: Exclude<Look, { readonly kind: 'answered' }>,
): SlaveTracker {
  if (look.kind === 'busy') {
    const swapping = tracker.phase === 'transferring' ? enterPhase(tracker, 'swapping', look.at) : tracker;
    return { ...swapping, busySince: tracker.busySince ?? look.at };
  }
  return {
    ...tracker,
    unreachableSince: tracker.unreachableSince ?? look.at,
    unreachableAs: { how: look.kind, met: look.message },
    upSince: null,
  };
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
    // Counted from the start of the process: what came before the restart is another copy's.
    bytesBefore: 0,
    bytesAtAttach: 0,
    bytesAtNoConnect: 0,
    upSince: null,
    rates: [],
  };
}

const isListedInSync = (listed: ListedSlave | null): boolean =>
  listed !== null && !Object.values(listed.lag).includes('not syncing');

function takeListing(
  tracker: SlaveTracker,
  master: MasterTracker,
  at: number,
  capabilities: Capabilities,
): SlaveTracker {
  if (!master.replication || master.silentSince !== null) return tracker;
  const { slaves } = master.replication;
  const { self, ips = [] } = tracker;
  const own = findListedSlave(slaves, { seenAs: self, ips });
  const listed =
    own ??
    findListedSlave(slaves, { seenAs: self, ips, listed: tracker.listed }) ??
    guessListed(slaves, tracker);
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
    ...(own === null ? {} : { listedByAddress: true }),
    notListedSince: isListedInSync(listed) ? null : (tracker.notListedSince ?? at),
    listedFullSyncing: tracker.listedFullSyncing || (capabilities.showsFullSyncing && syncing),
    masterSyncingAt: masterSyncing,
    masterRestartedAt: restartedSince,
  };
}

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

function replaceLastPass(tracker: SlaveTracker, wait: FullSyncPass): SlaveTracker {
  return { ...tracker, waits: [...tracker.waits.slice(0, -1), wait] };
}

function takePass(
  tracker: SlaveTracker,
  look: AnsweredLook,
  master: MasterTracker,
  capabilities: Capabilities,
): SlaveTracker {
  const { at } = look;
  const { replication } = look.facts;
  const open = tracker.waits.at(-1);
  const isOpen = open !== undefined && open.endedAt === null;
  if (!replication) {
    return isOpen ? replaceLastPass(tracker, takeBytes(open, receivedBy(tracker, look), at)) : tracker;
  }
  const dbs = replication.role === 'master' ? [] : waitingDbs(replication);
  if (dbs.length > 0) {
    const wait = isOpen ? open : beginPass(tracker, replication, at, master, capabilities);
    const withDbs = { ...wait, dbs: [...new Set([...wait.dbs, ...dbs])] };
    const fed = takeBytes(takeSnapshot(withDbs, master), receivedBy(tracker, look), at);
    const begun = isOpen
      ? tracker
      : { ...tracker, everWaited: true, waits: [...tracker.waits, wait], upSince: null };
    const others = isOpen ? begun.othersSyncing : othersNow(begun, master, capabilities);
    const withOthers = { ...begun, othersSyncing: others };
    return replaceLastPass(
      withOthers,
      takeSupersession(fed, newcomers(withOthers, master, capabilities), master, at, capabilities),
    );
  }
  if (!isOpen) return takeUnseenPass(tracker, replication, at, master);
  return replaceLastPass(
    tracker,
    endPass(takeSnapshot(open, master), endAt(tracker, replication, at, master), capabilities),
  );
}

/** A look asks for the states of the DBs first, and then for the counters. */
const closeRepliesMs = 200;

const receivedBy = (tracker: SlaveTracker, { tookMs, facts }: AnsweredLook): Received => ({
  bytes: tracker.replInputBytes,
  replication: facts.replication ?? null,
  binlogFileSizeBytes: tracker.binlogFileSizeBytes,
  uptimeSeconds: tracker.uptimeSeconds,
  bytesBeforeStates: tookMs > closeRepliesMs ? tracker.bytesBefore : null,
  throttleBytesPerSecond: tracker.throttleBytesPerSecond ?? null,
});

function endAt(
  tracker: SlaveTracker,
  replication: ReplicationFacts,
  at: number,
  master: MasterTracker,
): EndOfPass {
  const masterOffsets = master.silentSince === null ? master.replication?.binlog : undefined;
  const { replInputBytes, binlogFileSizeBytes } = tracker;
  return { replication, at, replInputBytes, masterOffsets, binlogFileSizeBytes };
}

/** Looks can be too far apart to see a short full sync; what it left behind is seen all the same. */
function takeUnseenPass(
  tracker: SlaveTracker,
  replication: ReplicationFacts,
  at: number,
  master: MasterTracker,
): SlaveTracker {
  if (tracker.waits.length > 0 || tracker.restarts.length > 0 || !isConnected(replication)) return tracker;
  const wait = unseenPass(tracker, endAt(tracker, replication, at, master), master);
  return wait === null ? tracker : { ...tracker, everWaited: true, waits: [wait] };
}

/** Other slaves that have entered their full sync since this one's wait began. */
const newcomers = (
  tracker: SlaveTracker,
  master: MasterTracker,
  capabilities: Capabilities,
): readonly string[] =>
  othersNow(tracker, master, capabilities).filter((name) => !tracker.othersSyncing.includes(name));

const othersNow = (
  tracker: SlaveTracker,
  master: MasterTracker,
  capabilities: Capabilities,
): readonly string[] =>
  othersInFullSync(master.replication, (slave) => slave === tracker.listed, capabilities);

function takeMaster(
  tracker: SlaveTracker,
  facts: NodeFacts,
  at: number,
  master: MasterTracker,
  before: ReplicationFacts | null,
): SlaveTracker {
  const replication = facts.replication;
  if (!replication) return takeOwnSize(tracker, facts, master);
  const connected = isConnected(replication);
  const statesChanged = JSON.stringify(replication.dbStates) !== JSON.stringify(before?.dbStates);
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
  const noConnectSince = noConnect && replication.role !== 'master' ? (tracker.noConnectSince ?? at) : null;
  return takeOwnSize(
    {
      ...tracker,
      ...(noConnectSince === at && tracker.waits.length > 0
        ? { bytesAtNoConnect: tracker.replInputBytes }
        : {}),
      establishedMaster: established,
      foreignMaster: isForeign ? `${shown.host}:${shown.port}` : null,
      detachedByOthersAt: detached ? (tracker.detachedByOthersAt ?? at) : null,
      upSince: connected ? (tracker.upSince ?? at) : null,
      noConnectSince,
      masterSyncingAt: tracker.masterSyncingAt ?? (masterIsSyncing(master) ? at : null),
      standing: standingNow(tracker, replication, at, connected),
      ...(asksNothing(replication) ? { idleAt: at } : {}),
      statesSince: statesChanged ? at : (tracker.statesSince ?? tracker.attachedAt),
    },
    facts,
    master,
  );
}

const asksNothing = (replication: ReplicationFacts): boolean => {
  const all = states(replication);
  return all.length > 0 && all.every((state) => state === 'Error' || state === 'NoConnect');
};

/** A link that goes up and down hides from every other clock that nothing is applied (pika-facts 5.1). */
function standingNow(
  { standing, waits, replInputBytes: bytes }: SlaveTracker,
  { binlog }: ReplicationFacts,
  at: number,
  connected: boolean,
): Standing | null {
  if (waits.at(-1)?.end !== 'swapped') return null;
  const moved =
    standing == null ||
    Object.entries(binlog).some(([db, offset]) => {
      const before = standing.offsets[db];
      return before === undefined || compareOffsets(offset, before) !== 0;
    });
  if (moved) return { offsets: binlog, movedAt: at, connected, flaps: 0, bytes };
  const flaps = standing.flaps + (standing.connected && !connected ? 1 : 0);
  return { ...standing, connected, flaps };
}

const masterIsSyncing = (master: MasterTracker): boolean =>
  master.replication !== null &&
  master.replication.role !== 'master' &&
  master.replication.linkStatus === 'down';

/** Whether the node shows the master that SLAVEOF named. Pika stores its own interface address in place of 127.0.0.1 (pika-facts 1.3), and a name verbatim. */
export const isSameMaster = (shown: Address, told: Address): boolean =>
  sameAddress(shown, told) ||
  (shown.port === told.port && (told.host === '127.0.0.1' || told.host === 'localhost'));

function takeOwnSize(tracker: SlaveTracker, facts: NodeFacts, { samples }: MasterTracker): SlaveTracker {
  if (tracker.upSince === null || tracker.ownSstBytes !== null || !facts.sizes) return tracker;
  const tables = snapshotSize(facts);
  return {
    ...tracker,
    ownSstBytes: tables,
    ownHeldBytes: (tables ?? 0) + (facts.sizes.memtableBytes ?? 0),
    masterSizedAt: latestSizedAt(samples),
  };
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
  if (wait && wait.endedAt === null) return phaseInPass(wait, tracker.phase, capabilities, master);
  if (wait?.end === 'swapped' && tracker.replication && !states(tracker.replication).includes('NoConnect'))
    return 'swapping';
  return 'attaching';
}

function phaseInPass(
  wait: FullSyncPass,
  current: TrackerPhase,
  capabilities: Capabilities,
  master: MasterTracker,
): TrackerPhase {
  if (!capabilities.hasReplByteCounters || wait.bytesLast === null)
    return master.bgsaving ? 'snapshotting' : 'transferring';
  if (wait.firstBytesAt === null) return 'snapshotting';
  const received = receivedInPass(wait) ?? 0;
  const all = wait.snapshotBytes !== null && wait.snapshotBytesKnown && received >= wait.snapshotBytes;
  return all && current === 'swapping' ? 'swapping' : 'transferring';
}

/** The wait that the present state rests on. */
export const lastPass = (tracker: SlaveTracker): FullSyncPass | null => tracker.waits.at(-1) ?? null;

/**
 * Whether it was a restart of the node that ended its last copy. It goes on with the data of before then, and asks for the
 * binlog from its own offset, which the master may not know.
 */
export function restartedInCopy(tracker: SlaveTracker): boolean {
  const wait = lastPass(tracker);
  return wait?.end === 'interrupted' && tracker.restarts.includes(wait.endedAt!);
}

/**
 * Whether the node's process ended after the copy that it rests on. A slave logs a write before it applies it, and goes on
 * from its log: what lay between the two when it was killed never comes.
 */
export function restartedAfterCopy(tracker: SlaveTracker): boolean {
  const wait = lastPass(tracker);
  return wait?.end === 'swapped' && tracker.restarts.some((at) => at > wait.endedAt!);
}

/** Whether files of a copy have come, so that a node that does not reply may be opening its database. */
export const mayBeSwapping = ({ waits }: SlaveTracker): boolean =>
  waits.some(({ firstBytesAt, bytesLast }) => firstBytesAt !== null || bytesLast === null);

/** Bytes per second over the last seconds; null = not known yet. */
export function transferRate(tracker: SlaveTracker): number | null {
  const first = tracker.rates[0];
  const last = tracker.rates.at(-1);
  if (!first || !last || last.at - first.at < 500) return null;
  return Math.max(0, ((last.bytes - first.bytes) * 1000) / (last.at - first.at));
}
