import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { chainStart, linkHash } from '../../src/evidence/chain.ts';
import { startService } from '../../src/main.ts';
import type { TrailEntry, TrailHead } from '../../src/model/views/trail.ts';
import type { Service } from '../../src/service.ts';
import { verifyTrail } from '../../src/verify/trail.ts';
import { patiently } from '../support/patiently.ts';
import { openTestStores, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const tokens = { viewer: 'viewer-token-of-the-tests', operator: 'operator-token-of-the-tests' };
const agent = 'agent-token-of-the-tests';
const admin = 'admin-token-of-the-tests';

let postgres: TestPostgres;
let database: TestDatabase;
let service: Service;

const start = (env: Readonly<Record<string, string>> = {}) =>
  startService(
    { port: 0, logLevel: 'silent', role: 'api' },
    {
      DATABASE_URL: database.url,
      PIKA_EXPANDER_NODE_NETWORKS: '127.0.0.1',
      PIKA_EXPANDER_ADMIN_TOKEN: admin,
      PIKA_EXPANDER_VIEWER_TOKEN: tokens.viewer,
      PIKA_EXPANDER_OPERATOR_TOKEN: tokens.operator,
      PIKA_EXPANDER_AGENT_TOKEN: agent,
      PIKA_EXPANDER_AGENT_NODES: '127.0.0.1',
      ...env,
    },
  );

beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  service = await start();
});
afterAll(async () => {
  await service?.close();
  await database?.drop();
  await postgres?.stop();
});

async function ask(
  method: string,
  path: string,
  token: string | null,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
) {
  const asked = {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  };
  const response = await patiently(() => fetch(service.url + path, asked));
  const text = await response.text();
  return { status: response.status, headers: response.headers, text };
}

const get = async <T>(path: string): Promise<T> =>
  JSON.parse((await ask('GET', path, tokens.operator)).text) as T;

/** All entries, by the export; that they make one chain is checked by the way. */
async function entries(after = 0): Promise<readonly TrailEntry[]> {
  const { text } = await ask('GET', '/v1/trail/export', tokens.operator);
  expect(await verifyTrail([text], { head: null, trustedKeyId: null })).toMatchObject({ faults: [] });
  const lines = text.trimEnd().split('\n');
  const all = lines.slice(1, -1).map((line) => JSON.parse(line) as TrailEntry);
  let before = chainStart;
  for (const { hash, ...entry } of all) {
    expect(hash).toBe(linkHash(before, entry));
    before = hash;
  }
  return all.filter(({ seq }) => seq > after);
}

/** The entries that an act leaves. */
async function leftBy(act: () => Promise<unknown>): Promise<readonly TrailEntry[]> {
  const { seq } = await get<TrailHead>('/v1/trail/head');
  await act();
  return entries(seq);
}

