import { afterEach, expect, test } from 'vitest';
import { bearer, goodRequest, operator, type TestApi, testApi, viewer } from './support.ts';

const limit = 5;
const other = { ...operator, name: 'night shift', token: 'another-operator-token-of-the-tests' };
const reason = { reason: 'because of the test' };

let api: TestApi;
afterEach(() => api.app.close());

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

/** Asks until nothing more is answered. */
async function askTooOften(token: typeof operator): Promise<void> {
  for (let asked = 0; asked <= limit; asked += 1) {
    if ((await list(token)).statusCode === 429) return;
  }
  throw new Error('it was never refused');
}

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
  const signIn = await api.app.inject({
    method: 'POST',
    url: '/v1/session',
    payload: { token: operator.token },
  });
  expect(signIn.statusCode).toBe(200);
});

test('whoever guesses tokens is refused by address, and locks nobody else out', async () => {
  await start();
  const guess = (token: string) =>
    api.app.inject({
      method: 'POST',
      url: '/v1/freeze',
      headers: { authorization: `Bearer ${token}` },
      payload: reason,
    });
  const statuses = new Set<number>();
  for (let tries = 0; tries <= limit; tries += 1) statuses.add((await guess(`guess-${tries}`)).statusCode);
  expect([...statuses]).toEqual([401, 429]);
  expect((await guess(operator.token)).statusCode).toBe(200);
});

test('an address that no route has is a 404 for whoever is signed in, and counted too', async () => {
  await start();
  const nowhere = () => api.app.inject({ url: '/v1/nothing', headers: bearer(operator) });
  expect((await nowhere()).statusCode).toBe(404);
  await askTooOften(operator);
  expect((await list(operator)).statusCode).toBe(429);
});
