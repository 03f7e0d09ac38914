import { createHash } from 'node:crypto';
import type { KeyType } from '../../model/comparison.ts';
import { bytesIn, itemsIn, ProtocolError, type Reply, ReplyReader, stringsIn } from '../../resp/reader.ts';
import type { CommandWriter } from '../../resp/writer.ts';
import type { Pair } from '../pair.ts';
import { score } from '../wire/probe.ts';

export type Collection = Exclude<KeyType, 'string'>;
/** Collections whose members have names. A list has places. */
export type Named = Exclude<Collection, 'list'>;

/** Values by member name, as bytes in latin-1. */
export type Members = ReadonlyMap<string, string>;

/** What the beginning of a piece tells, without a look at its members. */
export interface Head {
  /** Where the next piece begins; null = this was the last. */
  readonly next: Buffer | null;
  /** The place of the members in the reply, an array. */
  readonly membersAt: number;
}

/** How the members of one type are walked: the command for a piece, and how its reply reads. */
export interface Pager {
  readonly start: Buffer;
  /** Whether the server keeps the place, under a number. */
  readonly byCursor: boolean;
  write(writer: CommandWriter, key: Buffer, from: Buffer, count: number): void;
  /** null = there is no piece in the reply. */
  head(bytes: Buffer, count: number): Head | null;
  /** Throws ProtocolError where the reply is no piece. */
  members(reply: Reply): Members;
}

const asterisk = 0x2a;
const zero = Buffer.from('0');

export function pagerFor(pair: Pair, type: Named): Pager {
  if (type === 'stream') return streamPager;
  if (type === 'hash' && pair.kind === 'pika') return pikaHashPager;
  return scanPager(type === 'hash' ? 'HSCAN' : type === 'set' ? 'SSCAN' : 'ZSCAN', type);
}

function scanPager(command: string, type: Named): Pager {
  return {
    start: zero,
    byCursor: true,
    write: (writer, key, from, count) => writer.add(command, key, from, 'COUNT', count),
    head: (bytes) => headOf(bytes, zero),
    members: (reply) => membersOf(type, stringsIn(itemsIn(reply)[1])),
  };
}

const noKey = Buffer.alloc(0);

/** `PKHSCANRANGE key from to LIMIT n`: by field, in order, without a cursor kept by the server; '' = no end. */
const pikaHashPager: Pager = {
  start: noKey,
  byCursor: false,
  write: (writer, key, from, count) => writer.add('PKHSCANRANGE', key, from, '', 'LIMIT', count),
  head: (bytes) => headOf(bytes, noKey),
  members: (reply) => membersOf('hash', stringsIn(itemsIn(reply)[1])),
};

/** Of `*2 [next, [member, ...]]`; `end` is what follows the last piece. */
function headOf(bytes: Buffer, end: Buffer): Head | null {
  if (bytes[0] !== asterisk) return null;
  const reader = new ReplyReader(bytes);
  if (reader.array() !== 2) return null;
  const next = reader.bulk();
  if (next === null || bytes[reader.position] !== asterisk) return null;
  const place = bytes.subarray(next.start, next.end);
  return { next: place.equals(end) ? null : Buffer.from(place), membersAt: reader.position };
}

const streamPager: Pager = {
  start: Buffer.from('-'),
  byCursor: false,
  write: (writer, key, from, count) => writer.add('XRANGE', key, from, '+', 'COUNT', count),
  head: (bytes, count) => {
    if (bytes[0] !== asterisk) return null;
    const reader = new ReplyReader(bytes);
    const entries = reader.array() as number;
    if (entries < count) return { next: null, membersAt: 0 };
    for (let i = 1; i < entries; i++) reader.skip();
    return { next: after(entryIn(reader.next()).id), membersAt: 0 };
  },
  members: (reply) =>
    new Map(
      itemsIn(reply).map((each) => {
        const { id, fields } = entryIn(each);
        return [id.toString('latin1'), digestOf(fields)];
      }),
    ),
};

function entryIn(reply: Reply): { readonly id: Buffer; readonly fields: readonly Buffer[] } {
  const [id, fields] = itemsIn(reply);
  return { id: bytesIn(id), fields: stringsIn(fields) };
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

function membersOf(type: Named, items: readonly Buffer[]): Members {
  const members = new Map<string, string>();
  if (type === 'set') for (const item of items) members.set(item.toString('latin1'), '');
  else
    for (let i = 0; i + 1 < items.length; i += 2) {
      members.set(items[i]!.toString('latin1'), keptValue(type, items[i + 1]!));
    }
  return members;
}

const longestKeptValue = 128;

/** A value as it is kept while members are compared: short, or the digest of something long. */
function keptValue(type: Named, value: Buffer): string {
  if (type === 'zset') return score(value.toString('latin1'));
  return value.length <= longestKeptValue
    ? value.toString('latin1')
    : createHash('sha256').update(value).digest('hex');
}

/** The value in a reply to a question for one member by its name; null = there is no such member. */
export function valueIn(type: Named, reply: Reply): string | null {
  if (type === 'set') return reply === 1 ? '' : null;
  if (Buffer.isBuffer(reply)) return keptValue(type, reply);
  if (!Array.isArray(reply) || reply.length === 0) return null;
  return digestOf(entryIn(reply[0]).fields);
}
