/**
 * How well the service knows beforehand, shares dumps and fills what it may use, on simulated nodes in virtual time:
 * forecast error, dumps per batch, and the used share of the bandwidth that a latency limit allows.
 */
import { measuredSyncs } from '../src/core/plan/learning.ts';
import { type Cluster, createCluster } from '../src/simulator/index.ts';
import { outgoingBytesPerSecond } from '../src/simulator/transfer.ts';
import { fill, hostOf, MB, virtualService } from '../test/scheduling/virtual-service.ts';
import { figure } from './figures.ts';

const hour = 3_600_000;

const scaledTo = (bytes: number): Cluster =>
  createCluster({ seed: 'bench', dataScale: bytes / (500 * 190), binlogScale: 400 });

/** Runs the benchmarks and prints a line each. */
export async function benchScheduling(): Promise<void> {
  await forecastError();
  await dumpsPerBatch();
  await usedBandwidth();
}

async function forecastError(): Promise<void> {
  const cluster = scaledTo(2000 * MB);
  fill(cluster, { master: 'm', nodes: ['n1', 'n2', 'n3', 'n4'] }, '3.5.4');
  cluster.startWrites('m', { perSecond: 20, mix: { update: 1 } });
  const service = virtualService(cluster);
  service.startProcess();
  const errors: number[] = [];
  for (const nodes of [
    ['n1', 'n2'],
    ['n3', 'n4'],
  ]) {
    const learnt = measuredSyncs((await service.store.list({ states: ['succeeded'], limit: 20 })).items);
    const forecast = await service.forecast('m', nodes, learnt);
    const id = `exp_${nodes[0]}`;
    await service.accept(id, 'm', nodes, {}, forecast);
    await service.until(() => service.ended(id), hour);
    errors.push((await service.get(id)).forecastOutcome?.secondsTotal.error ?? Number.NaN);
  }
  for (const [at, error] of errors.entries())
    figure({
      what: `scheduling, forecast error ${at === 0 ? 'untried' : 'after two full syncs'}`,
      value: error * 100,
      unit: '%',
      goal: { atMost: 10, atLeast: -10 },
    });
}

async function dumpsPerBatch(): Promise<void> {
  for (const version of ['3.5.4', '3.5.5', '4.0.1'] as const) {
    const cluster = scaledTo(400 * MB);
    const nodes = ['n1', 'n2', 'n3', 'n4'];
    fill(cluster, { master: 'm', nodes }, version);
    const service = virtualService(cluster);
    await service.accept('e', 'm', nodes);
    service.startProcess();
    await service.until(() => service.ended('e'), hour);
    const { batchCount, state } = await service.get('e');
    const dumps = cluster.observe('m').dumpsMade;
    figure({
      what: `scheduling, dumps for each batch on ${version}`,
      value: dumps / (batchCount ?? 1),
      goal: { exactly: 1 },
      more: `${batchCount} batches, ${state}`,
    });
  }
}

async function usedBandwidth(): Promise<void> {
  const limitMs = 40;
  const latency = (outgoing: number): number => 1 + (outgoing / MB) * 2;
  const cluster = scaledTo(4000 * MB);
  cluster.addNode({
    id: 'm',
    host: hostOf('m'),
    version: '4.0.1',
    binlogAt: { file: 12, offset: 0 },
    replyDelayMs: latency,
  });
  cluster.load('m', { strings: 400, hashes: 100, valueBytes: 100, outsideBinlog: true });
  for (const id of ['n1', 'n2'])
    cluster.addNode({
      id,
      host: hostOf(id),
      version: '4.0.1',
      config: { 'throttle-bytes-per-second': 100 * MB },
    });
  const service = virtualService(cluster);
  await service.accept('e', 'm', ['n1', 'n2'], {
    health: { masterLatencyMs: limitMs },
    bandwidthBytesPerSecond: 60 * MB,
  });
  const samples: number[] = [];
  cluster.world.clock.after(0, function watch() {
    const outgoing = outgoingBytesPerSecond(cluster.node('m'));
    const copying = ['n1', 'n2'].filter((id) => cluster.observe(id).states.db0 === 'WaitDBSync');
    if (outgoing > 0 && copying.length === 2) samples.push(outgoing);
    cluster.world.clock.after(100, watch);
  });
  service.startProcess();
  await service.until(() => service.ended('e'), hour);
  const allowed = ((limitMs - 1) / 2) * MB;
  const mean = samples.reduce((sum, each) => sum + each, 0) / samples.length;
  const p99 = samples.map(latency).sort((a, b) => a - b)[Math.floor(samples.length * 0.99)];
  figure({
    what: 'scheduling, used share of the bandwidth that a latency limit allows',
    value: (mean / allowed) * 100,
    unit: '%',
    goal: { atLeast: 80 },
  });
  figure({
    what: 'scheduling, p99 of that latency',
    value: p99 ?? Number.NaN,
    unit: 'ms',
    goal: { atMost: limitMs },
  });
}
