import { createHash } from 'node:crypto';
import type { KeyType } from '../../model/comparison.ts';
import { faultSays, leftOut } from '../../model/comparison-texts.ts';
import {
  bytesIn,
  ErrorReply,
  itemsIn,
  ProtocolError,
  type Reply,
  ReplyReader,
  stringsIn,
} from '../../resp/reader.ts';
import type { CommandWriter } from '../../resp/writer.ts';
import type { Comparer } from '../comparer.ts';
import { beginWithCollection } from '../judge/plausible.ts';
import type { Settler } from '../judge/settle.ts';
import type { Pair, SideName } from '../pair.ts';
import type { Portion } from '../portion.ts';
import { memberProbe, saysAbsent, score } from '../wire/probe.ts';
import { errorFromReply, type RawReplies, sameBytes, WireError } from '../wire/wire.ts';
import { printKey } from './keys.ts';

/** The largest member that can be compared if the two sides list members in different orders. */
const largestMemberBytes = 24 * 1024 * 1024;
/** Differing members of one collection after which it is settled before reading on. */
const suspectsPerKey = 100;

/** Walks over one collection before a server that loses its place is given up. */
const mostTries = 3;

export type Collection = Exclude<KeyType, 'string'>;
type Pages = readonly [MemberPage | null, MemberPage | null];

/** One piece of a large collection. */
interface MemberPage {
  /** Where the next piece begins; null = this was the last. */
  readonly next: Buffer | null;
  /** Values by member name, as bytes in latin-1. */
  readonly members: ReadonlyMap<string, string>;
}

/** How the members of one type are walked: the command for a piece, and how its reply reads. */
interface Pager {
  readonly start: Buffer;
  write(writer: CommandWriter, key: Buffer, from: Buffer, count: number): void;
  read(reply: Reply, count: number): MemberPage;
  /** Where the next piece begins, by the beginning of a reply; absent = only a whole reply tells. */
  readonly nextIn?: (cursor: Buffer) => Buffer | null;
}

const zero = Buffer.from('0');

function pagerFor(pair: Pair, type: Exclude<Collection, 'list'>): Pager {
  if (type === 'stream') return streamPager;
  if (type === 'hash' && pair.kind === 'pika') return pikaHashPager;
  return scanPager(type === 'hash' ? 'HSCAN' : type === 'set' ? 'SSCAN' : 'ZSCAN', type);
}

function scanPager(command: string, type: Collection): Pager {
  return {
    start: zero,
    write: (writer, key, from, count) => writer.add(command, key, from, 'COUNT', count),
    read: (reply) => {
      const [next, items] = pageIn(reply);
      return { next: afterScan(next), members: membersOf(type, items) };
    },
    nextIn: afterScan,
  };
}

const afterScan = (next: Buffer): Buffer | null => (next.equals(zero) ? null : Buffer.from(next));
const afterRange = (next: Buffer): Buffer | null => (next.length === 0 ? null : Buffer.from(next));

function pageIn(reply: Reply): readonly [Buffer, readonly Buffer[]] {
  const [next, items] = itemsIn(reply);
  return [bytesIn(next), stringsIn(items)];
}

/** `PKHSCANRANGE key from to LIMIT n`: by field, in order, without a cursor kept by the server; '' = no end. */
const pikaHashPager: Pager = {
  start: Buffer.alloc(0),
  write: (writer, key, from, count) => writer.add('PKHSCANRANGE', key, from, '', 'LIMIT', count),
  read: (reply) => {
    const [next, items] = pageIn(reply);
    return { next: afterRange(next), members: membersOf('hash', items) };
  },
  nextIn: afterRange,
};

const streamPager: Pager = {
  start: Buffer.from('-'),
  write: (writer, key, from, count) => writer.add('XRANGE', key, from, '+', 'COUNT', count),
  read: (reply, count) => {
    const entries = itemsIn(reply).map(entryIn);
    const members = new Map(entries.map(({ id, digest }) => [id.toString('latin1'), digest]));
    const last = entries.at(-1);
    return { next: last && entries.length >= count ? after(last.id) : null, members };
  },
};

