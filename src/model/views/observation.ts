/**
 * What a node said, parsed: the words in which every engine reports to the core.
 * Times are milliseconds since the epoch on the observer's clock unless a name says otherwise.
 */
import Type from 'typebox';
import { AgentSight } from './agent.ts';
import { Nullable, type Of, SeqPageOf, Time } from './schema.ts';

export const Role = Type.Enum(['master', 'slave', 'master&&slave']);
export type Role = Of<typeof Role>;

/**
 * State of one DB of a slave. The names are Pika's own from `db_repl_state` without the inconsistent `k`
 * prefix; `Connected` is what Pika expresses by leaving the DB out.
 */
const DbState = Type.Enum([
  'NoConnect',
  'TryConnect',
  'TryDBSync',
  'WaitDBSync',
  'WaitReply',
  'Connected',
  'Error',
  'DBNoConnect',
  'Other',
]);
export type DbState = Of<typeof DbState>;

/** A position in a binlog: file number and offset in bytes inside that file. */
const BinlogOffset = Type.Object({ file: Type.Number(), offset: Type.Number() });
export type BinlogOffset = Of<typeof BinlogOffset>;

/** A position of every DB. */
export const BinlogOffsets = Type.Record(Type.String(), BinlogOffset);
export type BinlogOffsets = Of<typeof BinlogOffsets>;

const SlaveLag = Type.Union([Type.Number(), Type.Enum(['not syncing', 'full syncing'])], {
  description:
    "The master's view of one slave's DB: bytes not yet sent, or the state that it prints in their place.",
});
export type SlaveLag = Of<typeof SlaveLag>;

export const ListedSlave = Type.Object({
  ip: Type.String({ description: 'The address under which the master knows the slave.' }),
  port: Type.Integer(),
  lag: Type.Record(Type.String(), SlaveLag),
});
export type ListedSlave = Of<typeof ListedSlave>;

const ServerFacts = Type.Object({
  /** As the node prints it. 4.0.1 prints 4.0.0; see `detectVersion` of the engine. */
  reportedVersion: Type.String(),
  gitSha: Type.Optional(
    Nullable(
      Type.String(),
      'Of the commit that it was built from; null or absent = not known (a build outside of a git folder prints 0).',
    ),
  ),
  processId: Nullable(Type.Number()),
  uptimeSeconds: Nullable(Type.Number()),
  runId: Nullable(Type.String(), 'null before 3.5.0.'),
  tcpPort: Nullable(Type.Number()),
});
export type ServerFacts = Of<typeof ServerFacts>;

const ReplicationFacts = Type.Object({
  role: Role,
  replicationId: Nullable(Type.String(), "'' = none yet; null = this version has none (before 3.5.1)."),
  masterHost: Nullable(Type.String(), 'Set for the roles slave and master&&slave.'),
  masterPort: Nullable(Type.Number()),
  linkStatus: Nullable(Type.Enum(['up', 'down'])),
  dbStates: Type.Record(Type.String(), DbState, {
    description: 'State of every DB of a slave; empty on a pure master.',
  }),
  slaves: Type.Array(ListedSlave, { description: 'Only on master and master&&slave.' }),
  connectedSlaves: Nullable(Type.Number()),
  /** Own binlog position of every DB. */
  binlog: BinlogOffsets,
  safetyPurgeFile: Type.Record(Type.String(), Nullable(Type.Number()), {
    description: 'Per DB the file up to which the binlog may be purged; null for `none` or `error`.',
  }),
  eligibleForMasterElection: Nullable(
    Type.Boolean(),
    '`is_eligible_for_master_election`: 3.5.5 and 4.0.1 only, else null.',
  ),
  hasConnectStatus: Type.Boolean({
    description: 'Whether `repl_connect_status` was present (3.5.5, 4.0.0, 4.0.1).',
  }),
});
export type ReplicationFacts = Of<typeof ReplicationFacts>;

const StatsFacts = Type.Object({
  bgsaving: Type.Boolean(),
  scanningKeyspace: Type.Boolean(),
  compacting: Type.Boolean(),
  opsPerSecond: Nullable(Type.Number()),
  replInputBytes: Nullable(Type.Number(), 'Since the process started; null before 3.5.0.'),
  replOutputBytes: Nullable(Type.Number()),
  commandsProcessed: Nullable(Type.Number()),
});
export type StatsFacts = Of<typeof StatsFacts>;

