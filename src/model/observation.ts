/**
 * What a node said, parsed: the words in which every engine reports to the core.
 * Times are milliseconds since the epoch on the observer's clock unless a name says otherwise.
 */

/** A TCP address. `host` is a name or an IPv4/IPv6 literal without brackets. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export type Role = 'master' | 'slave' | 'master&&slave';

/**
 * State of one DB of a slave. The names are Pika's own from `db_repl_state` without the inconsistent `k`
 * prefix; `Connected` is what Pika expresses by leaving the DB out.
 */
export type DbState =
  | 'NoConnect'
  | 'TryConnect'
  | 'TryDBSync'
  | 'WaitDBSync'
  | 'WaitReply'
  | 'Connected'
  | 'Error'
  | 'DBNoConnect'
  | 'Other';

/** A position in a binlog: file number and offset in bytes inside that file. */
export interface BinlogOffset {
  readonly file: number;
  readonly offset: number;
}

/** The master's view of one slave's DB: bytes not yet sent, or the state that it prints in their place. */
export type SlaveLag = number | 'not syncing' | 'full syncing';

export interface ListedSlave {
  /** The address under which the master knows the slave. */
  readonly ip: string;
  readonly port: number;
  readonly lag: Readonly<Record<string, SlaveLag>>;
}

export interface ServerFacts {
  /** As the node prints it. 4.0.1 prints 4.0.0; see `detectVersion` of the engine. */
  readonly reportedVersion: string;
  /** Of the commit that it was built from; null or absent = not known (a build outside of a git folder prints 0). */
  readonly gitSha?: string | null;
  readonly processId: number | null;
  readonly uptimeSeconds: number | null;
  /** null before 3.5.0. */
  readonly runId: string | null;
  readonly tcpPort: number | null;
}

export interface ReplicationFacts {
  readonly role: Role;
  /** '' = none yet; null = this version has none (before 3.5.1). */
  readonly replicationId: string | null;
  /** Set for the roles slave and master&&slave. */
  readonly masterHost: string | null;
  readonly masterPort: number | null;
  readonly linkStatus: 'up' | 'down' | null;
  /** State of every DB of a slave; empty on a pure master. */
  readonly dbStates: Readonly<Record<string, DbState>>;
  /** Only on master and master&&slave. */
  readonly slaves: readonly ListedSlave[];
  readonly connectedSlaves: number | null;
  /** Own binlog position of every DB. */
  readonly binlog: Readonly<Record<string, BinlogOffset>>;
  /** Per DB the file up to which the binlog may be purged; null for `none` or `error`. */
  readonly safetyPurgeFile: Readonly<Record<string, number | null>>;
  /** `is_eligible_for_master_election`: 3.5.5 and 4.0.1 only, else null. */
  readonly eligibleForMasterElection: boolean | null;
  /** Whether `repl_connect_status` was present (3.5.5, 4.0.0, 4.0.1). */
  readonly hasConnectStatus: boolean;
}

export interface StatsFacts {
  readonly bgsaving: boolean;
  readonly scanningKeyspace: boolean;
  readonly compacting: boolean;
  readonly opsPerSecond: number | null;
  /** Since the process started; null before 3.5.0. */
  readonly replInputBytes: number | null;
  readonly replOutputBytes: number | null;
  readonly commandsProcessed: number | null;
}

/** Sums over all blocks of all DBs of `INFO rocksdb` (3.5.0+). A table's blob files count as part of it. */
export interface SizeFacts {
  /** Σ total_sst_files_size and total_blob_file_size, bytes. */
  readonly sstBytes: number;
  /** The same by DB, in the order of the DBs' names: the blocks carry no name (pika-facts 2.7). Absent = not told apart. */
  readonly sstBytesByDatabase?: readonly number[];
  /** Σ live_sst_files_size and live_blob_file_size, bytes; null when not printed. */
  readonly liveSstBytes: number | null;
  /** Σ cur_size_all_mem_tables, bytes; null when not printed. */
  readonly memtableBytes: number | null;
  /** Σ estimate_num_keys over all column families: an order of magnitude, not a count. */
  readonly estimatedKeys: number;
}

