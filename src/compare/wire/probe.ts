import { createHash } from 'node:crypto';
import type { KeyType } from '../../model/comparison.ts';
import { bytesIn, countIn, ErrorReply, itemsIn, numberIn, type Reply, stringsIn } from '../../resp/reader.ts';
import type { Argument } from '../../resp/writer.ts';
import { printKey } from '../walk/keys.ts';
import type { ServerFacts } from './server.ts';

/** What of a key is looked at: all of it, its number of members, one member, a piece of a list or of a string, or its expiry. */
type Probe =
  | { readonly of: 'whole' }
  /** Strings as a range lists them, by a name that the server shows cut short (see `isCutShort`). */
  | { readonly of: 'listed' }
  | { readonly of: 'size' }
  | { readonly of: 'member'; readonly name: Buffer }
  | { readonly of: 'range'; readonly start: number; readonly stop: number }
  | { readonly of: 'ttl' };

/** Something of one key that looked different on the two sides, once. */
export interface Suspect {
  readonly type: KeyType;
  readonly key: Buffer;
  readonly probe: Probe;
}

/** What a probe found on one side. */
export interface Finding {
  readonly present: boolean;
  /** Equal on both sides exactly when the data are. */
  readonly digest: string;
  /** Members of a hash, set or zset by name, so that the part of a key that stood still can be compared. */
  readonly members: ReadonlyMap<string, string> | null;
  /** Number of members, or bytes of a string; null = this probe does not show it. */
  readonly size: number | null;
  /** For people; null = absent. Never a value. */
  readonly text: string | null;
  /** Milliseconds, -1 = never expires; null = not asked. */
  readonly ttlMs: number | null;
}

const sizeCommand: Readonly<Record<KeyType, string>> = {
  string: 'STRLEN',
  hash: 'HLEN',
  list: 'LLEN',
  set: 'SCARD',
  zset: 'ZCARD',
  stream: 'XLEN',
};

/** A command about one key: its name, and the arguments behind the key. */
interface KeyCommand {
  readonly name: string;
  readonly more: readonly Argument[];
}

const wholeCommands: Readonly<Record<KeyType, KeyCommand>> = {
  string: { name: 'GET', more: [] },
  hash: { name: 'HGETALL', more: [] },
  list: { name: 'LRANGE', more: [0, -1] },
  set: { name: 'SMEMBERS', more: [] },
  zset: { name: 'ZRANGE', more: [0, -1, 'WITHSCORES'] },
  stream: { name: 'XRANGE', more: ['-', '+'] },
};

/** How to ask how many members a key of the type has. */
export const sizeCommandOf = (type: KeyType): KeyCommand => ({ name: sizeCommand[type], more: [] });

/** How to ask for all of a key of the type. */
export const wholeCommandOf = (type: KeyType): KeyCommand => wholeCommands[type];

function wholeProbe(type: KeyType, key: Buffer): readonly Argument[] {
  const { name, more } = wholeCommands[type];
  return [name, key, ...more];
}

export function memberProbe(type: KeyType, key: Buffer, name: Buffer): readonly Argument[] {
  switch (type) {
    case 'hash':
      return ['HGET', key, name];
    case 'set':
      return ['SISMEMBER', key, name];
    case 'zset':
      return ['ZSCORE', key, name];
    case 'stream':
      return ['XRANGE', key, name, name];
    default:
      throw new TypeError(`a ${type} has no members that can be asked for by name`);
  }
}

/**
 * How a server tells when a key expires. Redis 7 tells the moment itself, which is the same bytes on both sides;
 * older ones, and Pika, the time left: Pika in whole seconds, since 3.5 rounds PTTL to seconds anyway.
 */
export interface ExpiryCommand {
  readonly name: 'PEXPIRETIME' | 'PTTL' | 'TTL';
  readonly unitMs: number;
  /** Whether the reply counts down, so that two looks at different moments differ. */
  readonly countsDown: boolean;
}

