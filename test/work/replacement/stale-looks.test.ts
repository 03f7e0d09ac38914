import type { Logger } from 'pino';
import { expect, test } from 'vitest';
import { newReplacement } from '../../../src/admission/replacement.ts';
import { createPikaEngine } from '../../../src/engines/pika/engine.ts';
import { formatAddress } from '../../../src/model/observation.ts';
import { type Cluster, createCluster } from '../../../src/simulator/cluster.ts';
import { createRandom } from '../../../src/simulator/random.ts';
import { createReplacementHandler } from '../../../src/work/replacement/handler.ts';
import { createNetwork } from '../../simulation/network.ts';
import { createProcess, type ServiceProcess } from '../../simulation/process.ts';
import { targetAt } from '../../support/memory-audits.ts';
import { createMemoryReplacements } from '../../support/memory-replacements.ts';
import { createMemoryStore } from '../../support/memory-store.ts';

const credentials = { get: () => null, names: [] };
const silent = () => undefined;
const log = { info: silent, warn: silent, error: silent } as unknown as Logger;

/** A master whose slaves s1, s2 and s3 are proven; s1 goes, and one other has to stay. */
function scene(around: { at?(point: string, scene: Scene): void; askedMs?: number }) {
  const cluster = createCluster({ seed: 1, defaults: { version: '3.5.5' } });
  for (const id of ['m', 's1', 's2', 's3']) cluster.addNode({ id, binlogAt: { file: 3, offset: 0 } });
  cluster.load('m', { strings: 20 });
  const nameOf = (id: string) => formatAddress(cluster.node(id));
  for (const id of ['s1', 's2', 's3']) {
    cluster.execute(id, ['SLAVEOF', ...nameOf('m').split(':')]);
    cluster.advanceUntil(() => cluster.observe(id).states.db0 === 'Connected', 60_000);
  }
  cluster.advance(10_000);
  let stirred = true;
  const process = createProcess('w1', cluster.world.clock, () => {
    stirred = true;
  });
  const told: string[] = [];
  const network = createNetwork(cluster, createRandom('network'), {
    sent: ({ argv, node }) => {
      if (argv[0]!.toLowerCase() === 'slaveof') told.push(node);
    },
    arriving: silent,
    executed: silent,
  });
  const now = () => Math.round(cluster.now());
  const store = createMemoryStore({ now });
  const replacements = createMemoryReplacements(store, now);
  const here: Scene = { cluster, network, process, told };
  const slaves = ['s2', 's3'].map((id) => ({
    slave: targetAt(nameOf(id)),
    wholeAt: { at: 1, by: 'exp_1' },
  }));
  const handler = createReplacementHandler({
    replacements,
    store,
    audits: { provenOf: async () => slaves, lastWhole: async (all) => all.map(() => null) },
    admission: { expand: () => Promise.reject(new Error('it has no new nodes')) },
    engine: createPikaEngine({
      now: process.clock.now,
      wires: network.wires(process, () => ({ expansionId: 'rep1', epoch: 1 })),
    }),
    credentials,
    doorbell: { ring: async () => undefined },
    hooks: {
      async ask() {
        await process.clock.sleep(around.askedMs ?? 1);
        return null;
      },
    },
    log,
    clock: process.clock,
    crashPoint: (point) => around.at?.(point, here),
  });
  return {
    ...here,
    /** Works until virtual time has passed. */
    async work(forMs: number) {
      const request = { master: nameOf('m'), takeOut: [nameOf('s1')], keepVerified: 1, drainTimeoutMs: 0 };
      const doc = newReplacement(
        { ...request, reason: 'test' },
        { name: 'test', via: 'rest' },
        { id: 'rep1', at: now() },
        { credentials, limits: { maxNodes: 10, lookTimeoutMs: 1000 } },
      );
      await replacements.accept(doc, [], null);
      void handler('rep1', new AbortController().signal);
      const end = cluster.now() + forMs;
      while (cluster.now() < end) {
        if (stirred) await new Promise((resolve) => setImmediate(resolve));
        stirred = false;
        cluster.advanceTo(Math.min(cluster.nextEventAt() ?? end, end));
      }
      return (await replacements.get('rep1'))!.doc;
    },
  };
}
interface Scene {
  readonly cluster: Cluster;
  readonly network: ReturnType<typeof createNetwork>;
  readonly process: ServiceProcess;
  readonly told: string[];
}

const leave = (cluster: Cluster, ids: readonly string[]) => {
  for (const id of ids) cluster.execute(id, ['SLAVEOF', 'NO', 'ONE']);
};

test('a slave goes while another proven one stays', async () => {
  const { work, told } = scene({});
  expect((await work(60_000)).state).toBe('succeeded');
  expect(told).toEqual(['s1']);
});

test('nothing is detached on what was seen before the process stood still', async () => {
  const { work, told } = scene({
    at(point, { process, cluster }) {
      if (point !== 'after_detach_intent') return;
      process.pause(10_000);
      cluster.world.clock.after(1000, () => leave(cluster, ['s2', 's3']));
    },
  });
  const { state } = await work(60_000);
  expect(told).toEqual([]);
  expect(state).toBe('held');
});

test('an answer that came after its turn is not taken for how a slave is long afterwards', async () => {
  const { work, told, cluster, network } = scene({ askedMs: 30_000 });
  cluster.fault.stall('s3', 2000);
  // Their hosts vanish: the master lists them for a while.
  cluster.world.clock.after(29_500, () => {
    for (const id of ['s2', 's3']) {
      network.vanished.add(id);
      cluster.fault.crash(id, { silent: true });
    }
  });
  const { state } = await work(60_000);
  expect(told).toEqual([]);
  expect(state).toBe('held');
});
