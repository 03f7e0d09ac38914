import type { KeyType } from '../core/comparison.ts';
import { type Comparer, compareTypedKeys, mostKeysPerPage, type PageSize } from './comparer.ts';
import { compareExpiries } from './expiry.ts';
import type { SideName } from './pair.ts';
import { ErrorReply, ReplyReader } from './resp.ts';
import { errorFromReply, type RawReplies, sameBytes } from './wire.ts';

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

/** Whether any key can expire: then expiries are compared. Redis tells it exactly and at no cost. */
export interface RedisWalkOptions {
  readonly expiries: boolean;
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
  const replies = await pair.one(side, pair.write().add('SCAN', cursor, 'COUNT', asked), asked);
  return readScanPage(pair[side].connection.name, replies.bytes);
}

/** Compares the keys of a page that the left side showed: values, types, members, expiries. */
export async function comparePage(
  comparer: Comparer,
  page: ScanPage,
  options: RedisWalkOptions,
  size: PageSize,
): Promise<void> {
  if (page.count === 0) return;
  const { pair, tally } = comparer;
  const writer = pair
    .write()
    .header(page.count + 1)
    .argument('MGET')
    .verbatim(page.encodedKeys);
  const replies = await pair.both(writer, page.count);
  if (replies[0].digest || replies[1].digest) return compareHalves(comparer, page, replies, options, size);
  size.saw(page.count, replies[0].totalBytes);
  if (sameBytes(replies[0], replies[1]) && replies[0].bytes.indexOf(nil) < 0) {
    pair.release(replies);
    tally.looked('string', page.count);
    if (options.expiries)
      await compareExpiries(pair, comparer.settler, 'string', decodeKeys(page), comparer.clock);
    return;
  }
  await compareParsed(comparer, decodeKeys(page), replies, options);
  pair.release(replies);
}

async function compareHalves(
  comparer: Comparer,
  page: ScanPage,
  replies: readonly [RawReplies, RawReplies],
  options: RedisWalkOptions,
  size: PageSize,
): Promise<void> {
  const keys = decodeKeys(page);
  if (keys.length > 1) {
    const middle = keys.length >> 1;
    await comparePage(comparer, pageOf(keys.slice(0, middle)), options, size);
    return comparePage(comparer, pageOf(keys.slice(middle)), options, size);
  }
  const [key] = keys;
  if (!sameBytes(replies[0], replies[1]))
    comparer.settler.suspect({ type: 'string', key: key!, probe: { of: 'whole' } });
  comparer.tally.looked('string', 1);
  if (options.expiries)
    await compareExpiries(comparer.pair, comparer.settler, 'string', keys, comparer.clock);
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
  options: RedisWalkOptions,
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
  if (options.expiries) await compareExpiries(pair, settler, 'string', strings, comparer.clock);
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
  const reply = new ReplyReader(replies.bytes).next();
  if (reply instanceof ErrorReply) throw errorFromReply(pair.left.connection.name, 'EXISTS', reply);
  if (reply === page.count) return;
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
