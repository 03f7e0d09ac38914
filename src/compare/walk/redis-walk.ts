import type { KeyType } from '../../model/comparison.ts';
import { leftOut } from '../../model/comparison-texts.ts';
import { bytesIn, countIn, ErrorReply, numberIn, ProtocolError, ReplyReader } from '../../resp/reader.ts';
import { ListedStrings, ListedValues } from '../../resp/strings.ts';
import type { CommandWriter } from '../../resp/writer.ts';
import { type Comparer, keyPortion, largeAtOnce, mostKeysPerPage, pagesAtOnce } from '../comparer.ts';
import { isArrayOfStrings } from '../judge/plausible.ts';
import type { Pair, SideName } from '../pair.ts';
import type { Portion } from '../portion.ts';
import { keyTypes, typeNamed } from '../wire/server.ts';
import { accepted, errorFromReply, type RawReplies, sameBytes } from '../wire/wire.ts';
import { compareTypedKeys, compareWhereOfType } from './collections.ts';
import { compareExpiries } from './expiry.ts';
import { compareLargeStrings } from './large-strings.ts';
import { OpenPages } from './open-pages.ts';
import type { Collection } from './pagers.ts';

/** One reply to SCAN. */
export interface ScanPage {
  /** '0' = the scan is complete. */
  readonly next: string;
  readonly keys: ListedStrings;
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
  const keys = typeof count === 'number' ? ListedStrings.upToEnd(bytes, reader.position, count) : null;
  if (parts !== 2 || keys === null || !/^\d+$/.test(next))
    throw new ProtocolError('an answer to SCAN is not one');
  return { next, keys };
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
const namesOfLarge = 32;
/** The share of a page that lets the next page be read as if all its keys were of one type. */
const mostOfPage = 0.75;

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
  /** The type of most keys of a page before, other than strings; null = there is none. */
  #likely: Collection | null = null;
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
    const { keys } = page;
    if (this.#side === 'left') await this.#compare(keys);
    else {
      this.#portion.saw(keys.count, keys.bytes.length);
      await findForeign(this.#comparer, keys);
    }
    this.#comparer.pair[this.#side].connection.release(page.replies);
  }

  /** Keys that are what was likely need neither MGET nor TYPE. */
  async #compare(keys: ListedStrings): Promise<void> {
    if (keys.count === 0) return;
    const likely = this.#portion.ofLargeThings ? null : this.#likely;
    const rest = likely === null ? keys : await compareWhereOfType(this.#comparer, likely, keys);
    if (rest.count < keys.count) this.#portion.saw(keys.count, keys.bytes.length);
    const type = await comparePage(this.#comparer, rest, this.#portion);
    if (rest.count >= keys.count * mostOfPage) this.#likely = type;
  }

  #scan(cursor: string): Promise<ScannedPage> {
    const { size, ofLargeThings } = this.#portion;
    const asked = scan(this.#comparer, this.#side, cursor, ofLargeThings ? namesOfLarge * size : size);
    asked.catch(() => undefined);
    return asked;
  }
}

type BothReplies = readonly [RawReplies, RawReplies];

const withKeys = (writer: CommandWriter, command: string, keys: ListedStrings): CommandWriter =>
  writer
    .header(keys.count + 1)
    .argument(command)
    .strings(keys);

/**
 * Compares keys that the left side showed: values, types, members, expiries. Returns the type of most of them, unless they are
 * strings; null = there is none.
 */
export async function comparePage(
  comparer: Comparer,
  keys: ListedStrings,
  portion: Portion,
): Promise<Collection | null> {
  if (keys.count === 0) return null;
  const isLarge = portion.ofLargeThings || keys.count > 2 * portion.size;
  const replies = isLarge ? null : await readValues(comparer, keys, portion);
  if (replies === null || replies[0].digest || replies[1].digest) {
    await compareBySize(comparer, keys.all(), portion);
    return null;
  }
  const byType = await compareOthers(comparer, await judgeValues(comparer, keys, replies));
  for (const [type, places] of byType) if (places.length >= keys.count * mostOfPage) return type;
  return null;
}

async function readValues(comparer: Comparer, keys: ListedStrings, portion: Portion): Promise<BothReplies> {
  const { pair } = comparer;
  const replies = await pair.both(withKeys(pair.write(), 'MGET', keys), keys.count);
  portion.saw(keys.count, replies[0].totalBytes);
  return replies;
}

/** Returns the keys that are no strings on either side, or are gone from both: they are still to be compared. */
async function judgeValues(
  comparer: Comparer,
  keys: ListedStrings,
  replies: BothReplies,
): Promise<ListedStrings> {
  const { pair, settler, tally } = comparer;
  const { strings, others, differ } = layValuesTogether(pair, keys, replies);
  pair.release(replies);
  for (const key of differ) settler.suspect({ type: 'string', key, probe: { of: 'whole' } });
  tally.looked('string', strings.count);
  await compareExpiries(comparer, 'string', strings);
  return others;
}

interface LaidTogether {
  /** Strings on one side at least. */
  readonly strings: ListedStrings;
  readonly others: ListedStrings;
  readonly differ: readonly Buffer[];
}

function layValuesTogether(pair: Pair, keys: ListedStrings, replies: BothReplies): LaidTogether {
  const isSame = sameBytes(replies[0], replies[1]);
  if (isSame && isArrayOfStrings(replies[0].bytes, keys.count))
    return { strings: keys, others: keys.pick([]), differ: [] };
  const left = valuesIn(pair.left.connection.name, replies[0], keys.count);
  const right = isSame ? left : valuesIn(pair.right.connection.name, replies[1], keys.count);
  const strings: number[] = [];
  const others: number[] = [];
  const differ: Buffer[] = [];
  for (let i = 0; i < keys.count; i++) {
    const isString = !left.isNil(i) || !right.isNil(i);
    (isString ? strings : others).push(i);
    if (isString && !isSame && !left.isSame(i, right)) differ.push(keys.get(i));
  }
  return { strings: keys.pick(strings), others: keys.pick(others), differ };
}

function valuesIn(server: string, replies: RawReplies, keys: number): ListedValues {
  const reader = new ReplyReader(replies.bytes);
  const count = reader.array();
  if (count instanceof ErrorReply) throw errorFromReply(server, 'MGET', count);
  if (count !== keys) throw new ProtocolError(`${count} values came for ${keys} keys`);
  return new ListedValues(replies.bytes, reader.position, count);
}

/** Compares keys whose values are large, or too many to be read together: by their sizes few at a time, the largest in pieces. */
async function compareBySize(comparer: Comparer, keys: readonly Buffer[], portion: Portion): Promise<void> {
  const { tally, largeInTurn } = comparer;
  const { batches, large, others } = await largeInTurn(() => compareLargeStrings(comparer, keys));
  tally.looked('string', large.length);
  await compareExpiries(comparer, 'string', ListedStrings.of(large));
  // What is no string any more may be large too: it waits until this turn is over.
  const changed: ListedStrings[] = [];
  await largeInTurn(async () => {
    const open = new OpenPages(largeAtOnce);
    const compare = async (batch: readonly Buffer[]) => {
      changed.push(await compareBatch(comparer, batch, portion));
    };
    for (const batch of batches) await open.add(compare(batch));
    await open.finish();
  });
  await compareOthers(comparer, ListedStrings.of([...others, ...changed.flatMap((each) => each.all())]));
}

/** Strings that are to be read together, by their sizes. Returns what is none any more. */
async function compareBatch(
  comparer: Comparer,
  batch: readonly Buffer[],
  portion: Portion,
): Promise<ListedStrings> {
  const keys = ListedStrings.of(batch);
  const replies = await readValues(comparer, keys, portion);
  if (!replies[0].digest && !replies[1].digest) return judgeValues(comparer, keys, replies);
  await suspectAll(comparer, keys);
  return keys.pick([]);
}

/** Strings that grew between the look at their sizes and the look at their values. */
async function suspectAll(comparer: Comparer, keys: ListedStrings): Promise<void> {
  for (const key of keys.all()) comparer.settler.suspect({ type: 'string', key, probe: { of: 'whole' } });
  comparer.tally.looked('string', keys.count);
  await compareExpiries(comparer, 'string', keys);
}

/** Compares keys that are no strings on either side, or are gone from both. Settles what differs, where it is much. */
async function compareOthers(comparer: Comparer, keys: ListedStrings): Promise<PlacesByType> {
  const byType = keys.count === 0 ? new Map() : await readTypes(comparer, keys);
  for (const [type, places] of byType) {
    await compareTypedKeys(comparer, type, keys.pick(places));
    comparer.tally.looked(type, places.length);
  }
  await comparer.settler.settleIfMany();
  return byType;
}

type PlacesByType = ReadonlyMap<Collection, readonly number[]>;

async function readTypes(comparer: Comparer, keys: ListedStrings): Promise<PlacesByType> {
  const { pair } = comparer;
  const replies = await pair.both(pair.write().addEach(keys, ['TYPE']));
  const byType = placesByType(comparer, keys, replies);
  pair.release(replies);
  return byType;
}

/** Which of the keys have which type, on one side at least. A string among them was none when its value was asked for. */
function placesByType(comparer: Comparer, keys: ListedStrings, replies: BothReplies): PlacesByType {
  const left = new ReplyReader(replies[0].bytes);
  const right = new ReplyReader(replies[1].bytes);
  const same = sameBytes(replies[0], replies[1]);
  const byType = new Map<Collection, number[]>();
  let last: KeyType | null = null;
  for (let i = 0; i < keys.count; i++) {
    const onLeft: KeyType | null = typeIn(comparer, 'left', left, last);
    const onRight: KeyType | null = same ? onLeft : typeIn(comparer, 'right', right, last);
    const type: KeyType | null = onLeft ?? onRight;
    last = type;
    if (type === null) continue;
    if (type === 'string') comparer.settler.suspect({ type, key: keys.get(i), probe: { of: 'whole' } });
    else if (byType.has(type)) byType.get(type)!.push(i);
    else byType.set(type, [i]);
  }
  return byType;
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
export async function findForeign(comparer: Comparer, keys: ListedStrings): Promise<void> {
  if (keys.count === 0) return;
  const { pair } = comparer;
  const { name } = pair.left.connection;
  const present = await pair.one('left', withKeys(pair.write(), 'EXISTS', keys), keys.count);
  const found = countIn(accepted(name, 'EXISTS', new ReplyReader(present.bytes).next()));
  pair.left.connection.release(present);
  if (found === keys.count) return;
  const reader = new ReplyReader((await pair.one('left', pair.write().addEach(keys, ['EXISTS']))).bytes);
  const lacking = keys.all().filter(() => numberIn(accepted(name, 'EXISTS', reader.next())) === 0);
  await suspectForeign(comparer, lacking);
  await comparer.settler.settleIfMany();
}

async function suspectForeign(comparer: Comparer, keys: readonly Buffer[]): Promise<void> {
  if (keys.length === 0) return;
  const { pair, settler } = comparer;
  const writer = pair.write().addEach(ListedStrings.of(keys), ['TYPE']);
  const reader = new ReplyReader((await pair.one('right', writer)).bytes);
  for (const key of keys) {
    const type = typeIn(comparer, 'right', reader);
    if (type === 'string') settler.suspect({ type, key, probe: { of: 'whole' } });
    else if (type !== null) settler.suspect({ type, key, probe: { of: 'size' } });
  }
}
