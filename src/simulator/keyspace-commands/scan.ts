import { matchesGlob, tailWildcardPrefix } from '../glob.ts';
import { isExpired, type KeyType } from '../keyspace.ts';
import { failure, failures, type Reply } from '../reply.ts';
import type { SortedMap } from '../sorted-map.ts';
import { type CommandTable, type DataContext, read, toInteger } from './context.ts';

/** Order of types in a SCAN (pika-facts 6); 4.0 keeps streams last. */
const scanOrder = {
  '3.3': ['string', 'hash', 'set', 'list', 'zset'],
  '3.5': ['string', 'hash', 'set', 'list', 'stream', 'zset'],
  '4.0': ['string', 'hash', 'set', 'list', 'zset', 'stream'],
} as const satisfies Record<string, readonly KeyType[]>;

const typeNames: readonly string[] = ['string', 'hash', 'set', 'zset', 'list'];

interface ScanOptions {
  pattern: string;
  count: number;
  type: KeyType | 'all';
}

/** Parses MATCH, COUNT (or LIMIT) and TYPE from position `from`. */
function scanOptions(argv: readonly string[], from: number, countWord: string): ScanOptions | Reply {
  const options: ScanOptions = { pattern: '*', count: 10, type: 'all' };
  for (let i = from; i < argv.length; i += 2) {
    const word = argv[i]!.toLowerCase();
    const value = argv[i + 1];
    if (value === undefined) return failures.syntax;
    if (word === 'match') options.pattern = value;
    else if (word === countWord) {
      const count = toInteger(value);
      if (count === undefined || count <= 0) return failures.notInteger;
      options.count = count;
    } else if (word === 'type' && typeNames.includes(value.toLowerCase())) {
      options.type = value.toLowerCase() as KeyType;
    } else return failures.syntax;
  }
  return options;
}

const isOptions = (value: ScanOptions | Reply): value is ScanOptions =>
  typeof value === 'object' && value !== null && 'pattern' in value;

interface Slice {
  readonly keys: string[];
  /** The first key not visited; undefined = the type is exhausted. */
  readonly next: string | undefined;
  readonly left: number;
}

/** Walks one type from `start` over at most `count` keys. 3.5 counts keys looked at, 4.0 keys that match. */
function walk(context: DataContext, type: KeyType, start: string, pattern: string, count: number): Slice {
  const { keyspace, now, traits } = context;
  const countMatchesOnly = traits.family === '4.0';
  const keys: string[] = [];
  let left = count;
  let next: string | undefined;
  keyspace.keys(type).scan(start, (key, entry) => {
    if (isExpired(entry, now)) return true;
    const matches = matchesGlob(pattern, key);
    if (countMatchesOnly && !matches) return true;
    if (left === 0) {
      next = key;
      return false;
    }
    if (matches) keys.push(key);
    left--;
    return true;
  });
  const prefix = tailWildcardPrefix(pattern);
  const past = next !== undefined && next > prefix && !next.startsWith(prefix);
  return { keys, next: past ? undefined : next, left };
}

function scan(context: DataContext, argv: readonly string[]): Reply {
  const cursor = toInteger(argv[1]);
  if (cursor === undefined) return failures.notInteger;
  const options = scanOptions(argv, 2, 'count');
  if (!isOptions(options)) return options;
  if (cursor < 0) return ['0', []];
  const { pattern, count, type } = options;
  const stored = context.cursors.get(`${type} ${cursor}`);
  const base = stored === undefined ? 0 : cursor;
  const order: readonly KeyType[] = type === 'all' ? scanOrder[context.traits.family] : [type];
  const [startType, startKey] = splitStart(stored) ?? [order[0]!, tailWildcardPrefix(pattern)];
  const found: string[] = [];
  let left = count;
  let start = startKey;
  const finish = (nextType: KeyType, nextKey: string): Reply => {
    const next = base + count;
    context.cursors.set(`${type} ${next}`, `${nextType} ${nextKey}`);
    return [String(next), found];
  };
  for (let index = order.indexOf(startType); index < order.length; index++) {
    const slice = walk(context, order[index]!, start, pattern, left);
    found.push(...slice.keys);
    left = slice.left;
    if (slice.next !== undefined) return finish(order[index]!, slice.next);
    start = tailWildcardPrefix(pattern);
    const nextType = order[index + 1];
    if (left === 0 && nextType !== undefined && context.traits.family !== '4.0')
      return finish(nextType, start);
  }
  return ['0', found];
}

