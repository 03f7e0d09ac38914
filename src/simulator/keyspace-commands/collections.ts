import type { Entry, KeyType, Stream, Values, Zset } from '../keyspace.ts';
import { failure, failures, ok, type Reply } from '../reply.ts';
import { SortedMap } from '../sorted-map.ts';
import { type CommandTable, clashes, type DataContext, read, toInteger, write } from './context.ts';
import { scanMembers, scanMembersFrom } from './scan.ts';

/** Claimed bytes per element beyond its text. */
const elementOverhead = 16;

const fresh: { readonly [T in 'hash' | 'list' | 'set' | 'zset' | 'stream']: () => Values[T] } = {
  hash: () => new SortedMap<string>(),
  list: () => [],
  set: () => new SortedMap<true>(),
  zset: () => ({ scores: new SortedMap<number>(), order: new SortedMap<string>() }),
  stream: () => ({ messages: new SortedMap<readonly string[]>(), lastId: '' }),
};

type CollectionType = keyof typeof fresh;

const sizeOf: { readonly [T in CollectionType]: (value: Values[T]) => number } = {
  hash: (value) => value.size,
  list: (value) => value.length,
  set: (value) => value.size,
  zset: (value) => value.scores.size,
  stream: (value) => value.messages.size,
};

/** Reads a collection; `absent` where there is none. */
function reading<T extends KeyType>(
  type: T,
  absent: Reply,
  look: (value: Values[T], argv: readonly string[], context: DataContext) => Reply,
): (context: DataContext, argv: readonly string[]) => Reply {
  return (context, argv) => {
    const entry = context.keyspace.peek(type, argv[1]!, context.now);
    if (entry !== undefined) return look(entry.value, argv, context);
    return clashes(context, type, argv[1]!) ? failures.wrongType : absent;
  };
}

/** A collection being changed: what `grown` books is its claimed size. */
interface Editing<T extends CollectionType> {
  readonly value: Values[T];
  readonly context: DataContext;
  readonly grown: (bytes: number) => void;
}

/** Changes a collection, making it first where `create` says so, and removing it when it ends up empty. */
function editing<T extends CollectionType>(
  type: T,
  { create }: { readonly create: boolean },
  edit: (editing: Editing<T>, argv: readonly string[]) => Reply,
): (context: DataContext, argv: readonly string[]) => Reply {
  return (context, argv) => {
    const key = argv[1]!;
    const { keyspace, now } = context;
    if (clashes(context, type, key)) return failures.wrongType;
    let entry = keyspace.change(type, key, now) as Entry<T> | undefined;
    if (entry === undefined && !create) return absentReply(type, argv);
    entry ??= keyspace.put(type, key, fresh[type](), 0);
    const changed = entry;
    const grown = (bytes: number): void => keyspace.resized(type, key, changed as unknown as Entry, bytes);
    const reply = edit({ value: changed.value, context, grown }, argv);
    if (type !== 'stream' && sizeOf[type](changed.value) === 0) keyspace.remove(type, key);
    return reply;
  };
}

const absentReply = (type: CollectionType, argv: readonly string[]): Reply =>
  type === 'list' && /^[lr]pop$/i.test(argv[0]!) ? null : type === 'list' ? failures.noSuchKey : 0;

const pairs = (map: SortedMap<string>): string[] => {
  const found: string[] = [];
  map.scan('', (key, value) => {
    found.push(key, value);
    return true;
  });
  return found;
};

const members = (map: SortedMap<unknown>): string[] => {
  const found: string[] = [];
  map.scan('', (key) => {
    found.push(key);
    return true;
  });
  return found;
};

function setFields({ value, grown }: Editing<'hash'>, argv: readonly string[]): number {
  let added = 0;
  for (let i = 2; i + 1 < argv.length; i += 2) {
    const [field, text] = [argv[i]!, argv[i + 1]!];
    const old = value.get(field);
    if (old === undefined) added++;
    grown(old === undefined ? field.length + text.length + elementOverhead : text.length - old.length);
    value.set(field, text);
  }
  return added;
}

