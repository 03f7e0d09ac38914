import type { Cluster } from '../../src/simulator/cluster.ts';
import type { SimulatedVersion } from '../../src/simulator/versions.ts';
import { nameOf, type Recorder } from './recorder.ts';

/** A master, everything that is to become its slave, and nodes that must be left alone. */
export interface SitePlan {
  readonly id: string;
  readonly version: SimulatedVersion;
  /** Per expansion on this master: how many nodes. */
  readonly expansions: readonly number[];
  /** Targets, as `expansion.node`, that hold data of their own before. */
  readonly withData: readonly string[];
  /** How long one copy takes at the nodes' own throttle. */
  readonly transferMs: number;
  readonly writesPerSecond: number;
  readonly password: string;
}

/** Where the nodes of a site listen. */
export interface SiteAddresses {
  readonly master: string;
  /** Per expansion its nodes, in order. */
  readonly nodes: readonly (readonly string[])[];
  readonly throttle: number;
}

/** Claimed bytes per byte held: a small site is a full sync of some 40 MB. */
export const dataScale = 500;
const keys = { strings: 200, hashes: 40, lists: 30, sets: 30, zsets: 30, valueBytes: 130 };
const settledWithinMs = 30_000;

export const targetIds = ({ id, expansions }: SitePlan): readonly (readonly string[])[] =>
  expansions.map((count, e) => Array.from({ length: count }, (_, n) => `${id}-${e + 1}.${n + 1}`));

/** The nodes that no request names: a slave that was there before, and one that holds data of its own. */
const bystanderIds = ({ id }: SitePlan): readonly string[] => [`${id}-old`, `${id}-free`];

/** Makes the nodes of a site; `serve` opens the port of each and says where. */
export async function buildSite(
  cluster: Cluster,
  recorder: Recorder,
  plan: SitePlan,
  serve: (id: string) => Promise<string>,
): Promise<SiteAddresses> {
  const { id, version, password } = plan;
  const master = `${id}-m`;
  const config = { requirepass: password, masterauth: password, 'target-file-size-base': 2_097_152 };
  cluster.addNode({ id: master, version, config, binlogAt: { file: 3, offset: 0 } });
  cluster.load(master, keys);
  const bytes = cluster.node(master).dbs[0]!.keyspace.totalBytes() * dataScale;
  const throttle = Math.round(bytes / (plan.transferMs / 1000));
  await serve(master);

  const [old, free] = bystanderIds(plan) as [string, string];
  for (const each of [old, free]) cluster.addNode({ id: each, version, config });
  cluster.load(free, { strings: 5, prefix: 'own' });
  for (const each of [old, free]) await serve(each);

  const nodes: string[][] = [];
  for (const [e, ids] of targetIds(plan).entries()) {
    nodes.push([]);
    for (const [n, node] of ids.entries()) {
      cluster.addNode({ id: node, version, config: { ...config, 'throttle-bytes-per-second': throttle } });
      if (plan.withData.includes(`${e + 1}.${n + 1}`)) cluster.load(node, { strings: 20, prefix: 'own' });
      nodes[e]!.push(await serve(node));
    }
  }
  cluster.execute(old, ['SLAVEOF', '127.0.0.1', String(cluster.node(master).port)]);
  await comesTrue(
    () => recorder.truth(old).connected && recorder.truth(old).lost === 0,
    `${old} to be a slave`,
  );
  recorder.watch(master, 'master');
  for (const each of [old, free]) recorder.watch(each, 'bystander');
  for (const each of targetIds(plan).flat()) recorder.watch(each, 'target');
  cluster.startWrites(master, {
    perSecond: plan.writesPerSecond,
    mix: { insert: 3, update: 5, delete: 1 },
  });
  return { master: nameOf(cluster.node(master)), nodes, throttle };
}

/** Stops the writes and waits, a while at most, until every slave has had them all. */
export async function quietSite(cluster: Cluster, recorder: Recorder, plan: SitePlan): Promise<void> {
  cluster.stopWrites(`${plan.id}-m`);
  const slaves = targetIds(plan)
    .flat()
    .filter((id) => recorder.truth(id).follows !== null);
  const isLevel = (id: string): boolean => {
    const { missing, different, foreign } = recorder.truth(id);
    return missing === 0 && different === 0 && foreign === 0;
  };
  // A slave that never gets level is what the observer is there to report.
  await comesTrue(() => slaves.every(isLevel), 'the slaves to be level').catch(() => undefined);
}

/** Ends all nodes of a site. */
export function endSite(cluster: Cluster, recorder: Recorder, plan: SitePlan): void {
  for (const id of [...targetIds(plan).flat(), ...bystanderIds(plan), `${plan.id}-m`]) {
    recorder.forget(id);
    cluster.fault.crash(id);
  }
}

async function comesTrue(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + settledWithinMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${settledWithinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
