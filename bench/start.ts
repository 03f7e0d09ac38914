/** How long people wait for a start: of the command line's help, and of the service on a database that is there. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startService } from '../src/main.ts';
import { openDatabase } from '../src/store/database.ts';
import { startEmbeddedPostgres } from '../src/store/embedded.ts';
import { builtProgram } from '../test/support/program.ts';
import { startServiceProcess } from '../test/support/service-process.ts';
import { figure } from './figures.ts';
import { admin, carryOut, copy } from './history.ts';

const expansions = Number(process.env.START_EXPANSIONS ?? 100_000);
const times = 7;
const goals = { helpMs: 150, readyMs: 1500 };

/** Runs the benchmark and prints its lines. */
export async function benchStart(): Promise<void> {
  const program = await builtProgram();
  const dataDir = await mkdtemp(join(tmpdir(), 'pika-expander-start-'));
  try {
    const node = median(() => run(['-e', '0']));
    figure({ what: 'start of Node alone', value: await node, unit: 'ms' });
    for (const args of [['--help'], ['--help', '--lang', 'zh'], ['expand', '--help']]) {
      const value = await median(() => run([program, ...args]));
      figure({ what: `pika-expander ${args.join(' ')}`, value, unit: 'ms', goal: { below: goals.helpMs } });
    }
    await ready(program, dataDir);
    await measureServe('on an empty database', program, dataDir);
    await fill(dataDir);
    await measureServe(`with ${expansions} ended expansions`, program, dataDir);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function measureServe(what: string, program: string, dataDir: string): Promise<void> {
  const value = await median(() => ready(program, dataDir));
  figure({ what: `serve, ready ${what}`, value, unit: 'ms', goal: { below: goals.readyMs } });
}

/** From the start of `serve` until it says that it runs; then it is stopped. */
async function ready(program: string, dataDir: string): Promise<number> {
  const startedAt = performance.now();
  const service = startServiceProcess({ env: {}, flags: ['--data-dir', dataDir], program });
  await service.url();
  const took = performance.now() - startedAt;
  service.child.kill('SIGTERM');
  await service.ended;
  return took;
}

async function fill(dataDir: string): Promise<void> {
  const service = await startService(
    { port: 0, logLevel: 'error', dataDir },
    { PIKA_EXPANDER_ADMIN_TOKEN: admin },
  );
  const id = await carryOut(service.url);
  await service.close();
  const server = await startEmbeddedPostgres({ dataDir });
  const database = openDatabase({ connection: server.connection });
  await copy((sql) => database.session((client) => client.query(sql)), id, 1, expansions);
  await database.close();
  await server.stop();
}

function run(args: readonly string[]): number {
  const startedAt = performance.now();
  spawnSync(process.execPath, args, { stdio: 'ignore' });
  return performance.now() - startedAt;
}

async function median(measure: () => number | Promise<number>): Promise<number> {
  const all: number[] = [];
  for (let n = 0; n < times; n += 1) all.push(await measure());
  return Math.round(all.toSorted((a, b) => a - b)[Math.floor(times / 2)]!);
}
