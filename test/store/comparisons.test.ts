import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { defaultSpec } from '../../src/compare/spec.ts';
import type { Difference } from '../../src/model/comparison.ts';
import type { ComparisonControl } from '../../src/model/views/comparison.ts';
import type { ComparisonStore, NewComparison } from '../../src/store/comparisons.ts';
import { FencedError, type Lease } from '../../src/store/leases.ts';
import type { News } from '../../src/store/news.ts';
import { NotFoundError, type Store } from '../../src/store/store.ts';
import { newExpansion, nodeTarget } from '../support/expansions.ts';
import { openTestStores, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { said } from '../support/said.ts';
import { until } from '../support/until.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let comparisons: ComparisonStore;
let store: Store;
let news: News;
let close: () => Promise<void>;
beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createMigratedDatabase();
});
afterAll(() => postgres.stop());
beforeEach(() => {
  ({ comparisons, store, news, close } = openTestStores(database.connection, {
    differencesPerComparison: 5,
  }));
});
afterEach(async () => {
  await close();
  await database.empty();
});

let made = 0;
const newComparison = (over: Partial<NewComparison> = {}): NewComparison => ({
  id: `cmp-${++made}`,
  join: null,
  left: nodeTarget('10.0.0.1:9221'),
  right: nodeTarget('10.0.0.2:9221'),
  spec: { ...defaultSpec, depth: 'full' },
  requestedBy: 'test',
  createdAt: 1_800_000_000_000 + made,
  ...over,
});
const difference = (n: number): Difference => ({
  db: 0,
  key: `key-${n}`,
  type: 'string',
  kind: 'missing',
  left: 'a',
  right: null,
  rounds: 3,
});
const control = (verb: ComparisonControl['verb'], at = 1): ComparisonControl => ({
  verb,
  reason: 'r',
  by: 'b',
  at,
});
const claimed = async (id: string, leaseMs = 60_000): Promise<Lease> => {
  const lease = await comparisons.claim(id, 'worker-1', leaseMs);
  if (!lease) throw new Error(`comparison ${id} could not be claimed`);
  return lease;
};

describe('a comparison', () => {
  it('is told of when it has ended, and not before', async () => {
    const heard: (string | null)[] = [];
    const watched = news.watch('comparisons', (id) => heard.push(id));
    await until(() => heard.length === 1);
    const [first, second] = [newComparison(), newComparison()];
    for (const each of [first, second]) {
      await comparisons.create(each);
      const lease = await claimed(each.id);
      await comparisons.save(lease, { state: 'running', startedAt: 2 });
      await comparisons.save(lease, { state: 'cancelled', endedAt: 3 });
    }
    await until(() => heard.length === 3);
    expect(heard).toEqual([null, first.id, second.id]);
    await watched.close();
  });

  it('is stored as it was asked for, pending and due at once', async () => {
    const asked = newComparison();
    const stored = await comparisons.create(asked);
    expect(stored).toEqual({
      ...asked,
      state: 'pending',
      stateReason: null,
      startedAt: null,
      endedAt: null,
      cursor: null,
      progress: null,
      report: null,
      problem: null,
      differencesTotal: 0,
      differencesStored: 0,
      pendingControl: null,
    });
    expect(await comparisons.get(asked.id)).toEqual(stored);
    expect(await comparisons.due(10)).toEqual([asked.id]);
    expect(await comparisons.get('nobody')).toBeNull();
  });

  it('is stored once, though its creation comes twice', async () => {
    const asked = newComparison();
    await comparisons.create(asked);
    const again = await comparisons.create({ ...asked, requestedBy: 'another' });
    expect(again.requestedBy).toBe('test');
  });

  it('belongs to a join where it was made for one, and is found by its expansion', async () => {
    const expansion = newExpansion();
    await store.accept(expansion, [], null);
    const join = { expansionId: expansion.id, node: expansion.joins[0]!.target.name };
    const { id } = await comparisons.create(newComparison({ join }));
    await comparisons.create(newComparison());
    expect((await comparisons.get(id))?.join).toEqual(join);
    const found = await comparisons.list({ expansionId: expansion.id, limit: 10 });
    expect(found.items.map((item) => item.id)).toEqual([id]);
  });

  it('is listed newest first, page by page, by state', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.unshift((await comparisons.create(newComparison())).id);
    const firstPage = await comparisons.list({ limit: 3 });
    const secondPage = await comparisons.list({ limit: 3, cursor: firstPage.nextCursor! });
    expect([...firstPage.items, ...secondPage.items].map((item) => item.id)).toEqual(ids);
    expect(secondPage.nextCursor).toBeNull();
    await comparisons.save(await claimed(ids[0]!), { state: 'running' });
    expect((await comparisons.list({ limit: 9, states: ['running'] })).items.map((item) => item.id)).toEqual([
      ids[0],
    ]);
  });
});