/** Sums over all blocks of all DBs of `INFO rocksdb` (3.5.0+). A table's blob files count as part of it. */
const SizeFacts = Type.Object({
  sstBytes: Type.Number({ description: 'Σ total_sst_files_size and total_blob_file_size, bytes.' }),
  sstBytesByDatabase: Type.Optional(
    // The blocks carry no name (pika-facts 2.7).
    Type.Array(Type.Number(), {
      description:
        "The same by DB, in the order of the DBs' names: the blocks carry no name. Absent = not told apart.",
    }),
  ),
  liveSstBytes: Nullable(
    Type.Number(),
    'Σ live_sst_files_size and live_blob_file_size, bytes; null when not printed.',
  ),
  memtableBytes: Nullable(Type.Number(), 'Σ cur_size_all_mem_tables, bytes; null when not printed.'),
  estimatedKeys: Type.Number({
    description: 'Σ estimate_num_keys over all column families: an order of magnitude, not a count.',
  }),
});
export type SizeFacts = Of<typeof SizeFacts>;

/** Settings read by CONFIG GET; null = the node has no such setting or would not tell. */
const ConfigFacts = Type.Object({
  databases: Nullable(Type.Number()),
  dbInstanceNum: Nullable(Type.Number()),
  binlogFileSizeBytes: Nullable(Type.Number()),
  throttleBytesPerSecond: Nullable(Type.Number()),
  expireLogsNums: Nullable(Type.Number()),
  expireLogsDays: Nullable(Type.Number()),
  slaveReadOnly: Nullable(Type.Boolean()),
  masterauthSet: Nullable(
    Type.Boolean(),
    'Whether a masterauth is set. The value itself never leaves the engine.',
  ),
  masterauthMatchesMaster: Nullable(
    Type.Boolean(),
    "Whether the node's masterauth equals the password by which the service logs in to the master.",
  ),
  requirepassSet: Nullable(Type.Boolean()),
  instanceMode: Type.Optional(Nullable(Type.String(), '`classic` or `sharding`.')),
  maxRsyncParallelNum: Type.Optional(Nullable(Type.Number(), 'Files that a slave copies at a time; 3.5.0+.')),
  maxConnRbufSizeBytes: Type.Optional(Nullable(Type.Number())),
  enableBlobFiles: Type.Optional(Nullable(Type.Boolean())),
  slavePriority: Type.Optional(Nullable(Type.Number())),
  dbPath: Type.Optional(Nullable(Type.String())),
  writeBinlog: Type.Optional(Nullable(Type.Boolean())),
  dbSyncPath: Type.Optional(Nullable(Type.String(), 'Where a slave puts the files that it copies.')),
  dumpPath: Type.Optional(Nullable(Type.String(), 'Where a master puts its dumps.')),
  userBlacklist: Type.Optional(
    Nullable(Type.Array(Type.String()), 'Commands that a login by userpass may not run, in small letters.'),
  ),
  /** Pika takes any password while userpass is empty (docs/pika-facts.md), so a login alone proves nothing. */
  requirepassMatchesLogin: Type.Optional(
    Nullable(
      Type.Boolean(),
      "Whether the password by which the service logged in is the node's requirepass; null = not comparable.",
    ),
  ),
});
export type ConfigFacts = Of<typeof ConfigFacts>;

const DerivedPort = Type.Object({
  port: Type.Integer(),
  shift: Type.Integer({ description: 'Its distance from the port of the node.' }),
  outcome: Type.Enum(['open', 'refused', 'no_answer']),
});
export type DerivedPort = Of<typeof DerivedPort>;

/** A connection to the node, of CLIENT LIST (pika-facts 3.5). */
const ClientOfNode = Type.Object({
  ip: Type.String(),
  port: Type.Integer(),
  idleSeconds: Type.Integer(),
  own: Type.Boolean({ description: 'Whether this process of the service holds it.' }),
});

/**
 * Everything that a look read. A section is absent if the look did not ask for it, or if the version does not have it.
 * Looks read different sections, so readers take the latest of each.
 */
