import { type Entry, isExpired, type KeyType, keyTypes, sameValue } from './keyspace.ts';
import { settleAll } from './transfer.ts';
import { findDb, masterOf, type SimDb, type SimNode, type World } from './world.ts';

/** The truth about a node, as no client can see it. */
export interface Observed {
  readonly id: string;
  readonly alive: boolean;
  readonly keys: number;
  /** Keys that the master has and the node has not, or holds with another value. null = no master. */
  readonly missing: number | null;
  readonly different: number | null;
  /** Of the different ones those that differ in nothing but when they expire. */
  readonly otherExpiry: number | null;
  /** Keys that the node has and the master has not. */
  readonly foreign: number | null;
  /**
   * Of the missing and different ones those that the binlog still to come will not repair: real loss. 0 on a healthy
   * slave at any moment, whatever its lag.
   */
  readonly lost: number | null;
  /** How those differ that are lost. */
  readonly lostHow: LostHow | null;
  readonly states: Readonly<Record<string, string>>;
  /** Slaves of this node that are in full sync now. */
  readonly slavesInFullSync: readonly string[];
  readonly dumpsMade: number;
  readonly fullSyncsDone: number;
  readonly replicationId: string;
  readonly bootFailure: string | null;
}

/** Looks behind the curtain; costs a walk over all keys. */
export function observe(world: World, node: SimNode): Observed {
  settleAll(world, node);
  const master = masterOf(world, node);
  const difference = master === undefined ? null : compare(world, master, node);
  return {
    id: node.id,
    alive: node.alive,
    keys: node.dbs.reduce((total, db) => total + liveKeys(db, world.clock.now()), 0),
    missing: difference?.missing ?? null,
    different: difference?.different ?? null,
    otherExpiry: difference?.otherExpiry ?? null,
    foreign: difference?.foreign ?? null,
    lost: difference?.lost ?? null,
    lostHow: difference?.lostHow ?? null,
    states: Object.fromEntries(node.dbs.map(({ name, state }) => [name, state])),
    slavesInFullSync: slavesInFullSync(world, node),
    dumpsMade: node.dumpsMade,
    fullSyncsDone: node.fullSyncsDone,
    replicationId: node.replicationId,
    bootFailure: node.bootFailure,
  };
}

/** From the request for a dump until the data are swapped in, hung copies included. */
function slavesInFullSync(world: World, master: SimNode): string[] {
  const found: string[] = [];
  for (const slave of world.nodes.values()) {
    if (!slave.alive || masterOf(world, slave) !== master) continue;
    const promised = master.slaves.find(({ connection }) => connection.slave === slave)?.dbs.values() ?? [];
    const begun = slave.dbs.some((db) => db.state === 'WaitDBSync' || db.state === 'TryDBSync');
    if (begun || [...promised].some((each) => each.state === 'DbSync')) found.push(slave.id);
  }
  return found;
}

function liveKeys({ keyspace }: SimDb, now: number): number {
  let count = 0;
  for (const type of keyTypes)
    keyspace.keys(type).scan('', (_, entry) => {
      if (!isExpired(entry, now)) count++;
      return true;
    });
  return count;
}

/** Missing with an expiry, missing without, another value with an expiry, left empty, expiring later or never, or any other way. */
export interface LostHow {
  missingThatExpire: number;
  valueThatExpires: number;
  missing: number;
  emptied: number;
  outlives: number;
  other: number;
}

interface Difference {
  readonly lostHow: LostHow;
  readonly missing: number;
  readonly different: number;
  readonly otherExpiry: number;
  readonly foreign: number;
  readonly lost: number;
}

function compare(world: World, master: SimNode, node: SimNode): Difference {
  const lostHow: LostHow = {
    missingThatExpire: 0,
    valueThatExpires: 0,
    missing: 0,
    emptied: 0,
    outlives: 0,
    other: 0,
  };
  const total = { missing: 0, different: 0, otherExpiry: 0, foreign: 0, lost: 0, lostHow };
  for (const db of node.dbs) {
    const source = findDb(master, db.name);
    if (source === undefined) continue;
    const coming = keysToCome(source, db);
    const now = world.clock.now();
    for (const type of keyTypes) {
      source.keyspace.keys(type).scan('', (key, entry) => {
        if (isExpired(entry, now)) return true;
        const own = db.keyspace.peek(type, key, now);
        const same = own !== undefined && sameValue(type, own, entry);
        if (same && Math.abs(own.expireAt - entry.expireAt) < 1000) return true;
        if (own === undefined) total.missing++;
        else total.different++;
        if (same) total.otherExpiry++;
        if (coming.has(key)) return true;
        total.lost++;
        lostHow[howLost(type, entry, own)]++;
        return true;
      });
      db.keyspace.keys(type).scan('', (key, entry) => {
        if (!isExpired(entry, now) && source.keyspace.peek(type, key, now) === undefined && !coming.has(key))
          total.foreign++;
        return true;
      });
    }
  }
  return total;
}

function howLost(type: KeyType, entry: Entry, own: Entry | undefined): keyof LostHow {
  if (own === undefined) return entry.expireAt === 0 ? 'missing' : 'missingThatExpire';
  if (own.value === '') return 'emptied';
  if (type === 'string' && entry.expireAt !== 0 && !sameValue(type, own, entry)) return 'valueThatExpires';
  const later =
    own.expireAt === 0 ? entry.expireAt !== 0 : entry.expireAt !== 0 && own.expireAt > entry.expireAt;
  return later ? 'outlives' : 'other';
}

/** Keys that records which the slave has not applied yet will write. */
function keysToCome(source: SimDb, db: SimDb): Set<string> {
  const reader = source.binlog.readerAt(db.binlog.position);
  const records = [...db.toApply, ...(reader === undefined ? [] : source.binlog.after(reader))];
  const keys = new Set<string>();
  for (const { argv } of records) for (const word of argv.slice(1)) keys.add(word);
  return keys;
}
