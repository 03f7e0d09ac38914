import { afterEach, expect, test } from 'vitest';
import { type TestApi, testApi } from '../api/support.ts';

let api: TestApi;
afterEach(() => api.app.close());

interface Route {
  readonly method: string;
  readonly url: string;
}

/** Every route under /v1, from the service's own description of itself. */
async function routes(): Promise<readonly Route[]> {
  const { paths } = (await api.app.inject({ url: '/openapi.json' })).json() as {
    paths: Record<string, Record<string, unknown>>;
  };
  return Object.entries(paths)
    .filter(([path]) => path.startsWith('/v1/'))
    .flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({
        method: method.toUpperCase(),
        url: path.replaceAll(/\{\w+\}/g, 'x'),
      })),
    );
}

const ask = ({ method, url }: Route, site?: string) =>
  api.app.inject({
    method: method as 'GET',
    url,
    headers: site === undefined ? {} : { 'sec-fetch-site': site },
    ...(method === 'GET' ? {} : { payload: {} }),
  });

test('a page of another site reaches nothing, be it only to read', async () => {
  api = await testApi();
  const all = await routes();
  expect(all.length).toBeGreaterThan(20);
  for (const route of all) {
    for (const site of ['cross-site', 'same-site', 'anything']) {
      const response = await ask(route, site);
      const code = response.json().error?.code;
      expect([route, site, response.statusCode, code]).toEqual([route, site, 403, 'foreign_origin']);
    }
  }
});

test('however the address is written', async () => {
  api = await testApi();
  for (const url of ['/%761/expansions', '/v1/%65xpansions', '/v1/expansions/']) {
    expect([url, (await ask({ method: 'GET', url })).statusCode]).toEqual([url, 200]);
    expect([url, (await ask({ method: 'GET', url }, 'cross-site')).statusCode]).toEqual([url, 403]);
  }
});

test('the own page, an address typed in, and programs are let in', async () => {
  api = await testApi();
  for (const site of ['same-origin', 'none', undefined])
    expect((await ask({ method: 'GET', url: '/v1/expansions' }, site)).statusCode).toBe(200);
});
