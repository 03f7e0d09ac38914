import { beforeEach, describe, expect, it } from 'vitest';
import type { Expansion } from '../../src/core/expansion.ts';
import { FencedError, type Store } from '../../src/store/store.ts';
import { createSaver, type Saver } from '../../src/worker/saver.ts';
import { newExpansion } from '../support/expansions.ts';

const lease = { expansionId: 'e', owner: 'w', epoch: 3, leaseMs: 15_000 };
const extra = { events: [], lookAgainInMs: 250 };

describe('what a session stores', () => {
  let now: number;
  let calls: { before: Expansion; after: Expansion; resolve(): void; reject(error: Error): void }[];
  let loaded: Expansion;
  let saver: Saver;
  const changed = (label: string): Expansion => ({ ...loaded, label });

  beforeEach(() => {
    now = 1_800_000_000_000;
    calls = [];
    loaded = newExpansion({ master: '127.0.0.1:1', nodes: ['127.0.0.1:2'] });
    const store: Pick<Store, 'save' | 'renew'> = {
      save: (_lease, before, after) =>
        new Promise((resolve, reject) => {
          calls.push({ before, after, resolve: () => resolve(undefined as never), reject });
        }),
      renew: async () => undefined,
    };
    const clock = { now: () => now, sleep: () => Promise.reject(new Error('nobody sleeps here')) };
    saver = createSaver(store, clock, lease, loaded);
  });

  it('of progress alone is stored while the session goes on', async () => {
    let stored = false;
    saver.saveMeanwhile(changed('a'), extra, () => {
      stored = true;
    });
    expect([saver.busy, saver.saved.label, stored]).toEqual([true, 'a', false]);
    calls[0]!.resolve();
    await saver.idle();
    expect([saver.busy, stored]).toEqual([false, true]);
  });

  it('is stored one after the other, each as a change of the one before', async () => {
    saver.saveMeanwhile(changed('a'), extra, () => undefined);
    const intent = saver.save(changed('b'), extra);
    await Promise.resolve();
    expect(calls).toHaveLength(1);
    calls[0]!.resolve();
    while (calls.length < 2) await Promise.resolve();
    expect([calls[1]!.before.label, calls[1]!.after.label]).toEqual(['a', 'b']);
    calls[1]!.resolve();
    await intent;
  });

  it('and could not be stored ends the session at its next step, before anything is done', async () => {
    saver.saveMeanwhile(changed('a'), extra, () => undefined);
    calls[0]!.reject(new FencedError('lost'));
    await expect(saver.save(changed('b'), extra)).rejects.toThrow(FencedError);
    expect(() => saver.check()).toThrow(FencedError);
    await expect(saver.idle()).rejects.toThrow(FencedError);
    expect(calls).toHaveLength(1);
  });

  it('tells that the lease was held when the save was asked for, and not before the answer', async () => {
    const askedAt = now;
    const intent = saver.save(changed('a'), extra);
    while (calls.length < 1) await Promise.resolve();
    now += 3000;
    expect(saver.leaseKnownAt).toBe(Number.NEGATIVE_INFINITY);
    calls[0]!.resolve();
    await intent;
    expect(saver.leaseKnownAt).toBe(askedAt);
    await saver.renew();
    expect(saver.leaseKnownAt).toBe(now);
  });
});
