import { Binlog } from './binlog.ts';
import { createClock } from './clock.ts';
import { newSession, runCommand, type Session } from './commands.ts';
import { contentWithout } from './dump.ts';
import { isExpired, Keyspace, keyTypes, sameValue } from './keyspace.ts';
import { CursorStore } from './keyspace-commands/context.ts';
import { dataCommands } from './keyspace-commands/table.ts';
import { entryOf, startBgsave } from './master.ts';
import { createRandom } from './random.ts';
import type { Reply } from './reply.ts';
import { defaultSettings } from './settings.ts';
import { closeAtMaster, closeAtSlave, onNewerDump, onSilence, wake } from './slave.ts';
import { realTimers, type Timers } from './timers.ts';
import { endTransfer, outgoingBytesPerSecond, reallocate, settleAll } from './transfer.ts';
import { type SimulatedVersion, traitsOf } from './versions.ts';
import {
  type Connection,
  connectionTo,
  findDb,
  idleRsync,
  type LogLine,
  later,
  masterOf,
  numberSetting,
  type SimDb,
  type SimNode,
  type SupersededOutcome,
  setPartition,
  stall,
  type World,
} from './world.ts';
import { createWriteLoad, type WriteLoad, type WriteLoadOptions } from './write-load.ts';
import { runDataCommand } from './writing.ts';

export interface ClusterOptions {
  readonly seed: number | string;
  /** Start of virtual time, milliseconds since the epoch. Default: a fixed moment, so that runs can be compared. */
  readonly now?: number;
  readonly timers?: Timers;
  /** Claimed bytes on disk (and so of a full sync) per byte of data that is really held. Default 1. */
  readonly dataScale?: number;
  /** Claimed bytes of binlog per byte of record. Default 1. */
  readonly binlogScale?: number;
  /** How fast a master sends its binlog to each slave. Default 20 MB/s, as recorded. */
  readonly binlogBytesPerSecond?: number;
  /** Defaults of every node's options. */
  readonly defaults?: Partial<Omit<NodeOptions, 'id'>>;
  /** Events kept in `log`; the oldest go first. Default 100,000. */
  readonly keptEvents?: number;
}

export interface NodeOptions {
  readonly id: string;
  /** Default 3.5.4. */
  readonly version?: SimulatedVersion;
  /** Address under which it knows itself and announces itself. Default 127.0.0.1. */
  readonly host?: string;
  /** Default: 0, and the port is chosen when the node is served, or by order of creation in virtual time. */
  readonly port?: number;
  /** Other addresses at which nodes reach it (NAT). */
  readonly aliases?: readonly string[];
  /** Default 1. */
  readonly databases?: number;
  /** Settings other than the shipped ones, by their names in CONFIG GET. */
  readonly config?: Readonly<Record<string, string | number>>;
  /** '' = none yet. */
  readonly replicationId?: string;
  /** What the network card gives to all slaves together. Default: no limit. */
  readonly nicBytesPerSecond?: number;
  /** How fast a slave applies what is already in its binlog; its offset runs ahead of its data meanwhile. */
  readonly applyPerSecond?: number;
  /** Added to each reply, by what the node sends to its slaves. Default: none. */
  readonly replyDelayMs?: (outgoingBytesPerSecond: number) => number;
  /** Its binlog begins here: nothing before is in it, as on a master that is years old. Default 0:0. */
  readonly binlogAt?: { readonly file: number; readonly offset: number };
}

export interface LoadOptions {
  /** How many keys of each type. */
  readonly strings?: number;
  readonly hashes?: number;
  readonly lists?: number;
  readonly sets?: number;
  readonly zsets?: number;
  readonly streams?: number;
  /** Length of a string value and of all members of a collection together. Default 100. */
  readonly valueBytes?: number;
  readonly prefix?: string;
  readonly db?: string;
  /** Share of the strings with an expiry an hour to ten hours away. Default 0. */
  readonly expiringShare?: number;
  /** Not through the binlog: as on a master restored from a dump (recordings 12, 31). */
  readonly outsideBinlog?: boolean;
}

