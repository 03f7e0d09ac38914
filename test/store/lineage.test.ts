import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createLineageGate, lineageOf } from '../../src/store/lineage.ts';
import { StoreUnavailableError } from '../../src/store/store.ts';
import { newExpansion } from '../support/expansions.ts';
import { openTestStores, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let stores: ReturnType<typeof openTestStores>;
beforeAll(async () => {
  postgres = await startPostgres();
});
beforeEach(async () => {
  database = await postgres.createMigratedDatabase();
  stores = openTestStores(database.connection);
});
afterEach(async () => {
  await stores.close();
  await database.drop();
});
afterAll(() => postgres.stop());

/** As if a standby had been promoted since. */
const promoted = () => stores.database.query('update lineage set timeline = timeline - 1');

it('the first history that is seen, and the same one again, are nothing to see to', async () => {
  expect(await stores.restores.follow(false)).toBe(false);
  expect(await stores.restores.follow(false)).toBe(false);
  expect(await stores.restores.unexamined()).toBeNull();
});

it('another history is noted once, and no lease of the one before counts any more', async () => {
  const { store, restores } = stores;
  await restores.follow(false);
  await store.accept(newExpansion({ id: 'exp_1' }), [], null);
  const lease = (await store.claim('exp_1', 'somebody', 3_600_000))!;
  await promoted();
  expect(await restores.follow(false)).toBe(true);
  expect(await restores.follow(false)).toBe(false);
  expect(await restores.unexamined()).toMatchObject({ cause: 'failover', madeAt: null });
  await expect(store.renew(lease)).rejects.toMatchObject({ code: 'fenced' });
  expect((await store.claim('exp_1', 'somebody', 1000))!.epoch).toBeGreaterThan(lease.epoch + 1000);
});

it('a history that lacks nothing is followed, and leases go on', async () => {
  const { store, restores } = stores;
  await restores.follow(true);
  await store.accept(newExpansion({ id: 'exp_1' }), [], null);
  const lease = (await store.claim('exp_1', 'somebody', 3_600_000))!;
  await promoted();
  expect(await restores.follow(true)).toBe(true);
  expect(await restores.unexamined()).toBeNull();
  await store.renew(lease);
});

it('a connection to a later history waits until it is seen to, one to an earlier is refused', async () => {
  const here = (await lineageOf(stores.database))!;
  const at = (timeline: number) => ({
    query: async (text: string) =>
      (text.includes('as standby') ? [{ standby: false, told: true }] : [{ ...here, timeline }]) as never[],
  });
  const seen: boolean[] = [];
  let isAway = true;
  const gate = createLineageGate(async ({ wasSynchronous }) => {
    if (isAway) throw new Error('not now');
    seen.push(wasSynchronous);
  });
  await gate.check(at(2));
  await gate.check(at(2));
  await expect(gate.check(at(3))).rejects.toBeInstanceOf(StoreUnavailableError);
  isAway = false;
  await Promise.all([gate.check(at(3)), gate.check(at(3))]);
  await gate.check(at(3));
  expect(seen).toEqual([false]);
  await expect(gate.check(at(2))).rejects.toThrow('an old primary (timeline 2, not 3)');
});
