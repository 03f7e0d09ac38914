import { blocksOf, infoRocksdb } from './info-rocksdb.ts';
import { failure, failures, type Reply } from './reply.ts';
import { settleAll } from './transfer.ts';
import {
  type KeyScan,
  later,
  numberSetting,
  type ReplState,
  type SimDb,
  type SimNode,
  type SlaveEntry,
  setting,
  type World,
} from './world.ts';

const lines = (...text: readonly string[]): string => text.map((line) => `${line}\r\n`).join('');

type Section = (world: World, node: SimNode) => string;

// ---- server, data, clients, stats, cpu ---------------------------------------------------------------------------

const infoServer: Section = (world, node) => {
  const { traits } = node;
  const upSeconds = Math.floor((world.clock.now() - node.startedAt) / 1000);
  const day = 86_400_000;
  return lines(
    '# Server',
    `pika_version:${traits.reportedVersion}`,
    'pika_git_sha:0',
    'pika_build_compile_date: 2024-05-15 10:00:00',
    'os:Linux 6.1.0 x86_64',
    'arch_bits:64',
    `process_id:${node.processId}`,
    `tcp_port:${node.port}`,
    'thread_num:1',
    'sync_thread_num:6',
    ...(traits.version === '3.5.5' || traits.family === '4.0' ? ['sync_binlog_thread_num:1'] : []),
    `uptime_in_seconds:${upSeconds}`,
    `uptime_in_days:${Math.floor(world.clock.now() / day) - Math.floor(node.startedAt / day) + 1}`,
    `config_file:/data/pika/${node.id}/pika.conf`,
    'server_id:1',
    ...(traits.family === '3.3' ? [] : [`run_id:${node.runId}`]),
  );
};

/** Sizes on disk as last measured: the server looks once a minute (3.5.4+), older ones at each call. */
function diskUsage(world: World, node: SimNode): { readonly db: number; readonly log: number } {
  const kept = node.diskUsage;
  const cached = node.traits.version >= '3.5.4';
  if (kept !== null && cached && world.clock.now() - kept.at < world.timers.diskUsageMs) return kept;
  node.diskUsage = {
    at: world.clock.now(),
    db: node.dbs.reduce(
      (total, db) => total + db.keyspace.totalBytes() * world.dataScale,
      emptyDirectoryBytes,
    ),
    log: node.dbs.reduce((total, db) => total + db.binlog.totalBytes, emptyLogBytes),
  };
  return node.diskUsage;
}

const emptyDirectoryBytes = 449_000;
const emptyLogBytes = 67_100;
const megabytes = (bytes: number): string => `${Math.floor(bytes / 1024 / 1024)}M`;

const infoData: Section = (world, node) => {
  const { db, log } = diskUsage(world, node);
  const blocks = node.traits.hasRocksdbSection ? node.dbs.flatMap((each) => blocksOf(world, node, each)) : [];
  const memtable = blocks.reduce((total, block) => total + block.memtableBytes, 0);
  const readers = Math.round(blocks.reduce((total, block) => total + block.sstBytes, 0) / 140);
  return lines(
    '# Data',
    `db_size:${Math.round(db)}`,
    `db_size_human:${megabytes(db)}`,
    `log_size:${Math.round(log)}`,
    `log_size_human:${megabytes(log)}`,
    'compression:snappy',
    `used_memory:${memtable + readers}`,
    `used_memory_human:${megabytes(memtable + readers)}`,
    `db_memtable_usage:${memtable}`,
    `db_tablereader_usage:${readers}`,
    ...(node.traits.version === '3.5.5' ? ['db_block_cache_usage:1152', 'db_redis_cache_usage:78464'] : []),
    'db_fatal:0',
    `db_fatal_msg:${node.traits.family === '3.3' ? 'NULL' : 'nullptr'}`,
  );
};

const infoClients: Section = (_, { counters }) => lines('# Clients', `connected_clients:${counters.clients}`);

