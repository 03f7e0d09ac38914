/** Backup and restore of what the service keeps (docs/backup.md). */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, type ConfigOverrides, loadConfig } from '../platform/config.ts';
import { hideSecrets } from '../platform/secrets.ts';
import { untilTold, whenTold } from '../platform/told-to-stop.ts';
import { backupLines, DatabaseEmptyError, type TableEnd } from '../store/backup.ts';
import { type Database, openDatabase, type PostgresConnection } from '../store/database.ts';
import { embeddedConnection, startEmbeddedPostgres } from '../store/embedded.ts';
import { EmbeddedPostgresError } from '../store/embedded-error.ts';
import { mayHoldServer } from '../store/embedded-folder.ts';
import { migrate, readMigrations } from '../store/migrate.ts';
import { checkBackup, createRestores, restoreBackup } from '../store/restore.ts';
import { linesIn, writeLines } from './file.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface BackedUp {
  readonly madeAt: number;
  readonly tables: number;
  readonly rows: number;
  /** Whether it was restored to another database, and held the same there. */
  readonly verified: boolean;
}

/** Writes a backup to a new file, and reads it again. `verify`: also restores it into a database of its own. Throws DatabaseEmptyError. */
export function backUp(
  path: string,
  { verify, ...overrides }: ConfigOverrides & { readonly verify: boolean },
  env: Env = process.env,
): Promise<BackedUp> {
  return withDatabase(loadConfig(env, overrides), { beside: true }, async (database, told) => {
    await writeLines(path, backupLines(database, Date.now), told);
    try {
      const { madeAt, rows, ends } = await checkBackup(linesIn(path, told));
      if (verify) await verifyByRestoring(path, told);
      told.throwIfAborted();
      return { madeAt, rows, tables: ends.length, verified: verify };
    } catch (error) {
      if (told.aborted) await rm(path, { force: true });
      throw error;
    }
  });
}

/** Puts a backup in the place of what the database holds. Throws RestoreError. */
export function restore(
  path: string,
  { replace, ...overrides }: ConfigOverrides & { readonly replace: boolean },
  env: Env = process.env,
): Promise<Omit<BackedUp, 'verified'>> {
  return withDatabase(loadConfig(env, overrides), { beside: false }, async (database, told) => {
    // Before anything is touched.
    await checkBackup(linesIn(path, told));
    const lines = linesIn(path, told);
    const { madeAt, rows, ends } = await restoreBackup(database, lines, await readMigrations(), { replace });
    return { madeAt, rows, tables: ends.length };
  });
}

/** Notes that other means have restored the database. Throws RestoreError. */
export function markRestored(overrides: ConfigOverrides, env: Env = process.env): Promise<void> {
  return withDatabase(loadConfig(env, overrides), { beside: false }, async (database) => {
    await migrate(database, await readMigrations());
    await createRestores(database).mark();
  });
}

/** Restores into an empty database of its own, and compares each table with what the backup says of it. */
async function verifyByRestoring(path: string, told: AbortSignal): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'pika-expander-verify-'));
  try {
    const server = await startEmbeddedPostgres({ dataDir: folder, signal: told });
    told.addEventListener('abort', () => server.stop());
    const database = openDatabase({ connection: server.connection });
    try {
      const options = { replace: false, stamp: false };
      const { ends } = await restoreBackup(database, linesIn(path, told), await readMigrations(), options);
      const found = await endsOf(database);
      const differing = ends.filter(
        ({ end, rows, sha256 }) => found.get(end)?.rows !== rows || found.get(end)?.sha256 !== sha256,
      );
      if (differing.length > 0)
        throw new Error(
          `restored, these tables hold something else: ${differing.map(({ end }) => end).join(', ')}`,
        );
    } finally {
      await database.close();
      await server.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function endsOf(database: Database): Promise<ReadonlyMap<string, TableEnd>> {
  const ends = new Map<string, TableEnd>();
  for await (const line of backupLines(database, Date.now)) {
    if (line.startsWith('{"end":')) {
      const end = JSON.parse(line) as TableEnd;
      ends.set(end.end, end);
    }
  }
  return ends;
}

/** `beside`: a service may run meanwhile, also on an embedded database. */
function withDatabase<T>(
  config: Config,
  { beside }: { readonly beside: boolean },
  work: (database: Database, told: AbortSignal) => Promise<T>,
): Promise<T> {
  return untilTold(async (told) => {
    const { connection, stop } = await reach(config, beside, told);
    // What still asks the server something fails then.
    told.addEventListener('abort', stop);
    const database = openDatabase({ connection });
    try {
      const working = work(database, told);
      // What a restore leaves half done the database takes back.
      return await (beside ? working : Promise.race([working, whenTold(told)]));
    } catch (error) {
      (error as Error).message = hideSecrets(config.secrets)((error as Error).message);
      throw error;
    } finally {
      // It may still wait for a lock; the process ends.
      if (!told.aborted) await database.close();
      await stop();
    }
  });
}

interface Reached {
  readonly connection: PostgresConnection;
  readonly stop: () => Promise<void>;
}

async function reach({ databaseUrl, dataDir }: Config, beside: boolean, told: AbortSignal): Promise<Reached> {
  const stop = async () => {};
  if (databaseUrl !== null) return { connection: { connectionString: databaseUrl }, stop };
  // A start would make a database where there is none.
  if (beside && !(await mayHoldServer(dataDir))) throw new DatabaseEmptyError(`the data folder ${dataDir}`);
  try {
    const server = await startEmbeddedPostgres({ dataDir, signal: told });
    return { connection: server.connection, stop: () => server.stop() };
  } catch (error) {
    const isInUse = error instanceof EmbeddedPostgresError && error.code === 'data_folder_in_use';
    if (!isInUse || !beside) throw error;
    return { connection: await embeddedConnection(dataDir), stop };
  }
}
