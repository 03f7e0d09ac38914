import { afterEach, expect, test } from 'vitest';
import { evidenceRoutes } from '../../src/api/routes/evidence.ts';
import type { Credential } from '../../src/engines/engine.ts';
import { newPrivateKey, readSigningKey } from '../../src/evidence/signing-key.ts';
import { hideSecrets } from '../../src/platform/secrets.ts';
import { verifyEvidence } from '../../src/verify/index.ts';
import { bearer, masterName, operator, type TestApi, testApi, viewer } from './support.ts';

let api: TestApi;
afterEach(() => api.app.close());

const passwords = { default: 'default-node-password', dc2: 'second-"node"-pässword' };
const credentials = new Map<string, Credential>([
  ['default', { username: null, password: passwords.default }],
  ['dc2', { username: 'admin', password: passwords.dc2 }],
]);
const secretTexts = [
  passwords.default,
  passwords.dc2,
  JSON.stringify(passwords.dc2).slice(1, -1),
  encodeURIComponent(passwords.dc2),
  operator.token,
  viewer.token,
];

function expectNoSecret(text: string, where: string): void {
  for (const secret of secretTexts)
    expect({ where, leaks: text.includes(secret) }).toEqual({ where, leaks: false });
}

test('promise 8: secrets are in no response, log, wake-up, event, observation or evidence', async () => {
  const privateKey = newPrivateKey();
  const key = readSigningKey(privateKey);
  const hide = hideSecrets(secretTexts);
  api = await testApi({
    tokens: [operator, viewer],
    credentials,
    api: { routes: [evidenceRoutes({ key, version: '1.0.0', hideSecrets: hide })] },
  });
  const headers = bearer(operator);
  const payload = {
    master: masterName,
    nodes: [{ address: '10.0.0.2:9221', credential: 'dc2' }],
    label: 'x',
  };
  const asked: [string, string, object?][] = [
    ['POST', '/v1/session', { token: operator.token }],
    ['POST', '/v1/session', { token: `${viewer.token}-wrong` }],
    ['POST', '/v1/plans', payload],
    ['POST', '/v1/expansions', payload],
    ['POST', '/v1/expansions', { ...payload, nodes: [{ address: '10.0.0.3:9221', credential: 'nobody' }] }],
    ['POST', '/v1/topology', { master: masterName, credential: 'dc2' }],
    ['POST', '/v1/topology', { master: masterName, credential: 'nobody' }],
    ['GET', '/v1/expansions'],
    ['GET', '/v1/events'],
    ['GET', '/v1/session'],
    ['GET', '/readyz'],
    ['GET', '/metrics'],
    ['GET', '/openapi.json'],
    ['GET', '/v1/nothing'],
    ['GET', '/v1/evidence-key'],
  ];
  for (const [method, url, body] of asked) {
    const response = await api.app.inject({
      method: method as 'GET',
      url,
      headers,
      ...(body ? { payload: body } : {}),
    });
    expectNoSecret(response.body + JSON.stringify(response.headers), `${method} ${url}`);
  }
  // The engine did get them: the test would prove nothing otherwise.
  expect(api.engine.logins).toContainEqual({ address: '10.0.0.2:9221', credential: credentials.get('dc2') });
  expect(api.engine.logins).toContainEqual({ address: masterName, credential: credentials.get('default') });

  const { items } = await api.store.list({ limit: 10 });
  expect(items).toHaveLength(1);
  const id = items[0]!.id;
  for (const path of [
    '',
    '/events',
    '/evidence',
    '/evidence/bundle',
    '/nodes/10.0.0.2:9221',
    '/nodes/10.0.0.2:9221/observations',
  ]) {
    const response = await api.app.inject({ url: `/v1/expansions/${id}${path}`, headers });
    expect(response.statusCode).toBe(200);
    expectNoSecret(response.body, path);
    for (const line of privateKey.split('\n').slice(1, -2)) expect(response.body).not.toContain(line);
  }
  const lease = (await api.store.claim(id, 'worker', 60_000))!;
  const said = 'the server repeats';
  const message = `${said} ${passwords.dc2}`;
  const look = { kind: 'unreachable', at: 1, code: 'X', message } as const;
  await api.store.save(lease, items[0]!, items[0]!, {
    events: [],
    observations: [{ node: '10.0.0.2:9221', look }],
    lookAgainInMs: null,
  });
  const { body, rawPayload } = await api.app.inject({ url: `/v1/expansions/${id}/evidence/bundle`, headers });
  expect(body).toContain(said);
  expectNoSecret(body, 'the signed evidence of a server that repeats its password');
  expect(verifyEvidence(rawPayload, key.keyId).verdict).toBe('follows');
  expectNoSecret(JSON.stringify([items, await api.store.events({ afterSeq: 0, limit: 100 })]), 'the store');
  expectNoSecret(JSON.stringify(api.doorbell.rings), 'the wake-ups');
  expectNoSecret(api.logLines.join(''), 'the log');
});

test('promise 8: neither does an error that carries one', async () => {
  api = await testApi({ tokens: [operator], credentials });
  api.store.list = async () => {
    throw new Error(`login with ${passwords.default} and ${passwords.dc2} failed for ${operator.token}`);
  };
  const response = await api.app.inject({ url: '/v1/expansions', headers: bearer(operator) });
  expect(response.statusCode).toBe(500);
  expectNoSecret(response.body, 'the response');
  expect(api.logLines.some((line) => line.includes('[redacted]'))).toBe(true);
  expectNoSecret(api.logLines.join(''), 'the log');
});

test('a request cannot carry a password at all', async () => {
  api = await testApi({ credentials });
  for (const node of [
    { address: '10.0.0.2:9221', password: 'x' },
    { address: '10.0.0.2:9221', credential: { password: 'x' } },
  ]) {
    const response = await api.app.inject({
      method: 'POST',
      url: '/v1/plans',
      payload: { master: masterName, nodes: [node] },
    });
    expect(response.statusCode).toBe(400);
  }
});