const infoStats: Section = (world, node) => {
  settleAll(world, node);
  const { counters, dbs, traits } = node;
  const yes = (condition: boolean): string => (condition ? 'Yes' : 'No');
  const bytes = (amount: number): number => Math.round(amount);
  return lines(
    '# Stats',
    `total_connections_received:${counters.connections}`,
    'instantaneous_ops_per_sec:0',
    `total_commands_processed:${counters.commands}`,
    ...(traits.hasReplCounters
      ? [
          `total_net_input_bytes:${bytes(counters.netIn + counters.replIn)}`,
          `total_net_output_bytes:${bytes(counters.netOut + counters.replOut)}`,
          `total_net_repl_input_bytes:${bytes(counters.replIn)}`,
          `total_net_repl_output_bytes:${bytes(counters.replOut)}`,
          'instantaneous_input_kbps:0',
          'instantaneous_output_kbps:0',
          'instantaneous_input_repl_kbps:0',
          'instantaneous_output_repl_kbps:0',
        ]
      : []),
    `is_bgsaving:${yes(dbs.some((db) => db.bgsaving))}`,
    `is_scaning_keyspace:${yes(dbs.some(({ keyScan }) => keyScan?.durationSeconds === null))}`,
    'is_compact:No',
    `compact_cron:${setting(node, 'compact-cron')}`,
    `compact_interval:${setting(node, 'compact-interval')}`,
    ...(traits.family === '3.3'
      ? []
      : ['is_slots_reloading:No, , 0', 'is_slots_cleaningup:No, , 0', 'is_slots_migrating:No, , 0']),
    ...(traits.version >= '3.5.3' ? ['slow_logs_count:0'] : []),
  );
};

const infoCpu: Section = () =>
  lines(
    '# CPU',
    'used_cpu_sys:0.17',
    'used_cpu_user:0.12',
    'used_cpu_sys_children:0.00',
    'used_cpu_user_children:0.00',
  );

const infoExecCount: Section = (_, { counters }) =>
  lines(
    '# Command_Exec_Count',
    ...[...counters.perCommand].map(([name, count]) => `${name.toUpperCase()}:${count}`),
  );

const infoCommandStats: Section = (_, { counters }) =>
  lines(
    '# Commandstats',
    ...[...counters.perCommand].map(
      ([name, count]) => `${name}:calls=${count}, usec=${count}.00, usec_per_call=1.00`,
    ),
  );

const infoCache: Section = () =>
  lines(
    '# Cache',
    'cache_status:Ok',
    'cache_db_num:16',
    'cache_keys:0',
    'cache_memory:78464',
    'cache_memory_human:0M',
    'hits:0',
    'all_cmds:0',
    'hits_per_sec:0',
    'read_cmd_per_sec:0',
    'hitratio_per_sec:0%',
    'hitratio_all:0%',
    'load_keys_per_sec:0',
    'waitting_load_keys_num:0',
  );

// ---- replication -------------------------------------------------------------------------------------------------

/** In `db_repl_state`; Pika's own inconsistent names. */
const stateNames: Readonly<Record<ReplState, string>> = {
  NoConnect: 'NoConnect',
  WaitDBSync: 'WaitDBSync',
  Error: 'Error',
  WaitReply: 'kWaitReply',
  TryConnect: 'kTryConnect',
  TryDBSync: 'kTryDBSync',
  DBNoConnect: 'kDBNoConnect',
  Connected: 'Connected',
};

const connectStatus: Readonly<Record<ReplState, string>> = {
  NoConnect: 'no_connect',
  WaitDBSync: 'syncing_full',
  Error: 'error',
  WaitReply: 'connecting',
  TryConnect: 'try_to_incr_sync',
  TryDBSync: 'try_to_full_sync',
  DBNoConnect: 'no_connect',
  Connected: 'connected',
};

function slaveLines(node: SimNode): string[] {
  const { master, traits, dbs } = node;
  if (master === null) return [];
  const unsynced = dbs.filter((db) => db.state !== 'Connected');
  const up = node.replState === 'done' && unsynced.length === 0;
  return [
    `master_host:${master.host}`,
    `master_port:${master.port}`,
    `master_link_status:${up ? 'up' : 'down'}`,
    ...(traits.hasConnectStatus
      ? ['repl_connect_status:', ...dbs.map((db) => `${db.name}:${connectStatus[db.state]}`)]
      : []),
    ...(node.slaves.length === 0 ? [`slave_priority:${setting(node, 'slave-priority')}`] : []),
    `slave_read_only:${setting(node, 'slave-read-only') === 'no' ? 0 : 1}`,
    ...(unsynced.length === 0
      ? []
      : [`db_repl_state:${unsynced.map((db) => `(${db.name}:${stateNames[db.state]})`).join('')}`]),
  ];
}

