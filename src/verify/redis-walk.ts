import type { KeyType } from '../core/comparison.ts';
import { type Comparer, compareTypedKeys, mostKeysPerPage, PageSize } from './comparer.ts';
import { compareExpiries } from './expiry.ts';
import type { Pair, SideName } from './pair.ts';
import { type CommandWriter, ErrorReply, type Reply, ReplyReader } from './resp.ts';
import { infoFields, infoText } from './server.ts';
import { errorFromReply, type RawReplies, sameBytes, type WireConnection } from './wire.ts';

const nil = Buffer.from('$-1\r\n');

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
  const next = String(reader.next());
  const count = Number(reader.array());
  return { next, count, encodedKeys: bytes.subarray(reader.position) };
}

export function decodeKeys(page: ScanPage): Buffer[] {
  const reader = new ReplyReader(page.encodedKeys);
  return Array.from({ length: page.count }, () => reader.next() as Buffer);
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
  /** Where the page begins: there the walk goes on after a break. */
  readonly cursor: string;
  readonly page: ScanPage;
  /** On the walk over the left side: the values on both sides. */
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
  readonly #size: PageSize;
  #asked: Asked | null = null;

  constructor(comparer: Comparer, side: SideName) {
    this.#comparer = comparer;
    this.#side = side;
    this.#size = new PageSize(comparer);
  }

  /** Begins at a cursor: '0', or one that `step` returned for the same server process. */
  async begin(cursor: string): Promise<void> {
    this.#asked = this.#ask(cursor, await this.#scan(cursor));
  }

  /** Judges one page. Returns the cursor of what is left to judge; null = nothing is. */
  async step(): Promise<string | null> {
    const { page, values, present, following } = this.#asked!;
    const next = await following;
    const answers = [await values, await present] as const;
    this.#asked = next === null ? null : this.#ask(page.next, next);
    if (answers[0] !== null) await judgePage(this.#comparer, page, answers[0], this.#size);
    if (answers[1] !== null)
      await judgePresence(this.#comparer, page, new ReplyReader(answers[1].bytes).next());
    return next === null ? null : page.next;
  }

  #ask(cursor: string, page: ScanPage): Asked {
    const { pair } = this.#comparer;
    const some = page.count > 0;
    const following = page.next === '0' ? null : this.#scan(page.next);
    const values =
      some && this.#side === 'left' ? pair.both(withKeys(pair.write(), 'MGET', page), page.count) : null;
    const present =
      some && this.#side === 'right'
        ? pair.one('left', withKeys(pair.write(), 'EXISTS', page), page.count)
        : null;
    for (const promise of [values, present, following]) promise?.catch(() => undefined);
    return { cursor, page, values, present, following };
  }

  #scan(cursor: string): Promise<ScanPage> {
    return scan(this.#comparer, this.#side, cursor, this.#size.keys);
  }
}

const withKeys = (writer: CommandWriter, command: string, page: ScanPage): CommandWriter =>
  writer
    .header(page.count + 1)
    .argument(command)
    .verbatim(page.encodedKeys);

/**
 * Whether the right side of the selected DB has no key that the left side lacks, told without walking it. All keys of the left
 * side must have been found on the right; then as many keys on both sides, at the same moment, are the same keys. The
 * same moment is, for a slave, the same place in the master's stream of writes; for servers that do not follow each other, one
 * while which neither was written to. `false` = not known: the right side has to be walked.
 */
export async function holdsNothingForeign(
  comparer: Comparer,
  before: readonly WriteMark[],
): Promise<boolean> {
  const { pair, clock } = comparer;
  for (let looks = 0; looks < mostLooksAtCounts; looks++) {
    const [left, right] = await readMarks(pair);
    const sameMoment =
      pair.leader === null
        ? left!.writes === before[0]?.writes &&
          right!.writes === before[1]?.writes &&
          !left!.expiring &&
          !right!.expiring
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

/** Compares the keys of a page that the left side showed: values, types, members, expiries. */
export async function comparePage(comparer: Comparer, page: ScanPage, size: PageSize): Promise<void> {
  if (page.count === 0) return;
  const replies = await comparer.pair.both(withKeys(comparer.pair.write(), 'MGET', page), page.count);
  await judgePage(comparer, page, replies, size);
}

async function judgePage(
  comparer: Comparer,
  page: ScanPage,
  replies: readonly [RawReplies, RawReplies],
  size: PageSize,
): Promise<void> {
  const { pair, tally } = comparer;
  if (replies[0].digest || replies[1].digest) return compareHalves(comparer, page, replies, size);
  size.saw(page.count, replies[0].totalBytes);
  if (sameBytes(replies[0], replies[1]) && replies[0].bytes.indexOf(nil) < 0) {
    pair.release(replies);
    tally.looked('string', page.count);
    await compareExpiries(comparer, 'string', comparer.mayExpire('string') ? decodeKeys(page) : []);
    return;
  }
  await compareParsed(comparer, decodeKeys(page), replies);
  pair.release(replies);
}

async function compareHalves(
  comparer: Comparer,
  page: ScanPage,
  replies: readonly [RawReplies, RawReplies],
  size: PageSize,
): Promise<void> {
  const keys = decodeKeys(page);
  size.saw(keys.length, replies[0].totalBytes);
  if (sameBytes(replies[0], replies[1]) && (await allStrings(comparer, keys))) {
    comparer.tally.looked('string', keys.length);
    await compareExpiries(comparer, 'string', keys);
    return;
  }
  if (keys.length > 1) {
    const middle = keys.length >> 1;
    await comparePage(comparer, pageOf(keys.slice(0, middle)), size);
    return comparePage(comparer, pageOf(keys.slice(middle)), size);
  }
  const [key] = keys;
  if (!sameBytes(replies[0], replies[1]))
    comparer.settler.suspect({ type: 'string', key: key!, probe: { of: 'whole' } });
  comparer.tally.looked('string', 1);
  await compareExpiries(comparer, 'string', keys);
}

/** Whether no value among equal replies was a nil: the replies themselves were too large to be kept and looked into. */
async function allStrings({ pair }: Comparer, keys: readonly Buffer[]): Promise<boolean> {
  const writer = pair.write();
  for (const key of keys) writer.add('TYPE', key);
  const replies = await pair.both(writer);
  const reader = new ReplyReader(replies[0].bytes);
  return sameBytes(replies[0], replies[1]) && keys.every(() => String(reader.next()) === 'string');
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
  const left = valuesIn(pair.left.connection.name, replies[0]);
  const right = valuesIn(pair.right.connection.name, replies[1]);
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

function valuesIn(server: string, replies: RawReplies): (Buffer | null)[] {
  const reader = new ReplyReader(replies.bytes);
  const count = reader.array();
  if (count instanceof ErrorReply) throw errorFromReply(server, 'MGET', count);
  return Array.from({ length: count }, () => reader.next() as Buffer | null);
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
    const types = [String(left.next()), String(right.next())] as const;
    const type = (types[0] === 'none' ? types[1] : types[0]) as KeyType | 'none';
    if (type === 'none') continue;
    if (type === 'string') settler.suspect({ type, key, probe: { of: 'whole' } });
    else byType.set(type, [...(byType.get(type) ?? []), key]);
  }
  pair.release(replies);
  for (const [type, sameType] of byType) {
    await compareTypedKeys(comparer, type, sameType);
    tally.looked(type, sameType.length);
  }
}

/** Looks whether the left side has the keys that the right side showed; those it lacks become suspects. */
export async function findForeign(comparer: Comparer, page: ScanPage): Promise<void> {
  if (page.count === 0) return;
  const { pair } = comparer;
  const writer = pair
    .write()
    .header(page.count + 1)
    .argument('EXISTS')
    .verbatim(page.encodedKeys);
  const replies = await pair.one('left', writer, page.count);
  await judgePresence(comparer, page, new ReplyReader(replies.bytes).next());
}

/** `present` = how many of the page's keys the left side has. */
async function judgePresence(comparer: Comparer, page: ScanPage, present: Reply): Promise<void> {
  const { pair } = comparer;
  if (present instanceof ErrorReply) throw errorFromReply(pair.left.connection.name, 'EXISTS', present);
  if (present === page.count || page.count === 0) return;
  const keys = decodeKeys(page);
  const each = pair.write();
  for (const key of keys) each.add('EXISTS', key);
  const reader = new ReplyReader((await pair.one('left', each)).bytes);
  const lacking = keys.filter(() => reader.next() === 0);
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
    const type = String(reader.next()) as KeyType | 'none';
    if (type === 'string') settler.suspect({ type, key, probe: { of: 'whole' } });
    else if (type !== 'none') settler.suspect({ type, key, probe: { of: 'size' } });
  }
}
