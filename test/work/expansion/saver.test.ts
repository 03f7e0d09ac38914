import { beforeEach, describe, expect, it } from 'vitest';
import type { Expansion } from '../../../src/model/expansion.ts';
import { FencedError } from '../../../src/store/leases.ts';
import type { Store } from '../../../src/store/store.ts';
import { createSaver, type Saver } from '../../../src/work/expansion/saver.ts';
import { newExpansion } from '../../support/expansions.ts';

const lease = { id: 'e', owner: 'w', epoch: 3, leaseMs: 15_000 };
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

  const nothing = () => undefined;
  const callsAre = async (count: number) => {
    for (let turns = 0; turns < 20; turns += 1) await Promise.resolve();
    expect(calls).toHaveLength(count);
  };

  it('is stored while the session goes on, unless it waits', async () => {
    let done = false;
    const stored = saver.save(changed('a'), extra, () => {
      done = true;
    });
    await callsAre(1);
    expect([saver.busy, saver.saved.label, done]).toEqual([true, 'a', false]);
    calls[0]!.resolve();
    await stored;
    expect([saver.busy, done]).toEqual([false, true]);
  });

  it('is stored one after the other, each as a change of the one before', async () => {
    void saver.save(changed('a'), extra, nothing);
    void saver.save(changed('b'), extra, nothing);
    const intent = saver.save(changed('c'), extra, nothing);
    for (const [i, [before, after]] of [
      [null, 'a'],
      ['a', 'b'],
      ['b', 'c'],
    ].entries()) {
      await callsAre(i + 1);
      expect([calls[i]!.before.label, calls[i]!.after.label]).toEqual([before, after]);
      calls[i]!.resolve();
    }
    await intent;
    await saver.idle();
  });

  it('and could not be stored ends the session at its next step, before anything is done', async () => {
    void saver.save(changed('a'), extra, nothing);
    const intent = saver.save(changed('b'), extra, nothing);
    await callsAre(1);
    calls[0]!.reject(new FencedError('lost'));
    await expect(intent).rejects.toThrow(FencedError);
    expect(() => saver.check()).toThrow(FencedError);
    await expect(saver.idle()).rejects.toThrow(FencedError);
    await callsAre(1);
  });

  it('tells that the lease was held when the save was sent, and not before the answer', async () => {
    const intent = saver.save(changed('a'), extra, nothing);
    await callsAre(1);
    const askedAt = now;
    now += 3000;
    expect(saver.leaseKnownAt).toBe(Number.NEGATIVE_INFINITY);
    calls[0]!.resolve();
    await intent;
    expect(saver.leaseKnownAt).toBe(askedAt);
    await saver.renew();
    expect(saver.leaseKnownAt).toBe(now);
  });
});
