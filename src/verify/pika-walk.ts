import type { KeyType } from '../core/comparison.ts';
import { type Comparer, compareTypedKeys, keyPortion } from './comparer.ts';
import { type AskedExpiries, askExpiries, compareExpiries, judgeExpiries } from './expiry.ts';
import type { SideName } from './pair.ts';
import type { Portion } from './portion.ts';
import { bytesIn, itemsIn, numberIn, ReplyReader, stringsIn } from './resp.ts';
import { typeNamed } from './server.ts';
import { accepted, type RawReplies, sameBytes, WireError } from './wire.ts';

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
  const reply = accepted(server, `PKSCANRANGE ${type}`, new ReplyReader(bytes).next());
  const [first, second] = itemsIn(reply);
  const next = bytesIn(first);
  const list = stringsIn(second);
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

/** A step of which only the expiries are still to be judged. */
interface BegunStep extends WalkStep {
  readonly replies: BothReplies | null;
  readonly expiries: AskedExpiries | null;
}

const whole = (step: WalkStep): BegunStep => ({ ...step, replies: null, expiries: null });

/**
 * Compares the keys of one type from `from` on: one range, the same on both sides. Equal bytes are equal keys and values;
 * otherwise the two are laid side by side up to where both ranges reach.
 */
export async function compareRange(
  comparer: Comparer,
  type: RangeType,
  from: Buffer,
  portion: Portion,
  limit = portion.size,
): Promise<WalkStep> {
  const replies = await requestRange(comparer, withValues(type), from, limit);
  const step = await beginRange(comparer, type, from, portion, limit, replies);
  await endRange(comparer, step);
  return step;
}

type BothReplies = readonly [RawReplies, RawReplies];

function requestRange({ pair }: Comparer, kind: string, from: Buffer, limit: number): Promise<BothReplies> {
  return pair.both(pair.write().add('PKSCANRANGE', kind, from, '', 'LIMIT', limit), limit);
}

async function beginRange(
  comparer: Comparer,
  type: RangeType,
  from: Buffer,
  portion: Portion,
  limit: number,
  replies: BothReplies,
): Promise<BegunStep> {
  const { pair } = comparer;
  if (replies[0].digest || replies[1].digest) {
    portion.saw(limit, replies[0].totalBytes);
    if (limit > 1 && !sameBytes(replies[0], replies[1]))
      return whole(await compareRange(comparer, type, from, portion, Math.max(1, limit >> 3)));
    return whole(await compareDigested(comparer, from, limit, replies));
  }
  const valuesToo = type === 'string';
  const left = readRangePage(pair.left.connection.name, type, replies[0].bytes, valuesToo);
  portion.saw(left.keys.length, replies[0].totalBytes);
  if (!sameBytes(replies[0], replies[1])) {
    const right = readRangePage(pair.right.connection.name, type, replies[1].bytes, valuesToo);
    return whole(await compareDifferingPages(comparer, type, left, right));
  }
  comparer.tally.looked(type, left.keys.length);
  const step = { next: left.next && Buffer.from(left.next), keys: left.keys.length };
  if (type === 'string') return { ...step, replies, expiries: askExpiries(comparer, type, left.keys) };
  await compareTypedKeys(comparer, type, left.keys);
  pair.release(replies);
  return whole(step);
}

async function endRange(comparer: Comparer, { expiries, replies }: BegunStep): Promise<void> {
  await judgeExpiries(comparer, expiries);
  if (replies !== null) comparer.pair.release(replies);
}

interface AskedRange {
  readonly from: Buffer;
  readonly limit: number;
  readonly replies: Promise<BothReplies>;
}

/**
 * One type's walk from range to range, which keeps both servers at work: the next range is asked for before the present
 * one is judged, and the expiries of a range are judged after those of the next were asked for.
 */
export class RangeWalk {
  readonly #comparer: Comparer;
  readonly #type: RangeType;
  readonly #portion: Portion;
  #asked: AskedRange;
  #open: BegunStep | null = null;

  constructor(comparer: Comparer, type: RangeType, from: Buffer) {
    this.#comparer = comparer;
    this.#type = type;
    this.#portion = keyPortion(comparer);
    this.#asked = this.#ask(from);
  }

