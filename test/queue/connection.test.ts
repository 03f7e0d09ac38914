import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openDoorbell, startDoorbellWorker } from '../../src/queue/bullmq-doorbell.ts';
import { openQueueBackend } from '../../src/queue/connection.ts';
import { QueueSetupError, QueueUnavailableError } from '../../src/queue/errors.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { breakTakenConnections } from '../support/broken-connections.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
const started: TestRedis[] = [];
afterAll(() => Promise.all([postgres?.stop(), ...started.map((redis) => redis.stop())]));

/** A queue in a database of its own, whose address has these settings. */
async function queueOnPostgres(settings?: string) {
  const { connection, url } = await postgres.createDatabase();
  const database = openDatabase({ connection });
  onTestFinished(() => database.close());
  const place = settings === undefined ? connection : { connectionString: `${url}?${settings}` };
  return { database, backend: await openQueueBackend({ postgres: place }) };
}

const redisWith = async (...args: string[]) => {
  const redis = await startRedis({ args });
  started.push(redis);
  return redis;
};
const refusal = async (redisUrl: string): Promise<QueueSetupError> => {
  const error = await openQueueBackend({ redisUrl }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(QueueSetupError);
  return error as QueueSetupError;
};

describe('a Redis that cannot hold the queue is refused in one line with a next step', () => {
  it('one that throws keys away when it is full', async () => {
    const { url } = await redisWith('--maxmemory-policy', 'allkeys-lru');
    const error = await refusal(url);
    expect(error.code).toBe('redis_evicts_keys');
    expect(error.message).toContain('allkeys-lru');
    expect(error.message).not.toContain('\n');
    expect(error.nextSteps.join(' ')).toContain('noeviction');
  });

  it('one that is too old', async () => {
    const old = createServer((socket) => {
      socket.on('data', (chunk) => {
        for (const command of chunk.toString().match(/\r\n(?:info|client|hello|ping|select)\r\n/gi) ?? []) {
          const info = '# Server\r\nredis_version:6.0.16\r\nmaxmemory_policy:noeviction\r\nloading:0\r\n';
          socket.write(/info/i.test(command) ? `$${info.length}\r\n${info}\r\n` : '+OK\r\n');
        }
      });
    });
    old.listen(0, '127.0.0.1');
    await once(old, 'listening');
    const error = await refusal(`redis://127.0.0.1:${(old.address() as AddressInfo).port}`);
    expect(error.code).toBe('redis_too_old');
    expect(error.message).toContain('6.0.16');
    old.close();
  });

  it('one that is not there', async () => {
    const redis = await redisWith();
    await redis.stop();
    const error = await refusal(redis.url);
    expect(error.code).toBe('redis_unreachable');
    expect(error.message).toContain(`127.0.0.1:${redis.port}`);
  });

  it('one that takes connections and answers nothing', async () => {
    const redis = await redisWith();
    redis.hang();
    const error = await refusal(redis.url);
    expect(error.code).toBe('redis_unreachable');
    expect(error.message).toContain('does not answer within 10 s');
  });

  it('one whose password is another, without saying ours', async () => {
    const { port } = await redisWith('--requirepass', 'theirs');
    const error = await refusal(`redis://:ours-is-secret@127.0.0.1:${port}/3`);
    expect(error.code).toBe('redis_unreachable');
    expect(`${error.message}${error.nextSteps.join('')}`).not.toContain('ours-is-secret');
  });

  it('but one that asks for the password that the URL has is taken', async () => {
    const { port } = await redisWith('--requirepass', 'p@ss/word');
    expect((await openQueueBackend({ redisUrl: `redis://:p%40ss%2Fword@127.0.0.1:${port}` })).kind).toBe(
      'redis',
    );
  });
});

it('says so when the database cannot hold the queue', async () => {
  const nowhere = { host: '/nowhere', port: 5432, user: 'nobody', database: 'none' };
  await expect(openQueueBackend({ postgres: nowhere })).rejects.toMatchObject({
    code: 'queue_database_unusable',
  });
});

it('says so when a connection of the queue breaks as soon as it is taken', async () => {
  const { backend } = await queueOnPostgres();
  const mend = breakTakenConnections();
  const doorbell = openDoorbell(backend);
  await expect(doorbell.ping()).rejects.toThrow(QueueUnavailableError);
  mend();
  await doorbell.close();
});

const connectionsBeside = async (database: Database): Promise<number> => {
  const [row] = await database.query<{ count: string }>(
    'select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  return Number(row!.count);
};

it('needs few connections to PostgreSQL for all kinds of work together, and gives them back', async () => {
  const { database, backend } = await queueOnPostgres();
  const called = new Set<string>();
  const kinds = (
    ['expansion', 'comparison', 'campaign', 'audit', 'guard', 'hold', 'replacement'] as const
  ).map((kind) => {
    const name = `${kind}-wake-ups` as const;
    const doorbell = openDoorbell(backend, { name });
    const handle = async (id: string) => {
      called.add(id);
      return null;
    };
    return { kind, doorbell, worker: startDoorbellWorker(backend, doorbell, handle, { name }) };
  });
  const ids = kinds.flatMap(({ kind }) => Array.from({ length: 20 }, (_, i) => `${kind}-${i}`));
  await Promise.all(
    kinds.flatMap(({ kind, doorbell }) =>
      ids.filter((id) => id.startsWith(kind)).map((id) => doorbell.ring(id)),
    ),
  );
  await until(() => called.size === ids.length);
  // One listens.
  expect(await connectionsBeside(database)).toBeLessThanOrEqual(5);
  for (const { doorbell, worker } of kinds) {
    expect(await doorbell.workers()).toBe(1);
    await worker.close();
    await doorbell.close();
  }
  await until(async () => (await connectionsBeside(database)) === 0);
});

it('leaves no connection behind where the end of a worker overtakes its start', async () => {
  const { database, backend } = await queueOnPostgres();
  for (let i = 0; i < 3; i++) {
    const doorbell = openDoorbell(backend);
    const worker = startDoorbellWorker(backend, doorbell, async () => null);
    await Promise.all([worker.close(), doorbell.close()]);
  }
  await until(async () => (await connectionsBeside(database)) === 0);
});

it('finds its tables and counts its workers, whatever else the address of PostgreSQL sets', async () => {
  const { backend } = await queueOnPostgres('application_name=ops&options=-c%20search_path%3Dpublic');
  const doorbell = openDoorbell(backend);
  const called: string[] = [];
  const worker = startDoorbellWorker(backend, doorbell, async (id) => {
    called.push(id);
    return null;
  });
  await doorbell.ring('a');
  await until(() => called.includes('a'));
  await until(async () => (await doorbell.workers()) === 1);
  await worker.close();
  await doorbell.close();
});
