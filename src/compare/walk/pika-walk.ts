import { faultSays, leftOut } from '../../model/comparison-texts.ts';
import { bytesIn, ErrorReply, ProtocolError, ReplyReader } from '../../resp/reader.ts';
import { ListedStrings } from '../../resp/strings.ts';
import { type Comparer, keyPortion, mostKeysPerRange, pagesAhead, pagesAtOnce } from '../comparer.ts';
import type { SideName } from '../pair.ts';
import type { Portion } from '../portion.ts';
import { errorFromReply, type RawReplies, sameBytes, WireError } from '../wire/wire.ts';
import { compareTypedKeys } from './collections.ts';
import { compareExpiries } from './expiry.ts';
import { printKey } from './keys.ts';
import { OpenPages } from './open-pages.ts';
import { PageSizes, PagesAhead } from './pages-ahead.ts';

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

/** A range as its strings lie in the reply. */
interface ListedRange {
  readonly next: Buffer | null;
  /** Keys, or keys and values by turns. */
  readonly strings: ListedStrings;
}

/** Reads `*2 [next, [key, ...]]`, or `[key, value, ...]` for strings with values (pika-facts 6). */
function readRange(server: string, type: RangeType, bytes: Buffer, valuesToo: boolean): ListedRange {
  const reader = new ReplyReader(bytes);
  const parts = reader.array();
  if (parts instanceof ErrorReply) throw errorFromReply(server, `PKSCANRANGE ${type}`, parts);
  const next = bytesIn(reader.next());
  const count = reader.array();
  const strings = typeof count === 'number' ? ListedStrings.upToEnd(bytes, reader.position, count) : null;
  if (parts !== 2 || strings === null || (valuesToo && strings.count % 2 !== 0))
    throw new ProtocolError('an answer to PKSCANRANGE is none');
  return { next: next.length === 0 ? null : next, strings };
}

export function readRangePage(server: string, type: RangeType, bytes: Buffer, valuesToo: boolean): RangePage {
  const { next, strings } = readRange(server, type, bytes, valuesToo);
  const list = strings.all();
  return {
    next,
    keys: valuesToo ? list.filter((_, i) => i % 2 === 0) : list,
    values: valuesToo ? list.filter((_, i) => i % 2 === 1) : null,
  };
}

export interface WalkStep {
  /** Where to go on; null = the end was reached. */
  readonly next: Buffer | null;
  readonly keys: number;
}

/** A step of which a part is still to be judged. */
interface BegunStep extends WalkStep {
  readonly rest: Promise<void>;
}

const judged = (step: WalkStep): BegunStep => ({ ...step, rest: Promise.resolve() });

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
  await step.rest;
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
    // Of other types than strings it is the names that are so large.
    if (limit > 1 && (type !== 'string' || !sameBytes(replies[0], replies[1])))
      return judged(await compareRange(comparer, type, from, portion, Math.max(1, limit >> 3)));
    if (type !== 'string') throw new ProtocolError('a range of one name is too large to be read');
    return judged(await compareDigested(comparer, from, limit, replies));
  }
  const [onLeft, onRight] = [pair.left.connection.name, pair.right.connection.name];
  const valuesToo = type === 'string';
  const { next, strings } = readRange(onLeft, type, replies[0].bytes, valuesToo);
  const keys = valuesToo ? strings.firstOfPairs() : strings;
  portion.saw(keys.count, replies[0].totalBytes);
  if (!sameBytes(replies[0], replies[1])) {
    const pages = [
      readRangePage(onLeft, type, replies[0].bytes, valuesToo),
      readRangePage(onRight, type, replies[1].bytes, valuesToo),
    ] as const;
    return judged(await compareDifferingPages(comparer, type, ...pages));
  }
  const rest = judgeSameNames(comparer, type, keys).then(() => pair.release(replies));
  return { next: next && Buffer.from(next), keys: keys.count, rest };
}

/** Keys that both sides listed, strings with equal values. */
async function judgeSameNames(comparer: Comparer, type: RangeType, keys: ListedStrings): Promise<void> {
  const { tally } = comparer;
  if (type === 'string') {
    tally.looked(type, keys.count);
    await compareExpiries(comparer, type, keys);
  } else {
    tally.looked(type, await compareTypedKeys(comparer, type, keys));
  }
}

