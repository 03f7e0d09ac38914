import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newReplacement } from '../../src/admission/replacement.ts';
import type { HoldStore } from '../../src/store/holds.ts';
import { FencedError } from '../../src/store/leases.ts';
import type { Store } from '../../src/store/store.ts';
import { storedEvent } from '../support/events.ts';
import { newExpansion } from '../support/expansions.ts';
import { aHold } from '../support/holds.ts';
import { createMemoryHolds } from '../support/memory-holds.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { openTestStores, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';

interface Opened {
  readonly holds: HoldStore;
  readonly store: Store;
  /** Lets the time of a hold pass. */
  pass(id: string): Promise<void>;
}

let postgres: TestPostgres;
let database: TestDatabase;
let stores: ReturnType<typeof openTestStores>;
beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createMigratedDatabase();
  stores = openTestStores(database.connection);
});
afterAll(async () => {
  await stores?.close();
  await postgres?.stop();
});

const kinds: Readonly<Record<string, () => Promise<Opened>>> = {
  async memory() {
    let now = 1_700_000_000_000;
    const store = createMemoryStore({ now: () => now });
    const holds = createMemoryHolds(store, () => now);
    const pass = async (id: string) => {
      now = (await holds.get(id))!.until;
    };
    return { store, holds, pass };
  },
  async postgres() {
    await database.empty();
    const { store, holds } = stores;
    const pass = async (id: string) => {
      await stores.database.query('update holds set until = clock_timestamp() where id = $1', [id]);
    };
    return { store, holds, pass };
  },
};

const key = 'address:10.0.0.1:9221';
const event = storedEvent('tested', { at: 1 });
const none = () => [];

describe.each(Object.keys(kinds))('holds in %s', (kind) => {
  let holds: HoldStore;
  let store: Store;
  let pass: Opened['pass'];
  beforeEach(async () => {
    ({ holds, store, pass } = await kinds[kind]!());
  });
  const claim = async (id: string) => (await holds.claim(id, `worker of ${id}`, 60_000))!;
  const activeIds = async () => (await holds.active()).map(({ hold }) => hold);

  test('a hold is active from its first moment until it is ended, and tells so', async () => {
    await holds.create(aHold('h'), (until) => [{ ...event, at: until }]);
    const { until, leftMs, state, doc } = (await holds.get('h'))!;
    expect([state, doc.reason, leftMs > 0 && leftMs <= 60_000]).toEqual(['waiting', 'nightly backup', true]);
    expect(await holds.active()).toEqual([
      { hold: 'h', by: 'backup', why: 'nightly backup', until, keys: [key] },
    ]);
    expect(await holds.end('h', { by: 'ann', reason: 'done', at: 5 }, [event])).toBe(true);
    expect(await holds.get('h')).toMatchObject({
      state: 'ended',
      doc: { endedAt: 5, end: { by: 'ann', reason: 'done' }, waitingFor: null },
    });
    expect([await activeIds(), await holds.due(5), await holds.claim('h', 'w', 1)]).toEqual([[], [], null]);
    expect(await holds.end('h', { by: 'bob', reason: 'again', at: 6 }, [event])).toBe(false);
    const told = await store.events({ afterSeq: 0, limit: 10, holdId: 'h' });
    expect(told.map(({ at }) => at)).toEqual([until, event.at]);
  });

  test('a hold whose time is over blocks nothing, is neither extended nor ended nor made safe, and is noted once', async () => {
    await holds.create(aHold('h'), none);
    const lease = await claim('h');
    expect(await holds.expire(lease, [event])).toBe(false);
    await pass('h');
    expect([await activeIds(), (await holds.get('h'))!.state, (await holds.get('h'))!.leftMs]).toEqual([
      [],
      'expired',
      0,
    ]);
    expect(await holds.extend('h', 1000, () => [event])).toBe(false);
    expect(await holds.end('h', { by: 'b', reason: 'r', at: 1 }, [event])).toBe(false);
    expect(await holds.save(lease, aHold('h').doc, 'safe', [event])).toEqual({ outcome: 'over' });
    expect(await holds.expire(lease, [event])).toBe(true);
    expect(await holds.expire(lease, [event])).toBe(false);
    expect(await store.events({ afterSeq: 0, limit: 10 })).toHaveLength(1);
    const { doc, until } = (await holds.get('h'))!;
    expect(doc.endedAt).toBe(until);
  });

  test('extended, it lasts so long from now on', async () => {
    await holds.create(aHold('h'), none);
    const { until } = (await holds.get('h'))!;
    expect(await holds.extend('h', 120_000, () => [])).toBe(true);
    expect((await holds.get('h'))!.until).toBeGreaterThanOrEqual(until + 59_000);
  });

  test('of two holds of one master only one is safe; the other follows when it is ended or over', async () => {
    await holds.create(aHold('a', 1), none);
    await holds.create(aHold('b', 2), none);
    await holds.create({ ...aHold('elsewhere', 3), keys: ['address:10.0.0.9:9221'] }, none);
    expect(await activeIds()).toEqual(['a', 'b', 'elsewhere']);
    const leases = { a: await claim('a'), b: await claim('b'), elsewhere: await claim('elsewhere') };
    const safe = (id: keyof typeof leases) => holds.save(leases[id], aHold(id).doc, 'safe', []);
    expect(await safe('b')).toEqual({ outcome: 'stored' });
    expect(await safe('a')).toMatchObject({ outcome: 'other_first', other: { hold: 'b', by: 'backup' } });
    expect([await safe('b'), await safe('elsewhere')]).toEqual([
      { outcome: 'stored' },
      { outcome: 'stored' },
    ]);
    await pass('b');
    if (kind === 'memory') return;
    expect(await safe('a')).toEqual({ outcome: 'stored' });
  });

  test('holds that are known by a common key later on count as of one master', async () => {
    await holds.create(aHold('a'), none);
    await holds.create({ ...aHold('b'), keys: ['address:other-name:9221'] }, none);
    const [a, b] = [await claim('a'), await claim('b')];
    expect(await holds.save(a, aHold('a').doc, 'safe', [])).toEqual({ outcome: 'stored' });
    await holds.addKeys(b, [key, key]);
    expect((await holds.get('b'))!.keys.toSorted()).toEqual([key, 'address:other-name:9221']);
    expect(await holds.save(b, aHold('b').doc, 'safe', [])).toMatchObject({ outcome: 'other_first' });
    await holds.end('a', { by: 'b', reason: 'r', at: 1 }, []);
    expect(await holds.save(b, aHold('b').doc, 'safe', [])).toEqual({ outcome: 'stored' });
  });

  test('who lost the lease changes nothing', async () => {
    await holds.create(aHold('h'), none);
    const lost = (await holds.claim('h', 'first', 0))!;
    await claim('h');
    for (const act of [
      () => holds.save(lost, aHold('h').doc, 'safe', []),
      () => holds.addKeys(lost, ['k']),
      () => holds.expire(lost, []),
    ])
      await expect(act()).rejects.toThrow(FencedError);
    expect(await holds.get('h')).toMatchObject({ state: 'waiting', keys: [key] });
  });

  test('names the expansions that work on the master', async () => {
    const expansion = newExpansion();
    await store.accept(expansion, [], null);
    const lease = (await store.claim(expansion.id, 'w', 60_000))!;
    expect(await holds.expansionsOn([key])).toEqual([]);
    await store.lockMaster(lease, [key, 'process:1']);
    expect(await holds.expansionsOn([key, 'process:1', 'other'])).toEqual([expansion.id]);
    expect(await holds.expansionsOn(['other'])).toEqual([]);
  });

  test('lists the newest first, all or those that are active', async () => {
    for (const [id, at] of [
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ] as const)
      await holds.create(aHold(id, at), none);
    await holds.end('b', { by: 'b', reason: 'r', at: 1 }, []);
    const ids = async (active: boolean) =>
      (await holds.list({ limit: 10, active })).items.map(({ doc }) => doc.id);
    expect([await ids(false), await ids(true)]).toEqual([
      ['c', 'b', 'a'],
      ['c', 'a'],
    ]);
  });
});