const hashCommands: CommandTable = {
  hset: write(-4, (context, argv) =>
    argv.length % 2 === 0
      ? editing('hash', { create: true }, setFields)(context, argv)
      : failures.wrongCount('hset'),
  ),
  hmset: write(-4, (context, argv) => {
    if (argv.length % 2 !== 0) return failures.wrongCount('hmset');
    const reply = editing('hash', { create: true }, setFields)(context, argv);
    return typeof reply === 'number' ? ok : reply;
  }),
  hdel: write(
    -3,
    editing('hash', { create: false }, ({ value, grown }, argv) =>
      argv.slice(2).reduce((removed, field) => {
        const old = value.get(field);
        if (old === undefined) return removed;
        grown(-(field.length + old.length + elementOverhead));
        value.delete(field);
        return removed + 1;
      }, 0),
    ),
  ),
  hincrby: write(
    4,
    editing('hash', { create: true }, (edited, argv) => {
      const [old, by] = [toInteger(edited.value.get(argv[2]!) ?? '0'), toInteger(argv[3])];
      if (old === undefined || by === undefined) return failures.notInteger;
      setFields(edited, ['HSET', argv[1]!, argv[2]!, String(old + by)]);
      return old + by;
    }),
  ),
  hget: read(
    3,
    reading('hash', null, (value, argv) => value.get(argv[2]!) ?? null),
  ),
  hmget: read(-3, (context, argv) =>
    reading(
      'hash',
      argv.slice(2).map(() => null),
      (value) => argv.slice(2).map((field) => value.get(field) ?? null),
    )(context, argv),
  ),
  hexists: read(
    3,
    reading('hash', 0, (value, argv) => (value.has(argv[2]!) ? 1 : 0)),
  ),
  hstrlen: read(
    3,
    reading('hash', 0, (value, argv) => value.get(argv[2]!)?.length ?? 0),
  ),
  hlen: read(
    2,
    reading('hash', 0, (value) => value.size),
  ),
  hgetall: read(
    2,
    reading('hash', [], (value) => pairs(value)),
  ),
  hkeys: read(
    2,
    reading('hash', [], (value) => members(value)),
  ),
  hvals: read(
    2,
    reading('hash', [], (value) => pairs(value).filter((_, index) => index % 2 === 1)),
  ),
  hscan: read(
    -3,
    reading('hash', ['0', []], (value, argv, context) =>
      scanMembers(context, argv, value, (field, text) => [field, text]),
    ),
  ),
  hscanx: read(
    -3,
    reading('hash', ['', []], (value, argv) =>
      scanMembersFrom(
        argv,
        value,
        { start: argv[2]!, end: '', from: 3, countWord: 'count' },
        (field, text) => [field, text],
      ),
    ),
  ),
  pkhscanrange: read(
    -4,
    reading('hash', ['', []], (value, argv) =>
      scanMembersFrom(
        argv,
        value,
        { start: argv[2]!, end: argv[3]!, from: 4, countWord: 'limit' },
        (field, text) => [field, text],
      ),
    ),
  ),
};

const push =
  (atHead: boolean) =>
  ({ value, grown }: Editing<'list'>, argv: readonly string[]): number => {
    for (const element of argv.slice(2)) {
      if (atHead) value.unshift(element);
      else value.push(element);
      grown(element.length + elementOverhead);
    }
    return value.length;
  };

const pop =
  (fromHead: boolean) =>
  ({ value, grown }: Editing<'list'>): Reply => {
    const element = fromHead ? value.shift() : value.pop();
    if (element !== undefined) grown(-(element.length + elementOverhead));
    return element ?? null;
  };

/** Redis' rule for start and stop with negative positions, as a half-open range. */
function positions(start: number, stop: number, size: number): [number, number] {
  const from = start < 0 ? Math.max(0, size + start) : start;
  const to = stop < 0 ? size + stop : Math.min(stop, size - 1);
  return [from, to + 1];
}

const listCommands: CommandTable = {
  lpush: write(-3, editing('list', { create: true }, push(true))),
  rpush: write(-3, editing('list', { create: true }, push(false))),
  lpop: write(2, editing('list', { create: false }, pop(true))),
  rpop: write(2, editing('list', { create: false }, pop(false))),
  lset: write(
    4,
    editing('list', { create: false }, ({ value, grown }, argv) => {
      const index = toInteger(argv[2]);
      if (index === undefined) return failures.notInteger;
      const at = index < 0 ? value.length + index : index;
      if (value[at] === undefined) return failures.outOfRange;
      grown(argv[3]!.length - value[at].length);
      value[at] = argv[3]!;
      return ok;
    }),
  ),
  llen: read(
    2,
    reading('list', 0, (value) => value.length),
  ),
  lindex: read(
    3,
    reading('list', null, (value, argv) => value.at(toInteger(argv[2]) ?? 0) ?? null),
  ),
  lrange: read(
    4,
    reading('list', [], (value, argv) => {
      const [start, stop] = [toInteger(argv[2]), toInteger(argv[3])];
      if (start === undefined || stop === undefined) return failures.notInteger;
      return value.slice(...positions(start, stop, value.length));
    }),
  ),
};