function entryIn(reply: Reply): { readonly id: Buffer; readonly digest: string } {
  const [id, fields] = itemsIn(reply);
  return { id: bytesIn(id), digest: digestOf(stringsIn(fields)) };
}

function after(id: Buffer): Buffer {
  const [, ms, sequence] = /^(\d+)-(\d+)$/.exec(id.toString('latin1')) ?? [];
  if (sequence === undefined) throw new ProtocolError('an entry of a stream has no id');
  return Buffer.from(`${ms}-${BigInt(sequence) + 1n}`);
}

function digestOf(parts: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}

function membersOf(type: Collection, items: readonly Buffer[]): Map<string, string> {
  const members = new Map<string, string>();
  if (type === 'set') for (const item of items) members.set(item.toString('latin1'), '');
  else
    for (let i = 0; i + 1 < items.length; i += 2) {
      members.set(items[i]!.toString('latin1'), valueIn(type, items[i + 1]!));
    }
  return members;
}

/** A value as it is kept while members are compared: short, or the digest of something long. */
function valueIn(type: Collection, value: Buffer): string {
  if (type === 'zset') return score(value.toString('latin1'));
  return value.length <= longestKeptValue
    ? value.toString('latin1')
    : createHash('sha256').update(value).digest('hex');
}

const longestKeptValue = 128;
const asterisk = 0x2a;
const noMembers: ReadonlyMap<string, string> = new Map();

/** Compares the members of one collection in pieces. What differs becomes a suspect. */
export async function compareLarge(comparer: Comparer, type: Collection, key: Buffer): Promise<void> {
  if (type === 'list') return compareLargeList(comparer, key);
  const walk = new MemberWalk(comparer, type, key);
  await walk.run();
}

/** A list by index: the same piece on both sides. The next piece is asked for before the present one is judged. */
async function compareLargeList({ pair, settler, portions }: Comparer, key: Buffer): Promise<void> {
  const portion = portions.ofLarge('list');
  const ask = (start: number) => {
    const count = portion.size;
    const replies = pair.both(pair.write().add('LRANGE', key, start, start + count - 1), count);
    replies.catch(() => undefined);
    return { start, count, replies };
  };
  for (let asked = ask(0); ; ) {
    const { start, count } = asked;
    const stop = start + count - 1;
    const next = ask(start + count);
    const replies = await asked.replies;
    const items = [itemsOf(pair, 'left', replies[0]), itemsOf(pair, 'right', replies[1])];
    portion.saw(count, replies[0].totalBytes);
    if (!sameBytes(replies[0], replies[1]))
      settler.suspect({ type: 'list', key, probe: { of: 'range', start, stop } });
    pair.release(replies);
    if (items.every((length) => length < count)) return;
    asked = next;
  }
}

/** How many items a piece of a list holds; none where the list is gone. */
function itemsOf(pair: Pair, side: SideName, replies: RawReplies): number {
  const length = new ReplyReader(replies.bytes).array();
  if (typeof length === 'number') return length;
  if (saysAbsent(length)) return 0;
  throw errorFromReply(pair[side].connection.name, 'LRANGE', length);
}

/**
 * Walks the members of one large hash, set, zset or stream on both sides. While both sides answer the same bytes nothing
 * is parsed; otherwise every member of a piece that is not in the other side's piece is asked for by name over there.
 */
class MemberWalk {
  readonly #comparer: Comparer;
  readonly #pair: Pair;
  readonly #settler: Settler;
  readonly #type: Exclude<Collection, 'list'>;
  readonly #key: Buffer;
  readonly #pager: Pager;
  readonly #portion: Portion;
  #suspects = 0;

