import type { KeyType } from '../core/comparison.ts';
import { type Comparer, compareTypedKeys, PageSize } from './comparer.ts';
import { compareExpiries } from './expiry.ts';
import type { SideName } from './pair.ts';
import { ErrorReply, type Reply, ReplyReader } from './resp.ts';
import { typeNamed } from './server.ts';
import { errorFromReply, type RawReplies, sameBytes, WireError } from './wire.ts';

/** Types that PKSCANRANGE walks, on 3.3.6 to 4.0.1 alike. */
export const rangeTypes = ['string', 'hash', 'list', 'set', 'zset'] as const;
export type RangeType = (typeof rangeTypes)[number];

/** One reply to PKSCANRANGE: keys in byte order, and where the next range begins. */
export interface RangePage {
  /** The next key that the range did not reach; null = the range reached the end of the keys. */
  readonly next: Buffer | null;
  readonly keys: readonly Buffer[];
  /** Values beside the keys, for strings read with their values. */
  readonly values: readonly Buffer[] | null;
}

export const withValues = (type: RangeType): string => (type === 'string' ? 'string_with_value' : type);

/** Reads `*2 [next, [key, ...]]`, or `[key, value, ...]` for strings with values (3.5.4 pika_kv.cc PKScanRangeCmd::Do). */
export function readRangePage(server: string, type: RangeType, bytes: Buffer, valuesToo: boolean): RangePage {
  const reader = new ReplyReader(bytes);
  const parts = reader.array();
  if (parts instanceof ErrorReply) throw errorFromReply(server, `PKSCANRANGE ${type}`, parts);
  const next = reader.next() as Buffer;
  const items = reader.next();
  if (!Array.isArray(items))
    throw new WireError('garbled', server, 'answered PKSCANRANGE with something unexpected');
  const list = items as readonly Buffer[];
  return {
    next: next.length === 0 ? null : next,
    keys: valuesToo ? list.filter((_, i) => i % 2 === 0) : list,
    values: valuesToo ? list.filter((_, i) => i % 2 === 1) : null,
  };
}

export interface WalkStep {
  /** Where to go on; null = the end was reached. */
  readonly next: Buffer | null;
  readonly keys: number;
}

/**
 * Compares the keys of one type from `from` on: one range, the same on both sides. Equal bytes are equal keys and values;
 * otherwise the two are laid side by side up to where both ranges reach.
 */
export async function compareRange(
  comparer: Comparer,
  type: RangeType,
  from: Buffer,
  page: PageSize,
  limit = page.keys,
): Promise<WalkStep> {
  const replies = await requestRange(comparer, type, from, limit);
  return judgeRange(comparer, type, from, page, limit, replies);
}

type BothReplies = readonly [RawReplies, RawReplies];

function requestRange(
  comparer: Comparer,
  type: RangeType,
  from: Buffer,
  limit: number,
): Promise<BothReplies> {
  const { pair } = comparer;
  return pair.both(pair.write().add('PKSCANRANGE', withValues(type), from, '', 'LIMIT', limit), limit);
}

async function judgeRange(
  comparer: Comparer,
  type: RangeType,
  from: Buffer,
  page: PageSize,
  limit: number,
  replies: BothReplies,
): Promise<WalkStep> {
  const { pair } = comparer;
  const valuesToo = type === 'string';
  if (replies[0].digest || replies[1].digest) {
    if (limit > 1) return compareRange(comparer, type, from, page, Math.max(1, limit >> 3));
    return compareHugeString(comparer, from, replies);
  }
  const left = readRangePage(pair.left.connection.name, type, replies[0].bytes, valuesToo);
  if (sameBytes(replies[0], replies[1])) {
    page.saw(left.keys.length, replies[0].totalBytes);
    await compareRest(comparer, type, left.keys);
    comparer.tally.looked(type, left.keys.length);
    const step = { next: left.next && Buffer.from(left.next), keys: left.keys.length };
    pair.release(replies);
    return step;
  }
  const right = readRangePage(pair.right.connection.name, type, replies[1].bytes, valuesToo);
  return compareDifferingPages(comparer, type, left, right);
}

interface AskedRange {
  readonly from: Buffer;
  readonly limit: number;
  readonly replies: Promise<BothReplies>;
}

/** One type's walk from range to range, which asks for the next range before it judges the present one. */
export class RangeWalk {
  readonly #comparer: Comparer;
  readonly #type: RangeType;
  readonly #page: PageSize;
  #asked: AskedRange;

