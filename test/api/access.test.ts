import { afterEach, describe, expect, test } from 'vitest';
import { roleActions } from '../../src/model/access.ts';
import { createMemoryIdentities } from '../support/memory-identities.ts';
import { bearer, goodRequest, masterName, operator, type TestApi, testApi, viewer } from './support.ts';

let api: TestApi;
afterEach(() => api.app.close());

const tokens = [operator, viewer];
const reason = { reason: 'because of the test' };

const start = async (): Promise<string> => {
  const response = await api.app.inject({
    method: 'POST',
    url: '/v1/expansions',
    headers: bearer(operator),
    payload: goodRequest,
  });
  return response.json().id;
};

/** Everything that changes something, or that logs in to nodes. */
const forOperators = (id: string) =>
  [
    ['POST', '/v1/plans', goodRequest],
    ['POST', '/v1/expansions', goodRequest],
    ['POST', `/v1/expansions/${id}/pause`, reason],
    ['POST', `/v1/expansions/${id}/resume`, reason],
    ['POST', `/v1/expansions/${id}/cancel`, reason],
    ['POST', `/v1/expansions/${id}/approve`, reason],
    ['POST', `/v1/expansions/${id}/nodes/10.0.0.2:9221/retry`, reason],
    ['POST', `/v1/expansions/${id}/nodes/10.0.0.2:9221/skip`, reason],
    ['POST', '/v1/freeze', reason],
    ['DELETE', '/v1/freeze', reason],
    ['POST', '/v1/topology', { master: masterName }],
  ] as const;

const forViewers = (id: string) => [
  '/v1/expansions',
  `/v1/expansions/${id}`,
  `/v1/expansions/${id}/evidence`,
  `/v1/expansions/${id}/events`,
  `/v1/expansions/${id}/nodes/10.0.0.2:9221`,
  `/v1/expansions/${id}/nodes/10.0.0.2:9221/observations`,
  '/v1/events',
  '/v1/freeze',
  '/v1/anomalies',
  '/v1/findings',
  '/metrics',
];

describe('with tokens configured', () => {
  test('nothing under /v1 and no figure is given without a token', async () => {
    api = await testApi({ tokens });
    const id = await start();
    for (const url of forViewers(id)) {
      const response = await api.app.inject({ url });
      expect([url, response.statusCode, response.json().error.code]).toEqual([url, 401, 'not_signed_in']);
      expect(response.headers['www-authenticate']).toContain('Bearer');
    }
    for (const [method, url, payload] of forOperators(id)) {
      const response = await api.app.inject({ method, url, ...(payload ? { payload } : {}) });
      expect([url, response.statusCode]).toEqual([url, 401]);
    }
  });

  test('a wrong token is refused, also one that is only a prefix of a right one', async () => {
    api = await testApi({ tokens });
    for (const token of ['nonsense', operator.token.slice(0, -1), `${operator.token}x`]) {
      const response = await api.app.inject({
        url: '/v1/expansions',
        headers: { authorization: `Bearer ${token}` },
      });
      expect([response.statusCode, response.json().error.code]).toEqual([401, 'bad_token']);
    }
  });

  test('a viewer reads everything and changes nothing', async () => {
    api = await testApi({ tokens });
    const id = await start();
    for (const url of forViewers(id)) {
      const response = await api.app.inject({ url, headers: bearer(viewer) });
      expect([url, response.statusCode]).toEqual([url, 200]);
    }
    const before = await api.store.lastSeq();
    const logins = api.engine.logins.length;
    for (const [method, url, payload] of forOperators(id)) {
      const response = await api.app.inject({
        method,
        url,
        headers: bearer(viewer),
        ...(payload ? { payload } : {}),
      });
      expect([url, response.statusCode, response.json().error.code]).toEqual([url, 403, 'not_permitted']);
    }
    expect(await api.store.lastSeq()).toBe(before);
    expect(await api.store.pendingControls(id)).toEqual([]);
    expect((await api.store.freezeState()).frozen).toBe(false);
    expect(api.engine.logins).toHaveLength(logins);
  });

  test('who asked is kept by the name of the token', async () => {
    api = await testApi({ tokens });
    const id = await start();
    const expansion = (await api.app.inject({ url: `/v1/expansions/${id}`, headers: bearer(viewer) })).json();
    expect(expansion.requestedBy).toBe('ops');
    const paused = await api.app.inject({
      method: 'POST',
      url: `/v1/expansions/${id}/pause`,
      headers: bearer(operator),
      payload: reason,
    });
    expect(paused.json()).toMatchObject({ by: 'ops', verb: 'pause', reason: reason.reason });
  });

  test('probes and the description of the API are open', async () => {
    api = await testApi({ tokens });
    for (const url of ['/healthz', '/readyz', '/openapi.json', '/docs/', '/']) {
      expect([url, (await api.app.inject({ url })).statusCode]).toEqual([url, 200]);
    }
  });
});

