import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Expansion } from '../../src/model/expansion.ts';
import { deliverySays } from '../../src/model/webhook-texts.ts';
import type { Lease } from '../../src/store/leases.ts';
import { NotFoundError, type Store } from '../../src/store/store.ts';
import type { TrailStore } from '../../src/store/trail.ts';
import type { DeliveryOutcome, StoredQuestion, Webhook, WebhookStore } from '../../src/store/webhooks.ts';
import { storedEvent } from '../support/events.ts';
import { newExpansion } from '../support/expansions.ts';
import { openTestStores, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { aTrailEntry } from '../support/trail.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let webhooks: WebhookStore;
let store: Store;
let trail: TrailStore;
let sql: (text: string) => Promise<unknown>;
let close: () => Promise<void>;
let expansion: Expansion;
let lease: Lease;
beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createMigratedDatabase();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  const stores = openTestStores(database.connection, { deliveriesPerWebhook: 3 });
  ({ webhooks, store, trail, close } = stores);
  sql = (text) => stores.database.query(text);
  expansion = newExpansion();
  await store.accept(expansion, [event('accepted')], null);
  lease = (await store.claim(expansion.id, 'w', 60_000))!;
});
afterEach(async () => {
  await close();
  await database.empty();
});

const event = (type: string) => storedEvent(type, { node: 'n1', text: type });
const happen = (...types: string[]) =>
  store.save(lease, expansion, expansion, { events: types.map(event), lookAgainInMs: null });
let made = 0;
const newWebhook = (over: Partial<Webhook> = {}): Webhook => ({
  id: `hook-${++made}`,
  kind: 'notify',
  url: 'http://127.0.0.1:1/hook',
  types: [],
  steps: [],
  answerWithinMs: null,
  secret: 'sh',
  createdBy: 'test',
  createdAt: made,
  ...over,
});
const good: DeliveryOutcome = { delivered: true, status: 204, error: null, tookMs: 12, retryInMs: null };
const bad: DeliveryOutcome = {
  delivered: false,
  status: 500,
  error: deliverySays('answered', { status: 500, quoted: '' }),
  tookMs: 3,
  retryInMs: 60_000,
};
const taken = async (limit = 10, leaseMs = 60_000) =>
  (await webhooks.takeDue(limit, leaseMs)).map(({ delivery }) => delivery);

describe('webhooks', () => {
  it('are kept, listed and removed with their deliveries', async () => {
    const [a, b] = [newWebhook({ types: ['x', 'y'] }), newWebhook({ kind: 'veto' })];
    await webhooks.create(a);
    await webhooks.create(b);
    expect(await webhooks.list()).toEqual([a, b]);
    expect(await webhooks.get(a.id)).toEqual(a);
    await happen('x');
    await webhooks.fanOut(10);
    await webhooks.remove(a.id);
    expect(await webhooks.get(a.id)).toBeNull();
    expect(await taken()).toEqual([]);
    await expect(webhooks.remove(a.id)).rejects.toThrow(NotFoundError);
  });

  it('of the kind trail are told of each entry from then on, and of no event; others of no entry', async () => {
    await trail.append([aTrailEntry({ act: 'before' })]);
    const [told, other] = [newWebhook({ kind: 'trail' }), newWebhook()];
    await webhooks.create(told);
    await webhooks.create(other);
    const added = await trail.append([aTrailEntry({ act: 'first' }), aTrailEntry({ act: 'second' })]);
    await happen('x');
    expect(await webhooks.fanOut(10)).toBe(3);
    expect(await webhooks.fanOut(10)).toBe(0);
    const deliveries = await taken();
    expect(
      deliveries.filter(({ webhookId }) => webhookId === told.id).map(({ type, payload }) => [type, payload]),
    ).toEqual(
      added.map((entry) => ['trail.entry', { type: 'trail.entry', seq: entry.seq, at: entry.at, entry }]),
    );
    expect(deliveries.filter(({ webhookId }) => webhookId === other.id).map(({ type }) => type)).toEqual([
      'x',
    ]);
  });

  it('are told of what happens after they were made, of the types they asked for', async () => {
    const [all, some] = [newWebhook(), newWebhook({ types: ['batch_done'] })];
    await webhooks.create(all);
    await webhooks.create(some);
    await webhooks.create(newWebhook({ kind: 'veto' }));
    await happen('started', 'batch_done');
    expect(await webhooks.fanOut(10)).toBe(3);
    const due = await webhooks.takeDue(10, 60_000);
    expect(due.map(({ webhook, delivery }) => `${webhook.id} ${delivery.type}`).sort()).toEqual(
      [`${all.id} batch_done`, `${all.id} started`, `${some.id} batch_done`].sort(),
    );
    const payload = due.find(({ delivery }) => delivery.type === 'started')!.delivery;
    const [stored] = await store.events({ afterSeq: 1, limit: 1 });
    expect(payload).toMatchObject({ payload: stored, eventSeq: stored!.seq, attempts: 1, state: 'pending' });
    expect(due[0]!.webhook).toMatchObject({ secret: 'sh', url: 'http://127.0.0.1:1/hook' });
  });

  it('are told of each event once, with several processes at it, some at a time', async () => {
    await webhooks.create(newWebhook());
    await happen(...Array.from({ length: 9 }, (_, n) => `e${n}`));
    let all = 0;
    while (all < 9) {
      const counts = await Promise.all(Array.from({ length: 4 }, () => webhooks.fanOut(2)));
      all += counts.reduce((sum, count) => sum + count, 0);
    }
    expect(await webhooks.fanOut(2)).toBe(0);
    expect((await taken(100)).map((delivery) => delivery.type)).toEqual(
      Array.from({ length: 9 }, (_, n) => `e${n}`),
    );
  });
});