/** The node's process is not there: connection refused. */
export class NodeRefused extends Error {
  readonly code = 'ECONNREFUSED';
}

/** The node answers only later: it is opening a database or joining threads. */
export class NodeStalled extends Error {
  readonly untilMs: number;
  constructor(message: string, untilMs: number) {
    super(message);
    this.untilMs = untilMs;
  }
}

export interface Outcome {
  readonly reply: Reply;
  /** Virtual time at which the client has the reply. */
  readonly readyAt: number;
}

/** The truth about a node, as no client can see it. */
export interface Observed {
  readonly id: string;
  readonly alive: boolean;
  readonly keys: number;
  /** Keys that the master has and the node has not, or holds with another value. null = no master. */
  readonly missing: number | null;
  readonly different: number | null;
  /** Keys that the node has and the master has not. */
  readonly foreign: number | null;
  /**
   * Of the missing and different ones those that the binlog still to come will not repair: real loss. 0 on a healthy
   * slave at any moment, whatever its lag.
   */
  readonly lost: number | null;
  readonly states: Readonly<Record<string, string>>;
  /** Slaves of this node that are in full sync now. */
  readonly slavesInFullSync: readonly string[];
  readonly dumpsMade: number;
  readonly fullSyncsDone: number;
  readonly replicationId: string;
  readonly bootFailure: string | null;
}

export interface Faults {
  /** Ends the process at once. `silent`: the host is gone, so peers notice only by time-outs. */
  crash(id: string, how?: { readonly silent?: boolean }): void;
  /** Starts the process; one that died on a partial database dies again. */
  restart(id: string): void;
  /** Cuts the network between two nodes. What is under way arrives after `heal`, if the connection lives. */
  partition(a: string, b: string): void;
  heal(a: string, b: string): void;
  /** No replies to clients for so long (milliseconds). */
  stall(id: string, forMs: number): void;
  /** The slave hears nothing of the master for its DBs from now on: 20 s later it gives the sync up. */
  losePings(slave: string): void;
  /** The next dump takes so long. */
  slowBgsave(id: string, ms: number): void;
  /** The next dump fails: disk full. */
  failBgsave(id: string, ms?: number): void;
  /** A BGSAVE by somebody else, now. */
  bgsave(id: string): void;
  /** Deletes binlog files up to `through` (default: all but the newest), whoever needs them. */
  purgeBinlog(id: string, through?: number): void;
  /** What the next superseded copy of this node turns out to be, instead of what its bytes say. */
  nextSuperseded(id: string, outcome: SupersededOutcome): void;
  /** Takes data from a node behind everybody's back. Returns how many keys are gone. */
  dropKeys(id: string, share: number): number;
  /** Deletes data and binlog of a stopped node; its configuration stays (recording 10b). Returns to it a start. */
  wipe(id: string): void;
  pauseWrites(id: string): void;
  resumeWrites(id: string): void;
}

export interface Cluster {
  readonly world: World;
  readonly fault: Faults;
  readonly log: readonly LogLine[];
  now(): number;
  /** Runs everything that happens up to this moment. */
  advanceTo(at: number): void;
  advance(byMs: number): void;
  /** Runs until the condition holds; false when it did not within `withinMs`. Looks after every event. */
  advanceUntil(condition: () => boolean, withinMs: number): boolean;
  nextEventAt(): number | null;
  addNode(options: NodeOptions): SimNode;
  node(id: string): SimNode;
  readonly nodes: readonly SimNode[];
  load(id: string, options: LoadOptions): void;
  /** Clients that write to the node without pause. Replaces the one before; stops with the process. */
  startWrites(id: string, options: WriteLoadOptions): void;
  stopWrites(id: string): void;
  /** A client's connection. */
  session(): Session;
  /**
   * One command by a client that is logged in (or by `session`). Throws NodeRefused or NodeStalled.
   * Strings are binary: one character a byte.
   */
  execute(id: string, argv: readonly string[], session?: Session): Reply;
  /** As `execute`, with the time at which the client has the reply. */
  perform(id: string, argv: readonly string[], session?: Session): Outcome;
  observe(id: string): Observed;
}

