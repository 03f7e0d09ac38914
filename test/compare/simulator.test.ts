import { afterEach, describe, expect, it } from 'vitest';
import {
  type ComparisonProgress,
  compareNodes,
  type Endpoint,
  resolveSpec,
} from '../../src/compare/compare.ts';
import { systemClock } from '../../src/compare/pace.ts';
import { note } from '../../src/model/comparison-texts.ts';
import {
  bulkText,
  type Cluster,
  createCluster,
  NodeStalled,
  type ServedCluster,
  scaleTimers,
  serveCluster,
} from '../../src/simulator/index.ts';

let served: ServedCluster | null = null;
afterEach(async () => {
  await served?.close();
  served = null;
});

/** What auto chose, as an expansion hands it on. */
const chosen = {
  depth: 'full',
  because: note('full_chosen', {
    keys: 3800,
    seconds: 1,
    measured: false,
    limitSeconds: 10,
    limitBy: 'sample',
  }),
  limitMs: 10_000,
  assumedSeconds: 1,
} as const;

/** A clock on which the time is over once the comparison has come to the lists. */
function clockUntilLists() {
  let now = 0;
  const onProgress = ({ says }: ComparisonProgress) => {
    if (says.activity.facts.what === 'list') now = 10_000;
  };
  return { clock: { ...systemClock, now: () => now }, onProgress };
}

const keys = { strings: 3000, hashes: 200, lists: 200, sets: 200, zsets: 200 };
const allKeys = 3800;

/** A master with keys and a slave that has completed its full sync, served over TCP. */
async function pairOf(
  version: '3.5.4' | '4.0.1',
): Promise<{ cluster: Cluster; left: Endpoint; right: Endpoint }> {
  const cluster = createCluster({ seed: 4, timers: scaleTimers(0.05) });
  cluster.addNode({ id: 'm', version });
  cluster.addNode({ id: 's', version });
  cluster.load('m', keys);
  const isUp = () => {
    try {
      return bulkText(cluster.execute('s', ['INFO', 'replication'])).includes('master_link_status:up');
    } catch (error) {
      if (error instanceof NodeStalled) return false;
      throw error;
    }
  };
  cluster.execute('s', ['SLAVEOF', '127.0.0.1', String(cluster.node('m').port)]);
  cluster.advanceUntil(isUp, 600_000);
  served = await serveCluster(cluster);
  const endpoint = (id: string): Endpoint => {
    const [host, port] = served!.addresses[id]!.split(':') as [string, string];
    return { address: { host, port: Number(port) }, credential: null };
  };
  return { cluster, left: endpoint('m'), right: endpoint('s') };
}

describe.each(['3.5.4', '4.0.1'] as const)('simulated Pika %s', (version) => {
  it('is equal after a healthy full sync, under writes', async () => {
    const { cluster, left, right } = await pairOf(version);
    cluster.startWrites('m', { perSecond: 200 });
    const report = await compareNodes({ left, right, spec: resolveSpec({ samplePerType: 300 }) });
    expect(report).toMatchObject({ verdict: 'equal', differencesTotal: 0 });
    expect(report.lookedAtKeys).toBeGreaterThan(1000);
  });

  it('is different by every depth once a share of its keys is lost, however healthy the link', async () => {
    const { cluster, left, right } = await pairOf(version);
    const lost = cluster.fault.dropKeys('s', 0.05);
    expect(bulkText(cluster.execute('s', ['INFO', 'replication']))).toContain('master_link_status:up');
    const sample = await compareNodes({ left, right, spec: resolveSpec({ samplePerType: 300 }) });
    expect(sample.verdict).toBe('different');
    const full = await compareNodes({ left, right, spec: resolveSpec({ depth: 'full' }) });
    expect(full).toMatchObject({
      verdict: 'different',
      lookedAtKeys: allKeys,
      differencesTotal: lost,
      differencesByKind: { missing: lost },
    });
    const counts = await compareNodes({ left, right, spec: resolveSpec({ depth: 'counts' }) });
    expect(counts).toMatchObject({ verdict: 'different', counts: { exact: true } });
  });

  it('goes on as a sample once the time for every key is over, and says so', async () => {
    const { cluster, left, right } = await pairOf(version);
    const spec = resolveSpec({ depth: 'full', chosen });
    expect(await compareNodes({ left, right, spec })).toMatchObject({
      depth: 'full',
      lookedAtKeys: allKeys,
      smallestLossFound: 0,
      said: { notes: expect.arrayContaining([expect.objectContaining({ code: 'full_chosen' })]) },
    });
    const report = await compareNodes({ left, right, spec, ...clockUntilLists() });
    expect(report).toMatchObject({ depth: 'sample', verdict: 'equal', differencesTotal: 0 });
    expect(report.smallestLossFound).toBeGreaterThan(0);
    const [cut] = report.said!.notes.filter(({ code }) => code.startsWith('full_'));
    expect(cut).toMatchObject({ code: 'full_cut', facts: { limitSeconds: 10, sampled: true } });
    expect(report.lookedAtKeys).toBeGreaterThan(cut!.facts.keys as number);
    expect(cut!.facts.entries).toBeGreaterThan(cut!.facts.keys as number);
    // A loss that was found by then is the result.
    cluster.fault.dropKeys('s', 0.05);
    const lossy = await compareNodes({ left, right, spec, ...clockUntilLists() });
    expect(lossy).toMatchObject({ depth: 'sample', verdict: 'different' });
    const ended = lossy.said!.notes.find(({ code }) => code === 'full_cut');
    expect(ended?.facts).toMatchObject({ keys: lossy.lookedAtKeys, sampled: false });
  });
});
