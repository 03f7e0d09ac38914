import { Binlog } from './binlog.ts';
import { newDisk } from './folders.ts';
import { Keyspace } from './keyspace.ts';
import { CursorStore } from './keyspace-commands/context.ts';
import { createRandom } from './random.ts';
import { defaultSettings } from './settings.ts';
import { type SimulatedVersion, traitsOf } from './versions.ts';
import { idleRsync, numberSetting, type SimNode, type World } from './world.ts';

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
  /** Default: made from the seed. Two nodes have the same where one's configuration file was copied. */
  readonly runId?: string;
  /** db-sync-path lies on another mount than db-path. */
  readonly copiesOnAnotherMount?: boolean;
  /** Names for commands, as `rename-command` gives them; '' = the command is switched off. */
  readonly renamedCommands?: Readonly<Record<string, string>>;
  /** Its binlog begins here: nothing before is in it, as on a master that is years old. Default 0:0. */
  readonly binlogAt?: { readonly file: number; readonly offset: number };
}

export const emptyCounters = (): SimNode['counters'] => ({
  connections: 0,
  clients: 1,
  commands: 0,
  netIn: 0,
  netOut: 0,
  replIn: 0,
  replOut: 0,
  perCommand: new Map(),
});

/** A node that runs and holds nothing; `seed` makes its ids and times of its own. */
export function createNode(world: World, seed: string, options: NodeOptions): SimNode {
  const traits = traitsOf(options.version ?? '3.5.4');
  const random = createRandom(`${seed} ${options.id}`);
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
    runId: options.runId ?? random.hex(40),
    renamedCommands: options.renamedCommands ?? {},
    settings,
    persisted: {
      settings: new Map(settings),
      slaveof: '',
      replicationId: options.replicationId ?? '',
      masterRunId: '',
      unfinished: new Set(),
    },
    replicationId: options.replicationId ?? '',
    masterRunId: '',
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
    outgoing: new Set(),
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
    clients: new Set(),
    copyRoomBytes: Number.POSITIVE_INFINITY,
    copiesOnAnotherMount: options.copiesOnAnotherMount ?? false,
    opens: { replication: true, files: true },
    dumpsFail: false,
    refusals: 1,
    overtakingReplies: 0,
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
    flushLosses: [],
    flushOvertakes: [],
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
      copiedBytes: 0,
      bgsaving: false,
      keyScan: null,
      cursors: new CursorStore(),
      flushed: new Map(),
      sessions: 0,
      disk: newDisk(),
      toApply: [],
      applying: false,
      parserBroken: false,
      writesToLose: 0,
      beforeFlush: [],
    });
  return node;
}
