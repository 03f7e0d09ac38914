import pg from 'pg';
import { openDatabase } from '../../src/store/database.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded.ts';
import { findBinaries } from '../../src/store/embedded-binaries.ts';
import { migrate, readMigrations } from '../../src/store/migrate.ts';
import { copy, kept } from './kept.ts';

/** Waiting for the disk costs time at every commit, and no test here cuts the power: what the kernel has is safe. */
export const quick = { fsync: 'off', full_page_writes: 'off' };

/** The database in a prepared folder that has all migrations. */
export const migrated = 'migrated';

/**
 * Puts a server's files with a migrated database into an empty data folder. They are made once for a state of the
 * migrations, which takes some seconds, and copied from then on.
 */
export async function copyPrepared(dataDir: string): Promise<void> {
  const { postgres } = await findBinaries();
  const migrations = await readMigrations();
  const prepared = await kept('postgres', [postgres, process.getuid?.(), migrations], (folder) =>
    prepare(folder, migrations),
  );
  await copy(prepared, dataDir);
}

async function prepare(
  dataDir: string,
  migrations: Awaited<ReturnType<typeof readMigrations>>,
): Promise<void> {
  const server = await startEmbeddedPostgres({ dataDir, settings: quick });
  try {
    const own = server.connection as pg.ClientConfig;
    const client = new pg.Client({ ...own, database: 'postgres' });
    await client.connect();
    await client.query(`create database ${migrated}`).finally(() => client.end());
    const database = openDatabase({ connection: { ...own, database: migrated } as typeof server.connection });
    await migrate(database, migrations).finally(() => database.close());
  } finally {
    await server.stop();
  }
}
