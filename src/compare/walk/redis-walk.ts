import { infoFields } from '../../engines/pika/info.ts';
import type { KeyType } from '../../model/comparison.ts';
import { leftOut } from '../../model/comparison-texts.ts';
import {
  afterStrings,
  bytesIn,
  countIn,
  ErrorReply,
  numberIn,
  ProtocolError,
  ReplyReader,
} from '../../resp/reader.ts';
import type { CommandWriter } from '../../resp/writer.ts';
import { type Comparer, keyPortion, largeAtOnce, mostKeysPerPage, pagesAtOnce } from '../comparer.ts';
import { isArrayOfStrings } from '../judge/plausible.ts';
import type { Pair, SideName } from '../pair.ts';
import type { Portion } from '../portion.ts';
import { infoText, keyTypes, typeNamed } from '../wire/server.ts';
import { accepted, errorFromReply, type RawReplies, sameBytes, type WireConnection } from '../wire/wire.ts';
import { compareTypedKeys } from './collections.ts';
import { compareExpiries } from './expiry.ts';
import { compareLargeStrings } from './large-strings.ts';
import { OpenPages } from './open-pages.ts';

/** One reply to SCAN. */
export interface ScanPage {
  /** '0' = the scan is complete. */
  readonly next: string;
  readonly count: number;
  /** The keys as they stood in the reply: fit to be the arguments of a command. */
  readonly encodedKeys: Buffer;
}

interface ScannedPage extends ScanPage {
  /** Where the page's keys lie. */
  readonly replies: RawReplies;
}

export function readScanPage(server: string, bytes: Buffer): ScanPage {
  const reader = new ReplyReader(bytes);
  const parts = reader.array();
  if (parts instanceof ErrorReply) throw errorFromReply(server, 'SCAN', parts);
  const next = bytesIn(reader.next()).toString('latin1');
  const count = reader.array();
  // The page becomes a part of commands to the other server: what is no string in it must not become a command of its own.
  if (
    typeof count !== 'number' ||
    count < 0 ||
    !/^\d+$/.test(next) ||
    afterStrings(bytes, reader.position, count) !== bytes.length
  )
    throw new ProtocolError('an answer to SCAN is not one');
  return { next, count, encodedKeys: bytes.subarray(reader.position) };
}

export function decodeKeys(page: ScanPage): Buffer[] {
  const reader = new ReplyReader(page.encodedKeys);
  const keys: Buffer[] = [];
  while (keys.length < page.count) keys.push(bytesIn(reader.next()));
  return keys;
}

/** Scans one side from `cursor`. */
export async function scan(
  comparer: Comparer,
  side: SideName,
  cursor: string,
  count: number,
): Promise<ScannedPage> {
  const { pair } = comparer;
  const asked = Math.max(1, Math.min(count, mostKeysPerPage, pair.pace.largestPage));
  const replies = await pair.one(side, pair.write().add('SCAN', cursor, 'COUNT', asked));
  return { ...readScanPage(pair[side].connection.name, replies.bytes), replies };
}

/** Large things are read few at a time, but not as few of their names. */
const namesOfLarge = 8;

/**
 * Walks the selected DB of one side. Each page of keys that the left side shows is read by value on both sides; each that
 * the right side shows is looked for on the left. The next page is asked for before the present one is judged, and some
 * pages are judged at a time.
 */
export class RedisWalk {
  readonly #comparer: Comparer;
  readonly #side: SideName;
  readonly #portion: Portion;
  readonly #open: OpenPages;
  #asked: Promise<ScannedPage> | null = null;

  constructor(comparer: Comparer, side: SideName) {
    this.#comparer = comparer;
    this.#side = side;
    this.#portion = keyPortion(comparer);
    this.#open = new OpenPages(pagesAtOnce(comparer));
  }

  /** Begins at a cursor: '0', or a cursor that `step` returned for the same server process. */
  begin(cursor: string): void {
    this.#asked = this.#scan(cursor);
  }

