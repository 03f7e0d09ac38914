import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { backUp, restore } from '../../src/backup/index.ts';
import { startService } from '../../src/main.ts';
import type { ExpansionView } from '../../src/model/views/expansion.ts';
import type { Service } from '../../src/service.ts';
import {
  type Cluster,
  createCluster,
  fastTimers,
  type ServedCluster,
  serveCluster,
} from '../../src/simulator/index.ts';
import { patiently } from '../support/patiently.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 120_000 });

const nodes = ['n1', 'n2'];

let folder: string;
let postgres: TestPostgres;
let database: TestDatabase;
let cluster: Cluster;
let served: ServedCluster;
let service: Service;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pika-expander-backup-'));
  await writeFile(join(folder, 'config.json'), JSON.stringify({ limits: { requestsPerMinute: 0 } }));
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  cluster = createCluster({
    seed: 'restored',
    now: Date.now(),
    timers: fastTimers,
    dataScale: 400,
    defaults: { version: '3.5.4' },
  });
  for (const id of ['m', ...nodes]) cluster.addNode({ id });
  cluster.load('m', { strings: 160, hashes: 40, lists: 40, sets: 40, zsets: 40, valueBytes: 130 });
  served = await serveCluster(cluster);
});
afterAll(async () => {
  await service?.close();
  await served?.close();
  await database?.drop();
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

const env = () => ({ DATABASE_URL: database.url, PIKA_EXPANDER_CONFIG: join(folder, 'config.json') });
const start = () => startService({ port: 0, logLevel: 'silent' }, env());

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const asked = {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const response = await patiently(() => fetch(service.url + path, asked));
  const text = await response.text();
  expect([path, response.ok, text]).toEqual([path, true, text]);
  return JSON.parse(text) as T;
}

const view = (id: string) => call<ExpansionView>('GET', `/v1/expansions/${id}`);
const syncs = () => nodes.map((id) => cluster.observe(id).fullSyncsDone);
const looks = () => nodes.reduce((sum, id) => sum + cluster.node(id).counters.commands, 0);

/** Resolves when the service has looked at its nodes some times more. */
async function looked(): Promise<void> {
  const before = looks();
  await until(() => looks() > before + 10, { what: 'the nodes are looked at' });
}

test('after a restore to an older point nothing is done to a node before a person says so, and nothing is doubled', async () => {
  service = await start();
  const at = served.addresses as Readonly<Record<string, string>>;
  const copyAt = (bytesPerSecond: number) =>
    cluster.execute('n1', ['CONFIG', 'SET', 'throttle-bytes-per-second', String(bytesPerSecond)]);
  // Until the backup is made, however long that takes.
  copyAt(100_000);
  const { id } = await call<ExpansionView>('POST', '/v1/expansions', {
    master: at.m,
    nodes: nodes.map((node) => at[node]!),
  });
  await until(async () => (await view(id)).joins[0]!.attempts.length > 0, {
    what: 'the first node is attached',
  });
  const file = join(folder, 'running.gz');
  const made = await backUp(file, { verify: true }, env());
  expect(made.verified).toBe(true);
  copyAt(10_000_000);
  await until(async () => (await view(id)).state === 'succeeded', { what: 'it succeeds' });
  const done = syncs();
  await service.close();

  await expect(restore(file, { replace: false }, env())).rejects.toMatchObject({
    code: 'database_holds_expansions',
  });
  await restore(file, { replace: true }, env());
  service = await start();
  expect(await call('GET', '/v1/freeze')).toMatchObject({ frozen: true, by: 'restore' });
  const restored = await view(id);
  expect([restored.state, restored.stateReason?.code]).toEqual(['paused', 'restored']);
  expect(restored.joins[0]!.phase).not.toBe('verified');
  await looked();
  await call('DELETE', '/v1/freeze', { reason: 'looked at the nodes' });
  await looked();
  expect((await view(id)).state).toBe('paused');
  expect(syncs()).toEqual(done);

  await call('POST', `/v1/expansions/${id}/resume`, { reason: 'looked at the nodes' });
  const unresolved = async () => (await view(id)).joins.filter(({ phase }) => phase === 'quarantined');
  // The first node was under way then, the second waited: both follow their master by now.
  await until(async () => (await view(id)).state === 'halted', { what: 'a person is asked about the first' });
  expect((await unresolved()).map(({ problem }) => problem?.code)).toEqual(['restored_meanwhile']);
  const skip = async (node: string) =>
    call('POST', `/v1/expansions/${id}/nodes/${encodeURIComponent(at[node]!)}/skip`, { reason: 'compared' });
  await skip('n1');
  await until(async () => (await view(id)).joins[0]!.phase === 'skipped', { what: 'the first is left out' });
  await until(async () => (await unresolved()).length === 1, { what: 'a person is asked about the second' });
  await until(async () => (await view(id)).state === 'halted', { what: 'nothing goes on by itself' });
  expect(syncs()).toEqual(done);
  expect(nodes.map((node) => cluster.observe(node).states.db0)).toEqual(['Connected', 'Connected']);

  // Who wants the proof gets another full sync.
  await call('POST', `/v1/expansions/${id}/nodes/${encodeURIComponent(at.n2!)}/retry`, {
    reason: 'prove it',
  });
  await until(async () => (await view(id)).joins[1]!.phase === 'verified', {
    what: 'the second is proven',
  });
  const trail = await call<{ items: { act: string }[] }>('GET', '/v1/trail?act=restored');
  expect(trail.items).toHaveLength(1);
});
