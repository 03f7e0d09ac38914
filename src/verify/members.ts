import { createHash } from 'node:crypto';
import type { KeyType } from '../core/comparison.ts';
import type { Pair, SideName } from './pair.ts';
import {
  digestFinding,
  memberProbe,
  readFinding,
  type Suspect,
  saysAbsent,
  score,
  sizeProbe,
  wholeProbe,
} from './probe.ts';
import { type CommandWriter, ErrorReply, type Reply, ReplyReader } from './resp.ts';
import type { Settler } from './settle.ts';
import { errorFromReply, type RawReplies, sameBytes, WireError } from './wire.ts';

/** Collections of more members than this are read in pieces. */
const wholeUpTo = 512;
/** Members read in one batch of whole collections. */
const membersPerBatch = 4000;
const pageMembers = 500;
/** Differing members of one collection after which it is settled before reading on. */
const suspectsPerKey = 100;

type Collection = Exclude<KeyType, 'string'>;

/**
 * Compares collections of one type, known by their keys, on both sides: sizes first, small ones whole and many at a
 * time, large ones in pieces. What differs becomes a suspect. `keys` is a page of keys, not more.
 */
export async function compareCollections(
  pair: Pair,
  settler: Settler,
  type: Collection,
  keys: readonly Buffer[],
): Promise<void> {
  const sizes = await readSizes(pair, type, keys);
  const small: { readonly key: Buffer; readonly members: number }[] = [];
  const large: Buffer[] = [];
  keys.forEach((key, i) => {
    const left = sizes.left[i]!;
    const right = sizes.right[i]!;
    if (left !== right) {
      const of = Math.max(left, right) <= wholeUpTo ? 'whole' : 'size';
      settler.suspect({ type, key, probe: { of } });
    } else if (left > wholeUpTo) large.push(key);
    else if (left > 0) small.push({ key, members: left });
  });
  await compareSmall(pair, settler, type, small);
  for (const key of large) await compareLarge(pair, settler, type, key);
}

interface Sizes {
  readonly left: readonly number[];
  readonly right: readonly number[];
}

async function readSizes(pair: Pair, type: Collection, keys: readonly Buffer[]): Promise<Sizes> {
  const writer = pair.write();
  for (const key of keys) writer.add(...sizeProbe(type, key));
  const replies = await pair.both(writer);
  const left = sizesIn(pair, 'left', type, replies[0], keys.length);
  const right = sameBytes(replies[0], replies[1])
    ? left
    : sizesIn(pair, 'right', type, replies[1], keys.length);
  pair.release(replies);
  return { left, right };
}

function sizesIn(pair: Pair, side: SideName, type: Collection, replies: RawReplies, count: number): number[] {
  const reader = new ReplyReader(replies.bytes);
  return Array.from({ length: count }, () => {
    const reply = reader.next();
    if (!(reply instanceof ErrorReply)) return Number(reply);
    if (saysAbsent(reply)) return 0;
    throw errorFromReply(pair[side].connection.name, String(sizeProbe(type, Buffer.alloc(0))[0]), reply);
  });
}

async function compareSmall(
  pair: Pair,
  settler: Settler,
  type: Collection,
  entries: readonly { readonly key: Buffer; readonly members: number }[],
): Promise<void> {
  let batch: Buffer[] = [];
  let members = 0;
  for (const entry of entries) {
    batch.push(entry.key);
    members += entry.members;
    if (members < Math.min(membersPerBatch, pair.pace.largestPage)) continue;
    await compareWhole(pair, settler, type, batch, members);
    batch = [];
    members = 0;
  }
  if (batch.length > 0) await compareWhole(pair, settler, type, batch, members);
}

async function compareWhole(
  pair: Pair,
  settler: Settler,
  type: Collection,
  keys: readonly Buffer[],
  members: number,
): Promise<void> {
  const writer = pair.write();
  for (const key of keys) writer.add(...wholeProbe(type, key));
  const replies = await pair.both(writer, Math.max(keys.length, members));
  if (!sameBytes(replies[0], replies[1])) {
    if (replies[0].digest || replies[1].digest) return compareTooLarge(pair, settler, type, keys, members);
    compareParsed(pair, settler, type, keys, replies);
  }
  pair.release(replies);
}

/** The replies are too large to be kept: fewer keys at a time, and a single one in pieces. */
async function compareTooLarge(
  pair: Pair,
  settler: Settler,
  type: Collection,
  keys: readonly Buffer[],
  members: number,
): Promise<void> {
  if (keys.length === 1) return compareLarge(pair, settler, type, keys[0]!);
  const middle = keys.length >> 1;
  await compareWhole(pair, settler, type, keys.slice(0, middle), members >> 1);
  await compareWhole(pair, settler, type, keys.slice(middle), members >> 1);
}

