import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startService } from '../../src/main.ts';
import type { Service } from '../../src/service.ts';
import { createCluster, fastTimers, type ServedCluster, serveCluster } from '../../src/simulator/index.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { type Operation, requestsFor, withIds } from './fuzz.ts';

/** Requests of the fuzz; by hand `FUZZ_REQUESTS=20000 npx vitest run test/security/routes.test.ts`. */
const fuzzed = Number(process.env.FUZZ_REQUESTS ?? 200);
vi.setConfig({ testTimeout: 3_600_000 });

const tokens = { viewer: 'viewer-token-of-the-tests', operator: 'operator-token-of-the-tests' };
const agent = 'agent-token-of-the-tests';

let folder: string;
let postgres: TestPostgres;
let database: TestDatabase;
let nodes: ServedCluster;
let service: Service;
let operations: readonly Operation[];
const ids: Record<string, string> = {};

const hangsAfterMs = 60_000;
async function ask(method: string, path: string, token: string | null, body?: string, headers = {}) {
  const response = await fetch(service.url + path, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(hangsAfterMs),
  });
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
    await response.body?.cancel();
    return { status: response.status, text: '' };
  }
  return { status: response.status, text: await response.text() };
}

async function make(name: string, path: string, body: object): Promise<void> {
  const { status, text } = await ask('POST', path, tokens.operator, JSON.stringify(body));
  expect([name, status, text]).toEqual([name, expect.toSatisfy((code: number) => code < 300), text]);
  ids[name] = (JSON.parse(text) as { id: string }).id;
}

/** Nothing works on what is accepted, nothing is sent to webhooks, and no node but on loopback is connected to. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pika-expander-routes-'));
  const config = join(folder, 'config.json');
  await writeFile(config, JSON.stringify({ limits: { requestsPerMinute: 0 } }));
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  const cluster = createCluster({
    seed: 'routes',
    now: Date.now(),
    timers: fastTimers,
    defaults: { version: '3.5.5' },
  });
  for (const id of ['m1', 'm2', 'n1', 'n2', 's1']) cluster.addNode({ id });
  nodes = await serveCluster(cluster);
  cluster.execute('s1', ['SLAVEOF', ...nodes.addresses.m1!.split(':')]);
  await until(() => cluster.observe('s1').states.db0 === 'Connected', { what: 's1 follows' });
  service = await startService(
    { port: 0, logLevel: 'silent', role: 'api', configFile: config },
    {
      DATABASE_URL: database.url,
      PIKA_EXPANDER_NODE_NETWORKS: '127.0.0.1',
      PIKA_EXPANDER_VIEWER_TOKEN: tokens.viewer,
      PIKA_EXPANDER_OPERATOR_TOKEN: tokens.operator,
      PIKA_EXPANDER_AGENT_TOKEN: agent,
      PIKA_EXPANDER_AGENT_NODES: '127.0.0.1',
    },
  );
  const at = nodes.addresses as Readonly<Record<string, string>>;
  await make('plan', '/v1/plans', { master: at.m1, nodes: [at.n1] });
  await make('expansion', '/v1/expansions', { master: at.m1, nodes: [at.n1] });
  await make('campaign', '/v1/campaigns', { members: [{ master: at.m2, nodes: [at.n2] }] });
  await make('comparison', '/v1/comparisons', { left: at.m1, right: at.n1 });
  await make('audit', '/v1/audits', { masters: [at.m1] });
  await make('guard', '/v1/guards', { masters: [at.m1] });
  await make('hold', '/v1/holds', { master: at.m1, reason: 'backup' });
  await make('replacement', '/v1/replacements', {
    master: at.m1,
    takeOut: [at.s1],
    keepVerified: 0,
    reason: 'test',
  });
  await make('webhook', '/v1/webhooks', { url: 'https://hooks.example.net/x' });
  ids.node = at.n1!;
  ids.master = at.m1!;
  const { paths } = JSON.parse((await ask('GET', '/openapi.json', null)).text) as {
    paths: Record<string, Record<string, Omit<Operation, 'method' | 'path'>>>;
  };
  operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, about]) => ({ ...about, method: method.toUpperCase(), path })),
  );
}, 600_000);
afterAll(async () => {
  await service?.close();
  await nodes?.close();
  await database?.drop();
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Who is let in, in the order of `callers`: nobody, a wrong token, a viewer, an operator, an agent. */
const everybody = 'in in in in 403';
const whoeverLooks = '401 401 in in 403';
const whoeverSteers = '401 401 403 in 403';
const agentsAlone = '401 401 403 403 in';