export function expiryCommand(left: ServerFacts, right: ServerFacts): ExpiryCommand {
  if (left.kind === 'pika') return { name: 'TTL', unitMs: 1000, countsDown: true };
  return left.major >= 7 && right.major >= 7
    ? { name: 'PEXPIRETIME', unitMs: 1, countsDown: false }
    : { name: 'PTTL', unitMs: 1, countsDown: true };
}

export function probeArguments(suspect: Suspect, expiry: ExpiryCommand): readonly Argument[] {
  const { type, key, probe } = suspect;
  switch (probe.of) {
    case 'whole':
      return wholeProbe(type, key);
    case 'listed':
      return ['PKSCANRANGE', 'string_with_value', key, '', 'LIMIT', mostListedAlike];
    case 'size':
      return [sizeCommand[type], key];
    case 'member':
      return memberProbe(type, key, probe.name);
    case 'range':
      return [type === 'string' ? 'GETRANGE' : 'LRANGE', key, probe.start, probe.stop];
    case 'ttl':
      return [expiry.name, key];
  }
}

const mostListedAlike = 100;

/** The values of the strings that are listed under one name. */
function listedFinding(key: Buffer, reply: Reply): Finding {
  const items = stringsIn(itemsIn(reply)[1]);
  const values = items.filter((_, i) => i % 2 === 1 && items[i - 1]!.equals(key));
  if (values.length === 0) return absent;
  if (values.length === 1) return bytesFinding(values[0]!);
  return itemsFinding(
    [...values].sort((a, b) => a.compare(b)),
    `${values.length} strings`,
  );
}

const absent: Finding = { present: false, digest: '', members: null, size: null, text: null, ttlMs: null };

/** The error says only that there is no such key of this type (`no such key`: XLEN of Pika 3.5 and 4.0). */
export const saysAbsent = (reply: ErrorReply): boolean => /^WRONGTYPE|no such key/i.test(reply.message);

/** What a reply to a probe says. Throws the ErrorReply itself when the server refused the probe. */
export function readFinding(suspect: Suspect, reply: Reply, expiry: ExpiryCommand): Finding {
  if (reply instanceof ErrorReply) {
    if (saysAbsent(reply)) return absent;
    throw reply;
  }
  const { type, probe } = suspect;
  if (probe.of === 'ttl') return ttlFinding(numberIn(reply), expiry);
  if (probe.of === 'listed') return listedFinding(suspect.key, reply);
  if (probe.of === 'size') return sizeFinding(type, countIn(reply));
  if (probe.of === 'member') return memberFinding(type, probe.name, reply);
  if (Buffer.isBuffer(reply))
    return bytesFinding(reply, probe.of === 'range' ? `from byte ${probe.start} on: ` : '');
  if (!Array.isArray(reply) || reply.length === 0) return absent;
  if (probe.of === 'range')
    return itemsFinding(reply, `items ${probe.start} to ${probe.stop}: ${reply.length} items`);
  if (type === 'hash' || type === 'zset') return pairsFinding(type, reply);
  if (type === 'set') return membersFinding(type, new Map(reply.map((name) => [latin(name), ''])));
  return itemsFinding(reply, `${type} of ${reply.length} ${type === 'list' ? 'items' : 'entries'}`);
}

/** A finding for a reply that was too large to keep: equal or not is all that it tells. */
export function digestFinding(suspect: Suspect, digest: Buffer, totalBytes: number): Finding {
  const hex = digest.toString('hex');
  const text = `${suspect.type}, reply of ${totalBytes} bytes, sha256 ${hex.slice(0, 12)}`;
  return { present: true, digest: hex, members: null, size: null, text, ttlMs: null };
}

const latin = (reply: Reply): string => (Buffer.isBuffer(reply) ? reply.toString('latin1') : String(reply));

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