function compareParsed(
  pair: Pair,
  settler: Settler,
  type: Collection,
  keys: readonly Buffer[],
  replies: readonly [RawReplies, RawReplies],
): void {
  const left = new ReplyReader(replies[0].bytes);
  const right = new ReplyReader(replies[1].bytes);
  for (const key of keys) {
    const suspect: Suspect = { type, key, probe: { of: 'whole' } };
    const findings = [
      findingOf(pair, 'left', suspect, left.next(), settler),
      findingOf(pair, 'right', suspect, right.next(), settler),
    ] as const;
    if (findings[0].digest !== findings[1].digest) settler.suspect(suspect);
  }
}

function findingOf(pair: Pair, side: SideName, suspect: Suspect, reply: Reply, settler: Settler) {
  try {
    return readFinding(suspect, reply, settler.expiry);
  } catch (error) {
    if (error instanceof ErrorReply)
      throw errorFromReply(
        pair[side].connection.name,
        String(wholeProbe(suspect.type, suspect.key)[0]),
        error,
      );
    throw error;
  }
}

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
      const [next, items] = reply as readonly [Buffer, readonly Buffer[]];
      return { next: next.equals(zero) ? null : Buffer.from(next), members: membersOf(type, items) };
    },
  };
}

/** `PKHSCANRANGE key from to LIMIT n`: by field, in order, without a cursor kept by the server; '' = no end. */
const pikaHashPager: Pager = {
  start: Buffer.alloc(0),
  write: (writer, key, from, count) => writer.add('PKHSCANRANGE', key, from, '', 'LIMIT', count),
  read: (reply) => {
    const [next, items] = reply as readonly [Buffer, readonly Buffer[]];
    return { next: next.length === 0 ? null : Buffer.from(next), members: membersOf('hash', items) };
  },
};

const streamPager: Pager = {
  start: Buffer.from('-'),
  write: (writer, key, from, count) => writer.add('XRANGE', key, from, '+', 'COUNT', count),
  read: (reply, count) => {
    const entries = reply as readonly (readonly [Buffer, readonly Buffer[]])[];
    const members = new Map(entries.map(([id, fields]) => [id.toString('latin1'), digestOf(fields)]));
    const last = entries.at(-1);
    return { next: last && entries.length >= count ? after(last[0]) : null, members };
  },
};

function after(id: Buffer): Buffer {
  const [ms, sequence] = id.toString().split('-');
  return Buffer.from(`${ms}-${BigInt(sequence!) + 1n}`);
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
      const value = items[i + 1]!.toString('latin1');
      members.set(items[i]!.toString('latin1'), type === 'zset' ? score(value) : value);
    }
  return members;
}

async function compareLarge(pair: Pair, settler: Settler, type: Collection, key: Buffer): Promise<void> {
  if (type === 'list') return compareLargeList(pair, settler, key);
  const walk = new MemberWalk(pair, settler, type, key);
  await walk.run();
}

/** A list by index: the same piece on both sides. */
async function compareLargeList(pair: Pair, settler: Settler, key: Buffer): Promise<void> {
  let count = pageMembers;
  for (let start = 0; ; start += count) {
    count = Math.min(count, pair.pace.largestPage);
    const stop = start + count - 1;
    const replies = await pair.both(pair.write().add('LRANGE', key, start, stop), count);
    const items = replies.map((reply) => new ReplyReader(reply.bytes).array());
    if (!sameBytes(replies[0], replies[1]))
      settler.suspect({ type: 'list', key, probe: { of: 'range', start, stop } });
    pair.release(replies);
    if (items.every((length) => typeof length !== 'number' || length < count)) return;
  }
}

/**
 * Walks the members of one large hash, set, zset or stream on both sides. While both sides answer the same bytes nothing
 * is parsed; otherwise every member of a piece that is not in the other side's piece is asked for by name over there.
 */
class MemberWalk {
  readonly #pair: Pair;
  readonly #settler: Settler;
  readonly #type: Exclude<Collection, 'list'>;
  readonly #key: Buffer;
  readonly #pager: Pager;
  #suspects = 0;
  #count = pageMembers;

  constructor(pair: Pair, settler: Settler, type: Exclude<Collection, 'list'>, key: Buffer) {
    this.#pair = pair;
    this.#settler = settler;
    this.#type = type;
    this.#key = key;
    this.#pager = pagerFor(pair, type);
  }