const NodeFacts = Type.Partial(
  Type.Object({
    ips: Type.Array(Type.String(), {
      description:
        'The IP addresses under which a master may list this server, as far as the connection to it tells: the address at its other end and, where that is loopback, those of this machine. Absent = not known.',
    }),
    server: ServerFacts,
    replication: ReplicationFacts,
    stats: StatsFacts,
    sizes: SizeFacts,
    config: ConfigFacts,
    lastSaveUnixSeconds: Type.Number({
      description:
        "LASTSAVE: unix seconds on the node's clock of its last finished dump; 0 = none since the start. 3.5.3+.",
    }),
    dbSizeBytes: Type.Number({ description: 'INFO data: bytes on disk; up to 60 s old.' }),
    logSizeBytes: Type.Number(),
    dbFatal: Type.Boolean(),
    commandCalls: Type.Record(Type.String(), Type.Number(), {
      description: 'INFO commandstats (3.5.0+): calls of each command since the process started.',
    }),
    hiddenCommands: Type.Array(Type.String(), {
      description:
        'Commands that every version has and the node does not know under the names by which the service sends them: config, scan, slaveof. Absent = none was met.',
    }),
    derivedPorts: Type.Array(DerivedPort, {
      description:
        'Ports besides its own on which a full sync needs it, each tried once from the service. Absent = not tried.',
    }),
    clients: Type.Array(ClientOfNode, {
      description: 'Connections to the node; absent = not asked, or the node would not tell.',
    }),
    holdsKeys: Type.Boolean({
      description:
        'Whether at least one key was seen by a cheap probe (SCAN 0 COUNT 1 over every DB and type).',
    }),
  }),
);
export type NodeFacts = Of<typeof NodeFacts>;

const at = Time('When it was looked at.');
const tookMs = Type.Number();

/** Why the service does not connect to a server, or does not let nodes follow it. */
export const NotAllowed = Type.Object(
  {
    server: Type.String({ description: '`host:port` as the request gave it.' }),
    ip: Nullable(Type.String(), 'The IP address that was judged; null = the name has none.'),
    why: Type.Enum(['never', 'not_listed', 'unresolved'], {
      description:
        'The address is link-local, unspecified, multicast or a metadata service; no setting names it; the name could not be resolved.',
    }),
    credential: Nullable(Type.String(), 'Name of the credential that would be sent; null = none.'),
    ownList: Type.Boolean({ description: 'Whether this credential has a list of nodes of its own.' }),
    followed: Type.Boolean({
      description: 'Whether nodes would connect there, to follow it, rather than the service.',
    }),
  },
  { description: 'What the configuration does not allow. Nothing was sent.' },
);
export type NotAllowed = Of<typeof NotAllowed>;

/**
 * What the agent on the node's host told last; absent = no agent speaks for this node, or its report is too old or of
 * another process. A look without an answer has it too.
 */
const sight = Type.Optional(AgentSight);
const contestedAgents = Type.Optional(
  Type.Array(Type.String(), {
    description:
      'Agents, as `name@host`, that all speak for this node, so none of them counts. A name that comes twice stands for two agents.',
  }),
);

/** One look at one node. "No answer" is a look too, and a time-out is not a death. */
export const Look = Type.Union(
  [
    Type.Object({ kind: Type.Literal('answered'), at, tookMs, facts: NodeFacts, sight, contestedAgents }),
    /** Connected, but no reply within the limit: reads as busy (swap, NO ONE), never as dead or done. */
    Type.Object({ kind: Type.Literal('busy'), at, tookMs, sight, contestedAgents }),
    /** The address refuses, or cannot be reached or resolved. */
    Type.Object({
      kind: Type.Literal('unreachable'),
      at,
      code: Type.String(),
      message: Type.String(),
      sight,
      contestedAgents,
    }),
    /** The node answered, but would not let the service in. */
    Type.Object({
      kind: Type.Literal('denied'),
      at,
      code: Type.String(),
      message: Type.String(),
      /** The configuration does not let the service connect there. */
      notAllowed: Type.Optional(NotAllowed),
      sight,
      contestedAgents,
    }),
    /** What answered does not speak like a Pika. */
    Type.Object({ kind: Type.Literal('garbled'), at, message: Type.String(), sight, contestedAgents }),
  ],
  { description: 'What the node said, parsed; or that it did not.' },
);
export type Look = Of<typeof Look>;

const Observation = Type.Object({
  seq: Type.Integer(),
  expansionId: Type.String(),
  node: Type.String({ description: '`host:port` as in the request; the master too.' }),
  at,
  look: Look,
});
export type Observation = Of<typeof Observation>;

export const ObservationPage = SeqPageOf(Observation);
export type ObservationPage = Of<typeof ObservationPage>;

/** What the plan knew of its master; kept so that a later check can tell whether it is still the same server. */
export const MasterIdentity = Type.Object({
  version: Type.String(),
  runId: Nullable(Type.String()),
  processId: Nullable(Type.Number()),
  replicationId: Nullable(Type.String()),
  binlog: BinlogOffsets,
});
export type MasterIdentity = Of<typeof MasterIdentity>;
