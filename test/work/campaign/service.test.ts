import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startService } from '../../../src/main.ts';
import type { Campaign } from '../../../src/model/campaign.ts';
import { type Expansion, isEnded } from '../../../src/model/expansion.ts';
import type { StoredEvent } from '../../../src/model/views/event.ts';
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
import { builtProgram } from '../../support/program.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { until } from '../../support/until.ts';

const transferBytes = 12_000_000;
const bytesPerSecond = 12_000_000;

/** Six masters with one empty node each; a copy takes about a second, to the node that is to die ten. */
function sixMasters(seed: string): Cluster {
  const keys = 300;
  const cluster = createCluster({
    seed,
    now: Date.now(),
    timers: fastTimers,
    dataScale: transferBytes / (keys * 190),
    defaults: { version: '3.5.4', config: { 'throttle-bytes-per-second': bytesPerSecond } },
  });
  for (let index = 0; index < 6; index++) {
    cluster.addNode({ id: `m${index}`, binlogAt: { file: 3, offset: 0 } });
    cluster.load(`m${index}`, { strings: keys, valueBytes: 130 });
    const config = index === doomed ? { 'throttle-bytes-per-second': bytesPerSecond / 10 } : {};
    cluster.addNode({ id: `s${index}`, config });
  }
  return cluster;
}

let postgres: TestPostgres;
let program: string;
let database: TestDatabase;
let stores: ReturnType<typeof openTestStores>;
let cluster: Cluster;
let served: ServedCluster;
/** The member whose node is to die. */
let doomed: number | null = null;
let service: Service | null = null;
const processes: ServiceProcess[] = [];

beforeAll(async () => {
  [postgres, program] = await Promise.all([startPostgres(), builtProgram()]);
});
afterEach(async () => {
  await Promise.all(processes.splice(0).map((one) => one.kill()));
  await service?.close();
  service = null;
  await stores?.close();
  await served?.close();
  await database?.drop();
});
afterAll(() => postgres.stop());

async function site(seed: string, dies: number | null = null): Promise<void> {
  doomed = dies;
  database = await postgres.createMigratedDatabase();
  stores = openTestStores(database.connection);
  cluster = sixMasters(seed);
  served = await serveCluster(cluster);
}

/** A node that is away is given up at once, and its expansion has failed then. */
const impatient = { onFailure: 'skip', maxAttempts: 1, nodeDownTimeoutMs: 1000 };
const members = () =>
  Array.from({ length: 6 }, (_, index) => ({
    master: served.addresses[`m${index}`]!,
    nodes: [served.addresses[`s${index}`]!],
    ...(index === doomed ? { policy: impatient } : {}),
  }));

async function start(url: string, settings: object): Promise<string> {
  const post = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...settings, members: members() }),
  };
  const response = await patiently(() => fetch(`${url}/v1/campaigns`, post));
  const body = (await response.json()) as { id: string };
  expect({ status: response.status, body }).toMatchObject({ status: 202 });
  return body.id;
}

const get = async (id: string): Promise<Campaign> => (await stores.campaigns.get(id))!;
const expansions = async (): Promise<readonly Expansion[]> => (await stores.store.list({ limit: 200 })).items;
const history = (id: string): Promise<readonly StoredEvent[]> =>
  stores.store.events({ campaignId: id, afterSeq: 0, limit: 1000 });
const states = async (id: string) => (await get(id)).members.map(({ state }) => state);

/** Waits for the end, and looks meanwhile how many expansions are open at a time. */
async function ended(id: string): Promise<{ readonly campaign: Campaign; readonly most: number }> {
  let most = 0;
  await until(
    async () => {
      most = Math.max(most, (await expansions()).filter(({ state }) => !isEnded(state)).length);
      return (await get(id)).endedAt !== null;
    },
    { withinMs: 200_000, what: () => `the campaign ${id} has not ended` },
  );
  return { campaign: await get(id), most };
}

/** Ends a node's process while it copies. */
async function crashInFullSync(index: number): Promise<void> {
  const node = served.addresses[`s${index}`];
  await until(
    async () =>
      (await expansions()).some(({ joins }) =>
        joins.some(({ target, phase }) => target.name === node && phase === 'transferring'),
      ),
    { withinMs: 120_000 },
  );
  cluster.fault.crash(`s${index}`);
}

const isUntouched = (index: number): boolean => cluster.observe(`s${index}`).keys === 0;