  constructor(comparer: Comparer, type: RangeType, from: Buffer) {
    this.#comparer = comparer;
    this.#type = type;
    this.#page = new PageSize(comparer);
    this.#asked = this.#ask(from);
  }

  /** Judges one range. Returns where the walk goes on; null = it is at its end. */
  async step(): Promise<Buffer | null> {
    const { from, limit, replies: asked } = this.#asked;
    const replies = await asked;
    const ahead = nextOfBoth(replies);
    if (ahead !== null) this.#asked = this.#ask(ahead);
    const { next } = await judgeRange(this.#comparer, this.#type, from, this.#page, limit, replies);
    if (next === null) return null;
    if (ahead === null || !ahead.equals(next)) this.#asked = this.#ask(next);
    return next;
  }

  #ask(from: Buffer): AskedRange {
    const limit = this.#page.keys;
    const replies = requestRange(this.#comparer, this.#type, from, limit);
    replies.catch(() => undefined);
    return { from, limit, replies };
  }
}

/** The key at which both ranges go on, where it is the same; it is the first thing in a reply. */
function nextOfBoth(replies: BothReplies): Buffer | null {
  if (replies[0].digest || replies[1].digest) return null;
  const nexts = replies.map(({ bytes }) => {
    const reader = new ReplyReader(bytes);
    return typeof reader.array() === 'number' ? (reader.next() as Buffer) : null;
  });
  const [left, right] = nexts;
  return left && right && left.length > 0 && left.equals(right) ? Buffer.from(left) : null;
}

/** What a range does not tell: members of collections, and expiries. */
async function compareRest(comparer: Comparer, type: RangeType, keys: readonly Buffer[]): Promise<void> {
  if (type === 'string') await compareExpiries(comparer, type, keys);
  else await compareTypedKeys(comparer, type, keys);
}

async function compareDifferingPages(
  comparer: Comparer,
  type: RangeType,
  left: RangePage,
  right: RangePage,
): Promise<WalkStep> {
  const end = earlier(left.next, right.next);
  const { common, onOneSide, unequal } = layTogether(left, right, end);
  const all = [...common, ...onOneSide];
  if (type === 'string') {
    for (const key of [...unequal, ...onOneSide])
      comparer.settler.suspect({ type, key, probe: { of: 'whole' } });
    await compareExpiries(comparer, type, common);
  } else {
    await compareTypedKeys(comparer, type, all);
  }
  comparer.tally.looked(type, all.length);
  await comparer.settler.settleIfMany();
  return { next: end, keys: all.length };
}

const earlier = (a: Buffer | null, b: Buffer | null): Buffer | null =>
  a === null ? b : b === null ? a : Buffer.compare(a, b) <= 0 ? a : b;

interface LaidTogether {
  readonly common: readonly Buffer[];
  readonly onOneSide: readonly Buffer[];
  /** Keys on both sides with different values. */
  readonly unequal: readonly Buffer[];
}

/** Both pages up to, and without, `end`: Pika keeps keys in byte order on every version. */
export function layTogether(left: RangePage, right: RangePage, end: Buffer | null): LaidTogether {
  const within = (page: RangePage) =>
    page.keys
      .map((key, i) => [key, page.values?.[i] ?? null] as const)
      .filter(([key]) => !end || Buffer.compare(key, end) < 0);
  const rights = new Map(within(right).map(([key, value]) => [key.toString('latin1'), { key, value }]));
  const common: Buffer[] = [];
  const onOneSide: Buffer[] = [];
  const unequal: Buffer[] = [];
  for (const [key, value] of within(left)) {
    const name = key.toString('latin1');
    const other = rights.get(name);
    if (other === undefined) onOneSide.push(key);
    else {
      common.push(key);
      if (value && other.value && !value.equals(other.value)) unequal.push(key);
    }
    rights.delete(name);
  }
  onOneSide.push(...[...rights.values()].map((entry) => entry.key));
  return { common, onOneSide, unequal };
}

/** A string too large to be kept: its name is read alone, and its value compared by digest. */
async function compareHugeString(
  comparer: Comparer,
  from: Buffer,
  replies: readonly [RawReplies, RawReplies],
): Promise<WalkStep> {
  const { pair, settler, tally } = comparer;
  const names = await pair.both(pair.write().add('PKSCANRANGE', 'string', from, '', 'LIMIT', 1), 1);
  const left = readRangePage(pair.left.connection.name, 'string', names[0].bytes, false);
  const right = readRangePage(pair.right.connection.name, 'string', names[1].bytes, false);
  const end = earlier(left.next, right.next);
  const { common, onOneSide } = layTogether(left, right, end);
  const differ = sameBytes(replies[0], replies[1]) ? onOneSide : [...common, ...onOneSide];
  for (const key of differ) settler.suspect({ type: 'string', key, probe: { of: 'whole' } });
  await compareExpiries(comparer, 'string', common);
  tally.looked('string', common.length + onOneSide.length);
  return { next: end, keys: common.length + onOneSide.length };
}

/** The first keys of a type at or after `from`, or in descending order the last ones before or at it; names only. */
export async function namesFrom(
  comparer: Comparer,
  side: SideName,
  type: RangeType,
  from: Buffer | string,
  count: number,
  direction: 'ascending' | 'descending',
): Promise<RangePage> {
  const { pair } = comparer;
  const command = direction === 'ascending' ? 'PKSCANRANGE' : 'PKRSCANRANGE';
  const replies = await pair.one(side, pair.write().add(command, type, from, '', 'LIMIT', count), count);
  return readRangePage(pair[side].connection.name, type, replies.bytes, false);
}

/**
 * Keys asked for by SCAN. Odd numbers, since Pika keeps its cursors, which are counts, for all clients together, and most
 * clients ask for round ones.
 */
const scanCounts = [997, 991, 983] as const;

/**
 * Compares the streams of a 4.x server. Its range commands do not know streams; SCAN visits all types one after the
 * other and streams last (4.0.1 storage.cc Storage::Scan), so that the type of a page's last key tells whether the page
 * can hold any. SCAN can lose its place: a cursor that the server forgot begins anew (trace 23), and 4.0.1 ends early, with
 * an empty page, where a page begins with a key of one byte (LoadCursorStartKey). Both are noticed; it is then tried
 * with other counts, and given up with a WireError.
 */
export async function compareStreams(comparer: Comparer): Promise<number> {
  const seen = await compareStreamsOf(comparer, 'left');
  await compareStreamsOf(comparer, 'right');
  return seen;
}

async function compareStreamsOf(comparer: Comparer, side: SideName): Promise<number> {
  for (const count of scanCounts) {
    const streams = await scanForStreams(comparer, side, count);
    if (streams === null) continue;
    if (side === 'left') comparer.tally.looked('stream', streams);
    return streams;
  }
  const server = comparer.pair[side].connection.name;
  throw new WireError(
    'garbled',
    server,
    'lost its place in SCAN again and again, so that not all streams were seen',
  );
}

/** Returns the number of streams; null = the scan lost its place. */
async function scanForStreams(comparer: Comparer, side: SideName, count: number): Promise<number | null> {
  let streams = 0;
  for (let cursor = 0; ; ) {
    const page = await scanPage(comparer, side, cursor, Math.min(count, comparer.pair.pace.largestPage));
    const keys = await streamsAmong(comparer, side, page.keys);
    await compareTypedKeys(comparer, 'stream', keys);
    await comparer.settler.settleIfMany();
    streams += keys.length;
    if (page.next === 0) return cursor > 0 && page.keys.length === 0 ? null : streams;
    if (page.next <= cursor) return null;
    cursor = page.next;
  }
}

async function scanPage(
  comparer: Comparer,
  side: SideName,
  cursor: number,
  count: number,
): Promise<{ readonly next: number; readonly keys: readonly Buffer[] }> {
  const { pair } = comparer;
  const replies = await pair.one(side, pair.write().add('SCAN', cursor, 'COUNT', count), count);
  const reply: Reply = new ReplyReader(replies.bytes).next();
  if (reply instanceof ErrorReply) throw errorFromReply(pair[side].connection.name, 'SCAN', reply);
  const [next, keys] = reply as readonly [Buffer, readonly Buffer[]];
  return { next: Number(next), keys };
}

async function streamsAmong(comparer: Comparer, side: SideName, keys: readonly Buffer[]): Promise<Buffer[]> {
  const last = keys.at(-1);
  if (last === undefined || (await typesIn(comparer, side, [last]))[0] !== 'stream') return [];
  const types = await typesIn(comparer, side, keys);
  return keys.filter((_, i) => types[i] === 'stream');
}

async function typesIn(
  comparer: Comparer,
  side: SideName,
  keys: readonly Buffer[],
): Promise<(KeyType | null)[]> {
  const { pair } = comparer;
  const writer = pair.write();
  for (const key of keys) writer.add('TYPE', key);
  const reader = new ReplyReader((await pair.one(side, writer)).bytes);
  return keys.map(() => typeNamed(String(reader.next())));
}
