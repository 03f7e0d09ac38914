import type { Binlog, BinlogRecord, Position, Reader } from './binlog.ts';
import type { Clock, Scheduled } from './clock.ts';
import type { Dump, DumpFile } from './dump.ts';
import type { Keyspace } from './keyspace.ts';
import type { CursorStore } from './keyspace-commands/context.ts';
import type { Random } from './random.ts';
import type { Timers } from './timers.ts';
import type { Traits } from './versions.ts';

/** States of one DB of a slave (include/pika_define.h). */
export type ReplState =
  | 'NoConnect'
  | 'TryConnect'
  | 'TryDBSync'
  | 'WaitDBSync'
  | 'WaitReply'
  | 'Connected'
  | 'Error'
  | 'DBNoConnect';

export type SupersededOutcome = 'loss' | 'hang' | 'death';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A running copy of a dump from the master to one DB of a slave. */
export interface Transfer {
  readonly slave: SimNode;
  readonly master: SimNode;
  readonly db: SimDb;
  readonly dump: Dump;
  /** How many files come at a time. */
  readonly workers: number;
  readonly startedAt: number;
  /** Bytes arrived up to `settledAt`. */
  copied: number;
  /** Bytes asked for by requests that timed out. */
  askedAgain: number;
  settledAt: number;
  bytesPerSecond: number;
  /** Nothing will ever arrive: a failed dump, or a layout that the slave cannot write. */
  readonly stuck: boolean;
  /** The files were deleted on the master. */
  gone: boolean;
  done: Scheduled | null;
}

export interface RsyncClient {
  status: 'idle' | 'running' | 'stopped';
  transfer: Transfer | null;
  /** What the copy turned out to be once it stopped. */
  result:
    | { readonly kind: 'complete'; readonly dump: Dump }
    | { readonly kind: 'partial'; readonly dump: Dump; readonly lost: readonly string[] }
    | {
        readonly kind: 'death';
        readonly dump: Dump;
        readonly lost: readonly string[];
        readonly reason: string;
      }
    | { readonly kind: 'hang' }
    | { readonly kind: 'discarded' }
    | null;
  initTries: number;
  initRounds: number;
  nextInitAt: number;
}

export interface KeyScan {
  readonly startedAt: number;
  /** Seconds; null while it runs. */
  readonly durationSeconds: number | null;
  readonly counts: Readonly<
    Record<string, { readonly keys: number; readonly expires: number; readonly stale: number }>
  >;
}

/** A folder that takes a copy, and becomes a database. Renamed, it keeps its number, as a real folder keeps its inode. */
export interface DataFolder {
  readonly inode: number;
  /** What fills it, or did until its process ended; null = nothing has come, or all was opened. */
  readonly copy: Pick<Transfer, 'dump' | 'copied' | 'workers'> | null;
  /** What RocksDB has open in it; null = nothing yet. */
  readonly open: OpenDatabase | null;
}

interface OpenDatabase {
  readonly tables: readonly DumpFile[];
  /** Number of its MANIFEST. */
  readonly manifest: number;
  readonly wasCopied: boolean;
}

export interface DumpFolder {
  readonly inode: number;
  /** Files of all its databases, of each the tables first. */
  readonly files: readonly DumpFile[];
  readonly begunAt: number;
  readonly takesMs: number;
  /** null = it is being made. */
  dump: Dump | null;
}

/** What lies on the disks of a node, of one DB; the end of the process changes nothing of it. */
export interface Disk {
  inodes: number;
  /** In dump-path. */
  dump: DumpFolder | null;
  /** In dump-path, as `dbN_FAILED`. */
  failedDump: DumpFolder | null;
  /** In db-sync-path. */
  copy: DataFolder | null;
  /** In db-path; null = it was moved away and nothing took its place: the first read ends the process. */
  opened: DataFolder | null;
  /** In db-path, as `dbN_bak`: the data from before a swap that did not end. The next swap deletes them. */
  backup: DataFolder | null;
}