const setCommands: CommandTable = {
  sadd: write(
    -3,
    editing('set', { create: true }, ({ value, grown }, argv) =>
      argv.slice(2).reduce((added, member) => {
        if (value.has(member)) return added;
        value.set(member, true);
        grown(member.length + elementOverhead);
        return added + 1;
      }, 0),
    ),
  ),
  srem: write(
    -3,
    editing('set', { create: false }, ({ value, grown }, argv) =>
      argv.slice(2).reduce((removed, member) => {
        if (!value.delete(member)) return removed;
        grown(-(member.length + elementOverhead));
        return removed + 1;
      }, 0),
    ),
  ),
  scard: read(
    2,
    reading('set', 0, (value) => value.size),
  ),
  sismember: read(
    3,
    reading('set', 0, (value, argv) => (value.has(argv[2]!) ? 1 : 0)),
  ),
  smembers: read(
    2,
    reading('set', [], (value) => members(value)),
  ),
  sscan: read(
    -3,
    reading('set', ['0', []], (value, argv, context) =>
      scanMembers(context, argv, value, (member) => [member]),
    ),
  ),
};

/** A double as eight bytes whose order as text is the order of the numbers. */
function sortable(score: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(score);
  const negative = (bytes[0]! & 0x80) !== 0;
  for (let i = 0; i < 8; i++)
    bytes[i] = negative ? ~bytes[i]! & 0xff : i === 0 ? bytes[i]! | 0x80 : bytes[i]!;
  return bytes.toString('latin1');
}

const scoreText = (score: number): string =>
  Number.isInteger(score) && Math.abs(score) < 1e15
    ? String(score)
    : score.toPrecision(17).replace(/\.?0+$/, '');

function setScore({ value, grown }: Editing<'zset'>, member: string, score: number): boolean {
  const old = value.scores.get(member);
  if (old === undefined) grown(member.length * 2 + elementOverhead * 2);
  else value.order.delete(sortable(old) + member);
  value.scores.set(member, score);
  value.order.set(sortable(score) + member, member);
  return old === undefined;
}

function byRank({ scores, order }: Zset, argv: readonly string[], downward: boolean): Reply {
  const [start, stop] = [toInteger(argv[2]), toInteger(argv[3])];
  if (start === undefined || stop === undefined) return failures.notInteger;
  if (argv[4] !== undefined && argv[4].toLowerCase() !== 'withscores') return failures.syntax;
  const ranked: string[] = [];
  const [from, to] = positions(start, stop, scores.size);
  let rank = 0;
  const visit = (_: string, member: string): boolean => {
    if (rank >= to) return false;
    if (rank++ < from) return true;
    ranked.push(member);
    if (argv[4] !== undefined) ranked.push(scoreText(scores.get(member)!));
    return true;
  };
  if (downward) order.scanDown(undefined, visit);
  else order.scan('', visit);
  return ranked;
}

/**
 * GEORADIUS and GEORADIUSBYMEMBER of a radius that holds all members. With STORE or STOREDIST the command writes its target,
 * and nothing goes to the binlog: the target never reaches a slave (recording 45, all versions).
 */
const geoRadius = reading('zset', [], ({ scores }, argv, context) => {
  const found: (readonly [member: string, score: number])[] = [];
  scores.scan('', (member, score) => {
    found.push([member, score]);
    return true;
  });
  const at = argv.findIndex((word) => /^store(dist)?$/i.test(word));
  const target = at < 0 ? undefined : argv[at + 1];
  if (target === undefined) return found.map(([member]) => member);
  context.keyspace.remove('zset', target);
  const store = editing('zset', { create: true }, (edited) =>
    found.reduce((added, [member, score]) => (setScore(edited, member, score) ? added + 1 : added), 0),
  );
  return store(context, [argv[0]!, target]);
});

const zsetCommands: CommandTable = {
  georadius: read(-6, geoRadius),
  georadiusbymember: read(-5, geoRadius),
  zadd: write(
    -4,
    editing('zset', { create: true }, (edited, argv) => {
      if (argv.length % 2 !== 0) return failures.syntax;
      const scores = argv.filter((_, index) => index >= 2 && index % 2 === 0).map(Number);
      if (scores.some(Number.isNaN)) return failures.notFloat;
      return scores.filter((score, index) => setScore(edited, argv[3 + 2 * index]!, score)).length;
    }),
  ),
  zincrby: write(
    4,
    editing('zset', { create: true }, (edited, argv) => {
      const by = Number(argv[2]);
      if (Number.isNaN(by)) return failures.notFloat;
      const score = (edited.value.scores.get(argv[3]!) ?? 0) + by;
      setScore(edited, argv[3]!, score);
      return scoreText(score);
    }),
  ),
  zrem: write(
    -3,
    editing('zset', { create: false }, ({ value, grown }, argv) =>
      argv.slice(2).reduce((removed, member) => {
        const score = value.scores.get(member);
        if (score === undefined) return removed;
        value.scores.delete(member);
        value.order.delete(sortable(score) + member);
        grown(-(member.length * 2 + elementOverhead * 2));
        return removed + 1;
      }, 0),
    ),
  ),
  zcard: read(
    2,
    reading('zset', 0, (value) => value.scores.size),
  ),
  zscore: read(
    3,
    reading('zset', null, (value, argv) => {
      const score = value.scores.get(argv[2]!);
      return score === undefined ? null : scoreText(score);
    }),
  ),
  zrange: read(
    -4,
    reading('zset', [], (value, argv) => byRank(value, argv, false)),
  ),
  zrevrange: read(
    -4,
    reading('zset', [], (value, argv) => byRank(value, argv, true)),
  ),
  zscan: read(
    -3,
    reading('zset', ['0', []], (value, argv, context) =>
      scanMembers(context, argv, value.scores, (member, score) => [member, scoreText(score)]),
    ),
  ),
};

