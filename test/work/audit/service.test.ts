import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startService } from '../../../src/main.ts';
import type { Audit } from '../../../src/model/views/audit.ts';
import type { EventPage } from '../../../src/model/views/event.ts';
import type { ExpansionView } from '../../../src/model/views/expansion.ts';
import type { Service } from '../../../src/service.ts';
import {
  type Cluster,
  createCluster,
  fastTimers,
  realTimers,
  type ServedCluster,
  serveCluster,
} from '../../../src/simulator/index.ts';
import { patiently } from '../../support/patiently.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../../support/postgres.ts';
import { until } from '../../support/until.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let cluster: Cluster;
let served: ServedCluster;
let service: Service | null = null;
/** Every command that reached a server, since the fleet stood. */
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

/** A master lists a slave whose host is gone for as long as a real one does: longer than an audit takes to come to it. */
const timers = { ...fastTimers, masterIdleMs: realTimers.masterIdleMs };

/** Serves masters and slaves, each `[slave, master]`, and waits until every slave is up. */
async function fleet(
  seed: string,
  pairs: readonly (readonly [slave: string, master: string])[],
): Promise<void> {
  database = await postgres.createMigratedDatabase();
  cluster = createCluster({ seed, now: Date.now(), timers, defaults: { version: '3.5.4' } });
  const slaves = new Set(pairs.map(([slave]) => slave));
  for (const id of new Set(pairs.flat())) {
    cluster.addNode({ id, binlogAt: { file: 3, offset: 0 } });
    if (!slaves.has(id)) cluster.load(id, { strings: 400, hashes: 40, prefix: id });
  }
  const watched: Cluster = Object.assign(Object.create(cluster), {
    perform(...[id, argv, session]: Parameters<Cluster['perform']>) {
      heard.push(argv.join(' '));
      return cluster.perform(id, argv, session);
    },
  } satisfies Partial<Cluster>);
  served = await serveCluster(watched);
  for (const [slave, master] of pairs) {
    cluster.execute(slave, ['SLAVEOF', ...served.addresses[master]!.split(':')]);
    await until(() => cluster.observe(slave).states.db0 === 'Connected', {
      what: `${slave} follows ${master}`,
    });
  }
  heard.length = 0;
  service = await startService({ port: 0, logLevel: 'silent' }, { DATABASE_URL: database.url });
}

async function call<T>(path: string, body?: object): Promise<T> {
  const post = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  const response = await patiently(() => fetch(`${service!.url}${path}`, body === undefined ? {} : post));
  const answer = (await response.json()) as T;
  expect([response.ok, answer]).toEqual([true, expect.anything()]);
  return answer;
}

/** All that an audit of strings and hashes says to a server. */
const readingCommands = [
  'CONFIG GET',
  'ECHO',
  'GET',
  'HGETALL',
  'HLEN',
  'INFO COMMAND_EXEC_COUNT',
  'INFO REPLICATION',
  'INFO ROCKSDB',
  'INFO SERVER',
  'INFO STATS',
  'LRANGE',
  'MGET',
  'PING',
  'PKRSCANRANGE',
  'PKSCANRANGE',
  'PTYPE',
  'SELECT',
  'STRLEN',
  'TTL',
  'TYPE',
];
const quick = { samplePerType: 300, maxRunning: 8, maxRunningPerHost: 8 };

async function audited(ids: readonly string[]): Promise<Audit> {
  const masters = ids.map((id) => served.addresses[id]!);
  const { id } = await call<Audit>('/v1/audits', { masters, ...quick });
  return ended(id);
}

const ended = (id: string): Promise<Audit> =>
  until(
    async () => {
      const audit = await call<Audit>(`/v1/audits/${id}`);
      return audit.endedAt === null ? null : audit;
    },
    { withinMs: 100_000, everyMs: 200, what: `the audit ${id} has not ended` },
  );

/** By the id of the server, what it was found to be. */
function verdicts({ servers }: Audit): Readonly<Record<string, string>> {
  const idOf = new Map(Object.entries(served.addresses).map(([id, address]) => [address, id]));
  return Object.fromEntries(
    servers.map(({ target, verdict, reason }) => [
      idOf.get(target.name) ?? target.name,
      reason === null ? 'a master' : `${verdict}: ${reason.code}`,
    ]),
  );
}

