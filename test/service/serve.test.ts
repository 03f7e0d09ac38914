import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { createLog } from '../../src/log.ts';
import { startProblem } from '../../src/main.ts';
import { openService } from '../../src/service.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

let postgres: TestPostgres;
let folder: string;
/** A process takes long to start on a machine that does much else. */
vi.setConfig({ testTimeout: 180_000 });

const running = new Set<ChildProcess>();

beforeAll(async () => {
  postgres = await startPostgres();
  folder = await mkdtemp(join(tmpdir(), 'pika-expander-serve-'));
});
afterEach(async () => {
  for (const child of running) {
    child.kill('SIGKILL');
    await once(child, 'exit').catch(() => undefined);
  }
  running.clear();
});
afterAll(async () => {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Served {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly errors: () => string;
  /** Exit code, once it has ended. */
  readonly ended: Promise<number | null>;
  url(): Promise<string>;
}

/** `pika-expander serve`, as an operator starts it. */
function serve(env: Record<string, string>, ...flags: string[]): Served {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', 'serve', ...flags], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PIKA_EXPANDER_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let output = '';
  let errors = '';
  child.stdout!.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr!.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  return {
    child,
    output: () => output,
    errors: () => errors,
    ended,
    async url() {
      await until(() => /is running.* at http/.test(output) || child.exitCode !== null, {
        withinMs: 120_000,
        what: () => `serve said: ${output}${errors}`,
      });
      const found = /is running.* at (http:\/\/[^"\s]+)/.exec(output)?.[1];
      if (found === undefined) throw new Error(`serve did not start: ${output}${errors}`);
      return found;
    },
  };
}

const linesOf = (text: string) => text.split('\n').filter((line) => line !== '');

/** The line that `serve` would print. */
const refused = async (env: Record<string, string>): Promise<string> => {
  const config = loadConfig({ PIKA_EXPANDER_PORT: '0', LOG_LEVEL: 'silent', ...env });
  const log = createLog({ level: 'silent', secrets: [] });
  const error = await openService(config, log).then(
    async (service) => {
      await service.close();
      throw new Error('it did start');
    },
    (reason: unknown) => reason,
  );
  const line = startProblem(error, config);
  expect(line).not.toContain('\n');
  expect(line).not.toContain('not foreseen');
  return line;
};

describe('a service that cannot start says why in one line, with what to do', () => {
  test('a database that is not there', async () => {
    const line = await refused({ DATABASE_URL: 'postgres://user:hidden-password@127.0.0.1:1/none' });
    expect(line).toMatch(/correct DATABASE_URL/);
    expect(line).not.toContain('hidden-password');
  });

  test('a database whose schema is newer', async () => {
    const database = await postgres.createMigratedDatabase();
    const client = new pg.Client(database.connection);
    await client.connect();
    const { rows } = await client.query('select * from pika_expander.migrations order by name desc limit 1');
    const newer = { ...rows[0], name: '9999_from_the_future.sql' };
    const columns = Object.keys(newer);
    const places = columns.map((_, index) => `$${index + 1}`);
    await client.query(
      `insert into pika_expander.migrations (${columns.join(', ')}) values (${places.join(', ')})`,
      Object.values(newer),
    );
    await client.end();
    expect(await refused({ DATABASE_URL: database.url })).toMatch(/newer/);
    await database.drop();
  });

  test('a Redis that would throw parts of the queue away', async () => {
    const database = await postgres.createMigratedDatabase();
    const redis = await startRedis();
    try {
      await redis.run('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
      const line = await refused({ DATABASE_URL: database.url, REDIS_URL: redis.url });
      expect(line).toMatch(/allkeys-lru.*noeviction/);
    } finally {
      await redis.stop();
    }
    await database.drop();
  });

  test('a port that is in use', async () => {
    const database = await postgres.createMigratedDatabase();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const line = await refused({ DATABASE_URL: database.url, PIKA_EXPANDER_PORT: String(port) });
    expect(line).toMatch(new RegExp(`port ${port} .*in use.*--port`));
    other.close();
    await database.drop();
  });

  test('the process prints it, nothing else, and ends with 1', async () => {
    const served = serve({}, '--host', '0.0.0.0');
    expect(await served.ended).toBe(1);
    expect(linesOf(served.errors())).toEqual([
      expect.stringMatching(/^pika-expander cannot start: PIKA_EXPANDER_HOST .*PIKA_EXPANDER_OPERATOR_TOKEN/),
    ]);
    expect(served.output()).toBe('');
  });
});

test('with nothing configured it starts on its own database, answers, and a second one on the same folder is refused', async () => {
  const dataDir = join(folder, 'own');
  const first = serve({ DATA_DIR: dataDir });
  const url = await first.url();
  expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ ready: true });
  expect(first.output()).toContain('no token is configured');

  expect(await refused({ DATA_DIR: dataDir })).toMatch(/data folder .* is in use/);

  first.child.kill('SIGINT');
  expect(await first.ended).toBe(0);
});

test('SIGTERM ends it with 0 within 10 s, though displays are connected and a request is half sent', async () => {
  const database = await postgres.createMigratedDatabase();
  const served = serve({
    DATABASE_URL: database.url,
    PIKA_EXPANDER_OPERATOR_TOKEN: 'token-of-the-serve-test',
  });
  const url = await served.url();
  const headers = { authorization: 'Bearer token-of-the-serve-test' };
  const stream = await fetch(`${url}/v1/events`, { headers: { ...headers, accept: 'text/event-stream' } });
  expect(stream.status).toBe(200);
  const drained = stream.text().catch(() => 'cut off');
  const half = connect(Number(new URL(url).port), '127.0.0.1');
  half.on('error', () => undefined);
  await once(half, 'connect');
  half.write(`POST /v1/plans HTTP/1.1\r\nhost: localhost\r\nauthorization: ${headers.authorization}\r\n`);
  half.write('content-type: application/json\r\ncontent-length: 100\r\n\r\n{"master":');
  const startedAt = performance.now();
  served.child.kill('SIGTERM');
  expect(await served.ended).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  await drained;
  half.destroy();
  expect(served.output()).not.toContain('token-of-the-serve-test');
  await database.drop();
});

test('API and worker run apart on one database, and both can be probed', async () => {
  const database = await postgres.createMigratedDatabase();
  const api = serve({ DATABASE_URL: database.url }, '--role', 'api');
  const worker = serve({ DATABASE_URL: database.url }, '--role', 'worker');
  const [apiUrl, workerUrl] = await Promise.all([api.url(), worker.url()]);
  expect((await fetch(`${apiUrl}/v1/expansions`)).status).toBe(200);
  expect((await fetch(`${workerUrl}/v1/expansions`)).status).toBe(404);
  for (const url of [apiUrl, workerUrl]) expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect(await (await fetch(`${workerUrl}/metrics`)).text()).toContain('pika_expander_database_up 1');
  for (const served of [api, worker]) served.child.kill('SIGTERM');
  expect(await Promise.all([api.ended, worker.ended])).toEqual([0, 0]);
  await database.drop();
});