const defaultStart = Date.UTC(2026, 10, 22, 7, 0, 0);
const firstVirtualPort = 9221;

/** Makes an empty cluster. Nothing in it moves but by `advance…`; the same seed and calls give the same run. */
export function createCluster(options: ClusterOptions): Cluster {
  const log: LogLine[] = [];
  const keptEvents = options.keptEvents ?? 100_000;
  const loads = new Map<string, WriteLoad>();
  const localSessions = new Map<string, Session>();
  const clock = createClock(options.now ?? defaultStart);
  const world: World = {
    clock,
    timers: options.timers ?? realTimers,
    nodes: new Map(),
    dataScale: options.dataScale ?? 1,
    binlogScale: options.binlogScale ?? 1,
    binlogBytesPerSecond: options.binlogBytesPerSecond ?? 20_000_000,
    partitions: new Set(),
    transfers: new Set(),
    processListeners: new Set(),
    note(node, event, data = {}) {
      log.push({ at: clock.now(), node: node.id, event, data });
      if (log.length > keptEvents * 1.1) log.splice(0, log.length - keptEvents);
    },
    onNewerDump: (transfer) => onNewerDump(world, transfer),
    onSilence: (slave, db) => onSilence(world, slave, db),
    onSegfault(node) {
      world.note(node, 'segmentation_fault', {});
      stop(node, {});
    },
    onDeath(node, db, { dump, lost, reason }) {
      db.keyspace = contentWithout(dump, lost, node.traits);
      node.bootFailure = reason;
      world.note(node, 'fatal', { db: db.name, reason });
      stop(node, {});
    },
  };

  const find = (id: string): SimNode => {
    const node = world.nodes.get(id);
    if (node === undefined) throw new Error(`the simulated cluster has no node ${id}`);
    return node;
  };

  function stop(node: SimNode, how: { readonly silent?: boolean }): void {
    if (!node.alive) return;
    loads.get(node.id)?.stop();
    loads.delete(node.id);
    node.alive = false;
    node.life++;
    node.aux = null;
    node.closeCron = null;
    for (const transfer of [...world.transfers]) if (transfer.slave === node) endTransfer(world, transfer);
    for (const connection of [...node.connections]) loseConnection(node, connection, how.silent ?? false);
    node.slaves = [];
    node.connections.length = 0;
    world.note(node, 'process_ended', {});
    for (const listener of world.processListeners) listener(node, false);
  }

  /** The other end notices at once, or, when the whole host is gone, when its own time-out strikes. */
  function loseConnection(gone: SimNode, connection: Connection, silent: boolean): void {
    const isSlave = connection.slave === gone;
    const peer = isSlave ? connection.master : connection.slave;
    const notice = isSlave ? closeAtMaster : closeAtSlave;
    const afterMs = isSlave ? world.timers.masterIdleMs : world.timers.slaveIdleMs;
    if (!silent) {
      notice(world, connection);
      return;
    }
    later(world, peer, afterMs, () => notice(world, connection));
    if (isSlave) connection.open = false;
    else freezeCopies(gone, peer);
  }

  function freezeCopies(master: SimNode, slave: SimNode): void {
    for (const transfer of world.transfers) {
      if (transfer.master !== master || transfer.slave !== slave) continue;
      transfer.bytesPerSecond = 0;
      if (transfer.done !== null) transfer.done.cancelled = true;
    }
    losePings(world, slave);
  }

  function start(node: SimNode): void {
    if (node.alive) return;
    node.startedAt = clock.now();
    node.processId += node.random.int(1, 500);
    node.life++;
    node.counters = emptyCounters();
    node.diskUsage = null;
    node.settings.clear();
    for (const [name, value] of node.persisted.settings) node.settings.set(name, value);
    node.replicationId = node.persisted.replicationId;
    node.unfinished = new Set(node.persisted.unfinished);
    node.closing.clear();
    node.pushQueue.length = 0;
    node.pushing = false;
    node.forceFullSync = false;
    node.rsyncThreads = false;
    node.stalledUntil = 0;
    localSessions.delete(node.id);
    for (const db of node.dbs) {
      db.state = 'NoConnect';
      db.rsync = idleRsync();
      db.dump = null;
      db.bgsaving = false;
      db.keyScan = null;
      db.toApply.length = 0;
      db.applying = false;
    }
    if (node.bootFailure !== null) {
      world.note(node, 'start_failed', { reason: node.bootFailure });
      return;
    }
    node.alive = true;
    const [host, port] = splitSlaveof(node.persisted.slaveof);
    node.master = host === undefined ? null : { host, port };
    node.replState = node.master === null ? 'none' : 'should';
    node.firstMetaSync = true;
    node.notBefore = 0;
    world.note(node, 'process_started', {});
    for (const listener of world.processListeners) listener(node, true);
    if (node.master !== null) wake(world, node);
  }

  function addNode(given: NodeOptions): SimNode {
    const node = createNode(world, options, { ...options.defaults, ...given });
    if (world.nodes.has(node.id)) throw new Error(`the simulated cluster has a node ${node.id} already`);
    if (node.port === 0) node.port = firstVirtualPort + world.nodes.size;
    world.nodes.set(node.id, node);
    return node;
  }

  function perform(id: string, argv: readonly string[], session?: Session): Outcome {
    const node = find(id);
    const now = clock.now();
    if (!node.alive)
      throw new NodeRefused(`${id} at ${node.host}:${node.port}: connection refused, its process is gone`);
    if (node.stalledUntil > now) throw new NodeStalled(`${id} does not answer now`, node.stalledUntil);
    const reply = runCommand(world, node, session ?? localSession(id), argv);
    const delay = node.replyDelayMs(outgoingBytesPerSecond(world, node));
    return { reply, readyAt: Math.max(now + delay, node.stalledUntil) };
  }

  function localSession(id: string): Session {
    const known = localSessions.get(id) ?? { ...newSession(), authenticated: true };
    localSessions.set(id, known);
    return known;
  }

  const fault: Faults = {
    crash: (id, how = {}) => stop(find(id), how),
    restart: (id) => start(find(id)),
    partition: (a, b) => cut(world, find(a), find(b)),
    heal: (a, b) => heal(world, find(a), find(b)),
    stall: (id, forMs) => stall(world, find(id), forMs),
    losePings: (id) => losePings(world, find(id)),
    slowBgsave: (id, ms) => void find(id).bgsavePlans.push({ ms, fails: false }),
    failBgsave: (id, ms) =>
      void find(id).bgsavePlans.push({ ...(ms === undefined ? {} : { ms }), fails: true }),
    bgsave(id) {
      const node = find(id);
      for (const db of node.dbs) startBgsave(world, node, db, 'by somebody else');
    },
    purgeBinlog(id, through) {
      const node = find(id);
      for (const { name, binlog } of node.dbs) {
        const gone = binlog.purge(through ?? binlog.position.file - 1, () => true);
        if (gone.length > 0) world.note(node, 'binlog_purged', { db: name, through: gone.at(-1) });
      }
    },
    nextSuperseded: (id, outcome) => void find(id).forcedOutcomes.push(outcome),
    dropKeys: (id, share) => dropKeys(find(id), share),
    wipe(id) {
      const node = find(id);
      if (node.alive) throw new Error(`${id} runs: stop it before its data are deleted`);
      for (const db of node.dbs) {
        db.keyspace = new Keyspace(node.traits.instances);
        db.binlog.reset({ file: 0, offset: 0 });
      }
      node.persisted.slaveof = '';
      node.bootFailure = null;
    },
    pauseWrites: (id) => loads.get(id)?.pause(),
    resumeWrites: (id) => loads.get(id)?.resume(),
  };

  return {
    world,
    fault,
    log,
    now: clock.now,
    advanceTo: clock.advanceTo,
    advance: (byMs) => clock.advanceTo(clock.now() + byMs),
    advanceUntil(condition, withinMs) {
      const end = clock.now() + withinMs;
      while (!condition()) {
        const next = clock.nextAt();
        if (next === null || next > end) {
          clock.advanceTo(end);
          return condition();
        }
        clock.advanceTo(next);
      }
      return true;
    },
    nextEventAt: clock.nextAt,
    addNode,
    node: find,
    get nodes() {
      return [...world.nodes.values()];
    },
    load: (id, what) => loadKeys(world, find(id), what),
    startWrites(id, what) {
      loads.get(id)?.stop();
      loads.set(id, createWriteLoad(world, find(id), what));
    },
    stopWrites(id) {
      loads.get(id)?.stop();
      loads.delete(id);
    },
    session: newSession,
    execute: (id, argv, session) => perform(id, argv, session).reply,
    perform,
    observe: (id) => observe(world, find(id)),
  };
}

