import { afterAll, beforeAll, expect, test } from 'vitest';
import { startService } from '../../../src/main.ts';
import type { StoredEvent } from '../../../src/model/views/event.ts';
import type { ExpansionView } from '../../../src/model/views/expansion.ts';
import type { Hold } from '../../../src/model/views/hold.ts';
import type { Plan } from '../../../src/model/views/plan.ts';
import type { Service } from '../../../src/service.ts';
import {
  type Cluster,
  createCluster,
  fastTimers,
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
let service: Service;

beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createMigratedDatabase();
  cluster = createCluster({
    seed: 'held',
    now: Date.now(),
    timers: fastTimers,
    defaults: { version: '3.5.4' },
  });
  for (const id of ['m', 'n1', 'n2']) cluster.addNode({ id });
  cluster.load('m', { strings: 100 });
  served = await serveCluster(cluster);
  service = await startService({ port: 0, logLevel: 'silent' }, { DATABASE_URL: database.url });
});
afterAll(async () => {
  await service?.close();
  await served?.close();
  await database?.drop();
  await postgres?.stop();
});

async function send(path: string, body?: object) {
  const headers = { 'content-type': 'application/json' };
  const post = { method: 'POST', headers, body: JSON.stringify(body) };
  const response = await patiently(() => fetch(`${service.url}${path}`, body === undefined ? {} : post));
  return { status: response.status, answer: (await response.json()) as never };
}
async function call<T>(path: string, body?: object): Promise<T> {
  const { status, answer } = await send(path, body);
  expect([status < 300, answer]).toEqual([true, expect.anything()]);
  return answer;
}

test('a backup asks, waits until a dump is safe, and ends its hold; an expansion waits meanwhile', async () => {
  const master = served.addresses.m!;
  const asked = await call<Hold>('/v1/holds', { master, forMs: 600_000, reason: 'nightly backup' });
  expect(asked).toMatchObject({
    state: expect.stringMatching(/waiting|safe/),
    requestedBy: expect.any(String),
    reason: 'nightly backup',
    until: expect.closeTo(Date.now() + 600_000, -5),
    fullSyncs: [],
  });
  const path = `/v1/holds/${asked.id}`;
  const safe = await call<Hold>(`${path}?wait=25`);
  expect([safe.state, safe.safe, safe.waitingFor]).toEqual(['safe', true, null]);

  const request = { master, nodes: [served.addresses.n1, served.addresses.n2] };
  const plan = await call<Plan>('/v1/plans', request);
  expect([plan.acceptable, plan.findings.find(({ code }) => code === 'master_held')]).toEqual([
    true,
    expect.objectContaining({ severity: 'info', text: expect.stringContaining(asked.id) }),
  ]);
  const { id } = await call<ExpansionView>('/v1/expansions', request);
  const waiting = await until(
    async () => {
      const { joins } = await call<ExpansionView>(`/v1/expansions/${id}`);
      return joins[0]!.waitingFor?.code === 'master_held' ? joins[0]! : null;
    },
    { everyMs: 100, what: 'the first node waits for the hold' },
  );
  expect(waiting.waitingFor!.facts).toMatchObject({ hold: asked.id, why: 'nightly backup' });
  expect((await call<Hold>(path)).safe).toBe(true);

  const second = await call<Hold>('/v1/holds', { master, forMs: 600_000, reason: 'another backup' });
  await until(
    async () => (await call<Hold>(`/v1/holds/${second.id}`)).waitingFor?.code === 'other_hold_first',
    { everyMs: 100, what: 'the second hold waits for the first' },
  );
  const longer = await call<Hold>(`${path}/extend`, { forMs: 1_200_000 });
  expect(longer.until).toBeGreaterThan(asked.until);
  const active = await call<{ items: Hold[] }>('/v1/holds?active=true');
  expect(active.items.map((hold) => hold.id).toSorted()).toEqual([asked.id, second.id].toSorted());

  const ended = await call<Hold>(`${path}/end`, { reason: 'done' });
  expect([ended.state, ended.safe, ended.end?.reason]).toEqual(['ended', false, 'done']);
  for (const verb of ['end', 'extend']) {
    const { status, answer } = await send(`${path}/${verb}`, verb === 'end' ? { reason: 'again' } : {});
    expect([status, answer]).toMatchObject([409, { error: { code: 'hold_over' } }]);
  }
  expect((await call<Hold>(`/v1/holds/${second.id}?wait=25`)).safe).toBe(true);
  await call<Hold>(`/v1/holds/${second.id}/end`, { reason: 'done' });
  await until(async () => (await call<ExpansionView>(`/v1/expansions/${id}`)).state === 'succeeded', {
    everyMs: 100,
    what: 'the expansion ends',
  });
  const { items } = await call<{ items: StoredEvent[] }>(`${path}/events`);
  expect(items.map(({ type, holdId }) => [type, holdId])).toEqual(
    ['hold.asked', 'hold.safe', 'hold.extended', 'hold.ended'].map((type) => [type, asked.id]),
  );
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  expect(metrics).toMatch(/events_total\{[^}]*hold\.safe[^}]*\} 2/);
});

test('what is no hold is refused', async () => {
  const refused = async (path: string, body?: object) => {
    const { status, answer } = await send(path, body);
    const { code, field } = (answer as { error: { code: string; field?: string } }).error;
    return [status, code, field];
  };
  const master = served.addresses.m;
  expect(await refused('/v1/holds', { master })).toEqual([400, 'validation_failed', 'reason']);
  expect(await refused('/v1/holds', { master, reason: 'r', forMs: 86_400_001 })).toEqual([
    400,
    'validation_failed',
    'forMs',
  ]);
  expect(await refused('/v1/holds/none')).toEqual([404, 'no_such_hold', undefined]);
  expect(await refused('/v1/holds/none/end', { reason: 'r' })).toEqual([404, 'no_such_hold', undefined]);
});
