/**
 * 1, 2 and 4 workers on one database, each a process of its own beside one that answers requests: how many nodes they verify for
 * each second of processor time, and in all; what happens when one is killed in the middle; and whether masters that answer slowly
 * delay others. The simulated servers run on the same cores.
 */
import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { builtProgram } from '../test/support/program.ts';
import { startServiceProcess } from '../test/support/service-process.ts';
import { until } from '../test/support/until.ts';
import { figure } from './figures.ts';
import type { LoadRequest } from './load-nodes.ts';
import { acceptFrozen, endsOf, startDatabase, startNodes, thaw } from './load-run.ts';
import { processorMs } from './processes.ts';

/** For each worker, so that all are as busy: a worker with less to do wakes up more often for what it does. */
const mastersEach = Number(process.env.WORKERS_MASTERS ?? 60);
/** For each worker, before anything is measured: a process compiles for some seconds what it does often. */
const mastersBefore = 30;
/** Where one of two is killed, and of each kind where some are slow. */
const mastersAside = 30;
const nodesEach = 3;
/** Twice the time between two looks at a copy of 1.5 s, and in the middle of a long copy (core/steps/pace.ts). */
const lookWithinMs = 1000;
const seldomWithinMs = 2000;
/** PostgreSQL takes 100 by default, 3 of them for its administrator alone. */
const mostConnections = 97;
const leaseMs = 15_000;
/** A look for what is due. */
const reconcileMs = 2000;
const gaveUpAfterMs = 600_000;
const cores = cpus().length;

/** Runs the benchmark and prints its lines. */
export async function benchWorkers(): Promise<void> {
  const program = await builtProgram();
  const runs = new Map<number, Throughput>();
  for (const count of [1, 2, 4]) runs.set(count, await throughput(program, count));
  const one = runs.get(1)!;
  for (const [count, least] of [
    [2, 1.8],
    [4, 3],
  ] as const) {
    const many = runs.get(count)!;
    const byTime = many.nodesPerSecond / one.nodesPerSecond;
    // Each worker needs a core for itself, beside those of database and simulation.
    figure({
      what: `workers, throughput of ${count} beside that of 1`,
      value: byTime,
      ...(cores > count + 1 ? { goal: { atLeast: least } } : {}),
      more: `${many.nodesPerSecond.toFixed(1)} and ${one.nodesPerSecond.toFixed(1)} nodes a second on ${cores} cores`,
    });
    figure({
      what: `workers, nodes for a second of processor time of ${count} beside that of 1, with ${mastersEach} masters for each`,
      value: many.nodesPerProcessorSecond / one.nodesPerProcessorSecond,
      goal: { atLeast: least / count },
      more: `${many.nodesPerProcessorSecond.toFixed(1)} and ${one.nodesPerProcessorSecond.toFixed(1)}, in workers and database`,
    });
  }
  await takeover(program);
  await besideSlow(program);
}

interface Throughput {
  readonly nodesPerSecond: number;
  readonly nodesPerProcessorSecond: number;
}

const sum = (each: readonly number[]): number => each.reduce((total, one) => total + one, 0);

async function open(program: string, request: LoadRequest, count: number) {
  const nodes = await startNodes(request);
  const database = await startDatabase();
  const start = (role: string) =>
    startServiceProcess({ env: { DATABASE_URL: database.url, PIKA_EXPANDER_ROLE: role }, program });
  const api = start('api');
  const url = await api.url();
  const workers = Array.from({ length: count }, () => start('worker'));
  await Promise.all(workers.map((worker) => worker.url()));
  return {
    nodes,
    database,
    workers,
    url,
    /** Processor time so far, milliseconds. */
    async spent() {
      const each = await Promise.all(workers.map(({ child }) => processorMs(child.pid!)));
      return { workers: each, database: await database.processorMs() };
    },
    async close() {
      for (const { child } of [...workers, api]) child.kill('SIGTERM');
      await Promise.all([...workers, api].map(({ ended }) => ended));
      nodes.stop();
      await database.stop();
    },
  };
}

