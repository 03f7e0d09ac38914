import type { KeyType } from '../../model/comparison.ts';
import { note } from '../../model/comparison-texts.ts';
import { ReplyReader } from '../../resp/reader.ts';
import { ListedStrings } from '../../resp/strings.ts';
import { type Comparer, keyPortion, mostKeysPerRange } from '../comparer.ts';
import type { Portion } from '../portion.ts';
import { keyTypes, redisKeyspace } from '../wire/server.ts';
import type { RawReplies } from '../wire/wire.ts';
import { compareTypedKeys } from './collections.ts';
import { compareExpiries } from './expiry.ts';
import { KeySpace, type StartPoint } from './key-space.ts';
import {
  compareRange,
  layTogether,
  namesFrom,
  type RangePage,
  type RangeType,
  RangeWalk,
  rangeTypes,
  readRangePage,
  withValues,
} from './pika-walk.ts';
import { comparePage, findForeign, readScanPage, scan } from './redis-walk.ts';
import { compareStreams, holdNoStreams } from './streams.ts';

/** How much a sample looks at. */
export interface SampleOptions {
  readonly keysPerType: number;
  /** 0 to 1. */
  readonly random: () => number;
}

const pointsPerBatch = 64;
const neighbours = 8;
/** The part of its fair share of looks that every twentieth of a key space gets at least (see key-space.test.ts). */
const evenness = 0.4;
const nothing = Buffer.alloc(0);

/** Samples every type of the selected DB of a Pika pair. Small key spaces are compared completely. */
export async function samplePika(comparer: Comparer, options: SampleOptions): Promise<void> {
  let walkedKeys = 0;
  let complete = true;
  const types = await Promise.all(
    rangeTypes.map(async (type) => ({ type, small: await isSmall(comparer, type, options.keysPerType) })),
  );
  // The small ones first: they could grow while the others are looked at.
  for (const { type, small } of types.toSorted((a, b) => Number(b.small) - Number(a.small))) {
    const walked = await (small ? walkSmallType : sampleType)(comparer, type, options);
    walkedKeys += walked ?? 0;
    complete &&= walked !== null;
  }
  await sampleStreams(comparer, complete && walkedKeys <= 2 * options.keysPerType);
}

/** Streams can only be found by walking all keys (see compareStreams), so they are looked at where those are few. */
async function sampleStreams(comparer: Comparer, keysAreFew: boolean): Promise<void> {
  const { pair, tally } = comparer;
  if (pair.typesApart) {
    tally.note(note('streams_not_transferred'));
    return;
  }
  if (!keysAreFew && !(await holdNoStreams(comparer))) {
    tally.note(note('streams_need_full'));
    return;
  }
  const seen = await compareStreams(comparer);
  if (seen > 0) tally.stratum({ looks: seen, complete: true });
}

/** Returns the number of keys where all of them were compared, null where some were chosen. */
async function sampleType(
  comparer: Comparer,
  type: RangeType,
  options: SampleOptions,
): Promise<number | null> {
  const [head, tail, firstOnRight, lastOnRight] = await Promise.all([
    namesFrom(comparer, 'left', type, '', neighbours, 'ascending'),
    namesFrom(comparer, 'left', type, '', neighbours, 'descending'),
    namesFrom(comparer, 'right', type, '', 1, 'ascending'),
    namesFrom(comparer, 'right', type, '', 1, 'descending'),
  ]);
  const [first, last] = [head.keys[0], tail.keys[0]];
  if (!first || !last) return walkSmallType(comparer, type, options);
  // Foreign keys beyond the left side's first and last key would not be met from any point between them.
  const beyond = [
    ...firstOnRight.keys.filter((key) => Buffer.compare(key, first) < 0),
    ...lastOnRight.keys.filter((key) => Buffer.compare(key, last) > 0),
  ];
  await compareByName(comparer, type, copies(beyond));
  const space = new KeySpace(copies(head.keys), copies(tail.keys), options.random);
  const seen = new Set<string>();
  for (let looks = 0; seen.size < options.keysPerType && looks < 4 * options.keysPerType; ) {
    const points = space.next(
      Math.min(pointsPerBatch, options.keysPerType - seen.size, comparer.pair.pace.largestPage),
    );
    if (points.length === 0) break;
    looks += points.length;
    await lookAt(comparer, type, space, points, seen);
  }
  comparer.tally.stratum({ looks: Math.floor(seen.size * evenness), complete: space.exhausted });
  if (!space.exhausted) comparer.tally.note(note('spread_by_what_was_met'));
  return null;
}

/** Whether the left side has at most `most` keys of a type; counts their names, range by range. */
async function isSmall(comparer: Comparer, type: RangeType, most: number): Promise<boolean> {
  let from: Buffer = nothing;
  for (let keys = 0; keys < most; ) {
    const limit = Math.min(mostKeysPerRange, comparer.pair.pace.largestPage);
    const page = await namesFrom(comparer, 'left', type, from, limit, 'ascending');
    if (page.next === null) return keys + page.keys.length <= most;
    if (Buffer.compare(page.next, from) <= 0) return false;
    keys += page.keys.length;
    from = Buffer.from(page.next);
  }
  return false;
}

