import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { defaultSpec } from '../../src/compare/spec.ts';
import type { Expansion } from '../../src/model/expansion.ts';
import { aCampaign } from '../support/campaigns.ts';
import { storedEvent } from '../support/events.ts';
import { newExpansion, nodeTarget } from '../support/expansions.ts';
import { aGuard } from '../support/guards.ts';
import { aHold } from '../support/holds.ts';
import { anAudit } from '../support/memory-audits.ts';
import { openTestStores, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { aReplacement } from '../support/replacements.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let stores: ReturnType<typeof openTestStores>;
beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createMigratedDatabase();
});
afterAll(() => postgres.stop());
beforeEach(() => {
  stores = openTestStores(database.connection);
});
afterEach(async () => {
  await stores.close();
  await database.empty();
});

const event = storedEvent('tested', { at: 1 });

/** Accepts an expansion, and ends it at that time; with one of everything that belongs to it. */
async function endedAt(at: number | null): Promise<Expansion> {
  const { store, comparisons } = stores;
  const expansion = newExpansion();
  const { id, master, joins } = expansion;
  await store.accept(expansion, [event], { key: `key of ${id}`, fingerprint: 'f' });
  const lease = (await store.claim(id, 'worker', 60_000))!;
  await store.lockMaster(lease, [`address:${id}`]);
  const slot = { expansionId: id, position: 0, nodeHost: 'a', masterHost: 'b' };
  await store.syncSlots(lease, {
    held: [slot],
    wanted: [],
    limits: { total: null, perNodeHost: null, perMasterHost: null },
  });
  await store.addControl(id, {
    id: `control of ${id}`,
    verb: 'pause',
    node: null,
    reason: 'r',
    by: 'b',
    at: 1,
  });
  const comparison = await comparisons.create({
    id: `comparison of ${id}`,
    join: { expansionId: id, node: joins[0]!.target.name },
    left: master,
    right: joins[0]!.target,
    spec: { ...defaultSpec, depth: 'full' },
    requestedBy: 'test',
    createdAt: 1,
  });
  const compares = (await comparisons.claim(comparison.id, 'worker', 60_000))!;
  const difference = {
    db: 0,
    key: 'k',
    type: 'string',
    kind: 'missing',
    left: 'a',
    right: null,
    rounds: 3,
  } as const;
  await comparisons.save(compares, { differences: [difference], state: 'completed', endedAt: at ?? 1 });
  const after =
    at === null
      ? { ...expansion, label: 'goes on' }
      : { ...expansion, state: 'succeeded' as const, endedAt: at };
  const look = { kind: 'busy', at: 1, tookMs: 1, message: 'm' } as never;
  await store.save(lease, expansion, after, {
    events: [event],
    observations: [{ node: master.name, look }],
    lookAgainInMs: null,
  });
  return after;
}

async function rowsOf(id: string): Promise<number> {
  const tables = 'joins events observations controls sync_slots node_locks master_locks comparisons'.split(
    ' ',
  );
  const counts = tables.map((table) => `(select count(*) from ${table} where expansion_id = $1)`);
  const differences = `(select count(*) from differences where comparison_id = 'comparison of ' || $1::text)`;
  const [row] = await stores.database.query<{ total: number }>(
    `select (select count(*) from expansions where id = $1) + ${[...counts, differences].join(' + ')} as total`,
    [id],
  );
  return row!.total;
}

describe('looks of what ended before a given time', () => {
  it('go in small steps except those that are kept, once; an expansion that goes on keeps all', async () => {
    const { store, ended } = stores;
    const [old, recent, open] = [await endedAt(1000), await endedAt(3000), await endedAt(null)];
    const looks = async ({ id }: Expansion) =>
      (await store.observations({ expansionId: id, afterSeq: 0, limit: 100 })).map(({ seq }) => seq);
    for (const { id, master } of [old, open])
      await stores.database.query(
        `insert into observations (expansion_id, node, at, look)
         select $1, $2, n, '{"v": 1, "kind": "busy"}' from generate_series(1, 5) as n`,
        [id, master.name],
      );
    const kept = (await looks(old)).slice(1, 3);
    expect(await ended.withAllLooks(2000, 10)).toEqual([old.id]);
    expect([
      await ended.forgetLooks(old.id, kept, 3),
      await ended.forgetLooks(old.id, kept, 3),
      await ended.forgetLooks(old.id, kept, 3),
    ]).toEqual([3, 1, 0]);
    expect(await looks(old)).toEqual(kept);
    expect(await ended.withAllLooks(2000, 10)).toEqual([]);
    expect(await ended.withAllLooks(4000, 10)).toEqual([recent.id]);
    expect(await ended.forgetLooks(open.id, [], 3)).toBe(0);
    expect(await looks(open)).toHaveLength(6);
    await ended.giveBack();
  });
});

