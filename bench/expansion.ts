/**
 * What the service adds to the full syncs themselves: 16 empty nodes join one simulated 3.5.4 master, one at a
 * time; whole time over the sum of the syncs, and commands sent to each node per second.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { newExpansion } from '../src/core/steps/new-expansion.ts';
import { createPikaEngine } from '../src/engines/pika/index.ts';
import type { JoinTarget, NodeTarget } from '../src/model/expansion.ts';
import { resolvePolicy } from '../src/model/policy.ts';
import { createCluster, fastTimers, serveCluster } from '../src/simulator/index.ts';
import { openStore } from '../src/store/open.ts';
import { createCompare } from '../src/work/expansion/compare.ts';
import { createWorker } from '../src/work/expansion/worker.ts';
import { figure } from './figures.ts';

const nodes = 16;
const snapshotBytes = 40_000_000;
/** Under 500 ms go to the copy; bgsave, open and reconnect take the rest. */
const throttle = 100_000_000;

const target = (name: string): NodeTarget => {
  const address = { host: '127.0.0.1', port: Number(name.split(':')[1]) };
  return { name, address, seenAs: address, credential: null };
};

const joinTarget = (name: string): JoinTarget => ({ ...target(name), overwriteData: false, repoint: false });

/** Runs the benchmark and prints its lines. */
export async function benchExpansion(): Promise<void> {
  const keys = 2000;
  const cluster = createCluster({
    seed: 'bench',
    timers: fastTimers,
    dataScale: snapshotBytes / (keys * 190),
    defaults: { version: '3.5.4', config: { 'throttle-bytes-per-second': throttle } },
  });
  cluster.addNode({ id: 'm', binlogAt: { file: 3, offset: 0 } });
  cluster.load('m', { strings: keys, valueBytes: 130 });
  for (let i = 1; i <= nodes; i++) cluster.addNode({ id: `n${i}` });
  const served = await serveCluster(cluster);
  const dataDir = await mkdtemp(join(tmpdir(), 'pika-expander-bench-'));
  const { store, close } = await openStore({ dataDir });
  const credentials = { get: () => null, names: [] };
  try {
    await store.migrate();
    const expansion = newExpansion({
      id: 'exp_bench',
      master: target(served.addresses.m!),
      nodes: Object.entries(served.addresses)
        .filter(([id]) => id !== 'm')
        .map(([, address]) => joinTarget(address)),
      policy: resolvePolicy({ batchSize: 1, lookIntervalMs: 5, verify: { samplePerType: 50 } }),
      label: null,
      requestedBy: 'bench',
      via: 'rest',
      now: Date.now(),
    });
    await store.accept(expansion, [], null);
    const worker = createWorker({
      store,
      engine: createPikaEngine(),
      credentials,
      compare: createCompare({
        credentials,
        comparisons: null,
        doorbell: null,
        now: Date.now,
        sleep: () => Promise.resolve(),
      }),
      log: pino({ level: 'silent' }),
    });
    const before = Object.keys(served.addresses).map((id) => commandsOf(cluster, id));
    const startedAt = performance.now();
    for (let again: number | null = 0; again !== null; )
      again = await worker.onWakeUp(expansion.id, new AbortController().signal);
    const tookMs = performance.now() - startedAt;
    const sent = Object.keys(served.addresses).map((id, i) => commandsOf(cluster, id) - before[i]!);
    const ended = await store.get(expansion.id);
    report(ended!, tookMs, sent);
  } finally {
    await close();
    await served.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

function commandsOf(cluster: ReturnType<typeof createCluster>, id: string): number {
  const text = cluster.execute(id, ['INFO', 'stats']) as string;
  return Number(/total_commands_processed:(\d+)/.exec(text)?.[1] ?? 0);
}

function report(
  ended: Awaited<ReturnType<Awaited<ReturnType<typeof openStore>>['store']['get']>> & object,
  tookMs: number,
  sent: readonly number[],
): void {
  const syncs = ended.joins.map((join) => {
    const tracker = join.attempts.at(-1)?.tracker;
    return tracker?.upSince != null ? tracker.upSince - tracker.attachedAt : Number.NaN;
  });
  const sum = syncs.reduce((total, ms) => total + ms, 0);
  const verified = ended.joins.filter((join) => join.phase === 'verified').length;
  console.log(
    `expansion: ${verified} of ${nodes} nodes verified in ${(tookMs / 1000).toFixed(2)} s; one sync ${Math.round(sum / syncs.length)} ms`,
  );
  figure({
    what: 'expansion, whole time over the sum of the syncs',
    value: tookMs / sum,
    goal: { atMost: 1.05 },
  });
  const perNode = sent.slice(1).map((count, i) => count / ((syncs[i] ?? 1) / 1000));
  figure({
    what: 'expansion, commands to the master',
    value: sent[0]! / (tookMs / 1000),
    unit: '/s',
  });
  figure({
    what: 'expansion, commands to a node in full sync',
    value: perNode.reduce((a, b) => a + b, 0) / perNode.length,
    unit: '/s',
  });
}