function lagOf(node: SimNode, db: SimDb, entry: SlaveEntry): string {
  const slave = entry.dbs.get(db.name);
  if (slave?.state === 'DbSync' && node.traits.showsFullSyncing) return 'full syncing';
  if (slave?.state !== 'BinlogSync') return 'not syncing';
  const { file, offset } = db.binlog.position;
  return String(
    (file - slave.sent.file) * numberSetting(node, 'binlog-file-size') + offset - slave.sent.offset,
  );
}

function masterLines(node: SimNode): string[] {
  if (node.master !== null && node.slaves.length === 0) return [];
  return [
    `connected_slaves:${node.slaves.length}`,
    ...node.slaves.map(
      (entry, index) =>
        `slave${index}:ip=${entry.ip},port=${entry.port},conn_fd=${entry.fd},lag=${node.dbs
          .map((db) => `(${db.name}:${lagOf(node, db, entry)})`)
          .join('')}`,
    ),
  ];
}

/** GetSafetyPurgeBinlog (3.5.4 pika_rm.cc:260). */
function safetyPurge(node: SimNode, db: SimDb): string {
  const { file } = db.binlog.position;
  if (file < 10) return 'none';
  const acked = node.slaves.flatMap((entry) => {
    const slave = entry.dbs.get(db.name);
    if (slave === undefined) return [];
    return [slave.state === 'BinlogSync' ? slave.sent.file : 0];
  });
  if (acked.some((each) => each === 0)) return 'none';
  return `write2file${Math.min(file - 10, ...acked.map((each) => each - 1))}`;
}

const isEligible = (node: SimNode): boolean =>
  node.unfinished.size === 0 && node.dbs.every((db) => db.state !== 'WaitDBSync');

const infoReplication: Section = (_, node) => {
  const { traits, master, slaves, dbs } = node;
  const [title, role] =
    master === null
      ? ['MASTER', 'master']
      : slaves.length === 0
        ? ['SLAVE', 'slave']
        : ['Master && SLAVE', 'master&&slave'];
  const separator = traits.replicationIdLine === 'spaced' ? ': ' : ':';
  const total = dbs.reduce((sum, db) => {
    const { file, offset } = db.binlog.position;
    return sum + file * numberSetting(node, 'binlog-file-size') + offset;
  }, 0);
  return lines(
    `# Replication(${title})`,
    `role:${role}`,
    ...(traits.replicationIdLine === 'none' ? [] : [`ReplicationID${separator}${node.replicationId}`]),
    ...slaveLines(node),
    ...masterLines(node),
    ...(traits.hasEligibleFlag ? [`is_eligible_for_master_election:${isEligible(node)}`] : []),
    ...dbs.map((db) => {
      const { file, offset } = db.binlog.position;
      const at = `binlog_offset=${file} ${offset},safety_purge=${safetyPurge(node, db)}`;
      return `${db.name}${traits.binlogSeparator}${at}`;
    }),
    ...(traits.hasEligibleFlag ? [`slave_repl_offset:${total}`] : []),
  );
};

// ---- debug -------------------------------------------------------------------------------------------------------

const logOffset = (at: { readonly file: number; readonly offset: number }): string =>
  `filenum: ${at.file} offset: ${at.offset} term: 0 index: 0`;

const zero = { file: 0, offset: 0 };

