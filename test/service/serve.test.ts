import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { startProblem } from '../../src/main.ts';
import { loadConfig } from '../../src/platform/config.ts';
import { createLog } from '../../src/platform/log.ts';
import { openService } from '../../src/service.ts';
import { readMigrations } from '../../src/store/migrate.ts';
import { watchNodes } from '../crash/nodes.ts';
import { patiently } from '../support/patiently.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { builtProgram } from '../support/program.ts';
import { startRedis } from '../support/redis.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';

let postgres: TestPostgres;
let folder: string;
/** A process takes long to start on a machine that does much else. */
vi.setConfig({ testTimeout: 300_000 });

let program: string;
const running = new Set<ServiceProcess>();

/** Answers every connection as a PostgreSQL without encryption does. */
const unencrypted = createServer((socket) => socket.once('data', () => socket.write('N')));
let plain: number;

beforeAll(async () => {
  [postgres, program] = await Promise.all([startPostgres(), builtProgram()]);
  await postgres.run('create role guest login');
  unencrypted.listen(0, '127.0.0.1');
  await once(unencrypted, 'listening');
  plain = (unencrypted.address() as { port: number }).port;
  folder = await mkdtemp(join(tmpdir(), 'pika-expander-serve-'));
});
afterEach(async () => {
  await Promise.all([...running].map((served) => served.kill()));
  running.clear();
});
afterAll(async () => {
  unencrypted.close();
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** `pika-expander serve`, as an operator starts it. */
function serve(env: Record<string, string>, ...flags: string[]): ServiceProcess {
  const served = startServiceProcess({ env, flags, program });
  running.add(served);
  return served;
}

const endedWell = { code: 0, signal: null };

const linesOf = (text: string) => text.split('\n').filter((line) => line !== '');

/** The one line that the process prints before it ends with 1. */
async function lastWord(env: Record<string, string>, ...flags: string[]): Promise<string> {
  const served = serve(env, ...flags);
  expect(await served.ended).toEqual({ code: 1, signal: null });
  const [line = '', ...more] = linesOf(served.errors());
  expect(more).toEqual([]);
  expect(linesOf(served.output()).filter((each) => !each.includes('"level":"info"'))).toEqual([]);
  return line;
}

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

  test.each([
    [
      'a database that does not exist',
      (url: string) => url.replace(/[^/]*$/, 'nosuch'),
      /"nosuch" .*createdb/,
    ],
    [
      'a user whom the database does not know',
      (url: string) => url.replace('//pika_expander@', '//stranger@'),
      /"stranger" .*user and the password in DATABASE_URL/,
    ],
    [
      'a user who may not make a schema',
      (url: string) => url.replace('//pika_expander@', '//guest@'),
      /permission denied .*GRANT CREATE/,
    ],
    [
      'a database without the encryption that is asked for',
      (url: string) => `${url.replace(/@.*:5432/, `@127.0.0.1:${plain}`)}?sslmode=verify-full`,
      /SSL.*sslmode in DATABASE_URL/,
    ],
  ])('%s', async (_, change, said) => {
    const database = await postgres.createDatabase();
    expect(await refused({ DATABASE_URL: change(database.url) })).toMatch(said);
    await database.drop();
  });

  test('a database that takes connections and answers nothing', async () => {
    const silent = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    expect(await refused({ DATABASE_URL: `postgres://someone@127.0.0.1:${port}/none` })).toMatch(
      /cannot be reached now: .*correct DATABASE_URL/,
    );
    silent.close();
  });

  test.each([
    ['is a file', () => join(folder, 'a-file')],
    ['lies below a file', () => join(folder, 'a-file', 'data')],
  ])('a data folder that %s', async (_, place) => {
    await writeFile(join(folder, 'a-file'), '');
    expect(await refused({ DATA_DIR: place() })).toMatch(/data folder .* cannot be used: .*DATA_DIR/);
  });

  test('an address that is not of this machine', async () => {
    const database = await postgres.createMigratedDatabase();
    for (const host of ['203.0.113.9', 'no-such-host.invalid'])
      expect(
        await refused({
          DATABASE_URL: database.url,
          PIKA_EXPANDER_HOST: host,
          PIKA_EXPANDER_OPERATOR_TOKEN: 'token-of-the-serve-test',
        }),
      ).toMatch(new RegExp(`${host}.*cannot be listened on`));
    await database.drop();
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
    expect(await lastWord({ DATABASE_URL: database.url })).toMatch(
      /^pika-expander cannot start: .*9999_from_the_future\.sql.*newer/,
    );
    await database.drop();
  });

  test('a Redis that would throw parts of the queue away', async () => {
    const database = await postgres.createMigratedDatabase();
    const redis = await startRedis();
    try {
      await redis.run('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
      const line = await lastWord({ DATABASE_URL: database.url, REDIS_URL: redis.url });
      expect(line).toMatch(/^pika-expander cannot start: .*allkeys-lru.*noeviction/);
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

  test('a setting that opens it to everybody', async () => {
    expect(await lastWord({}, '--host', '0.0.0.0')).toMatch(
      /^pika-expander cannot start: PIKA_EXPANDER_HOST .*PIKA_EXPANDER_OPERATOR_TOKEN/,
    );
  });
});

/** What the program is made of, apart from the dashboard. */
async function filesOfProgram(extension: '.js' | '.cjs'): Promise<readonly string[]> {
  const dist = join(dirname(program), '..');
  const names = await readdir(dist, { recursive: true });
  return names
    .filter((name) => name.endsWith(extension) && !name.startsWith('dashboard'))
    .map((name) => join(dist, name));
}

/** The modules that a file asks for, by the names that it gives them. */
async function askedForBy(file: string): Promise<readonly string[]> {
  const { parseSync } = await import('vite');
  const code = await readFile(file, 'utf8');
  const { program: tree, module } = parseSync(file, code);
  const { staticImports, staticExports, dynamicImports } = module;
  const exported = staticExports.flatMap(({ entries }) => entries.map((each) => each.moduleRequest?.value));
  const dynamic = dynamicImports.map(({ moduleRequest: { start, end } }) => code.slice(start, end));
  return [
    ...staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...exported.filter((name) => name !== undefined),
    // A name that is worked out is that of a file.
    ...dynamic.filter((name) => /^["']/.test(name)).map((name) => name.slice(1, -1)),
    ...requiredIn(tree),
  ];
}

interface Tree {
  readonly type?: string;
  readonly callee?: { readonly name?: string };
  readonly arguments?: readonly { readonly value?: unknown }[];
  readonly block?: unknown;
}

/** Names that are given to `require`, except where a `try` does without the module. */
function requiredIn(tree: unknown): readonly string[] {
  if (Array.isArray(tree)) return tree.flatMap(requiredIn);
  if (typeof tree !== 'object' || tree === null) return [];
  const { type, callee, arguments: given, block } = tree as Tree;
  const name = type === 'CallExpression' && callee?.name === 'require' ? given?.[0]?.value : undefined;
  const parts = Object.values(tree).filter((part) => type !== 'TryStatement' || part !== block);
  return [...(typeof name === 'string' ? [name] : []), ...parts.flatMap(requiredIn)];
}

test('the program asks for no package but those that are installed with it', async () => {
  const files = [...(await filesOfProgram('.js')), ...(await filesOfProgram('.cjs'))];
  const asked = (await Promise.all(files.map(askedForBy))).flat();
  const packages = asked
    .filter((name) => !name.startsWith('.') && !isBuiltin(name))
    .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
  const text = await readFile(join(dirname(program), '..', '..', 'package.json'), 'utf8');
  const { dependencies } = JSON.parse(text) as { dependencies: object };
  expect(packages.length).toBeGreaterThan(20);
  expect(packages.filter((name) => !(name in dependencies))).toEqual([]);
});

test('the build has compiled every file of the program for this Node', async () => {
  const files = await filesOfProgram('.cjs');
  const loader = pathToFileURL(join(dirname(program), '..', 'chunks', 'compiled.js')).href;
  const script = `
    import { scriptOf } from '${loader}';
    const files = ${JSON.stringify(files)};
    console.log(JSON.stringify(files.filter((file) => !scriptOf(file).isCompiled)));`;
  // Without options of V8, as the program is started.
  const env = { PATH: process.env.PATH };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env,
  });
  expect(files.length).toBeGreaterThan(50);
  expect(JSON.parse(stdout)).toEqual([]);
});

test('the program knows what knowledge/pika.yaml says', async () => {
  const dist = join(dirname(program), '..');
  const [built, source] = await Promise.all(
    [join(dist, 'knowledge.json'), join(dist, '..', 'knowledge', 'pika.yaml')].map((path) =>
      readFile(path, 'utf8'),
    ),
  );
  expect(JSON.parse(built!)).toEqual(parse(source!));
});

test('with nothing configured it starts on its own database, answers, and a second one on the same folder is refused', async () => {
  const dataDir = join(folder, 'own');
  const first = serve({ DATA_DIR: dataDir });
  const url = await first.url();
  expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ ready: true });
  await until(() => first.output().includes('no token is configured'), { what: 'it says who can connect' });

  expect(await lastWord({ DATA_DIR: dataDir })).toMatch(
    /^pika-expander cannot start: .*data folder .* is in use/,
  );

  first.child.kill('SIGINT');
  expect(await first.ended).toEqual(endedWell);
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
  expect(await served.ended).toEqual(endedWell);
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
  const status = async (url: string) => (await patiently(() => fetch(`${url}/v1/expansions`))).status;
  expect([await status(apiUrl), await status(workerUrl)]).toEqual([200, 404]);
  for (const url of [apiUrl, workerUrl]) expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect(await (await fetch(`${workerUrl}/metrics`)).text()).toContain('pika_expander_database_up 1');
  for (const served of [api, worker]) served.child.kill('SIGTERM');
  expect(await Promise.all([api.ended, worker.ended])).toEqual([endedWell, endedWell]);
  await database.drop();
});

test('two processes that start at once on an empty database both run, and each migration is applied once', async () => {
  const database = await postgres.createDatabase();
  const both = [serve({ DATABASE_URL: database.url }), serve({ DATABASE_URL: database.url })];
  for (const url of await Promise.all(both.map((served) => served.url())))
    expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ ready: true });
  const client = new pg.Client(database.connection);
  await client.connect();
  const { rows } = await client.query<{ name: string }>('select name from pika_expander.migrations');
  await client.end();
  expect(rows.map(({ name }) => name).sort()).toEqual((await readMigrations()).map(({ name }) => name));
  for (const served of both) served.child.kill('SIGTERM');
  expect(await Promise.all(both.map((served) => served.ended))).toEqual([endedWell, endedWell]);
  await database.drop();
});

