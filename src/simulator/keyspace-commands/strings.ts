import { failure, failures, ok, type Reply } from '../reply.ts';
import {
  type CommandTable,
  clashes,
  type DataContext,
  lastSecond,
  read,
  toInteger,
  typesOf,
  write,
} from './context.ts';
import { deadline } from './keys.ts';

export const stringCommands: CommandTable = {
  get: read(2, (context, argv) => lookup(context, argv[1]!)),
  set: write(-3, (context, argv) => set(context, argv)),
  setex: write(4, (context, argv) => setWithExpiry(context, argv, 1000)),
  psetex: write(4, (context, argv) => setWithExpiry(context, argv, 1)),
  pksetexat: write(4, (context, argv) => {
    const at = toInteger(argv[2]);
    if (at === undefined) return failures.notInteger;
    store(context, argv[1]!, argv[3]!, context.traits.expiry.secondsReadAsMs ? at : at * 1000);
    return ok;
  }),
  setnx: write(3, (context, argv) => {
    if (typesOf(context.keyspace, argv[1]!, context.now).includes('string')) return 0;
    store(context, argv[1]!, argv[2]!);
    return 1;
  }),
  getset: write(3, (context, argv) => {
    const old = lookup(context, argv[1]!);
    store(context, argv[1]!, argv[2]!);
    return old;
  }),
  mget: read(-2, ({ keyspace, now }, argv) =>
    argv.slice(1).map((key) => keyspace.peek('string', key, now)?.value ?? null),
  ),
  mset: write(-3, (context, argv) => {
    if (argv.length % 2 === 0) return failures.wrongCount('mset');
    for (let i = 1; i < argv.length; i += 2) store(context, argv[i]!, argv[i + 1]!);
    return ok;
  }),
  append: write(3, (context, argv) => {
    if (clashes(context, 'string', argv[1]!)) return failures.wrongType;
    const old = context.keyspace.peek('string', argv[1]!, context.now);
    const value = (old?.value ?? '') + argv[2]!;
    store(context, argv[1]!, value, old?.expireAt);
    logValue(context, argv[1]!, old === undefined ? '' : value, old?.expireAt);
    return value.length;
  }),
  strlen: read(2, (context, argv) => {
    const value = lookup(context, argv[1]!);
    return typeof value === 'string' ? value.length : value === null ? 0 : value;
  }),
  getrange: read(4, (context, argv) => {
    const [start, end] = [toInteger(argv[2]), toInteger(argv[3])];
    if (start === undefined || end === undefined) return failures.notInteger;
    const value = lookup(context, argv[1]!);
    if (typeof value !== 'string') return value === null ? '' : value;
    const from = start < 0 ? Math.max(0, value.length + start) : start;
    const to = end < 0 ? value.length + end : end;
    return value.slice(from, to + 1);
  }),
  incr: write(2, (context, argv) => add(context, argv[1]!, 1)),
  decr: write(2, (context, argv) => add(context, argv[1]!, -1, false)),
  incrby: write(3, (context, argv) => add(context, argv[1]!, toInteger(argv[2]))),
  decrby: write(3, (context, argv) => {
    const by = toInteger(argv[2]);
    return add(context, argv[1]!, by === undefined ? undefined : -by, false);
  }),
};

function lookup(context: DataContext, key: string): Reply {
  const entry = context.keyspace.peek('string', key, context.now);
  if (entry !== undefined) return entry.value;
  return clashes(context, 'string', key) ? failures.wrongType : null;
}

/** Writes a string; in 4.0 it takes the place of whatever had the name. */
function store({ keyspace, traits, now }: DataContext, key: string, value: string, expireAt = 0): void {
  if (traits.oneTypePerKey) for (const type of typesOf(keyspace, key, now)) keyspace.remove(type, key);
  keyspace.put('string', key, value, value.length, expireAt);
}

function setWithExpiry(context: DataContext, argv: readonly string[], unitMs: number): Reply {
  const amount = toInteger(argv[2]);
  if (amount === undefined) return failures.notInteger;
  if (amount <= 0) return failure(`ERR invalid expire time in '${argv[0]!.toLowerCase()}' command`);
  const at = deadline(context, amount * unitMs);
  const { psetexInMs } = context.traits.expiry;
  return storeUntil(context, argv[1]!, argv[3]!, at, psetexInMs && unitMs === 1 ? at : undefined);
}

function storeUntil(context: DataContext, key: string, value: string, at: number, logged?: number): Reply {
  const atSecond = Math.floor(at / 1000);
  if (atSecond > lastSecond && !context.traits.expiry.takesAfter2038)
    return failure('ERR Invalid argument: invalid expire time');
  store(context, key, value, at);
  context.log(['PKSETEXAT', key, String(logged ?? atSecond), value]);
  return ok;
}

/** What 3.5.5 and 4.0.1 log of INCR and APPEND: the value, which APPEND on an absent key has not set. */
function logValue(context: DataContext, key: string, value: string, expireAt = 0): void {
  const { incrAsPksetexat } = context.traits.expiry;
  if (incrAsPksetexat === 'no') return;
  const at = incrAsPksetexat === 'with' ? Math.floor(expireAt / 1000) : 0;
  context.log(['PKSETEXAT', key, String(at), value]);
}

interface SetOptions {
  ttlMs?: number;
  only?: 'nx' | 'xx';
}

function setOptions(argv: readonly string[]): SetOptions | undefined {
  const options: SetOptions = {};
  for (let i = 3; i < argv.length; i++) {
    const word = argv[i]!.toLowerCase();
    if (word === 'nx' || word === 'xx') {
      options.only = word;
      continue;
    }
    const amount = toInteger(argv[++i]);
    if (amount === undefined || amount <= 0) return undefined;
    if (word === 'ex') options.ttlMs = amount * 1000;
    else if (word === 'px') options.ttlMs = amount;
    else return undefined;
  }
  return options;
}

function set(context: DataContext, argv: readonly string[]): Reply {
  const [, key, value] = argv as [string, string, string];
  if (argv.length > 3) return setWithOptions(context, key, value, setOptions(argv));
  store(context, key, value);
  return ok;
}

function setWithOptions(
  context: DataContext,
  key: string,
  value: string,
  options: SetOptions | undefined,
): Reply {
  if (options === undefined) return failures.syntax;
  const exists = context.keyspace.peek('string', key, context.now) !== undefined;
  if (options.only !== undefined && exists !== (options.only === 'xx')) return null;
  if (options.ttlMs === undefined) store(context, key, value);
  else if (options.only === undefined)
    return storeUntil(context, key, value, deadline(context, options.ttlMs));
  else store(context, key, value, deadline(context, options.ttlMs));
  return ok;
}

function add(context: DataContext, key: string, by: number | undefined, logsValue = true): Reply {
  if (by === undefined) return failures.notInteger;
  if (clashes(context, 'string', key)) return failures.wrongType;
  const old = context.keyspace.peek('string', key, context.now);
  const value = old === undefined ? 0 : toInteger(old.value);
  if (value === undefined) return failures.notInteger;
  store(context, key, String(value + by), old?.expireAt);
  if (logsValue) logValue(context, key, String(value + by), old?.expireAt);
  return value + by;
}
