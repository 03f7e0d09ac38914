import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { chainStart, linkHash } from '../../src/evidence/chain.ts';
import type { TrailEntry } from '../../src/model/views/trail.ts';
import { openTestStores, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { aTrailEntry } from '../support/trail.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let stores: ReturnType<typeof openTestStores>;
beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createMigratedDatabase();
});
beforeEach(() => {
  stores = openTestStores(database.connection);
});
afterEach(async () => {
  await stores.close();
  await database.empty();
});
afterAll(() => postgres.stop());

function expectOneChain(entries: readonly TrailEntry[]): void {
  let before = chainStart;
  for (const [index, { hash, ...entry }] of entries.entries()) {
    expect([entry.seq, hash]).toEqual([index + 1, linkHash(before, entry)]);
    before = hash;
  }
}

it('numbers entries and links each to the one before', async () => {
  const { trail } = stores;
  expect(await trail.end()).toEqual({ seq: 0, hash: chainStart });
  const hostile = {
    text: 'NUL \0, half \ud800, café, \u0085, "quoted"',
    numbers: [1e21, 0.1, -0, 5e-324, 2 ** 53, 1e300],
    ['__proto__']: 'own',
  };
  await trail.append([aTrailEntry({ asked: hostile }), aTrailEntry()]);
  await trail.append([aTrailEntry({ act: 'POST /v1/freeze' })]);
  const entries = await trail.after(0, 100);
  expect(entries).toHaveLength(3);
  expectOneChain(entries);
  expect(await trail.end()).toEqual({ seq: 3, hash: entries[2]!.hash });
});

it('forks never: many writers over several stores make one chain', async () => {
  const second = openTestStores(database.connection);
  try {
    const writers = Array.from({ length: 20 }, async (_, writer) => {
      const { trail } = writer % 2 === 0 ? stores : second;
      for (const round of [0, 1, 2, 3, 4])
        await trail.append([aTrailEntry({ object: `${writer}-${round}` }), aTrailEntry()]);
    });
    await Promise.all(writers);
  } finally {
    await second.close();
  }
  const entries = await stores.trail.after(0, 1000);
  expect(entries).toHaveLength(200);
  expectOneChain(entries);
});

it.each(["update trail set hash = 'x'", 'delete from trail', 'truncate trail', 'truncate trail cascade'])(
  'the database refuses: %s',
  async (statement) => {
    await stores.trail.append([aTrailEntry()]);
    await expect(stores.database.query(statement)).rejects.toThrow(/only ever added to/);
    expect(await stores.trail.after(0, 10)).toHaveLength(1);
  },
);

it('an entry that would fork the chain is refused by the database', async () => {
  const [first] = await stores.trail.append([aTrailEntry()]);
  const copy = (seq: number, hash: string) =>
    stores.database.query(`insert into trail (seq, hash, doc) select ${seq}, '${hash}', doc from trail`);
  await expect(copy(1, 'other')).rejects.toThrow(/duplicate key/);
  await expect(copy(2, first!.hash)).rejects.toThrow(/duplicate key/);
});

it('lists the newest first, by who, what, object and time, in pages', async () => {
  const { trail } = stores;
  const who = { name: 'li', role: 'operator' };
  await trail.append([
    aTrailEntry({ at: 10, object: 'exp_1' }),
    aTrailEntry({ at: 20, object: 'exp_2', who }),
    aTrailEntry({ at: 30, object: 'exp_1', who, act: 'POST /v1/freeze' }),
  ]);
  const found = async (filter: object) =>
    (await trail.list({ limit: 10, ...filter })).items.map(({ seq }) => seq);
  expect(await found({})).toEqual([3, 2, 1]);
  expect(await found({ who: 'li' })).toEqual([3, 2]);
  expect(await found({ act: 'POST /v1/freeze' })).toEqual([3]);
  expect(await found({ object: 'exp_1' })).toEqual([3, 1]);
  expect(await found({ since: 20, object: 'exp_1' })).toEqual([3]);
  expect(await found({ who: 'li\0' })).toEqual([]);
  const page = await trail.list({ limit: 2 });
  expect(page.nextCursor).toBe('2');
  expect(await found({ limit: 2, cursor: page.nextCursor })).toEqual([1]);
  expect((await trail.list({ limit: 2, cursor: '2' })).nextCursor).toBeNull();
});

it('pruning leaves it alone', async () => {
  await stores.trail.append([aTrailEntry({ at: 1 })]);
  await stores.ended.forget(Number.MAX_SAFE_INTEGER, 100);
  expect(await stores.trail.after(0, 10)).toHaveLength(1);
});
