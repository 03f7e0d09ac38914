import { keyTypes } from './keyspace.ts';
import { findDb, later, type SimDb, type SimNode, type World } from './world.ts';
import { runDataCommand } from './writing.ts';

export interface WriteLoadOptions {
  readonly perSecond: number;
  /** Default 100. */
  readonly valueBytes?: number;
  /** Of new keys. Default `w`. */
  readonly prefix?: string;
  readonly db?: string;
  /**
   * How the writes are spread; weights, default {insert: 1}. The others take a key at random that is there already,
   * of any type for delete and expire, a string for update.
   */
  readonly mix?: {
    readonly insert?: number;
    readonly update?: number;
    readonly delete?: number;
    readonly expire?: number;
  };
  /** Expiries set by `expire`, in seconds. Default 1 to 60. */
  readonly expireSeconds?: readonly [number, number];
}

export interface WriteLoad {
  pause(): void;
  resume(): void;
  stop(): void;
}

const tickMs = 20;

/** Writes at a steady rate in virtual time until it is stopped or the node dies. */
export function createWriteLoad(world: World, node: SimNode, options: WriteLoadOptions): WriteLoad {
  const db = findDb(node, options.db ?? 'db0');
  if (db === undefined) throw new Error(`${node.id} has no DB ${options.db}`);
  const next = createWriter(node, db, options);
  let running = true;
  let owed = 0;
  let lastAt = world.clock.now();
  const tick = (): void => {
    if (!running) return;
    const now = world.clock.now();
    owed += ((now - lastAt) / 1000) * options.perSecond;
    lastAt = now;
    for (; owed >= 1; owed--) runDataCommand(world, node, db, next());
    arm();
  };
  const arm = (): void => void later(world, node, Math.max(tickMs, 1000 / options.perSecond), tick);
  arm();
  return {
    pause() {
      running = false;
    },
    resume() {
      if (running) return;
      running = true;
      lastAt = world.clock.now();
      arm();
    },
    stop() {
      running = false;
    },
  };
}

function createWriter(node: SimNode, db: SimDb, options: WriteLoadOptions): () => string[] {
  const { random } = node;
  const bytes = options.valueBytes ?? 100;
  const mix = { insert: 0, update: 0, delete: 0, expire: 0, ...(options.mix ?? { insert: 1 }) };
  const total = mix.insert + mix.update + mix.delete + mix.expire;
  const [soonest, latest] = options.expireSeconds ?? [1, 60];
  let written = 0;
  const value = (): string => random.text(bytes);
  const insert = (): string[] => [
    'SET',
    `${options.prefix ?? 'w'}:${String(written++).padStart(9, '0')}`,
    value(),
  ];
  const present = (types: readonly (typeof keyTypes)[number][]): string | undefined => {
    const filled = types.filter((type) => db.keyspace.keys(type).size > 0);
    if (filled.length === 0) return undefined;
    const keys = db.keyspace.keys(random.pick(filled));
    return keys.keyAt(random.int(0, keys.size - 1));
  };
  return () => {
    const drawn = random.next() * total;
    if (drawn < mix.insert) return insert();
    const isUpdate = drawn < mix.insert + mix.update;
    const key = present(isUpdate ? ['string'] : keyTypes);
    if (key === undefined) return insert();
    if (isUpdate) return ['SET', key, value()];
    if (drawn < mix.insert + mix.update + mix.delete) return ['DEL', key];
    return ['EXPIRE', key, String(random.int(soonest, latest))];
  };
}