const table: Readonly<Record<string, string>> = {
  'GET /healthz': everybody,
  'GET /readyz': everybody,
  'GET /metrics': whoeverLooks,
  'GET /v1/session': everybody,
  'POST /v1/session': everybody,
  'DELETE /v1/session': everybody,
  'POST /v1/plans': whoeverSteers,
  'GET /v1/plans/{id}': whoeverLooks,
  'POST /v1/plans/{id}/rehearsal': whoeverSteers,
  'POST /v1/rehearsals': whoeverSteers,
  'GET /v1/expansions': whoeverLooks,
  'POST /v1/expansions': whoeverSteers,
  'GET /v1/expansions/{id}': whoeverLooks,
  'GET /v1/expansions/{id}/evidence': whoeverLooks,
  'GET /v1/expansions/{id}/evidence/bundle': whoeverLooks,
  'GET /v1/evidence-key': whoeverLooks,
  'GET /v1/expansions/{id}/events': whoeverLooks,
  'GET /v1/expansions/{id}/recording': whoeverLooks,
  'GET /v1/expansions/{id}/nodes/{node}': whoeverLooks,
  'GET /v1/expansions/{id}/nodes/{node}/observations': whoeverLooks,
  'POST /v1/expansions/{id}/nodes/{node}/retry': whoeverSteers,
  'POST /v1/expansions/{id}/nodes/{node}/skip': whoeverSteers,
  'POST /v1/expansions/{id}/pause': whoeverSteers,
  'POST /v1/expansions/{id}/resume': whoeverSteers,
  'POST /v1/expansions/{id}/cancel': whoeverSteers,
  'POST /v1/expansions/{id}/approve': whoeverSteers,
  'GET /v1/events': whoeverLooks,
  'POST /v1/topology': whoeverSteers,
  'GET /v1/knowledge': whoeverLooks,
  'GET /v1/anomalies': whoeverLooks,
  'GET /v1/findings': whoeverLooks,
  'GET /v1/freeze': whoeverLooks,
  'POST /v1/freeze': whoeverSteers,
  'DELETE /v1/freeze': whoeverSteers,
  'GET /v1/nodes/{node}/ready': whoeverLooks,
  'GET /v1/webhooks': whoeverLooks,
  'POST /v1/webhooks': whoeverSteers,
  'GET /v1/webhooks/{id}': whoeverLooks,
  'DELETE /v1/webhooks/{id}': whoeverSteers,
  'GET /v1/webhooks/{id}/deliveries': whoeverLooks,
  'GET /v1/questions': whoeverLooks,
  // Signed by whoever was asked.
  'POST /v1/questions/{id}/answer': everybody,
  'GET /v1/trail': whoeverSteers,
  'GET /v1/trail/head': whoeverSteers,
  'GET /v1/trail/export': whoeverSteers,
  'GET /v1/agents': whoeverLooks,
  'POST /v1/agents/reports': agentsAlone,
  'GET /v1/campaigns': whoeverLooks,
  'POST /v1/campaigns': whoeverSteers,
  'GET /v1/campaigns/{id}': whoeverLooks,
  'GET /v1/campaigns/{id}/report': whoeverLooks,
  'GET /v1/campaigns/{id}/events': whoeverLooks,
  'POST /v1/campaigns/{id}/pause': whoeverSteers,
  'POST /v1/campaigns/{id}/resume': whoeverSteers,
  'POST /v1/campaigns/{id}/cancel': whoeverSteers,
  'POST /v1/campaigns/{id}/approve': whoeverSteers,
  'GET /v1/audits': whoeverLooks,
  'POST /v1/audits': whoeverSteers,
  'GET /v1/audits/{id}': whoeverLooks,
  'GET /v1/audits/{id}/events': whoeverLooks,
  'POST /v1/audits/{id}/cancel': whoeverSteers,
  'GET /v1/guards': whoeverLooks,
  'POST /v1/guards': whoeverSteers,
  'GET /v1/guards/{id}': whoeverLooks,
  'GET /v1/guards/{id}/events': whoeverLooks,
  'POST /v1/guards/{id}/end': whoeverSteers,
  'POST /v1/guards/{id}/forget': whoeverSteers,
  'GET /v1/holds': whoeverLooks,
  'POST /v1/holds': whoeverSteers,
  'GET /v1/holds/{id}': whoeverLooks,
  'GET /v1/holds/{id}/events': whoeverLooks,
  'POST /v1/holds/{id}/extend': whoeverSteers,
  'POST /v1/holds/{id}/end': whoeverSteers,
  'GET /v1/replacements': whoeverLooks,
  'POST /v1/replacements': whoeverSteers,
  'GET /v1/replacements/{id}': whoeverLooks,
  'GET /v1/replacements/{id}/events': whoeverLooks,
  'POST /v1/replacements/{id}/cancel': whoeverSteers,
  'GET /v1/comparisons': whoeverLooks,
  'POST /v1/comparisons': whoeverSteers,
  'GET /v1/comparisons/{id}': whoeverLooks,
  'GET /v1/comparisons/{id}/differences': whoeverLooks,
  'POST /v1/comparisons/{id}/pause': whoeverSteers,
  'POST /v1/comparisons/{id}/resume': whoeverSteers,
  'POST /v1/comparisons/{id}/cancel': whoeverSteers,
};