const mostStandstills = 100;

/**
 * One type's walk from range to range, which keeps both servers at work: the next ranges are asked for before the present
 * range is judged, and some ranges are judged at a time.
 */
export class RangeWalk {
  readonly #comparer: Comparer;
  readonly #type: RangeType;
  readonly #portion: Portion;
  readonly #sizes: PageSizes;
  readonly #left: PagesAhead<RawReplies>;
  readonly #right: PagesAhead<RawReplies>;
  readonly #open: OpenPages;
  #from: Buffer;
  #range = 0;
  #standstills = 0;

  constructor(comparer: Comparer, type: RangeType, from: Buffer) {
    this.#comparer = comparer;
    this.#type = type;
    this.#portion = keyPortion(comparer, mostKeysPerRange);
    this.#sizes = new PageSizes(this.#portion);
    this.#open = new OpenPages(pagesAtOnce(comparer));
    this.#from = from;
    const ahead = (side: SideName) =>
      new PagesAhead(
        () => pagesAhead(comparer, this.#portion),
        (at, range) => this.#ask(side, at, range),
        nextOnwards,
      );
    this.#left = ahead('left');
    this.#right = ahead('right');
  }

  /** Judges one range, or begins to. Returns where the walk goes on; null = it is at its end, and all is judged. */
  async step(): Promise<Buffer | null> {
    const from = this.#from;
    const range = this.#range++;
    const replies = await Promise.all([this.#left.take(from, range), this.#right.take(from, range)]);
    const limit = this.#sizes.of(range);
    this.#sizes.done(range);
    const begun = await beginRange(this.#comparer, this.#type, from, this.#portion, limit, replies);
    await this.#open.add(begun.rest);
    const { next } = begun;
    if (next === null) {
      await this.finish();
      return null;
    }
    this.#from = this.#onwards(from, next);
    return this.#from;
  }

  /** Judges what `step` left open. */
  finish(): Promise<void> {
    return this.#open.finish();
  }

  async #ask(side: SideName, from: Buffer, range: number): Promise<RawReplies> {
    const { pair } = this.#comparer;
    const limit = this.#sizes.of(range);
    const writer = pair.write().add('PKSCANRANGE', withValues(this.#type), from, '', 'LIMIT', limit);
    const replies = await pair.one(side, writer, limit);
    // Before the next range is asked for: it may be as large.
    if (replies.digest !== null) this.#portion.saw(limit, replies.totalBytes);
    return replies;
  }

  /**
   * The key after which a walk goes on without standing still. 4.0.1 forgets everything after the last zero byte of a
   * name (pika-facts 6). So equal names can fill a range. The walk passes over the names beyond the
   * range and reports it.
   */
  #onwards(from: Buffer, next: Buffer): Buffer {
    if (Buffer.compare(next, from) > 0) return next;
    this.#standstills += 1;
    const { name } = this.#comparer.pair.left.connection;
    if (this.#standstills > mostStandstills)
      throw new WireError('garbled', name, faultSays('ranges_stand_still'));
    this.#comparer.tally.leftOut(leftOut('names_alike', { key: printKey(from) }));
    return Buffer.concat([from, Buffer.from([0])]);
  }
}

/** Where a range goes on, unless it stands still. */
function nextOnwards(replies: RawReplies, from: Buffer): Buffer | null {
  const next = nextIn(replies);
  return next !== null && Buffer.compare(next, from) > 0 ? next : null;
}

/** The key at which a range goes on; it is the first thing in a reply. */
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
    for (const key of [...unequal, ...onOneSide]) comparer.settler.suspectString(key);
    await compareExpiries(comparer, type, ListedStrings.of(common));
    comparer.tally.looked(type, all.length);
  } else {
    comparer.tally.looked(type, await compareTypedKeys(comparer, type, ListedStrings.of(all)));
  }
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
 * Strings too large to be kept together, where both sides showed the same, or a single such string. Their names are
 * read without the values, which were compared by digest.
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
  for (const key of differ) settler.suspectString(key);
  await compareExpiries(comparer, 'string', ListedStrings.of(common));
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
