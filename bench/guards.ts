/**
 * One worker that guards 1,000 masters with 5 slaves each, a look each 30 s. Tells what it costs: the share of one core, by
 * the process's own clock of processor time, and its memory.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Guard } from '../src/model/views/guard.ts';
import { buildProgram, startServiceProcess } from '../test/support/service-process.ts';
import type { GuardSite } from './guard-nodes.ts';

const masters = Number(process.env.GUARD_MASTERS ?? 1000);
const slavesEach = 5;
const everyMs = 30_000;
const rounds = 3;
/** Of /proc: clock ticks in a second. */
const ticksPerSecond = 100;

/** Runs the benchmark and prints its lines. */
export async function benchGuards(): Promise<void> {
  const program = await buildProgram();
  const nodes = fork(fileURLToPath(new URL('./guard-nodes.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
  });
  const dataDir = await mkdtemp(join(tmpdir(), 'pika-expander-guards-'));
  const service = startServiceProcess({ env: { DATA_DIR: dataDir }, program });
  try {
    nodes.send({ masters, slavesEach });
    const [site] = (await once(nodes, 'message')) as [GuardSite];
    const url = await service.url();
    const guard = await call<Guard>(`${url}/v1/guards`, { masters: site.masters, everyMs });
    const path = `${url}/v1/guards/${guard.id}`;
    // The first round finds the slaves.
    for (let counts = guard.counts; counts.slaves < masters * slavesEach; ) {
      await delay(1000);
      counts = (await call<Guard>(path)).counts;
    }
    await delay(everyMs);
    const [before, startedAt] = [await ticksOf(service.child.pid!), performance.now()];
    await delay(rounds * everyMs);
    const seconds = (performance.now() - startedAt) / 1000;
    const used = ((await ticksOf(service.child.pid!)) - before) / ticksPerSecond;
    const { counts, masters: seen } = await call<Guard>(path);
    const oldest = Math.max(...seen.map(({ lookedAt }) => Date.now() - lookedAt!)) / 1000;
    console.log(
      `guards: ${counts.masters} masters with ${counts.slaves} slaves, each looked at every ${everyMs / 1000} s: ${((100 * used) / seconds).toFixed(0)} % of one core over ${seconds.toFixed(0)} s; ${counts.errors + counts.warnings} findings, the oldest stored look is ${oldest.toFixed(0)} s old`,
    );
    console.log(
      `guards: memory ${await memoryOf(service.child.pid!, 'VmRSS')} MB, ${await memoryOf(service.child.pid!, 'VmHWM')} MB at the peak`,
    );
    service.child.kill('SIGTERM');
    await service.ended;
  } finally {
    await service.kill();
    nodes.disconnect();
    await rm(dataDir, { recursive: true, force: true });
    await program.remove();
  }
}

async function call<T>(url: string, body?: object): Promise<T> {
  const post = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  const response = await fetch(url, body === undefined ? {} : post);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** Processor time of a process so far, in clock ticks. */
async function ticksOf(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

async function memoryOf(pid: number, name: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)![1]) / 1024);
}