const copies = (keys: readonly Buffer[]): Buffer[] => keys.map((key) => Buffer.from(key));

async function walkSmallType(
  comparer: Comparer,
  type: RangeType,
  options: SampleOptions,
): Promise<number | null> {
  const { tally } = comparer;
  const before = tally.state.byType[type] ?? 0;
  const seen = () => (tally.state.byType[type] ?? 0) - before;
  const walk = new RangeWalk(comparer, type, nothing);
  while ((await walk.step()) !== null) {
    if (seen() <= 4 * options.keysPerType) continue;
    await walk.finish();
    tally.note(note('more_on_right', { type }));
    tally.stratum({ looks: seen(), complete: false });
    return null;
  }
  if (seen() > 0) tally.stratum({ looks: seen(), complete: true });
  return seen();
}

async function compareByName(comparer: Comparer, type: RangeType, keys: readonly Buffer[]): Promise<void> {
  if (type === 'string') for (const key of keys) comparer.settler.suspectString(key);
  else await compareTypedKeys(comparer, type, ListedStrings.of(keys));
}

/** One look at each point: the next key after it on both sides, and on the left its neighbours, to choose further points. */
async function lookAt(
  comparer: Comparer,
  type: RangeType,
  space: KeySpace,
  points: readonly StartPoint[],
  seen: Set<string>,
): Promise<void> {
  const { pair, tally } = comparer;
  const writer = pair.write();
  for (const point of points) writer.add('PKSCANRANGE', withValues(type), point.at, '', 'LIMIT', 1);
  const replies = await pair.both(writer);
  if (replies[0].digest || replies[1].digest) {
    await lookAtHuge(comparer, type, points, seen);
  } else {
    const pages = pagesAt(comparer, type, points.length, replies);
    const fresh = newKeys(
      pages.flatMap((page) => page.keys),
      seen,
    );
    const keys = ListedStrings.of(fresh);
    for (const key of pages.flatMap((page) => page.unequal)) comparer.settler.suspectString(key);
    if (type === 'string') {
      await compareExpiries(comparer, type, keys);
      tally.looked(type, keys.count);
    } else {
      tally.looked(type, await compareTypedKeys(comparer, type, keys));
    }
  }
  await exploreAround(comparer, type, space, points);
  await comparer.settler.settleIfMany();
}

