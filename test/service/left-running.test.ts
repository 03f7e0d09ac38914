import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startService } from '../../src/main.ts';
import type { Service } from '../../src/service.ts';
import {
  type Cluster,
  createCluster,
  fastTimers,
  type ServedCluster,
  serveCluster,
} from '../../src/simulator/index.ts';
import { openDatabase } from '../../src/store/database.ts';
import { migrate, readMigrations } from '../../src/store/migrate.ts';
import { patiently } from '../support/patiently.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';

/**
 * The database of a process of commit cea7ff3, the last one whose documents had no version, that was killed in the midst
 * of its work: the rows of its tables (of the looks, the last one at each node), and what identified the nodes. Expansions
 * and comparisons are in every state; the release of today must read all of them, and lead to its end what has none.
 */
const fixture = readFileSync(new URL('../fixtures/left-running-cea7ff3.jsonl', import.meta.url), 'utf8');

interface Node {
  readonly node: string;
  readonly port: number;
  readonly runId: string;
  readonly processId: number;
  readonly startedAt: number;
  readonly replicationId: string;
  readonly alive: boolean;
}

type Line = { readonly killedAt: number } | Node | { readonly table: string; readonly row: object };

/** The fixture as if the process had been killed a moment ago, with its nodes at these ports. */
function linesOf(ports: ReadonlyMap<string, number>): readonly Line[] {
  const { killedAt } = JSON.parse(fixture.slice(0, fixture.indexOf('\n'))) as { killedAt: number };
  const laterMs = Date.now() - 5000 - killedAt;
  const near = (ms: number) => Math.abs(ms - killedAt) < 7_200_000;
  const text = fixture
    .replace(/\b\d{13}\b/g, (at) => (near(Number(at)) ? String(Number(at) + laterMs) : at))
    .replace(/\b\d{10}\b/g, (at) =>
      near(Number(at) * 1000) ? String(Number(at) + Math.round(laterMs / 1000)) : at,
    )
    .replace(/\b310\d\d\b/g, (port) => String(ports.get(port) ?? port));
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

const masters = [
  'done',
  'failed',
  'cancelled',
  'halted',
  'paused',
  'approval',
  'full',
  'busy',
  'canary',
  'rest',
];
/** Slaves whose full sync was over. */
const synced = ['done1', 'paused1', 'approval1', 'full1', 'busy1'];
/** Nodes that were in the midst of their copy. */
const copying = ['busy2', 'canary1'];
const masterOfNode = (id: string) => id.replace(/\d$/, '').replace('pending', 'busy');

const MB = 1_000_000;
const keys = { strings: 160, hashes: 40, lists: 40, sets: 40, zsets: 40 };
const throttle = 'throttle-bytes-per-second';

/** The nodes as that process left them. */
function nodesAsLeft(): Cluster {
  const cluster = createCluster({
    seed: 'left running',
    now: Date.now(),
    timers: fastTimers,
    dataScale: (40 * MB) / (320 * 190),
    defaults: { version: '3.5.4', config: { [throttle]: 60 * MB } },
  });
  for (const line of linesOf(new Map())) {
    if (!('node' in line)) continue;
    const { node: id, runId, processId, replicationId } = line;
    const isMaster = masters.includes(id);
    const node = cluster.addNode({
      id,
      ...(isMaster ? { binlogAt: { file: 3, offset: 0 }, replicationId } : {}),
    });
    Object.assign(node, { runId, processId });
    if (isMaster) cluster.load(id, { ...keys, valueBytes: 130 });
  }
  return cluster;
}

const attach = (cluster: Cluster, id: string) =>
  cluster.execute(id, ['SLAVEOF', '127.0.0.1', String(cluster.node(masterOfNode(id)).port), 'force']);

let postgres: TestPostgres;
let database: TestDatabase;
let cluster: Cluster;
let served: ServedCluster;
let service: Service;

beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  cluster = nodesAsLeft();
  served = await serveCluster(cluster);
  for (const id of synced) attach(cluster, id);
  const isConnected = (id: string) => cluster.observe(id).states.db0 === 'Connected';
  await until(() => synced.every(isConnected), { what: 'the slaves are in sync' });
  for (const id of copying) {
    cluster.execute(id, ['CONFIG', 'SET', throttle, String(8 * MB)]);
    attach(cluster, id);
  }
  for (const id of ['failed1', 'halted1']) cluster.fault.crash(id);
  await until(() => copying.every((id) => cluster.node(id).counters.replIn > 3 * MB), { what: 'copies run' });
  await load();
  service = await startService({ port: 0, logLevel: 'silent' }, { DATABASE_URL: database.url });
});
afterAll(async () => {
  await service?.close();
  await served?.close();
  await database?.drop();
  await postgres?.stop();
});

