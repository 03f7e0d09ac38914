import { createClock } from './clock.ts';
import { newSession, runCommand, type Session } from './commands.ts';
import { contentWithout } from './dump.ts';
import { diedOpening, foldersOf, type SimFolder, wiped } from './folders.ts';
import { createGlog } from './glog.ts';
import { Keyspace } from './keyspace.ts';
import { startProcess, stopProcess } from './lifecycle.ts';
import { dropKeys, type LoadOptions, loadKeys } from './loading.ts';
import { startBgsave } from './master.ts';
import { cut, heal, losePings } from './network.ts';
import { createNode, type NodeOptions } from './node.ts';
import { type Observed, observe } from './observe.ts';
import type { Reply } from './reply.ts';
import { onSilence, onTick, onUnparsed } from './slave.ts';
import { onNewerDump } from './slave-copy.ts';
import { closeConnection } from './slave-link.ts';
import { realTimers, type Timers } from './timers.ts';
import { outgoingBytesPerSecond, reallocate, removeDumps, setCopyRoom, settleAll } from './transfer.ts';
import {
  type Endpoint,
  type LogLine,
  nodeAt,
  replicationPorts,
  type SimNode,
  type SupersededOutcome,
  stall,
  takePort,
  type World,
} from './world.ts';
import { createWriteLoad, type WriteLoad, type WriteLoadOptions } from './write-load.ts';

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
  /** Nodes write log files. Default: no. */
  readonly logs?: boolean;
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

interface Outcome {
  readonly reply: Reply;
  /** Virtual time at which the client has the reply. */
  readonly readyAt: number;
}

