import type {
  ComparisonReport,
  Difference,
  DifferenceKind,
  DifferenceSign,
} from '../../src/model/comparison.ts';
import type { NodeTarget } from '../../src/model/expansion.ts';
import { comparePositions } from '../../src/simulator/binlog.ts';
import type { Cluster } from '../../src/simulator/cluster.ts';
import { type Entry, type KeyType, keyTypes, sameValue } from '../../src/simulator/keyspace.ts';
import type { Random } from '../../src/simulator/random.ts';
import type { SimNode } from '../../src/simulator/world.ts';
import type { Compare } from '../../src/work/expansion/session.ts';
import type { Network } from './network.ts';
import type { ServiceProcess } from './process.ts';

interface Sampled {
  readonly db: string;
  readonly type: KeyType;
  readonly key: string;
}

/** How long a node may take to reach the master's offset before a difference can be looked at again. */
const passWithinMs = 10_000;

/**
 * Compares what two simulated nodes really hold: a sample of the master's keys by value and of the node's by name,
 * with differences looked at again behind the offset. It reads the nodes, so it needs to reach them; being a
 * sample, it can miss a loss.
 */
export function sampledComparison(
  cluster: Cluster,
  network: Network,
  process: ServiceProcess,
  random: Random,
  began: (node: string) => void,
): Compare {
  const reached = (target: NodeTarget): SimNode | null => {
    const node = cluster.listener(target.address);
    if (!node?.alive || network.trouble(node.id).cut || network.vanished.has(node.id)) return null;
    return node;
  };

  return async (task) => {
    const startedAt = process.clock.now();
    const report = (part: Partial<ComparisonReport>): ComparisonReport => ({
      depth: task.policy.depth,
      verdict: 'inconclusive',
      reason: null,
      said: { reason: null, notes: task.policy.chosen ? [task.policy.chosen.because] : [] },
      startedAt,
      endedAt: process.clock.now(),
      lookedAtKeys: 0,
      lookedAtKeysByType: {},
      estimatedKeys: null,
      share: null,
      smallestLossFound: null,
      differencesTotal: 0,
      differencesByKind: {},
      examples: [],
      rounds: 1,
      settledByRecheck: 0,
      counts: null,
      ...part,
    });
    const gone = (): ComparisonReport => report({ reason: 'a node cannot be reached' });

    began(task.node.name);
    await process.clock.sleep(random.int(20, 1500), task.signal);
    const first = reached(task.master);
    const second = reached(task.node);
    if (!first || !second) return gone();
    const all = keysOf(first);
    const size = task.policy.depth === 'full' ? all.length : task.policy.samplePerType;
    const sample = drawn(all, size, random);
    const backwards = drawn(keysOf(second), size, random);
    if (sample.length === 0 && backwards.length === 0) return report({ verdict: 'empty' });
    let suspects = [...sample, ...backwards];
    let found: Difference[] = [];
    for (let round = 1; round <= task.policy.rounds && suspects.length > 0; round += 1) {
      const master = reached(task.master);
      if (!master) return gone();
      const before = suspects.map((key) => entryOf(master, key, cluster.now()));
      if (!(await passed(master, task, round))) return report({ reason: 'the node does not catch up' });
      const node = reached(task.node);
      if (!node) return gone();
      found = [];
      suspects = suspects.filter((key, i) => {
        const now = cluster.now();
        const [left, own] = [entryOf(master, key, now), entryOf(node, key, now)];
        if (isSame(key.type, before[i], own) || isSame(key.type, left, own)) return false;
        found.push(asDifference(key, left, own));
        return true;
      });
    }
    const looked = sample.length + backwards.length;
    if (suspects.length === 0)
      return report({ verdict: 'equal', lookedAtKeys: looked, share: looked / Math.max(1, all.length) });
    return report({
      verdict: 'different',
      lookedAtKeys: looked,
      differencesTotal: found.length,
      differencesByKind: countedBy(found.map(({ kind }) => kind)),
      differencesBySign: countedBy(found.flatMap(({ sign }) => sign ?? [])),
      examples: found.slice(0, 3),
    });
  };

  /** Waits until the node has all that the master had written at this moment. */
  async function passed(master: SimNode, task: Parameters<Compare>[0], round: number): Promise<boolean> {
    const targets = master.dbs.map((db) => db.binlog.position);
    const until = process.clock.now() + passWithinMs;
    while (process.clock.now() < until && !task.signal.aborted) {
      await process.clock.sleep(100 * round, task.signal);
      const node = reached(task.node);
      if (!node) return false;
      const there = node.dbs.every(
        (db, i) => comparePositions(db.binlog.position, targets[i]!) >= 0 && db.toApply.length === 0,
      );
      if (there) return true;
    }
    return false;
  }
}

function keysOf(node: SimNode): Sampled[] {
  const found: Sampled[] = [];
  for (const db of node.dbs)
    for (const type of keyTypes)
      db.keyspace.keys(type).scan('', (key) => {
        found.push({ db: db.name, type, key });
        return true;
      });
  return found;
}

function drawn(keys: readonly Sampled[], size: number, random: Random): Sampled[] {
  if (keys.length <= size) return [...keys];
  return Array.from({ length: size }, () => random.pick(keys));
}

const entryOf = (node: SimNode, { db, type, key }: Sampled, now: number): Entry | undefined =>
  node.dbs.find(({ name }) => name === db)?.keyspace.peek(type, key, now);

/** The real comparison tolerates as much by default. */
const ttlToleranceMs = 1000;

const isSame = (type: KeyType, left: Entry | undefined, right: Entry | undefined): boolean =>
  left === undefined || right === undefined
    ? left === right
    : sameValue(type, left, right) && Math.abs(left.expireAt - right.expireAt) <= ttlToleranceMs;

function asDifference(
  { db, type, key }: Sampled,
  left: Entry | undefined,
  right: Entry | undefined,
): Difference {
  const sign = signOf(type, left, right);
  return {
    db: Number(db.slice(2)),
    key,
    type,
    kind: kindOf(type, left, right),
    ...(sign ? { sign } : {}),
    left: null,
    right: null,
    rounds: 3,
  };
}

function kindOf(type: KeyType, left: Entry | undefined, right: Entry | undefined): DifferenceKind {
  if (right === undefined) return 'missing';
  if (left === undefined) return 'foreign';
  return sameValue(type, left, right) ? 'ttl' : 'value';
}

function signOf(type: KeyType, left: Entry | undefined, right: Entry | undefined): DifferenceSign | null {
  if (left === undefined) return null;
  if (right === undefined) return left.expireAt === 0 ? null : 'missing_expires';
  if (type === 'string' && right.value === '' && left.value !== '') return 'emptied';
  if (!sameValue(type, left, right)) return type === 'string' && left.expireAt !== 0 ? 'value_expires' : null;
  const later = right.expireAt === 0 || (left.expireAt !== 0 && right.expireAt > left.expireAt);
  return later ? 'outlives' : 'expires_early';
}

function countedBy<T extends string>(names: readonly T[]): Partial<Record<T, number>> {
  const counts: Partial<Record<T, number>> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
