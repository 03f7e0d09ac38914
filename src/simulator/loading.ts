import { keyTypes } from './keyspace.ts';
import { dataCommands } from './keyspace-commands/table.ts';
import { findDb, type SimDb, type SimNode, type World } from './world.ts';
import { runDataCommand } from './writing.ts';

export interface LoadOptions {
  /** How many keys of each type. */
  readonly strings?: number;
  readonly hashes?: number;
  readonly lists?: number;
  readonly sets?: number;
  readonly zsets?: number;
  readonly streams?: number;
  /** Length of a string value and of all members of a collection together. Default 100. */
  readonly valueBytes?: number;
  readonly prefix?: string;
  readonly db?: string;
  /** Share of the strings with an expiry an hour to ten hours away. Default 0. */
  readonly expiringShare?: number;
  /** Not through the binlog: as on a master restored from a dump (recordings 12, 31). */
  readonly outsideBinlog?: boolean;
}

/** Fills a node with keys of all wanted types, evenly over the key space. */
export function loadKeys(world: World, node: SimNode, options: LoadOptions): void {
  const db = findDb(node, options.db ?? 'db0');
  if (db === undefined) throw new Error(`${node.id} has no DB ${options.db}`);
  const prefix = options.prefix ?? 'key';
  const bytes = options.valueBytes ?? 100;
  const { random } = node;
  const name = (type: string, index: number): string => `${prefix}:${type}:${String(index).padStart(9, '0')}`;
  const expiry = (): string[] =>
    random.next() < (options.expiringShare ?? 0) ? ['EX', String(random.int(3_600, 36_000))] : [];
  const part = (): string => random.text(Math.max(1, Math.floor(bytes / 4)));
  const makers: Readonly<Record<string, (key: string) => string[]>> = {
    strings: (key) => ['SET', key, random.text(bytes), ...expiry()],
    hashes: (key) => ['HSET', key, 'a', part(), 'b', part(), 'c', part()],
    lists: (key) => ['RPUSH', key, part(), part(), part()],
    sets: (key) => ['SADD', key, part(), part(), part()],
    zsets: (key) => ['ZADD', key, '1', part(), '2.5', part(), '3', part()],
    streams: (key) => ['XADD', key, '*', 'a', part(), 'b', part()],
  };
  for (const [type, make] of Object.entries(makers)) {
    const count = options[type as 'strings'] ?? 0;
    for (let i = 0; i < count; i++) put(world, node, db, make(name(type, i)), options.outsideBinlog ?? false);
  }
  db.flushed.clear();
}

function put(world: World, node: SimNode, db: SimDb, argv: readonly string[], outsideBinlog: boolean): void {
  if (!outsideBinlog) {
    runDataCommand(world, node, db, argv);
    return;
  }
  const context = { keyspace: db.keyspace, traits: node.traits, now: world.clock.now(), cursors: db.cursors };
  dataCommands[argv[0]!.toLowerCase()]!.run({ ...context, log: () => {} }, argv);
}

/** Takes a share of the keys away without a trace in the binlog; how many. */
export function dropKeys(node: SimNode, share: number): number {
  let dropped = 0;
  for (const { keyspace } of node.dbs)
    for (const type of keyTypes) {
      const doomed: string[] = [];
      keyspace.keys(type).scan('', (key) => {
        if (node.random.next() < share) doomed.push(key);
        return true;
      });
      for (const key of doomed) keyspace.remove(type, key);
      dropped += doomed.length;
    }
  return dropped;
}
