import type {
  BinlogOffset,
  DbState,
  ListedSlave,
  ReplicationFacts,
  Role,
  ServerFacts,
  SizeFacts,
  SlaveLag,
  StatsFacts,
} from '../../model/observation.ts';

/*
 * Parsers of INFO replies of Pika 3.3.6 to 4.0.1. None of them throws, and none yields NaN: what does not read
 * as expected is null or left out. Every layout is from test/recordings and from pika_admin.cc of each release tag.
 */

/**
 * The `name:value` fields of an INFO reply of Pika or Redis; of a name that comes twice, the first. The value loses a leading
 * blank (`ReplicationID: x` of 3.5.1 and 3.5.2).
 */
export const infoFields = (text: string): ReadonlyMap<string, string> => fieldsOf(text.split('\n'));

/** Lines of an INFO reply without the headings and empty lines; LF and CRLF are both taken. */
function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function fieldsOf(lines: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0 || line.startsWith('#')) continue;
    const key = line.slice(0, colon);
    if (!fields.has(key)) fields.set(key, line.slice(colon + 1).trim());
  }
  return fields;
}

/** A whole number of at most 2^53; anything else, and what a counter of Pika shows after an overflow, is null. */
export function wholeNumber(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : null;
}

function portNumber(text: string | undefined): number | null {
  const value = wholeNumber(text);
  return value !== null && value <= 65_535 ? value : null;
}

function yesNo(text: string | undefined): boolean | null {
  if (text === 'Yes' || text === 'yes') return true;
  if (text === 'No' || text === 'no') return false;
  return null;
}

/** INFO server; null when there is no `pika_version`, so that a Redis is not taken for a Pika. */
export function parseServer(text: string): ServerFacts | null {
  const fields = infoFields(text);
  const reportedVersion = fields.get('pika_version');
  if (!reportedVersion || reportedVersion.length > 64) return null;
  const sha = fields.get('pika_git_sha') ?? '';
  return {
    reportedVersion,
    gitSha: /^[0-9a-f]{7,40}$/.test(sha) ? sha : null,
    processId: wholeNumber(fields.get('process_id')),
    uptimeSeconds: wholeNumber(fields.get('uptime_in_seconds')),
    runId: fields.get('run_id') || null,
    tcpPort: portNumber(fields.get('tcp_port')),
  };
}

/** INFO stats; null when the lines that every version prints are missing. */
export function parseStats(text: string): StatsFacts | null {
  const fields = infoFields(text);
  const bgsaving = yesNo(fields.get('is_bgsaving'));
  if (bgsaving === null) return null;
  return {
    bgsaving,
    scanningKeyspace: yesNo(fields.get('is_scaning_keyspace')) ?? false,
    compacting: yesNo(fields.get('is_compact')) ?? false,
    opsPerSecond: wholeNumber(fields.get('instantaneous_ops_per_sec')),
    replInputBytes: wholeNumber(fields.get('total_net_repl_input_bytes')),
    replOutputBytes: wholeNumber(fields.get('total_net_repl_output_bytes')),
    commandsProcessed: wholeNumber(fields.get('total_commands_processed')),
  };
}

/** INFO data: sizes on disk and whether RocksDB has stopped on an error. */
export function parseData(text: string): {
  dbSizeBytes: number | null;
  logSizeBytes: number | null;
  dbFatal: boolean | null;
} {
  const fields = infoFields(text);
  const fatal = fields.get('db_fatal');
  return {
    dbSizeBytes: wholeNumber(fields.get('db_size')),
    logSizeBytes: wholeNumber(fields.get('log_size')),
    dbFatal: fatal === '0' ? false : fatal === '1' ? true : null,
  };
}

/** Properties of a block. What it has on disk: its tables, and its blob files where `enable-blob-files` is set: nearly all of it there. */
const sizeOf: Readonly<Record<string, 'sstBytes' | 'liveSstBytes' | 'memtableBytes' | 'estimatedKeys'>> = {
  total_sst_files_size: 'sstBytes',
  total_blob_file_size: 'sstBytes',
  live_sst_files_size: 'liveSstBytes',
  live_blob_file_size: 'liveSstBytes',
  cur_size_all_mem_tables: 'memtableBytes',
  estimate_num_keys: 'estimatedKeys',
};

/** Blocks are named `strings_` … `zsets_` on 3.5, `instance0_` … on 4.0. Most of some hundred lines tell other properties. */
const sizeLine = new RegExp(
  `^((?:strings|hashes|lists|sets|zsets|streams|instance\\d+)_(${Object.keys(sizeOf).join('|')})):(.*)$`,
  'gm',
);