function newKeys(keys: readonly Buffer[], seen: Set<string>): Buffer[] {
  return keys.filter((key) => {
    const name = key.toString('latin1');
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}

interface PointPage {
  readonly keys: readonly Buffer[];
  /** Strings that differ or are on one side only. */
  readonly unequal: readonly Buffer[];
}

function pagesAt(
  comparer: Comparer,
  type: RangeType,
  count: number,
  replies: readonly [RawReplies, RawReplies],
): PointPage[] {
  const { left, right } = comparer.pair;
  const readers = [new ReplyReader(replies[0].bytes), new ReplyReader(replies[1].bytes)] as const;
  return Array.from({ length: count }, () => {
    const [a, b] = [nextReply(readers[0]), nextReply(readers[1])];
    const onLeft = readRangePage(left.connection.name, type, a, type === 'string');
    if (a.equals(b)) return { keys: onLeft.keys, unequal: [] };
    const onRight = readRangePage(right.connection.name, type, b, type === 'string');
    return differingPoint(type, onLeft, onRight);
  });
}

function nextReply(reader: ReplyReader): Buffer {
  const start = reader.position;
  reader.skip();
  return reader.buffer.subarray(start, reader.position);
}

/** The nearer of the two following keys belongs to the look too: it may be on one side only. */
function differingPoint(type: RangeType, left: RangePage, right: RangePage): PointPage {
  const nexts = [left.next, right.next].filter((next) => next !== null).sort((a, b) => a.compare(b));
  const { common, onOneSide, unequal } = layTogether(left, right, null);
  const sameNext = nexts.length !== 1 && nexts[0]?.equals(nexts[1]!) !== false;
  const doubtful = sameNext ? onOneSide : [...onOneSide, ...nexts.slice(0, 1)];
  return { keys: [...common, ...doubtful], unequal: type === 'string' ? [...unequal, ...doubtful] : [] };
}

/** The values are too large to be kept together: one point at a time. */
async function lookAtHuge(
  comparer: Comparer,
  type: RangeType,
  points: readonly StartPoint[],
  seen: Set<string>,
): Promise<void> {
  const portion = keyPortion(comparer);
  for (const point of points) {
    const names = await namesFrom(comparer, 'left', type, point.at, 1, 'ascending');
    if (newKeys(names.keys, seen).length > 0) await compareRange(comparer, type, point.at, portion, 1);
  }
}

async function exploreAround(
  comparer: Comparer,
  type: RangeType,
  space: KeySpace,
  points: readonly StartPoint[],
): Promise<void> {
  const { pair } = comparer;
  const writer = pair.write();
  for (const { at } of points) {
    writer.add('PKSCANRANGE', type, at, '', 'LIMIT', neighbours);
    writer.add('PKRSCANRANGE', type, at, '', 'LIMIT', neighbours + 1);
  }
  const reader = new ReplyReader((await pair.one('left', writer)).bytes);
  for (const point of points) {
    const [after, before] = [nextReply(reader), nextReply(reader)].map((bytes) =>
      copies(readRangePage(pair.left.connection.name, type, bytes, false).keys),
    );
    space.found(
      point,
      after!,
      before!.filter((key) => Buffer.compare(key, point.at) < 0),
    );
  }
}

/** Samples the selected DB of a Redis pair. */
export async function sampleRedis(comparer: Comparer, options: SampleOptions): Promise<void> {
  const { pair } = comparer;
  const [left, right] = await Promise.all([
    redisKeyspace(pair.left.connection),
    redisKeyspace(pair.right.connection),
  ]);
  const here = [left, right].map((entries) => entries.find((entry) => entry.db === pair.db));
  const [onLeft, onRight] = here.map((entry) => entry?.keys ?? 0);
  const sample = new RedisSample(comparer, options);
  if (onLeft! <= options.keysPerType && onRight! <= 4 * options.keysPerType) await sample.everything();
  else await sample.some();
}

/** Bits of a random SCAN cursor: Redis uses as many of the low ones as its table has. */
const cursorRange = 2 ** 40;
const scansPerBatch = 50;

class RedisSample {
  readonly #comparer: Comparer;
  readonly #options: SampleOptions;
  readonly #portion: Portion;
  readonly #lookedBefore: Partial<Record<KeyType, number>>;

  constructor(comparer: Comparer, options: SampleOptions) {
    this.#comparer = comparer;
    this.#options = options;
    this.#portion = keyPortion(comparer);
    this.#lookedBefore = { ...comparer.tally.state.byType };
  }

  async everything(): Promise<void> {
    const before = this.#comparer.tally.state.lookedAt;
    for (const side of ['left', 'right'] as const) {
      for (let cursor: string | null = '0'; cursor !== null; ) {
        const page = await scan(this.#comparer, side, cursor, this.#portion.size);
        if (side === 'left') await this.#compare(page.keys);
        else await findForeign(this.#comparer, page.keys);
        cursor = page.next === '0' ? null : page.next;
      }
    }
    const looks = this.#comparer.tally.state.lookedAt - before;
    if (looks > 0) this.#comparer.tally.stratum({ looks, complete: true });
  }

  async some(): Promise<void> {
    const { keysPerType } = this.#options;
    const seen = new Set<string>();
    await this.#choose('left', seen, 2 * keysPerType, [], (keys) => this.#compare(keys));
    for (const type of this.#typesSeen()) {
      const lacking = keysPerType - this.#looked(type);
      if (lacking > 0)
        await this.#choose('left', seen, lacking, ['TYPE', type], (keys) => this.#compare(keys));
    }
    await this.#choose('right', new Set(), keysPerType, [], (keys) => findForeign(this.#comparer, keys));
    for (const type of this.#typesSeen())
      this.#comparer.tally.stratum({ looks: this.#looked(type), complete: false });
    const unmet = keyTypes.filter((type) => this.#looked(type) === 0);
    if (unmet.length > 0)
      this.#comparer.tally.note(
        note('rare_types', { db: this.#comparer.pair.db, keys: seen.size, types: unmet }),
      );
  }

  async #compare(keys: ListedStrings): Promise<void> {
    await comparePage(this.#comparer, keys, this.#portion);
  }

  #looked(type: KeyType): number {
    return (this.#comparer.tally.state.byType[type] ?? 0) - (this.#lookedBefore[type] ?? 0);
  }

  #typesSeen(): KeyType[] {
    return (Object.keys(this.#comparer.tally.state.byType) as KeyType[]).filter(
      (type) => this.#looked(type) > 0,
    );
  }

  /** Looks at the keys in hash buckets chosen at random, until `wanted` different keys were seen or most looks were made. */
  async #choose(
    side: 'left' | 'right',
    seen: Set<string>,
    wanted: number,
    filter: readonly string[],
    look: (keys: ListedStrings) => Promise<void>,
  ): Promise<void> {
    const { pair } = this.#comparer;
    const before = seen.size;
    const mostBatches = Math.ceil((4 * wanted) / scansPerBatch);
    for (let batch = 0; batch < mostBatches && seen.size - before < wanted; batch++) {
      const writer = pair.write();
      for (let i = 0; i < scansPerBatch; i++) {
        const cursor = Math.floor(this.#options.random() * cursorRange);
        writer.add('SCAN', cursor, 'COUNT', filter.length > 0 ? 100 : 1, ...filter);
      }
      const replies = await pair.one(side, writer);
      const reader = new ReplyReader(replies.bytes);
      const keys = Array.from({ length: scansPerBatch }, () => nextReply(reader)).flatMap((bytes) =>
        readScanPage(pair[side].connection.name, bytes).keys.all(),
      );
      const chosen = newKeys(keys, seen).slice(0, wanted - (seen.size - before) + keys.length);
      if (chosen.length > 0) await look(ListedStrings.of(chosen));
    }
  }
}
