import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startService } from '../../src/main.ts';
import { roles } from '../../src/model/access.ts';
import type { Service } from '../../src/service.ts';
import { createCluster, fastTimers, type ServedCluster, serveCluster } from '../../src/simulator/index.ts';
import { patiently } from '../support/patiently.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { type Operation, requestsFor, withIds } from './fuzz.ts';

/** Requests of the fuzz; by hand `FUZZ_REQUESTS=20000 npx vitest run test/security/routes.test.ts`. */
const fuzzed = Number(process.env.FUZZ_REQUESTS ?? 200);
vi.setConfig({ testTimeout: 3_600_000 });

const tokenOf = (role: string): string => `${role}-token-of-the-tests`;
/** The operator may not make tokens, and the requests of the tests are meant to reach every route. */
const tokens = { operator: tokenOf('admin') };
const agent = tokenOf('agent');
/** Operators that are bound to servers: to others than those of the tests, and to some of those. */
const elsewhere = tokenOf('elsewhere');
const inside = tokenOf('inside');

let folder: string;
let postgres: TestPostgres;
let database: TestDatabase;
let nodes: ServedCluster;
let service: Service;
let operations: readonly Operation[];
const ids: Record<string, string> = {};

const hangsAfterMs = 60_000;
async function ask(method: string, path: string, token: string | null, body?: string, headers = {}) {
  const asked = {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  };
  const response = await patiently(() =>
    fetch(service.url + path, { ...asked, signal: AbortSignal.timeout(hangsAfterMs) }),
  );
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
  const at = nodes.addresses as Readonly<Record<string, string>>;
  const bound = (name: string, masters: readonly string[], others: readonly string[]) => ({
    name,
    role: 'admin',
    tokenEnv: `T_${name.toUpperCase()}`,
    scope: { masters, nodes: others },
  });
  await writeFile(
    config,
    JSON.stringify({
      limits: { requestsPerMinute: 0 },
      tokens: [
        bound('elsewhere', ['10.9.9.0/24'], ['10.9.9.0/24']),
        bound('inside', [at.m1!], [at.n1!, at.s1!]),
      ],
    }),
  );
  service = await startService(
    { port: 0, logLevel: 'silent', role: 'api', configFile: config },
    {
      DATABASE_URL: database.url,
      PIKA_EXPANDER_NODE_NETWORKS: '127.0.0.1',
      ...Object.fromEntries(
        roles.map((role) => [`PIKA_EXPANDER_${role.toUpperCase()}_TOKEN`, tokenOf(role)]),
      ),
      T_ELSEWHERE: elsewhere,
      T_INSIDE: inside,
      PIKA_EXPANDER_AGENT_NODES: '127.0.0.1',
    },
  );
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
  await make('channel', '/v1/channels', {
    name: 'on call',
    kind: 'slack',
    url: 'https://hooks.slack.com/services/x',
    topics: ['replacement'],
  });
  await make('token', '/v1/tokens', { name: 'made', role: 'viewer' });
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

/** Who is let in: nobody, a wrong token, viewer, operator, approver, admin, agent, producer. */
const everybody = 'in in in in in in 403 in';
const readers = '401 401 in in in in 403 403';
const steerers = '401 401 403 in 403 in 403 403';
const approvers = '401 401 403 in in in 403 403';
const admins = '401 401 403 403 403 in 403 403';
const agentsAlone = '401 401 403 403 403 403 in 403';
const callers = [null, 'a-token-that-is-none', ...roles.map(tokenOf)];

const table: Readonly<Record<string, string>> = {
  'GET /healthz': everybody,
  'GET /readyz': everybody,
  'GET /metrics': readers,
  'GET /v1/session': everybody,
  'POST /v1/session': everybody,
  'DELETE /v1/session': everybody,
  'GET /v1/session/oidc': everybody,
  // It says 401 to everybody who does not come back from the identity provider; here there is none.
  'GET /v1/session/oidc/callback': everybody,
  'GET /v1/sessions': admins,
  'DELETE /v1/sessions/{id}': admins,
  'POST /v1/plans': steerers,
  'GET /v1/plans': readers,
  'GET /v1/plans/{id}': readers,
  'POST /v1/plans/{id}/rehearsal': steerers,
  'POST /v1/rehearsals': steerers,
  'GET /v1/expansions': readers,
  'POST /v1/expansions': steerers,
  'GET /v1/expansions/{id}': readers,
  'GET /v1/expansions/{id}/evidence': readers,
  'GET /v1/expansions/{id}/evidence/bundle': readers,
  'GET /v1/evidence-key': readers,
  'GET /v1/expansions/{id}/events': readers,
  'GET /v1/expansions/{id}/recording': readers,
  'GET /v1/expansions/{id}/nodes/{node}': readers,
  'GET /v1/expansions/{id}/nodes/{node}/observations': readers,
  'POST /v1/expansions/{id}/nodes/{node}/retry': steerers,
  'POST /v1/expansions/{id}/nodes/{node}/skip': steerers,
  'POST /v1/expansions/{id}/pause': steerers,
  'POST /v1/expansions/{id}/resume': steerers,
  'POST /v1/expansions/{id}/cancel': steerers,
  'POST /v1/expansions/{id}/approve': approvers,
  'GET /v1/events': readers,
  'POST /v1/topology': steerers,
  'GET /v1/knowledge': readers,
  'GET /v1/anomalies': readers,
  'GET /v1/findings': readers,
  'GET /v1/freeze': readers,
  'POST /v1/freeze': steerers,
  'DELETE /v1/freeze': steerers,
  'GET /v1/nodes/{node}/ready': readers,
  'GET /v1/webhooks': readers,
  'POST /v1/webhooks': steerers,
  'GET /v1/webhooks/{id}': readers,
  'DELETE /v1/webhooks/{id}': steerers,
  'GET /v1/webhooks/{id}/deliveries': readers,
  'GET /v1/workers': readers,
  'GET /v1/channels': readers,
  'POST /v1/channels': steerers,
  'GET /v1/channels/{id}': readers,
  'PATCH /v1/channels/{id}': steerers,
  'DELETE /v1/channels/{id}': steerers,
  'POST /v1/channels/{id}/test': steerers,
  'GET /v1/incidents': readers,
  'POST /v1/incidents/{id}/acknowledge': steerers,
  'GET /v1/questions': readers,
  // Signed by whoever was asked.
  'POST /v1/questions/{id}/answer': everybody,
  'GET /v1/trail': steerers,
  'GET /v1/trail/head': steerers,
  'GET /v1/trail/export': steerers,
  'GET /v1/agents': readers,
  'POST /v1/agents/reports': agentsAlone,
  'GET /v1/tokens': admins,
  'POST /v1/tokens': admins,
  'DELETE /v1/tokens/{id}': admins,
  'POST /v1/tokens/{id}/rotate': admins,
  'GET /v1/campaigns': readers,
  'POST /v1/campaigns': steerers,
  'GET /v1/campaigns/{id}': readers,
  'GET /v1/campaigns/{id}/report': readers,
  'GET /v1/campaigns/{id}/events': readers,
  'POST /v1/campaigns/{id}/pause': steerers,
  'POST /v1/campaigns/{id}/resume': steerers,
  'POST /v1/campaigns/{id}/cancel': steerers,
  'POST /v1/campaigns/{id}/approve': approvers,
  'GET /v1/audits': readers,
  'POST /v1/audits': steerers,
  'GET /v1/audits/{id}': readers,
  'GET /v1/audits/{id}/events': readers,
  'POST /v1/audits/{id}/cancel': steerers,
  'GET /v1/guards': readers,
  'POST /v1/guards': steerers,
  'GET /v1/guards/{id}': readers,
  'GET /v1/guards/{id}/events': readers,
  'POST /v1/guards/{id}/end': steerers,
  'POST /v1/guards/{id}/forget': steerers,
  'GET /v1/holds': readers,
  'POST /v1/holds': steerers,
  'GET /v1/holds/{id}': readers,
  'GET /v1/holds/{id}/events': readers,
  'POST /v1/holds/{id}/extend': steerers,
  'POST /v1/holds/{id}/end': steerers,
  'GET /v1/replacements': readers,
  'POST /v1/replacements': steerers,
  'GET /v1/replacements/{id}': readers,
  'GET /v1/replacements/{id}/events': readers,
  'POST /v1/replacements/{id}/approve': approvers,
  'POST /v1/replacements/{id}/cancel': steerers,
  'GET /v1/comparisons': readers,
  'POST /v1/comparisons': steerers,
  'GET /v1/comparisons/{id}': readers,
  'GET /v1/comparisons/{id}/differences': readers,
  'POST /v1/comparisons/{id}/pause': steerers,
  'POST /v1/comparisons/{id}/resume': steerers,
  'POST /v1/comparisons/{id}/cancel': steerers,
};

/** What a probe of a node is told with status 503. */
const isNo = (text: string): boolean => text.includes('"ready":false');

test('who may call what: every route has its row, and keeps to it', async () => {
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

/** What a request for each route names, where it names servers. */
function named(at: Readonly<Record<string, string>>): Readonly<Record<string, object>> {
  const expansion = { master: at.m1!, nodes: [at.n1!] };
  return {
    'POST /v1/plans': expansion,
    'POST /v1/rehearsals': expansion,
    'POST /v1/expansions': expansion,
    'POST /v1/campaigns': { members: [expansion] },
    'POST /v1/topology': { master: at.m1 },
    'POST /v1/comparisons': { left: at.m1, right: at.n1 },
    'POST /v1/audits': { masters: [at.m1] },
    'POST /v1/guards': { masters: [at.m1] },
    'POST /v1/holds': { master: at.m1, reason: 'backup' },
    'POST /v1/replacements': { master: at.m1, takeOut: [at.s1], keepVerified: 0, reason: 'test' },
  };
}

/** Of a route with an id, the id of what the tests have made. */
function made(path: string): string {
  const [, kind = ''] = /^\/v1\/(\w+?)s\/\{id\}/.exec(path) ?? [];
  return path.replace('{id}', ids[kind] ?? 'no-such-id').replace('{node}', ids.node!);
}

/** Of bound tokens: what concerns no servers, or was made known to every reader. */
const notBound = [
  'GET /healthz',
  'GET /readyz',
  'GET /v1/anomalies',
  'GET /v1/evidence-key',
  'GET /v1/findings',
  'GET /v1/freeze',
  'GET /v1/knowledge',
  'GET /v1/workers',
  'GET /v1/session',
  'POST /v1/session',
  'DELETE /v1/session',
  'GET /v1/session/oidc',
  'GET /v1/session/oidc/callback',
  // Signed by whoever was asked.
  'POST /v1/questions/{id}/answer',
  'POST /v1/agents/reports',
];

test('a token that is bound to other servers neither sees nor touches anything, on any route', async () => {
  const at = nodes.addresses as Readonly<Record<string, string>>;
  const open: string[] = [];
  const through: string[] = [];
  for (const { method, path } of operations) {
    const route = `${method} ${path}`;
    const body =
      method === 'GET' ? undefined : JSON.stringify(named(at)[route] ?? bodyOf(path) ?? { reason: 'a test' });
    const { status, text } = await ask(method, made(path), elsewhere, body);
    if (notBound.includes(route)) open.push(route);
    else if (status === 200 && method === 'GET' && text.includes('"items":[]')) continue;
    else if (status !== 403 && status !== 404) through.push(`${route}: ${status} ${text.slice(0, 200)}`);
  }
  expect(through).toEqual([]);
  expect(open.sort()).toEqual([...notBound].sort());
});

const bodyOf = (path: string): object | undefined =>
  ({
    '/v1/webhooks': { url: 'https://hooks.example.net/x' },
    '/v1/channels': { name: 'mine', kind: 'slack', url: 'https://hooks.slack.com/services/x' },
    '/v1/channels/{id}': { name: 'other' },
    '/v1/incidents/{id}/acknowledge': {},
    '/v1/tokens': { name: 'another', role: 'viewer' },
    '/v1/tokens/{id}': {},
    '/v1/tokens/{id}/rotate': {},
    '/v1/guards/{id}/forget': { slave: '127.0.0.1:1', reason: 'a test' },
    '/v1/holds/{id}/extend': {},
  })[path];

test('a token that is bound to these servers reads them and acts on them, and on no others', async () => {
  const at = nodes.addresses as Readonly<Record<string, string>>;
  const statusOf = async (method: string, path: string, body?: object) =>
    (await ask(method, path, inside, body && JSON.stringify(body))).status;
  for (const kind of ['plan', 'expansion', 'comparison', 'audit', 'guard', 'hold', 'replacement'])
    expect([kind, await statusOf('GET', `/v1/${kind}s/${ids[kind]}`)]).toEqual([kind, 200]);
  expect(await statusOf('GET', `/v1/campaigns/${ids.campaign}`)).toBe(404);
  expect(await statusOf('POST', `/v1/campaigns/${ids.campaign}/pause`, { reason: 'x' })).toBe(404);
  expect(await statusOf('POST', '/v1/plans', { master: at.m1!, nodes: [at.n1!] })).toBe(200);
  const refused = await ask(
    'POST',
    '/v1/plans',
    inside,
    JSON.stringify({ master: at.m1, nodes: [at.n1, at.n2] }),
  );
  expect([refused.status, JSON.parse(refused.text).error]).toMatchObject([
    403,
    { code: 'outside_scope', message: expect.stringContaining(at.n2!) },
  ]);
  // The address that nodes are told to follow counts as well.
  for (const master of [
    { address: at.m1!, seenAs: at.m2! },
    { address: at.m2!, seenAs: at.m1! },
  ])
    expect(await statusOf('POST', '/v1/plans', { master, nodes: [at.n1!] })).toBe(403);
  const list = JSON.parse((await ask('GET', '/v1/expansions', inside)).text);
  expect(list.items.map(({ id }: { id: string }) => id)).toEqual([ids.expansion]);
  const events = JSON.parse((await ask('GET', '/v1/events?limit=1000', inside)).text);
  expect(new Set(events.items.map((event: { campaignId?: string }) => event.campaignId))).toEqual(
    new Set([undefined]),
  );
  expect(events.items.length).toBeGreaterThan(0);
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
