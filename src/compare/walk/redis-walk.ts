import { infoFields } from '../../engines/pika/info.ts';
import type { KeyType } from '../../model/comparison.ts';
import { leftOut } from '../../model/comparison-texts.ts';
import { bytesIn, countIn, ErrorReply, numberIn, ProtocolError, ReplyReader } from '../../resp/reader.ts';
import type { CommandWriter } from '../../resp/writer.ts';
import { type Comparer, keyPortion, mostKeysPerPage } from '../comparer.ts';
import { isArrayOfStrings } from '../judge/plausible.ts';
import type { Pair, SideName } from '../pair.ts';
import type { Portion } from '../portion.ts';
import { infoText, typeNamed } from '../wire/server.ts';
import { accepted, errorFromReply, type RawReplies, sameBytes, type WireConnection } from '../wire/wire.ts';
import { compareTypedKeys } from './collections.ts';
import { type AskedExpiries, askExpiries, compareExpiries, judgeExpiries } from './expiry.ts';
import { compareLargeStrings } from './large-strings.ts';

/** One reply to SCAN. */
export interface ScanPage {
  /** '0' = the scan is complete. */
  readonly next: string;
  readonly count: number;
  /** The keys as they stood in the reply: fit to be the arguments of a command. */
  readonly encodedKeys: Buffer;
}

export function readScanPage(server: string, bytes: Buffer): ScanPage {
  const reader = new ReplyReader(bytes);
  const parts = reader.array();
  if (parts instanceof ErrorReply) throw errorFromReply(server, 'SCAN', parts);
  const next = bytesIn(reader.next()).toString('latin1');
  const count = reader.array();
  if (typeof count !== 'number' || count < 0 || !/^\d+$/.test(next))
    throw new ProtocolError('an answer to SCAN is not one');
  return { next, count, encodedKeys: bytes.subarray(reader.position) };
}

export function decodeKeys(page: ScanPage): Buffer[] {
  const reader = new ReplyReader(page.encodedKeys);
  return Array.from({ length: page.count }, () => bytesIn(reader.next()));
}

/** Scans one side from `cursor`. */
export async function scan(
  comparer: Comparer,
  side: SideName,
  cursor: string,
  count: number,
): Promise<ScanPage> {
  const { pair } = comparer;
  const asked = Math.max(1, Math.min(count, mostKeysPerPage, pair.pace.largestPage));
  const replies = await pair.one(side, pair.write().add('SCAN', cursor, 'COUNT', asked));
  return readScanPage(pair[side].connection.name, replies.bytes);
}

/** A page whose answers are still to come, and what follows it. */
interface Asked {
  readonly page: ScanPage;
  /** On the walk over the left side: the values on both sides; null also where the values are too large to be read together. */
  readonly values: Promise<readonly [RawReplies, RawReplies]> | null;
  /** On the walk over the right side: how many of the keys the left side has. */
  readonly present: Promise<RawReplies> | null;
  readonly following: Promise<ScanPage> | null;
}

/**
 * Walks the selected DB of one side. Each page of keys that the left side shows is read by value on both sides; each that
 * the right side shows is looked for on the left. The next page is asked for together with the answers for the
 * present one, and the answers are judged while the servers are already at work on what follows.
 */
export class RedisWalk {
  readonly #comparer: Comparer;
  readonly #side: SideName;
  readonly #portion: Portion;
  /** Pages whose answers are under way, in the order of the walk: two, so that no server waits for this program. */
  readonly #asked: Asked[] = [];
  #open: JudgedPage | null = null;

  constructor(comparer: Comparer, side: SideName) {
    this.#comparer = comparer;
    this.#side = side;
    this.#portion = keyPortion(comparer);
  }

  /** Begins at a cursor: '0', or a cursor that `step` returned for the same server process. */
  async begin(cursor: string): Promise<void> {
    this.#asked.push(this.#ask(await this.#scan(cursor)));
  }

