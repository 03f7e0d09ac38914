import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Expansion, Join, JoinPhase } from '../../src/model/expansion.ts';
import { migrate, readMigrations } from '../../src/store/migrate.ts';
import { newExpansion } from '../support/expansions.ts';
import { aGuard } from '../support/guards.ts';
import { anAudit, damagedSlave, targetAt } from '../support/memory-audits.ts';
import { openTestStores, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let stores: ReturnType<typeof openTestStores>;
beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createMigratedDatabase();
});
beforeEach(() => {
  stores = openTestStores(database.connection);
});
afterEach(async () => {
  await stores.close();
  await database.empty();
});
afterAll(() => postgres.stop());

const master = '10.0.0.1:9221';
const node = { host: '10.0.0.2', port: 9221 };
const last = () => stores.verdicts.lastOf(node);

/** An expansion of the node, moved through these phases, each a second after the one before. */
async function played(
  id: string,
  from: number,
  phases: readonly JoinPhase[],
  attempts = 1,
): Promise<Expansion> {
  const { store } = stores;
  let expansion = newExpansion({ id, master, nodes: ['10.0.0.2:9221'] });
  await store.accept(expansion, [], null);
  const lease = (await store.claim(id, 'worker', 60_000))!;
  for (const [at, phase] of phases.entries()) {
    const join = { ...expansion.joins[0]!, phase, phaseSince: from + at * 1000 } as Join;
    const attempt = Array.from({ length: attempts }, () => ({}) as Join['attempts'][number]);
    const next = { ...expansion, joins: [{ ...join, attempts: attempt }] };
    const ended = at === phases.length - 1 && { state: 'succeeded' as const, endedAt: from };
    const after: Expansion = { ...next, ...(ended || null) };
    await store.save(lease, expansion, after, { events: [], lookAgainInMs: 0 });
    expansion = after;
  }
  return expansion;
}

it('knows nothing of a node that no expansion touched', async () => {
  expect(await last()).toEqual({ ofExpansion: null, ofAudit: null, unproven: null });
  await played('exp_1', 1000, ['preflight', 'failed'], 0);
  expect((await last()).ofExpansion).toBeNull();
});

it('tells the phase in which the last expansion left a node, also when that expansion is deleted', async () => {
  await played('exp_1', 1000, ['attaching', 'verifying', 'verified']);
  expect((await last()).ofExpansion).toMatchObject({
    phase: 'verified',
    at: 3000,
    by: 'exp_1',
    target: { name: '10.0.0.2:9221' },
    master: { name: master },
  });
  await played('exp_2', 9000, ['preflight', 'skipped'], 0);
  expect((await last()).ofExpansion).toMatchObject({ phase: 'verified', by: 'exp_1' });
  await played('exp_3', 20_000, ['attaching', 'waiting', 'cancelled']);
  expect((await last()).ofExpansion).toMatchObject({ phase: 'cancelled', at: 22_000, by: 'exp_3' });
  expect((await stores.ended.forget(90_000, 10)).expansions).toBe(3);
  expect((await last()).ofExpansion).toMatchObject({ phase: 'cancelled', by: 'exp_3' });
});

it('tells that a node is withdrawn, until an expansion proves it again', async () => {
  await played('exp_1', 1000, ['attaching', 'verified']);
  await stores.verdicts.withdraw(targetAt('10.0.0.2:9221'), targetAt(master), 'rpl_1', 5000);
  expect((await last()).ofExpansion).toMatchObject({ phase: 'withdrawn', at: 5000, by: 'rpl_1' });
  await played('exp_2', 9000, ['attaching', 'verified']);
  expect((await last()).ofExpansion).toMatchObject({ phase: 'verified', by: 'exp_2' });
});

it('finds a node under any spelling of its address', async () => {
  await stores.verdicts.withdraw(targetAt('localhost:9221'), targetAt(master), 'rpl_1', 1);
  expect((await stores.verdicts.lastOf({ host: '127.0.0.1', port: 9221 })).ofExpansion?.by).toBe('rpl_1');
  const spelled: readonly (readonly [string, string])[] = [
    ['LOCALHOST', '127.0.0.1:1'],
    ['::1', '127.0.0.1:1'],
    ['Pika-1.shop.example.', 'pika-1.shop.example:1'],
    ['::ffff:10.0.0.5', '10.0.0.5:1'],
    ['fd00::2', '[fd00::2]:1'],
  ];
  for (const [host, place] of spelled)
    expect(
      await stores.database.query('select place_of($1::jsonb) as place', [JSON.stringify({ host, port: 1 })]),
    ).toEqual([{ place }]);
});

it('tells the last verdict of audits, and no doubt', async () => {
  const { audits } = stores;
  for (const [id, verdict, judgedAt] of [
    ['aud_1', 'damaged', 1000],
    ['aud_2', 'whole', 2000],
    ['aud_3', 'doubtful', 3000],
  ] as const) {
    const audit = anAudit(id);
    await audits.create(audit);
    const lease = (await audits.claim(id, 'w', 60_000))!;
    const server = { ...damagedSlave(1, '10.0.0.2:9221'), verdict, judgedAt };
    await audits.save(lease, audit.doc, [{ server, master: targetAt(master) }], 0);
  }
  expect((await last()).ofAudit).toMatchObject({ verdict: 'whole', at: 2000, by: 'aud_2', ofMaster: master });
});

it('tells what a guard found that makes a proof void, while the guard is on', async () => {
  const { guards } = stores;
  const guard = aGuard('grd_1', 100_000);
  await guards.create(guard, []);
  expect((await last()).unproven).toMatchObject({ since: 40_000, by: 'grd_1', reason: { code: 'unproven' } });
  expect((await stores.verdicts.lastOf({ host: '10.0.0.3', port: 9221 })).unproven).toBeNull();
  const lease = (await guards.claim('grd_1', 'w', 60_000))!;
  const doc = { ...guard.doc, state: 'ended' as const, endedAt: 1 };
  await guards.save(lease, doc, { masters: [], events: [], seen: 0 });
  expect((await last()).unproven).toBeNull();
});

it('knows from before what expansions proved', async () => {
  const own = await readMigrations();
  const before = own.findIndex(({ name }) => name.includes('node-verdicts'));
  const older = await postgres.createDatabase();
  const opened = openTestStores(older.connection);
  try {
    await migrate(opened.database, own.slice(0, before));
    const insert = (id: string, phase: string, since: number, attempts: string) =>
      opened.database.query(
        `with e as (
           insert into expansions (id, state, master_key, doc, search_text, accepted_at)
           values ($1, 'succeeded', 'm', '{"master": {"name": "m"}}', '', 1) returning id)
         insert into joins (expansion_id, position, doc) select id, 0, jsonb_build_object('phase', $2::text, 'phaseSince', $3::bigint,
           'attempts', $4::jsonb, 'target', '{"address": {"host": "10.0.0.2", "port": 9221}}'::jsonb) from e`,
        [id, phase, since, attempts],
      );
    await insert('exp_1', 'quarantined', 1000, '[{}]');
    await insert('exp_2', 'verified', 2000, '[{}]');
    await insert('exp_3', 'failed', 3000, '[]');
    await migrate(opened.database, own);
    expect((await opened.verdicts.lastOf(node)).ofExpansion).toMatchObject({
      phase: 'verified',
      by: 'exp_2',
    });
  } finally {
    await opened.close();
    await older.drop();
  }
});
