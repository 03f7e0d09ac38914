import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startService } from '../../../src/main.ts';
import type { Audit } from '../../../src/model/views/audit.ts';
import type { EventPage } from '../../../src/model/views/event.ts';
import type { ExpansionView } from '../../../src/model/views/expansion.ts';
import type { Guard } from '../../../src/model/views/guard.ts';
import type { Service } from '../../../src/service.ts';
import {
  type Cluster,
  createCluster,
  fastTimers,
  type ServedCluster,
  serveCluster,
} from '../../../src/simulator/index.ts';
import { patiently } from '../../support/patiently.ts';
import {
  openTestStores,
  startPostgres,
  type TestDatabase,
  type TestPostgres,
} from '../../support/postgres.ts';
import { until } from '../../support/until.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let cluster: Cluster;
let served: ServedCluster;
let service: Service | null = null;
/** Every command that reached a server. */
const heard: string[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
});
afterEach(async () => {
  await service?.close();
  service = null;
  await served?.close();
  await database?.drop();
});
afterAll(() => postgres.stop());

const start = async () => {
  service = await startService({ port: 0, logLevel: 'silent' }, { DATABASE_URL: database.url });
};

/** A master `a` with slaves `a1` and `a2`, a master `b` with slave `b1`, all in sync. */
async function fleet(): Promise<void> {
  database = await postgres.createMigratedDatabase();
  cluster = createCluster({
    seed: 'guarded',
    now: Date.now(),
    timers: fastTimers,
    defaults: { version: '3.5.4' },
  });
  const slaves = { a1: 'a', a2: 'a', b1: 'b' };
  for (const id of ['a', 'b', 'a1', 'a2', 'b1', 'stranger'])
    cluster.addNode({ id, binlogAt: { file: 3, offset: 0 } });
  for (const id of ['a', 'b', 'stranger']) cluster.load(id, { strings: 100, prefix: id });
  const watched: Cluster = Object.assign(Object.create(cluster), {
    perform(...[id, argv, session]: Parameters<Cluster['perform']>) {
      heard.push(argv.join(' '));
      return cluster.perform(id, argv, session);
    },
  } satisfies Partial<Cluster>);
  served = await serveCluster(watched);
  for (const [slave, master] of Object.entries(slaves)) follow(slave, master);
  for (const slave of Object.keys(slaves))
    await until(() => cluster.observe(slave).states.db0 === 'Connected', { what: `${slave} follows` });
  heard.length = 0;
  await start();
}

const follow = (slave: string, master: string): void => {
  cluster.execute(slave, ['SLAVEOF', ...served.addresses[master]!.split(':')]);
};

async function send(
  path: string,
  body?: object,
): Promise<{ readonly status: number; readonly answer: never }> {
  const headers = { 'content-type': 'application/json' };
  const post = { method: 'POST', headers, body: JSON.stringify(body) };
  const response = await patiently(() => fetch(`${service!.url}${path}`, body === undefined ? {} : post));
  return { status: response.status, answer: (await response.json()) as never };
}
async function call<T>(path: string, body?: object): Promise<T> {
  const { status, answer } = await send(path, body);
  expect([status < 300, answer]).toEqual([true, expect.anything()]);
  return answer;
}

const guardOf = (id: string) => call<Guard>(`/v1/guards/${id}`);
const nameOf = (address: string): string =>
  Object.entries(served.addresses).find(([, at]) => at === address)?.[0] ?? address;
const found = ({ masters }: Guard): readonly string[] =>
  masters
    .flatMap(({ findings }) => findings.map(({ server, reason }) => `${nameOf(server)} ${reason.code}`))
    .toSorted();
const untilFound = (id: string, what: readonly string[]): Promise<Guard> =>
  until(
    async () => {
      const guard = await guardOf(id);
      return JSON.stringify(found(guard)) === JSON.stringify(what) ? guard : null;
    },
    { everyMs: 100, what: `the guard finds ${what.join(', ')}` },
  );
