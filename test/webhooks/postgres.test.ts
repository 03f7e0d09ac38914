import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSender } from '../../src/net/send.ts';
import { startDispatcher } from '../../src/webhooks/dispatcher.ts';
import { verifyWebhook } from '../../src/webhooks/signature.ts';
import { aCampaign } from '../support/campaigns.ts';
import { storedEvent } from '../support/events.ts';
import { newExpansion } from '../support/expansions.ts';
import { anAudit } from '../support/memory-audits.ts';
import { openTestStores, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { webhookOf } from './memory-webhooks.ts';
import { Receiver } from './receiver.ts';

let postgres: TestPostgres;
let database: TestDatabase;
beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createMigratedDatabase();
});
afterAll(async () => {
  await database?.drop();
  await postgres?.stop();
});

it('two processes tell a receiver of every event of its types, each once, signed with its secret', async () => {
  const receiver = await new Receiver().start();
  const stores = [openTestStores(database.connection), openTestStores(database.connection)];
  const [{ store, webhooks }] = stores as [(typeof stores)[0], (typeof stores)[0]];
  await webhooks.create({ ...webhookOf('whk', receiver.url), types: ['expansion.accepted'] });
  const dispatchers = stores.map((each) =>
    startDispatcher({
      store: each.webhooks,
      news: each.news,
      send: createSender({ timeoutMs: 20_000, now: Date.now, wayOut: { allowed: ['127.0.0.1'] } }),
      sleep: async (ms, signal) => {
        await sleep(ms / 20, undefined, { signal }).catch(() => {});
      },
      now: Date.now,
      random: () => 0,
      onTrouble: (error) => {
        throw error;
      },
    }),
  );
  for (let i = 0; i < 20; i += 1) {
    const types = ['expansion.accepted', 'something.else'];
    await store.accept(
      newExpansion(),
      types.map((type) => storedEvent(type, { text: 'Accepted.', data: { nodes: 1 } })),
      null,
    );
  }
  await expect
    .poll(
      async () =>
        (await webhooks.deliveries('whk', { limit: 50 })).items.filter((d) => d.state === 'delivered').length,
      { timeout: 30_000 },
    )
    .toBe(20);
  await Promise.all(dispatchers.map((dispatcher) => dispatcher.close()));
  expect(receiver.received).toHaveLength(20);
  const bodies = receiver.received.map(({ body }) => JSON.parse(body));
  expect(new Set(bodies.map(({ seq }) => seq)).size).toBe(20);
  expect(bodies[0]).toMatchObject({ type: 'expansion.accepted', text: 'Accepted.', data: { nodes: 1 } });
  for (const { headers, body } of receiver.received)
    expect(verifyWebhook('whsec_whk', headers, body, Date.now() / 1000)).toBe(true);
  await Promise.all(stores.map((each) => each.close()));
  await receiver.close();
});

it('a receiver without a free place is passed over, so that the others get theirs', async () => {
  const { webhooks, store, close } = openTestStores(database.connection);
  await webhooks.create(webhookOf('one', 'http://127.0.0.1:9/'));
  await webhooks.create(webhookOf('two', 'http://127.0.0.1:9/'));
  const event = storedEvent('a.b');
  await store.accept(newExpansion(), [event, event], null);
  await webhooks.fanOut(100);
  const taken = await webhooks.takeDue(10, 60_000, { except: ['one', 'whk'] });
  expect(taken.map(({ webhook }) => webhook.id)).toEqual(['two', 'two']);
  expect((await webhooks.takeDue(10, 60_000)).map(({ webhook }) => webhook.id)).toEqual(['one', 'one']);
  await close();
});

it("an event of a campaign is told like any other, with the campaign's id", async () => {
  const { webhooks, store, campaigns, close } = openTestStores(database.connection);
  await webhooks.create(webhookOf('of-campaigns', 'http://127.0.0.1:9/'));
  const campaign = aCampaign();
  await campaigns.accept(campaign, [storedEvent('campaign.accepted', { text: 'x' })], null);
  const expansion = newExpansion();
  await store.accept(expansion, [storedEvent('expansion.accepted', { text: 'x' })], null);
  await webhooks.fanOut(100);
  const { items } = await webhooks.deliveries('of-campaigns', { limit: 10 });
  const payloads = items.map(({ payload }) => payload as Record<string, unknown>);
  expect(payloads.find(({ type }) => type === 'campaign.accepted')).toMatchObject({
    expansionId: null,
    campaignId: campaign.id,
    text: 'x',
  });
  const ofExpansion = payloads.find(({ type }) => type === 'expansion.accepted');
  expect(ofExpansion).toMatchObject({ expansionId: expansion.id });
  expect(ofExpansion).not.toHaveProperty('campaignId');
  await close();
});

it("an event of an audit is told like any other, with the audit's id", async () => {
  const { webhooks, audits, close } = openTestStores(database.connection);
  await webhooks.create(webhookOf('of-audits', 'http://127.0.0.1:9/'));
  const audit = anAudit('aud_told');
  await audits.create(audit);
  const lease = (await audits.claim('aud_told', 'w', 60_000))!;
  await audits.save(lease, audit.doc, [], 0, [storedEvent('audit.started', { text: 'x' })]);
  await webhooks.fanOut(100);
  const { items } = await webhooks.deliveries('of-audits', { limit: 1 });
  expect(items[0]!.payload).toMatchObject({ expansionId: null, auditId: 'aud_told', text: 'x' });
  expect(items[0]!.payload).not.toHaveProperty('campaignId');
  await close();
});
