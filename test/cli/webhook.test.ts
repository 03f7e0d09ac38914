import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DeliveryView, WebhookView } from '../../src/model/views/webhook.ts';
import { FakeApi } from './fake-api.ts';
import { Harness } from './harness.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
});
afterEach(() => api.close());
const run = (...args: readonly string[]) => new Harness().run('webhook', ...args, '--url', api.url);

const webhook: WebhookView = {
  id: 'whk_1',
  kind: 'notify',
  url: 'https://hooks.example.net/pika',
  types: [],
  steps: [],
  answerWithinMs: null,
  createdBy: 'anna',
  createdAt: 1_800_000_000_000,
};
const delivery: DeliveryView = {
  id: 'dlv_1',
  type: 'node.verified',
  eventSeq: 7,
  payload: null,
  state: 'failed',
  attempts: 3,
  createdAt: 1_800_000_000_000,
  nextAttemptAt: null,
  endedAt: 1_800_000_060_000,
  lastStatus: 503,
  lastError: null,
  lastTookMs: 12,
};
const page = (...items: readonly unknown[]) => ({ status: 200, body: { items, nextCursor: null } });

test('add asks for what the flags say; the key alone goes to standard output', async () => {
  api.answers.set('POST /v1/webhooks', { status: 201, body: { ...webhook, secret: 'key-of-signatures' } });
  const flags = ['--kind', 'veto', '--steps', 'before_batch', '--answer-within', '10m'];
  const { exitCode, out, err } = await run('add', webhook.url, ...flags);
  expect([exitCode, out]).toEqual([0, 'key-of-signatures\n']);
  expect(err).toContain('Webhook whk_1 is made.');
  expect(api.requests.at(-1)!.body).toEqual({
    url: webhook.url,
    kind: 'veto',
    steps: ['before_batch'],
    answerWithinMs: 600_000,
  });
  await run('add', webhook.url, '--events', 'node.verified,node.failed');
  expect(api.requests.at(-1)!.body).toEqual({ url: webhook.url, types: ['node.verified', 'node.failed'] });
});

test.each([
  [['--kind', 'mail'], '--kind is "mail"; the kinds are notify, veto, trail.'],
  [['--answer-within', 'soon'], '--answer-within is "soon"; give a duration'],
])('add %j is refused before anything is sent', async (flags, text) => {
  const { exitCode, err } = await run('add', webhook.url, ...flags);
  expect([exitCode, api.requests]).toEqual([2, []]);
  expect(err).toContain(text);
});

test('list shows what each webhook is told of', async () => {
  const veto = { ...webhook, id: 'whk_2', kind: 'veto', steps: ['before_batch'] };
  api.answers.set('GET /v1/webhooks', page(webhook, veto));
  const { out } = await run('list');
  expect(out).toMatch(/whk_1 +notify +all events +https:\/\/hooks\.example\.net\/pika +anna/);
  expect(out).toMatch(/whk_2 +veto +before_batch/);
  expect(JSON.parse((await run('list', '--json')).out).items).toHaveLength(2);
  api.answers.set('GET /v1/webhooks', page());
  expect((await run('list')).out).toBe('No webhook is made.\n');
});

test('deliveries says what became of each, and why it was given up', async () => {
  const error = 'refused\u001b[2J';
  const pending = { ...delivery, state: 'pending', lastError: error };
  api.answers.set('GET /v1/webhooks/whk_1/deliveries', page(delivery, pending));
  const { out } = await run('deliveries', 'whk_1', '--limit', '5');
  expect(api.requests.at(-1)!.path).toBe('/v1/webhooks/whk_1/deliveries?limit=5');
  expect(out).toMatch(/node\.verified +given up +3 +503/);
  expect(out).toMatch(/node\.verified +is tried again +3 +refused·\[2J/);
  api.answers.set('GET /v1/webhooks/whk_1/deliveries', page());
  expect((await run('deliveries', 'whk_1')).out).toBe('Nothing was sent to this webhook yet.\n');
});

test('remove says so; a webhook that is not there fails', async () => {
  api.answers.set('DELETE /v1/webhooks/whk_1', { status: 200, body: {} });
  expect(await run('remove', 'whk_1')).toMatchObject({ exitCode: 0, out: expect.stringContaining('whk_1') });
  expect((await run('remove', 'whk_9')).exitCode).toBe(1);
});
