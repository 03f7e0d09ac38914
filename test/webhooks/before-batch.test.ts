import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSender } from '../../src/net/send.ts';
import { createBeforeBatch } from '../../src/webhooks/before-batch.ts';
import { newExpansion } from '../support/expansions.ts';
import { MemoryWebhooks, webhookOf } from './memory-webhooks.ts';
import { Receiver } from './receiver.ts';

let store: MemoryWebhooks;
let receiver: Receiver;
let now: number;
beforeEach(async () => {
  store = new MemoryWebhooks();
  receiver = await new Receiver().start();
  now = 0;
});
afterEach(() => receiver.close());

const parts = (timeoutMs = 20_000) => ({
  store,
  send: createSender({ timeoutMs, now: () => now, wayOut: { allowed: ['127.0.0.1'] } }),
  now: () => now,
  newId: (prefix: string) => `${prefix}_${store.rows.length}`,
  onTrouble: () => {},
});
const ask = (timeoutMs?: number) => createBeforeBatch(parts(timeoutMs));
const base = newExpansion({ id: 'exp_1', master: 'm:1', nodes: ['a:1', 'b:1'] });
const expansion = { ...base, batchCount: 2, joins: base.joins.map((join, batch) => ({ ...join, batch })) };

describe('before a batch', () => {
  it('nothing holds it where there is no veto', async () => {
    await store.create(webhookOf('n', receiver.url));
    expect(await ask()(expansion, 0)).toBeNull();
    expect(receiver.received).toEqual([]);
  });

  it('asks with the facts of the batch, signed, and keeps the answer', async () => {
    await store.create(webhookOf('v', receiver.url, 'veto'));
    expect(await ask()(expansion, 1)).toBeNull();
    const { body, headers } = receiver.received[0]!;
    expect(headers['pika-expander-event']).toBe('before_batch');
    expect(JSON.parse(body)).toMatchObject({
      type: 'before_batch',
      expansionId: 'exp_1',
      master: 'm:1',
      batch: 1,
      batchCount: 2,
      nodes: ['b:1'],
    });
    expect(store.rows[0]).toMatchObject({ type: 'before_batch', state: 'delivered', lastStatus: 204 });
  });

  it.each([
    [
      'a no',
      (r: Receiver) => (r.answer = (res) => res.writeHead(503).end('peak\u001b[2J hours')),
      'answered 503 (webhook v)',
      20_000,
    ],
    [
      'a redirect',
      (r: Receiver) => (r.answer = (res) => res.writeHead(302, { location: '/' }).end()),
      'answered 302 (webhook v)',
      20_000,
    ],
    ['no answer', (r: Receiver) => (r.answer = () => {}), 'no answer within 0.3 s', 300],
  ] as const)('%s holds it, and the text shows it', async (_name, prepare, said, timeoutMs) => {
    prepare(receiver);
    await store.create(webhookOf('v', `${receiver.url}?key=s3cret`, 'veto'));
    const text = await ask(timeoutMs)(expansion, 0);
    expect(text?.text).toContain('(webhook v)');
    expect(text?.text).toContain(said);
    expect(text?.text).toContain('To go on without this webhook, delete it');
    expect(text?.text).not.toContain('s3cret');
    expect(JSON.stringify(text)).not.toMatch(/peak|\\u001b/);
    expect(store.rows[0]).toMatchObject({ state: 'failed', nextAttemptAt: null });
    if (_name === 'a no') expect(store.rows[0]).toMatchObject({ lastError: 'answered 503: peak [2J hours' });
  });

  it('one of several is enough to hold it', async () => {
    const other = await new Receiver().start();
    receiver.answer = (response) => response.writeHead(409).end();
    await store.create(webhookOf('yes', other.url, 'veto'));
    await store.create(webhookOf('no', receiver.url, 'veto'));
    expect((await ask()(expansion, 0))?.text).toContain('(webhook no)');
    await other.close();
  });

  it('asks again after ten seconds, not at every look, and then lets it begin', async () => {
    receiver.answer = (response, index) => response.writeHead(index === 0 ? 503 : 200).end();
    await store.create(webhookOf('v', receiver.url, 'veto'));
    const beforeBatch = ask();
    expect(await beforeBatch(expansion, 0)).not.toBeNull();
    now = 9000;
    expect(await beforeBatch(expansion, 0)).not.toBeNull();
    expect(receiver.received).toHaveLength(1);
    now = 10_000;
    expect(await beforeBatch(expansion, 0)).toBeNull();
  });

  it('the answer counts even when it cannot be kept', async () => {
    await store.create(webhookOf('v', receiver.url, 'veto'));
    store.addAnswered = () => Promise.reject(new Error('database away'));
    expect(await ask()(expansion, 0)).toBeNull();
  });
});