/** Settings read by CONFIG GET; null = the node has no such setting or would not tell. */
export interface ConfigFacts {
  readonly databases: number | null;
  readonly dbInstanceNum: number | null;
  readonly binlogFileSizeBytes: number | null;
  readonly throttleBytesPerSecond: number | null;
  readonly expireLogsNums: number | null;
  readonly expireLogsDays: number | null;
  readonly slaveReadOnly: boolean | null;
  /** Whether a masterauth is set. The value itself never leaves the engine. */
  readonly masterauthSet: boolean | null;
  /** Whether the node's masterauth equals the password by which the service logs in to the master. */
  readonly masterauthMatchesMaster: boolean | null;
  readonly requirepassSet: boolean | null;
  /**
   * Whether the password by which the service logged in is the node's requirepass; null = not comparable. Pika
   * takes any password while userpass is empty (recording 13b), so a login alone proves nothing.
   */
  readonly requirepassMatchesLogin?: boolean | null;
}

/**
 * All that one look read. A section that was not asked for, or that this version does not have, is absent;
 * what one look could read another may not, so readers take the latest of each.
 */
export interface NodeFacts {
  /**
   * The IP addresses under which a master may list this server, as far as the connection to it tells: the address at its
   * other end and, where that is loopback, those of this machine. Absent = not known, as in simulated networks.
   */
  readonly ips?: readonly string[];
  readonly server?: ServerFacts;
  readonly replication?: ReplicationFacts;
  readonly stats?: StatsFacts;
  readonly sizes?: SizeFacts;
  readonly config?: ConfigFacts;
  /** LASTSAVE: unix seconds on the node's clock of its last finished dump; 0 = none since the start. 3.5.3+. */
  readonly lastSaveUnixSeconds?: number;
  /** INFO data: bytes on disk; up to 60 s old. */
  readonly dbSizeBytes?: number;
  readonly logSizeBytes?: number;
  readonly dbFatal?: boolean;
  /** Whether at least one key was seen by a cheap probe (SCAN 0 COUNT 1 over every DB and type). */
  readonly holdsKeys?: boolean;
}

/** One look at one node. "No answer" is a look too, and a time-out is not a death. */
export type Look =
  | { readonly kind: 'answered'; readonly at: number; readonly tookMs: number; readonly facts: NodeFacts }
  /** Connected, but no reply within the limit: reads as busy (swap, NO ONE), never as dead or done. */
  | { readonly kind: 'busy'; readonly at: number; readonly tookMs: number }
  /** The address refuses, or cannot be reached or resolved. */
  | { readonly kind: 'unreachable'; readonly at: number; readonly code: string; readonly message: string }
  /** The node answered, but would not let the service in. */
  | { readonly kind: 'denied'; readonly at: number; readonly code: string; readonly message: string }
  /** What answered does not speak like a Pika. */
  | { readonly kind: 'garbled'; readonly at: number; readonly message: string };

export type Silence = Exclude<Look, { readonly kind: 'answered' }>;

/** What a server does that gives no look, to be said of it: always the same words for the same kind. */
export const silenceWords: Readonly<Record<Silence['kind'], string>> = {
  busy: 'does not reply in time',
  unreachable: 'cannot be reached',
  denied: 'refuses the login',
  garbled: 'does not speak like a Pika',
};

/** The same with what was met. */
export const silenceInFull = (look: Silence): string =>
  look.kind === 'busy' ? silenceWords.busy : `${silenceWords[look.kind]} (${look.message})`;

/** `host:port`, with brackets around an IPv6 literal. */
export function formatAddress(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

export function sameAddress(a: Address, b: Address): boolean {
  return a.port === b.port && a.host.toLowerCase() === b.host.toLowerCase();
}

/** Negative, zero or positive as `a` lies before, at or after `b`. */
export function compareOffsets(a: BinlogOffset, b: BinlogOffset): number {
  return a.file - b.file || a.offset - b.offset;
}

/**
 * Bytes of binlog from one set of positions up to another, summed over DBs; never negative. null = a position or,
 * where files differ, the file size is unknown.
 */
export function bytesBetween(
  ahead: Readonly<Record<string, BinlogOffset>> | undefined,
  behind: Readonly<Record<string, BinlogOffset>> | undefined,
  binlogFileSizeBytes: number | null,
): number | null {
  if (!ahead || !behind) return null;
  let sum = 0;
  for (const [db, to] of Object.entries(ahead)) {
    const from = behind[db];
    if (!from) return null;
    if (to.file !== from.file && binlogFileSizeBytes === null) return null;
    sum += (to.file - from.file) * (binlogFileSizeBytes ?? 0) + to.offset - from.offset;
  }
  return Math.max(0, sum);
}

/** What the plan knew of its master; kept so that a later check can tell whether it is still the same server. */
export interface MasterIdentity {
  readonly version: string;
  readonly runId: string | null;
  readonly processId: number | null;
  readonly replicationId: string | null;
  readonly binlog: Readonly<Record<string, BinlogOffset>>;
}