/** `ms-seq` as sixteen digits each, so that text order is the order of ids. */
function streamId(text: string, missingSequence: string): string | undefined {
  if (text === '-') return '';
  if (text === '+') return '\xff';
  const found = /^(\d{1,16})(?:-(\d{1,16}))?$/.exec(text);
  if (found === null) return undefined;
  return found[1]!.padStart(16, '0') + (found[2] ?? missingSequence).padStart(16, '0');
}

const idText = (id: string): string => `${Number(id.slice(0, 16))}-${Number(id.slice(16))}`;

function nextId(stream: Stream, now: number): string {
  const fromClock = String(Math.floor(now)).padStart(16, '0') + '0'.repeat(16);
  if (fromClock > stream.lastId) return fromClock;
  return stream.lastId.slice(0, 16) + String(Number(stream.lastId.slice(16)) + 1).padStart(16, '0');
}

function range(stream: Stream, argv: readonly string[], downward: boolean): Reply {
  const [low, high] = downward ? [argv[3]!, argv[2]!] : [argv[2]!, argv[3]!];
  const [from, to] = [streamId(low, '0'), streamId(high, '9'.repeat(16))];
  if (from === undefined || to === undefined) return failures.invalidArgument;
  const limit = argv[4]?.toLowerCase() === 'count' ? (toInteger(argv[5]) ?? 0) : Number.POSITIVE_INFINITY;
  const found: Reply[] = [];
  const visit = (id: string, fields: readonly string[]): boolean => {
    if (found.length >= limit || (downward ? id < from : id > to)) return false;
    found.push([idText(id), fields]);
    return true;
  };
  if (downward) stream.messages.scanDown(to, visit);
  else stream.messages.scan(from, visit);
  return found;
}

const streamCommands: CommandTable = {
  xadd: {
    ...write(
      -5,
      editing('stream', { create: true }, ({ value, context, grown }, argv) => {
        if (argv.length % 2 === 0) return failures.wrongCount('xadd');
        const id = argv[2] === '*' ? nextId(value, context.now) : streamId(argv[2]!, '0');
        if (id === undefined) return failures.invalidArgument;
        if (id <= value.lastId)
          return failure('ERR The ID specified in XADD is equal or smaller than the target stream top item');
        const fields = argv.slice(3);
        value.messages.set(id, fields);
        value.lastId = id;
        grown(fields.reduce((total, field) => total + field.length, elementOverhead));
        context.log(['XADD', argv[1]!, idText(id), ...fields]);
        return idText(id);
      }),
    ),
    streams: true,
  },
  xdel: {
    ...write(
      -3,
      editing('stream', { create: false }, ({ value, grown }, argv) =>
        argv.slice(2).reduce((removed, text) => {
          const id = streamId(text, '0');
          const fields = id === undefined ? undefined : value.messages.get(id);
          if (id === undefined || fields === undefined) return removed;
          value.messages.delete(id);
          grown(-fields.reduce((total, field) => total + field.length, elementOverhead));
          return removed + 1;
        }, 0),
      ),
    ),
    streams: true,
  },
  xlen: {
    ...read(
      2,
      reading('stream', failures.noSuchKey, (value) => value.messages.size),
    ),
    streams: true,
  },
  xrange: {
    ...read(
      -4,
      reading('stream', [], (value, argv) => range(value, argv, false)),
    ),
    streams: true,
  },
  xrevrange: {
    ...read(
      -4,
      reading('stream', [], (value, argv) => range(value, argv, true)),
    ),
    streams: true,
  },
};

export const collectionCommands: CommandTable = {
  ...hashCommands,
  ...listCommands,
  ...setCommands,
  ...zsetCommands,
  ...streamCommands,
};
