import { infoFields } from '../../engines/pika/info.ts';
import type { KeyCounts, KeyType } from '../../model/comparison.ts';
import { countsSay, faultSays } from '../../model/comparison-texts.ts';
import type { Said } from '../../model/text.ts';
import type { Clock } from '../pace.ts';
import type { Pair, Side, SideName } from '../pair.ts';
import {
  infoText,
  type KeyspaceEntry,
  type Position,
  positionIn,
  readPosition,
  redisKeyspace,
  redisKeyspaceIn,
} from '../wire/server.ts';
import { WireError } from '../wire/wire.ts';

/** Key counts of both sides, and what may be concluded from them. */
export interface CountsResult {
  readonly counts: KeyCounts;
  readonly verdict: 'equal' | 'different' | 'unclear' | 'empty';
  /** The counts' error, or what differs. */
  readonly said: Said;
  /** By the same names, keys that can expire, on the side that has more of them. */
  readonly expiring: Readonly<Record<string, number>>;
}

export interface CountsOptions {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** How long both scans of keys may take, and how long a busy node is waited for. Milliseconds. */
  readonly scanTimeoutMs: number;
}

interface SideCounts {
  readonly keys: Readonly<Record<string, number>>;
  /** Keys that may vanish by themselves at any moment. */
  readonly expiring: Readonly<Record<string, number>>;
}

/** A write takes at least this many bytes in either server's replication stream. */
const fewestBytesPerWrite = 20;
const pollMs = 200;

/**
 * Counts the keys of both sides by type and DB (Redis: by DB). On Redis it costs nothing. On Pika each node scans all
 * its keys in the background (`INFO keyspace 1`, pika-facts 2.5). The scan holds up a full sync, so the count is
 * refused while a full sync is running. Never DBSIZE on Pika (pika-facts 3.2).
 *
 * The counts are exact in two cases: both sides were counted at the same place in the stream of writes; or no write
 * arrived meanwhile and no key can expire. Otherwise each write, and each key that can expire, may shift them by one.
 * Only a larger gap is a difference.
 */
export async function compareCounts(pair: Pair, options: CountsOptions): Promise<CountsResult> {
  const together = await countAtOnePlace(pair, options);
  if (together !== null) return { ...conclude(together, () => 0), expiring: expiringOf(together) };
  const before = await positions(pair);
  const count = (side: SideName) =>
    pair.kind === 'redis' ? countRedis(pair[side]) : countPika(pair[side], options);
  const [left, right] = await Promise.all([count('left'), count('right')]);
  const after = await positions(pair);
  const writtenBytes = Math.max(
    distance(before[0], after[0]),
    distance(before[1], after[1]),
    // How far one server is behind the other; servers that do not follow each other count from beginnings of their own.
    ...(pair.leader === null ? [] : [distance(before[0], before[1]), distance(after[0], after[1])]),
  );
  const writes = Math.ceil(writtenBytes / fewestBytesPerWrite);
  const expiring = expiringOf({ left, right });
  return { ...conclude({ left, right }, (name) => writes + (expiring[name] ?? 0)), expiring };
}

interface BothCounts {
  readonly left: SideCounts;
  readonly right: SideCounts;
}

/** A Redis tells its counts and its place in the stream of writes in one reply. null = both were never seen at one place. */
async function countAtOnePlace(pair: Pair, { clock, signal }: CountsOptions): Promise<BothCounts | null> {
  if (pair.kind !== 'redis' || pair.leader === null) return null;
  const look = async ({ connection }: Side) => {
    const text = await infoText(connection);
    return { counts: redisCounts(redisKeyspaceIn(text)), position: positionIn(text, 'redis') };
  };
  for (let looks = 0; looks < mostLooks; looks++) {
    const [left, right] = await Promise.all([look(pair.left), look(pair.right)]);
    if (left.position !== null && distance(left.position, right.position) === 0 && right.position !== null)
      return { left: left.counts, right: right.counts };
    await clock.sleep(1, signal);
  }
  return null;
}

const mostLooks = 100;

function expiringOf({ left, right }: BothCounts): Readonly<Record<string, number>> {
  const names = Object.keys({ ...left.expiring, ...right.expiring });
  return Object.fromEntries(
    names.map((name) => [name, Math.max(left.expiring[name] ?? 0, right.expiring[name] ?? 0)]),
  );
}