function bytesFinding(bytes: Buffer, label = ''): Finding {
  const digest = hashOf(bytes);
  const text = `${label}${bytes.length} bytes, sha256 ${digest.slice(0, 12)}`;
  return { present: true, digest, members: null, size: bytes.length, text, ttlMs: null };
}

/** -2 = no such key; Pika 4.0.1 says 0 instead. */
export const isAbsentTtl = (value: number): boolean => value === -2 || value === 0;

function ttlFinding(value: number, expiry: ExpiryCommand): Finding {
  if (isAbsentTtl(value)) return absent;
  const ttlMs = value < 0 ? -1 : value * expiry.unitMs;
  return {
    present: true,
    digest: String(ttlMs),
    members: null,
    size: null,
    text: ttlText(ttlMs, expiry),
    ttlMs,
  };
}

function ttlText(ttlMs: number, expiry: ExpiryCommand): string {
  if (ttlMs < 0) return 'never expires';
  return expiry.countsDown ? `expires in ${ttlMs / 1000} s` : `expires at ${new Date(ttlMs).toISOString()}`;
}

function sizeFinding(type: KeyType, size: number): Finding {
  if (size === 0) return absent;
  return { ...absent, present: true, digest: String(size), size, text: `${type} of ${size} ${unitOf(type)}` };
}

const unitOf = (type: KeyType): string =>
  ({ string: 'bytes', hash: 'fields', list: 'items', set: 'members', zset: 'members', stream: 'entries' })[
    type
  ];

function memberFinding(type: KeyType, name: Buffer, reply: Reply): Finding {
  const label = `${type === 'hash' ? 'field' : type === 'stream' ? 'entry' : 'member'} ${printKey(name).slice(0, 64)}`;
  if (reply === null || reply === 0 || (Array.isArray(reply) && reply.length === 0)) return absent;
  if (type === 'set') return { ...absent, present: true, digest: '1', text: label };
  if (type === 'zset')
    return { ...absent, present: true, digest: score(latin(reply)), text: `${label}: score ${latin(reply)}` };
  if (Array.isArray(reply)) return itemsFinding(reply, label);
  return bytesFinding(bytesIn(reply), `${label}: `);
}

/** Two spellings of one number are one score. */
export const score = (text: string): string => String(Number(text));

function pairsFinding(type: KeyType, items: readonly Reply[]): Finding {
  const members = new Map<string, string>();
  for (let i = 0; i + 1 < items.length; i += 2) {
    const value = latin(items[i + 1]!);
    members.set(
      latin(items[i]!),
      type === 'zset' ? score(value) : value.length > 64 ? hashOf(Buffer.from(value, 'latin1')) : value,
    );
  }
  return membersFinding(type, members);
}

function membersFinding(type: KeyType, members: ReadonlyMap<string, string>): Finding {
  const hash = createHash('sha256');
  for (const name of [...members.keys()].sort()) {
    hash.update(`${name.length}:${name}`, 'latin1');
    hash.update(`${members.get(name)!.length}:${members.get(name)!}`, 'latin1');
  }
  const digest = hash.digest('hex');
  const text = `${type} of ${members.size} ${unitOf(type)}, sha256 ${digest.slice(0, 12)}`;
  return { present: true, digest, members, size: members.size, text, ttlMs: null };
}

function itemsFinding(items: readonly Reply[], label: string): Finding {
  const hash = createHash('sha256');
  updateWith(hash, items);
  const digest = hash.digest('hex');
  const text = `${label}, sha256 ${digest.slice(0, 12)}`;
  return { present: true, digest, members: null, size: items.length, text, ttlMs: null };
}

function updateWith(hash: ReturnType<typeof createHash>, items: readonly Reply[]): void {
  hash.update(`*${items.length}`);
  for (const item of items) {
    if (Array.isArray(item)) updateWith(hash, item);
    else if (Buffer.isBuffer(item)) hash.update(`$${item.length}:`).update(item);
    else hash.update(`:${String(item)}`);
  }
}