export interface SimDb {
  readonly name: string;
  keyspace: Keyspace;
  readonly binlog: Binlog;
  state: ReplState;
  rsync: RsyncClient;
  dump: Dump | null;
  /** On its disk, of the last copy that came whole. */
  copiedBytes: number;
  bgsaving: boolean;
  keyScan: KeyScan | null;
  readonly cursors: CursorStore;
  /** Claimed bytes per database that are flushed to disk. */
  readonly flushed: Map<string, number>;
  sessions: number;
  readonly disk: Disk;
  /** Written to the own binlog, not yet to the data. */
  readonly toApply: BinlogRecord[];
  applying: boolean;
  /** The parser of what comes from the master is broken, until the process is started again. */
  parserBroken: boolean;
  /** So many of the next commands reach its binlog and not its data. */
  writesToLose: number;
  /** Writes that the next flush may overtake; kept where `flushOvertakes` says so. */
  readonly beforeFlush: BinlogRecord[];
}

export interface Connection {
  readonly slave: SimNode;
  readonly master: SimNode;
  /** The master's address as the slave was given it. */
  readonly address: string;
  open: boolean;
  /** Up to when the pings of both sides are counted. */
  pingedAt: number;
  /** Messages that a partition holds back. */
  readonly held: (() => void)[];
}

/** The master's view of one DB of a slave. */
export interface SlaveNode {
  state: 'DbSync' | 'NotSync' | 'BinlogSync';
  readonly session: number;
  reader: Reader;
  sent: Position;
  pumping: boolean;
  /** A first batch went to a slave that waits for a reply, and acknowledges nothing. */
  unheard?: boolean;
}

export interface SlaveEntry {
  readonly ip: string;
  readonly port: number;
  readonly connection: Connection;
  readonly fd: number;
  readonly dbs: Map<string, SlaveNode>;
}

/** What survives the process. */
interface Persisted {
  settings: Map<string, string>;
  slaveof: string;
  replicationId: string;
  masterRunId: string;
  unfinished: Set<string>;
}

interface Counters {
  connections: number;
  clients: number;
  commands: number;
  netIn: number;
  netOut: number;
  replIn: number;
  replOut: number;
  readonly perCommand: Map<string, number>;
}

export interface SimNode {
  readonly id: string;
  readonly traits: Traits;
  /** Under which it knows itself and announces itself. */
  host: string;
  port: number;
  /** Other names and addresses under which nodes reach it. */
  readonly aliases: readonly string[];
  readonly random: Random;
  alive: boolean;
  /** Rises with each death, so that events of an earlier life do nothing. */
  life: number;
  startedAt: number;
  processId: number;
  runId: string;
  readonly renamedCommands: Readonly<Record<string, string>>;
  readonly settings: Map<string, string>;
  readonly persisted: Persisted;
  replicationId: string;
  /** 3.5.0 only: the process that it last synced with; another one forces a full sync. */
  masterRunId: string;
  master: Endpoint | null;
  replState: 'none' | 'should' | 'done' | 'error';
  firstMetaSync: boolean;
  /** In whole units of a tenth of the retry time. */
  lastMetaSync: number;
  notBefore: number;
  forceFullSync: boolean;
  readonly connections: Connection[];
  readonly closing: Set<string>;
  closeCron: Scheduled | null;
  slaves: SlaveEntry[];
  /** Copies of its dumps that are under way. */
  readonly outgoing: Set<Transfer>;
  dbs: SimDb[];
  unfinished: Set<string>;
  /** Why it dies at each start; null = it starts. */
  bootFailure: string | null;
  stalledUntil: number;
  /** A file transfer was begun whose threads are still to be joined. */
  rsyncThreads: boolean;
  lastSave: number;
  aux: Scheduled | null;
  readonly phaseMs: number;
  fds: number;
  counters: Counters;
  /** Connections, as `ip:port`. */
  readonly clients: Set<string>;
  /** What fits of a copy on the disk of db-sync-path; Infinity = all. */
  copyRoomBytes: number;
  /** db-sync-path lies on another mount than db-path. */
  readonly copiesOnAnotherMount: boolean;
  /** Whether its ports +2000 and +10001 (3.3: +1000) can be reached from outside. */
  readonly opens: { replication: boolean; files: boolean };
  /** Each dump fails: its folder cannot be written. */
  dumpsFail: boolean;
  /** How many times as often as in recording 48 a slave asks for the files of its failed dump. */
  refusals: number;
  /** So many of the next replies of its master are faster than its own state. */
  overtakingReplies: number;
  diskUsage: { readonly at: number; readonly db: number; readonly log: number } | null;
  /** 3.3 only: dumps and pushes that wait for the thread that does both. */
  readonly pushQueue: (() => void)[];
  pushing: boolean;
  readonly nicBytesPerSecond: number;
  readonly applyPerSecond: number;
  /** Added to each reply, by what the node sends to its slaves per second. */
  readonly replyDelayMs: (outgoingBytesPerSecond: number) => number;
  dumpsMade: number;
  fullSyncsDone: number;
  bgsavePlans: { readonly ms?: number; readonly fails: boolean }[];
  forcedOutcomes: SupersededOutcome[];
  /** How many writes are lost after each of the next flushes, instead of what chance says. */
  flushLosses: number[];
  /** How many writes each of the next flushes overtakes, so that they stay. */
  flushOvertakes: number[];
}

