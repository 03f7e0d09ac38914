import { type BackendFactory, createRedisBackend, type IQueueBackend, runMigrations } from 'bullmq';
import { Redis } from 'ioredis';
import type { RedisTls } from '../platform/config.ts';
import { PostgresClient } from '../platform/postgres-client.ts';
import { QueueSetupError } from './errors.ts';
import { inTime } from './in-time.ts';
import { queueSchema, sharedBackends } from './postgres-connections.ts';

/** A PostgreSQL as the store names it. */
type QueuePostgres =
  | { readonly connectionString: string }
  | { readonly host: string; readonly port: number; readonly user: string; readonly database: string };

/** Where the queue is: Redis, or the PostgreSQL of the store. */
export type QueuePlace =
  | { readonly redisUrl: string; readonly redisTls?: RedisTls }
  | { readonly postgres: QueuePostgres };

/** What BullMQ's classes are constructed with. */
export interface BullmqConnection {
  /** What it is depends on the factory. */
  readonly connection: unknown;
  readonly factory: BackendFactory<IQueueBackend, unknown>;
  /** How often a worker asks for jobs that nobody has told it of. */
  readonly asking: { readonly drainDelay?: number };
  /** Whether it is worth saying goodbye to the server: false = it is away, and waiting for it would take for ever. */
  answers(): Promise<boolean>;
}

/** A queue that was found usable. Every object built on a Redis has connections of its own; on PostgreSQL they share theirs. */
export interface QueueBackend {
  readonly kind: 'redis' | 'postgres';
  /** Where it is Redis: waits for a server that is away, for as long as it takes. */
  readonly forWorkers: BullmqConnection;
  /** Gives up soon, so that a request does not hang on the queue. On PostgreSQL both are one, and BullMQ's workers ask again. */
  readonly forProducers: BullmqConnection;
}

const connectTimeoutMs = 5_000;
/** A Redis that takes connections and does not answer, or loads its data, is waited for no longer at the start. */
const answerWithinMs = 10_000;
const reconnectAfterAtMostMs = 1_000;
const goodbyeWithinMs = 1_000;
/** BullMQ has PostgreSQL tell a worker of each new job (LISTEN). */
const askPostgresAfterS = 60;
/** Longer than between two questions of an idle worker: opening a connection costs more than any of them. */
const keepIdleMs = 120_000;
/** A connection whose other end is gone without a word is found soon after such a silence. */
const askPeerAfterMs = 10_000;
const oldestRedis = [6, 2] as const;

/** Connects once, to check that the queue can be kept there, and readies it. Throws QueueSetupError. */
export async function openQueueBackend(place: QueuePlace): Promise<QueueBackend> {
  return 'redisUrl' in place ? openRedis(place.redisUrl, place.redisTls) : openPostgres(place.postgres);
}

async function openRedis(url: string, tls: RedisTls = {}): Promise<QueueBackend> {
  const options = redisOptions(url, tls);
  await checkRedis(options);
  const factory = createRedisBackend as unknown as BackendFactory<IQueueBackend, unknown>;
  const retryStrategy = (times: number) => Math.min(times * 100, reconnectAfterAtMostMs);
  const answers = () => redisAnswers(options);
  const both = { factory, answers, asking: {} };
  return {
    kind: 'redis',
    forWorkers: { connection: { ...options, maxRetriesPerRequest: null, retryStrategy }, ...both },
    forProducers: { connection: { ...options, maxRetriesPerRequest: 1, retryStrategy }, ...both },
  };
}

/** The parts of `redis[s]://[user][:password]@host[:port][/db]`. */
function redisOptions(url: string, tls: RedisTls) {
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  const db = Number(pathname.slice(1) || 0);
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || 6379),
    db: Number.isInteger(db) ? db : 0,
    connectTimeout: connectTimeoutMs,
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
    ...(protocol === 'rediss:' ? { tls: { ...tls } } : {}),
  };
}

async function checkRedis(options: ReturnType<typeof redisOptions>): Promise<void> {
  const where = `Redis at ${options.host}:${options.port}`;
  const redis = new Redis({
    ...options,
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  let lastError: Error | null = null;
  redis.on('error', (error) => {
    lastError = error;
  });
  try {
    const info = redis.connect().then(() => redis.info());
    assertUsable(where, infoFields(await answersWithin(info, answerWithinMs)));
  } catch (error) {
    if (error instanceof QueueSetupError) throw error;
    throw new QueueSetupError(
      'redis_unreachable',
      `${where} cannot be used: ${((lastError ?? error) as Error).message}`,
      [
        'Start it, or correct REDIS_URL (its user and password too).',
        'Or leave REDIS_URL out: then the queue is kept in PostgreSQL.',
      ],
    );
  } finally {
    redis.disconnect();
  }
}

async function redisAnswers(options: ReturnType<typeof redisOptions>): Promise<boolean> {
  const redis = new Redis({
    ...options,
    connectTimeout: goodbyeWithinMs,
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  redis.on('error', () => undefined);
  try {
    await answersWithin(
      redis.connect().then(() => redis.ping()),
      goodbyeWithinMs,
    );
    return true;
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}

/** ioredis limits the time for a connection, not that for its first answers. */
const answersWithin = <T>(answer: Promise<T>, ms: number): Promise<T> =>
  inTime(answer, ms, () => new Error(`it does not answer within ${ms / 1000} s`));

function infoFields(info: string): ReadonlyMap<string, string> {
  const lines = info.split('\r\n').filter((line) => line.includes(':'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

function assertUsable(where: string, info: ReadonlyMap<string, string>): void {
  const version = info.get('redis_version') ?? '0';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < oldestRedis[0] || (major === oldestRedis[0] && minor < oldestRedis[1])) {
    throw new QueueSetupError(
      'redis_too_old',
      `${where} is version ${version}; ${oldestRedis.join('.')} or newer is needed`,
      [
        `Use Redis ${oldestRedis.join('.')} or newer, or leave REDIS_URL out: then the queue is kept in PostgreSQL.`,
      ],
    );
  }
  const policy = info.get('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    throw new QueueSetupError(
      'redis_evicts_keys',
      `${where} has maxmemory-policy ${policy}: when it is full it would throw parts of the queue away`,
      [
        'Set maxmemory-policy noeviction (in redis.conf, or CONFIG SET maxmemory-policy noeviction).',
        'Or give another Redis in REDIS_URL, or leave it out: then the queue is kept in PostgreSQL.',
      ],
    );
  }
}

async function openPostgres(place: QueuePostgres): Promise<QueueBackend> {
  const config = {
    ...place,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: askPeerAfterMs,
  };
  const client = new PostgresClient(config);
  try {
    await client.connect();
    await runMigrations(client as unknown as Parameters<typeof runMigrations>[0], queueSchema);
  } catch (error) {
    throw new QueueSetupError(
      'queue_database_unusable',
      `the queue cannot be kept in the database: ${(error as Error).message}`,
      ['See that the database can be reached and that its user may create a schema; or set REDIS_URL.'],
    );
  } finally {
    await client.end().catch(() => undefined);
  }
  // A caller that waits for PostgreSQL hears when it is gone, so nobody needs to ask beforehand.
  const answers = async () => true;
  const factory = sharedBackends({ ...config, idleTimeoutMillis: keepIdleMs, statement_timeout: 10_000 });
  const both = { connection: {}, factory, answers, asking: { drainDelay: askPostgresAfterS } };
  return { kind: 'postgres', forWorkers: both, forProducers: both };
}