function conclude(both: BothCounts, error: (name: string) => number): Omit<CountsResult, 'expiring'> {
  const [left, right] = [both.left.keys, both.right.keys];
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
  const counts = { left, right, exact: names.every((name) => error(name) === 0) };
  const off = (name: string) => Math.abs((left[name] ?? 0) - (right[name] ?? 0));
  const list = (some: readonly string[]) => ({
    counts: some.map((name) => ({
      name,
      left: left[name] ?? 0,
      right: right[name] ?? 0,
      within: error(name),
    })),
  });
  const differing = names.filter((name) => off(name) > 0);
  const certain = names.filter((name) => off(name) > error(name));
  if (certain.length > 0)
    return { counts, verdict: 'different', said: countsSay('counts_differ', list(certain)) };
  if (names.every((name) => (left[name] ?? 0) === 0 && (right[name] ?? 0) === 0))
    return { counts, verdict: 'empty', said: countsSay('no_keys') };
  if (differing.length > 0)
    return { counts, verdict: 'unclear', said: countsSay('counts_may_differ', list(differing)) };
  const keysOf = (some: readonly string[]) => some.reduce((sum, name) => sum + (left[name] ?? 0), 0);
  const vague = names.filter((name) => error(name) > 0 && 2 * error(name) >= (left[name] ?? 0));
  if (2 * keysOf(vague) >= keysOf(names))
    return { counts, verdict: 'unclear', said: countsSay('counts_too_vague', list(vague)) };
  return {
    counts,
    verdict: 'equal',
    said: counts.exact
      ? countsSay('counts_agree_exactly')
      : countsSay('counts_agree', list(names.filter((name) => error(name) > 0))),
  };
}

async function positions(pair: Pair): Promise<readonly [Position | null, Position | null]> {
  return Promise.all([
    readPosition(pair.left.connection, pair.kind),
    readPosition(pair.right.connection, pair.kind),
  ]);
}

/** Bytes written between two positions; binlog files are 100 MiB unless configured otherwise. */
export function distance(from: Position | null, to: Position | null): number {
  if (from?.kind === 'bytes' && to?.kind === 'bytes') return Math.abs(to.offset - from.offset);
  if (from?.kind !== 'binlog' || to?.kind !== 'binlog') return 0;
  return Object.entries(to.dbs).reduce((sum, [db, end]) => {
    const start = from.dbs[db];
    if (start === undefined) return sum;
    return sum + Math.abs((end.file - start.file) * 104_857_600 + end.offset - start.offset);
  }, 0);
}

const countRedis = async (side: Side): Promise<SideCounts> =>
  redisCounts(await redisKeyspace(side.connection));

function redisCounts(entries: readonly KeyspaceEntry[]): SideCounts {
  return {
    keys: Object.fromEntries(entries.map((entry) => [`db${entry.db}`, entry.keys])),
    expiring: Object.fromEntries(entries.map((entry) => [`db${entry.db}`, entry.expires])),
  };
}

async function countPika(side: Side, options: CountsOptions): Promise<SideCounts> {
  const { clock, signal } = options;
  const deadline = clock.now() + options.scanTimeoutMs;
  const waitUntil = async (fault: Said, condition: () => Promise<boolean>) => {
    while (!(await condition())) {
      if (clock.now() >= deadline) throw new WireError('timeout', side.connection.name, fault);
      await clock.sleep(pollMs, signal);
    }
  };
  await waitUntil(faultSays('too_busy_to_count'), () => isQuiet(side));
  await side.connection.must('INFO', 'keyspace', '1');
  let text = '';
  await waitUntil(faultSays('counting_too_long', { ms: options.scanTimeoutMs }), async () => {
    text = await infoText(side.connection, 'keyspace', '0');
    return /^# Duration: \d+s/m.test(text) && (await isQuiet(side));
  });
  const counts = pikaCounts(text);
  if (Object.keys(counts.keys).length === 0)
    throw new WireError('garbled', side.connection.name, faultSays('no_counts'));
  return counts;
}

async function isQuiet(side: Side): Promise<boolean> {
  const stats = infoFields(await infoText(side.connection, 'stats'));
  const replication = await infoText(side.connection, 'replication');
  return (
    stats.get('is_scaning_keyspace') !== 'Yes' &&
    stats.get('is_bgsaving') !== 'Yes' &&
    stats.get('is_compact') !== 'Yes' &&
    !/full syncing|WaitDBSync|TryDBSync|syncing_full|try_to_full_sync/.test(replication)
  );
}

const typeNames: Readonly<Record<string, KeyType>> = {
  Strings: 'string',
  Hashes: 'hash',
  Lists: 'list',
  Zsets: 'zset',
  Sets: 'set',
  Streams: 'stream',
};

/** `db0 Strings_keys=5000, expires=0, invalid_keys=0` (pika-facts 2.5); streams from 4.0 on. */
function pikaCounts(text: string): SideCounts {
  const keys: Record<string, number> = {};
  const expiring: Record<string, number> = {};
  for (const match of text.matchAll(/^(db\d+) (\w+)_keys=(\d+), expires=(\d+)/gm)) {
    const type = typeNames[match[2]!] ?? match[2]!.toLowerCase();
    keys[`${match[1]} ${type}`] = Number(match[3]);
    expiring[`${match[1]} ${type}`] = Number(match[4]);
  }
  return { keys, expiring };
}