describe('deliveries', () => {
  it('are taken by one process each', async () => {
    await webhooks.create(newWebhook());
    await happen('a', 'b', 'c', 'd');
    await webhooks.fanOut(10);
    const taking = await Promise.all([taken(2), taken(2), taken(2)]);
    const ids = taking.flat().map((delivery) => delivery.id);
    expect(ids).toHaveLength(4);
    expect(new Set(ids).size).toBe(4);
  });

  it('are due again when their taker died', async () => {
    await webhooks.create(newWebhook());
    await happen('a');
    await webhooks.fanOut(10);
    const [first] = await taken(1, 60_000);
    expect(await taken()).toEqual([]);
    await sql("update deliveries set next_attempt_at = next_attempt_at - interval '1 minute'");
    expect(await taken()).toMatchObject([{ id: first!.id, attempts: 2 }]);
  });

  it('end when delivered, come again after a failure, and end when given up', async () => {
    const hook = newWebhook();
    await webhooks.create(hook);
    await happen('a', 'b', 'c');
    await webhooks.fanOut(10);
    const [a, b, c] = await taken();
    await webhooks.record(a!.id, good);
    await webhooks.record(b!.id, bad);
    await webhooks.record(c!.id, {
      ...bad,
      retryInMs: null,
      error: deliverySays('connection_failed', { detail: 'gone \u0000' }),
    });
    expect(await taken()).toEqual([]);
    const byType = Object.fromEntries(
      (await webhooks.deliveries(hook.id, { limit: 10 })).items.map((one) => [one.type, one]),
    );
    expect(byType.a).toMatchObject({
      state: 'delivered',
      lastStatus: 204,
      nextAttemptAt: null,
      endedAt: expect.any(Number),
    });
    expect(byType.b).toMatchObject({
      state: 'pending',
      lastError: 'answered 500',
      lastSaid: { code: 'answered', facts: { status: 500, quoted: '' } },
      endedAt: null,
      nextAttemptAt: expect.any(Number),
    });
    expect(byType.c).toMatchObject({
      state: 'failed',
      lastError: 'the connection failed (gone \ufffd)',
      lastTookMs: 3,
      nextAttemptAt: null,
    });
    await webhooks.record(b!.id, { ...bad, retryInMs: 0 });
    expect(await taken()).toMatchObject([{ id: b!.id, attempts: 2 }]);
  });

  it('are kept bounded once they have ended, and listed newest first page by page', async () => {
    const hook = newWebhook({ kind: 'veto' });
    await webhooks.create(hook);
    for (let n = 1; n <= 5; n++) {
      const asked = { id: `d${n}`, webhookId: hook.id, type: 'before_batch', payload: { n }, createdAt: n };
      await webhooks.addAnswered(asked, n % 2 ? good : { ...bad, retryInMs: null });
    }
    const first = await webhooks.deliveries(hook.id, { limit: 2 });
    const rest = await webhooks.deliveries(hook.id, { limit: 2, cursor: first.nextCursor! });
    expect([...first.items, ...rest.items].map(({ id, state }) => [id, state])).toEqual([
      ['d5', 'delivered'],
      ['d4', 'failed'],
      ['d3', 'delivered'],
    ]);
    expect(rest.nextCursor).toBeNull();
  });
});

describe('questions', () => {
  const asked = (over: Partial<StoredQuestion> = {}): StoredQuestion => ({
    id: 'qst_1',
    webhookId: 'veto',
    state: 'waiting',
    payload: { type: 'before_node', nodes: ['a:1'] },
    askedAt: 1,
    times: 1,
    until: 100,
    answeredAt: null,
    answeredBy: null,
    reason: null,
    ...over,
  });
  const yes = { answer: 'yes', reason: 'all\u0000 well', by: 'webhook veto', at: 7 } as const;
  beforeEach(() => webhooks.create(newWebhook({ id: 'veto', kind: 'veto', steps: ['before_node'] })));

  it('wait until they are answered, once', async () => {
    await webhooks.saveQuestion(asked());
    expect(await webhooks.openQuestions(10)).toEqual([asked()]);
    expect(await webhooks.answerQuestion('qst_1', yes)).toBe(true);
    expect(await webhooks.answerQuestion('qst_1', { ...yes, answer: 'no' })).toBe(false);
    expect(await webhooks.openQuestions(10)).toEqual([]);
    expect(await webhooks.question('qst_1')).toMatchObject({
      state: 'yes',
      answeredBy: 'webhook veto',
      answeredAt: 7,
    });
  });

  it('are asked again under the same id', async () => {
    await webhooks.saveQuestion(asked());
    await webhooks.saveQuestion(asked({ askedAt: 100, times: 2, until: 200 }));
    expect(await webhooks.question('qst_1')).toEqual(asked({ askedAt: 100, times: 2, until: 200 }));
  });

  it('go with their webhook, also one that is asked about just then', async () => {
    await webhooks.saveQuestion(asked());
    await webhooks.remove('veto');
    await webhooks.saveQuestion(asked({ id: 'qst_2' }));
    expect([await webhooks.question('qst_1'), await webhooks.question('qst_2')]).toEqual([null, null]);
  });

  it('that are answered are kept up to a bound, those that wait for ever', async () => {
    await webhooks.saveQuestion(asked({ id: 'open', askedAt: 0 }));
    for (let at = 1; at <= 5; at += 1)
      await webhooks.saveQuestion(asked({ id: `q${at}`, state: 'yes', askedAt: at, until: null }));
    const kept = await Promise.all(['open', 'q1', 'q2', 'q3', 'q4', 'q5'].map((id) => webhooks.question(id)));
    expect(kept.map((question) => question?.id)).toEqual(['open', undefined, undefined, 'q3', 'q4', 'q5']);
  });
});