  /** Judges one page, but for expiries. Returns the cursor of what is left to judge; null = nothing is. */
  async step(): Promise<string | null> {
    const following = await this.#asked.at(-1)!.following;
    if (following !== null) this.#asked.push(this.#ask(following));
    const { page, values, present } = this.#asked.shift()!;
    const [value, presence] = [await values, await present];
    if (presence !== null) {
      this.#portion.saw(page.count, page.encodedKeys.length);
      await judgePresence(this.#comparer, page, presence);
    }
    const judged = this.#side === 'left' ? await this.#judge(page, value) : null;
    await this.finish();
    this.#open = judged;
    if (this.#asked.length > 0) return page.next;
    await this.finish();
    return null;
  }

  /** Judges what `step` left open. */
  async finish(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    if (open !== null) await endPage(this.#comparer, open);
  }

  async #judge(page: ScanPage, values: BothReplies | null): Promise<JudgedPage | null> {
    if (page.count === 0) return null;
    if (values !== null) return beginPage(this.#comparer, page, values, this.#portion);
    await compareBySize(this.#comparer, decodeKeys(page), this.#portion);
    return null;
  }

  #ask(page: ScanPage): Asked {
    const { pair } = this.#comparer;
    const some = page.count > 0;
    const following = page.next === '0' ? null : this.#scan(page.next);
    const values =
      some && this.#side === 'left' && page.count <= 2 * this.#portion.size && !this.#portion.ofLargeThings
        ? pair.both(withKeys(pair.write(), 'MGET', page), page.count)
        : null;
    const present =
      some && this.#side === 'right'
        ? pair.one('left', withKeys(pair.write(), 'EXISTS', page), page.count)
        : null;
    for (const promise of [values, present, following]) promise?.catch(() => undefined);
    return { page, values, present, following };
  }

  #scan(cursor: string): Promise<ScanPage> {
    return scan(this.#comparer, this.#side, cursor, this.#portion.size);
  }
}

type BothReplies = readonly [RawReplies, RawReplies];

/** A page of which only the expiries are still to be judged. */
interface JudgedPage {
  readonly replies: BothReplies;
  readonly expiries: AskedExpiries | null;
}

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
  const replies = await comparer.pair.both(withKeys(comparer.pair.write(), 'MGET', page), page.count);
  const judged = await beginPage(comparer, page, replies, portion);
  if (judged !== null) await endPage(comparer, judged);
}

async function beginPage(
  comparer: Comparer,
  page: ScanPage,
  replies: BothReplies,
  portion: Portion,
): Promise<JudgedPage | null> {
  const { pair, tally } = comparer;
  portion.saw(page.count, replies[0].totalBytes);
  if (replies[0].digest || replies[1].digest) {
    await compareBySize(comparer, decodeKeys(page), portion);
    return null;
  }
  if (sameBytes(replies[0], replies[1]) && isArrayOfStrings(replies[0].bytes, page.count)) {
    pair.release(replies);
    tally.looked('string', page.count);
    const keys = comparer.mayExpire('string') ? decodeKeys(page) : [];
    return { replies, expiries: askExpiries(comparer, 'string', keys) };
  }
  await compareParsed(comparer, decodeKeys(page), replies);
  pair.release(replies);
  return null;
}

const endPage = (comparer: Comparer, { expiries }: JudgedPage): Promise<void> =>
  judgeExpiries(comparer, expiries);

/** Compares keys whose values are large, or too many to be read together: by their sizes few at a time, the largest in pieces. */
async function compareBySize(comparer: Comparer, keys: readonly Buffer[], portion: Portion): Promise<void> {
  const { tally } = comparer;
  const { batches, large, others } = await compareLargeStrings(comparer, keys);
  tally.looked('string', large.length);
  await compareExpiries(comparer, 'string', large);
  for (const batch of batches) {
    const page = pageOf(batch);
    const replies = await comparer.pair.both(withKeys(comparer.pair.write(), 'MGET', page), batch.length);
    portion.saw(batch.length, replies[0].totalBytes);
    if (replies[0].digest || replies[1].digest) await suspectAll(comparer, batch);
    else await compareParsed(comparer, batch, replies);
    comparer.pair.release(replies);
  }
  await compareOthers(comparer, others);
  await comparer.settler.settleIfMany();
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
  const left = valuesIn(pair.left.connection.name, replies[0], keys.length);
  const right = valuesIn(pair.right.connection.name, replies[1], keys.length);
  const strings: Buffer[] = [];
  const others: Buffer[] = [];
  keys.forEach((key, i) => {
    const a = left[i] ?? null;
    const b = right[i] ?? null;
    if (a === null && b === null) {
      others.push(key);
      return;
    }
    strings.push(key);
    if (a === null || b === null || !a.equals(b))
      settler.suspect({ type: 'string', key, probe: { of: 'whole' } });
  });
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
  return Array.from({ length: count }, () => {
    const value = reader.next();
    return value === null ? null : bytesIn(value);
  });
}

/** Compares keys that are no strings on either side, or are gone from both. */
async function compareOthers(comparer: Comparer, keys: readonly Buffer[]): Promise<void> {
  if (keys.length === 0) return;
  const { pair, settler, tally } = comparer;
  const writer = pair.write();
  for (const key of keys) writer.add('TYPE', key);
  const replies = await pair.both(writer);
  const left = new ReplyReader(replies[0].bytes);
  const right = new ReplyReader(replies[1].bytes);
  const byType = new Map<Exclude<KeyType, 'string'>, Buffer[]>();
  for (const key of keys) {
    const types = [typeIn(comparer, 'left', left), typeIn(comparer, 'right', right)] as const;
    const type = types[0] ?? types[1];
    if (type === null) continue;
    if (type === 'string') settler.suspect({ type, key, probe: { of: 'whole' } });
    else byType.set(type, [...(byType.get(type) ?? []), key]);
  }
  pair.release(replies);
  for (const [type, sameType] of byType) {
    await compareTypedKeys(comparer, type, sameType);
    tally.looked(type, sameType.length);
  }
}

/** The type that TYPE tells; null = there is no such key, or it has a type that is not known here (of a module). */
function typeIn({ pair, tally }: Comparer, side: SideName, reader: ReplyReader): KeyType | null {
  const { name } = pair[side].connection;
  const text = bytesIn(accepted(name, 'TYPE', reader.next())).toString('latin1');
  const type = typeNamed(text);
  if (type === null && text !== 'none') tally.leftOut(leftOut('unknown_type', { type: text }));
  return type;
}

/** Looks whether the left side has the keys that the right side showed; those it lacks become suspects. */
export async function findForeign(comparer: Comparer, page: ScanPage): Promise<void> {
  if (page.count === 0) return;
  const { pair } = comparer;
  const present = await pair.one('left', withKeys(pair.write(), 'EXISTS', page), page.count);
  await judgePresence(comparer, page, present);
}

/** `present` tells how many of the page's keys the left side has. */
async function judgePresence(comparer: Comparer, page: ScanPage, present: RawReplies): Promise<void> {
  const { pair } = comparer;
  const { name } = pair.left.connection;
  const found = countIn(accepted(name, 'EXISTS', new ReplyReader(present.bytes).next()));
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
