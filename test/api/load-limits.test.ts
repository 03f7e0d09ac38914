import type { InjectOptions } from 'fastify';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { bearer, goodRequest, operator, type TestApi, testApi, viewer } from './support.ts';

const limit = 5;
const other = { ...operator, name: 'night shift', token: 'another-operator-token-of-the-tests' };
const reason = { reason: 'because of the test' };

const loop = vi.hoisted(() => ({ delayMs: 0 }));
vi.mock(import('../../src/platform/event-loop.ts'), async (original) => ({
  ...(await original()),
  watchEventLoop: () => ({ delayMs: () => loop.delayMs, stop: () => undefined }),
}));

let api: TestApi;
afterEach(async () => {
  loop.delayMs = 0;
  await api.app.close();
});

async function start(): Promise<string> {
  api = await testApi({ tokens: [operator, other, viewer], limits: { requestsPerMinute: limit } });
  const response = await api.app.inject({
    method: 'POST',
    url: '/v1/expansions',
    headers: bearer(operator),
    payload: goodRequest,
  });
  return response.json().id;
}

const list = (token: typeof operator) => api.app.inject({ url: '/v1/expansions', headers: bearer(token) });

/** Sends the request until it is refused. */
async function tooOften(request: InjectOptions): Promise<void> {
  for (let sent = 0; sent <= limit; sent += 1) {
    if ((await api.app.inject(request)).statusCode === 429) return;
  }
  throw new Error('it was never refused');
}

const askTooOften = (token: typeof operator) => tooOften({ url: '/v1/expansions', headers: bearer(token) });

const freeze = (headers: InjectOptions['headers'] = {}): InjectOptions => ({
  method: 'POST',
  url: '/v1/freeze',
  headers,
  payload: reason,
});
const signIn = (token: string): InjectOptions => ({ method: 'POST', url: '/v1/session', payload: { token } });
const statusOf = async (request: InjectOptions) => (await api.app.inject(request)).statusCode;
const cookieOf = async (token: typeof operator) =>
  String((await api.app.inject(signIn(token.token))).headers['set-cookie']).split(';')[0] ?? '';

test('who has asked too often can still steer', async () => {
  const id = await start();
  await askTooOften(operator);
  const acts = [
    ['POST', '/v1/freeze'],
    ['DELETE', '/v1/freeze'],
    ['POST', `/v1/expansions/${id}/pause`],
    ['POST', `/v1/expansions/${id}/nodes/10.0.0.2:9221/skip`],
    ['POST', `/v1/expansions/${id}/cancel`],
  ] as const;
  for (const [method, url] of acts) {
    const response = await api.app.inject({ method, url, headers: bearer(operator), payload: reason });
    expect([url, response.statusCode]).toEqual([url, url === '/v1/freeze' ? 200 : 202]);
  }
});

test('every act that steers is counted apart from what is asked', async () => {
  await start();
  const document = (await api.app.inject({ url: '/docs/json' })).json() as {
    paths: Record<string, Record<string, unknown>>;
  };
  const steering = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => method !== 'get')
      .filter(() => /\/(freeze|pause|resume|cancel|approve|retry|skip)$/.test(path))
      .map((method) => [method.toUpperCase(), path.replace(/\{\w+\}/g, 'x')] as const),
  );
  expect(steering.length).toBeGreaterThanOrEqual(8);
  await api.app.close();
  for (const [method, url] of steering) {
    await start();
    await askTooOften(operator);
    const response = await api.app.inject({
      method: method as 'POST',
      url,
      headers: bearer(operator),
      payload: reason,
    });
    expect([url, response.statusCode]).not.toEqual([url, 429]);
    await api.app.close();
  }
});

test('nobody is refused because somebody else at the same address asked too often', async () => {
  await start();
  await askTooOften(viewer);
  expect((await list(other)).statusCode).toBe(200);
  expect(await statusOf(signIn(operator.token))).toBe(200);
});

test('a loop over one control locks out no other', async () => {
  const id = await start();
  const pause = { ...freeze(bearer(operator)), url: `/v1/expansions/${id}/pause` };
  await tooOften(pause);
  expect(await statusOf({ ...pause, url: `/v1/expansions/${id}/cancel` })).toBe(202);
  expect(await statusOf(freeze(bearer(operator)))).toBe(200);
});

