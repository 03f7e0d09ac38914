import { afterAll, beforeAll, expect, test } from 'vitest';
import { startService } from '../../src/main.ts';
import type { Service } from '../../src/service.ts';
import { createCluster, fastTimers, type ServedCluster, serveCluster } from '../../src/simulator/index.ts';
import { patiently } from '../support/patiently.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';

/**
 * A service with something of everything: expansions that succeed, fail, wait and are paused, a campaign, comparisons that
 * end and that cannot, webhooks that nobody answers, a freeze. Each route is then asked in Chinese.
 */
let postgres: TestPostgres;
let database: TestDatabase;
let nodes: ServedCluster;
let service: Service;

const MB = 1_000_000;
const keys = { strings: 40, hashes: 10, lists: 10, sets: 10, zsets: 10, valueBytes: 100 };
const policy = { lookIntervalMs: 100, stableLooks: 1 };
/** Nobody listens there. */
const closed = '127.0.0.1:1';

type Json = Readonly<Record<string, unknown>>;
const ids: Record<string, string> = {};

async function call(method: string, path: string, body?: object) {
  const headers = { 'accept-language': 'zh', ...(body && { 'content-type': 'application/json' }) };
  const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
  const response = await patiently(() =>
    fetch(service.url + path, { ...init, signal: AbortSignal.timeout(60_000) }),
  );
  const text = await response.text();
  const isJson = (response.headers.get('content-type') ?? '').startsWith('application/json');
  return { status: response.status, json: (isJson ? JSON.parse(text) : {}) as Json };
}

async function make(name: string, path: string, body: object): Promise<void> {
  const { status, json } = await call('POST', path, body);
  expect([name, status, status < 300 ? '' : json]).toEqual([name, expect.any(Number), '']);
  ids[name] = json.id as string;
}

let seen = '';
const reaches = (kind: string, name: string, ...states: readonly string[]) =>
  until(
    async () => {
      const { state, stateReason } = (await call('GET', `/v1/${kind}/${ids[name]}`)).json;
      seen = JSON.stringify({ state, stateReason });
      return states.includes(state as string);
    },
    {
      everyMs: 200,
      what: () => `${name} reaches ${states.join(' or ')}; it is ${seen}`,
    },
  );

beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  const cluster = createCluster({
    seed: 'languages',
    now: Date.now(),
    timers: fastTimers,
    dataScale: (4 * MB) / 8000,
    defaults: { version: '3.5.4', config: { 'throttle-bytes-per-second': 60 * MB } },
  });
  for (const id of ['m1', 'm2', 'm3', 'm4']) {
    cluster.addNode({ id });
    cluster.load(id, keys);
  }
  for (const id of ['good', 'dead', 'full', 'paused', 'held', 'member', 'other']) cluster.addNode({ id });
  cluster.load('full', keys);
  nodes = await serveCluster(cluster);
  service = await startService(
    { port: 0, logLevel: 'silent' },
    {
      DATABASE_URL: database.url,
      PIKA_EXPANDER_OUTGOING: '127.0.0.1',
    },
  );
  const at = nodes.addresses as Readonly<Record<string, string>>;

  await make('plan', '/v1/plans', { master: at.m1, nodes: [at.good, at.full, closed] });
  await make('blind plan', '/v1/plans', { master: closed, nodes: [at.good] });
  await make('good', '/v1/expansions', { master: at.m1, nodes: [at.good], policy });
  await reaches('expansions', 'good', 'succeeded');
  const impatient = { ...policy, nodeDownTimeoutMs: 2000, maxAttempts: 1 };
  await make('dead', '/v1/expansions', { master: at.m1, nodes: [at.dead, at.other], policy: impatient });
  cluster.fault.crash('dead');
  await reaches('expansions', 'dead', 'halted', 'failed');
  await make('notify', '/v1/webhooks', { url: `http://${closed}/` });
  await make('veto', '/v1/webhooks', { url: `http://${closed}/`, kind: 'veto' });
  await make('held', '/v1/expansions', { master: at.m2, nodes: [at.held], policy });
  await make('campaign', '/v1/campaigns', {
    members: [{ master: at.m3, nodes: [at.member] }],
    label: '机房扩容',
    policy,
  });
  await make('equal', '/v1/comparisons', { left: at.m1, right: at.good });
  await make('itself', '/v1/comparisons', { left: at.m1, right: at.m1 });
  await make('waiting', '/v1/comparisons', { left: at.m1, right: closed });
  await make('different', '/v1/comparisons', { left: at.m1, right: at.full, depth: 'full' });
  await make('paused', '/v1/expansions', { master: at.m4, nodes: [at.paused], policy });
  await call('POST', `/v1/expansions/${ids.paused}/pause`, { reason: '维护窗口' });
  for (const name of ['equal', 'itself', 'different'])
    await reaches('comparisons', name, 'completed', 'failed');
  await reaches('expansions', 'paused', 'paused', 'succeeded');
  const saysOf = async (kind: string, name: string) =>
    JSON.stringify((await call('GET', `/v1/${kind}/${ids[name]}`)).json);
  await until(async () => (await saysOf('expansions', 'held')).includes('held_by_webhook'), {
    everyMs: 200,
    what: 'the veto holds the batch',
  });
  await until(async () => (await saysOf('comparisons', 'waiting')).includes('waits_for_server'), {
    everyMs: 200,
    what: 'a comparison waits for its server',
  });
  await call('POST', '/v1/freeze', { reason: '夜间冻结' });
  await until(
    async () =>
      ((await call('GET', `/v1/webhooks/${ids.notify}/deliveries`)).json.items as readonly Json[]).some(
        ({ lastError }) => lastError !== null,
      ),
    { everyMs: 200, what: 'a delivery has failed' },
  );
});
afterAll(async () => {
  await service?.close();
  await nodes?.close();
  await database?.drop();
  await postgres?.stop();
});

