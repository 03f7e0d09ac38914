import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { channelRoutes } from '../../src/api/routes/channels.ts';
import { afterEvents } from '../../src/core/notice/incidents.ts';
import { deliverySays } from '../../src/model/webhook-texts.ts';
import type { NoticeAnswer } from '../../src/notices/send.ts';
import { admin, type TestApi, testApi } from '../api/support.ts';
import { failed, halted } from '../core/notice/samples.ts';
import { MemoryChannels } from '../notices/memory-channels.ts';
import { Harness } from './harness.ts';

let api: TestApi;
let url: string;
let channels: MemoryChannels;
let answer: NoticeAnswer;
beforeEach(async () => {
  channels = new MemoryChannels();
  answer = { delivered: true, error: null, refused: false, pauseMs: null };
  const routes = [channelRoutes({ channels, send: async () => answer, allowed: [] })];
  api = await testApi({ tokens: [admin], api: { routes } });
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  url = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`;
});
afterEach(() => api.app.close());

const run = (...args: readonly string[]) =>
  new Harness({
    env: { PIKA_EXPANDER_URL: url, PIKA_EXPANDER_TOKEN: admin.token },
    files: { address: `${ding}\n`, secret: 'SECsecret\n' },
  }).run('channel', ...args);

const ding = 'https://oapi.dingtalk.com/robot/send?access_token=dingToken';
const add = (...more: readonly string[]) =>
  run('add', '--name', 'on call', '--kind', 'dingtalk', '--address-file', 'address', ...more);

test('made with secrets from files, listed, tested and removed', async () => {
  const settings = ['--secret-file', 'secret', '--messages', 'zh', '--topics', 'halted', 'node'];
  const quiet = ['--quiet', '22:00-08:00', 'Asia/Shanghai', '--break-through', 'halted', '--repeat', '1h'];
  const made = await add(...settings, ...quiet);
  expect(made.exitCode).toBe(0);
  expect(channels.channels[0]).toMatchObject({
    url: ding,
    secret: 'SECsecret',
    language: 'zh',
    topics: ['halted', 'node'],
    repeatMinutes: 60,
    quiet: { from: '22:00', to: '08:00', timeZone: 'Asia/Shanghai', breakThrough: ['halted'] },
  });
  const { id } = channels.channels[0]!;
  const list = await run('list');
  expect(list.out).toMatch(/on call +dingtalk +https:\/\/oapi\.dingtalk\.com\/… +halted,node +22:00-08:00/);
  expect(made.out + list.out).not.toMatch(/dingToken|SECsecret/);
  expect((await run('test', id)).out).toBe(`Channel ${id} has taken the test message.\n`);
  const error = deliverySays('refused', { code: '310000', quoted: ': sign not match' });
  answer = { delivered: false, error, refused: true, pauseMs: null };
  const failing = await run('test', id);
  expect([failing.exitCode, failing.out]).toEqual([1, expect.stringContaining('310000: sign not match')]);
  expect((await run('remove', id)).exitCode).toBe(0);
  expect((await run('list')).out).toContain('There is no channel');
  expect((await run('list', '--lang', 'zh')).out).toContain('还没有渠道');
});

test('a secret that the service makes is shown once', async () => {
  const made = await run(
    'add',
    '--name',
    'mine',
    '--kind',
    'generic',
    '--address',
    'https://hooks.example.net/x',
  );
  expect(made.out).toContain(channels.channels[0]!.secret);
});

test('what needs a person is listed and acknowledged', async () => {
  const events = [halted(), failed({ expansionId: 'exp_2', label: null })];
  channels.all.push(...afterEvents(new Map(), events, () => `inc_${channels.all.length + 1}`).values());
  channels.all[1] = { ...channels.all[1]!, id: 'inc_2' };
  const list = await run('incidents');
  expect(list.out).toMatch(/^inc_1 {2}Expansion exp_1 \(shop\), since [\s\S]*- .*frozen: peak/);
  expect((await run('acknowledge', 'inc_1', '--reason', 'on it')).out).toContain('not said again');
  expect(channels.all[0]!.acknowledged).toMatchObject({ reason: 'on it' });
  expect((await run('acknowledge', 'inc_2')).out).toContain('and over');
  expect((await run('incidents')).out).toContain('acknowledged by');
  expect((await run('incidents', '--all')).out).toContain('over at');
});

test.each([
  [['--kind', 'slack', '--address', 'https://x.example'], '--name'],
  [['--name', 'x', '--kind', 'pager', '--address', 'https://x.example'], 'slack, dingtalk'],
  [['--name', 'x', '--kind', 'slack'], '--address-file'],
  [['--name', 'x', '--kind', 'slack', '--address-file', '/none'], '/none'],
  [['--name', 'x', '--kind', 'slack', '--address', 'https://x.example', '--topics', 'some'], 'no topic'],
  [['--name', 'x', '--kind', 'slack', '--address', 'https://x.example', '--quiet', 'nights'], '--quiet'],
  [['--name', 'x', '--kind', 'slack', '--address', 'https://x.example', '--repeat', 'often'], '--repeat'],
  [['--name', 'x', '--kind', 'slack', '--address', 'https://x.example', '--messages', 'fr'], '--messages'],
])('what is missing or wrong is said: %j', async (args, said) => {
  const { exitCode, err } = await run('add', ...args);
  expect([exitCode, err]).toEqual([2, expect.stringContaining(said)]);
});

test('changed where something is given, and not elsewhere', async () => {
  await add('--topics', 'halted', '--quiet', '22:00-08:00', 'Asia/Shanghai', '--repeat', '1h');
  const before = channels.channels[0]!;
  expect((await run('change', before.id)).err).toContain('Say what to change');
  const changed = await run('change', before.id, '--topics', 'all', '--quiet', 'never', '--name', 'night');
  expect([changed.exitCode, changed.out]).toEqual([0, `Channel ${before.id} (night) is changed.\n`]);
  expect(channels.channels).toEqual([{ ...before, name: 'night', topics: [], quiet: null }]);
  await run('change', before.id, '--secret-file', 'secret', '--repeat', 'never');
  expect(channels.channels[0]).toMatchObject({ url: ding, secret: 'SECsecret', repeatMinutes: null });
  expect((await run('change', before.id, '--topics', 'halt')).err).toContain('which is no topic');
  expect((await run('change', before.id, '--from', 'a@b.c')).exitCode).toBe(2);
});
