import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openDatabase, type PostgresConnection } from '../../src/store/database.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded.ts';
import { createEndedRecords } from '../../src/store/ended.ts';
import { newsOf } from '../../src/store/news.ts';
import { createPostgresAgents } from '../../src/store/postgres-agents.ts';
import { createPostgresAudits } from '../../src/store/postgres-audits.ts';
import { createPostgresCampaigns } from '../../src/store/postgres-campaigns.ts';
import { createPostgresChannels } from '../../src/store/postgres-channels.ts';
import { createPostgresComparisons } from '../../src/store/postgres-comparisons.ts';
import { createPostgresGuards } from '../../src/store/postgres-guards.ts';
import { createPostgresHolds } from '../../src/store/postgres-holds.ts';
import { createPostgresIdentities } from '../../src/store/postgres-identities.ts';
import { createPostgresReplacements } from '../../src/store/postgres-replacements.ts';
import { createPostgresStore, type PostgresStoreOptions } from '../../src/store/postgres-store.ts';
import { createPostgresTrail } from '../../src/store/postgres-trail.ts';
import { createPostgresVerdicts } from '../../src/store/postgres-verdicts.ts';
import { createPostgresWebhooks } from '../../src/store/postgres-webhooks.ts';
import { createRestores } from '../../src/store/restore.ts';
import { copyPrepared, migrated, quick } from './prepared-postgres.ts';
import { until } from './until.ts';

/** A real PostgreSQL for the tests of one file: start it in beforeAll, stop it in afterAll. */
export interface TestPostgres {
  /** An empty database. */
  createDatabase(): Promise<TestDatabase>;
  /** A database with all migrations applied. */
  createMigratedDatabase(): Promise<TestDatabase>;
  /** A statement of the administrator, outside the databases of the tests. */
  run(sql: string): Promise<void>;
  pid(): number | null;
  /** Its unix socket's folder, below which everything of it lives. */
  readonly dataDir: string;
  /** Throws, after it has stopped, when a connection to one of its databases was leaked. */
  stop(): Promise<void>;
}

export interface TestDatabase {
  readonly connection: Exclude<PostgresConnection, { connectionString: string }>;
  /** For programs that want an address in one text (DATABASE_URL, BullMQ). */
  readonly url: string;
  /** Forgets everything but the schema: quicker than another database. */
  empty(): Promise<void>;
  /** Throws when a connection to it was leaked. */
  drop(): Promise<void>;
}

export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<TestPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), 'pika-expander-pg-'));
  await copyPrepared(dataDir);
  const server = await startEmbeddedPostgres({ dataDir, settings: { ...quick, ...settings } });
  const own = server.connection as TestDatabase['connection'];
  const administration = { ...own, database: 'postgres' };
  let made = 0;

  const create = async (from: string | null): Promise<TestDatabase> => {
    const name = `test_${++made}`;
    await run(administration, `create database ${name}${from ? ` template ${from} strategy file_copy` : ''}`);
    const connection = { ...own, database: name };
    return {
      connection,
      url: `postgresql://${own.user}@${encodeURIComponent(own.host)}:${own.port}/${name}`,
      empty: () => run(connection, deleteAll),
      drop: () => dropWithoutLeaks(own, name),
    };
  };

  return {
    dataDir,
    run: (sql) => run(administration, sql),
    pid: server.pid,
    createDatabase: () => create(null),
    createMigratedDatabase: () => create(migrated),
    async stop() {
      const leaks = await leakedConnections(administration).catch(() => []);
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
      if (leaks.length > 0) throw new Error(`connections were leaked: ${leaks.join('; ')}`);
    },
  };
}

/** The stores on a database, and one close for them. */
export function openTestStores(
  connection: PostgresConnection,
  options: PostgresStoreOptions & {
    readonly differencesPerComparison?: number;
    readonly deliveriesPerWebhook?: number;
  } = {},
) {
  const database = openDatabase({ connection, maxConnections: 8 });
  return {
    database,
    store: createPostgresStore(database, options),
    comparisons: createPostgresComparisons(database, options),
    webhooks: createPostgresWebhooks(database, options),
    channels: createPostgresChannels(database),
    campaigns: createPostgresCampaigns(database),
    agents: createPostgresAgents(database),
    audits: createPostgresAudits(database),
    guards: createPostgresGuards(database),
    verdicts: createPostgresVerdicts(database),
    holds: createPostgresHolds(database),
    replacements: createPostgresReplacements(database),
    trail: createPostgresTrail(database),
    identities: createPostgresIdentities(database),
    restores: createRestores(database),
    ended: createEndedRecords(database),
    news: newsOf(database),
    close: () => database.close(),
  };
}

/** As TRUNCATE does it, which costs three times as much as a new database: it makes new files for every table and index. */
const deleteAll = `
  do $$
  declare
    each record;
    tables constant text[] := (
      select array_agg(format('%I.%I', schemaname, tablename))
      from pg_tables where schemaname = 'pika_expander' and tablename <> 'migrations'
    );
  begin
    set local session_replication_role = replica;
    execute 'lock table ' || array_to_string(tables, ', ');
    for each in select unnest(tables) as name loop
      execute 'delete from ' || each.name;
    end loop;
    perform setval(format('%I.%I', schemaname, sequencename), start_value, false)
    from pg_sequences where schemaname = 'pika_expander' and last_value is not null;
  end $$`;

async function run(connection: TestDatabase['connection'], sql: string): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** What is still connected to a test's database a while after the test's end. */
async function leakedConnections(administration: TestDatabase['connection']): Promise<string[]> {
  const client = new pg.Client(administration);
  await client.connect();
  const find = async () => {
    const { rows } = await client.query<{ leak: string }>(
      `select format('%s, last query: %s', datname, left(query, 60)) as leak
       from pg_stat_activity where backend_type = 'client backend' and datname like 'test\\_%'`,
    );
    return rows.map((row) => row.leak);
  };
  try {
    await until(async () => (await find()).length === 0, { withinMs: 60_000 }).catch(() => undefined);
    return await find();
  } finally {
    await client.end();
  }
}

/** PostgreSQL refuses to drop a database that somebody is connected to; a connection just closed takes a moment. */
async function dropWithoutLeaks(own: TestDatabase['connection'], name: string): Promise<void> {
  let reason = '';
  await until(
    async () => {
      try {
        await run({ ...own, database: 'postgres' }, `drop database ${name}`);
        return true;
      } catch (error) {
        reason = (error as { detail?: string; message: string }).detail ?? (error as Error).message;
        return false;
      }
    },
    { withinMs: 60_000, what: () => `a connection to ${name} was leaked: ${reason}` },
  );
}
