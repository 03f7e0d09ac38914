import pg from 'pg';
import { PostgresClient, withOptions } from '../platform/postgres-client.ts';
import { createListener, type Hear } from '../platform/postgres-listener.ts';
import { StoreUnavailableError } from './store.ts';

/** How to reach PostgreSQL: a URL, or the socket folder of the embedded server. */
export type PostgresConnection =
  | { readonly connectionString: string }
  | { readonly host: string; readonly port: number; readonly user: string; readonly database: string };

/** Everything of ours lives in this schema, so that a database can be shared with other programs. */
export const schemaName = 'pika_expander';

export interface DatabaseOptions {
  readonly connection: PostgresConnection;
  /** Connections held at most. */
  readonly maxConnections?: number;
  /** Called when an idle connection broke; the next query opens a new connection. */
  readonly onConnectionError?: (error: Error) => void;
  /** Called with each new connection of the pool before its first use. Throws StoreUnavailableError where it may not be used. */
  readonly onConnected?: (client: Queryable) => Promise<void>;
}

export type Row = Record<string, unknown>;

export interface Queryable {
  /** Rows of one statement. `name` makes it a prepared one. */
  query<R extends Row>(text: string, values?: readonly unknown[], name?: string): Promise<R[]>;
}

/** A pool that says StoreUnavailableError when the database cannot be reached or does not answer in time. */
export interface Database extends Queryable {
  /** Everything that `work` does happens, or nothing of it. */
  transaction<T>(work: (client: Queryable) => Promise<T>): Promise<T>;
  /** One connection of its own, closed afterwards, whose statements may take as long as they need. */
  session<T>(work: (client: Queryable) => Promise<T>): Promise<T>;
  /**
   * Listens to a channel (news.ts). All listen on one connection, which is opened again when it is lost. null = it listens from
   * now on, and may have missed messages before. Never throws.
   */
  listen(channel: string, hear: Hear): { close(): Promise<void> };
  close(): Promise<void>;
}

const connectTimeoutMs = 5_000;
const statementTimeoutMs = 20_000;
/** Longer than the server's own limit: it ends a query on a connection whose other end is gone. */
const replyTimeoutMs = 25_000;
const lockTimeoutMs = 10_000;
const idleInTransactionTimeoutMs = 30_000;
/** Longer than between two looks of an idle service (`seldomMs`): opening a connection costs more than any of them. */
const keepIdleMs = 120_000;
const int8Oid = 20;

/** The database was reached, and lets the service not in or not do what it must. The message may name its user. */
class DatabaseRefusedError extends Error {
  readonly code = 'database_refused';
  readonly nextSteps: readonly string[];
  constructor(message: string, nextSteps: readonly string[]) {
    super(message);
    this.name = 'DatabaseRefusedError';
    this.nextSteps = nextSteps;
  }
}

export function openDatabase(options: DatabaseOptions): Database {
  const { onConnected } = options;
  const pool = new pg.Pool({
    ...clientConfig(options.connection),
    Client: PostgresClient,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: keepIdleMs,
    query_timeout: replyTimeoutMs,
    ...(onConnected === undefined
      ? {}
      : {
          onConnect: (client: pg.ClientBase) =>
            onConnected({ query: (text, values, name) => runQuery(client, text, values, name) }),
        }),
  });
  pool.on('error', (error) => options.onConnectionError?.(error));
  let closing: Promise<void> | null = null;
  const listener = createListener({
    connect: () =>
      new PostgresClient({ ...clientConfig(options.connection), connectionTimeoutMillis: connectTimeoutMs }),
    onLost: (error) => options.onConnectionError?.(error),
  });

  const withClient = async <T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    const client = await pool.connect().catch(rethrow);
    let broken: Error | undefined;
    try {
      return await work(client);
    } catch (error) {
      if (error instanceof StoreUnavailableError) broken = error;
      throw error;
    } finally {
      client.release(broken);
    }
  };

  return {
    query: (text, values, name) => runQuery(pool, text, values, name),
    transaction: (work) =>
      withClient(async (client) => {
        const inTransaction: Queryable = {
          query: (text, values, name) => runQuery(client, text, values, name),
        };
        await inTransaction.query('begin');
        try {
          const result = await work(inTransaction);
          await inTransaction.query('commit');
          return result;
        } catch (error) {
          await inTransaction.query('rollback');
          throw error;
        }
      }),
    async session(work) {
      const client = new PostgresClient({
        ...clientConfig(options.connection),
        connectionTimeoutMillis: connectTimeoutMs,
      });
      client.on('error', (error) => options.onConnectionError?.(error));
      try {
        await client.connect().catch(rethrow);
        await runQuery(client, 'set statement_timeout = 0');
        await runQuery(client, 'set lock_timeout = 0');
        return await work({ query: (text, values, name) => runQuery(client, text, values, name) });
      } catch (error) {
        throw refusalOf(error) ?? error;
      } finally {
        await client.end().catch(() => undefined);
      }
    },
    listen: listener.listen,
    close() {
      closing ??= Promise.all([listener.close(), pool.end()]).then(() => undefined);
      return closing;
    },
  };
}