describe('for guards', () => {
  const masters = async (endedAfter = 0) => [...(await stores.guards.atWork(endedAfter)).masters];
  beforeEach(() => database.empty());

  test('a dump of a master that is held is asked for, a while longer too', async () => {
    await stores.holds.create(aHold('hold_1'), none);
    expect(await masters()).toEqual(['10.0.0.1:9221']);
    const end = { by: 'backup', reason: 'over', at: 100 };
    await stores.holds.end('hold_1', end, []);
    expect([await masters(50), await masters(150)]).toEqual([['10.0.0.1:9221'], []]);
  });

  test('and so is one of a master that an expansion works on', async () => {
    const expansion = newExpansion({ master: '10.0.0.1:9221' });
    await stores.store.accept(expansion, [event], null);
    expect(await masters()).toEqual([]);
    const lease = (await stores.store.claim(expansion.id, 'w', 60_000))!;
    await stores.store.lockMaster(lease, [key]);
    expect(await masters()).toEqual(['10.0.0.1:9221']);
  });

  test('and a slave that a replacement takes out is at work, a while longer too', async () => {
    const request = { master: '10.0.0.1:9221', takeOut: ['10.0.0.2:9221'], reason: 'test' };
    const made = { id: 'rep_1', at: 1 };
    const doc = newReplacement(request, { name: 'test', via: 'rest' }, made, {
      credentials: { get: () => null, names: [] },
      limits: { maxNodes: 10, lookTimeoutMs: 1000 },
    });
    await stores.replacements.accept(doc, [event], null);
    const nodes = async (endedAfter: number) => [...(await stores.guards.atWork(endedAfter)).nodes];
    expect(await nodes(0)).toEqual(['10.0.0.2:9221']);
    const lease = (await stores.replacements.claim('rep_1', 'w', 60_000))!;
    await stores.replacements.save(lease, { ...doc, state: 'succeeded', endedAt: 100 }, [event], null);
    expect([await nodes(50), await nodes(150)]).toEqual([['10.0.0.2:9221'], []]);
  });
});