const splitSlaveof = (text: string): [string | undefined, number] => {
  const colon = text.lastIndexOf(':');
  return colon === -1 ? [undefined, 0] : [text.slice(0, colon), Number(text.slice(colon + 1))];
};

const emptyCounters = (): SimNode['counters'] => ({
  connections: 0,
  clients: 1,
  commands: 0,
  netIn: 0,
  netOut: 0,
  replIn: 0,
  replOut: 0,
  perCommand: new Map(),
});

function createNode(world: World, cluster: ClusterOptions, options: NodeOptions): SimNode {
  const traits = traitsOf(options.version ?? '3.5.4');
  const random = createRandom(`${cluster.seed} ${options.id}`);
  const settings = defaultSettings(traits.version, options.id);
  for (const [name, value] of Object.entries(options.config ?? {})) settings.set(name, String(value));
  const node: SimNode = {
    id: options.id,
    traits,
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    aliases: options.aliases ?? [],
    random,
    alive: true,
    life: 0,
    startedAt: world.clock.now() - random.int(5_000, 3_600_000),
    processId: random.int(1_000, 30_000),
    runId: random.hex(40),
    settings,
    persisted: {
      settings: new Map(settings),
      slaveof: '',
      replicationId: options.replicationId ?? '',
      unfinished: new Set(),
    },
    replicationId: options.replicationId ?? '',
    master: null,
    replState: 'none',
    firstMetaSync: false,
    lastMetaSync: 0,
    notBefore: 0,
    forceFullSync: false,
    connections: [],
    closing: new Set(),
    closeCron: null,
    slaves: [],
    dbs: [],
    unfinished: new Set(),
    bootFailure: null,
    stalledUntil: 0,
    rsyncThreads: false,
    lastSave: 0,
    aux: null,
    phaseMs: random.int(0, 999_999),
    fds: random.int(70, 130),
    counters: emptyCounters(),
    diskUsage: null,
    pushQueue: [],
    pushing: false,
    nicBytesPerSecond: options.nicBytesPerSecond ?? Number.POSITIVE_INFINITY,
    applyPerSecond: options.applyPerSecond ?? Number.POSITIVE_INFINITY,
    replyDelayMs: options.replyDelayMs ?? (() => 0),
    dumpsMade: 0,
    fullSyncsDone: 0,
    bgsavePlans: [],
    forcedOutcomes: [],
  };
  const fileBytes = numberSetting(node, 'binlog-file-size');
  for (let i = 0; i < (options.databases ?? 1); i++)
    node.dbs.push({
      name: `db${i}`,
      keyspace: new Keyspace(traits.instances),
      binlog: new Binlog(fileBytes, world.binlogScale, options.binlogAt),
      state: 'NoConnect',
      rsync: idleRsync(),
      dump: null,
      bgsaving: false,
      keyScan: null,
      cursors: new CursorStore(),
      flushed: new Map(),
      sessions: 0,
      toApply: [],
      applying: false,
    });
  return node;
}

