import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Campaign } from '../../src/model/campaign.ts';
import type { CampaignStore } from '../../src/store/campaigns.ts';
import { FencedError, type Lease } from '../../src/store/leases.ts';
import { IdempotencyConflictError, NotFoundError, type Store } from '../../src/store/store.ts';
import { aCampaign, campaignControl } from '../support/campaigns.ts';
import { storedEvent } from '../support/events.ts';
import { newExpansion } from '../support/expansions.ts';
import { createMemoryCampaigns } from '../support/memory-campaigns.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { openTestStores, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';

interface UnderTest {
  readonly store: Store;
  readonly campaigns: CampaignStore;
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

let postgres: TestPostgres;
let database: TestDatabase;
beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createMigratedDatabase();
});
afterAll(() => postgres.stop());

const kinds: Readonly<Record<string, () => UnderTest>> = {
  memory() {
    let now = 1_800_000_000_000;
    const store = createMemoryStore({ now: () => now });
    return {
      store,
      campaigns: createMemoryCampaigns(store, () => now),
      async advance(ms) {
        now += ms;
      },
      async close() {},
    };
  },
  PostgreSQL() {
    const { store, campaigns, close } = openTestStores(database.connection);
    return {
      store,
      campaigns,
      advance: (ms) => delay(ms),
      async close() {
        await close();
        await database.empty();
      },
    };
  },
};

const event = (type: string) => storedEvent(type, { at: 7, data: { member: 2 } });