function debugSlave(db: SimDb, entry: SlaveEntry, index: number): string[] {
  const slave = entry.dbs.get(db.name);
  if (slave === undefined) return [];
  const synced = slave.state === 'BinlogSync';
  const sent = synced ? slave.sent : zero;
  return [
    `  slave[${index}]: db=${db.name}_,ip_port=${entry.ip}:${entry.port},session id=${slave.session}`,
    `    Slave_state: Slave${slave.state === 'DbSync' ? 'DbSync' : slave.state}`,
    `    Binlog_sync_state: ${synced ? 'ReadFromFile' : 'NotSync'}`,
    '    Sync_window: ',
    '      Size: 0',
    `    Sent_offset: ${logOffset(sent)}`,
    `    Acked_offset: ${logOffset(sent)}`,
    `    Binlog_reader activated: ${synced ? 1 : 0}`,
  ];
}

const debugMasterDb = (node: SimNode, db: SimDb): string[] => [
  ` DB (${db.name})`,
  ` Current Master Session: ${db.sessions}`,
  '  Consensus: ',
  `  Committed_index: ${logOffset(zero)}`,
  '  Context: ',
  `  Applied_index ${logOffset(zero)}`,
  '  Applied window       Size: 0',
  '  Term: 0',
  `  Mem_logger size: 0 last offset ${logOffset(zero)}`,
  `  Stable_logger first offset ${logOffset(zero)}`,
  `  Physical Binlog Status: ${logOffset(db.binlog.position)}`,
  ...node.slaves.flatMap((entry, index) => debugSlave(db, entry, index)),
];

const infoDebug: Section = (_, node) => {
  const { dbs, master } = node;
  return lines(
    '# Synchronization Status',
    `Master DB(${dbs.length}):`,
    ...dbs.flatMap((db) => [...debugMasterDb(node, db), '']),
    `Slave DB(${dbs.length}):`,
    ...dbs.flatMap((db) => [
      ` DB (${db.name})`,
      `  Master: ${master === null ? ':0' : `${master.host}:${master.port}`}`,
      '  SessionId: 0',
      `  SyncStatus k${db.state}`,
      '',
    ]),
    '# Running Status ',
    'Client Processor thread-pool queue size: 0',
  );
};

// ---- keyspace ----------------------------------------------------------------------------------------------------

const keyspaceTypes = [
  ['Strings', 'string'],
  ['Hashes', 'hash'],
  ['Lists', 'list'],
  ['Zsets', 'zset'],
  ['Sets', 'set'],
] as const;

const startTime = (scan: KeyScan | null, is33: boolean): string => {
  if (scan === null) return is33 ? '1970-01-01 08:00:00' : '0';
  return new Date(scan.startedAt).toISOString().slice(0, 19).replace('T', ' ');
};

function keyspaceLines(node: SimNode, db: SimDb): string {
  const { keyScan: scan } = db;
  const row = (label: string, type: string): string => {
    const counted = scan?.counts[type] ?? { keys: 0, expires: 0, stale: 0 };
    return `${db.name} ${label}_keys=${counted.keys}, expires=${counted.expires}, invalid_keys=${counted.stale}`;
  };
  const duration = scan?.durationSeconds === null ? 'In Waiting' : `${scan?.durationSeconds}s`;
  return lines(
    `# Time:${startTime(scan, node.traits.family === '3.3')}`,
    ...(scan === null ? [] : [`# Duration: ${duration}`]),
    ...keyspaceTypes.map(([label, type]) => row(label, type)),
    '',
    ...(node.traits.family === '4.0' ? [row('Streams', 'stream'), ''] : []),
  );
}

function infoKeyspace(node: SimNode, dbs: readonly SimDb[], started: boolean): string {
  const hint = started ? '# Start async statistics' : '# Use "info keyspace 1" to do async statistics';
  return (
    lines('# Keyspace', ...(node.traits.version >= '3.5.4' ? [hint] : [])) +
    dbs.map((db) => keyspaceLines(node, db)).join('')
  );
}