async function throughput(program: string, count: number): Promise<Throughput> {
  const [ofBefore, masters] = [mastersBefore * count, mastersEach * count];
  const request = { masters: ofBefore + masters, nodesEach, lookWithinMs, copySeconds: 1.5 };
  const site = await open(program, request, count);
  try {
    const ofStarts = sum((await site.spent()).workers);
    await acceptFrozen(site.url, site.nodes.sites.slice(0, ofBefore));
    await thaw(site.url);
    await endsOf(site.url, ofBefore, gaveUpAfterMs);
    const ofStartsAndWarmth = sum((await site.spent()).workers);
    await acceptFrozen(site.url, site.nodes.sites.slice(ofBefore));
    const [before, startedAt] = [await site.spent(), performance.now()];
    await thaw(site.url);
    await endsOf(site.url, ofBefore + masters, gaveUpAfterMs);
    const seconds = (performance.now() - startedAt) / 1000;
    const after = await site.spent();
    const inWorkers = after.workers.map((ms, index) => ms - before.workers[index]!);
    const inDatabase = after.database - before.database;
    const usedSeconds = (sum(inWorkers) + inDatabase) / 1000;
    const [{ verified }, seen] = [await site.database.outcome(), await site.nodes.figures()];
    const { count: connections } = await site.database.connections();
    const [all, measured] = [request.masters * nodesEach, masters * nodesEach];
    figure({
      what: `workers, ${count}: processor time of the start of each, and of its first ${mastersBefore * nodesEach} nodes, which are not in the next figure`,
      value: ofStarts / count / 1000,
      unit: 's',
      more: `${((ofStartsAndWarmth - ofStarts) / count / 1000).toFixed(1)} s for the nodes`,
    });
    figure({
      what: `workers, ${count}: processor time for a node`,
      value: (usedSeconds * 1000) / measured,
      unit: 'ms',
      more: `${(sum(inWorkers) / measured).toFixed(1)} ms in the workers (${inWorkers.map((ms) => (ms / 1000).toFixed(1)).join(', ')} s), ${(inDatabase / measured).toFixed(1)} ms in the database`,
    });
    figure({
      what: `workers, ${count}: connections to PostgreSQL, with those of the API`,
      value: connections,
      goal: { atMost: mostConnections },
    });
    figure({ what: `workers, ${count}: verified nodes`, value: verified, goal: { exactly: all } });
    figure({ what: `workers, ${count}: SLAVEOFs`, value: seen.slaveofs, goal: { exactly: all } });
    figure({
      what: `workers, ${count}: looks later than ${lookWithinMs} ms`,
      value: seen.missed,
      goal: { exactly: 0 },
      more: `of ${seen.looks}, the longest ${Math.round(seen.longestMs)} ms`,
    });
    return { nodesPerSecond: measured / seconds, nodesPerProcessorSecond: measured / usedSeconds };
  } finally {
    await site.close();
  }
}

/** One of two workers is killed while all its nodes copy. */
async function takeover(program: string): Promise<void> {
  const many = mastersAside;
  const site = await open(
    program,
    { masters: many, nodesEach: 1, lookWithinMs: seldomWithinMs, copySeconds: 40 },
    2,
  );
  try {
    await acceptFrozen(site.url, site.nodes.sites);
    await thaw(site.url);
    await until(async () => (await site.nodes.figures()).copying === many, {
      what: 'all nodes copy',
      withinMs: 120_000,
      everyMs: 200,
    });
    // So that both have begun to look at their own.
    await delay(2000);
    await site.workers[0]!.kill();
    await delay(leaseMs + 2 * reconcileMs);
    const { longestMs, slaveofs } = await site.nodes.figures();
    figure({
      what: 'workers, longest time without a look when one of two is killed',
      value: longestMs / 1000,
      unit: 's',
      goal: { atMost: (leaseMs + reconcileMs + seldomWithinMs) / 1000 },
    });
    await endsOf(site.url, many, gaveUpAfterMs);
    const [{ verified }, seen] = [await site.database.outcome(), await site.nodes.figures()];
    figure({ what: 'workers, one killed: verified nodes', value: verified, goal: { exactly: many } });
    figure({
      what: 'workers, one killed: SLAVEOFs',
      value: seen.slaveofs,
      goal: { exactly: many },
      more: `${slaveofs} before the takeover`,
    });
  } finally {
    await site.close();
  }
}

/** Half of the masters answer only after a while: the others are as quick as if they were alone. */
async function besideSlow(program: string): Promise<void> {
  const many = mastersAside;
  const seconds: number[] = [];
  for (const slow of [0, many]) {
    const request = { masters: many + slow, slow, nodesEach: 1, lookWithinMs, copySeconds: 1.5 };
    const site = await open(program, request, 1);
    try {
      await acceptFrozen(site.url, site.nodes.sites);
      const startedAt = performance.now();
      await thaw(site.url);
      // The slow ones take longer than all others.
      await endsOf(site.url, many, gaveUpAfterMs);
      seconds.push((performance.now() - startedAt) / 1000);
    } finally {
      await site.close();
    }
  }
  const [alone, beside] = seconds as [number, number];
  figure({
    what: 'workers, time of masters beside as many slow ones, and alone',
    value: beside / alone,
    goal: { atMost: 1.5 },
    more: `${beside.toFixed(1)} s and ${alone.toFixed(1)} s`,
  });
}
