import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { openTestStores, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
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