// ---- data --------------------------------------------------------------------------------------------------------

const filler = (random: SimNode['random'], length: number): string => {
  let text = '';
  while (text.length < length) text += random.hex(16);
  return text.slice(0, length);
};

/** Fills a node with keys of all wanted types, evenly over the key space. */
function loadKeys(world: World, node: SimNode, options: LoadOptions): void {
  const db = findDb(node, options.db ?? 'db0');
  if (db === undefined) throw new Error(`${node.id} has no DB ${options.db}`);
  const prefix = options.prefix ?? 'key';
  const bytes = options.valueBytes ?? 100;
  const { random } = node;
  const name = (type: string, index: number): string => `${prefix}:${type}:${String(index).padStart(9, '0')}`;
  const expiry = (): string[] =>
    random.next() < (options.expiringShare ?? 0) ? ['EX', String(random.int(3_600, 36_000))] : [];
  const part = (): string => filler(random, Math.max(1, Math.floor(bytes / 4)));
  const makers: Readonly<Record<string, (key: string) => string[]>> = {
    strings: (key) => ['SET', key, filler(random, bytes), ...expiry()],
    hashes: (key) => ['HSET', key, 'a', part(), 'b', part(), 'c', part()],
    lists: (key) => ['RPUSH', key, part(), part(), part()],
    sets: (key) => ['SADD', key, part(), part(), part()],
    zsets: (key) => ['ZADD', key, '1', part(), '2.5', part(), '3', part()],
    streams: (key) => ['XADD', key, '*', 'a', part(), 'b', part()],
  };
  for (const [type, make] of Object.entries(makers)) {
    const count = options[type as 'strings'] ?? 0;
    for (let i = 0; i < count; i++) put(world, node, db, make(name(type, i)), options.outsideBinlog ?? false);
  }
  db.flushed.clear();
}