test('every route that may change something leaves an entry, whether done or refused', async () => {
  const { paths } = await get<{ paths: Record<string, Record<string, object>> }>('/openapi.json');
  const changing = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => method !== 'get')
      .map((method) => ({ method: method.toUpperCase(), path })),
  );
  expect(changing.length).toBeGreaterThan(35);
  for (const { method, path } of changing) {
    const url = path.replace('{id}', 'no-such-id').replace('{node}', '127.0.0.1:1');
    const route = `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
    const [sent, ...others] = await leftBy(() => ask(method, url, tokens.operator, '{"no":"such"}'));
    expect([route, others]).toEqual([route, []]);
    expect([route, sent?.act, sent?.who.name]).toEqual([route, route, 'operator']);
    if (path.startsWith('/v1/session')) continue;
    const refused = await leftBy(async () => {
      await ask(method, url, tokens.viewer, '{}');
      await ask(method, url, null, '{}');
      await ask(method, url, 'a-token-that-is-none', '{}');
    });
    const codes = refused.map(({ act, who, outcome }) => [act, who.name, outcome.code]);
    // Whoever signs with the secret of the webhook may answer.
    const isSigned = path === '/v1/questions/{id}/answer';
    const [viewers, nobody] = isSigned
      ? ['validation_failed', 'validation_failed']
      : [route === 'POST /v1/agents/reports' ? 'agents_only' : 'not_permitted', 'not_signed_in'];
    expect(codes).toEqual([
      [route, 'viewer', viewers],
      [route, null, nobody],
      [route, null, isSigned ? nobody : 'bad_token'],
    ]);
  }
});

test('the reports of an agent, which come every few seconds, leave none', async () => {
  expect(await leftBy(() => ask('POST', '/v1/agents/reports', agent, '{"no":"such"}'))).toEqual([]);
});

test('what only reads leaves none, but a token that is none does', async () => {
  const left = await leftBy(async () => {
    await ask('GET', '/v1/expansions', tokens.viewer);
    await ask('GET', '/v1/expansions', null);
    await ask('GET', '/v1/trail', tokens.viewer);
    await ask('GET', '/v1/knowledge', 'another-token-that-is-none');
  });
  expect(left.map(({ act, outcome }) => [act, outcome])).toEqual([
    ['GET /v1/knowledge', { status: 401, code: 'bad_token' }],
  ]);
});

test('an entry says who, from where, by what, and what stood before and after', async () => {
  const reason = { reason: 'network maintenance' };
  const agentOf = { 'user-agent': 'a client\tof tests', 'pika-expander-tool': 'cli' };
  const left = await leftBy(async () => {
    const frozen = await ask('POST', '/v1/freeze', tokens.operator, reason, agentOf);
    expect(Number(frozen.headers.get('pika-expander-trail'))).toBeGreaterThan(0);
    await ask('POST', '/v1/freeze', tokens.operator, { reason: 'again' });
    await ask('DELETE', '/v1/freeze', tokens.operator, { reason: 'over' });
  });
  const [on, again, off] = left;
  expect(on).toMatchObject({
    act: 'POST /v1/freeze',
    who: { name: 'operator', role: 'operator' },
    by: { kind: 'token', id: null },
    from: { via: 'cli', client: 'a client\uFFFDof tests' },
    outcome: { status: 200, code: null },
    asked: reason,
    before: { frozen: false },
    after: { frozen: true, by: 'operator', ...reason },
    times: 1,
  });
  expect(on!.from.address).toMatch(/127\.0\.0\.1|::1/);
  expect(again).toMatchObject({ outcome: { status: 409, code: 'already_frozen' }, after: null });
  expect(off).toMatchObject({ before: { frozen: true, ...reason }, after: { frozen: false } });
});

test('sign-in, failed sign-in and sign-out are in it; an act of the dashboard names its session', async () => {
  let cookie = '';
  const left = await leftBy(async () => {
    await ask('POST', '/v1/session', null, { token: 'a-guess-at-a-token' });
    const signedIn = await ask('POST', '/v1/session', null, { token: tokens.operator });
    cookie = signedIn.headers.getSetCookie()[0]!.split(';')[0]!;
    await ask('POST', '/v1/freeze', null, { reason: ' ' }, { cookie });
    await ask('DELETE', '/v1/session', null, undefined, { cookie });
  });
  expect(left.map(({ act, who, by, outcome }) => [act, who.name, by.kind, outcome.code])).toEqual([
    ['POST /v1/session', null, 'none', 'bad_token'],
    ['POST /v1/session', 'operator', 'token', null],
    ['POST /v1/freeze', 'operator', 'session', 'validation_failed'],
    ['DELETE /v1/session', 'operator', 'session', null],
  ]);
  expect(left[2]!.by.id).toMatch(/^[0-9a-f]{16}$/);
  expect(left[2]!.from.via).toBe('dashboard');
  expect(left[3]!.by.id).toBe(left[2]!.by.id);
});

test('no secret is in it', async () => {
  const path = 'T0001/a-secret-path';
  let secret = '';
  const left = await leftBy(async () => {
    const made = await ask('POST', '/v1/webhooks', tokens.operator, {
      url: `https://hooks.example.net/${path}?key=a-secret-query`,
    });
    const webhook = JSON.parse(made.text) as { id: string; secret: string };
    secret = webhook.secret;
    await ask('DELETE', `/v1/webhooks/${webhook.id}`, tokens.operator);
    const channel = await ask('POST', '/v1/channels', tokens.operator, {
      name: 'on call',
      kind: 'dingtalk',
      url: 'https://oapi.dingtalk.com/robot/send?access_token=a-secret-query',
      secret: 'a-secret-of-a-channel',
    });
    const { id } = JSON.parse(channel.text) as { id: string };
    await ask('PATCH', `/v1/channels/${id}`, tokens.operator, { secret: 'another-secret-of-a-channel' });
    await ask('DELETE', `/v1/channels/${id}`, tokens.operator);
    await ask('POST', '/v1/plans', tokens.operator, { password: 'a-secret-password', master: tokens.viewer });
  });
  expect(left.map(({ act, object }) => [act, object === null])).toEqual([
    ['POST /v1/webhooks', false],
    ['DELETE /v1/webhooks/:id', false],
    ['POST /v1/channels', false],
    ['PATCH /v1/channels/:id', false],
    ['DELETE /v1/channels/:id', false],
    ['POST /v1/plans', true],
  ]);
  expect(left[0]!.after).toMatchObject({ url: 'https://hooks.example.net/…', kind: 'notify' });
  expect(left[1]!.before).toEqual(left[0]!.after);
  expect(left[1]!.object).toBe(left[0]!.object);
  const all = JSON.stringify(await entries());
  for (const hidden of [
    secret,
    path,
    'a-secret-query',
    'secret-of-a-channel',
    'a-secret-password',
    'a-guess-at-a-token',
    'a-token-that-is-none',
    tokens.viewer,
    tokens.operator,
    agent,
    database.url,
  ])
    expect(all).not.toContain(hidden);
});