/** The settings of a connection of ours: our schema first, and no statement that waits for ever. */
function clientConfig(connection: PostgresConnection): pg.ClientConfig {
  const settings = [
    `search_path=${schemaName}`,
    `statement_timeout=${statementTimeoutMs}`,
    `lock_timeout=${lockTimeoutMs}`,
    `idle_in_transaction_session_timeout=${idleInTransactionTimeoutMs}`,
  ];
  const ours = settings.map((setting) => `-c ${setting}`).join(' ');
  return {
    // By this name a restore knows that the service is at work (tables.ts).
    ...withOptions(connection, ours, 'pika-expander'),
    keepAlive: true,
    types: {
      // Sequence numbers and milliseconds: all below 2^53.
      getTypeParser: (oid, format) =>
        oid === int8Oid && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format),
    },
  };
}

async function runQuery<R extends Row>(
  target: pg.Pool | pg.ClientBase,
  text: string,
  values: readonly unknown[] = [],
  name?: string,
): Promise<R[]> {
  try {
    const config = { text, values: [...values] };
    const result = await target.query<R>(name ? { ...config, name } : config);
    return result.rows;
  } catch (error) {
    return rethrow(error);
  }
}

function rethrow(error: unknown): never {
  if (error instanceof StoreUnavailableError || !isUnavailability(error)) throw error;
  const diskFull = (error as { code?: unknown }).code === diskFullState;
  const trouble = diskFull ? 'the disk of the database is full' : 'the database cannot be reached now';
  throw new StoreUnavailableError(`${trouble}: ${describe(error)}`, { cause: error, diskFull });
}

interface Refusal {
  readonly is: (code: string, message: string) => boolean;
  readonly nextStep: string;
}

const refusals: readonly Refusal[] = [
  {
    is: (code, message) => code.startsWith('28') || message.startsWith('SASL'),
    nextStep:
      'Correct the user and the password in DATABASE_URL, or let them in (pg_hba.conf of the server).',
  },
  {
    is: (code) => code === '3D000',
    nextStep: 'Create that database (createdb), or correct its name in DATABASE_URL.',
  },
  {
    is: (code) => code === '42501',
    nextStep: 'Let the user in DATABASE_URL make schemas: GRANT CREATE ON DATABASE … TO ….',
  },
  {
    is: (_code, message) => /\bSSL\b|certificate/i.test(message),
    nextStep: 'Correct sslmode in DATABASE_URL, or the certificates of the server.',
  },
];

/** null = the database did not refuse the service. */
function refusalOf(error: unknown): DatabaseRefusedError | null {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const text = typeof message === 'string' ? message : '';
  const known = refusals.find(({ is }) => is(typeof code === 'string' ? code : '', text));
  return known === undefined
    ? null
    : new DatabaseRefusedError(`the database refuses the service: ${text}`, [known.nextStep]);
}

const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EACCES',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

const diskFullState = '53100';
/**
 * Errors that may pass: connection (08), resources such as a full disk (53), shut-downs, starts and time-outs (57), a
 * lock or a deadlock (40001, 40P01, 55P03), a standby (25006).
 */
const passingStates = /^(?:08|53|57|40001|40P01|55P03|25006|25P03)/;

/** Texts of pg itself, which has no codes for them. */
const lostConnectionTexts =
  /connection terminated|connection timeout|^timeout expired$|timeout exceeded when trying to connect|query read timeout|client has encountered a connection error|not queryable|cannot use a pool after calling end/i;

function isUnavailability(error: unknown): boolean {
  const { code, message, errors } = error as { code?: unknown; message?: unknown; errors?: unknown };
  if (Array.isArray(errors) && errors.length > 0) return errors.every(isUnavailability);
  if (typeof code === 'string')
    return networkCodes.has(code) || (code.length === 5 && passingStates.test(code));
  return typeof message === 'string' && lostConnectionTexts.test(message);
}

function describe(error: unknown): string {
  const { message, errors } = error as { message?: string; errors?: readonly Error[] };
  return message || errors?.map((inner) => inner.message).join('; ') || String(error);
}

/** The first row; for statements that always return one. */
export function onlyRow<R>(rows: readonly R[]): R {
  const [row] = rows;
  if (row === undefined) throw new Error('the database returned no row where one was certain');
  return row;
}

/** Milliseconds until the time that `select` finds as `at`; 0 = it is over, Infinity = there is none. */
export async function untilDue(database: Queryable, select: string, name?: string): Promise<number> {
  const rows = await database.query<{ ms: number | null }>(
    `select extract(epoch from at - clock_timestamp())::float8 * 1000 as ms from (${select}) as first`,
    [],
    name,
  );
  const { ms } = onlyRow(rows);
  return ms === null ? Number.POSITIVE_INFINITY : Math.max(0, ms);
}
