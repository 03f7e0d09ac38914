/**
 * What the service adds to the full syncs themselves: 16 empty nodes join one simulated 3.5.4 master, one at a time; whole time
 * over the sum of the syncs, where the rest goes, and commands sent to each node per second at these close looks (at default
 * settings: `npm run bench questions`).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { newExpansion } from '../src/core/steps/new-expansion.ts';
import { createPikaEngine } from '../src/engines/pika/index.ts';
import type { Expansion, JoinTarget, NodeTarget } from '../src/model/expansion.ts';
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
      policy: resolvePolicy({
        batchSize: 1,
        lookIntervalMs: 5,
        verify: { depth: 'sample', samplePerType: 50 },
      }),
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
    const beganAt = Date.now();
    for (let again: number | null = 0; again !== null; )
      again = await worker.onWakeUp(expansion.id, new AbortController().signal);
    const tookMs = performance.now() - startedAt;
    const sent = Object.keys(served.addresses).map((id, i) => commandsOf(cluster, id) - before[i]!);
    const ended = (await store.get(expansion.id))!;
    report(ended, tookMs, sent);
    reportRest(ended, { beganAt, tookMs });
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

interface Sync {
  readonly attachedAt: number;
  readonly upAt: number;
}

/** Of each node its last attempt. */
const syncsOf = ({ joins }: Expansion): readonly Sync[] =>
  joins.map((join) => {
    const tracker = join.attempts.at(-1)?.tracker;
    return { attachedAt: tracker?.attachedAt ?? Number.NaN, upAt: tracker?.upSince ?? Number.NaN };
  });

const sumOf = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0);

function report(ended: Expansion, tookMs: number, sent: readonly number[]): void {
  const syncs = syncsOf(ended).map(({ attachedAt, upAt }) => upAt - attachedAt);
  const sum = sumOf(syncs);
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
    what: 'expansion, commands to the master at looks every 5 ms',
    value: sent[0]! / (tookMs / 1000),
    unit: '/s',
  });
  figure({
    what: 'expansion, commands to a node in full sync at looks every 5 ms',
    value: sumOf(perNode) / perNode.length,
    unit: '/s',
  });
}

/** Where the time beside the full syncs goes: one line for each part, in the mean of the nodes. */
function reportRest(ended: Expansion, run: { readonly beganAt: number; readonly tookMs: number }): void {
  const syncs = syncsOf(ended);
  const sum = sumOf(syncs.map(({ attachedAt, upAt }) => upAt - attachedAt));
  const parts = new Map<string, number>();
  const add = (part: string, ms: number): void => void parts.set(part, (parts.get(part) ?? 0) + ms);
  add('start until the first SLAVEOF is decided', syncs[0]!.attachedAt - run.beganAt);
  for (const [index, join] of ended.joins.entries()) {
    const { upAt } = syncs[index]!;
    const { catchUp } = join.attempts.at(-1)!;
    const comparison = join.comparison?.report;
    const passedAt = catchUp?.passedAt ?? upAt;
    const verifiedAt = join.phases.findLast(({ phase }) => phase === 'verified')?.at ?? Number.NaN;
    add('up until its offset is reached', passedAt - upAt);
    add('comparison begins', (comparison?.startedAt ?? passedAt) - passedAt);
    add('comparison', (comparison?.endedAt ?? passedAt) - (comparison?.startedAt ?? passedAt));
    add('comparison ended until verified', verifiedAt - (comparison?.endedAt ?? passedAt));
    const next = syncs[index + 1];
    if (next) add("verified until the next node's SLAVEOF is decided", next.attachedAt - verifiedAt);
    else add('last node verified until the end', run.beganAt + run.tookMs - verifiedAt);
  }
  for (const [part, ms] of parts)
    figure({
      what: `expansion, beside the syncs, ${part}`,
      value: ms / nodes,
      unit: 'ms a node',
      more: `${((ms / sum) * 100).toFixed(2)} % of the syncs`,
    });
  for (const [phase, ms] of phasesOf(ended))
    figure({ what: `expansion, ${phase}`, value: ms / nodes, unit: 'ms a node' });
}

/** Milliseconds in each phase of a full sync, over all nodes. */
function phasesOf({ joins }: Expansion): ReadonlyMap<string, number> {
  const lasted = new Map<string, number>();
  for (const { phases } of joins)
    for (const [index, { phase, at }] of phases.entries()) {
      const next = phases[index + 1];
      if (next && phase !== 'waiting') lasted.set(phase, (lasted.get(phase) ?? 0) + next.at - at);
    }
  return lasted;
}
