import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { Database, Queryable } from './database.ts';
import { schemaName } from './database.ts';

/** This version of the service cannot work on the database's schema. It has changed nothing. */
class SchemaMismatchError extends Error {
  readonly code: 'database_schema_newer' | 'database_schema_changed';
  readonly nextSteps: readonly string[];
  constructor(code: SchemaMismatchError['code'], message: string, nextSteps: readonly string[]) {
    super(message);
    this.name = 'SchemaMismatchError';
    this.code = code;
    this.nextSteps = nextSteps;
  }
}

export interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** The migrations that came with this version, in order. */
export async function readMigrations(
  folder: URL = new URL('../../migrations/', import.meta.url),
): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, folder), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/** Held while the schema is made or changed. */
export const migrationsLock = [1885957729, 0] as const;

/**
 * Applies the migrations that are missing, each in its own transaction, while no other process does; two processes
 * at once apply each one once. Returns the names of those applied now. Throws SchemaMismatchError when the database
 * was migrated by a newer version, or by one whose migrations read differently.
 */
export async function migrate(
  database: Pick<Database, 'session'>,
  migrations: readonly Migration[],
): Promise<readonly string[]> {
  return database.session(async (client) => {
    await client.query('select pg_advisory_lock($1, $2)', migrationsLock);
    // The lock ends with the session.
    const missing = await missingOf(client, migrations);
    for (const migration of missing) await apply(client, migration);
    return missing.map(({ name }) => name);
  });
}

/** Applies the missing ones within the transaction of the caller, who holds the lock. Throws SchemaMismatchError. */
export async function applied(client: Queryable, migrations: readonly Migration[]): Promise<void> {
  for (const migration of await missingOf(client, migrations)) await run(client, migration);
}

async function missingOf(client: Queryable, migrations: readonly Migration[]): Promise<readonly Migration[]> {
  await client.query(`create schema if not exists ${schemaName}`);
  await client.query(
    `create table if not exists ${schemaName}.migrations (
       name text primary key, checksum text not null, applied_at timestamptz not null default now()
     )`,
  );
  const known = await client.query<{ name: string; checksum: string }>(
    `select name, checksum from ${schemaName}.migrations order by name`,
  );
  assertKnown(known, migrations);
  return migrations.filter(({ name }) => !known.some((row) => row.name === name));
}

async function run(client: Queryable, { name, sql, checksum }: Migration): Promise<void> {
  await client.query(sql);
  await client.query(`insert into ${schemaName}.migrations (name, checksum) values ($1, $2)`, [
    name,
    checksum,
  ]);
}

async function apply(client: Queryable, migration: Migration): Promise<void> {
  await client.query('begin');
  try {
    await run(client, migration);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

function assertKnown(
  applied: readonly { readonly name: string; readonly checksum: string }[],
  migrations: readonly Migration[],
): void {
  const known = new Map(migrations.map(({ name, checksum }) => [name, checksum]));
  const newer = applied.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  if (newer.length > 0) {
    throw new SchemaMismatchError(
      'database_schema_newer',
      `the database holds migrations that this version does not know (${newer.join(', ')}): a newer version of pika-expander has used it`,
      ['Start the newer version, or restore the database from a backup made before the upgrade.'],
    );
  }
  const changed = applied
    .filter(({ name, checksum }) => known.get(name) !== checksum)
    .map(({ name }) => name);
  if (changed.length > 0) {
    throw new SchemaMismatchError(
      'database_schema_changed',
      `the database was made with other texts of ${changed.join(', ')} than this version has`,
      [
        'Use the version of pika-expander that made this database, or another database (DATABASE_URL, or DATA_DIR for the embedded one).',
      ],
    );
  }
}