test('tokens that are made, changed and revoked are in it, without their texts', async () => {
  const texts: string[] = [];
  const left = await leftBy(async () => {
    const made = await ask('POST', '/v1/tokens', admin, { name: 'robot', role: 'viewer' });
    const { id, token } = JSON.parse(made.text) as { id: string; token: string };
    const rotated = await ask('POST', `/v1/tokens/${id}/rotate`, admin, {});
    texts.push(token, (JSON.parse(rotated.text) as { token: string }).token);
    await ask('POST', '/v1/plans', tokens.operator, { master: token });
    await ask('POST', '/v1/freeze', texts[1]!, { reason: 'as a viewer' });
    await ask('DELETE', `/v1/tokens/${id}`, admin, { reason: 'lost' });
  });
  expect(left.map(({ act, outcome }) => [act, outcome.status])).toEqual([
    ['POST /v1/tokens', 201],
    ['POST /v1/tokens/:id/rotate', 200],
    ['POST /v1/plans', 400],
    ['POST /v1/freeze', 403],
    ['DELETE /v1/tokens/:id', 200],
  ]);
  expect(left[3]).toMatchObject({ who: { name: 'robot' }, by: { kind: 'token', id: left[0]!.object } });
  expect(left[4]).toMatchObject({
    before: { state: 'living' },
    after: { state: 'revoked', revokeReason: 'lost' },
  });
  for (const text of texts) expect(JSON.stringify(left)).not.toContain(text.slice(4, 16));
});

test('hostile requests leave bounded entries', async () => {
  const left = await leftBy(async () => {
    await ask('POST', '/v1/plans', tokens.operator, {
      master: 'm',
      nodes: Array(50_000).fill('n'.repeat(15)),
    });
    await ask('POST', '/v1/freeze', tokens.operator, `{"${'deep":{"'.repeat(500)}":1${'}'.repeat(501)}`, {
      'user-agent': 'u'.repeat(8000),
    });
    await ask('POST', '/v1/freeze', tokens.operator, '{"reason":"\\u0000\\ud800\\u001b[31m","a":1e999}');
    await ask('POST', `/v1/expansions/${'x'.repeat(390)}/pause`, tokens.operator, {});
  });
  expect(left).toHaveLength(4);
  for (const entry of left) expect(JSON.stringify(entry).length).toBeLessThan(20_000);
});

test('a start tells which settings are others than at the last start, and no value', async () => {
  const starts = async () => (await entries()).filter(({ act }) => act === 'start');
  expect((await starts()).map(({ asked }) => asked)).toMatchObject([{ role: 'api', changed: null }]);
  await service.close();
  service = await start();
  await service.close();
  service = await start({
    PIKA_EXPANDER_VIEWER_TOKEN: 'another-viewer-token-of-the-tests',
    LOG_LEVEL: 'fatal',
  });
  const changed = (await starts()).slice(1).map(({ asked }) => (asked as { changed: unknown }).changed);
  expect(changed).toEqual([[], ['tokens.viewer']]);
});

test('the list is for operators, with filters and pages', async () => {
  expect((await ask('GET', '/v1/trail', 'another-viewer-token-of-the-tests')).status).toBe(403);
  const page = await get<{ items: readonly TrailEntry[]; nextCursor: string }>(
    '/v1/trail?limit=2&act=POST%20/v1/freeze',
  );
  expect(page.items).toHaveLength(2);
  expect(page.items.every(({ act }) => act === 'POST /v1/freeze')).toBe(true);
  expect(page.items[0]!.seq).toBeGreaterThan(page.items[1]!.seq);
  const next = await get<{ items: readonly TrailEntry[] }>(
    `/v1/trail?limit=2&act=POST%20/v1/freeze&cursor=${page.nextCursor}`,
  );
  expect(next.items[0]!.seq).toBeLessThan(page.items[1]!.seq);
  expect((await ask('GET', '/v1/trail?cursor=abc', tokens.operator)).status).toBe(400);
});

test('viewers see no entry by the deliveries of a webhook', async () => {
  const made = await ask('POST', '/v1/webhooks', tokens.operator, {
    url: 'https://hooks.example.net/x',
    kind: 'trail',
  });
  expect(made.status).toBe(201);
  const { id } = JSON.parse(made.text) as { id: string };
  const wrong = { url: 'https://hooks.example.net/x', kind: 'trail', types: ['node.verified'] };
  expect((await ask('POST', '/v1/webhooks', tokens.operator, wrong)).status).toBe(400);
  const stores = openTestStores(database.connection);
  try {
    expect(await stores.webhooks.fanOut(100)).toBeGreaterThan(0);
  } finally {
    await stores.close();
  }
  const bodies = async (token: string) => {
    const { text } = await ask('GET', `/v1/webhooks/${id}/deliveries`, token);
    return (JSON.parse(text) as { items: { payload: unknown }[] }).items.map(
      ({ payload }) => payload === null,
    );
  };
  expect(new Set(await bodies(tokens.operator))).toEqual(new Set([false]));
  expect(new Set(await bodies('another-viewer-token-of-the-tests'))).toEqual(new Set([true]));
});