  /** Judges one range, but for expiries. Returns where the walk goes on; null = it is at its end, and all is judged. */
  async step(): Promise<Buffer | null> {
    const { from, limit, replies: asked } = this.#asked;
    const replies = await asked;
    const ahead = nextOfBoth(replies);
    if (ahead !== null) this.#asked = this.#ask(ahead);
    const begun = await beginRange(this.#comparer, this.#type, from, this.#portion, limit, replies);
    await this.finish();
    this.#open = begun;
    const { next } = begun;
    if (next === null) {
      await this.finish();
      return null;
    }
    this.#assertOnwards(from, next);
    if (ahead === null || !ahead.equals(next)) this.#asked = this.#ask(next);
    return next;
  }

  /** Judges what `step` left open. */
  async finish(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    if (open !== null) await endRange(this.#comparer, open);
  }

  #ask(from: Buffer): AskedRange {
    const limit = this.#portion.size;
    const replies = requestRange(this.#comparer, withValues(this.#type), from, limit);
    replies.catch(() => undefined);
    return { from, limit, replies };
  }

  #assertOnwards(from: Buffer, next: Buffer): void {
    if (Buffer.compare(next, from) > 0) return;
    const { name } = this.#comparer.pair.left.connection;
    throw new WireError('garbled', name, 'sent a range of keys that does not lead onwards');
  }
}

/** The key at which both ranges go on, where it is the same; it is the first thing in a reply. */
function nextOfBoth(replies: BothReplies): Buffer | null {
  const [left, right] = replies.map(nextIn);
  return left && right && left.equals(right) ? left : null;
}

function nextIn({ bytes }: RawReplies): Buffer | null {
  const reader = new ReplyReader(bytes);
  if (typeof reader.array() !== 'number') return null;
  const next = bytesIn(reader.next());
  return next.length === 0 ? null : Buffer.from(next);
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

/**
 * Strings too large to be kept together, of which either both sides showed the same, or which are a single one: their names
 * are read without the values, which were compared by digest.
 */
async function compareDigested(
  comparer: Comparer,
  from: Buffer,
  limit: number,
  replies: BothReplies,
): Promise<WalkStep> {
  const { pair, settler, tally } = comparer;
  const names = await requestRange(comparer, 'string', from, limit);
  const left = readRangePage(pair.left.connection.name, 'string', names[0].bytes, false);
  const right = readRangePage(pair.right.connection.name, 'string', names[1].bytes, false);
  // Keys that came or went between the two looks must not make the walk pass over one.
  const end = [nextIn(replies[0]), nextIn(replies[1]), left.next, right.next].reduce(earlier);
  const { common, onOneSide } = layTogether(left, right, end);
  const differ = sameBytes(replies[0], replies[1]) ? onOneSide : [...common, ...onOneSide];
  for (const key of differ) settler.suspect({ type: 'string', key, probe: { of: 'whole' } });
  await compareExpiries(comparer, 'string', common);
  tally.looked('string', common.length + onOneSide.length);
  const step = { next: end && Buffer.from(end), keys: common.length + onOneSide.length };
  pair.release(names);
  return step;
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
 * with other counts, and in the end said that not all streams were seen. Both sides are walked at the same time, so that
 * SCAN's own time is spent once.
 */
export async function compareStreams(comparer: Comparer): Promise<number> {
  const [seen] = await Promise.all([compareStreamsOf(comparer, 'left'), compareStreamsOf(comparer, 'right')]);
  comparer.tally.looked('stream', seen);
  return seen;
}

async function compareStreamsOf(comparer: Comparer, side: SideName): Promise<number> {
  let most = 0;
  for (const count of scanCounts) {
    const { streams, whole } = await scanForStreams(comparer, side, count);
    if (whole) return streams;
    most = Math.max(most, streams);
  }
  const { name } = comparer.pair[side].connection;
  comparer.tally.leftOut(`not all streams were seen: ${name} lost its place in SCAN again and again`);
  return most;
}

interface ScannedStreams {
  readonly streams: number;
  /** false = the scan lost its place. */
  readonly whole: boolean;
}

async function scanForStreams(comparer: Comparer, side: SideName, count: number): Promise<ScannedStreams> {
  let streams = 0;
  for (let cursor = 0; ; ) {
    const page = await scanPage(comparer, side, cursor, Math.min(count, comparer.pair.pace.largestPage));
    const keys = await streamsAmong(comparer, side, page.keys);
    await compareTypedKeys(comparer, 'stream', side === 'left' ? keys : await lackingOnLeft(comparer, keys));
    await comparer.settler.settleIfMany();
    streams += keys.length;
    if (page.next === 0) return { streams, whole: cursor === 0 || page.keys.length > 0 };
    if (page.next <= cursor) return { streams, whole: false };
    cursor = page.next;
  }
}

/** Streams that the left side has too are compared when its own are walked. */
async function lackingOnLeft(comparer: Comparer, keys: readonly Buffer[]): Promise<readonly Buffer[]> {
  if (keys.length === 0) return keys;
  const types = await typesIn(comparer, 'left', keys);
  return keys.filter((_, i) => types[i] !== 'stream');
}

async function scanPage(
  comparer: Comparer,
  side: SideName,
  cursor: number,
  count: number,
): Promise<{ readonly next: number; readonly keys: readonly Buffer[] }> {
  const { pair } = comparer;
  const replies = await pair.one(side, pair.write().add('SCAN', cursor, 'COUNT', count), count);
  const reply = accepted(pair[side].connection.name, 'SCAN', new ReplyReader(replies.bytes).next());
  const [next, keys] = itemsIn(reply);
  return { next: numberIn(next), keys: stringsIn(keys) };
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
  const { name } = pair[side].connection;
  const reader = new ReplyReader((await pair.one(side, writer)).bytes);
  return keys.map(() => typeNamed(bytesIn(accepted(name, 'TYPE', reader.next())).toString('latin1')));
}