/** What a probe of a node is told with status 503. */
const isNo = (text: string): boolean => text.includes('"ready":false');

test('who may call what: every route has its row, and keeps to it', async () => {
  const callers = [null, 'a-token-that-is-none', tokens.viewer, tokens.operator, agent];
  const found: Record<string, string> = {};
  for (const { method, path } of operations) {
    const url = path.replace('{id}', 'no-such-id').replace('{node}', '127.0.0.1:1');
    const outcomes = [];
    for (const caller of callers) {
      // A body that no route takes: what is let in changes nothing.
      const { status, text } = await ask(method, url, caller, method === 'GET' ? undefined : '{"no":"such"}');
      const fails = status >= 500 && !isNo(text);
      outcomes.push([401, 403].includes(status) ? status : fails ? `fails ${status}` : 'in');
    }
    found[`${method} ${path}`] = outcomes.join(' ');
  }
  expect(found).toEqual(table);
});

test('every number that a query may hold is taken by its route and by the database', async () => {
  const asked = operations.flatMap(({ method, path, parameters = [] }) =>
    parameters
      .filter(({ schema }) => schema.type === 'integer')
      .flatMap(({ name, schema: { minimum = 0, maximum = 0 } }) =>
        [minimum, maximum].map((value) => [method, `${withIds(path, ids)}?${name}=${value}`] as const),
      ),
  );
  expect(asked.length).toBeGreaterThan(20);
  for (const [method, path] of asked)
    expect([path, (await ask(method, path, tokens.operator)).status]).toEqual([path, 200]);
});

test('no request that the description of the API can lead to fails or hangs', async () => {
  const wrong: unknown[] = [];
  const statuses: Record<number, number> = {};
  let next = 0;
  const requests = requestsFor(
    operations,
    ids,
    nodes.addresses as Readonly<Record<string, string>>,
    20_261_128,
  );
  async function work(): Promise<void> {
    while (next < fuzzed && wrong.length < 20) {
      next += 1;
      const { method, path, body, headers } = requests();
      const who = path.includes('/agents/reports') ? agent : tokens.operator;
      const { status, text } = await ask(method, path, who, body, headers).catch((error: unknown) => ({
        status: 599,
        text: String(error),
      }));
      statuses[status] = (statuses[status] ?? 0) + 1;
      // A busy machine gets these two on purpose.
      if (status >= 500 && !isNo(text) && !/"code":"(?:rehearsal_running|overloaded)"/.test(text))
        wrong.push({ method, path, status, body: body?.slice(0, 500), text: text.slice(0, 300) });
    }
  }
  await Promise.all(Array.from({ length: 8 }, work));
  if (fuzzed > 1000) process.stderr.write(`${JSON.stringify(statuses)}\n`);
  expect(wrong).toEqual([]);
  expect(Object.keys(statuses)).toEqual(expect.arrayContaining(['200', '400']));
});