test('whoever guesses tokens is refused by address, and locks nobody else out', async () => {
  await start();
  const statuses = new Set<number>();
  for (let tries = 0; tries <= limit; tries += 1)
    statuses.add(await statusOf(freeze({ authorization: `Bearer guess-${tries}` })));
  expect([...statuses]).toEqual([401, 429]);
  expect(await statusOf(freeze(bearer(operator)))).toBe(200);
  expect(await statusOf({ url: '/v1/session' })).toBe(200);
});

test.each(['/metrics', '/readyz', '/healthz', '/docs/', '/openapi.json', '/', '/v1/session'])(
  'whoever guesses tokens at %s is refused too',
  async (url) => {
    await start();
    const statuses: number[] = [];
    for (let tries = 0; tries <= limit; tries += 1)
      statuses.push(await statusOf({ url, headers: { authorization: `Bearer guess-${tries}` } }));
    expect(statuses.at(-1)).toBe(429);
    expect(await statusOf({ url, headers: bearer(operator) })).toBe(200);
    for (let asked = 0; asked <= limit; asked += 1) expect(await statusOf({ url: '/readyz' })).toBe(200);
  },
);

test('who guesses tokens at the sign-in keeps nobody from signing in', async () => {
  await start();
  const statuses = new Set<number>();
  for (let tries = 0; tries < 40; tries += 1) statuses.add(await statusOf(signIn(`guess-${tries}`)));
  expect([...statuses]).toEqual([401, 429]);
  expect(await statusOf(signIn(operator.token))).toBe(200);
});

describe('the dashboard', () => {
  test('is not locked out by a program with the same token', async () => {
    await start();
    const cookie = await cookieOf(operator);
    await askTooOften(operator);
    for (const url of ['/', '/v1/session', '/v1/expansions', '/v1/freeze'])
      expect([url, await statusOf({ url, headers: { cookie } })]).toEqual([url, 200]);
  });

  test('nor without tokens by a program on the same machine', async () => {
    api = await testApi({ limits: { requestsPerMinute: limit } });
    await tooOften({ url: '/v1/expansions' });
    const headers = { 'sec-fetch-site': 'same-origin' };
    for (const url of ['/', '/v1/session', '/v1/expansions'])
      expect([url, await statusOf({ url, headers })]).toEqual([url, 200]);
  });
});

test("another site's page uses up nothing of what may be asked", async () => {
  api = await testApi({ limits: { requestsPerMinute: limit } });
  for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }])
    for (let sent = 0; sent <= limit; sent += 1) expect(await statusOf(freeze(headers))).toBe(403);
  expect(await statusOf(freeze())).toBe(200);
});

test('who is refused learns when to ask again', async () => {
  await start();
  await askTooOften(operator);
  expect(Number((await list(operator)).headers['retry-after'])).toBeGreaterThan(0);
});

describe('an overloaded process', () => {
  test('turns away what is asked, says until when, and still lets operators steer and sign in', async () => {
    api = await testApi({ tokens: [operator, viewer], api: { shedLoad: true } });
    loop.delayMs = 6000;
    const refused = await list(operator);
    expect([refused.statusCode, refused.json().error.code, refused.headers['retry-after']]).toEqual([
      503,
      'overloaded',
      '5',
    ]);
    expect(await statusOf(signIn(operator.token))).toBe(200);
    expect(await statusOf(freeze(bearer(operator)))).toBe(200);
    expect(await statusOf({ url: '/healthz' })).toBe(200);
  });

  test('does not even look at what others send to the same routes', async () => {
    api = await testApi({ tokens: [operator, viewer], api: { shedLoad: true } });
    loop.delayMs = 6000;
    expect(await statusOf(freeze())).toBe(503);
    expect(await statusOf(freeze(bearer(viewer)))).toBe(503);
  });
});

test('an address that no route has is a 404 for whoever is signed in, and counted too', async () => {
  await start();
  const nowhere = () => api.app.inject({ url: '/v1/nothing', headers: bearer(operator) });
  expect((await nowhere()).statusCode).toBe(404);
  await askTooOften(operator);
  expect((await list(operator)).statusCode).toBe(429);
});