export interface LogLine {
  readonly at: number;
  readonly node: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A line of a log: severity, source file and text. */
export type GlogLine = readonly [severity: 'I' | 'W' | 'E' | 'F', file: string, text: string];

/** The log files of the nodes. */
export interface Glog {
  /** The log of a node, the lines of all its processes in the order of their times. */
  linesOf(node: SimNode): readonly string[];
  write(node: SimNode, thread: 'main' | 'aux' | 'reply' | 'bgsave', ...lines: readonly GlogLine[]): void;
  copyBegun(node: SimNode, db: SimDb, dump: Dump): void;
  /** The copy's dump was replaced. */
  newerDump(transfer: Transfer): void;
  /** A file came not, and is begun again: with what the node writes of it. */
  fileFailed(transfer: Transfer, ...lines: readonly GlogLine[]): void;
  /** The master cannot open the files of a copy. */
  filesRefused(transfer: Transfer): void;
  /** A copy came whole, a newer dump spoilt it, it was stopped, or its process was killed. */
  copyEnded(transfer: Transfer, how: 'whole' | 'superseded' | 'stopped' | 'killed'): void;
}

/** What all parts of the model share. */
export interface World {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly nodes: Map<string, SimNode>;
  /** Which nodes have a port; see `takePort`. */
  readonly ports: Map<number, SimNode[]>;
  /** Claimed bytes on disk per byte of data; claimed bytes of binlog per byte of record. */
  readonly dataScale: number;
  readonly binlogScale: number;
  /** How fast a master sends its binlog to one slave. */
  readonly binlogBytesPerSecond: number;
  readonly partitions: Set<string>;
  note(node: SimNode, event: string, data?: Readonly<Record<string, unknown>>): void;
  readonly glog: Glog;
  /** The slave's auxiliary thread wakes up. */
  onTick(node: SimNode): void;
  /** The dump that a slave is copying was replaced. */
  onNewerDump(transfer: Transfer): void;
  /** The process aborts while it opens what it has copied. */
  onDeath(
    node: SimNode,
    db: SimDb,
    result: { readonly dump: Dump; readonly lost: readonly string[]; readonly reason: string },
  ): void;
  /** The process dies, and starts again on demand. */
  onSegfault(node: SimNode): void;
  /** A command of the master's binlog cannot be parsed. */
  onUnparsed(slave: SimNode, db: SimDb): void;
  /** The slave has logged a command in other words than its master. */
  onOffsetsApart(connection: Connection, db: SimDb): void;
  /** Nothing was heard of the master for the DB for too long. */
  onSilence(slave: SimNode, db: SimDb): void;
  /** Brings virtual time up to the wall clock where the cluster is served; else does nothing. */
  catchUp: () => void;
  /** Called when a process appears or goes, for whoever serves it. */
  readonly processListeners: Set<(node: SimNode, up: boolean) => void>;
}

/** Runs `run` after `delayMs` unless the node died in between. */
export function later(world: World, node: SimNode, delayMs: number, run: () => void): Scheduled {
  const { life } = node;
  return world.clock.after(delayMs, () => {
    if (node.alive && node.life === life) run();
  });
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '127.0.0.1';

/** The node that listens at an address; undefined = none does. */
export function nodeAt(world: World, { host, port }: Endpoint): SimNode | undefined {
  for (const node of world.ports.get(port) ?? []) {
    const known = node.host === host || node.aliases.includes(host);
    if (known || (isLoopback(host) && isLoopback(node.host))) return node;
  }
  return undefined;
}

/** Gives the node a port. */
export function takePort(world: World, node: SimNode, port: number): void {
  const others = world.ports.get(node.port)?.filter((each) => each !== node) ?? [];
  world.ports.set(node.port, others);
  node.port = port;
  world.ports.set(port, [...(world.ports.get(port) ?? []), node]);
}

/** The ports besides its own on which others reach the node, for its replication (pika-facts 7). */
export function replicationPorts({ port, opens, traits }: SimNode): number[] {
  const files = traits.pushes ? port + 1000 : port + 10_001;
  return [...(opens.replication ? [port + 2000] : []), ...(opens.files ? [files] : [])];
}

/** Whether a probe of an address that nobody has is refused at once instead of timing out. */
export const refusesAtOnce = (host: string): boolean =>
  host === 'localhost' || host.startsWith('127.') || host.endsWith('.invalid');

const pairKey = (a: SimNode, b: SimNode): string => [a.id, b.id].sort().join(' ');

export const arePartitioned = (world: World, a: SimNode, b: SimNode): boolean =>
  world.partitions.size > 0 && world.partitions.has(pairKey(a, b));

export const setPartition = (world: World, a: SimNode, b: SimNode, cut: boolean): void => {
  if (cut) world.partitions.add(pairKey(a, b));
  else world.partitions.delete(pairKey(a, b));
};

/** Delivers a message over a connection; a partition holds it back, a closed connection loses it. */
export function deliver(world: World, connection: Connection, delayMs: number, run: () => void): void {
  const lives = [connection.slave.life, connection.master.life];
  world.clock.after(delayMs, () => {
    if (!connection.open || connection.slave.life !== lives[0] || connection.master.life !== lives[1]) return;
    if (arePartitioned(world, connection.slave, connection.master)) connection.held.push(run);
    else run();
  });
}

export const setting = (node: SimNode, name: string): string => node.settings.get(name) ?? '';

export const numberSetting = (node: SimNode, name: string): number => Number(setting(node, name));

export const findDb = (node: SimNode, name: string): SimDb | undefined =>
  node.dbs.find((db) => db.name === name);

export const masterOf = (world: World, node: SimNode): SimNode | undefined =>
  node.master === null ? undefined : nodeAt(world, node.master);

export const connectionTo = (node: SimNode, master: SimNode): Connection | undefined =>
  node.connections.find((each) => each.open && each.slave === node && each.master === master);

/** A copy has come and is being opened. */
export const isSwapping = ({ rsync }: SimDb): boolean =>
  rsync.status === 'running' && rsync.transfer === null;

/** No replies from the node for so long. */
export function stall(world: World, node: SimNode, forMs: number): void {
  node.stalledUntil = Math.max(node.stalledUntil, world.clock.now() + forMs);
}

export const idleRsync = (): RsyncClient => ({
  status: 'idle',
  transfer: null,
  result: null,
  initTries: 0,
  initRounds: 0,
  nextInitAt: 0,
});
