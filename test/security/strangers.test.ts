import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bearer, operator, type TestApi, testApi, viewer } from '../api/support.ts';

let api: TestApi;
let routes: readonly (readonly [method: string, path: string])[];
beforeAll(async () => {
  api = await testApi({ tokens: [operator, viewer] });
  const { paths } = (await api.app.inject({ url: '/openapi.json' })).json() as {
    paths: Record<string, Record<string, unknown>>;
  };
  routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path] as const),
  );
});
afterAll(() => api.app.close());

const ask = (method: string, url: string, headers: Record<string, string>, payload?: string) =>
  api.app.inject({
    method: method as 'GET',
    url,
    headers: { ...headers, ...(payload === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(payload === undefined ? {} : { payload }),
  });
const withId = (path: string, id: string): string => path.replaceAll(/\{\w+\}/g, id);

/** These are for who has not signed in yet. */
const signIns = ['/v1/session', '/v1/session/oidc', '/v1/session/oidc/callback'];

test('whoever has no token reads nothing, and a viewer changes nothing, on every route', async () => {
  const own = routes.filter(([, path]) => path.startsWith('/v1/') && !signIns.includes(path));
  expect(own.length).toBeGreaterThan(20);
  for (const [method, path] of own) {
    const payload = method === 'GET' ? undefined : '{}';
    const stranger = await ask(method, withId(path, 'x'), {}, payload);
    expect([method, path, stranger.statusCode]).toEqual([method, path, 401]);
    if (method === 'GET') continue;
    const asViewer = await ask(method, withId(path, 'x'), bearer(viewer), payload);
    expect([method, path, asViewer.statusCode]).toEqual([method, path, 403]);
  }
});

const nested = `${'['.repeat(2000)}${']'.repeat(2000)}`;
const bodies = ['', '{', 'null', '[]', '"x"', '{"reason":1e400}', '{"reason":"\\ud800"}', nested, '\ufeff{}'];
const ids = ['%00', '%ff', '..%2f..%2fetc%2fpasswd', 'a'.repeat(399), '%E4%B8%AD', "';--"];
const queries = [
  'limit=-1',
  'limit=1&limit=2',
  'cursor=%00',
  'cursor=AAAA',
  'after=1e99',
  'search=%ff',
  'x[]=1',
];

test('nonsense in a body, an id or a query is no fault of the service, on every route', async () => {
  const wrong: unknown[] = [];
  for (const [method, path] of routes) {
    const asks = [
      ...ids.map((id) =>
        ask(method, withId(path, id), bearer(operator), method === 'GET' ? undefined : '{}'),
      ),
      ...(method === 'GET'
        ? queries.map((query) => ask(method, `${withId(path, 'x')}?${query}`, bearer(operator)))
        : bodies.map((body) => ask(method, withId(path, 'x'), bearer(operator), body))),
    ];
    for (const { statusCode, body } of await Promise.all(asks))
      if (statusCode >= 500) wrong.push([method, path, statusCode, body.slice(0, 200)]);
  }
  expect(wrong).toEqual([]);
});

describe('a path that climbs out of the files of the dashboard', () => {
  test.each([
    '/../../etc/passwd',
    '/assets/..%2f..%2f..%2f..%2fetc%2fpasswd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/assets/%2e%2e%2f%2e%2e%2fpackage.json',
    '/assets/..%5c..%5cpackage.json',
    '/docs/%2e%2e/%2e%2e/package.json',
    '/docs/static/..%2f..%2f..%2fpackage.json',
    '/package.json',
    '/.git/config',
    '//etc/passwd',
    '/assets/%00',
    '/v1/expansions/%2e%2e/webhooks',
    '/%76%31/expansions',
  ])('%s leads nowhere', async (url) => {
    const { statusCode, body } = await ask('GET', url, { accept: '*/*' });
    expect([400, 401, 403, 404]).toContain(statusCode);
    expect(body).not.toMatch(/root:|"dependencies"|\[core\]/);
  });
});
