/**
 * On real Pika, which PIKA_BIN names: of a version that shares its dump (3.5.5, 4.0.1), or that makes one for every
 * node (up to 3.5.4), where a batch holds one node whatever was asked.
 *
 *     PIKA_BIN=/path/to/pika npm test -- test/scheduling/pika.test.ts
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareNodes, specFromPolicy } from '../../src/compare/compare.ts';
import { newExpansion } from '../../src/core/steps/new-expansion.ts';
import { createPikaEngine } from '../../src/engines/pika/index.ts';
import { isEnded, type JoinTarget, type NodeTarget, needsPerson } from '../../src/model/expansion.ts';
import { type PolicyInput, resolvePolicy } from '../../src/model/policy.ts';
import { createWorker } from '../../src/work/expansion/worker.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { hasTheBug, type PikaNode, startPika } from '../support/pika.ts';

const binary = process.env.PIKA_BIN;
const firstPort = Number(process.env.PIKA_SCHEDULING_PORT ?? 17_500);
const throttle = 10 * 1024 * 1024;
const keys = 30_000;

const targetOf = (node: PikaNode): NodeTarget => {
  const address = { host: '127.0.0.1', port: node.port };
  return { name: node.name, address, seenAs: address, credential: null };
};

describe.skipIf(!binary || !existsSync(binary))('on real Pika', { timeout: 300_000 }, () => {
  let nodes: readonly PikaNode[];

  beforeEach(async () => {
    const settings = { 'throttle-bytes-per-second': throttle };
    const started: PikaNode[] = [];
    for (let i = 0; i < 4; i += 1)
      started.push(await startPika({ binary: binary!, port: firstPort + 10 * i, settings }));
    nodes = started;
    const value = 'v'.repeat(1024);
    const pipeline = nodes[0]!.client.pipeline();
    for (let i = 0; i < keys; i += 1) pipeline.set(`key:${i}`, `${i}:${value}`);
    await pipeline.exec();
  }, 300_000);

  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
  }, 300_000);

  /** Runs an expansion of all nodes to its end; LASTSAVE of the master tells how many dumps it made. */
  async function expand(policy: PolicyInput) {
    const [master, ...slaves] = nodes;
    const store = createMemoryStore({ now: Date.now });
    const expansion = newExpansion({
      id: 'e',
      master: targetOf(master!),
      nodes: slaves.map((node): JoinTarget => ({ ...targetOf(node), overwriteData: false, repoint: false })),
      // All lie on one host, so that the service would choose one at a time.
      policy: resolvePolicy({ lookIntervalMs: 100, batchSize: slaves.length, ...policy }),
      label: null,
      requestedBy: 'test',
      via: 'rest',
      now: Date.now(),
    });
    await store.accept(expansion, [], null);
    const credentials = { get: () => null, names: [] };
    const worker = createWorker({
      store,
      engine: createPikaEngine(),
      credentials,
      compare: (task) =>
        compareNodes({
          left: { address: task.master.address, credential: null },
          right: { address: task.node.address, credential: null },
          spec: specFromPolicy(task.policy),
          signal: task.signal,
        }),
      log: pino({ level: 'silent' }),
    });
    const saves = new Set<number>();
    const throttles = new Set<string>();
    const watching = new AbortController();
    const watch = (async () => {
      while (!watching.signal.aborted) {
        saves.add(Number(await master!.send('LASTSAVE')));
        for (const slave of slaves)
          throttles.add(
            String(((await slave.send('CONFIG', 'GET', 'throttle-bytes-per-second')) as string[])[1]),
          );
        await sleep(100);
      }
    })();
    for (;;) {
      const again = await worker.onWakeUp('e', new AbortController().signal);
      const { state } = (await store.get('e'))!;
      if (isEnded(state) || needsPerson(state)) break;
      await sleep(Math.min(again ?? 200, 1000));
    }
    watching.abort();
    await watch;
    saves.delete(0);
    return { ended: (await store.get('e'))!, dumps: saves.size, throttles, slaves };
  }

  it('three nodes cost one batch and one dump, or three of each where slaves spoil each other', async () => {
    const { ended, dumps } = await expand({});
    const batches = (await hasTheBug(nodes[0]!)) ? 3 : 1;
    expect(ended.state).toBe('succeeded');
    expect(ended.batchCount).toBe(batches);
    expect(dumps).toBe(batches);
  });

  it('a budget is given to the nodes through their throttles, which are put back', async () => {
    const share = 4 * 1024 * 1024;
    const atOnce = (await hasTheBug(nodes[0]!)) ? 1 : 3;
    const { ended, throttles, slaves } = await expand({ bandwidthBytesPerSecond: share * atOnce });
    expect(ended.state).toBe('succeeded');
    expect(throttles).toContain(String(share));
    for (const slave of slaves)
      expect(await slave.send('CONFIG', 'GET', 'throttle-bytes-per-second')).toEqual([
        'throttle-bytes-per-second',
        String(throttle),
      ]);
    expect(ended.joins.map((join) => join.borrowed?.state)).toEqual(['restored', 'restored', 'restored']);
  });
});
