import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { AuditStore } from '../../src/store/audits.ts';
import { FencedError, type Lease } from '../../src/store/leases.ts';
import { NotFoundError } from '../../src/store/store.ts';
import { storedEvent } from '../support/events.ts';
import { newExpansion } from '../support/expansions.ts';
import { anAudit, damagedSlave, targetAt } from '../support/memory-audits.ts';
import { openTestStores, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let stores: ReturnType<typeof openTestStores>;
let audits: AuditStore;
beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createMigratedDatabase();
});
beforeEach(() => {
  stores = openTestStores(database.connection);
  ({ audits } = stores);
});
afterEach(async () => {
  await stores.close();
  await database.empty();
});
afterAll(() => postgres.stop());

const claimed = async (id: string, owner = 'w1', leaseMs = 60_000): Promise<Lease> =>
  (await audits.claim(id, owner, leaseMs))!;
const master = targetAt('10.0.0.1:9221');
const slave = targetAt('10.0.0.2:9221');

it('keeps an audit with its servers in their order, due at once', async () => {
  const audit = anAudit('aud_1');
  await audits.create(audit);
  expect(await audits.get('aud_1')).toEqual(audit);
  expect(await audits.due(10)).toEqual(['aud_1']);
  const lease = await claimed('aud_1');
  const found = [2, 1].map((index) => damagedSlave(index, `10.0.0.${index + 1}:9221`));
  await audits.save(
    lease,
    audit.doc,
    found.map((server) => ({ server, master })),
    0,
  );
  const again = { ...found[1]!, state: 'to_compare' as const };
  await audits.save(lease, audit.doc, [{ server: again, master }], 0);
  expect((await audits.get('aud_1'))!.servers).toEqual([...audit.servers, again, found[0]]);
  expect(await audits.get('aud_2')).toBeNull();
});

it('stores nothing for a worker that lost its lease', async () => {
  const audit = anAudit('aud_1');
  await audits.create(audit);
  const lost = await claimed('aud_1', 'w1', 0);
  const held = await claimed('aud_1', 'w2');
  const server = damagedSlave(1, '10.0.0.2:9221');
  const events = [storedEvent('audit.started')];
  await expect(audits.save(lost, audit.doc, [{ server, master }], 0, events)).rejects.toThrow(FencedError);
  expect((await audits.get('aud_1'))!.servers).toHaveLength(1);
  expect(await stores.store.lastSeq()).toBe(0);
  await audits.save(held, { ...audit.doc, state: 'completed', endedAt: 5 }, [], 0);
  expect([await audits.due(10), await audits.claim('aud_1', 'w3', 1)]).toEqual([[], null]);
});

it('its events stand among those of all others, and go with it', async () => {
  const audit = anAudit('aud_1');
  await audits.create(audit);
  const expansion = newExpansion();
  await stores.store.accept(expansion, [storedEvent('expansion.accepted')], null);
  const ended = { ...audit.doc, state: 'completed', endedAt: 5 } as const;
  await audits.save(await claimed('aud_1'), ended, [], 0, [storedEvent('audit.started', { node: 'n' })]);
  const said = { at: 5, level: 'info', data: { a: 1 }, seq: expect.any(Number) };
  const [ofAudit] = await stores.store.events({ auditId: 'aud_1', afterSeq: 0, limit: 10 });
  expect(ofAudit).toEqual({
    ...said,
    expansionId: null,
    auditId: 'aud_1',
    type: 'audit.started',
    node: 'n',
    text: 'it was audit.started',
  });
  const [first, second] = await stores.store.events({ afterSeq: 0, limit: 10 });
  expect(first).toMatchObject({ expansionId: expansion.id });
  expect(first).not.toHaveProperty('auditId');
  expect(second).toEqual(ofAudit);
  expect(await stores.ended.forget(10, 10)).toMatchObject({ audits: 1 });
  expect(await stores.store.events({ afterSeq: 0, limit: 10 })).toEqual([first]);
});

it('tells the worker who wants it to end, and every reader before that; the first counts', async () => {
  const audit = anAudit('aud_1');
  await audits.create(audit);
  const cancel = { reason: 'peak', by: 'ann', at: 7 };
  const lease = await claimed('aud_1');
  expect(await audits.save(lease, audit.doc, [], 60_000)).toBeNull();
  await audits.release(lease);
  expect(await audits.due(10)).toEqual([]);
  await audits.cancel('aud_1', cancel);
  await audits.cancel('aud_1', { ...cancel, by: 'bob' });
  expect(await audits.due(10)).toEqual(['aud_1']);
  expect((await audits.get('aud_1'))!.doc.cancel).toEqual(cancel);
  expect(await audits.save(await claimed('aud_1'), audit.doc, [], 0)).toEqual(cancel);
  await expect(audits.cancel('aud_2', cancel)).rejects.toThrow(NotFoundError);
});

it('lists the newest first, page by page', async () => {
  for (const [id, createdAt] of [
    ['aud_1', 1],
    ['aud_3', 2],
    ['aud_2', 2],
  ] as const) {
    const { doc, servers } = anAudit(id);
    await audits.create({ doc: { ...doc, createdAt }, servers });
  }
  const first = await audits.list({ limit: 2 });
  const second = await audits.list({ limit: 2, cursor: first.nextCursor! });
  expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(['aud_3', 'aud_2', 'aud_1']);
  expect(second.nextCursor).toBeNull();
});

it('knows the masters of expansions, and when they and audits proved a slave last', async () => {
  const { store } = stores;
  const expansion = newExpansion();
  await store.accept(expansion, [], null);
  expect(await audits.knownMasters(10)).toEqual([expansion.master]);
  expect(await audits.provenOf(expansion.master, 10)).toEqual([]);
  const lease = (await store.claim(expansion.id, 'w', 60_000))!;
  const joins = expansion.joins.map((join) => ({ ...join, phase: 'verified' as const, phaseSince: 42 }));
  await store.save(lease, expansion, { ...expansion, joins }, { events: [], lookAgainInMs: null });
  const proven = await audits.provenOf(expansion.master, 10);
  expect(proven.map(({ slave: { name }, wholeAt }) => [name, wholeAt])).toEqual(
    joins.map(({ target: { name } }) => [name, { at: 42, by: expansion.id }]),
  );
  expect(proven[0]!.slave).not.toHaveProperty('overwriteData');

  for (const [id, judgedAt] of [
    ['aud_1', 1],
    ['aud_2', 2],
  ] as const) {
    const audit = anAudit(id);
    await audits.create(audit);
    const whole = { ...damagedSlave(1, slave.name), verdict: 'whole' as const, judgedAt };
    await audits.save(await claimed(id), audit.doc, [{ server: whole, master }], 0);
  }
  expect(await audits.lastWhole([targetAt('10.0.0.9:9221'), slave], master)).toEqual([
    null,
    { at: 2, by: 'aud_2' },
  ]);
  expect(await audits.lastWhole([slave], targetAt('10.0.0.7:9221'))).toEqual([null]);
});