test('of a fleet one slave was spoilt: the audit finds it, writes nothing, and its repair makes the slave whole', async () => {
  await fleet('one of five', [
    ['a1', 'a'],
    ['a2', 'a'],
    ['b1', 'b'],
    ['b2', 'b'],
    ['c1', 'c'],
  ]);
  cluster.startWrites('a', { perSecond: 50 });
  cluster.fault.dropKeys('b1', 0.3);
  const first = await audited(['a', 'b', 'c']);
  const { items } = await call<EventPage>(`/v1/audits/${first.id}/events`);
  expect(items.map(({ type, node, auditId }) => [type, node, auditId])).toEqual([
    ['audit.started', null, first.id],
    ['audit.slave_judged', served.addresses.b1, first.id],
    ['audit.ended', null, first.id],
  ]);
  expect(await call<EventPage>('/v1/events?type=audit.slave_judged')).toMatchObject({ items: [items[1]] });
  const metrics = await (await fetch(`${service!.url}/metrics`)).text();
  expect(metrics).toContain('pika_expander_events_total{type="audit.slave_judged",level="error"} 1');
  expect(verdicts(first)).toEqual({
    a: 'a master',
    a1: 'whole: whole',
    a2: 'whole: whole',
    b: 'a master',
    b1: 'damaged: data_differ',
    b2: 'whole: whole',
    c: 'a master',
    c1: 'whole: whole',
  });
  expect(first.counts).toMatchObject({ masters: 3, slaves: 5, whole: 4, damaged: 1, open: 0 });
  const spoilt = first.servers.find(({ verdict }) => verdict === 'damaged')!;
  expect(spoilt.examples[0]).toMatchObject({ kind: 'missing' });
  expect(spoilt.nextStep).toContain('full sync');
  const said = new Set(heard.map((command) => /^(?:CONFIG |INFO )?\S+/i.exec(command)![0].toUpperCase()));
  expect(said).toContain('PKSCANRANGE');
  expect([...said].filter((command) => !readingCommands.includes(command))).toEqual([]);

  expect(first.repairs).toEqual([
    {
      master: { address: served.addresses.b, seenAs: served.addresses.b },
      nodes: [
        { address: served.addresses.b1, seenAs: served.addresses.b1, repoint: true, overwriteData: true },
      ],
      label: `repair after ${first.id}`,
    },
  ]);
  const expansion = await call<ExpansionView>('/v1/expansions', first.repairs[0]!);
  // While it is at work, the slave is not judged by anybody else. For a moment it is no slave: it was detached, to be attached again.
  const meanwhile = await audited(['b']);
  expect(['whole: whole', 'not_judged: in_expansion', undefined]).toContain(verdicts(meanwhile).b1);
  await until(
    async () => (await call<ExpansionView>(`/v1/expansions/${expansion.id}`)).state === 'succeeded',
    { withinMs: 100_000, everyMs: 200, what: 'the repair succeeds' },
  );
  const second = await ended((await call<Audit>('/v1/audits', { masters: 'all', ...quick })).id);
  expect(verdicts(second)).toEqual({ b: 'a master', b1: 'whole: whole', b2: 'whole: whole' });
  cluster.fault.dropKeys('b1', 0.3);
  const third = await audited(['b']);
  expect(third.servers.find(({ verdict }) => verdict === 'damaged')!.wholeAt).toMatchObject({
    by: second.id,
  });
});

test('whatever stands in the way of a verdict is said of its server alone', async () => {
  await fleet('all kinds', [
    ['a1', 'a'],
    ['a2', 'a1'],
    ['a3', 'a2'],
    ['b1', 'b'],
    ['b2', 'b'],
    ['b3', 'b'],
    ['c1', 'c'],
    ['d1', 'd'],
  ]);
  cluster.fault.dropKeys('a1', 0.3);
  cluster.fault.crash('b1', { silent: true });
  cluster.execute('b2', ['CONFIG', 'SET', 'requirepass', 'of-another']);
  cluster.execute('b2', ['CONFIG', 'SET', 'userpass', 'of-another']);
  cluster.fault.crash('c');
  cluster.execute('d1', ['SLAVEOF', 'NO', 'ONE']);
  const { d1, ...found } = verdicts(await audited(['a', 'b', 'c', 'd']));
  // Its master forgets it within seconds: on a busy machine before the audit asks.
  expect(['doubtful: is_master', undefined]).toContain(d1);
  expect(found).toEqual({
    a: 'a master',
    a1: 'damaged: data_differ',
    // It holds what its master lacks.
    a2: 'doubtful: unlike_its_master',
    a3: 'doubtful: master_unproven',
    b: 'a master',
    b1: 'not_judged: unreachable',
    b2: 'not_judged: denied',
    b3: 'whole: whole',
    c: 'not_judged: unreachable',
    d: 'a master',
  });
});
