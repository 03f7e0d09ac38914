import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { IdentityStore } from '../../src/store/identities.ts';
import { StoreUnavailableError } from '../../src/store/store.ts';
import { createMemoryIdentities } from '../support/memory-identities.ts';
import { until } from '../support/until.ts';
import { admin, bearer, nodeName, operator, type TestApi, testApi } from './support.ts';

let identities: IdentityStore;
let api: TestApi;
/** Another process of the API, with the same database. */
let other: TestApi;
beforeEach(async () => {
  identities = createMemoryIdentities();
  const options = { tokens: [admin, operator], api: { identities } };
  [api, other] = [await testApi(options), await testApi(options)];
});
afterEach(async () => {
  await api.app.close();
  await other.app.close();
});

const as = (token: string) => ({ authorization: `Bearer ${token}` });
const call = (
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  payload?: object,
  headers = bearer(admin),
  at = api,
) => at.app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
async function create(more: object = {}): Promise<{ readonly id: string; readonly token: string }> {
  const response = await call('POST', '/v1/tokens', { name: 'ann', role: 'operator', ...more });
  expect([response.statusCode, response.body]).toEqual([201, response.body]);
  return response.json();
}
const reads = async (token: string, at = api) =>
  (await at.app.inject({ url: '/v1/expansions', headers: as(token) })).statusCode;
const codeOf = async (
  response: Promise<{ readonly statusCode: number; json(): { error: { code: string } } }>,
) => {
  const answer = await response;
  return [answer.statusCode, answer.json().error.code];
};
/** For longer than a process keeps what the database said. */
const aMomentLater = () => {
  other.clock.now += 1001;
  api.clock.now += 1001;
};

test('a token that was created counts at once, in every process, by its name and role', async () => {
  const { token } = await create({ role: 'viewer' });
  expect([await reads(token), await reads(token, other)]).toEqual([200, 200]);
  const session = await api.app.inject({ url: '/v1/session', headers: as(token) });
  expect(session.json()).toEqual({
    name: 'ann',
    role: 'viewer',
    may: ['read'],
    authRequired: true,
    provider: null,
  });
  expect(await codeOf(call('POST', '/v1/freeze', { reason: 'x' }, as(token)))).toEqual([
    403,
    'not_permitted',
  ]);
});

test('its text is shown once, and stands in no list and no line of the log', async () => {
  const { id, token } = await create();
  const list = await call('GET', '/v1/tokens');
  expect(list.json().items).toMatchObject([{ id, name: 'ann', role: 'operator', state: 'living' }]);
  for (const text of [list.body, ...api.logLines]) expect(text).not.toContain(token);
});

describe.each([
  ['revoked', (id: string) => call('DELETE', `/v1/tokens/${id}`, { reason: 'left the team' })],
  ['rotated', (id: string) => call('POST', `/v1/tokens/${id}/rotate`, {})],
] as const)('a token that is %s', (_how, end) => {
  test('ends at once here, and within a second in other processes', async () => {
    const { id, token } = await create();
    expect([await reads(token), await reads(token, other)]).toEqual([200, 200]);
    expect((await end(id)).statusCode).toBe(200);
    expect(await reads(token)).toBe(401);
    aMomentLater();
    expect(await reads(token, other)).toBe(401);
  });

  test('takes its sessions and its event streams with it, and no others', async () => {
    const { id, token } = await create();
    await Promise.all([api, other].map(({ app }) => app.listen({ host: '127.0.0.1', port: 0 })));
    const cookie = await signIn(token);
    const streams = await Promise.all([
      follow(api, { cookie }),
      follow(api, as(token)),
      follow(other, { cookie }),
      follow(other, as(token)),
      follow(api, bearer(operator)),
      follow(other, bearer(operator)),
    ]);
    await end(id);
    await until(async () => streams[0]!.ended && streams[1]!.ended);
    aMomentLater();
    await until(async () => streams[2]!.ended && streams[3]!.ended);
    expect(streams.map(({ status, ended }) => [status, ended])).toEqual([
      ...Array.from({ length: 4 }, () => [200, true]),
      [200, false],
      [200, false],
    ]);
    const statuses = [api, other].map(async ({ app }) => {
      const response = await app.inject({ url: '/v1/expansions', headers: { cookie } });
      return response.statusCode;
    });
    expect(await Promise.all(statuses)).toEqual([401, 401]);
  });
});