it('old events of a guard go, except those that somebody has not been told of yet', async () => {
  const { guards, ended, store, database: db } = stores;
  await guards.create(aGuard('grd', 1000), []);
  await db.query(
    `insert into events (guard_id, type, at, level, text, data)
     select 'grd', 'guard.found', n, 'info', 't', '{"v": 1}' from generate_series(1, 10) as n`,
  );
  expect(await ended.forgetGuardEvents(100, 100)).toBe(0);
  await db.query('insert into incidents_seen (after_seq) select max(seq) - 2 from events');
  expect(await ended.forgetGuardEvents(100, 5)).toBe(5);
  expect(await ended.forgetGuardEvents(7, 100)).toBe(1);
  expect(await ended.forgetGuardEvents(100, 100)).toBe(2);
  const left = await store.events({ guardId: 'grd', afterSeq: 0, limit: 100 });
  expect(left.map(({ at }) => at)).toEqual([9, 10]);
});

describe('what ended before a given time is forgotten', () => {
  it('with all that belongs to it; what ended later, or goes on, stays whole', async () => {
    const [old, recent, open] = [await endedAt(1000), await endedAt(3000), await endedAt(null)];
    const before = await Promise.all([recent, open].map(({ id }) => rowsOf(id)));
    expect(await rowsOf(old.id)).toBeGreaterThan(6);
    expect(await stores.ended.forget(2000, 10)).toEqual({
      expansions: 1,
      campaigns: 0,
      comparisons: 0,
      audits: 0,
      guards: 0,
      holds: 0,
      replacements: 0,
    });
    expect(await rowsOf(old.id)).toBe(0);
    expect(await Promise.all([recent, open].map(({ id }) => rowsOf(id)))).toEqual(before);
    expect(await stores.ended.forget(2000, 10)).toEqual({
      expansions: 0,
      campaigns: 0,
      comparisons: 0,
      audits: 0,
      guards: 0,
      holds: 0,
      replacements: 0,
    });
  });

  it('the oldest first, in portions', async () => {
    const all = [await endedAt(3), await endedAt(1), await endedAt(2)];
    expect((await stores.ended.forget(2000, 2)).expansions).toBe(2);
    expect(await Promise.all(all.map(({ id }) => stores.store.get(id)))).toEqual([all[0], null, null]);
    expect((await stores.ended.forget(2000, 2)).expansions).toBe(1);
  });

  it('but no expansion of a campaign that is kept: its report needs it', async () => {
    const { campaigns, ended } = stores;
    const expansion = await endedAt(1000);
    const campaign = aCampaign({ members: 1 });
    await campaigns.accept(campaign, [event], null);
    const lease = (await campaigns.claim(campaign.id, 'worker', 60_000))!;
    const member = { ...campaign.members[0]!, expansion: { id: expansion.id } as never };
    const running = { ...campaign, members: [member] };
    const extra = { events: [event], appliedControls: [], lookAgainInMs: null };
    await campaigns.save(lease, campaign, running, extra);
    expect(await ended.forget(2000, 10)).toEqual({
      expansions: 0,
      campaigns: 0,
      comparisons: 0,
      audits: 0,
      guards: 0,
      holds: 0,
      replacements: 0,
    });

    await campaigns.save(lease, running, { ...running, state: 'succeeded', endedAt: 1500 }, extra);
    expect(await ended.forget(2000, 10)).toEqual({
      expansions: 1,
      campaigns: 1,
      comparisons: 0,
      audits: 0,
      guards: 0,
      holds: 0,
      replacements: 0,
    });
    expect(await campaigns.get(campaign.id)).toBeNull();
    expect(await rowsOf(expansion.id)).toBe(0);
  });

  it('also comparisons of their own, unless they have not ended', async () => {
    const { comparisons, ended } = stores;
    const [left, right] = ['10.0.0.1:9221', '10.0.0.2:9221'].map(nodeTarget);
    for (const id of ['old', 'open'])
      await comparisons.create({
        id,
        join: null,
        left: left!,
        right: right!,
        spec: { ...defaultSpec, depth: 'full' },
        requestedBy: 'test',
        createdAt: 1,
      });
    const lease = (await comparisons.claim('old', 'worker', 60_000))!;
    await comparisons.save(lease, { state: 'completed', endedAt: 1000 });
    expect(await ended.forget(2000, 10)).toEqual({
      expansions: 0,
      campaigns: 0,
      comparisons: 1,
      audits: 0,
      guards: 0,
      holds: 0,
      replacements: 0,
    });
    expect(await comparisons.get('old')).toBeNull();
    expect(await comparisons.get('open')).not.toBeNull();
  });

  it('and audits with their verdicts, unless they have not ended', async () => {
    const { audits, ended, database } = stores;
    for (const id of ['old', 'open']) {
      const audit = anAudit(id);
      await audits.create(audit);
      const lease = (await audits.claim(id, 'worker', 60_000))!;
      const state = id === 'old' ? { state: 'completed' as const, endedAt: 1000 } : {};
      await audits.save(lease, { ...audit.doc, ...state }, [], 0);
    }
    expect(await ended.forget(2000, 10)).toMatchObject({ audits: 1, comparisons: 0 });
    expect([await audits.get('old'), (await audits.get('open'))?.servers.length]).toEqual([null, 1]);
    expect(await database.query('select 1 from audit_servers')).toHaveLength(1);
  });

  it('and holds with their events, unless their end was not noted', async () => {
    const { holds, store, ended } = stores;
    for (const id of ['ended', 'active', 'unnoted'])
      await holds.create({ ...aHold(id), forMs: id === 'unnoted' ? 0 : 60_000 }, () => [event]);
    await holds.end('ended', { by: 'b', reason: 'r', at: 1000 }, []);
    expect(await ended.forget(2000, 10)).toMatchObject({ holds: 1, guards: 0 });
    expect((await holds.list({ limit: 10 })).items.map(({ doc }) => doc.id)).toEqual(['unnoted', 'active']);
    expect((await store.events({ afterSeq: 0, limit: 10 })).map(({ holdId }) => holdId)).toEqual([
      'active',
      'unnoted',
    ]);
  });

  it('and replacements, unless they are on', async () => {
    const { replacements, ended } = stores;
    for (const [id, master] of [
      ['old', '10.0.0.1:9221'],
      ['on', '10.0.0.9:9221'],
    ] as const) {
      const doc = aReplacement(id, 1000, { master });
      await replacements.accept(doc, [], null);
      const lease = (await replacements.claim(id, 'worker', 60_000))!;
      const state = id === 'old' ? { state: 'succeeded' as const, endedAt: 1000 } : {};
      await replacements.save(lease, { ...doc, ...state }, [], 0);
    }
    expect(await ended.forget(2000, 10)).toMatchObject({ replacements: 1, guards: 0 });
    expect([await replacements.get('old'), (await replacements.get('on'))?.doc.id]).toEqual([null, 'on']);
  });

  it('and guards with their masters, unless they are on', async () => {
    const { guards, ended, database } = stores;
    for (const id of ['old', 'on']) {
      const guard = aGuard(id, 1000);
      await guards.create(guard, []);
      const lease = (await guards.claim(id, 'worker', 60_000))!;
      const state = id === 'old' ? { state: 'ended' as const, endedAt: 1000 } : {};
      await guards.save(lease, { ...guard.doc, ...state }, { masters: [], events: [], seen: 0 });
    }
    expect(await guards.unended()).toBe(1);
    expect(await ended.forget(2000, 10)).toMatchObject({ guards: 1, audits: 0 });
    expect([await guards.get('old'), (await guards.get('on'))?.masters.length]).toEqual([null, 1]);
    expect(await database.query('select 1 from guard_masters')).toHaveLength(1);
  });

  it('and its idempotency key with it: the same request starts anew then', async () => {
    const { id } = await endedAt(1000);
    const key = { key: `key of ${id}`, fingerprint: 'f' };
    expect(await stores.store.acceptedUnder(key)).not.toBeNull();
    await stores.ended.forget(2000, 10);
    expect(await stores.store.acceptedUnder(key)).toBeNull();
  });
});