  /** Begins to judge one page. Returns the cursor of the page after it; null = there is none, and all is judged. */
  async step(): Promise<string | null> {
    const page = await this.#asked!;
    this.#asked = page.next === '0' ? null : this.#scan(page.next);
    await this.#open.add(this.#judge(page));
    if (this.#asked !== null) return page.next;
    await this.finish();
    return null;
  }

  /** Judges what `step` left open. */
  finish(): Promise<void> {
    return this.#open.finish();
  }

  async #judge(page: ScannedPage): Promise<void> {
    if (this.#side === 'left') await comparePage(this.#comparer, page, this.#portion);
    else {
      this.#portion.saw(page.count, page.encodedKeys.length);
      await findForeign(this.#comparer, page);
    }
    this.#comparer.pair[this.#side].connection.release(page.replies);
  }

  #scan(cursor: string): Promise<ScannedPage> {
    const { size, ofLargeThings } = this.#portion;
    const asked = scan(this.#comparer, this.#side, cursor, ofLargeThings ? namesOfLarge * size : size);
    asked.catch(() => undefined);
    return asked;
  }
}

type BothReplies = readonly [RawReplies, RawReplies];

const withKeys = (writer: CommandWriter, command: string, page: ScanPage): CommandWriter =>
  writer
    .header(page.count + 1)
    .argument(command)
    .verbatim(page.encodedKeys);

/**
 * Whether the right side of the selected DB has no key that the left side lacks, without a walk over the right side. The walk
 * must have found all keys of the left side on the right. Then equal numbers of keys on both sides, at the same moment, are
 * the same keys. For a slave, the same moment is the same place in the master's stream of writes. For servers that do not
 * follow each other, it is a time without writes to either server. Only a master counts living keys alone where it was
 * walked; any other server may count expired keys that it shows to nobody. `false` = not known: the right side must be walked.
 */
export async function holdsNothingForeign(
  comparer: Comparer,
  before: readonly WriteMark[],
): Promise<boolean> {
  const { pair, clock } = comparer;
  for (let looks = 0; looks < mostLooksAtCounts; looks++) {
    const [left, right] = await readMarks(pair);
    if (pair.leader !== 'left' && (left!.expiring || right!.expiring)) return false;
    const sameMoment =
      pair.leader === null
        ? left!.writes === before[0]?.writes && right!.writes === before[1]?.writes
        : left!.position === right!.position;
    if (sameMoment) return left!.keys === right!.keys;
    if (pair.leader === null) return false;
    await clock.sleep(1);
  }
  return false;
}

const mostLooksAtCounts = 30;

/** What one INFO of a Redis tells at one moment about the selected DB. */
export interface WriteMark {
  readonly keys: number;
  readonly expiring: boolean;
  /** Place in the stream of writes. */
  readonly position: string;
  /** Changes with every write. */
  readonly writes: string;
}

export async function readMarks(pair: Pair): Promise<readonly WriteMark[]> {
  return Promise.all([readMark(pair.left.connection, pair.db), readMark(pair.right.connection, pair.db)]);
}

async function readMark(connection: WireConnection, db: number): Promise<WriteMark> {
  const text = await infoText(connection);
  const fields = infoFields(text);
  const [, keys = '0', expires = '0'] =
    new RegExp(`^db${db}:keys=(\\d+),expires=(\\d+)`, 'm').exec(text) ?? [];
  const slave = fields.get('role') === 'slave';
  return {
    keys: Number(keys),
    expiring: Number(expires) > 0,
    position: fields.get(slave ? 'slave_repl_offset' : 'master_repl_offset') ?? '',
    writes: `${fields.get('rdb_changes_since_last_save')} ${fields.get('rdb_last_save_time')} ${fields.get('run_id')}`,
  };
}

/** Compares keys that the left side showed: values, types, members, expiries. */
export async function comparePage(comparer: Comparer, page: ScanPage, portion: Portion): Promise<void> {
  if (page.count === 0) return;
  if (portion.ofLargeThings || page.count > 2 * portion.size)
    return compareBySize(comparer, decodeKeys(page), portion);
  const replies = await readValues(comparer, page, portion);
  if (replies[0].digest || replies[1].digest) return compareBySize(comparer, decodeKeys(page), portion);
  await judgeValues(comparer, page, replies);
}

async function readValues(comparer: Comparer, page: ScanPage, portion: Portion): Promise<BothReplies> {
  const { pair } = comparer;
  const replies = await pair.both(withKeys(pair.write(), 'MGET', page), page.count);
  portion.saw(page.count, replies[0].totalBytes);
  return replies;
}

async function judgeValues(comparer: Comparer, page: ScanPage, replies: BothReplies): Promise<void> {
  const { pair, tally } = comparer;
  if (!sameBytes(replies[0], replies[1]) || !isArrayOfStrings(replies[0].bytes, page.count)) {
    await compareParsed(comparer, decodeKeys(page), replies);
    pair.release(replies);
    return;
  }
  pair.release(replies);
  tally.looked('string', page.count);
  await compareExpiries(comparer, 'string', comparer.mayExpire('string') ? decodeKeys(page) : []);
}

/** Compares keys whose values are large, or too many to be read together: by their sizes few at a time, the largest in pieces. */
async function compareBySize(comparer: Comparer, keys: readonly Buffer[], portion: Portion): Promise<void> {
  const { tally, largeInTurn } = comparer;
  const { batches, large, others } = await largeInTurn(() => compareLargeStrings(comparer, keys));
  tally.looked('string', large.length);
  await compareExpiries(comparer, 'string', large);
  await largeInTurn(async () => {
    const open = new OpenPages(largeAtOnce);
    for (const batch of batches) await open.add(compareBatch(comparer, batch, portion));
    await open.finish();
  });
  await compareOthers(comparer, others);
  await comparer.settler.settleIfMany();
}

/** Strings that are to be read together, by their sizes. */
async function compareBatch(comparer: Comparer, keys: readonly Buffer[], portion: Portion): Promise<void> {
  const page = pageOf(keys);
  const replies = await readValues(comparer, page, portion);
  if (replies[0].digest || replies[1].digest) await suspectAll(comparer, keys);
  else await judgeValues(comparer, page, replies);
}

/** Strings that grew between the look at their sizes and the look at their values. */
async function suspectAll(comparer: Comparer, keys: readonly Buffer[]): Promise<void> {
  for (const key of keys) comparer.settler.suspect({ type: 'string', key, probe: { of: 'whole' } });
  comparer.tally.looked('string', keys.length);
  await compareExpiries(comparer, 'string', keys);
}

/** A page of keys known by themselves. */
export function pageOf(keys: readonly Buffer[]): ScanPage {
  const parts = keys.flatMap((key) => [Buffer.from(`$${key.length}\r\n`), key, Buffer.from('\r\n')]);
  return { next: '0', count: keys.length, encodedKeys: Buffer.concat(parts) };
}

async function compareParsed(
  comparer: Comparer,
  keys: readonly Buffer[],
  replies: readonly [RawReplies, RawReplies],
): Promise<void> {
  const { pair, settler, tally } = comparer;
  const same = sameBytes(replies[0], replies[1]);
  const left = valuesIn(pair.left.connection.name, replies[0], keys.length);
  const right = same ? left : valuesIn(pair.right.connection.name, replies[1], keys.length);
  const strings: Buffer[] = [];
  const others: Buffer[] = [];
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const a = left[i] ?? null;
    const b = right[i] ?? null;
    if (a === null && b === null) {
      others.push(key);
      continue;
    }
    strings.push(key);
    if (!same && (a === null || b === null || !a.equals(b)))
      settler.suspect({ type: 'string', key, probe: { of: 'whole' } });
  }
  tally.looked('string', strings.length);
  await compareExpiries(comparer, 'string', strings);
  await compareOthers(comparer, others);
  await settler.settleIfMany();
}

function valuesIn(server: string, replies: RawReplies, keys: number): (Buffer | null)[] {
  const reader = new ReplyReader(replies.bytes);
  const count = reader.array();
  if (count instanceof ErrorReply) throw errorFromReply(server, 'MGET', count);
  if (count !== keys) throw new ProtocolError(`${count} values came for ${keys} keys`);
  const values: (Buffer | null)[] = [];
  while (values.length < count) {
    const value = reader.next();
    values.push(value === null ? null : bytesIn(value));
  }
  return values;
}

/** Compares keys that are no strings on either side, or are gone from both. */
async function compareOthers(comparer: Comparer, keys: readonly Buffer[]): Promise<void> {
  if (keys.length === 0) return;
  const { pair, settler, tally } = comparer;
  const replies = await pair.both(pair.write().addEach(keys, ['TYPE']));
  const left = new ReplyReader(replies[0].bytes);
  const right = new ReplyReader(replies[1].bytes);
  const same = sameBytes(replies[0], replies[1]);
  const byType = new Map<Exclude<KeyType, 'string'>, Buffer[]>();
  let last: KeyType | null = null;
  for (const key of keys) {
    const onLeft: KeyType | null = typeIn(comparer, 'left', left, last);
    const onRight: KeyType | null = same ? onLeft : typeIn(comparer, 'right', right, last);
    const type: KeyType | null = onLeft ?? onRight;
    last = type;
    if (type === null) continue;
    if (type === 'string') settler.suspect({ type, key, probe: { of: 'whole' } });
    else if (byType.has(type)) byType.get(type)!.push(key);
    else byType.set(type, [key]);
  }
  pair.release(replies);
  for (const [type, sameType] of byType) {
    await compareTypedKeys(comparer, type, sameType);
    tally.looked(type, sameType.length);
  }
}

/**
 * The type that TYPE tells; null = there is no such key, or it has a type that is not known here (of a module). `likely` is
 * looked for first.
 */
function typeIn(
  { pair, tally }: Comparer,
  side: SideName,
  reader: ReplyReader,
  likely: KeyType | null = null,
): KeyType | null {
  if (likely !== null && reader.passes(typeReplies[likely])) return likely;
  const { name } = pair[side].connection;
  const text = bytesIn(accepted(name, 'TYPE', reader.next())).toString('latin1');
  const type = typeNamed(text);
  if (type === null && text !== 'none') tally.leftOut(leftOut('unknown_type', { type: text }));
  return type;
}

const typeReplies = Object.fromEntries(
  keyTypes.map((type) => [type, Buffer.from(`+${type}\r\n`)]),
) as Readonly<Record<KeyType, Buffer>>;

/** Looks whether the left side has the keys that the right side showed; those it lacks become suspects. */
export async function findForeign(comparer: Comparer, page: ScanPage): Promise<void> {
  if (page.count === 0) return;
  const { pair } = comparer;
  const { name } = pair.left.connection;
  const present = await pair.one('left', withKeys(pair.write(), 'EXISTS', page), page.count);
  const found = countIn(accepted(name, 'EXISTS', new ReplyReader(present.bytes).next()));
  pair.left.connection.release(present);
  if (found === page.count) return;
  const keys = decodeKeys(page);
  const each = pair.write();
  for (const key of keys) each.add('EXISTS', key);
  const reader = new ReplyReader((await pair.one('left', each)).bytes);
  const lacking = keys.filter(() => numberIn(accepted(name, 'EXISTS', reader.next())) === 0);
  await suspectForeign(comparer, lacking);
  await comparer.settler.settleIfMany();
}

async function suspectForeign(comparer: Comparer, keys: readonly Buffer[]): Promise<void> {
  if (keys.length === 0) return;
  const { pair, settler } = comparer;
  const writer = pair.write();
  for (const key of keys) writer.add('TYPE', key);
  const reader = new ReplyReader((await pair.one('right', writer)).bytes);
  for (const key of keys) {
    const type = typeIn(comparer, 'right', reader);
    if (type === 'string') settler.suspect({ type, key, probe: { of: 'whole' } });
    else if (type !== null) settler.suspect({ type, key, probe: { of: 'size' } });
  }
}
