import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { newExpansion } from '../support/expansions.ts';
import { openTestStores, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let stores: ReturnType<typeof openTestStores>;
let others: ReturnType<typeof openTestStores>;
beforeAll(async () => {
  postgres = await startPostgres();
});
beforeEach(async () => {
  database = await postgres.createMigratedDatabase();
  stores = openTestStores(database.connection);
  others = openTestStores(database.connection);
  for (const id of ['exp_1', 'exp_2'])
    await stores.store.accept(newExpansion({ id, master: `${id}:1`, nodes: [`${id}:2`] }), [], null);
});
afterEach(async () => {
  await stores.close();
  await others.close();
  await database.drop();
});
afterAll(() => postgres.stop());

const order = { reason: 'storm', by: 'ann' };

/** What the history of an expansion says of the global stop. */
async function told(expansionId: string): Promise<string[]> {
  const events = await stores.store.events({ expansionId, afterSeq: 0, limit: 1000 });
  return events.map(({ type }) => type);
}

const blocked = async () =>
  (
    await stores.database.query(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
  ).length > 0;

test('after freezes and unfreezes of two processes at the same moment the last event is the state', async () => {
  for (let round = 0; round < 20; round += 1) {
    const changes = Array.from({ length: 6 }, (_, index) => {
      const { store } = index % 2 === 0 ? stores : others;
      return index % 3 === 0 ? store.unfreeze(order) : store.freeze(order);
    });
    for (const result of await Promise.allSettled(changes))
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'already_frozen' });
    const { frozen } = await others.store.freezeState();
    const last = frozen ? 'freeze.on' : 'freeze.lifted';
    expect([(await told('exp_1')).at(-1) ?? last, (await told('exp_2')).at(-1) ?? last]).toEqual([
      last,
      last,
    ]);
  }
});

test('changes hold at once, however long the numbering of events is waited for; what stands is told of then', async () => {
  const changes: Promise<unknown>[] = [];
  const untilIs = (wanted: boolean) =>
    until(async () => (await others.store.freezeState()).frozen === wanted, { withinMs: 60_000 });
  await others.database.transaction(async (client) => {
    await client.query('select pg_advisory_xact_lock(1885957729, 1)');
    changes.push(stores.store.freeze(order));
    await untilIs(true);
    changes.push(stores.store.unfreeze(order));
    await untilIs(false);
    changes.push(stores.store.freeze(order));
    await untilIs(true);
    // Nobody who waits for the numbering keeps an order of a person waiting for long.
    await stores.store.addControl('exp_1', { id: 'c', verb: 'pause', node: null, ...order, at: 1 });
    expect(await told('exp_1')).not.toContain('freeze.on');
  });
  await Promise.all(changes);
  expect((await told('exp_1')).filter((type) => type.startsWith('freeze'))).toEqual(['freeze.on']);
});

test('a freeze and the save of an expansion never wait for each other', async () => {
  let frozen: Promise<unknown> = Promise.resolve();
  await others.database.transaction(async (client) => {
    // As a save does it: the row, then the number of its event.
    await client.query(`select from expansions where id = 'exp_2' for update`);
    frozen = stores.store.freeze(order);
    await until(blocked);
    await client.query(
      `select append_events('exp_2', '[{"type":"saved","at":1,"level":"info","text":"t","data":{}}]')`,
    );
  });
  await frozen;
  expect(await told('exp_1')).toEqual(['freeze.on']);
  expect(await told('exp_2')).toEqual(['saved', 'freeze.on']);
});