  /**
   * On Redis, whose two sides come in different orders, the left side's members are enough: as many members on both sides,
   * all of the left ones among the right ones, are the same members.
   */
  async run(): Promise<void> {
    let left: Buffer | null = this.#pager.start;
    let right: Buffer | null = this.#sameOrder ? this.#pager.start : null;
    while (left !== null || right !== null) {
      const together: boolean = left !== null && right !== null && left.equals(right);
      const pages: readonly [MemberPage | null, MemberPage | null] = together
        ? await this.#both(left!)
        : await this.#apart(left, right);
      left = this.#advance(left, pages[0]);
      right = this.#advance(right, pages[1]);
      if (this.#suspects < suspectsPerKey) continue;
      this.#suspects = 0;
      if ((await this.#settler.settle()) > 0) return;
    }
  }

  get #sameOrder(): boolean {
    return this.#pair.kind === 'pika' || this.#type === 'stream';
  }

  /** Pika's scan cursors count up; one that does not was forgotten by the server, which then begins anew (trace 23). */
  #advance(from: Buffer | null, page: MemberPage | null): Buffer | null {
    if (page === null || page.next === null || this.#pair.kind === 'redis') return page?.next ?? null;
    const counting = this.#pager.start === zero;
    if (counting && Number(page.next) <= Number(from))
      throw new WireError(
        'garbled',
        this.#pair.left.connection.name,
        'lost its place in a large set or zset',
      );
    return page.next;
  }

  async #both(from: Buffer): Promise<readonly [MemberPage | null, MemberPage | null]> {
    const count = this.#pageSize();
    const writer = this.#pair.write();
    this.#pager.write(writer, this.#key, from, count);
    const replies = await this.#pair.both(writer, count);
    const [left, right] = replies;
    if (left.digest !== null || right.digest !== null)
      return this.#smaller(() => this.#both(from), left, right);
    const pages = [this.#read('left', left, count), this.#read('right', right, count)] as const;
    if (!sameBytes(left, right)) await this.#crossCheck(pages[0], pages[1]);
    this.#pair.release(replies);
    return pages;
  }

  async #apart(
    left: Buffer | null,
    right: Buffer | null,
  ): Promise<readonly [MemberPage | null, MemberPage | null]> {
    const pages = [await this.#page('left', left), await this.#page('right', right)] as const;
    await this.#crossCheck(pages[0], pages[1]);
    return pages;
  }

  async #page(side: SideName, from: Buffer | null): Promise<MemberPage | null> {
    if (from === null) return null;
    const count = this.#pageSize();
    const writer = this.#pair.write();
    this.#pager.write(writer, this.#key, from, count);
    const replies = await this.#pair.one(side, writer, count);
    if (replies.digest !== null) return this.#smaller(() => this.#page(side, from), replies);
    return this.#read(side, replies, count);
  }

  #pageSize(): number {
    return Math.max(1, Math.min(this.#count, this.#pair.pace.largestPage));
  }

  async #smaller<T>(again: () => Promise<T>, ...replies: readonly RawReplies[]): Promise<T> {
    if (this.#count === 1) {
      const bytes = Math.max(...replies.map((reply) => reply.totalBytes));
      const text = digestFinding(
        { type: this.#type, key: this.#key, probe: { of: 'whole' } },
        replies[0]!.digest ?? Buffer.alloc(32),
        bytes,
      ).text;
      throw new WireError(
        'refused',
        this.#pair.left.connection.name,
        `has members too large to be compared (${text})`,
      );
    }
    this.#count = Math.max(1, this.#count >> 3);
    return again();
  }

  #read(side: SideName, replies: RawReplies, count: number): MemberPage {
    const reply = new ReplyReader(replies.bytes).next();
    if (!(reply instanceof ErrorReply)) return this.#pager.read(reply, count);
    // The key was deleted or became another type in the meantime: the members that are gone show as suspects.
    if (saysAbsent(reply)) return { next: null, members: new Map() };
    throw errorFromReply(this.#pair[side].connection.name, 'a read of members', reply);
  }

  async #crossCheck(left: MemberPage | null, right: MemberPage | null): Promise<void> {
    await this.#lookUp('right', left, right);
    await this.#lookUp('left', right, left);
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
    const replies = await this.#pair.one(side, writer, names.length);
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
    if (Buffer.isBuffer(reply)) {
      const text = reply.toString('latin1');
      return this.#type === 'zset' ? score(text) : text;
    }
    if (!Array.isArray(reply) || reply.length === 0) return null;
    return digestOf((reply[0] as readonly [Buffer, readonly Buffer[]])[1]);
  }
}
