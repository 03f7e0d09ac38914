import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HookStep } from '../../src/model/hook-steps.ts';
import type { HookQuestion } from '../../src/model/hooks.ts';
import { createSender } from '../../src/net/send.ts';
import { createWebhookHooks } from '../../src/webhooks/ask.ts';
import { nodeTarget } from '../support/expansions.ts';
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

const hooks = (timeoutMs = 20_000) =>
  createWebhookHooks({
    store,
    send: createSender({ timeoutMs, now: () => now, wayOut: { allowed: ['127.0.0.1'] } }),
    now: () => now,
    newId: (prefix: string) => `${prefix}_${store.rows.length}`,
    onTrouble: () => {},
  });
const questionAt = (step: HookStep, node = 'b:1'): HookQuestion => ({
  id: `exp_1/${step}/${node}`,
  step,
  operation: { kind: 'expansion', id: 'exp_1', label: null },
  master: nodeTarget('m:1'),
  nodes: [nodeTarget(node)],
  batch: 1,
  batchCount: 2,
});
const question = questionAt('before_batch');
const noTo = (status: number) => (r: Receiver) => {
  r.answer = (response) => response.writeHead(status).end();
};

describe('those who may hold a step', () => {
  it('nothing holds it where there is no veto', async () => {
    await store.create(webhookOf('n', receiver.url));
    expect(await hooks().ask(question)).toBeNull();
    expect([...(await hooks().steps())]).toEqual([]);
    expect(receiver.received).toEqual([]);
  });

  it('asks with the facts of the batch, signed, and keeps the answer', async () => {
    await store.create(webhookOf('v', receiver.url, 'veto'));
    expect(await hooks().ask(question)).toBeNull();
    const { body, headers } = receiver.received[0]!;
    expect(headers['pika-expander-event']).toBe('before_batch');
    expect(JSON.parse(body)).toMatchObject({
      type: 'before_batch',
      expansionId: 'exp_1',
      replacementId: null,
      master: 'm:1',
      batch: 1,
      batchCount: 2,
      nodes: ['b:1'],
    });
    expect(store.rows[0]).toMatchObject({ type: 'before_batch', state: 'delivered', lastStatus: 204 });
  });

  it('asks each webhook about its own steps alone', async () => {
    await store.create(webhookOf('v', receiver.url, 'veto', ['before_node', 'after_verified']));
    const { ask, steps } = hooks();
    expect([...(await steps())]).toEqual(['before_node', 'after_verified']);
    expect(await ask(question)).toBeNull();
    expect(receiver.received).toEqual([]);
    expect(await ask(questionAt('after_verified'))).toBeNull();
    expect(JSON.parse(receiver.received[0]!.body)).toMatchObject({ type: 'after_verified', nodes: ['b:1'] });
  });

  it('asks nobody twice who has agreed, also by another process', async () => {
    await store.create(webhookOf('v', receiver.url, 'veto'));
    expect(await hooks().ask(question)).toBeNull();
    expect(await hooks().ask(question)).toBeNull();
    expect(receiver.received).toHaveLength(1);
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
    const text = await hooks(timeoutMs).ask(question);
    expect(text?.text).toContain('holds batch 2');
    expect(text?.text).toContain(said);
    expect(text?.text).toContain('To go on without this webhook, delete it');
    expect(text?.text).not.toContain('s3cret');
    expect(JSON.stringify(text)).not.toMatch(/peak|\\u001b/);
    expect(store.rows[0]).toMatchObject({ state: 'failed', nextAttemptAt: null });
    if (_name === 'a no') expect(store.rows[0]).toMatchObject({ lastError: 'answered 503: peak [2J hours' });
  });

  it('one of several is enough to hold it', async () => {
    const other = await new Receiver().start();
    noTo(409)(receiver);
    await store.create(webhookOf('yes', other.url, 'veto'));
    await store.create(webhookOf('no', receiver.url, 'veto'));
    expect((await hooks().ask(question))?.text).toContain('(webhook no)');
    await other.close();
  });

  it('asks again after ten seconds, not at every look, and then lets it begin', async () => {
    receiver.answer = (response, index) => response.writeHead(index === 0 ? 503 : 200).end();
    await store.create(webhookOf('v', receiver.url, 'veto'));
    const { ask } = hooks();
    expect(await ask(question)).not.toBeNull();
    now = 9000;
    expect(await ask(question)).not.toBeNull();
    expect(receiver.received).toHaveLength(1);
    now = 10_000;
    expect(await ask(question)).toBeNull();
  });

  it('the answer counts even when it cannot be kept for reading', async () => {
    await store.create(webhookOf('v', receiver.url, 'veto'));
    store.addAnswered = () => Promise.reject(new Error('database away'));
    expect(await hooks().ask(question)).toBeNull();
  });
});

describe('an answer that comes later', () => {
  beforeEach(async () => {
    noTo(202)(receiver);
    await store.create({ ...webhookOf('v', receiver.url, 'veto'), answerWithinMs: 60_000 });
  });
  const answerIs = async (answer: 'yes' | 'no') => {
    const [open] = await store.openQuestions();
    return store.answerQuestion(open!.id, { answer, reason: null, by: 'webhook v', at: now });
  };

  it('holds the step until it is there, and is awaited after a restart too', async () => {
    const { ask } = hooks();
    const held = await ask(question);
    expect(held?.code).toBe('answer_comes_later');
    expect(held?.text).toContain('until it has answered question qst_');
    expect(await hooks().ask(question)).toEqual(held);
    expect(receiver.received).toHaveLength(1);
    expect(JSON.parse(receiver.received[0]!.body)).toMatchObject({ questionId: held?.facts.questionId });
    expect(await answerIs('yes')).toBe(true);
    now = 1000;
    expect(await ask(question)).toBeNull();
    expect(receiver.received).toHaveLength(1);
  });

  it('a no holds it, and the webhook is asked again', async () => {
    await hooks().ask(question);
    await answerIs('no');
    expect((await hooks().ask(question))?.text).toContain('answered no (webhook v)');
    now = 10_000;
    expect((await hooks().ask(question))?.code).toBe('answer_comes_later');
    expect(receiver.received).toHaveLength(2);
  });

  it('does not hurry another webhook that says no', async () => {
    const other = await new Receiver().start();
    noTo(503)(other);
    await store.create(webhookOf('w', other.url, 'veto'));
    const { ask } = hooks();
    for (now = 0; now < 10_000; now += 1000) expect((await ask(question))?.code).toBe('several');
    expect(other.received).toHaveLength(1);
    await ask(question);
    expect(other.received).toHaveLength(2);
    await other.close();
  });

  it('is not awaited for ever: the webhook is asked again, and how often is known', async () => {
    await hooks().ask(question);
    now = 60_000;
    await hooks().ask(question);
    expect(receiver.received).toHaveLength(2);
    expect(await store.openQuestions()).toMatchObject([{ times: 2, until: 120_000 }]);
  });
});