/** Counts all keys in the background; the old counts stay until it ends. */
function startKeyScan(world: World, node: SimNode, db: SimDb): void {
  if (db.keyScan?.durationSeconds === null) return;
  const startedAt = world.clock.now();
  db.keyScan = { startedAt, durationSeconds: null, counts: db.keyScan?.counts ?? {} };
  const tookMs = 1 + (db.keyspace.totalCount() / 1000) * world.timers.keyScanMsPerThousand;
  later(world, node, tookMs, () => {
    const now = world.clock.now();
    const counts: Record<string, { keys: number; expires: number; stale: number }> = {};
    for (const [, type] of [...keyspaceTypes, ['Streams', 'stream'] as const]) {
      const counted = { keys: 0, expires: 0, stale: 0 };
      db.keyspace.keys(type).scan('', (_, { expireAt }) => {
        if (expireAt !== 0 && expireAt <= now) counted.stale++;
        else counted.keys++;
        if (expireAt > now) counted.expires++;
        return true;
      });
      counts[type] = counted;
    }
    db.keyScan = { startedAt, durationSeconds: Math.floor((now - startedAt) / 1000), counts };
  });
}

function keyspaceCommand(world: World, node: SimNode, argv: readonly string[]): Reply {
  const mode = argv[2]?.toLowerCase();
  if (mode === undefined) {
    const printsAll = node.traits.version < '3.5.3';
    return infoKeyspace(node, printsAll ? node.dbs : [], false);
  }
  if (mode !== '0' && mode !== '1' && mode !== 'off') return failures.syntax;
  const names = argv[3]?.split(',') ?? node.dbs.map(({ name }) => name);
  const unknown = names.find((name) => !node.dbs.some((db) => db.name === name));
  if (unknown !== undefined) return failure(`ERR invalid DB for '${unknown}'`);
  if (mode === 'off') return 'OK\r\n';
  const chosen = node.dbs.filter(({ name }) => names.includes(name));
  const text = infoKeyspace(node, chosen, true);
  if (mode === '1') for (const db of chosen) startKeyScan(world, node, db);
  return text;
}

// ---- the command -------------------------------------------------------------------------------------------------

const sections: Readonly<Record<string, Section>> = {
  server: infoServer,
  data: infoData,
  clients: infoClients,
  stats: infoStats,
  cpu: infoCpu,
  replication: infoReplication,
  debug: infoDebug,
  command_exec_count: infoExecCount,
  rocksdb: infoRocksdb,
  commandstats: infoCommandStats,
  cache: infoCache,
};

const absentIn33 = ['rocksdb', 'commandstats', 'cache'];

const plain35 = [infoServer, infoData, infoClients, infoStats, infoCpu, infoReplication];
const plain33 = [infoServer, infoData, infoClients, infoStats, infoExecCount, infoCpu, infoReplication];
const before = [infoServer, infoData, infoClients, infoStats, infoExecCount, infoCommandStats];

function everything(world: World, node: SimNode): string {
  const middle = [...(node.traits.hasCacheSection ? [infoCache] : []), infoCpu, infoReplication];
  const parts = [...before, ...middle].map((section) => section(world, node));
  const keyspace = infoKeyspace(node, node.dbs, true);
  return [...parts, keyspace, infoRocksdb(world, node)].join('\r\n');
}

/** These end a process that holds no open database (pika-facts 4.9). */
const readsDatabases: ReadonlySet<string> = new Set(['all', 'stats', 'rocksdb', 'data']);

/** INFO [section], INFO keyspace [0|1|off] [dbs]. An unknown section gives an empty text. */
export function info(world: World, node: SimNode, argv: readonly string[]): Reply {
  const name = argv[1]?.toLowerCase();
  const is33 = node.traits.family === '3.3';
  if (name === 'keyspace') return argv.length > 4 ? failures.syntax : keyspaceCommand(world, node, argv);
  if (argv.length > 2) return failures.syntax;
  if (readsDatabases.has(name ?? 'all') && node.dbs.some(({ disk }) => disk.opened === null)) {
    world.onSegfault(node);
    return failures.noSuchKey;
  }
  if (name === undefined) {
    const parts = (is33 ? plain33 : plain35).map((section) => section(world, node));
    return [...parts, infoKeyspace(node, node.traits.version < '3.5.3' ? node.dbs : [], false)].join('\r\n');
  }
  if (name === 'all') return everything(world, node);
  if (name === 'cache' && !node.traits.hasCacheSection) return '';
  if (is33 && absentIn33.includes(name)) return '';
  return sections[name]?.(world, node) ?? '';
}