async function eventsOf(id: string): Promise<readonly string[]> {
  const { items } = await call<EventPage>('/v1/events?limit=1000');
  return items
    .filter(({ guardId }) => guardId === id)
    .map(({ type, node, data }) => {
      const { reason } = data as { readonly reason?: { readonly code?: string } };
      return [type, node === null ? '' : nameOf(node), reason?.code ?? ''].join(' ').trim();
    });
}
/** How often every server was looked at, at least: each look asks for INFO replication once. */
const looks = () => heard.filter((line) => /^INFO replication$/i.test(line)).length / 6;
const everyMs = 1000;

test('a guard tells of slaves that are spoilt, clears what is over, and writes to no server; another worker goes on', async () => {
  await fleet();
  cluster.startWrites('a', { perSecond: 20 });
  const { a, b } = served.addresses;
  const { id } = await call<Guard>('/v1/guards', { masters: [a, b], everyMs, label: 'shop' });
  await until(async () => (await guardOf(id)).counts.slaves === 3, {
    everyMs: 100,
    what: 'the slaves are found',
  });
  expect(found(await guardOf(id))).toEqual([]);

  cluster.execute('a1', ['SLAVEOF', 'NO', 'ONE']);
  follow('b1', 'stranger');
  const guard = await untilFound(id, ['a1 is_master', 'a1 unproven', 'b1 follows_other', 'b1 unproven']);
  expect(guard.counts).toMatchObject({ masters: 2, slaves: 3, errors: 4, warnings: 0 });
  expect(guard.masters[0]!.findings.map(({ nextStep }) => nextStep)).toEqual([
    expect.any(String),
    expect.stringContaining('POST /v1/audits'),
  ]);

  // What was found goes on in the next process, and is told of once.
  await service!.close();
  follow('a1', 'a');
  await start();
  await untilFound(id, ['a1 unproven', 'b1 follows_other', 'b1 unproven']);
  const events = await eventsOf(id);
  expect(events.filter((event) => event === 'guard.found a1 unproven')).toHaveLength(1);
  expect(events).toContain('guard.cleared a1 is_master');

  const slave = served.addresses.b1!;
  expect((await send(`/v1/guards/${id}/forget`, { slave: 'nobody:1', reason: 'x' })).status).toBe(404);
  await call(`/v1/guards/${id}/forget`, { slave, reason: 'retired' });
  await untilFound(id, ['a1 unproven']);

  const audit = await call<Audit>('/v1/audits', { masters: [a], samplePerType: 300 });
  await until(async () => (await call<Audit>(`/v1/audits/${audit.id}`)).endedAt !== null, {
    everyMs: 100,
    what: 'the audit ends',
  });
  await untilFound(id, []);

  await call(`/v1/guards/${id}/end`, { reason: 'enough' });
  await until(async () => (await guardOf(id)).state === 'ended', { everyMs: 100, what: 'the guard ends' });
  expect((await send(`/v1/guards/${id}/end`, { reason: 'again' })).status).toBe(409);
  expect((await eventsOf(id)).at(-1)).toBe('guard.ended');
  expect(heard.filter((line) => /SLAVEOF|CONFIG SET|BGSAVE|CLEAR|FLUSH|^SET /i.test(line))).toEqual([]);
});