/** A node whose counters are lower than before would be taken for one that has restarted. */
function asOldAs(node: ReturnType<Cluster['node']>, { startedAt }: Node): void {
  node.startedAt = startedAt;
  node.counters.commands += 10_000;
  if (synced.includes(node.id)) node.counters.replIn += 10 * MB;
}

interface ExpansionRow {
  readonly doc: {
    readonly master: { readonly address: { readonly port: number } };
    readonly masterTracker: { readonly lastSave: number | null };
  };
}

/** The master's dump is the one that its expansion saw; any other would count as a newer one. */
function ofThatDump({ doc }: ExpansionRow): void {
  const master = cluster.nodes.find(({ port }) => port === doc.master.address.port);
  if (master && doc.masterTracker.lastSave !== null) master.lastSave = doc.masterTracker.lastSave;
}

/** Puts the rows into a database of that release. */
async function load(): Promise<void> {
  const before = new Map(
    linesOf(new Map()).flatMap((line) => ('node' in line ? [[line.node, line.port]] : [])),
  );
  const ports = new Map(cluster.nodes.map(({ id, port }) => [String(before.get(id)), port]));
  const lines = linesOf(ports);
  for (const line of lines) if ('node' in line) asOldAs(cluster.node(line.node), line);
  const rows = lines.flatMap((line) => ('table' in line ? [line] : []));
  for (const { table, row } of rows) if (table === 'expansions') ofThatDump(row as ExpansionRow);
  const rowsOf = (table: string) => rows.filter((line) => line.table === table).map(({ row }) => row);
  const applied = rowsOf('migrations').map((row) => (row as { name: string }).name);
  const tables = new Set(rows.map(({ table }) => table));
  tables.delete('migrations');
  const target = openDatabase({ connection: database.connection, maxConnections: 1 });
  try {
    const migrations = (await readMigrations()).filter(({ name }) => applied.includes(name));
    expect(migrations.map(({ name }) => name)).toEqual(applied);
    await migrate(target, migrations);
    for (const table of tables)
      await target.query(
        `insert into ${table} overriding system value select * from jsonb_populate_recordset(null::${table}, $1)`,
        [JSON.stringify(rowsOf(table))],
      );
    for (const table of ['events', 'observations', 'controls'])
      await target.query(
        `select setval(pg_get_serial_sequence('${table}', 'seq'), (select max(seq) from ${table}))`,
      );
  } finally {
    await target.close();
  }
}

// biome-ignore lint/suspicious/noExplicitAny: answers of the API, looked into
async function get(path: string, language = 'en'): Promise<any> {
  const headers = { 'accept-language': language };
  const response = await patiently(() => fetch(`${service.url}${path}`, { headers }));
  const text = await response.text();
  expect([path, response.status, response.status === 200 ? '' : text]).toEqual([path, 200, '']);
  expect(text).not.toMatch(/undefined|\[object|NaN/);
  return JSON.parse(text);
}

async function post(path: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ reason: 'after the upgrade' });
  const response = await patiently(() => fetch(`${service.url}${path}`, { method: 'POST', headers, body }));
  expect([path, response.status, await response.text()]).toEqual([path, 202, expect.anything()]);
}

interface Shown {
  readonly id: string;
  readonly label: string | null;
  readonly state: string;
  readonly stateReason: { readonly text: string } | null;
}

async function list(what: string): Promise<readonly Shown[]> {
  return (await get(`/v1/${what}?limit=200`)).items;
}

