import { afterEach, expect, test } from 'vitest';
import { workerRoutes } from '../../src/api/routes/workers.ts';
import type { AccessToken } from '../../src/platform/config.ts';
import { bearer, goodRequest, operator, type TestApi, testApi, viewer } from './support.ts';

let api: TestApi;
afterEach(() => api.app.close());

const elsewhere: AccessToken = {
  ...viewer,
  name: 'elsewhere',
  token: 'elsewhere-token-of-the-tests',
  scope: { masters: ['192.0.2.1'] },
};

const openWith = async (workers: () => Promise<number>) => {
  api = await testApi({
    tokens: [operator, viewer, elsewhere],
    api: { routes: [workerRoutes('1.2.3', { workers })] },
  });
};
const asked = async () => (await api.app.inject({ url: '/v1/workers', headers: bearer(viewer) })).json();

test('viewers see how many processes take work, and what is due and nobody has taken', async () => {
  await openWith(async () => 2);
  expect(await asked()).toEqual({ version: '1.2.3', count: 2, due: [], unattended: [], atWork: 0 });
  const request = {
    method: 'POST',
    url: '/v1/expansions',
    headers: bearer(operator),
    payload: goodRequest,
  } as const;
  const { id } = (await api.app.inject(request)).json();
  expect(await asked()).toEqual({ version: '1.2.3', count: 2, due: [id], unattended: [id], atWork: 0 });
  await api.store.claim(id, 'worker', 60_000);
  expect(await asked()).toEqual({ version: '1.2.3', count: 2, due: [], unattended: [], atWork: 1 });
});

test('a token that is bound to other servers sees nothing of what is due', async () => {
  await openWith(async () => 2);
  const request = {
    method: 'POST',
    url: '/v1/expansions',
    headers: bearer(operator),
    payload: goodRequest,
  } as const;
  expect((await api.app.inject(request)).statusCode).toBe(202);
  const seen = await api.app.inject({ url: '/v1/workers', headers: bearer(elsewhere) });
  expect(seen.json()).toMatchObject({ due: [], unattended: [] });
});

test('while the queue is away, it is not known who works', async () => {
  await openWith(() => Promise.reject(new Error('away')));
  expect(await asked()).toEqual({ version: '1.2.3', count: null, due: [], unattended: [], atWork: 0 });
});