interface Faults {
  /** Ends the process at once. `silent`: the host is gone, so peers notice only by time-outs. */
  crash(id: string, how?: { readonly silent?: boolean }): void;
  /** Starts the process; a process that died on a partial database dies again. */
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
  /** Every dump fails from now on, also by hand: its folder cannot be written. `false`: it can again. */
  breakDumps(id: string, broken?: boolean, refusals?: number): void;
  /** Somebody deletes the folder of its dumps, also during a copy. */
  removeDumps(id: string): void;
  /** Nobody reaches the node's port +2000 (`replication`) or +10001 (`files`) from now on. `false`: they do again. */
  closePort(id: string, port: 'replication' | 'files', closed?: boolean): void;
  /** So many of the next replies to the node's questions come before it has noted that it waits for them. */
  overtakeReplies(id: string, replies?: number): void;
  /** The node has another address from its next start on, as where names are given to hosts that come and go. */
  readdress(id: string, host: string): void;
  /** So many bytes of a copy fit on the node's disk from now on; Infinity = all. */
  copyRoom(id: string, bytes: number): void;
  /** A BGSAVE by somebody else, now. */
  bgsave(id: string): void;
  /** Deletes binlog files up to `through` (default: all but the newest), whoever needs them. */
  purgeBinlog(id: string, through?: number): void;
  /** What the next superseded copy of this node turns out to be, instead of what its bytes say. */
  nextSuperseded(id: string, outcome: SupersededOutcome): void;
  /** So many writes are lost on the node after the next FLUSHALL or FLUSHDB that reaches it, where its version loses any. */
  nextFlushLoses(id: string, writes: number): void;
  /** The next FLUSHALL or FLUSHDB that reaches the node overtakes so many of the writes before it, where its version does so. */
  nextFlushOvertakes(id: string, writes: number): void;
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
  /** The node that takes connections at this address: on its own port, or on one of its replication. */
  listener(address: Endpoint): SimNode | undefined;
  readonly nodes: readonly SimNode[];
  load(id: string, options: LoadOptions): void;
  /** Clients that write to the node without pause. Replaces the previous load; stops with the process. */
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
  /** The lines of its log files; none where the cluster keeps no logs. */
  logOf(id: string): readonly string[];
  /** What lies in its folders at this moment. */
  foldersOf(id: string): readonly SimFolder[];
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
    ports: new Map(),
    processListeners: new Set(),
    catchUp: () => {},
    note(node, event, data = {}) {
      log.push({ at: clock.now(), node: node.id, event, data });
      if (log.length > keptEvents * 1.1) log.splice(0, log.length - keptEvents);
    },
    get glog() {
      return glog;
    },
    onTick: (node) => onTick(world, node),
    onNewerDump: (transfer) => onNewerDump(world, transfer),
    onSilence: (slave, db) => onSilence(world, slave, db),
    onUnparsed: (slave, db) => onUnparsed(world, slave, db),
    onOffsetsApart(connection, db) {
      world.note(connection.slave, 'offsets_apart', { db: db.name });
      closeConnection(world, connection);
    },
    onSegfault(node) {
      world.note(node, 'segmentation_fault', {});
      stopProcess(world, node, {});
    },
    onDeath(node, db, { dump, lost, reason }) {
      db.keyspace = contentWithout(dump, lost, node.traits);
      diedOpening(db);
      node.bootFailure = reason;
      world.note(node, 'fatal', { db: db.name, reason });
      world.glog.write(node, 'aux', ['F', 'storage.cc', reason]);
      stopProcess(world, node, {});
    },
  };

  const glog = createGlog(world, options.logs ?? false);

  const find = (id: string): SimNode => {
    world.catchUp();
    const node = world.nodes.get(id);
    if (node === undefined) throw new Error(`the simulated cluster has no node ${id}`);
    return node;
  };

  function addNode(given: NodeOptions): SimNode {
    const node = createNode(world, String(options.seed), { ...options.defaults, ...given });
    if (world.nodes.has(node.id)) throw new Error(`the simulated cluster has a node ${node.id} already`);
    takePort(world, node, node.port === 0 ? firstVirtualPort + world.nodes.size : node.port);
    world.nodes.set(node.id, node);
    glog.write(node, 'main', ['I', 'pika.cc', `Server at: /data/${node.id}/pika.conf`]);
    return node;
  }

  function perform(id: string, argv: readonly string[], session?: Session): Outcome {
    const node = find(id);
    const now = clock.now();
    if (!node.alive)
      throw new NodeRefused(`${id} at ${node.host}:${node.port}: connection refused, its process is gone`);
    if (node.stalledUntil > now) throw new NodeStalled(`${id} does not answer now`, node.stalledUntil);
    const reply = runCommand(world, node, session ?? localSession(id), argv);
    const delay = node.replyDelayMs(outgoingBytesPerSecond(node));
    return { reply, readyAt: Math.max(now + delay, node.stalledUntil) };
  }

  function localSession(id: string): Session {
    const known = localSessions.get(id) ?? { ...newSession(), authenticated: true };
    localSessions.set(id, known);
    return known;
  }

  world.processListeners.add((node, up) => {
    if (up) return;
    loads.delete(node.id);
    localSessions.delete(node.id);
  });

  const fault: Faults = {
    crash: (id, how = {}) => stopProcess(world, find(id), how),
    restart: (id) => startProcess(world, find(id)),
    partition: (a, b) => cut(world, find(a), find(b)),
    heal: (a, b) => heal(world, find(a), find(b)),
    stall: (id, forMs) => stall(world, find(id), forMs),
    losePings: (id) => losePings(world, find(id)),
    slowBgsave: (id, ms) => void find(id).bgsavePlans.push({ ms, fails: false }),
    failBgsave: (id, ms) =>
      void find(id).bgsavePlans.push({ ...(ms === undefined ? {} : { ms }), fails: true }),
    breakDumps(id, broken = true, refusals = 1) {
      Object.assign(find(id), { dumpsFail: broken, refusals });
    },
    removeDumps: (id) => removeDumps(world, find(id)),
    closePort(id, port, closed = true) {
      const node = find(id);
      node.opens[port] = !closed;
      reallocate(world, node);
    },
    overtakeReplies(id, replies = 1) {
      find(id).overtakingReplies = replies;
    },
    readdress(id, host) {
      const node = find(id);
      if (node.alive) throw new Error(`${id} runs: stop it before its address changes`);
      node.host = host;
    },
    copyRoom: (id, bytes) => setCopyRoom(world, find(id), bytes),
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
    nextFlushLoses: (id, writes) => void find(id).flushLosses.push(writes),
    nextFlushOvertakes: (id, writes) => void find(id).flushOvertakes.push(writes),
    dropKeys: (id, share) => dropKeys(find(id), share),
    wipe(id) {
      const node = find(id);
      if (node.alive) throw new Error(`${id} runs: stop it before its data are deleted`);
      for (const db of node.dbs) {
        db.keyspace = new Keyspace(node.traits.instances);
        db.binlog.reset({ file: 0, offset: 0 });
        wiped(db);
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
    now() {
      world.catchUp();
      return clock.now();
    },
    advanceTo: (at) => clock.advanceTo(at),
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
    nextEventAt: () => clock.nextAt(),
    addNode,
    node: find,
    listener: (address) =>
      nodeAt(world, address) ??
      [...world.nodes.values()].find(
        (node) =>
          replicationPorts(node).includes(address.port) &&
          nodeAt(world, { ...address, port: node.port }) === node,
      ),
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
    logOf(id) {
      const node = find(id);
      settleAll(world, node);
      return glog.linesOf(node);
    },
    foldersOf(id) {
      const node = find(id);
      settleAll(world, node);
      return foldersOf(world, node);
    },
  };
}