function put(world: World, node: SimNode, db: SimDb, argv: readonly string[], outsideBinlog: boolean): void {
  if (!outsideBinlog) {
    runDataCommand(world, node, db, argv);
    return;
  }
  const context = { keyspace: db.keyspace, traits: node.traits, now: world.clock.now(), cursors: db.cursors };
  dataCommands[argv[0]!.toLowerCase()]!.run({ ...context, log: () => {} }, argv);
}

function dropKeys(node: SimNode, share: number): number {
  let dropped = 0;
  for (const { keyspace } of node.dbs)
    for (const type of keyTypes) {
      const doomed: string[] = [];
      keyspace.keys(type).scan('', (key) => {
        if (node.random.next() < share) doomed.push(key);
        return true;
      });
      for (const key of doomed) keyspace.remove(type, key);
      dropped += doomed.length;
    }
  return dropped;
}

// ---- network -----------------------------------------------------------------------------------------------------

function cut(world: World, a: SimNode, b: SimNode): void {
  setPartition(world, a, b, true);
  for (const node of [a, b]) reallocate(world, node);
  for (const [slave, master] of [
    [a, b],
    [b, a],
  ] as const) {
    const connection = connectionTo(slave, master);
    if (connection === undefined) continue;
    const still = (): boolean => connection.open && world.partitions.has([a.id, b.id].sort().join(' '));
    later(world, slave, world.timers.silenceMs, () => {
      if (still()) silence(world, slave);
    });
    later(world, master, world.timers.silenceMs, () => {
      if (still()) entryOf(master, slave)?.dbs.clear();
    });
    later(world, slave, world.timers.slaveIdleMs, () => {
      if (still()) closeAtSlave(world, connection);
    });
    later(world, master, world.timers.masterIdleMs, () => {
      if (master.slaves.some((entry) => entry.connection === connection && !connection.open))
        closeAtMaster(world, connection);
    });
  }
}