function splitStart(stored: string | undefined): [KeyType, string] | undefined {
  if (stored === undefined) return undefined;
  const blank = stored.indexOf(' ');
  return [stored.slice(0, blank) as KeyType, stored.slice(blank + 1)];
}

function scanx(context: DataContext, argv: readonly string[]): Reply {
  const type = argv[1]!.toLowerCase();
  if (!typeNames.includes(type)) return failures.invalidDb('');
  const options = scanOptions(argv, 3, 'count');
  if (!isOptions(options)) return options;
  const slice = walk(context, type as KeyType, argv[2]!, options.pattern, options.count);
  return [slice.next ?? '', slice.keys];
}

/** PKSCANRANGE and PKRSCANRANGE: both ends belong to the range, '' = open. */
function scanRange(context: DataContext, argv: readonly string[], downward: boolean): Reply {
  const withValue = argv[1]!.toLowerCase() === 'string_with_value';
  const type = withValue ? 'string' : argv[1]!.toLowerCase();
  if (!typeNames.includes(type)) return failures.invalidDb('');
  const options = scanOptions(argv, 4, 'limit');
  if (!isOptions(options)) return options;
  const [start, end] = [argv[2]!, argv[3]!];
  const inverted = downward ? start < end : start > end;
  if (start !== '' && end !== '' && inverted) return failure('ERR Invalid argument: error in given range');
  const { keyspace, now, traits } = context;
  const found: string[] = [];
  let left = options.count;
  let next = '';
  const visit = (key: string, entry: { readonly value: unknown; readonly expireAt: number }): boolean => {
    if (end !== '' && (downward ? key < end : key > end)) return false;
    if (isExpired(entry, now)) return true;
    const matches = matchesGlob(options.pattern, key);
    if (traits.family === '4.0' && !matches) return true;
    if (left === 0) {
      next = key;
      return false;
    }
    left--;
    if (!matches) return true;
    found.push(key);
    if (withValue) found.push(entry.value as string);
    return true;
  };
  if (downward) keyspace.keys(type as KeyType).scanDown(start === '' ? undefined : start, visit);
  else keyspace.keys(type as KeyType).scan(start, visit);
  return [next, found];
}

export const scanCommands: CommandTable = {
  scan: read(-2, scan),
  scanx: read(-3, scanx),
  pkscanrange: read(-4, (context, argv) => scanRange(context, argv, false)),
  pkrscanrange: read(-4, (context, argv) => scanRange(context, argv, true)),
};

/** HSCAN, SSCAN and ZSCAN: cursors are counts here too. `flatten` gives what one member adds to the reply. */
export function scanMembers<V>(
  context: DataContext,
  argv: readonly string[],
  members: SortedMap<V> | undefined,
  flatten: (member: string, value: V) => readonly string[],
): Reply {
  const cursor = toInteger(argv[2]);
  if (cursor === undefined) return failures.notInteger;
  const options = scanOptions(argv, 3, 'count');
  if (!isOptions(options)) return options;
  if (members === undefined) return ['0', []];
  const name = (position: number): string =>
    `${argv[0]!.toLowerCase()} ${argv[1]} ${options.pattern} ${position}`;
  const stored = context.cursors.get(name(cursor));
  const found: string[] = [];
  let left = options.count;
  let next: string | undefined;
  members.scan(stored ?? '', (member, value) => {
    if (left === 0) {
      next = member;
      return false;
    }
    left--;
    if (matchesGlob(options.pattern, member)) found.push(...flatten(member, value));
    return true;
  });
  if (next === undefined) return ['0', found];
  const position = (stored === undefined ? 0 : cursor) + options.count;
  context.cursors.set(name(position), next);
  return [String(position), found];
}

/** HSCANX and PKHSCANRANGE: by field, without server state. */
export function scanMembersFrom<V>(
  argv: readonly string[],
  members: SortedMap<V> | undefined,
  range: { readonly start: string; readonly end: string; readonly from: number; readonly countWord: string },
  flatten: (member: string, value: V) => readonly string[],
): Reply {
  const options = scanOptions(argv, range.from, range.countWord);
  if (!isOptions(options)) return options;
  const found: string[] = [];
  let left = options.count;
  let next = '';
  members?.scan(range.start, (member, value) => {
    if (range.end !== '' && member > range.end) return false;
    if (left === 0) {
      next = member;
      return false;
    }
    left--;
    if (matchesGlob(options.pattern, member)) found.push(...flatten(member, value));
    return true;
  });
  return [next, found];
}
