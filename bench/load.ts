/**
 * One process of the service with many masters, simulated over TCP by another process. First 1,000 masters with 3 nodes each, all at
 * once, with short copies: what came of it, the longest time between two looks at a copying node (the nodes measure it), the memory
 * of the service's process, and the processor time of each part. Then what a node costs in the middle of a long copy.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { builtProgram } from '../test/support/program.ts';
import { startServiceProcess } from '../test/support/service-process.ts';
import { until } from '../test/support/until.ts';
import { figure } from './figures.ts';
import { acceptFrozen, endsOf, startDatabase, startNodes, thaw } from './load-run.ts';
import { memoryMb, processorMs } from './processes.ts';

const masters = Number(process.env.LOAD_MASTERS ?? 1000);
const nodesEach = 3;
const longMasters = Math.ceil(masters / 5);
/** Twice the time between two looks: at a copy of 1.5 s, and in the middle of a long copy (core/steps/pace.ts). */
const lookWithinMs = { shortCopy: 1000, longCopy: 2000 };
const gaveUpAfterMs = 900_000;
const mostMb = 300;

/** Runs the benchmark and prints its lines. */
export async function benchLoad(): Promise<void> {
  const program = await builtProgram();
  await within(
    program,
    { masters, nodesEach, lookWithinMs: lookWithinMs.shortCopy, copySeconds: 1.5 },
    shortCopies,
  );
  await within(
    program,
    { masters: longMasters, nodesEach: 1, lookWithinMs: lookWithinMs.longCopy, copySeconds: 600 },
    longCopies,
  );
}

type Site = Awaited<ReturnType<typeof open>>;

async function open(program: string, request: Parameters<typeof startNodes>[0]) {
  const nodes = await startNodes(request);
  const database = await startDatabase();
  const profile = process.env.LOAD_PROFILE;
  const service = startServiceProcess({
    env: { DATABASE_URL: database.url },
    program,
    nodeArgs: profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [],
  });
  const pid = service.child.pid!;
  const cost = async () => ({
    at: performance.now(),
    service: await processorMs(pid),
    database: await database.processorMs(),
    simulation: await nodes.processorMs(),
    ...(await database.writes()),
  });
  return {
    nodes,
    database,
    service,
    pid,
    cost,
    /** What was spent between two costs. */
    between(before: Awaited<ReturnType<typeof cost>>, after: Awaited<ReturnType<typeof cost>>) {
      const names = Object.keys(before) as (keyof typeof before)[];
      return Object.fromEntries(names.map((name) => [name, after[name] - before[name]])) as typeof before;
    },
    async close() {
      service.child.kill('SIGTERM');
      await service.ended;
      nodes.stop();
      await database.stop();
    },
  };
}

async function within(
  program: string,
  request: Parameters<typeof startNodes>[0],
  work: (site: Site, url: string) => Promise<void>,
): Promise<void> {
  const site = await open(program, request);
  try {
    await work(site, await site.service.url());
  } finally {
    await site.close();
  }
}

async function shortCopies({ nodes, database, pid, cost, between }: Site, url: string): Promise<void> {
  const all = masters * nodesEach;
  const atStart = await memoryMb(pid, 'now');
  await acceptFrozen(url, nodes.sites);
  const before = await cost();
  const rowsBefore = new Map((await database.rowsOf()).map(({ table, rows }) => [table, rows]));
  await thaw(url);
  await endsOf(url, masters, gaveUpAfterMs);
  const spent = between(before, await cost());
  const rowsOf = (await database.rowsOf())
    .map(({ table, rows }) => ({ table, each: (rows - (rowsBefore.get(table) ?? 0)) / all }))
    .filter(({ each }) => each >= 1)
    .map(({ table, each }) => `${table} ${each.toFixed(1)}`);
  const seen = await nodes.figures();
  const { verified } = await database.outcome();
  const seconds = spent.at / 1000;
  figure({
    what: 'load, verified nodes',
    value: verified,
    goal: { exactly: all },
    more: `${masters} masters at once, in ${seconds.toFixed(0)} s, ${(verified / seconds).toFixed(1)} a second`,
  });
  figure({ what: 'load, SLAVEOFs', value: seen.slaveofs, goal: { exactly: all } });
  figure({
    what: 'load, lost keys',
    value: seen.lostKeys,
    goal: { exactly: 0 },
    more: `${seen.slaves} are slaves`,
  });
  figure({
    what: `load, looks at copying nodes later than ${lookWithinMs.shortCopy} ms`,
    value: seen.missed,
    goal: { exactly: 0 },
    more: `of ${seen.looks}, the longest ${Math.round(seen.longestMs)} ms; the nodes' process was deaf for ${Math.round(seen.deafMs)} ms at most`,
  });
  figure({
    what: 'load, memory of the service at the peak',
    value: await memoryMb(pid, 'peak'),
    unit: 'MB',
    goal: { below: mostMb },
    more: `${atStart} at the start, ${await memoryMb(pid, 'now')} at the end`,
  });
  figure({
    what: 'load, rows written for a node, without the time of its copy',
    value: Math.round(spent.rows / all),
    goal: { atMost: 80 },
    more: `${rowsOf.join(', ')}; and ${(spent.queueRows / all).toFixed(1)} of the queue; ${(spent.transactions / all).toFixed(0)} transactions, ${(spent.walBytes / all / 1000).toFixed(0)} KB of log`,
  });
  figure({
    what: 'load, processor time for a node, without the time of its copy',
    value: Math.round((spent.service + spent.database) / all),
    unit: 'ms',
    more: parts(spent, all),
  });
}

async function longCopies({ nodes, pid, cost, between }: Site, url: string): Promise<void> {
  const windowMs = 20_000;
  const atStart = await memoryMb(pid, 'now');
  await acceptFrozen(url, nodes.sites);
  await thaw(url);
  await until(async () => (await nodes.figures()).copying === longMasters, {
    what: 'all nodes copy',
    withinMs: 480_000,
    everyMs: 500,
  });
  // Until the looks at a young copy are over.
  await delay(windowMs);
  const [before, seenBefore] = [await cost(), await nodes.figures()];
  await delay(windowMs);
  const [after, seen] = [await cost(), await nodes.figures()];
  const spent = between(before, after);
  const nodeSeconds = (longMasters * spent.at) / 1000;
  figure({
    what: `load, long copies, looks later than ${lookWithinMs.longCopy} ms`,
    value: seen.missed - seenBefore.missed,
    goal: { exactly: 0 },
    more: `of ${seen.looks - seenBefore.looks}, at ${longMasters} nodes of as many masters`,
  });
  figure({
    what: 'load, long copies, rows written for a node and second',
    value: spent.rows / nodeSeconds,
    goal: { atMost: 6 },
    more: `${(spent.transactions / nodeSeconds).toFixed(2)} transactions, ${(spent.walBytes / nodeSeconds / 1000).toFixed(1)} KB of log`,
  });
  figure({
    what: 'load, long copies, processor time for a node and second',
    value: (spent.service + spent.database) / nodeSeconds,
    unit: 'ms',
    more: parts(spent, nodeSeconds),
  });
  figure({
    what: 'load, long copies, memory for a node',
    value: ((await memoryMb(pid, 'now')) - atStart) / longMasters,
    unit: 'MB',
    more: `${atStart} MB at the start`,
  });
}

const parts = (spent: Record<'service' | 'database' | 'simulation', number>, count: number): string =>
  (['service', 'database', 'simulation'] as const)
    .map((part) => `${(spent[part] / count).toFixed(1)} ms in the ${part}`)
    .join(', ');