/** Every document that the API shows. */
async function readAll(language: string): Promise<void> {
  for (const { id } of await list('expansions')) {
    const { joins, stateReason } = await get(`/v1/expansions/${id}`, language);
    expect(stateReason).toMatchObject({ text: expect.any(String) });
    await get(`/v1/expansions/${id}/evidence`, language);
    const { items } = await get(`/v1/expansions/${id}/events?limit=1000`, language);
    expect(items.length).toBeGreaterThan(0);
    for (const { target } of joins) {
      await get(`/v1/expansions/${id}/nodes/${encodeURIComponent(target.name)}`, language);
      await get(`/v1/expansions/${id}/nodes/${encodeURIComponent(target.name)}/observations`, language);
    }
  }
  for (const { id } of await list('campaigns'))
    for (const part of ['', '/report', '/events?limit=1000'])
      await get(`/v1/campaigns/${id}${part}`, language);
  for (const { id, state, stateReason } of await list('comparisons')) {
    if (state === 'paused') expect(stateReason).toMatchObject({ text: expect.stringMatching(/./) });
    for (const part of ['', '/differences']) await get(`/v1/comparisons/${id}${part}`, language);
  }
  const plan = linesOf(new Map()).find((line) => 'table' in line && line.table === 'plans') as {
    row: { id: string };
  };
  await get(`/v1/plans/${plan.row.id}`, language);
}

test.each(['en', 'zh'])('the API reads every document that another release has stored (%s)', readAll);

test('what another release left running is led to its end', async () => {
  const expansions = new Map((await list('expansions')).map((shown) => [shown.label, shown]));
  const idOf = (label: string) => expansions.get(label)!.id;
  cluster.fault.restart('halted1');
  await until(() => cluster.node('halted1').stalledUntil < cluster.now(), {
    what: 'the node that died answers',
  });
  await post(`/v1/expansions/${idOf('paused')}/resume`);
  await post(`/v1/expansions/${idOf('awaiting approval')}/approve`);
  await post(`/v1/expansions/${idOf('halted')}/nodes/${encodeURIComponent(served.addresses.halted1!)}/retry`);
  const held = await until(async () => (await list('comparisons')).find(({ state }) => state === 'paused'), {
    what: 'the pause that was asked for is obeyed',
  });
  await post(`/v1/comparisons/${held.id}/resume`);

  const ends = ['succeeded', 'failed', 'cancelled', 'completed'];
  let seen: readonly Shown[] = [];
  await until(
    async () => {
      seen = (await Promise.all(['expansions', 'campaigns', 'comparisons'].map(list))).flat();
      return seen.every(({ state }) => ends.includes(state));
    },
    { withinMs: 240_000, everyMs: 200, what: () => `everything has ended: ${JSON.stringify(seen, null, 1)}` },
  );
  const states = (await list('expansions')).map(({ label, state }) => `${label}: ${state}`).sort();
  expect(states).toEqual([
    'awaiting approval: succeeded',
    'cancelled: cancelled',
    'failed: failed',
    'halted: succeeded',
    'in mid-transfer: succeeded',
    'paused: succeeded',
    'succeeded: succeeded',
    'two masters (1 of 2): succeeded',
    'two masters (2 of 2): succeeded',
    'verifying every key: succeeded',
    'waiting for its master: succeeded',
  ]);
  expect((await list('campaigns')).map(({ state }) => state)).toEqual(['succeeded']);
  for (const { id } of await list('comparisons'))
    expect((await get(`/v1/comparisons/${id}`)).report).toMatchObject({
      verdict: 'equal',
      lookedAtKeys: 320,
    });

  const slaves = cluster.nodes.map(({ id }) => id).filter((id) => !masters.includes(id));
  const joined = slaves.filter((id) => id !== 'failed1' && id !== 'cancelled1');
  expect(joined.map((id) => [id, cluster.observe(id).states.db0, cluster.observe(id).lost])).toEqual(
    joined.map((id) => [id, 'Connected', 0]),
  );
  await readAll('en');
  await readAll('zh');
});