describe('sessions of the dashboard', () => {
  const signIn = (payload: object, headers: Record<string, string> = {}) =>
    api.app.inject({ method: 'POST', url: '/v1/session', payload, headers });
  const cookieOf = (response: { headers: Record<string, unknown> }) =>
    String(response.headers['set-cookie']).split(';')[0] ?? '';

  test('the cookie is out of reach of scripts and of other sites, and is not the token', async () => {
    api = await testApi({ tokens });
    const response = await signIn({ token: viewer.token });
    expect(response.json()).toEqual({
      name: 'wall',
      role: 'viewer',
      may: ['read'],
      authRequired: true,
      provider: null,
    });
    const cookie = String(response.headers['set-cookie']);
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    expect(cookie).not.toContain(viewer.token);
    expect(response.body).not.toContain(viewer.token);
  });

  test('it carries the role of its token', async () => {
    api = await testApi({ tokens });
    const cookie = cookieOf(await signIn({ token: viewer.token }));
    expect((await api.app.inject({ url: '/v1/expansions', headers: { cookie } })).statusCode).toBe(200);
    const refused = await api.app.inject({
      method: 'POST',
      url: '/v1/freeze',
      headers: { cookie },
      payload: reason,
    });
    expect(refused.statusCode).toBe(403);
    expect((await api.app.inject({ url: '/v1/session', headers: { cookie } })).json()).toEqual({
      name: 'wall',
      role: 'viewer',
      may: ['read'],
      authRequired: true,
      provider: null,
    });
  });

  test('a forged, altered or old cookie is none', async () => {
    api = await testApi({ tokens });
    const cookie = cookieOf(await signIn({ token: viewer.token }));
    const [name = '', value = ''] = cookie.split('=');
    expect(value).toMatch(/^[\w-]{43}$/);
    for (const forged of [`${name}=${'A'.repeat(43)}`, `${name}=`, `${name}=x`, `${name}=${value}x`]) {
      const response = await api.app.inject({ url: '/v1/expansions', headers: { cookie: forged } });
      expect(response.statusCode).toBe(401);
    }
    api.clock.now += 13 * 3_600_000;
    expect((await api.app.inject({ url: '/v1/expansions', headers: { cookie } })).statusCode).toBe(401);
  });

  test('it ends when its token is changed', async () => {
    const shared = { api: { identities: createMemoryIdentities() } };
    api = await testApi({ tokens, ...shared });
    const cookie = cookieOf(await signIn({ token: operator.token }));
    const status = async () =>
      (await api.app.inject({ url: '/v1/expansions', headers: { cookie } })).statusCode;
    await api.app.close();
    api = await testApi({ tokens, ...shared });
    expect(await status()).toBe(200);
    await api.app.close();
    api = await testApi({ tokens: [{ ...operator, token: 'another-operator-token' }], ...shared });
    expect(await status()).toBe(401);
  });

  test('a wrong token signs nobody in, and guessing is slow', async () => {
    api = await testApi({ tokens, limits: { requestsPerMinute: 1000 } });
    const statuses = new Set<number>();
    for (let guess = 0; guess < 31; guess += 1) {
      const response = await signIn({ token: `guess-${guess}` });
      expect(response.headers['set-cookie']).toBeUndefined();
      statuses.add(response.statusCode);
    }
    expect([...statuses]).toEqual([401, 429]);
  });

  test('signing out takes the cookie away', async () => {
    api = await testApi({ tokens });
    const response = await api.app.inject({ method: 'DELETE', url: '/v1/session' });
    expect(response.statusCode).toBe(204);
    expect(String(response.headers['set-cookie'])).toMatch(/Max-Age=0/);
  });

  test('a page of another site cannot act with it', async () => {
    api = await testApi({ tokens });
    const cookie = cookieOf(await signIn({ token: operator.token }));
    const act = (origin: string) =>
      api.app.inject({
        method: 'POST',
        url: '/v1/freeze',
        headers: { cookie, origin, host: 'pika.example:8080' },
        payload: reason,
      });
    for (const origin of ['https://evil.example', 'null', 'http://pika.example:8081']) {
      const response = await act(origin);
      expect([origin, response.statusCode, response.json().error.code]).toEqual([
        origin,
        403,
        'foreign_origin',
      ]);
    }
    expect((await api.store.freezeState()).frozen).toBe(false);
    expect((await act('http://pika.example:8080')).statusCode).toBe(200);
  });

  test('a form of another site cannot either: only JSON is read', async () => {
    api = await testApi({ tokens });
    const cookie = cookieOf(await signIn({ token: operator.token }));
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ]) {
      const response = await api.app.inject({
        method: 'POST',
        url: '/v1/freeze',
        headers: { cookie, 'content-type': type },
        payload: JSON.stringify(reason),
      });
      expect([type, response.statusCode]).toEqual([type, 415]);
    }
    expect((await api.store.freezeState()).frozen).toBe(false);
  });
});

describe('without tokens', () => {
  test('whoever reaches the loopback address may do everything, called local', async () => {
    api = await testApi();
    const response = await api.app.inject({ method: 'POST', url: '/v1/expansions', payload: goodRequest });
    expect(response.json()).toMatchObject({ requestedBy: 'local', via: 'rest' });
    expect((await api.app.inject({ url: '/v1/session' })).json()).toEqual({
      name: 'local',
      role: 'admin',
      may: roleActions.admin,
      authRequired: false,
      provider: null,
    });
  });

  test('a name that somebody made point to 127.0.0.1 is not answered', async () => {
    api = await testApi();
    for (const host of ['evil.example', 'evil.example:8080', '127.0.0.1.evil.example']) {
      const response = await api.app.inject({ url: '/v1/expansions', headers: { host } });
      expect([host, response.statusCode, response.json().error.code]).toEqual([
        host,
        403,
        'host_not_allowed',
      ]);
    }
    for (const host of ['127.0.0.1:8080', 'localhost:8080', '[::1]:8080']) {
      expect((await api.app.inject({ url: '/v1/expansions', headers: { host } })).statusCode).toBe(200);
    }
  });
});

test('every page forbids foreign scripts and frames', async () => {
  api = await testApi();
  for (const url of ['/', '/v1/expansions', '/docs/']) {
    const policy = String((await api.app.inject({ url })).headers['content-security-policy']);
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/script-src[^;]*unsafe-inline/);
  }
  const { headers } = await api.app.inject({ url: '/' });
  expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect(headers['x-content-type-options']).toBe('nosniff');
});
