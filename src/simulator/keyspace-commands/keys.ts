import { matchesGlob } from '../glob.ts';
import { type Entry, isExpired, type KeyType, keyTypes } from '../keyspace.ts';
import { failures, ok, type Reply, status } from '../reply.ts';
import {
  type CommandTable,
  type DataContext,
  read,
  toInteger,
  typeOrder,
  typesOf,
  write,
} from './context.ts';

/** Commands that do not care for the type of a key. */
export const keyCommands: CommandTable = {
  del: write(-2, (context, argv) => removeAll(context, argv.slice(1))),
  unlink: write(-2, (context, argv) => removeAll(context, argv.slice(1))),
  exists: read(-2, ({ keyspace, now }, argv) =>
    argv.slice(1).reduce((total, key) => total + typesOf(keyspace, key, now).length, 0),
  ),
  type: read(2, ({ keyspace, now }, argv) => status(typesOf(keyspace, argv[1]!, now)[0] ?? 'none')),
  ptype: read(2, (context, argv) =>
    context.traits.oneTypePerKey
      ? failures.unknownCommand('ptype')
      : typesOf(context.keyspace, argv[1]!, context.now),
  ),
  ttl: read(2, (context, argv) => remaining(context, argv[1]!, 1000)),
  pttl: read(2, (context, argv) => {
    const { traits } = context;
    if (traits.family === '4.0') return remaining(context, argv[1]!, 1);
    const seconds = remaining(context, argv[1]!, 1000);
    return seconds > 0 ? seconds * 1000 : seconds;
  }),
  expire: write(3, (context, argv) => expireIn(context, argv, 1000)),
  pexpire: write(3, (context, argv) => expireIn(context, argv, 1)),
  expireat: write(3, (context, argv) => expireAt(context, argv, 1000)),
  pexpireat: write(3, (context, argv) => expireAt(context, argv, 1)),
  persist: write(2, (context, argv) =>
    forEachType(context, argv[1]!, (entry) => {
      if (entry.expireAt === 0) return false;
      entry.expireAt = 0;
      return true;
    }),
  ),
  keys: read(-2, ({ keyspace, now }, argv) => {
    const found: string[] = [];
    const wanted = argv[2]?.toLowerCase();
    for (const type of typeOrder) {
      if (wanted !== undefined && wanted !== type) continue;
      keyspace.keys(type).scan('', (key, entry) => {
        if (!isExpired(entry, now) && matchesGlob(argv[1]!, key)) found.push(key);
        return true;
      });
    }
    return found;
  }),
  flushdb: write(-1, ({ keyspace }) => {
    keyspace.clear();
    return ok;
  }),
  flushall: write(-1, ({ keyspace }) => {
    keyspace.clear();
    return ok;
  }),
};

function removeAll({ keyspace, now }: DataContext, keys: readonly string[]): number {
  let removed = 0;
  for (const key of keys) {
    removed += typesOf(keyspace, key, now).length;
    for (const type of keyTypes) keyspace.remove(type, key);
  }
  return removed;
}

/** Changes the entry of every type under the name; the number of entries for which `change` said true. */
function forEachType(
  { keyspace, now }: DataContext,
  key: string,
  change: (entry: Entry, type: KeyType) => boolean,
): number {
  return typesOf(keyspace, key, now).filter((type) => change(keyspace.change(type, key, now)!, type)).length;
}

function remaining({ keyspace, now }: DataContext, key: string, unitMs: number): number {
  const type = typesOf(keyspace, key, now)[0];
  if (type === undefined) return -2;
  const { expireAt } = keyspace.peek(type, key, now)!;
  return expireAt === 0 ? -1 : Math.ceil((expireAt - now) / unitMs);
}

/** 3.5 keeps expiry in whole seconds, 4.0 in milliseconds. */
export const deadline = ({ traits, now }: DataContext, fromNowMs: number): number =>
  traits.family === '4.0'
    ? Math.floor(now) + fromNowMs
    : Math.floor(now / 1000) * 1000 + Math.ceil(fromNowMs / 1000) * 1000;

function expireIn(context: DataContext, argv: readonly string[], unitMs: number): Reply {
  const amount = toInteger(argv[2]);
  if (amount === undefined) return failures.notInteger;
  const at = deadline(context, amount * unitMs);
  const inSeconds = unitMs === 1 && context.traits.expiry.secondsReadAsMs;
  context.log(['PEXPIREAT', argv[1]!, String(inSeconds ? Math.floor(at / 1000) : at)]);
  return setExpiry(context, argv[1]!, at);
}

function expireAt(context: DataContext, argv: readonly string[], unitMs: number): Reply {
  const amount = toInteger(argv[2]);
  return amount === undefined ? failures.notInteger : setExpiry(context, argv[1]!, amount * unitMs);
}

function setExpiry(context: DataContext, key: string, at: number): number {
  return forEachType(context, key, (entry, type) => {
    if (at <= context.now) context.keyspace.remove(type, key);
    else entry.expireAt = at;
    return true;
  });
}