test('SIGTERM in the middle of a copy hands it over: another process goes on before the lease would have run out', async () => {
  const database = await postgres.createMigratedDatabase();
  const nodes = await watchNodes('3.5.4');
  const both = [serve({ DATABASE_URL: database.url }), serve({ DATABASE_URL: database.url })];
  const [url] = await Promise.all(both.map((served) => served.url()));
  const request = {
    master: nodes.addresses.m,
    nodes: [nodes.addresses.n1],
    policy: { lookIntervalMs: 100, bandwidthBytesPerSecond: slowly },
  };
  const headers = { 'content-type': 'application/json' };
  const asked = { method: 'POST', headers, body: JSON.stringify(request) };
  const answer = await patiently(() => fetch(`${url}/v1/expansions`, asked));
  expect(answer.status, await answer.text()).toBe(202);
  await until(() => nodes.mostInFullSync() === 1, { withinMs: 60_000, what: 'n1 copies' });

  const client = new pg.Client(database.connection);
  await client.connect();
  const stored = async () => (await client.query('select state, lease_owner from expansions')).rows[0];
  const owner: string = (await stored()).lease_owner;
  const atWork = both.find(({ child }) => owner.includes(`:${child.pid}:`))!;
  const other = both.find((served) => served !== atWork)!;
  const startedAt = performance.now();
  atWork.child.kill('SIGTERM');
  expect(await atWork.ended).toEqual(endedWell);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  expect(nodes.faults()).toContain('n1 is WaitDBSync');

  await until(async () => (await stored()).state === 'succeeded', { withinMs: 120_000, everyMs: 100 });
  await client.end();
  expect(nodes.changesTo('n1')).toEqual([`SLAVEOF ${nodes.addresses.m!.replace(':', ' ')} force`]);
  expect(nodes.unwatchedMs('n1')).toBeLessThan(leaseMs);
  other.child.kill('SIGTERM');
  expect(await other.ended).toEqual(endedWell);
  await nodes.close();
  await database.drop();
});

/** Bytes a second: the copy takes 20 s, so that the signal comes inside it. */
const slowly = 2_000_000;
/** How long a dead worker's expansions would stay untouched. */
const leaseMs = 15_000;
