import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Look } from '../../src/model/observation.ts';
import { keepSigningKey } from '../../src/store/signing-key.ts';
import { storedEvent } from '../support/events.ts';
import { newExpansion } from '../support/expansions.ts';
import { openTestStores, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { describeStore, observationsPerNode } from './contract.ts';

let postgres: TestPostgres;
let database: TestDatabase;
beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createMigratedDatabase();
});
afterAll(() => postgres.stop());

describeStore('PostgreSQL', async () => {
  const { store } = openTestStores(database.connection, { observationsPerNode });
  return {
    store,
    // The database's clock is the real one.
    advance: (ms) => delay(ms),
    async close() {
      await store.close();
      await database.empty();
    },
  };
});

test('looks on which a verdict rests are thinned out last: around a change, around a verdict', async () => {
  const stores = openTestStores(database.connection, { observationsPerNode });
  const { store } = stores;
  const expansion = newExpansion();
  await store.accept(expansion, [], null);
  const lease = (await store.claim(expansion.id, 'worker', 600_000))!;
  const [copyingFrom, verifiedAt, taken] = [60, 100, 260];
  for (let at = 1; at <= taken; at += 1) {
    const dbStates = { db0: at < copyingFrom ? 'WaitDBSync' : 'Connected' };
    const facts = { replication: { role: 'slave', linkStatus: 'up', dbStates, slaves: [] } };
    await store.save(lease, expansion, expansion, {
      lookAgainInMs: null,
      events: at === verifiedAt ? [storedEvent('node.verified', { at: at * 1000 })] : [],
      observations: [
        { node: 'n1', look: { kind: 'answered', at: at * 1000, tookMs: 1, facts } as unknown as Look },
      ],
    });
  }
  const kept = await store.observations({ expansionId: expansion.id, afterSeq: 0, limit: 1000 });
  const seconds = kept.map(({ at }) => at / 1000);
  expect(seconds).toEqual(expect.arrayContaining([57, 58, 59, 60, 61, 62, 98, 99, 100, 101, 102]));
  expect(seconds.length).toBeLessThanOrEqual(observationsPerNode * 2);
  await stores.close();
  await database.empty();
});

test('every process signs by the same key, which is made once', async () => {
  const stores = openTestStores(database.connection);
  expect([await keepSigningKey(stores.database, 'a'), await keepSigningKey(stores.database, 'b')]).toEqual([
    'a',
    'a',
  ]);
  await stores.close();
});

test('what nobody has taken waits behind others at work; what a dead worker left, or all while nobody works, is unattended', async () => {
  const stores = openTestStores(database.connection);
  const { store } = stores;
  const unattended = async () => {
    let found = -1;
    await stores.channels.find(
      { limit: 1, types: [], unattendedMs: 0, keys: [], keyOf: () => '', endedAfter: 0 },
      (_, findings) => {
        found = findings.unattended;
        return [];
      },
    );
    expect(await store.unattended(10)).toHaveLength(found);
    return found;
  };
  const [one, other] = [newExpansion(), newExpansion({ id: 'exp_other', nodes: ['10.0.0.9:9221'] })];
  for (const expansion of [one, other]) await store.accept(expansion, [], null);
  expect(await unattended()).toBe(2);
  await store.claim(one.id, 'worker', 600_000);
  expect(await unattended()).toBe(0);
  const lease = (await store.claim(other.id, 'worker', 600_000))!;
  const begun = { ...other, state: 'running' } as const;
  await store.save(lease, other, begun, { lookAgainInMs: 0, events: [], observations: [] });
  await store.release(lease);
  expect(await unattended()).toBe(0);
  await store.claim(other.id, 'dies', 1);
  await until(async () => (await store.left(1)).length === 1);
  expect(await unattended()).toBe(1);
  await stores.close();
  await database.empty();
});