test('servers that die are found; what an expansion of this service does is not', async () => {
  await fleet();
  const { a, b, stranger } = served.addresses;
  // The service reaches it otherwise than its master lists it.
  const elsewhere = stranger!.replace('127.0.0.1', 'localhost');
  const { id } = await call<Guard>('/v1/guards', { masters: [a, b], everyMs });
  await until(async () => (await guardOf(id)).counts.slaves === 3, {
    everyMs: 100,
    what: 'the slaves are found',
  });
  const expansion = await call<{ id: string }>('/v1/expansions', {
    master: a,
    nodes: [{ address: elsewhere, seenAs: stranger, overwriteData: true }],
  });
  let shown: ExpansionView | undefined;
  await until(
    async () => {
      shown = await call<ExpansionView>(`/v1/expansions/${expansion.id}`);
      return shown.state === 'succeeded';
    },
    {
      everyMs: 100,
      what: () => `the expansion succeeds: ${JSON.stringify([shown?.state, shown?.waitsFor, shown?.joins])}`,
    },
  );
  await until(async () => (await guardOf(id)).counts.slaves === 4, {
    everyMs: 100,
    what: 'its node is guarded',
  });
  const { slaves } = (await guardOf(id)).masters[0]!;
  expect(slaves.map(({ target }) => target.name)).toContain(elsewhere);
  const before = looks();
  await until(() => looks() >= before + 2, { what: 'the servers are looked at again' });
  expect((await eventsOf(id)).filter((event) => event.startsWith('guard.found'))).toEqual([]);

  cluster.fault.crash('a2');
  await untilFound(id, ['a2 unreachable']);
  cluster.fault.crash('b');
  const guard = await until(
    async () => {
      const now = await guardOf(id);
      return found(now).includes('b unreachable') ? now : null;
    },
    { everyMs: 100, what: 'the master is missed' },
  );
  expect(guard.masters[1]!.findings[0]!.nextStep).toContain('Check that the server runs');
});

test('an audit begins at its time, once; what is no time is refused', async () => {
  await fleet();
  const { a } = served.addresses;
  const quick = { samplePerType: 20 };
  const bad = [
    { cron: '* * * *', timeZone: 'UTC' },
    { cron: '61 * * * *' },
    { cron: '0 0 31 2 *' },
    { cron: '* * * * *', timeZone: 'Mars/Base' },
  ];
  for (const audits of bad) expect((await send('/v1/guards', { masters: [a], audits })).status).toBe(400);
  const audits = { cron: '30 3 * * 1', timeZone: 'Asia/Shanghai', ...quick };
  const { id, audits: asked } = await call<Guard>('/v1/guards', { masters: [a], everyMs, audits });
  const monday = new Date(asked!.nextAt!);
  expect([monday.getUTCDay(), monday.toISOString().slice(11, 16)]).toEqual([0, '19:30']);

  // Its time has come while no worker was there.
  await service!.close();
  const stores = openTestStores(database.connection);
  await stores.database.query(
    `update guards set doc = jsonb_set(doc, '{audits,nextAt}', to_jsonb($1::bigint))`,
    [Date.now() - 1000],
  );
  await stores.close();
  await start();
  const last = await until(async () => (await guardOf(id)).audits!.last, {
    everyMs: 100,
    what: 'an audit begins',
  });
  const audit = await until(
    async () => {
      // It is made a moment after it is named.
      const { status, answer } = await send(`/v1/audits/${last}`);
      const shown = status === 200 ? (answer as Audit) : null;
      return shown?.state === 'completed' ? shown : null;
    },
    { everyMs: 100, what: 'the audit ends' },
  );
  expect([audit.requestedBy, audit.counts.whole]).toEqual([`guard ${id}`, 2]);
  await until(async () => !(await guardOf(id)).audits!.begins, {
    everyMs: 100,
    what: 'the guard knows that it is made',
  });
  expect((await guardOf(id)).audits).toMatchObject({ last, nextAt: asked!.nextAt });
  expect((await eventsOf(id)).filter((event) => event === 'guard.audit_started')).toHaveLength(1);

  // One that was deleted since, as it ended long ago, is not made again by the next worker.
  await service!.close();
  const later = openTestStores(database.connection);
  await later.database.query('delete from audits');
  await later.close();
  await start();
  const before = looks();
  await until(() => looks() >= before + 2, { what: 'the servers are looked at again' });
  expect((await send(`/v1/audits/${last}`)).status).toBe(404);
});
