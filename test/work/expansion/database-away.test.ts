import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { createPikaEngine } from '../../../src/engines/pika/index.ts';
import type { Lease } from '../../../src/store/leases.ts';
import { createWorker, type Worker } from '../../../src/work/expansion/worker.ts';
import { newExpansion } from '../../support/expansions.ts';
import { createMemoryStore, type MemoryStore } from '../../support/memory-store.ts';

describe('a worker whose database goes away in the middle of an expansion', () => {
  /** What happens while the worker waits for the database, once per wait. */
  let waits: (() => void)[];
  let store: MemoryStore;
  let now: number;
  let claims: (Lease | null)[];
  let worker: Worker;
  let stop: AbortController;
  let expansionId: string;

  beforeEach(async () => {
    now = 1_800_000_000_000;
    const memory = createMemoryStore({ now: () => now });
    const expansion = newExpansion({ master: '127.0.0.1:1', nodes: ['127.0.0.1:2'] });
    await memory.accept(expansion, [], null);
    waits = [];
    claims = [];
    stop = new AbortController();
    expansionId = expansion.id;
    store = {
      ...memory,
      claim: async (...args) => {
        const lease = await memory.claim(...args);
        claims.push(lease);
        return lease;
      },
    };
    const databaseRetryMs = 2000;
    worker = createWorker({
      store,
      engine: createPikaEngine(),
      credentials: { get: () => null, names: [] },
      compare: () => Promise.reject(new Error('nothing is compared here')),
      log: pino({ level: 'silent' }),
      clock: {
        now: () => now,
        // Between two turns the database goes away.
        sleep: async (ms) => {
          now += ms;
          if (ms === databaseRetryMs) waits.shift()?.();
          else if (claims.length === 1) store.setUnavailable(true);
          else stop.abort();
        },
      },
    });
  });

  it('goes on as soon as the database is back, not a lease later, and needs no ring for it', async () => {
    waits = [() => undefined, () => store.setUnavailable(false)];
    expect(await worker.onWakeUp(expansionId, stop.signal)).toBe(0);
    expect(claims.map((lease) => lease?.epoch)).toEqual([1, 2]);
  });

  it('leaves the expansion alone when another worker has it by then', async () => {
    let other: Promise<Lease | null> | null = null;
    waits = [
      () => {
        store.setUnavailable(false);
        now += 60_000;
        other = store.claim(expansionId, 'another worker', 15_000);
      },
    ];
    expect(await worker.onWakeUp(expansionId, stop.signal)).toBeNull();
    expect(claims.map((lease) => lease?.owner ?? null)).toContain('another worker');
    await expect(store.renew((await other!)!)).resolves.toBeUndefined();
  });

  it('ends when it is told to stop while it waits', async () => {
    waits = [() => stop.abort()];
    expect(await worker.onWakeUp(expansionId, stop.signal)).toBe(0);
    expect(claims).toHaveLength(1);
  });
});