describe('a campaign over six masters, the first of them a canary', () => {
  test('adds every node: the canary first and alone, then the rest, three at a time', async () => {
    await site('all');
    service = await startService({ port: 0, logLevel: 'silent' }, { DATABASE_URL: database.url });
    const id = await start(service.url, { maxRunning: 3 });
    const { campaign, most } = await ended(id);
    expect(campaign).toMatchObject({ state: 'succeeded', stop: null });
    expect(await states(id)).toEqual(Array(6).fill('succeeded'));
    expect(most).toBe(3);
    const all = (await expansions()).toSorted((a, b) => a.acceptedAt - b.acceptedAt);
    expect(all).toHaveLength(6);
    const [canary, ...rest] = all;
    expect(canary!.master.name).toBe(served.addresses.m0);
    for (const expansion of rest) expect(expansion.acceptedAt).toBeGreaterThanOrEqual(canary!.endedAt!);
    for (const { joins } of all) expect(joins[0]?.evidence?.verdict).toBe('verified');
    for (let index = 0; index < 6; index++)
      expect(cluster.observe(`s${index}`)).toMatchObject({ missing: 0, lost: 0 });

    const report = await patiently(() => fetch(`${service!.url}/v1/campaigns/${id}/report?format=markdown`));
    const text = await report.text();
    expect(text).toContain('Result: **succeeded** (6 of 6 members succeeded)');
    expect(text.match(/\| verified \| verified \| 1 \|/g)).toHaveLength(6);
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toContain('pika_expander_campaigns{state="running"} 0');
    expect(metrics).toContain('pika_expander_events_total{type="campaign.succeeded",level="info"} 1');
  }, 300_000);

  test('a canary that fails stops it: no other node is touched', async () => {
    await site('canary', 0);
    service = await startService({ port: 0, logLevel: 'silent' }, { DATABASE_URL: database.url });
    const id = await start(service.url, { maxRunning: 3, stopAfterFailures: 4 });
    await crashInFullSync(0);
    const { campaign } = await ended(id);
    expect(campaign.state).toBe('failed');
    expect(campaign.stateReason?.text).toContain('the canary');
    expect(await states(id)).toEqual(['failed', ...Array(5).fill('not_begun')]);
    expect(await expansions()).toHaveLength(1);
    for (const index of [1, 2, 3, 4, 5]) expect(isUntouched(index)).toBe(true);
  }, 300_000);

  test('a failure in the rest stops it: those at work are run to their end, no other begins', async () => {
    await site('rest', 1);
    service = await startService({ port: 0, logLevel: 'silent' }, { DATABASE_URL: database.url });
    const id = await start(service.url, { maxRunning: 2 });
    await crashInFullSync(1);
    const { campaign } = await ended(id);
    expect(campaign).toMatchObject({ state: 'failed', stop: { cause: 'failures' } });
    const after = await states(id);
    expect(after.slice(0, 2)).toEqual(['succeeded', 'failed']);
    // The one beside it may have been done before the failure was certain, and another begun in its place.
    expect(after.slice(2)).toContain('not_begun');
    expect(after.slice(2).filter((state) => state !== 'not_begun')).toEqual(
      Array((await expansions()).length - 2).fill('succeeded'),
    );
    for (const [index, state] of after.entries())
      if (state === 'not_begun') expect(isUntouched(index)).toBe(true);
  }, 300_000);

  test('a worker that is killed between the admission of a member and its record: another goes on, nothing twice', async () => {
    await site('crash');
    const env = { DATABASE_URL: database.url };
    service = await startService({ port: 0, logLevel: 'silent', role: 'api' }, env);
    const first = startServiceProcess({
      program,
      env: { ...env, PIKA_EXPANDER_CRASH_AT: 'after_accept:3' },
      flags: ['--role', 'worker'],
    });
    processes.push(first);
    await first.url();
    const id = await start(service.url, { maxRunning: 2 });
    expect(await first.ended).toMatchObject({ signal: 'SIGKILL' });
    // Its third admission is in the store, and the campaign does not know of it.
    expect(await expansions()).toHaveLength(3);
    expect((await get(id)).members.filter(({ expansion }) => expansion !== null).length).toBeLessThan(3);

    const next = startServiceProcess({ program, env, flags: ['--role', 'worker'] });
    processes.push(next);
    await next.url();
    const { campaign, most } = await ended(id);
    expect(campaign.state).toBe('succeeded');
    expect(most).toBe(2);
    const all = await expansions();
    expect(all.map(({ master }) => master.name).sort()).toEqual(
      members()
        .map(({ master }) => master)
        .sort(),
    );
    expect(new Set(campaign.members.map(({ expansion }) => expansion?.id)).size).toBe(6);
    const begun = (await history(id)).filter(({ type }) => type === 'campaign.member_started');
    expect(begun.map(({ data }) => data.member)).toEqual([0, 1, 2, 3, 4, 5]);
  }, 300_000);
});
