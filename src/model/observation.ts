/** What a node said, parsed, and how it is compared and put into words. */
import type { BinlogOffset, Look, ReplicationFacts } from './views/observation.ts';
import type { Address } from './views/targets.ts';

export type {
  BinlogOffset,
  ConfigFacts,
  DbState,
  DerivedPort,
  ListedSlave,
  Look,
  MasterIdentity,
  NodeFacts,
  ReplicationFacts,
  Role,
  ServerFacts,
  SizeFacts,
  SlaveLag,
  StatsFacts,
} from './views/observation.ts';
export type { Address } from './views/targets.ts';

/** Parts of a look; a caller asks for what it needs, and an engine never asks a node for more. */
export type LookSection =
  | 'server'
  | 'replication'
  | 'stats'
  | 'lastsave'
  /** CLIENT LIST: a row per connection. */
  | 'clients'
  | 'sizes'
  | 'config'
  | 'data'
  | 'keys'
  | 'commands'
  /** Whether it knows SLAVEOF: Pika answers SLAVEOF without arguments with an error, and does nothing (SlaveofCmd, 3.3.6 to 4.0.1). */
  | 'slaveof'
  /** Those that read databases also of a node whose state is Error: all of its databases are known to be open. */
  | 'while_error'
  /** The ports on which nodes reach it as their master. */
  | 'master_ports'
  /** The ports on which a master reaches it as its slave. */
  | 'slave_ports';

export type Silence = Exclude<Look, { readonly kind: 'answered' }>;

/** `host:port`, with brackets around an IPv6 literal. */
export function formatAddress(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** Whether a database of the server has given its master up, or is not open (pika-facts 4.9). */
export const isInError = (replication: ReplicationFacts | null | undefined): boolean =>
  Object.values(replication?.dbStates ?? {}).includes('Error');

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

/** What a look says apart from numbers that always move. */
export function wordsOfLook(look: Look): string {
  if (look.kind !== 'answered') return look.kind;
  const { replication, stats, lastSaveUnixSeconds } = look.facts;
  return JSON.stringify([
    replication?.role,
    replication?.linkStatus,
    replication?.dbStates,
    replication?.masterHost,
    replication?.masterPort,
    replication?.slaves.map((slave) => [
      slave.ip,
      slave.port,
      Object.values(slave.lag).map((lag) => (typeof lag === 'number' ? 0 : lag)),
    ]),
    replication?.eligibleForMasterElection,
    stats?.bgsaving,
    lastSaveUnixSeconds,
  ]);
}