async function signIn(token: string): Promise<string> {
  const response = await api.app.inject({ method: 'POST', url: '/v1/session', payload: { token } });
  expect(response.statusCode).toBe(200);
  return String(response.headers['set-cookie']).split(';')[0]!;
}

async function follow({ app }: TestApi, headers: Record<string, string>) {
  const { port } = app.server.address() as { port: number };
  const response = await fetch(`http://127.0.0.1:${port}/v1/events`, {
    headers: { accept: 'text/event-stream', ...headers },
  });
  const stream = { status: response.status, ended: false };
  void response.text().then(() => {
    stream.ended = true;
  });
  return stream;
}

test('a token ends when its time has come, with its sessions', async () => {
  const { token } = await create({ expiresInMs: 3_600_000 });
  const cookie = await signIn(token);
  const status = async () =>
    (await api.app.inject({ url: '/v1/expansions', headers: { cookie } })).statusCode;
  api.clock.now += 3_599_999;
  expect([await reads(token), await status()]).toEqual([200, 200]);
  api.clock.now += 1;
  expect([await reads(token), await status()]).toEqual([401, 401]);
});

test('a browser that signs out is signed out in every process', async () => {
  const { token } = await create();
  const cookie = await signIn(token);
  const status = async ({ app }: TestApi) =>
    (await app.inject({ url: '/v1/expansions', headers: { cookie } })).statusCode;
  expect([await status(api), await status(other)]).toEqual([200, 200]);
  await api.app.inject({ method: 'DELETE', url: '/v1/session', headers: { cookie } });
  aMomentLater();
  expect([await status(api), await status(other)]).toEqual([401, 401]);
});

test('after a rotation the old text counts for as long as was asked', async () => {
  const { id, token } = await create();
  const rotated = (await call('POST', `/v1/tokens/${id}/rotate`, { graceMinutes: 10 })).json();
  expect([await reads(token), await reads(rotated.token)]).toEqual([200, 200]);
  api.clock.now += 600_000;
  expect([await reads(token), await reads(rotated.token)]).toEqual([401, 200]);
});

test('nobody gives more than they have', async () => {
  const { token } = await create({ name: 'registrar', role: 'admin', scope: { actions: ['tokens'] } });
  const made = (payload: object) => call('POST', '/v1/tokens', payload, as(token));
  expect((await made({ name: 'wall', role: 'viewer' })).statusCode).toBe(201);
  for (const more of [{ role: 'operator' }, { role: 'admin' }, { role: 'approver' }])
    expect(await codeOf(made({ name: 'eve', ...more }))).toEqual([403, 'gives_more_than_it_has']);
  const { id } = await create({ name: 'boss', role: 'admin' });
  expect(await codeOf(call('POST', `/v1/tokens/${id}/rotate`, {}, as(token)))).toEqual([
    403,
    'gives_more_than_it_has',
  ]);
});

test.each([
  [{ name: 'OPS' }, 409, 'token_name_taken'],
  [{ name: 'local' }, 409, 'token_name_taken'],
  [{ role: 'king' }, 400, 'validation_failed'],
  [{ name: 'a b' }, 400, 'validation_failed'],
  [{ scope: { masters: ['10.0.0.*'] } }, 400, 'validation_failed'],
  [{ scope: { nodes: ['10.0.0.0/99'] } }, 400, 'validation_failed'],
  [{ scope: { masters: [] } }, 400, 'validation_failed'],
  [{ role: 'viewer', scope: { actions: ['freeze'] } }, 400, 'validation_failed'],
  [{ role: 'agent' }, 400, 'validation_failed'],
  [{ expiresInMs: 1 }, 400, 'validation_failed'],
])('a token that makes no sense is refused: %j', async (more, status, code) => {
  expect(await codeOf(call('POST', '/v1/tokens', { name: 'ann', role: 'operator', ...more }))).toEqual([
    status,
    code,
  ]);
});

