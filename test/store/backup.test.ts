import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { backupLines } from '../../src/store/backup.ts';
import { type Database, openDatabase, type PostgresConnection } from '../../src/store/database.ts';
import { migrate, migrationsLock, readMigrations } from '../../src/store/migrate.ts';
import { checkBackup, RestoreError, restoreBackup } from '../../src/store/restore.ts';
import { storedEvent } from '../support/events.ts';
import { newExpansion } from '../support/expansions.ts';
import { openTestStores, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { aTrailEntry } from '../support/trail.ts';

import { until } from '../support/until.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let stores: ReturnType<typeof openTestStores>;
const migrations = await readMigrations();
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

const happened = (text: string) => storedEvent('tested', { node: 'n1', text });

async function fill(): Promise<void> {
  const { store, trail, webhooks } = stores;
  const texts = ['plain', 'a "quote", a \\ and \n a line', '中文 é 🦊 \u0085', '{1,2}', 'NULL', ''];
  await store.accept(
    newExpansion({ id: 'exp_1', nodes: ['10.0.0.2:9221', '10.0.0.3:9221'] }),
    texts.map(happened),
    null,
  );
  await store.accept(
    newExpansion({ id: 'exp_2', master: '10.0.9.1:9221', nodes: ['10.0.9.2:9221'] }),
    [],
    null,
  );
  await store.claim('exp_2', 'somebody', 3_600_000);
  await trail.append([aTrailEntry({ asked: { text: texts } }), aTrailEntry()]);
  await webhooks.create({
    id: 'whk-1',
    kind: 'notify',
    url: 'http://127.0.0.1:1/',
    types: ['a', 'b,c', '"'],
    steps: [],
    answerWithinMs: null,
    secret: 's',
    createdBy: 'me',
    createdAt: 1,
  });
}

async function linesOf(): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of backupLines(stores.database, () => 77)) lines.push(line);
  return lines;
}
async function* given(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

/** Works on another database, and takes it away. */
async function elsewhere<T>(
  work: (place: {
    other: TestDatabase;
    restore: (
      lines: readonly string[],
      replace?: boolean,
      stamp?: boolean,
    ) => ReturnType<typeof restoreBackup>;
  }) => Promise<T>,
): Promise<T> {
  const other = await postgres.createDatabase();
  try {
    return await work({
      other,
      async restore(lines, replace = false, stamp = true) {
        const pool = openDatabase({ connection: other.connection });
        try {
          return await restoreBackup(pool, given(lines), migrations, { replace, stamp });
        } finally {
          await pool.close();
        }
      },
    });
  } finally {
    await other.drop();
  }
}

async function inside<T>(
  place: { readonly connection: PostgresConnection },
  work: (there: ReturnType<typeof openTestStores>) => Promise<T>,
): Promise<T> {
  const there = openTestStores(place.connection);
  try {
    return await work(there);
  } finally {
    await there.close();
  }
}

describe('a backup', () => {
  it('is restored to the same rows in every table, and numbers go on after those that were given out', async () => {
    await fill();
    const lines = await linesOf();
    await elsewhere(async ({ other, restore }) => {
      const { madeAt, rows } = await restore(lines, false, false);
      expect([madeAt, rows > 10]).toEqual([77, true]);
      await inside(other, async (there) => {
        const again: string[] = [];
        for await (const line of backupLines(there.database, () => 77)) again.push(line);
        expect(again).toEqual(lines);
        const lastSeq = await there.store.lastSeq();
        await there.store.addControl('exp_1', {
          id: 'c',
          verb: 'pause',
          node: null,
          reason: 'r',
          by: 'me',
          at: 1,
        });
        await there.store.accept(
          newExpansion({ id: 'exp_3', master: 'm:1', nodes: ['n:1'] }),
          [happened('new')],
          null,
        );
        expect(await there.store.lastSeq()).toBe(lastSeq + 1);
        const trail = await there.trail.append([aTrailEntry()]);
        expect(trail[0]!.seq).toBe(3);
        await expect(there.database.query('delete from trail')).rejects.toThrow(/only ever added to/);
      });
    });
  });

  it('holds one moment: what is written meanwhile is not in it', async () => {
    await fill();
    const lines: string[] = [];
    for await (const line of backupLines(stores.database, () => 1)) {
      if (lines.length === 0)
        await stores.store.accept(newExpansion({ id: 'late', master: 'm:1', nodes: ['n:1'] }), [], null);
      lines.push(line);
    }
    expect(lines.join('\n')).not.toContain('late');
    await checkBackup(given(lines));
  });

  it('of a database that holds nothing of the service yet is refused', async () => {
    const readAll = async (pool: Database) => {
      for await (const _ of backupLines(pool, () => 1));
    };
    const empty = await postgres.createDatabase();
    const pool = openDatabase({ connection: empty.connection });
    try {
      await expect(readAll(pool)).rejects.toMatchObject({ code: 'database_empty' });
      // As a service that starts leaves it before the first migration.
      await migrate(pool, []);
      await expect(readAll(pool)).rejects.toMatchObject({ code: 'database_empty' });
    } finally {
      await pool.close();
      await empty.drop();
    }
  });

  it('whose reader leaves gives its connection back', async () => {
    await fill();
    for await (const _ of backupLines(stores.database, () => 1)) break;
  });

  it('that was changed or cut off anywhere is refused, and nothing is changed', async () => {
    await fill();
    const lines = await linesOf();
    await elsewhere(async ({ other, restore }) => {
      for (const at of lines.keys()) {
        const cut = lines.slice(0, at);
        await expect(checkBackup(given(cut))).rejects.toThrow(RestoreError);
        const without = lines.filter((_, index) => index !== at);
        await expect(checkBackup(given(without))).rejects.toThrow(RestoreError);
      }
      const rows = lines.map((line) => line.replace('exp_1', 'exp_9'));
      await expect(restore(rows)).rejects.toThrow(/broken/);
      await inside(other, async ({ database: there }) => {
        expect(await there.query(`select 1 from pg_namespace where nspname = 'pika_expander'`)).toEqual([]);
      });
    });
  });

  it('of a newer version is refused; one of an older version gets what is newer', async () => {
    await fill();
    const lines = await linesOf();
    const newer = [lines[0]!.replace('0001-expansions.sql', '9999-later.sql'), ...lines.slice(1)];
    await elsewhere(async ({ restore }) => {
      await expect(restore(newer)).rejects.toMatchObject({ code: 'backup_newer' });
    });
    const old = await postgres.createDatabase();
    const pool = openDatabase({ connection: old.connection });
    try {
      await migrate(pool, migrations.slice(0, 23));
      const fromOld: string[] = [];
      for await (const line of backupLines(pool, () => 1)) fromOld.push(line);
      await elsewhere(async ({ other, restore }) => {
        await restore(fromOld);
        await inside(other, async (there) => {
          expect((await there.trail.end()).seq).toBe(0);
          expect(await there.restores.unexamined()).not.toBeNull();
        });
      });
    } finally {
      await pool.close();
      await old.drop();
    }
  });

  it('takes the place of expansions only where that was asked for, and never beside the service', async () => {
    await fill();
    const lines = await linesOf();
    await elsewhere(async ({ other, restore }) => {
      await restore(lines);
      await expect(restore(lines)).rejects.toMatchObject({ code: 'database_holds_expansions' });
      await inside(other, async (there) => {
        await there.store.ping();
        await expect(restore(lines, true)).rejects.toMatchObject({ code: 'database_in_use' });
      });
      // Also where the address of the service gives its connections another name.
      await inside(
        { connection: { connectionString: `${other.url}?application_name=ops` } },
        async (there) => {
          await there.store.ping();
          await expect(restore(lines, true)).rejects.toMatchObject({ code: 'database_in_use' });
        },
      );
      await inside(other, (there) =>
        there.store.accept(newExpansion({ id: 'newer', master: 'm:1', nodes: ['n:1'] }), [], null),
      );
      await restore(lines, true);
      await inside(other, async (there) => {
        expect(await there.store.get('newer')).toBeNull();
        expect(await there.store.get('exp_1')).toEqual(await stores.store.get('exp_1'));
        // The lease of then is gone, and the restore waits for a start of the service.
        expect(await there.store.claim('exp_2', 'me', 1000)).not.toBeNull();
        expect(await there.restores.unexamined()).toMatchObject({ madeAt: 77 });
      });
    });
  });

  it('made by other means is marked', async () => {
    await fill();
    await stores.close();
    stores = openTestStores(database.connection);
    await stores.restores.mark();
    const note = await stores.restores.unexamined();
    expect(note).toMatchObject({ madeAt: null });
    await stores.restores.examined(note!.id);
    expect(await stores.restores.unexamined()).toBeNull();
  });

  it('is marked only where no service makes its start at the same moment', async () => {
    await stores.close();
    stores = openTestStores(database.connection);
    const starting = new pg.Client(database.connection);
    await starting.connect();
    await starting.query('select pg_advisory_lock($1, $2)', [...migrationsLock]);
    const marked = stores.restores.mark();
    try {
      await until(async () => {
        const { rows } = await starting.query(
          `select 1 from pg_locks where locktype = 'advisory' and not granted`,
        );
        return rows.length > 0;
      });
    } finally {
      await starting.end();
    }
    await marked;
    expect(await stores.restores.unexamined()).not.toBeNull();
  });
});