/** The lines of INFO rocksdb that {@link parseSizes} reads: some 30 of hundreds. */
export const sizeLines = (text: string): string =>
  [...text.matchAll(sizeLine)].map(([line]) => line).join('\n');

/**
 * INFO rocksdb, whole or an excerpt of it, summed over all blocks of all DBs. The blocks carry no DB name and repeat
 * their keys, so they can only be summed (pika-facts 2.7). null when no block prints its size (3.3.6 and 3.4 have no
 * such section).
 */
export function parseSizes(text: string): SizeFacts | null {
  const sums: Partial<Record<(typeof sizeOf)[string], number>> = {};
  const sstBytesByDatabase: number[] = [];
  let first: string | undefined;
  for (const [, name, property, digits] of text.matchAll(sizeLine)) {
    const size = sizeOf[property!]!;
    const value = wholeNumber(digits!.trim());
    if (value !== null) sums[size] = (sums[size] ?? 0) + value;
    if (size !== 'sstBytes') continue;
    // The blocks of the DBs follow each other with the same names: the first name coming again begins the next DB.
    first ??= name;
    if (name === first) sstBytesByDatabase.push(0);
    sstBytesByDatabase.push(sstBytesByDatabase.pop()! + (value ?? 0));
  }
  const { sstBytes, liveSstBytes = null, memtableBytes = null, estimatedKeys = 0 } = sums;
  return sstBytes === undefined
    ? null
    : { sstBytes, sstBytesByDatabase, liveSstBytes, memtableBytes, estimatedKeys };
}

