/**
 * One process of the service with many masters: 200 with 5 nodes each, simulated over TCP by another process; 20 masters
 * at a time, and then all at once. Tells what came of it, the longest time between two looks at a copying node (the nodes
 * measure it), and the memory of the service's process.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildProgram, type ServiceProcess, startServiceProcess } from '../test/support/service-process.ts';
import type { LoadFigures, LoadRequest, LoadSite } from './load-nodes.ts';

const masters = Number(process.env.LOAD_MASTERS ?? 200);
const nodesEach = 5;
/** The setting that is measured against: the service's own default. */
const lookIntervalMs = 250;
const lookWithinMs = 2 * lookIntervalMs;
const gaveUpAfterMs = 300_000;

/** Runs the benchmark and prints its lines. */
export async function benchLoad(): Promise<void> {
  const program = await buildProgram();
  try {
    await round('20 at a time', program, (service, sites) => inTurn(service, sites, 20));
    await round('all at once', program, allAtOnce);
  } finally {
    await program.remove();
  }
}

type Round = (service: string, sites: readonly LoadSite[]) => Promise<readonly string[]>;

async function round(
  name: string,
  program: Awaited<ReturnType<typeof buildProgram>>,
  work: Round,
): Promise<void> {
  const nodes = await startNodes({ masters, nodesEach, lookWithinMs });
  const dataDir = await mkdtemp(join(tmpdir(), 'pika-expander-load-'));
  const profile = process.env.LOAD_PROFILE;
  const service = startServiceProcess({
    env: { DATA_DIR: dataDir },
    program,
    nodeArgs: profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [],
  });
  try {
    const url = await service.url();
    const memory = watchMemory(service);
    const startedAt = performance.now();
    const ids = await work(url, nodes.sites);
    const tookMs = performance.now() - startedAt;
    const { start, peak, end } = await memory.stop();
    const verified = await countVerified(url, ids);
    const seen = await nodes.figures();
    console.log(
      `load, ${name}: ${verified} of ${masters * nodesEach} nodes verified in ${(tookMs / 1000).toFixed(0)} s (${seen.slaves} are slaves, ${seen.lostKeys} keys lost, ${seen.slaveofs} SLAVEOFs)`,
    );
    console.log(
      `load, ${name}: longest time between two looks at a copying node ${Math.round(seen.longestMs)} ms of ${lookWithinMs} allowed; missed looks: ${seen.missed} of ${seen.looks} (the nodes' process was deaf for ${Math.round(seen.deafMs)} ms at most)`,
    );
    console.log(`load, ${name}: memory ${start} MB at the start, ${peak} at the peak, ${end} at the end`);
    service.child.kill('SIGTERM');
    await service.ended;
  } finally {
    await service.kill();
    nodes.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function startNodes(request: LoadRequest) {
  const file = fileURLToPath(new URL('./load-nodes.ts', import.meta.url));
  const child: ChildProcess = fork(file, { execArgv: ['--import', 'tsx'] });
  child.send(request);
  const [{ sites }] = (await once(child, 'message')) as [{ sites: readonly LoadSite[] }];
  return {
    sites,
    async figures(): Promise<LoadFigures> {
      child.send('figures');
      const [figures] = (await once(child, 'message')) as [LoadFigures];
      return figures;
    },
    stop: () => child.disconnect(),
  };
}

async function inTurn(url: string, sites: readonly LoadSite[], atOnce: number): Promise<readonly string[]> {
  const ends = followEnds(url);
  const waiting = [...sites];
  const ids: string[] = [];
  const worker = async () => {
    for (let site = waiting.shift(); site !== undefined; site = waiting.shift()) {
      const id = await accept(url, site);
      ids.push(id);
      await ends.of(id);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  ends.stop();
  return ids;
}

/** All are accepted while everything is frozen, so that they begin in one moment. */
async function allAtOnce(url: string, sites: readonly LoadSite[]): Promise<readonly string[]> {
  await call(url, 'POST', '/v1/freeze', { reason: 'the benchmark is being set up' });
  const ends = followEnds(url);
  const waiting = [...sites];
  const ids: string[] = [];
  const worker = async () => {
    for (let site = waiting.shift(); site !== undefined; site = waiting.shift())
      ids.push(await accept(url, site));
  };
  await Promise.all(Array.from({ length: 20 }, worker));
  await call(url, 'DELETE', '/v1/freeze', { reason: 'the benchmark begins' });
  await Promise.all(ids.map((id) => ends.of(id)));
  ends.stop();
  return ids;
}

interface Page {
  readonly items: readonly { readonly seq: number; readonly expansionId: string }[];
}

/** Reads the events of ends once a second; a benchmark that asks for each expansion would measure its own questions. */
function followEnds(url: string) {
  const types = ['succeeded', 'failed', 'halted', 'cancelled'].map((state) => `expansion.${state}`).join(',');
  const ended = new Set<string>();
  const waiting = new Map<string, () => void>();
  let stopped = false;
  const giveUpAt = performance.now() + gaveUpAfterMs;
  const follow = async () => {
    for (let after = 0; !stopped && performance.now() < giveUpAt; await delay(1000)) {
      const { items } = await call<Page>(url, 'GET', `/v1/events?type=${types}&after=${after}&limit=1000`);
      for (const { seq, expansionId } of items) {
        after = seq;
        ended.add(expansionId);
        waiting.get(expansionId)?.();
      }
    }
    for (const resolve of waiting.values()) resolve();
  };
  void follow();
  return {
    of: (id: string) =>
      new Promise<void>((resolve) => {
        if (ended.has(id)) resolve();
        else waiting.set(id, resolve);
      }),
    stop() {
      stopped = true;
    },
  };
}

async function accept(url: string, { master, nodes }: LoadSite): Promise<string> {
  const { id } = await call<{ id: string }>(url, 'POST', '/v1/expansions', { master, nodes });
  return id;
}

async function countVerified(url: string, ids: readonly string[]): Promise<number> {
  let verified = 0;
  for (const id of ids) {
    const { joins } = await call<{ joins: { phase: string }[] }>(url, 'GET', `/v1/expansions/${id}`);
    verified += joins.filter(({ phase }) => phase === 'verified').length;
  }
  return verified;
}

/** Asks again while the service sheds load. */
async function call<T>(url: string, method: string, path: string, body?: object): Promise<T> {
  for (;;) {
    const response = await fetch(url + path, {
      method,
      ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
    });
    if (response.status === 503 || response.status === 429) {
      await delay(1000);
      continue;
    }
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (response.status === 204 ? null : await response.json()) as T;
  }
}

function watchMemory({ child }: ServiceProcess) {
  const read = async (name: string) => {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
    return Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)![1]) / 1024);
  };
  const start = read('VmRSS');
  return {
    stop: async () => ({ start: await start, peak: await read('VmHWM'), end: await read('VmRSS') }),
  };
}
