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

test('of freezes and unfreezes of two processes at the same moment each has one event, and the last event is the state', async () => {
  let set = 0;
  for (let round = 0; round < 10; round += 1) {
    const changes = Array.from({ length: 6 }, (_, index) => {
      const { store } = index % 2 === 0 ? stores : others;
      return index % 3 === 0 ? store.unfreeze(order) : store.freeze(order);
    });
    for (const [index, change] of (await Promise.allSettled(changes)).entries()) {
      if (change.status === 'rejected') expect(change.reason).toMatchObject({ code: 'already_frozen' });
      else if (index % 3 !== 0) set += 1;
    }
    const { frozen } = await others.store.freezeState();
    const alternating = Array.from({ length: 2 * set - (frozen ? 1 : 0) }, (_, index) =>
      index % 2 === 0 ? 'freeze.on' : 'freeze.lifted',
    );
    expect(await told('exp_1')).toEqual(alternating);
    expect(await told('exp_2')).toEqual(alternating);
  }
});

test('of a process that is gone between a freeze and its events there is neither', async () => {
  await stores.database.query(
    `create function gone() returns trigger language plpgsql as
     $$ begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(1); return new; end $$`,
  );
  await stores.database.query(
    'create trigger gone before insert on events for each row execute function gone()',
  );
  await expect(others.store.freeze(order)).rejects.toThrow();
  await stores.database.query('drop trigger gone on events');
  expect(await stores.store.freezeState()).toMatchObject({ frozen: false });
  expect(await told('exp_1')).toEqual([]);
});

test('a freeze holds at once, however long the numbering of events is waited for, and is told of then', async () => {
  let frozen: Promise<unknown> = Promise.resolve();
  await others.database.transaction(async (client) => {
    await client.query('select pg_advisory_xact_lock(1885957729, 1)');
    frozen = stores.store.freeze(order);
    await until(async () => (await others.store.freezeState()).frozen, { withinMs: 5_000 });
    expect(await told('exp_1')).toEqual([]);
  });
  await frozen;
  expect(await told('exp_1')).toEqual(['freeze.on']);
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