/** How many RocksDB instances a DB has (`db-instance-num`, which CONFIG GET does not tell); null before 4.0. */
export function parseInstanceCount(text: string): number | null {
  const numbers = [...text.matchAll(/^#?instance(\d{1,4})_/gm)].map((match) => Number(match[1]));
  return numbers.length === 0 ? null : Math.max(...new Set(numbers)) + 1;
}

/** INFO replication; null when it names no role. */
export function parseReplication(text: string): ReplicationFacts | null {
  const lines = linesOf(text);
  const fields = fieldsOf(lines);
  const role = roleOf(fields.get('role'));
  if (!role) return null;
  const linkStatus = linkOf(fields.get('master_link_status'));
  const positions = binlogPositions(lines);
  return {
    role,
    replicationId: fields.get('ReplicationID') ?? null,
    masterHost: fields.get('master_host') || null,
    // SLAVEOF takes any port, 99999 too (pika-facts 1.2), and the node then says so.
    masterPort: wholeNumber(fields.get('master_port')),
    linkStatus,
    dbStates: role === 'master' ? {} : dbStates(fields, lines, Object.keys(positions.binlog), linkStatus),
    slaves: lines.flatMap(listedSlave),
    connectedSlaves: wholeNumber(fields.get('connected_slaves')),
    ...positions,
    eligibleForMasterElection: eligible(fields.get('is_eligible_for_master_election')),
    hasConnectStatus: fields.has('repl_connect_status'),
  };
}

function roleOf(text: string | undefined): Role | null {
  return text === 'master' || text === 'slave' || text === 'master&&slave' ? text : null;
}

function linkOf(text: string | undefined): 'up' | 'down' | null {
  return text === 'up' || text === 'down' ? text : null;
}

function eligible(text: string | undefined): boolean | null {
  return text === 'true' ? true : text === 'false' ? false : null;
}

/** `db0:binlog_offset=` from 3.5.3 on, `db0 binlog_offset=` before. */
const binlogLine = /^(db\d{1,4})[: ]binlog_offset=(\d{1,10}) (\d{1,16})(?:,safety_purge=(\S+))?/;

function binlogPositions(lines: readonly string[]): {
  binlog: Record<string, BinlogOffset>;
  safetyPurgeFile: Record<string, number | null>;
} {
  const binlog: Record<string, BinlogOffset> = {};
  const safetyPurgeFile: Record<string, number | null> = {};
  for (const line of lines) {
    const [, db, file, offset, purge] = binlogLine.exec(line) ?? [];
    const position = { file: wholeNumber(file), offset: wholeNumber(offset) };
    if (db === undefined || position.file === null || position.offset === null) continue;
    binlog[db] = { file: position.file, offset: position.offset };
    safetyPurgeFile[db] = wholeNumber(/^write2file(\d+)$/.exec(purge ?? '')?.[1]);
  }
  return { binlog, safetyPurgeFile };
}

/** The names in `db_repl_state`; Pika prefixes some of them with `k` and others not (pika-facts 2.3). */
const replStates: Readonly<Record<string, DbState>> = {
  NoConnect: 'NoConnect',
  TryConnect: 'TryConnect',
  TryDBSync: 'TryDBSync',
  WaitDBSync: 'WaitDBSync',
  WaitReply: 'WaitReply',
  Connected: 'Connected',
  Error: 'Error',
  DBNoConnect: 'DBNoConnect',
};

/** The words below `repl_connect_status` (3.5.5, 4.0.0, 4.0.1). */
const connectStates: Readonly<Record<string, DbState>> = {
  no_connect: 'NoConnect',
  syncing_full: 'WaitDBSync',
  error: 'Error',
  connecting: 'WaitReply',
  try_to_incr_sync: 'TryConnect',
  try_to_full_sync: 'TryDBSync',
  connected: 'Connected',
};

function replStateOf(text: string): DbState {
  const name = text.trim();
  return replStates[name] ?? replStates[name.replace(/^k/, '')] ?? 'Other';
}

/**
 * The state of every DB of a slave. `db_repl_state` names only DBs that are not connected, so a DB that it
 * leaves out is connected where the line is there or the link is up. A DB of which nothing is said while the
 * link is down (the reply was put together in the middle of a change) is `Other`, never `Connected`.
 */
function dbStates(
  fields: ReadonlyMap<string, string>,
  lines: readonly string[],
  names: readonly string[],
  linkStatus: 'up' | 'down' | null,
): Record<string, DbState> {
  const notConnected = statesInParentheses(fields.get('db_repl_state') ?? '');
  const announced = connectStatus(lines);
  const unnamed: DbState = linkStatus === 'up' || notConnected.size > 0 ? 'Connected' : 'Other';
  const all = new Set([...names, ...notConnected.keys(), ...announced.keys()]);
  return Object.fromEntries(
    [...all].sort().map((db) => [db, notConnected.get(db) ?? announced.get(db) ?? unnamed]),
  );
}

function statesInParentheses(text: string): Map<string, DbState> {
  const states = new Map<string, DbState>();
  for (const [, db, state] of text.matchAll(/\((db\d{1,4}):([^()]*)\)/g))
    states.set(db as string, replStateOf(state as string));
  return states;
}

function connectStatus(lines: readonly string[]): Map<string, DbState> {
  const states = new Map<string, DbState>();
  for (const line of lines) {
    const [, db, word] = /^(db\d{1,4}):([a-z_]+)$/.exec(line) ?? [];
    const state = word === undefined ? undefined : connectStates[word];
    if (db !== undefined && state) states.set(db, state);
  }
  return states;
}

/** `slave0:ip=10.0.0.12,port=9221,conn_fd=131,lag=(db0:0)(db1:full syncing)`; the IP may hold colons. */
const slaveLine = /^slave\d+:ip=([^,]+),port=(\d{1,5}),(?:[^=,]+=[^,]*,)*lag=(.*)$/;

function listedSlave(line: string): ListedSlave[] {
  const [, ip, port, lag] = slaveLine.exec(line) ?? [];
  const number = portNumber(port);
  if (ip === undefined || lag === undefined || number === null) return [];
  return [{ ip, port: number, lag: lagsOf(lag) }];
}

function lagsOf(text: string): Record<string, SlaveLag> {
  const lags: Record<string, SlaveLag> = {};
  for (const [, db, lag] of text.matchAll(/\((db\d{1,4}):([^()]*)\)/g))
    lags[db as string] = lagOf(lag as string);
  return lags;
}

/** Anything that is neither a number nor `full syncing` is taken for `not syncing`: never for a caught-up slave. */
function lagOf(text: string): SlaveLag {
  const word = text.trim();
  if (word === 'full syncing') return word;
  return wholeNumber(word) ?? 'not syncing';
}

/** No Pika has as many commands. */
const maxCommands = 500;

/** Calls by command: lines of `setex:calls=1, usec=0.18, …`; null where there is none (before 3.5.0). */
export function parseCommandCalls(text: string): Readonly<Record<string, number>> | null {
  const calls = [...text.matchAll(/^([a-z0-9_.-]{1,40}):calls=(\d{1,15}),/gim)].slice(0, maxCommands);
  return calls.length === 0
    ? null
    : Object.fromEntries(calls.map(([, name, count]) => [name!.toLowerCase(), Number(count)]));
}
