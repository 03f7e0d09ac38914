import { expect, it } from 'vitest';
import { StoreUnavailableError } from '../../src/store/store.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { describeStore, observationsPerNode } from './contract.ts';

describeStore('memory', async () => {
  let now = 1_800_000_000_000;
  return {
    store: createMemoryStore({ now: () => now, observationsPerNode }),
    async advance(ms) {
      now += ms;
    },
    async close() {},
  };
});

it('can be made unavailable by a test', async () => {
  const store = createMemoryStore({ now: () => 0 });
  store.setUnavailable(true);
  await expect(store.get('x')).rejects.toThrow(StoreUnavailableError);
  store.setUnavailable(false);
  expect(await store.get('x')).toBeNull();
});
