import { afterEach, beforeEach, expect, test } from 'vitest';
import type { OpenSession } from '../../src/model/views/service.ts';
import { FakeApi } from './fake-api.ts';
import { Harness } from './harness.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
});
afterEach(() => api.close());
const run = (...args: readonly string[]) => new Harness().run('session', ...args, '--url', api.url);

const session = {
  id: 'ses_1',
  name: 'anna',
  by: 'person',
  address: '10.0.0.9',
  createdAt: 1_800_000_000_000,
  until: 1_800_000_060_000,
} as OpenSession;

test('list shows the browsers that are signed in, and how', async () => {
  const items = [session, { ...session, id: 'ses_2', name: 'wall', by: 'token' }];
  api.answers.set('GET /v1/sessions', { status: 200, body: { items, nextCursor: null } });
  const { exitCode, out } = await run('list', '--limit', '2');
  expect([exitCode, api.requests.at(-1)!.path]).toEqual([0, '/v1/sessions?limit=2']);
  expect(out).toMatch(/ses_1 +anna +person +10\.0\.0\.9 /);
  expect(out).toMatch(/ses_2 +wall +token +10\.0\.0\.9 /);
  expect(JSON.parse((await run('list', '--json')).out).items).toEqual(items);
  api.answers.set('GET /v1/sessions', { status: 200, body: { items: [], nextCursor: null } });
  expect((await run('list')).out).toBe('No browser is signed in.\n');
});

test('end sends the reason, and says whose session it was', async () => {
  api.answers.set('DELETE /v1/sessions/ses_1', { status: 200, body: session });
  const { exitCode, out } = await run('end', 'ses_1', '--reason', 'lost laptop');
  expect([exitCode, out]).toEqual([0, 'Session ses_1 of anna is ended.\n']);
  expect(api.requests.at(-1)!.body).toEqual({ reason: 'lost laptop' });
  expect((await run('end', 'ses_9')).exitCode).toBe(1);
});
