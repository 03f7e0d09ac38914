import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { admin, type TestApi, testApi } from '../api/support.ts';
import { Harness } from './harness.ts';

let api: TestApi;
let url: string;
beforeEach(async () => {
  api = await testApi({ tokens: [admin] });
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  url = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`;
});
afterEach(() => api.app.close());

const as = (token: string, ...args: readonly string[]) =>
  new Harness({ env: { PIKA_EXPANDER_URL: url, PIKA_EXPANDER_TOKEN: token } }).run(...args);
const run = (...args: readonly string[]) => as(admin.token, ...args);
const day = 86_400_000;

test('created, used, listed, rotated and revoked', async () => {
  const created = await run('token', 'create', '--name', 'ann', '--role', 'viewer', '--expires', '90d');
  expect([created.exitCode, created.out]).toEqual([0, expect.stringMatching(/^pxt_\w{38}\n$/)]);
  expect(created.err).toMatch(/^Token tok_\w+ \(ann, viewer\) ends at .*shown this once/);
  const text = created.out.trim();
  expect((await as(text, 'list')).exitCode).toBe(0);
  const list = await run('token', 'list');
  const [, id = ''] = /(tok_\w+) +ann +viewer +everything +living/.exec(list.out) ?? [];
  expect(list.out).not.toContain(text);

  const rotated = await run('token', 'rotate', id, '--grace', '10m');
  expect([rotated.exitCode, rotated.out]).toEqual([0, expect.stringMatching(/^pxt_/)]);
  expect(rotated.err).toContain('The old text counts until');
  expect([(await as(text, 'list')).exitCode, (await as(rotated.out.trim(), 'list')).exitCode]).toEqual([
    0, 0,
  ]);

  expect((await run('token', 'revoke', id, '--reason', 'left the team')).out).toBe(
    `Token ${id} (ann) is revoked.\n`,
  );
  expect((await as(rotated.out.trim(), 'list')).exitCode).not.toBe(0);
  expect((await run('token', 'list')).out).toMatch(/ann +viewer +everything +revoked/);
});

test('a scope goes into the request as it was given', async () => {
  const request = 'token create --name team-7 --role operator --json --actions expand steer';
  const servers = ['--masters', '10.7.0.0/16', '*.team7.example', '--nodes', '10.8.0.0/16'];
  const { exitCode, out } = await run(...request.split(' '), ...servers);
  expect(exitCode).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    scope: {
      masters: ['10.7.0.0/16', '*.team7.example'],
      nodes: ['10.8.0.0/16'],
      actions: ['expand', 'steer'],
    },
    expiresAt: null,
  });
  expect((await run('token', 'list')).out).toContain(
    'masters 10.7.0.0/16,*.team7.example; nodes 10.8.0.0/16',
  );
});

test.each([
  [['--role', 'viewer'], '--name'],
  [['--name', 'ann'], '--role'],
  [['--name', 'ann', '--role', 'king'], 'viewer, operator'],
  [['--name', 'ann', '--role', 'viewer', '--expires', 'soon'], '--expires'],
  [['--name', 'ann', '--role', 'operator', '--actions', 'rule'], 'no action'],
])('what is missing or wrong is said: %j', async (args, said) => {
  const { exitCode, err } = await run('token', 'create', ...args);
  expect([exitCode, err]).toEqual([2, expect.stringContaining(said)]);
  expect((await run('token', 'list')).out).toContain('No token was created.');
});

test('an end is counted from now', async () => {
  const { out } = await run(
    'token',
    'create',
    '--name',
    'ann',
    '--role',
    'viewer',
    '--expires',
    '2d',
    '--json',
  );
  expect(JSON.parse(out).expiresAt).toBe(api.clock.now + 2 * day);
});