  constructor(comparer: Comparer, type: Exclude<Collection, 'list'>, key: Buffer) {
    this.#comparer = comparer;
    this.#pair = comparer.pair;
    this.#settler = comparer.settler;
    this.#type = type;
    this.#key = key;
    this.#pager = pagerFor(comparer.pair, type);
    this.#portion = comparer.portions.ofLarge(type);
  }

  /** Ends where it is clear that the collections differ. */
  async run(): Promise<void> {
    for (let tries = mostTries; tries > 0; tries--) if (await this.#walk()) return;
    const { name } = this.#pair.left.connection;
    throw new WireError('garbled', name, faultSays('place_lost'));
  }

  /** Returns false when a server lost its place. */
  async #walk(): Promise<boolean> {
    let left: Buffer | null = this.#pager.start;
    let right: Buffer | null = this.#pager.start;
    while (left !== null || right !== null) {
      const together: boolean = this.#sameOrder && left !== null && right !== null && left.equals(right);
      const pages: Pages | null = together ? await this.#both(left!) : await this.#apart(left, right);
      if (pages === null) return true;
      if (this.#lostPlace(left, pages[0]) || this.#lostPlace(right, pages[1])) return false;
      left = pages[0]?.next ?? null;
      right = pages[1]?.next ?? null;
      if (this.#suspects < suspectsPerKey) continue;
      this.#suspects = 0;
      const differing = await this.#settler.settle();
      if (differing.some(({ type, key }) => type === this.#type && key.equals(this.#key))) return true;
    }
    return true;
  }

  /** Redis has the members of a hash, set or zset in an order of its own in each process. */
  get #sameOrder(): boolean {
    return this.#pair.kind === 'pika' || this.#type === 'stream';
  }

  /** Pika's scan cursors count up. A cursor that goes back shows that the server forgot it and began again (trace 23). */
  #lostPlace(from: Buffer | null, page: MemberPage | null): boolean {
    if (!page?.next || this.#pair.kind === 'redis' || this.#pager.start !== zero) return false;
    return !(Number(page.next) > Number(from));
  }

  /** null = a member is too large to be compared, which is noted. */
  async #both(from: Buffer, keptBytes?: number): Promise<Pages | null> {
    const count = this.#portion.size;
    const replies = await this.#pair.both(this.#question(from, count), count, keptBytes);
    const [left, right] = replies;
    this.#portion.saw(count, left.totalBytes);
    if (left.digest !== null || right.digest !== null) {
      if (count > 1) return this.#both(from, keptBytes);
      if (keptBytes === undefined) return this.#both(from, largestMemberBytes);
      return this.#giveUp(Math.max(left.totalBytes, right.totalBytes));
    }
    const same = sameBytes(left, right);
    const onLeft = (same ? this.#unread(left) : null) ?? this.#read('left', left, count);
    const pages: Pages = [onLeft, same ? onLeft : this.#read('right', right, count)];
    if (!same) await this.#crossCheck(pages[0], pages[1]);
    this.#pair.release(replies);
    return pages;
  }

  /** A piece that is the same on both sides: its members need not be known. null = its beginning does not tell enough. */
  #unread({ bytes }: RawReplies): MemberPage | null {
    const { nextIn } = this.#pager;
    if (nextIn === undefined || bytes[0] !== asterisk) return null;
    const reader = new ReplyReader(bytes);
    if (reader.array() !== 2) return null;
    const cursor = reader.bulk();
    if (cursor === null || !beginWithCollection(bytes.subarray(reader.position), this.#type)) return null;
    return { next: nextIn(bytes.subarray(cursor.start, cursor.end)), members: noMembers };
  }

  async #apart(left: Buffer | null, right: Buffer | null): Promise<Pages | null> {
    const [onLeft, onRight] = await Promise.all([this.#page('left', left), this.#page('right', right)]);
    if (onLeft === 'too large' || onRight === 'too large') return null;
    await this.#crossCheck(onLeft, onRight);
    return [onLeft, onRight];
  }

  async #page(
    side: SideName,
    from: Buffer | null,
    keptBytes?: number,
  ): Promise<MemberPage | null | 'too large'> {
    if (from === null) return null;
    const count = this.#portion.size;
    const replies = await this.#pair.one(side, this.#question(from, count), count, keptBytes);
    this.#portion.saw(count, replies.totalBytes);
    if (replies.digest === null) return this.#read(side, replies, count);
    if (count > 1) return this.#page(side, from, keptBytes);
    if (keptBytes === undefined) return this.#page(side, from, largestMemberBytes);
    this.#giveUp(replies.totalBytes);
    return 'too large';
  }

  #question(from: Buffer, count: number): CommandWriter {
    const writer = this.#pair.write();
    this.#pager.write(writer, this.#key, from, count);
    return writer;
  }

  #giveUp(bytes: number): null {
    const facts = { type: this.#type, key: printKey(this.#key), bytes };
    this.#comparer.tally.leftOut(leftOut('member_too_large', facts));
    return null;
  }

  #read(side: SideName, replies: RawReplies, count: number): MemberPage {
    const reply = new ReplyReader(replies.bytes).next();
    if (!(reply instanceof ErrorReply)) return this.#pager.read(reply, count);
    // The key was deleted or became another type in the meantime: the members that are gone show as suspects.
    if (saysAbsent(reply)) return { next: null, members: new Map() };
    throw errorFromReply(this.#pair[side].connection.name, 'a read of members', reply);
  }

  async #crossCheck(left: MemberPage | null, right: MemberPage | null): Promise<void> {
    await Promise.all([this.#lookUp('right', left, right), this.#lookUp('left', right, left)]);
  }

  /** Asks `side` for the members of `page` that `own`, its own piece, does not hold with the same value. */
  async #lookUp(side: SideName, page: MemberPage | null, own: MemberPage | null): Promise<void> {
    const asked = [...(page?.members ?? [])].filter(([name, value]) => own?.members.get(name) !== value);
    if (asked.length === 0) return;
    const names = asked.map(([name]) => Buffer.from(name, 'latin1'));
    const many = this.#commandForMany(side);
    const writer = this.#pair.write();
    if (many !== null) writer.add(many, this.#key, ...names);
    else for (const name of names) writer.add(...memberProbe(this.#type, this.#key, name));
    const replies = await this.#pair.one(side, writer, names.length, largestMemberBytes);
    const values = replies.digest === null ? this.#valuesIn(side, replies, many !== null, names.length) : [];
    asked.forEach(([, value], i) => {
      if (values[i] === value) return;
      this.#suspects += 1;
      this.#settler.suspect({ type: this.#type, key: this.#key, probe: { of: 'member', name: names[i]! } });
    });
    this.#pair[side].connection.release(replies);
  }

  /** A command that asks for many members at once; null = this server has none for the type. */
  #commandForMany(side: SideName): string | null {
    if (this.#type === 'hash') return 'HMGET';
    const { kind, major } = this.#pair[side].facts;
    if (kind === 'pika' || major < 7) return null;
    return this.#type === 'set' ? 'SMISMEMBER' : this.#type === 'zset' ? 'ZMSCORE' : null;
  }

  #valuesIn(side: SideName, replies: RawReplies, inOneArray: boolean, count: number): (string | null)[] {
    const reader = new ReplyReader(replies.bytes);
    if (!inOneArray) return Array.from({ length: count }, () => this.#valueOf(reader.next()));
    const reply = reader.next();
    if (reply instanceof ErrorReply && !saysAbsent(reply))
      throw errorFromReply(this.#pair[side].connection.name, 'a read of members', reply);
    return Array.isArray(reply) ? reply.map((value) => this.#valueOf(value)) : [];
  }

  #valueOf(reply: Reply): string | null {
    if (this.#type === 'set') return reply === 1 ? '' : null;
    if (Buffer.isBuffer(reply)) return valueIn(this.#type, reply);
    if (!Array.isArray(reply) || reply.length === 0) return null;
    return entryIn(reply[0]).digest;
  }
}