describe('working on a comparison', () => {
  it('goes on from the cursor on another worker, without counting anything twice', async () => {
    const { id } = await comparisons.create(newComparison());
    const dying = await claimed(id, 50);
    await comparisons.save(dying, {
      state: 'running',
      startedAt: 7,
      cursor: { db: 0, after: 'key-2' },
      progress: { lookedAtKeys: 2 },
      differences: [difference(1), difference(2)],
    });
    // It dies after finding more, before saving it.
    await delay(60);
    const next = await claimed(id);
    expect(await comparisons.get(id)).toMatchObject({
      cursor: { db: 0, after: 'key-2' },
      progress: { lookedAtKeys: 2 },
    });
    const late = comparisons.save(dying, { cursor: { after: 'key-3' }, differences: [difference(3)] });
    await expect(late).rejects.toThrow(FencedError);
    await comparisons.save(next, { cursor: { after: 'key-3' }, differences: [difference(3)] });
    expect(await comparisons.get(id)).toMatchObject({ state: 'running', startedAt: 7, differencesTotal: 3 });
    const kept = await comparisons.differences(id, { afterSeq: 0, limit: 10 });
    expect(kept).toEqual([1, 2, 3].map((n) => ({ ...difference(n), seq: n })));
    expect(await comparisons.differences(id, { afterSeq: 1, limit: 1 })).toEqual([
      { ...difference(2), seq: 2 },
    ]);
  });

  it('stores differences up to the bound and counts all', async () => {
    const { id } = await comparisons.create(newComparison());
    const lease = await claimed(id);
    await comparisons.save(lease, { differences: [1, 2, 3].map(difference) });
    await comparisons.save(lease, { differences: [4, 5, 6, 7].map(difference) });
    await comparisons.save(lease, { differences: [difference(8)] });
    expect(await comparisons.get(id)).toMatchObject({ differencesTotal: 8, differencesStored: 5 });
    expect(await comparisons.differences(id, { afterSeq: 0, limit: 10 })).toHaveLength(5);
  });

  it('is done by one worker at a time (promise 7)', async () => {
    const { id } = await comparisons.create(newComparison());
    const claims = await Promise.all(
      Array.from({ length: 6 }, (_, n) => comparisons.claim(id, `w${n}`, 60_000)),
    );
    const [lease] = claims.filter((claim) => claim !== null);
    expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
    expect(await comparisons.due(10)).toEqual([]);
    await comparisons.renew(lease!);
    await comparisons.release(lease!);
    await expect(comparisons.renew(lease!)).rejects.toThrow(FencedError);
    expect(await comparisons.due(10)).toEqual([id]);
  });

  it('ends with its report, and is not claimed or due any more', async () => {
    const { id } = await comparisons.create(newComparison());
    const lease = await claimed(id);
    await comparisons.control(id, control('pause'));
    const problem = { code: 'c', text: 't', nextSteps: ['n'], at: 1 };
    await comparisons.save(lease, { state: 'failed', endedAt: 9, problem, stateReason: said('said \u0000') });
    await comparisons.release(lease);
    expect(await comparisons.get(id)).toMatchObject({
      state: 'failed',
      endedAt: 9,
      problem,
      stateReason: said('said \ufffd'),
      pendingControl: null,
    });
    expect(await comparisons.claim(id, 'w', 1000)).toBeNull();
    expect(await comparisons.due(10)).toEqual([]);
  });
});

describe('controls of a comparison', () => {
  it('reach the worker with its next save', async () => {
    const { id } = await comparisons.create(newComparison());
    const lease = await claimed(id);
    expect(await comparisons.save(lease, { progress: { lookedAtKeys: 1 } })).toBeNull();
    await comparisons.control(id, control('pause'));
    expect(await comparisons.save(lease, { progress: { lookedAtKeys: 2 } })).toEqual(control('pause'));
    expect(await comparisons.save(lease, { state: 'paused', appliedControl: control('pause') })).toBeNull();
  });

  it('stay pending when another one came in between', async () => {
    const { id } = await comparisons.create(newComparison());
    const lease = await claimed(id);
    await comparisons.control(id, control('pause', 1));
    await comparisons.control(id, control('cancel', 2));
    const left = await comparisons.save(lease, {
      state: 'paused',
      appliedControl: control('pause', 1),
      lookAgainInMs: null,
    });
    expect(left).toEqual(control('cancel', 2));
    await comparisons.release(lease);
    expect(await comparisons.due(10)).toEqual([id]);
  });

  it('make a paused comparison due, though nobody rings', async () => {
    const { id } = await comparisons.create(newComparison());
    const lease = await claimed(id);
    await comparisons.save(lease, { state: 'paused', lookAgainInMs: null });
    await comparisons.release(lease);
    expect(await comparisons.due(10)).toEqual([]);
    await comparisons.control(id, control('resume'));
    expect(await comparisons.due(10)).toEqual([id]);
  });

  it('are refused for one that does not exist', async () => {
    await expect(comparisons.control('nobody', control('pause'))).rejects.toThrow(NotFoundError);
  });
});
