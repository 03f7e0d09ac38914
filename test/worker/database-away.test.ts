import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createPikaEngine } from '../../src/engines/pika/index.ts';
import { createWorker } from '../../src/worker/index.ts';
import type { Clock } from '../../src/worker/observer.ts';
import { newExpansion } from '../support/expansions.ts';
import { createMemoryStore } from '../support/memory-store.ts';

/** A worker on nodes that cannot be reached; `sleep` is called whenever it waits for its next look. */
function workerOn(store: ReturnType<typeof createMemoryStore>, now: () => number, sleep: () => void) {
  const clock: Clock = {
    now,
    sleep: async () => {
      sleep();
    },
  };
  return createWorker({
    store,
    engine: createPikaEngine(),
    credentials: { get: () => null, names: [] },
    compare: () => Promise.reject(new Error('nothing is compared here')),
    log: pino({ level: 'silent' }),
    clock,
  });
}

it('goes on with its expansion as soon as the database is back, not a lease later', async () => {
  const now = 1_800_000_000_000;
  const store = createMemoryStore({ now: () => now });
  const expansion = newExpansion({ master: '127.0.0.1:1', nodes: ['127.0.0.1:2'] });
  await store.accept(expansion, [], null);
  const stop = new AbortController();
  let sleeps = 0;
  const worker = workerOn(
    store,
    () => now,
    () => {
      sleeps += 1;
      if (sleeps === 1) store.setUnavailable(true);
      if (sleeps > 1) stop.abort();
    },
  );

  expect(await worker.onWakeUp(expansion.id, stop.signal)).toBe(2000);
  await expect(worker.onWakeUp(expansion.id, stop.signal)).rejects.toThrow(/cannot be reached/);
  store.setUnavailable(false);
  expect(await worker.onWakeUp(expansion.id, stop.signal)).toBe(0);
  expect(sleeps).toBe(2);
});

it('leaves the lease alone when another worker has it by then', async () => {
  let now = 1_800_000_000_000;
  const store = createMemoryStore({ now: () => now });
  const expansion = newExpansion({ master: '127.0.0.1:1', nodes: ['127.0.0.1:2'] });
  await store.accept(expansion, [], null);
  const worker = workerOn(
    store,
    () => now,
    () => store.setUnavailable(true),
  );
  expect(await worker.onWakeUp(expansion.id, new AbortController().signal)).toBe(2000);
  store.setUnavailable(false);
  now += 60_000;
  const other = (await store.claim(expansion.id, 'another worker', 15_000))!;
  expect(await worker.onWakeUp(expansion.id, new AbortController().signal)).toBeNull();
  await expect(store.renew(other)).resolves.toBeUndefined();
});