const silence = (world: World, slave: SimNode): void => {
  for (const db of slave.dbs)
    if (db.state === 'Connected' || db.state === 'WaitDBSync') onSilence(world, slave, db);
};

function heal(world: World, a: SimNode, b: SimNode): void {
  setPartition(world, a, b, false);
  for (const node of [a, b]) reallocate(world, node);
  for (const node of [a, b])
    for (const { connection } of [...node.slaves]) {
      if (connection.slave !== a && connection.slave !== b) continue;
      if (!connection.open) closeAtMaster(world, connection);
      for (const run of connection.held.splice(0)) if (connection.open) run();
    }
}

/** Without pings only the time-out is lost; the connection and a copy go on. */
function losePings(world: World, slave: SimNode): void {
  later(world, slave, world.timers.silenceMs, () => silence(world, slave));
}

// ---- truth -------------------------------------------------------------------------------------------------------

function observe(world: World, node: SimNode): Observed {
  settleAll(world, node);
  const master = masterOf(world, node);
  const difference = master === undefined ? null : compare(world, master, node);
  return {
    id: node.id,
    alive: node.alive,
    keys: node.dbs.reduce((total, db) => total + liveKeys(db, world.clock.now()), 0),
    missing: difference?.missing ?? null,
    different: difference?.different ?? null,
    foreign: difference?.foreign ?? null,
    lost: difference?.lost ?? null,
    states: Object.fromEntries(node.dbs.map(({ name, state }) => [name, state])),
    slavesInFullSync: slavesInFullSync(world, node),
    dumpsMade: node.dumpsMade,
    fullSyncsDone: node.fullSyncsDone,
    replicationId: node.replicationId,
    bootFailure: node.bootFailure,
  };
}

/** From the request for a dump until the data are swapped in, hung copies included. */
function slavesInFullSync(world: World, master: SimNode): string[] {
  const found: string[] = [];
  for (const slave of world.nodes.values()) {
    if (!slave.alive || masterOf(world, slave) !== master) continue;
    if (slave.dbs.some((db) => db.state === 'WaitDBSync' || db.state === 'TryDBSync')) found.push(slave.id);
  }
  return found;
}

function liveKeys({ keyspace }: SimDb, now: number): number {
  let count = 0;
  for (const type of keyTypes)
    keyspace.keys(type).scan('', (_, entry) => {
      if (!isExpired(entry, now)) count++;
      return true;
    });
  return count;
}

interface Difference {
  readonly missing: number;
  readonly different: number;
  readonly foreign: number;
  readonly lost: number;
}

function compare(world: World, master: SimNode, node: SimNode): Difference {
  const total = { missing: 0, different: 0, foreign: 0, lost: 0 };
  for (const db of node.dbs) {
    const source = findDb(master, db.name);
    if (source === undefined) continue;
    const coming = keysToCome(source, db);
    const now = world.clock.now();
    for (const type of keyTypes) {
      source.keyspace.keys(type).scan('', (key, entry) => {
        if (isExpired(entry, now)) return true;
        const own = db.keyspace.peek(type, key, now);
        if (own !== undefined && own.expireAt === entry.expireAt && sameValue(type, own, entry)) return true;
        if (own === undefined) total.missing++;
        else total.different++;
        if (!coming.has(key)) total.lost++;
        return true;
      });
      db.keyspace.keys(type).scan('', (key, entry) => {
        if (!isExpired(entry, now) && source.keyspace.peek(type, key, now) === undefined) total.foreign++;
        return true;
      });
    }
  }
  return total;
}

/** Keys that records which the slave has not applied yet will write. */
function keysToCome(source: SimDb, db: SimDb): Set<string> {
  const reader = source.binlog.readerAt(db.binlog.position);
  const records = [...db.toApply, ...(reader === undefined ? [] : source.binlog.after(reader))];
  const keys = new Set<string>();
  for (const argv of records) for (const word of argv.slice(1)) keys.add(word);
  return keys;
}