test('a name is free again once its token is revoked, and a revoked token stays so', async () => {
  const { id } = await create();
  const again = () => call('POST', '/v1/tokens', { name: 'Ann', role: 'viewer' });
  expect(await codeOf(again())).toEqual([409, 'token_name_taken']);
  await call('DELETE', `/v1/tokens/${id}`);
  expect((await again()).statusCode).toBe(201);
  expect(await codeOf(call('DELETE', `/v1/tokens/${id}`))).toEqual([409, 'token_ended']);
  expect(await codeOf(call('POST', `/v1/tokens/${id}/rotate`, {}))).toEqual([409, 'token_ended']);
  expect(await codeOf(call('DELETE', '/v1/tokens/tok_none'))).toEqual([404, 'no_such_token']);
});

test('a scope of actions leaves the others out, and never reading', async () => {
  const { token } = await create({ scope: { actions: ['freeze'] } });
  expect(await reads(token)).toBe(200);
  expect((await call('POST', '/v1/freeze', { reason: 'x' }, as(token))).statusCode).toBe(200);
  const body = { master: '10.0.0.1:9221', nodes: [nodeName] };
  expect(await codeOf(call('POST', '/v1/expansions', body, as(token)))).toEqual([403, 'not_permitted']);
});

test('machines cannot sign in to the dashboard', async () => {
  for (const [name, more] of [
    ['host', { role: 'agent', scope: { nodes: ['10.0.0.7'] } }],
    ['jobs', { role: 'producer' }],
  ] as const) {
    const { token } = await create({ name, ...more });
    const response = await api.app.inject({ method: 'POST', url: '/v1/session', payload: { token } });
    expect([name, response.statusCode, response.headers['set-cookie']]).toEqual([name, 403, undefined]);
  }
});

test('without configured tokens only tokens of machines are made: others would protect nothing', async () => {
  const open = await testApi();
  const made = (payload: object) => open.app.inject({ method: 'POST', url: '/v1/tokens', payload });
  expect(await codeOf(made({ name: 'ann', role: 'viewer' }))).toEqual([409, 'sign_in_is_off']);
  expect((await made({ name: 'h', role: 'agent', scope: { nodes: ['10.0.0.7'] } })).statusCode).toBe(201);
  await open.app.close();
});

test('while the database is away configured tokens and pages work, and nobody is taken for signed out', async () => {
  const { token } = await create();
  const cookie = await signIn(token);
  aMomentLater();
  const away = async (): Promise<never> => {
    throw new StoreUnavailableError('away');
  };
  identities.tokenByDigest = away;
  identities.session = away;
  const status = async (url: string, headers: Record<string, string>) =>
    (await api.app.inject({ url, headers })).statusCode;
  expect(await status('/v1/freeze', bearer(operator))).toBe(200);
  expect(await status('/healthz', { cookie })).toBe(200);
  expect(await status('/', { cookie })).toBe(200);
  expect(await status('/v1/session', { cookie })).toBe(503);
  expect(await status('/v1/freeze', as(token))).toBe(503);
});

test('what the service cannot have made is not looked for in the database', async () => {
  let asked = 0;
  const { tokenByDigest, session } = identities;
  identities.tokenByDigest = (...args) => {
    asked += 1;
    return tokenByDigest(...args);
  };
  identities.session = (...args) => {
    asked += 1;
    return session(...args);
  };
  for (const guess of ['guess', `pxt_${'a'.repeat(38)}`]) expect(await reads(guess)).toBe(401);
  await api.app.inject({ url: '/v1/freeze', headers: { cookie: 'pika_expander_session=guess' } });
  expect(asked).toBe(0);
});