describe.each(Object.keys(kinds))('CampaignStore in %s', (kind) => {
  let under: UnderTest;
  let store: Store;
  let campaigns: CampaignStore;
  beforeEach(() => {
    under = kinds[kind]!();
    ({ store, campaigns } = under);
  });
  afterEach(() => under.close());

  const accepted = async (over: Parameters<typeof aCampaign>[0] = {}) =>
    (await campaigns.accept(aCampaign(over), [], null)).campaign;
  const claimed = async (id: string, owner = 'worker-1', leaseMs = 60_000): Promise<Lease> => {
    const lease = await campaigns.claim(id, owner, leaseMs);
    if (!lease) throw new Error(`campaign ${id} could not be claimed`);
    return lease;
  };
  const quiet = { events: [], appliedControls: [], lookAgainInMs: null };
  const ids = (page: { readonly items: readonly Campaign[] }) => page.items.map(({ id }) => id);

  it('keeps the whole campaign with its members in order, due at once', async () => {
    const campaign = aCampaign({ label: 'ünï 好', members: 12 });
    const { campaign: stored, replayed } = await campaigns.accept(campaign, [event('a'), event('b')], null);
    expect(replayed).toBe(false);
    expect(stored).toEqual({ ...campaign, pendingControls: [] });
    expect(await campaigns.get(campaign.id)).toEqual(stored);
    expect(await campaigns.due(10)).toEqual([campaign.id]);
    expect(await campaigns.get('nobody')).toBeNull();
  });

  it('puts its events among those of the expansions, and finds them by the campaign', async () => {
    const campaign = aCampaign();
    await campaigns.accept(campaign, [event('campaign.accepted')], null);
    const expansion = newExpansion();
    await store.accept(expansion, [event('expansion.accepted')], null);
    const all = await store.events({ afterSeq: 0, limit: 10 });
    expect(
      all.map(({ seq, type, expansionId, campaignId }) => ({ seq, type, expansionId, campaignId })),
    ).toEqual([
      { seq: 1, type: 'campaign.accepted', expansionId: null, campaignId: campaign.id },
      { seq: 2, type: 'expansion.accepted', expansionId: expansion.id, campaignId: undefined },
    ]);
    expect(await store.events({ campaignId: campaign.id, afterSeq: 0, limit: 10 })).toEqual([
      { ...event('campaign.accepted'), seq: 1, expansionId: null, campaignId: campaign.id },
    ]);
    expect(await store.events({ campaignId: 'nobody', afterSeq: 0, limit: 10 })).toEqual([]);
  });

  it('answers a repeated request with the campaign of the first, and refuses another one under its key', async () => {
    const idempotency = { key: 'k', fingerprint: 'f' };
    const first = await campaigns.accept(aCampaign(), [event('a')], idempotency);
    const again = await campaigns.accept(aCampaign(), [event('a')], idempotency);
    expect(again).toEqual({ campaign: first.campaign, replayed: true });
    expect(await campaigns.acceptedUnder(idempotency)).toEqual(first.campaign);
    expect(await campaigns.acceptedUnder({ key: 'new', fingerprint: 'f' })).toBeNull();
    expect(await store.events({ afterSeq: 0, limit: 10 })).toHaveLength(1);
    const other = { key: 'k', fingerprint: 'g' };
    await expect(campaigns.accept(aCampaign(), [], other)).rejects.toThrow(IdempotencyConflictError);
    await expect(campaigns.acceptedUnder(other)).rejects.toThrow(IdempotencyConflictError);
  });

  it('lists the newest first, page by page, by state and by what was searched for', async () => {
    const all: string[] = [];
    for (let n = 0; n < 5; n++) all.unshift((await accepted({ label: n === 2 ? 'Rack 7' : null })).id);
    const firstPage = await campaigns.list({ limit: 3 });
    const secondPage = await campaigns.list({ limit: 3, cursor: firstPage.nextCursor! });
    expect([...ids(firstPage), ...ids(secondPage)]).toEqual(all);
    expect(secondPage.nextCursor).toBeNull();
    expect(ids(await campaigns.list({ limit: 9, search: 'rack 7' }))).toEqual([all[2]]);
    expect(ids(await campaigns.list({ limit: 9, search: '10.1.5.2:' }))).toEqual(all);
    const before = (await campaigns.get(all[0]!))!;
    await campaigns.save(await claimed(before.id), before, { ...before, state: 'running' }, quiet);
    expect(ids(await campaigns.list({ limit: 9, states: ['running'] }))).toEqual([all[0]]);
    expect(await campaigns.counts()).toEqual({ running: 1, pending: 4 });
  });

  it('belongs to one worker at a time, and to the next when the lease has run out (promise 7)', async () => {
    const { id } = await accepted();
    const first = await claimed(id, 'a');
    expect(await campaigns.claim(id, 'a', 1000)).toBeNull();
    expect(await campaigns.due(10)).toEqual([]);
    await campaigns.renew(first);
    await campaigns.release(first);
    const lease = await claimed(id, 'a', 20);
    await under.advance(40);
    const taken = await claimed(id, 'b');
    expect(taken.epoch).toBe(lease.epoch + 1);
    const before = (await campaigns.get(id))!;
    await expect(campaigns.renew(lease)).rejects.toThrow(FencedError);
    await expect(campaigns.save(lease, before, { ...before, label: 'late' }, quiet)).rejects.toThrow(
      FencedError,
    );
    await campaigns.release(lease);
    expect(await campaigns.claim(id, 'c', 1000)).toBeNull();
    await campaigns.release(taken);
    await claimed(id, 'c');
    expect((await campaigns.get(id))?.label).toBeNull();
  });

  it('stores the members that changed, the events, and when to look again', async () => {
    const before = await accepted({ members: 3 });
    const lease = await claimed(before.id);
    const members = before.members.map((member) =>
      member.index === 1 ? { ...member, state: 'starting' as const } : member,
    );
    const after: Campaign = { ...before, state: 'running', members };
    await campaigns.save(lease, before, after, { ...quiet, events: [event('x')], lookAgainInMs: 30 });
    expect(await campaigns.get(before.id)).toEqual({ ...after, pendingControls: [] });
    await campaigns.release(lease);
    expect(await store.events({ campaignId: before.id, afterSeq: 0, limit: 9 })).toHaveLength(1);
    await under.advance(40);
    await until(async () => (await campaigns.due(9)).includes(before.id));
  });

  it('keeps controls in order until they are applied, stays due for them, and counts one id once', async () => {
    const before = await accepted();
    const lease = await claimed(before.id);
    const pause = campaignControl('pause');
    const cancel = campaignControl('cancel', { cancelMembers: true });
    for (const control of [pause, cancel, pause]) await campaigns.control(before.id, control);
    expect((await campaigns.get(before.id))?.pendingControls).toEqual([pause, cancel]);
    await campaigns.save(lease, before, before, { ...quiet, appliedControls: [pause.id] });
    expect((await campaigns.get(before.id))?.pendingControls).toEqual([cancel]);
    await campaigns.release(lease);
    expect(await campaigns.due(9)).toEqual([before.id]);
    const again = await claimed(before.id);
    await campaigns.save(again, before, before, { ...quiet, appliedControls: [cancel.id] });
    await campaigns.release(again);
    expect(await campaigns.due(9)).toEqual([]);
    await campaigns.control(before.id, campaignControl('resume'));
    expect(await campaigns.due(9)).toEqual([before.id]);
    await expect(campaigns.control('nobody', pause)).rejects.toThrow(NotFoundError);
  });

  it('is not claimed, due or counted any more when it has ended', async () => {
    const before = await accepted();
    const lease = await claimed(before.id);
    await campaigns.save(
      lease,
      before,
      { ...before, state: 'failed', endedAt: 9 },
      { ...quiet, lookAgainInMs: 0 },
    );
    await campaigns.release(lease);
    await campaigns.control(before.id, campaignControl('pause'));
    expect(await campaigns.due(9)).toEqual([]);
    expect(await campaigns.claim(before.id, 'w', 1000)).toBeNull();
    expect(await campaigns.counts()).toEqual({});
  });

  describe('the admission of a member', () => {
    const within = (lease: Lease) => ({ of: 'campaign', lease }) as const;
    const under1 = { key: 'campaign x 1', fingerprint: 'f' };

    it('is let through while the lease is held, and gives the same expansion when it comes again', async () => {
      const lease = await claimed((await accepted()).id);
      const first = await store.accept(newExpansion(), [], under1, within(lease));
      const again = await store.accept(newExpansion(), [], under1, within(lease));
      expect(again).toEqual({ expansion: first.expansion, replayed: true });
    });

    it('is refused to a worker that has lost the campaign, and stores nothing then', async () => {
      const { id } = await accepted();
      const lost = await claimed(id, 'a', 30);
      await under.advance(50);
      await claimed(id, 'b');
      const expansion = newExpansion();
      await expect(store.accept(expansion, [event('a')], under1, within(lost))).rejects.toThrow(FencedError);
      expect(await store.get(expansion.id)).toBeNull();
      expect(await store.acceptedUnder(under1)).toBeNull();
      expect(await store.nodesInUse([expansion.joins[0]!.target.name])).toEqual([]);
    });

    it('is refused when the campaign has ended', async () => {
      const before = await accepted();
      const lease = await claimed(before.id);
      await campaigns.save(lease, before, { ...before, state: 'cancelled' }, quiet);
      await expect(store.accept(newExpansion(), [], null, within(lease))).rejects.toThrow(FencedError);
    });
  });
});
