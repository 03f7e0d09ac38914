import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { openDatabase } from '../../src/store/database.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded.ts';
import { findBinaries } from '../../src/store/embedded-binaries.ts';
import { migrate, readMigrations } from '../../src/store/migrate.ts';

/** Waiting for the disk costs time at every commit, and no test here cuts the power: what the kernel has is safe. */
export const quick = { fsync: 'off', full_page_writes: 'off' };

/** The database in a prepared folder that has all migrations. */
export const migrated = 'migrated';

const cache = fileURLToPath(new URL('../../node_modules/.cache/pika-expander/', import.meta.url));
const dayMs = 86_400_000;

const copy = (from: string, to: string) => promisify(execFile)('cp', ['-a', `${from}/.`, to]);

/**
 * Puts a server's files with a migrated database into an empty data folder. They are made once for a state of the
 * migrations, which takes some seconds, and copied from then on.
 */
export async function copyPrepared(dataDir: string): Promise<void> {
  const { postgres } = await findBinaries();
  const migrations = await readMigrations();
  const made = createHash('sha256').update(JSON.stringify([postgres, process.getuid?.(), migrations]));
  const prepared = join(cache, `postgres-${made.digest('hex').slice(0, 16)}`);
  if (
    !(await access(prepared).then(
      () => true,
      () => false,
    ))
  )
    await prepare(prepared, migrations);
  await copy(prepared, dataDir);
}

async function prepare(
  prepared: string,
  migrations: Awaited<ReturnType<typeof readMigrations>>,
): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'pika-expander-pg-'));
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
  await mkdir(cache, { recursive: true });
  const side = await mkdtemp(`${prepared}.new-`);
  await copy(dataDir, side);
  await rm(dataDir, { recursive: true, force: true });
  // Another worker may have been quicker; then its folder is as good.
  await rename(side, prepared).catch(() => rm(side, { recursive: true, force: true }));
  await forgetOld();
}

/** Those of migrations that are no more. */
async function forgetOld(): Promise<void> {
  for (const name of await readdir(cache)) {
    const folder = join(cache, name);
    const found = await stat(folder).catch(() => null);
    if (found !== null && Date.now() - found.mtimeMs > dayMs)
      await rm(folder, { recursive: true, force: true });
  }
}
