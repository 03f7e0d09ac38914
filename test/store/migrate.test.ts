import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { type Migration, migrate, readMigrations } from '../../src/store/migrate.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';

let postgres: TestPostgres;
let target: TestDatabase;
let database: Database;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  target = await postgres.createDatabase();
  database = openDatabase({ connection: target.connection });
});
afterEach(async () => {
  await database.close();
  await target.drop();
});

const migration = (name: string, sql: string, checksum = name): Migration => ({ name, sql, checksum });
const first = migration('0001-a.sql', 'create table a (n integer)');
const second = migration('0002-b.sql', 'create table b (n integer); insert into b values (1)');

it('applies what is missing, in order, once', async () => {
  expect(await migrate(database, [first])).toEqual(['0001-a.sql']);
  expect(await migrate(database, [first, second])).toEqual(['0002-b.sql']);
  expect(await migrate(database, [first, second])).toEqual([]);
  expect(await database.query('select n from b')).toEqual([{ n: 1 }]);
});

it('applies each once when several processes start at the same time', async () => {
  const others = Array.from({ length: 5 }, () => openDatabase({ connection: target.connection }));
  const applied = await Promise.all(others.map((other) => migrate(other, [first, second])));
  expect(applied.flat().sort()).toEqual(['0001-a.sql', '0002-b.sql']);
  await Promise.all(others.map((other) => other.close()));
});

it('keeps what was applied before one that fails, and nothing of that one', async () => {
  const broken = migration('0002-b.sql', 'create table b (n integer); select 1 / 0');
  await expect(migrate(database, [first, broken])).rejects.toThrow('division by zero');
  expect(await database.query("select to_regclass('a') is not null as a, to_regclass('b') as b")).toEqual([
    { a: true, b: null },
  ]);
  expect(await migrate(database, [first, second])).toEqual(['0002-b.sql']);
});

it('refuses a database that a newer version has used, and says what to do', async () => {
  await migrate(database, [first, second]);
  const error = await migrate(database, [first]).catch((reason) => reason);
  expect(error).toMatchObject({ name: 'SchemaMismatchError', code: 'database_schema_newer' });
  expect(error.message).toContain('0002-b.sql');
  expect(error.message).not.toContain('\n');
  expect(error.nextSteps.length).toBeGreaterThan(0);
});

it('refuses a database that was made with another text of a migration', async () => {
  await migrate(database, [first]);
  const changed = migrate(database, [{ ...first, checksum: 'other' }, second]);
  await expect(changed).rejects.toMatchObject({ code: 'database_schema_changed' });
  expect(await database.query("select to_regclass('b') as b")).toEqual([{ b: null }]);
});

it('has migrations of its own that apply to an empty database and are numbered without a gap', async () => {
  const own = await readMigrations();
  expect(own.map(({ name }) => Number(name.slice(0, 4)))).toEqual(own.map((_, at) => at + 1));
  expect(await migrate(database, own)).toEqual(own.map(({ name }) => name));
});

it('puts the idempotency keys of before behind those who gave them', async () => {
  const own = await readMigrations();
  const before = own.findIndex(({ name }) => name.startsWith('0008'));
  await migrate(database, own.slice(0, before));
  await database.query(
    `insert into expansions (id, state, master_key, doc, search_text, accepted_at, ended, look_at, idempotency_key, fingerprint)
     values ('a', 'pending', 'm', '{"via": "rest", "requestedBy": "ops"}', '', 1, false, now(), 'order-7', 'f'),
            ('b', 'pending', 'm', '{"via": "queue", "requestedBy": "queue"}', '', 1, false, now(), null, null)`,
  );
  await database.query(
    `insert into campaigns (id, state, doc, search_text, accepted_at, ended, look_at, idempotency_key, fingerprint)
     values ('c', 'pending', '{"via": "rest", "requestedBy": "ops"}', '', 1, false, now(), 'order-7', 'f')`,
  );
  await migrate(database, own);
  const keys = 'select id, idempotency_key as key from';
  expect(await database.query(`${keys} expansions union ${keys} campaigns order by id`)).toEqual([
    { id: 'a', key: 'rest ops\norder-7' },
    { id: 'b', key: null },
    { id: 'c', key: 'rest ops\norder-7' },
  ]);
});

it('leaves the other tables of a shared database alone', async () => {
  await database.query('create table public.events (theirs text)');
  await migrate(database, await readMigrations());
  expect(await database.query('select * from public.events')).toEqual([]);
});
