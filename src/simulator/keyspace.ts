import { hashText } from './random.ts';
import { SortedMap } from './sorted-map.ts';

export const keyTypes = ['string', 'hash', 'list', 'set', 'zset', 'stream'] as const;
export type KeyType = (typeof keyTypes)[number];

export interface Zset {
  readonly scores: SortedMap<number>;
  /** Score in sortable form followed by the member, for ranges. */
  readonly order: SortedMap<string>;
}

export interface Stream {
  /** 16 bytes of id in sortable form -> fields and values. */
  readonly messages: SortedMap<readonly string[]>;
  lastId: string;
}

export interface Values {
  string: string;
  hash: SortedMap<string>;
  list: string[];
  set: SortedMap<true>;
  zset: Zset;
  stream: Stream;
}

export interface Entry<T extends KeyType = KeyType> {
  value: Values[T];
  /** Milliseconds since the epoch; 0 = never. */
  expireAt: number;
  /** Claimed size without scaling: key, value and a constant per element. */
  bytes: number;
  owner: object;
}

const entryOverhead = 24;

const copyValue: { readonly [T in KeyType]: (value: Values[T]) => Values[T] } = {
  string: (value) => value,
  hash: (value) => value.fork(),
  list: (value) => value.slice(),
  set: (value) => value.fork(),
  zset: (value) => ({ scores: value.scores.fork(), order: value.order.fork() }),
  stream: (value) => ({ messages: value.messages.fork(), lastId: value.lastId }),
};

/** What one DB of a node holds, by type as in Pika 3.5; 4.0 adds its rule of one type per name above this. */
export class Keyspace {
  /** Storage instances (4.0: 3, else 1) over which keys are spread. */
  readonly instances: number;
  private maps: { [T in KeyType]: SortedMap<Entry<T>> };
  private owner: object = {};
  /** [type][instance] */
  private bytesOf: number[][];
  private countOf: number[][];

  constructor(instances: number) {
    this.instances = instances;
    this.maps = {
      string: new SortedMap(),
      hash: new SortedMap(),
      list: new SortedMap(),
      set: new SortedMap(),
      zset: new SortedMap(),
      stream: new SortedMap(),
    };
    this.bytesOf = keyTypes.map(() => Array.from({ length: instances }, () => 0));
    this.countOf = keyTypes.map(() => Array.from({ length: instances }, () => 0));
  }

  /** A copy that shares what neither side changes. `keep` may leave types out. */
  fork(keep: (type: KeyType) => boolean = () => true): Keyspace {
    const copy = new Keyspace(this.instances);
    keyTypes.forEach((type, index) => {
      if (!keep(type)) return;
      (copy.maps as Record<KeyType, unknown>)[type] = this.maps[type].fork();
      copy.bytesOf[index] = this.bytesOf[index]!.slice();
      copy.countOf[index] = this.countOf[index]!.slice();
    });
    this.owner = {};
    return copy;
  }

  /** Removes every key of one storage instance. */
  dropInstance(instance: number): void {
    for (const type of keyTypes) {
      const doomed: string[] = [];
      this.maps[type].scan('', (key) => {
        if (this.instanceOf(key) === instance) doomed.push(key);
        return true;
      });
      for (const key of doomed) this.remove(type, key);
    }
  }

  /** All keys of a type, expired ones included, in byte order. */
  keys<T extends KeyType>(type: T): SortedMap<Entry<T>> {
    return this.maps[type] as unknown as SortedMap<Entry<T>>;
  }

  /** The live entry; undefined when absent or expired at `now`. */
  peek<T extends KeyType>(type: T, key: string, now: number): Entry<T> | undefined {
    const entry = this.keys(type).get(key);
    return entry === undefined || isExpired(entry, now) ? undefined : entry;
  }

  /** The live entry for changing in place; call `resized` after. */
  change<T extends KeyType>(type: T, key: string, now: number): Entry<T> | undefined {
    const entry = this.peek(type, key, now);
    if (entry === undefined || entry.owner === this.owner) return entry;
    const copy = { ...entry, value: copyValue[type](entry.value), owner: this.owner };
    this.keys(type).set(key, copy);
    return copy;
  }

  put<T extends KeyType>(type: T, key: string, value: Values[T], bytes: number, expireAt = 0): Entry<T> {
    this.remove(type, key);
    const entry: Entry<T> = {
      value,
      expireAt,
      bytes: bytes + key.length + entryOverhead,
      owner: this.owner,
    };
    this.keys(type).set(key, entry);
    this.account(type, key, entry.bytes, 1);
    return entry;
  }

  remove(type: KeyType, key: string): boolean {
    const entry = this.keys(type).get(key);
    if (entry === undefined) return false;
    this.keys(type).delete(key);
    this.account(type, key, -entry.bytes, -1);
    return true;
  }

  /** Books a change of an entry's size. */
  resized(type: KeyType, key: string, entry: Entry, byBytes: number): void {
    entry.bytes += byBytes;
    this.account(type, key, byBytes, 0);
  }

  clear(): void {
    for (const type of keyTypes) this.maps[type].clear();
    for (const row of [...this.bytesOf, ...this.countOf]) row.fill(0);
  }

  instanceOf(key: string): number {
    return this.instances === 1 ? 0 : hashText(key) % this.instances;
  }

  bytes(type: KeyType, instance?: number): number {
    return sum(this.bytesOf[keyTypes.indexOf(type)]!, instance);
  }

  count(type: KeyType, instance?: number): number {
    return sum(this.countOf[keyTypes.indexOf(type)]!, instance);
  }

  totalBytes(): number {
    return keyTypes.reduce((total, type) => total + this.bytes(type), 0);
  }

  totalCount(): number {
    return keyTypes.reduce((total, type) => total + this.count(type), 0);
  }

  private account(type: KeyType, key: string, bytes: number, count: number): void {
    const instance = this.instanceOf(key);
    const index = keyTypes.indexOf(type);
    this.bytesOf[index]![instance]! += bytes;
    this.countOf[index]![instance]! += count;
  }
}

export const isExpired = (entry: { readonly expireAt: number }, now: number): boolean =>
  entry.expireAt !== 0 && entry.expireAt <= now;

function sum(row: readonly number[], instance: number | undefined): number {
  return instance === undefined ? row.reduce((total, each) => total + each, 0) : row[instance]!;
}

/** Whether two values are equal, member by member. */
export function sameValue(type: KeyType, a: Entry, b: Entry): boolean {
  return a.value === b.value || flatten(type, a) === flatten(type, b);
}

function flatten(type: KeyType, entry: Entry): string {
  const parts: unknown[] = [];
  const collect = (map: SortedMap<unknown>): void =>
    map.scan('', (key, value) => {
      parts.push(key, value);
      return true;
    });
  if (type === 'string') return entry.value as string;
  if (type === 'list') return JSON.stringify(entry.value);
  if (type === 'zset') collect((entry.value as Zset).scores);
  else if (type === 'stream') collect((entry.value as Stream).messages);
  else collect(entry.value as SortedMap<unknown>);
  return JSON.stringify(parts);
}
