/**
 * One worker that guards 1,000 masters with 5 slaves each, a look each 30 s. Tells what it costs: the share of one core, by
 * the process's own clock of processor time, and its memory.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Guard } from '../src/model/views/guard.ts';
import { builtProgram } from '../test/support/program.ts';
import { startServiceProcess } from '../test/support/service-process.ts';
import { figure } from './figures.ts';
import type { GuardSite } from './guard-nodes.ts';
import { memoryMb, processorMs } from './processes.ts';

const masters = Number(process.env.GUARD_MASTERS ?? 1000);
const slavesEach = 5;
const everyMs = 30_000;
const rounds = 3;

/** Runs the benchmark and prints its lines. */
export async function benchGuards(): Promise<void> {
  const program = await builtProgram();
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
    const [before, startedAt] = [await processorMs(service.child.pid!), performance.now()];
    await delay(rounds * everyMs);
    const tookMs = performance.now() - startedAt;
    const usedMs = (await processorMs(service.child.pid!)) - before;
    const { counts, masters: seen } = await call<Guard>(path);
    const oldestMs = Math.max(...seen.map(({ lookedAt }) => Date.now() - lookedAt!));
    figure({
      what: 'guards, share of one core',
      value: Math.round((100 * usedMs) / tookMs),
      unit: '%',
      goal: { atMost: 30 },
      more: `${counts.masters} masters with ${counts.slaves} slaves, a look each ${everyMs / 1000} s, over ${(tookMs / 1000).toFixed(0)} s`,
    });
    figure({
      what: 'guards, findings of servers that are well',
      value: counts.errors + counts.warnings,
      goal: { exactly: 0 },
    });
    // What is remembered is stored once a minute.
    figure({
      what: 'guards, age of the oldest stored look',
      value: Math.round(oldestMs / 1000),
      unit: 's',
      goal: { atMost: 60 + everyMs / 1000 },
    });
    figure({
      what: 'guards, memory at the peak',
      value: await memoryMb(service.child.pid!, 'peak'),
      unit: 'MB',
      goal: { atMost: 300 },
    });
    service.child.kill('SIGTERM');
    await service.ended;
  } finally {
    await service.kill();
    nodes.disconnect();
    await rm(dataDir, { recursive: true, force: true });
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
