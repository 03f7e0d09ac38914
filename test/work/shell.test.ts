import { expect, test } from 'vitest';
import { sleep } from '../../src/platform/sleep.ts';
import type { Lease } from '../../src/store/leases.ts';
import { underLease } from '../../src/work/shell.ts';

const leaseMs = 15_000;

test.each<[what: string, savedAt: number | undefined, at: number, renewals: number]>([
  ['it was taken a moment ago', undefined, 1_004_000, 0],
  ['a third of it has passed', undefined, 1_006_000, 1],
  ['it was saved under a moment ago', 1_005_000, 1_006_000, 0],
  ['it was saved under long ago', 1_000_500, 1_006_000, 1],
  ['the clock was set back', undefined, 900_000, 1],
])('a lease is prolonged in time, and not when a save did so: %s', async (_what, savedAt, at, renewals) => {
  let now = 1_000_000;
  let renewed = 0;
  const handler = underLease(
    {
      store: {
        claim: async (id, owner): Promise<Lease> => ({ id, owner, epoch: 1, leaseMs }),
        renew: async () => {
          renewed += 1;
        },
        release: async () => undefined,
      },
      what: 'expansion',
      log: { warn: () => undefined, error: () => undefined },
      now: () => now,
      sleep,
      leaseMs,
    },
    async ({ keep }) => {
      now = at;
      await keep(savedAt);
      await keep(savedAt);
      return null;
    },
  );
  await handler('exp_1', new AbortController().signal);
  expect(renewed).toBe(renewals);
});
