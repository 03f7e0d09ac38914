import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeApi } from './fake-api.ts';
import { Harness } from './harness.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
});
afterEach(() => api.close());

const path = 'GET /v1/nodes/10.0.0.2%3A9221/ready';
const proven = {
  node: '10.0.0.2:9221',
  master: '10.0.0.1:9221',
  proof: { at: 1_700_000_000_000, by: 'exp_1' },
};
const run = (...args: string[]) => new Harness().run('--url', api.url, 'ready', '10.0.0.2:9221', ...args);

it('exits 0 for a node that is ready, and says what proved it', async () => {
  api.answers.set(path, { status: 200, body: { ...proven, ready: true, reason: null } });
  const { exitCode, out } = await run();
  expect([exitCode, out]).toEqual([0, expect.stringContaining('10.0.0.2:9221 is ready: exp_1 proved it at')]);
});

it('exits 1 for a node that is not, and says why', async () => {
  const reason = { code: 'withdrawn', facts: {}, text: 'rpl_1 takes it out.' };
  api.answers.set(path, { status: 503, body: { ...proven, ready: false, reason } });
  const { exitCode, out } = await run('--master', '10.0.0.1:9221');
  expect(api.requests[0]?.path).toContain('?master=10.0.0.1%3A9221');
  expect([exitCode, out.trim()]).toEqual([1, '10.0.0.2:9221 is not ready: rpl_1 takes it out.']);
});

it('exits 1 where the service cannot tell, and 0 if that is to count as ready', async () => {
  api.answers.set(path, {
    status: 503,
    body: { error: { code: 'store_unavailable', message: 'no database' } },
  });
  expect((await run('--unknown-is-ready')).out).toContain(
    'It is not known whether 10.0.0.2:9221 is ready: no database',
  );
  expect((await run('--unknown-is-ready')).exitCode).toBe(0);
  const { exitCode, err } = await run();
  expect([exitCode, err]).toEqual([1, expect.stringContaining('no database')]);
  api.answers.set(path, { status: 401, body: { error: { code: 'bad_token', message: 'no such token' } } });
  expect((await run('--unknown-is-ready')).exitCode).toBe(1);
});