/** Fields whose English is no text of the service. */
const notOurs: readonly RegExp[] = [
  // What a server was sent and answered.
  /\.(command|reply)$|\.look\.message$/,
  // What was sent to a receiver: it is sent in English.
  /\.payload\./,
  // Facts of texts, and what is kept beside them in English.
  /\.facts\.|\.data\.|\.(said|says|because)\./,
  // Where the knowledge comes from.
  /\.source$|\.recordings\./,
];
const isSentence = (text: string): boolean =>
  /[a-z]{2,}[,:]? [a-z]{2,}[,:]? [a-z]{2,}/i.test(text) && !/\p{Script=Han}/u.test(text);

/** The sentences of an answer that are in English alone, with their places. */
function english(value: unknown, place = ''): readonly string[] {
  if (typeof value === 'string')
    return isSentence(value) && !notOurs.some((each) => each.test(place)) ? [`${place}: ${value}`] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    english(inner, `${place}.${Array.isArray(value) ? '' : key}`),
  );
}

/** Every GET route of the description, about each thing that was made. */
async function addresses(): Promise<readonly string[]> {
  const { paths } = (await call('GET', '/openapi.json')).json as {
    readonly paths: Readonly<Record<string, object>>;
  };
  const of = (kind: string, names: readonly string[]) =>
    names.map((name) => [`/v1/${kind}/{id}`, ids[name]!] as const);
  const known = [
    ...of('expansions', ['good', 'dead', 'held', 'paused']),
    ...of('campaigns', ['campaign']),
    ...of('comparisons', ['equal', 'itself', 'waiting', 'different']),
    ...of('webhooks', ['notify', 'veto']),
    ...of('plans', ['plan', 'blind plan']),
  ];
  const all = Object.entries(paths)
    .filter(([, verbs]) => 'get' in verbs)
    .flatMap(([path]) => {
      const about = known
        .filter(([begin]) => path.startsWith(begin))
        .map(([, id]) => path.replace('{id}', id));
      return about.length > 0 ? about : [path];
    });
  const withNodes = await Promise.all(
    all.map(async (path) => {
      if (!path.includes('{node}')) return [path];
      if (path.startsWith('/v1/nodes/')) return [path.replace('{node}', nodes.addresses.m1!)];
      const { joins } = (await call('GET', path.replace(/\/nodes.*/, ''))).json as {
        readonly joins: readonly { readonly target: { readonly name: string } }[];
      };
      return joins.map(({ target }) => path.replace('{node}', encodeURIComponent(target.name)));
    }),
  );
  // A signed bundle holds the words as they were stored: a reader's words would break its signature.
  const signed = /\/evidence\/bundle$|^\/v1\/evidence-key$/;
  return withNodes.flat().filter((path) => !path.includes('{') && !signed.test(path));
}

test('no answer of any route holds a sentence in English alone when it is asked in Chinese', async () => {
  const asked = await addresses();
  expect(asked.length).toBeGreaterThan(40);
  const found = new Set<string>();
  const note = (what: string, json: unknown) => {
    for (const text of english(json)) found.add(`${what}${text}`);
  };
  for (const path of asked)
    note(path.replaceAll(/\b(?:exp|cmp|cpn|plan|whk?)_\w+/g, '…'), (await call('GET', path)).json);
  for (const { method, path, body } of requests())
    note(`${method} ${path}`, (await call(method, path, body)).json);
  expect([...found]).toEqual([]);
});

/** Requests that are refused, each in another way, and those that make something that is not kept. */
function requests(): readonly { readonly method: string; readonly path: string; readonly body?: object }[] {
  const at = nodes.addresses as Readonly<Record<string, string>>;
  const post = (path: string, body: object = { reason: 'x' }) => ({ method: 'POST', path, body });
  const get = (path: string) => ({ method: 'GET', path });
  return [
    post(`/v1/plans/${ids.plan}/rehearsal`, {}),
    post('/v1/rehearsals', { master: at.m4, nodes: [at.other], policy }),
    post('/v1/topology', { master: at.m1 }),
    post('/v1/topology', { master: closed }),
    post('/v1/expansions', { master: at.m1, nodes: [at.full, at.m1, closed] }),
    post('/v1/expansions', { master: at.m1 }),
    post('/v1/expansions', { master: 'x', nodes: ['y'] }),
    post('/v1/campaigns', { members: [] }),
    post('/v1/comparisons', { left: at.m1, right: at.m2, depth: 'deep' }),
    post('/v1/webhooks', { url: 'ftp://x' }),
    post('/v1/channels', { name: 'x', kind: 'email', url: 'https://x' }),
    post(`/v1/expansions/${ids.good}/resume`),
    post(`/v1/expansions/${ids.good}/cancel`),
    post(`/v1/expansions/${ids.held}/approve`),
    post(`/v1/expansions/${ids.held}/nodes/nobody/retry`),
    post('/v1/freeze'),
    get('/v1/expansions/exp_none'),
    get('/v1/expansions?limit=0'),
    get('/v1/events?after=x'),
    get('/v1/nothing'),
    { method: 'DELETE', path: '/v1/plans' },
    { method: 'DELETE', path: '/v1/webhooks/none' },
  ];
}
