/**
 * One process of the service with many masters: 1,000 with 3 nodes each, simulated over TCP by another process, all at once.
 * Tells what came of it, the longest time between two looks at a copying node (the nodes measure it), the memory of the service's
 * process, what it wrote into the database, and the processor time of each part.
 */
import { buildProgram, startServiceProcess } from '../test/support/service-process.ts';
import { figure } from './figures.ts';
import { acceptFrozen, endsOf, startDatabase, startNodes, thaw } from './load-run.ts';
import { memoryMb, processorMs } from './processes.ts';

const masters = Number(process.env.LOAD_MASTERS ?? 1000);
const nodesEach = 3;
/** The setting that is measured against: the service's own default. */
const lookIntervalMs = 250;
const lookWithinMs = 2 * lookIntervalMs;
const gaveUpAfterMs = 600_000;

/** Runs the benchmark and prints its lines. */
export async function benchLoad(): Promise<void> {
  const program = await buildProgram();
  const nodes = await startNodes({ masters, nodesEach, lookWithinMs });
  const database = await startDatabase();
  const profile = process.env.LOAD_PROFILE;
  const service = startServiceProcess({
    env: { DATABASE_URL: database.url },
    program,
    nodeArgs: profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [],
  });
  try {
    const url = await service.url();
    const pid = service.child.pid!;
    const atStart = await memoryMb(pid, 'now');
    await acceptFrozen(url, nodes.sites);
    const cost = async () => ({
      service: await processorMs(pid),
      database: await database.processorMs(),
      simulation: await nodes.processorMs(),
      writes: await database.writes(),
    });
    const before = await cost();
    const startedAt = performance.now();
    await thaw(url);
    await endsOf(url, masters, gaveUpAfterMs);
    const seconds = (performance.now() - startedAt) / 1000;
    const after = await cost();
    const { verified, workedMs } = await database.outcome();
    const seen = await nodes.figures();
    const all = masters * nodesEach;
    figure({
      what: 'load, verified nodes',
      value: verified,
      goal: { exactly: all },
      more: `in ${seconds.toFixed(0)} s`,
    });
    figure({ what: 'load, SLAVEOFs', value: seen.slaveofs, goal: { exactly: all } });
    figure({
      what: 'load, lost keys',
      value: seen.lostKeys,
      goal: { exactly: 0 },
      more: `${seen.slaves} are slaves`,
    });
    figure({
      what: `load, looks at copying nodes later than ${lookWithinMs} ms`,
      value: seen.missed,
      goal: { exactly: 0 },
      more: `of ${seen.looks}, the longest ${Math.round(seen.longestMs)} ms; the nodes' process was deaf for ${Math.round(seen.deafMs)} ms at most`,
    });
    figure({
      what: 'load, memory of the service at the peak',
      value: await memoryMb(pid, 'peak'),
      unit: 'MB',
      goal: { below: 300 },
      more: `${atStart} at the start, ${await memoryMb(pid, 'now')} at the end`,
    });
    const [written, then] = [after.writes, before.writes];
    const workedSeconds = workedMs / 1000;
    figure({
      what: 'load, rows written for a node and second of its full sync',
      value: (written.rows - then.rows) / workedSeconds,
      goal: { atMost: 10 },
      more: `${((written.rows - then.rows) / all).toFixed(0)} for a node, and ${((written.queueRows - then.queueRows) / all).toFixed(0)} of the queue; ${((written.walBytes - then.walBytes) / all / 1000).toFixed(0)} KB of log; ${((written.transactions - then.transactions) / workedSeconds).toFixed(1)} transactions a second`,
    });
    const parts = (['service', 'database', 'simulation'] as const).map(
      (part) => `${((after[part] - before[part]) / all).toFixed(0)} ms in the ${part}`,
    );
    figure({
      what: 'load, processor time of service and database for a node',
      value: (after.service - before.service + after.database - before.database) / all,
      unit: 'ms',
      more: parts.join(', '),
    });
    service.child.kill('SIGTERM');
    await service.ended;
  } finally {
    await service.kill();
    nodes.stop();
    await database.stop();
    await program.remove();
  }
}
