import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Audit } from '../../src/model/views/audit.ts';
import type { EventPage } from '../../src/model/views/event.ts';
import type { Replacement } from '../../src/model/views/replacement.ts';
import type { CrashPoint } from '../../src/platform/crash-points.ts';
import { crashPoints as allCrashPoints } from '../../src/platform/crash-points.ts';
import { openQueueBackend, type QueueBackend } from '../../src/queue/connection.ts';
import { expansionQueueName, makeExpansionJob } from '../../src/queue/producer.ts';
import { patiently } from '../support/patiently.ts';
import { openTestStores, startPostgres, type TestPostgres } from '../support/postgres.ts';
import { builtProgram } from '../support/program.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { Receiver } from '../webhooks/receiver.ts';
import {
  auditedFleet,
  budget,
  type CrashVersion,
  keysOnMaster,
  replacedFleet,
  type WatchedNodes,
  watchNodes,
} from './nodes.ts';

/** Where the master is asked for a dump; test/core/steps/new-dump.test.ts comes there. */
const ofDumps: readonly CrashPoint[] = ['before_bgsave', 'after_bgsave'];
/** One audit comes to all of them. */
const ofAudits: readonly CrashPoint[] = [
  'after_audit_intent',
  'after_audit_asked',
  'after_audit_verdict',
  'before_audit_end',
  'after_audit_end',
];
/** test/core/hold/hold.test.ts comes to all of them. */
const ofHolds: readonly CrashPoint[] = ['after_hold_keys', 'before_hold_save', 'after_hold_save'];
/** And one replacement to all of these, in this order. */
const ofReplacements: readonly CrashPoint[] = [
  'before_replacement_save',
  'after_replacement_save',
  'after_new_nodes_admitted',
  'after_replacement_asked',
  'after_detach_intent',
  'before_old_detached',
  'after_old_detached',
  'before_replacement_end',
  'after_replacement_end',
];
const elsewhere = [...ofDumps, ...ofAudits, ...ofHolds, ...ofReplacements];
const crashPoints = allCrashPoints.filter((point) => !elsewhere.includes(point));

/**
 * A real process is killed at each crash point in turn and started again; what must have come of it is judged by what
 * reached the nodes, and by what they are. A dead worker's lease runs 15 s and a comparison's 30 s, so most of the
 * time is spent waiting, side by side.
 */
const atOnce = 5;
const withinMs = 280_000;
vi.setConfig({ testTimeout: 5 * withinMs, maxConcurrency: atOnce });

/** With CRASHES=all also at later times, and on a version that shares dumps. */
const all = process.env.CRASHES === 'all';

/** One expansion, killed at each of these points in turn; after the first the times of coming there are those of its process. */
interface Run {
  readonly at: readonly CrashPoint[];
  /** At which time of coming to each of them. */
  readonly time: number;
  readonly version: CrashVersion;
}

const ofTheQueue: readonly CrashPoint[] = ['after_job_accepted', 'before_job_end'];
const ofCampaigns: readonly CrashPoint[] = [
  'before_campaign_save',
  'after_campaign_save',
  'after_member_admitted',
];
const ofWebhooks: readonly CrashPoint[] = ['after_fan_out', 'before_delivery_saved', 'after_delivery_saved'];

/**
 * Every point once, in the order in which an expansion comes to them; of those that leave the first full sync unwatched one
 * in each.
 */
const chains: readonly (readonly CrashPoint[])[] = [
  ['before_comparison_created', 'after_comparison_begun', 'before_cursor', 'before_comparison_end'],
  ['after_comparison_created', 'after_cursor', 'after_comparison_end'],
  ['before_accept', 'after_claim', 'after_intent', 'before_slaveof_no_one'],
  ['after_accept', 'after_master_lock', 'before_slaveof', 'after_slaveof_no_one'],
  ['after_ring', 'after_slots', 'before_reply_saved', 'before_clear_replication_id'],
  ['before_setting_changed', 'before_setting_restored', 'after_clear_replication_id'],
  ['after_setting_changed', 'after_setting_restored', 'before_finish'],
  ['before_save', 'before_setting_written', 'after_finish'],
  ['after_save', 'after_setting_written'],
  ['after_job_accepted', 'before_intent', 'after_slaveof', 'before_job_end'],
  ['before_campaign_save', 'after_member_admitted', 'after_reply_saved', 'after_campaign_save'],
  ['after_fan_out', 'before_delivery_saved', 'after_delivery_saved'],
];
const first = chains.map((at): Run => ({ at, time: 1, version: '3.5.4' }));

const once: readonly CrashPoint[] = [
  ...(['before_accept', 'after_accept', 'after_ring', ...ofTheQueue] as const),
  ...(['after_claim', 'after_master_lock', 'before_finish', 'after_finish'] as const),
  ...(['before_slaveof_no_one', 'after_slaveof_no_one'] as const),
  ...(['before_clear_replication_id', 'after_clear_replication_id'] as const),
  'after_member_admitted',
];
const repeated = crashPoints.filter((point) => !once.includes(point));
/** Not only once for each of the two nodes. */
const isFrequent = (point: CrashPoint) => /intent|_save$|slots|reply|cursor/.test(point);
/** The second intent is that of the first SLAVEOF: here the full sync is proven though nobody watched it. */
const unwatched: readonly Run[] = [
  { at: ['after_intent'], time: 2, version: '3.5.5' },
  { at: ['after_slaveof'], time: 1, version: '3.5.5' },
];
const further: readonly Run[] = [
  ...repeated.map((point): Run => ({ at: [point], time: 2, version: '3.5.4' })),
  ...repeated
    .filter(isFrequent)
    .flatMap((point): Run[] => [3, 5].map((time) => ({ at: [point], time, version: '3.5.4' }))),
  ...crashPoints.flatMap((point): Run[] => [
    { at: [point], time: 1, version: '3.5.4' },
    { at: [point], time: 1, version: '3.5.5' },
  ]),
];
/** Comparisons of every key are work of their own, on a lease of their own; elsewhere a sample does. */
const isOfComparisons = (point: CrashPoint) => /comparison|cursor/.test(point);
const runs = [...first, ...(all ? further : unwatched)];

let postgres: TestPostgres;
let redis: TestRedis;
let program: string;

beforeAll(async () => {
  [postgres, redis, program] = await Promise.all([
    startPostgres(),
    startRedis({ args: ['--databases', '200'] }),
    builtProgram(),
  ]);
});
afterAll(async () => {
  await redis?.stop();
  await postgres?.stop();
});

/** So that a comparison of every key lasts long enough for a checkpoint. */
const slowly = { depth: 'full', maxOpsPerSecond: 150 };

const requestFor = ({ addresses }: WatchedNodes, verify: object) => ({
  master: addresses.m!,
  nodes: [addresses.n1!, { address: addresses.n2!, overwriteData: true, repoint: true }],
  policy: { batchSize: 1, lookIntervalMs: 250, bandwidthBytesPerSecond: budget, verify },
});

const headers = { 'content-type': 'application/json', 'idempotency-key': 'the-one-request' };

async function getJson<T>(url: string): Promise<T> {
  const response = await patiently(() => fetch(url));
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly stateReason: { readonly text: string } | null;
  readonly joins: readonly {
    readonly phase: string;
    readonly attempts: readonly unknown[];
  }[];
}

/** How the request came in, and how it comes in again after the crash. */
interface Entrance {
  send(url: string): Promise<void>;
  /** Throws where the client was not told of the end. */
  checkEnd(url: string): Promise<void>;
  close(): Promise<void>;
}

const post = (url: string, body: object): Promise<Response> =>
  patiently(() => fetch(url, { method: 'POST', headers, body: JSON.stringify(body) }));

function byRest(request: object): Entrance {
  return {
    async send(url) {
      const response = await post(`${url}/v1/expansions`, request);
      expect(response.status, await response.text()).toBe(202);
    },
    checkEnd: async () => undefined,
    close: async () => undefined,
  };
}

/** As the one member of a campaign. */
function byCampaign(request: object): Entrance {
  return {
    async send(url) {
      const response = await post(`${url}/v1/campaigns`, { members: [request] });
      expect(response.status, await response.text()).toBe(202);
    },
    async checkEnd(url) {
      interface Campaigns {
        readonly items: readonly { readonly state: string }[];
      }
      let states: readonly string[] = [];
      await until(
        async () => {
          const { items } = await getJson<Campaigns>(`${url}/v1/campaigns`);
          states = items.map(({ state }) => state);
          return states.length === 1 && states[0] === 'succeeded';
        },
        { withinMs, everyMs: 250, what: () => `one campaign that has succeeded; there are ${states.join()}` },
      );
    },
    close: async () => undefined,
  };
}

/** Beside somebody who is to be told of every event. */
async function toldByWebhook(request: object): Promise<Entrance> {
  const receiver = await new Receiver().start();
  const rest = byRest(request);
  let registered = false;
  return {
    async send(url) {
      if (!registered) {
        const response = await post(`${url}/v1/webhooks`, { url: receiver.url });
        expect(response.status, await response.text()).toBe(201);
        registered = true;
      }
      await rest.send(url);
    },
    async checkEnd(url) {
      const { items } = await getJson<{ items: { seq: number }[] }>(`${url}/v1/events?limit=1000`);
      let missing: readonly number[] = [];
      await until(
        () => {
          const told = new Set(
            receiver.received.map(({ body }) => (JSON.parse(body) as { seq: number }).seq),
          );
          missing = items.map(({ seq }) => seq).filter((seq) => !told.has(seq));
          return missing.length === 0;
        },
        { withinMs, everyMs: 250, what: () => `every event is told; missing are ${missing.join()}` },
      );
    },
    close: () => receiver.close(),
  };
}

function byQueue(request: object, backend: QueueBackend): Entrance {
  const { connection, factory } = backend.forProducers;
  const queue = new Queue(expansionQueueName, { connection } as never, factory as never);
  queue.on('error', () => undefined);
  const job = makeExpansionJob(request, 'the-one-job');
  return {
    send: async () => void (await queue.add(job.name, job.data, job.opts)),
    async checkEnd() {
      const stored = () => queue.getJob(job.opts.jobId);
      await until(async () => (await stored())?.returnvalue, { withinMs, what: 'the job has a result' });
      expect((await stored())?.returnvalue).toMatchObject({ state: 'succeeded' });
    },
    close: () => queue.close(),
  };
}

async function entranceFor(
  at: readonly CrashPoint[],
  request: object,
  backend: QueueBackend,
): Promise<Entrance> {
  const comesTo = (points: readonly CrashPoint[]) => at.some((point) => points.includes(point));
  if (comesTo(ofTheQueue)) return byQueue(request, backend);
  if (comesTo(ofCampaigns)) return byCampaign(request);
  return comesTo(ofWebhooks) ? toldByWebhook(request) : byRest(request);
}

describe.concurrent('killed at each of its crash points in turn', () => {
  test('an audit loses and changes no verdict, compares each slave once, and stores each event once', async () => {
    const database = await postgres.createMigratedDatabase();
    const stores = openTestStores(database.connection);
    const fleet = await auditedFleet();
    const env = { DATABASE_URL: database.url };
    const processes = new Set<ServiceProcess>();
    const serve = (more: Readonly<Record<string, string>> = {}) => {
      const served = startServiceProcess({ env: { ...env, ...more }, program });
      processes.add(served);
      return served;
    };
    let id: string | null = null;
    /** Asks for the audit the first time; afterwards it goes on by itself. */
    const entrance = {
      async send(url: string) {
        if (id !== null) return;
        const response = await post(`${url}/v1/audits`, { masters: [fleet.master] });
        expect(response.status).toBe(202);
        ({ id } = (await response.json()) as { id: string });
      },
    };
    const judged = async () =>
      ((await stores.audits.get(id!))?.servers ?? []).filter(({ state }) => state === 'judged');
    try {
      let known: Awaited<ReturnType<typeof judged>> = [];
      for (const point of ofAudits) {
        await crash(serve({ PIKA_EXPANDER_CRASH_AT: `${point}:1` }), `${point}:1`, entrance);
        const now = await judged();
        expect(now).toEqual(expect.arrayContaining([...known]));
        known = now;
      }
      const again = serve();
      const url = await again.url();
      const audit = await getJson<Audit>(`${url}/v1/audits/${id}`);
      expect([audit.state, ...audit.servers.map(({ verdict }) => verdict)]).toEqual([
        'completed',
        null,
        'damaged',
        'whole',
      ]);
      const events = await getJson<EventPage>(`${url}/v1/audits/${id}/events`);
      expect(events.items.map(({ type, node }) => [type, node])).toEqual([
        ['audit.started', null],
        ['audit.slave_judged', fleet.spoilt],
        ['audit.ended', null],
      ]);
      expect(await comparisonsOf(url)).toHaveLength(2);
      again.child.kill('SIGTERM');
      expect(await again.ended).toEqual({ code: 0, signal: null });
    } finally {
      await Promise.all([...processes].map((each) => each.kill()));
      await stores.close();
      await fleet.close();
    }
    await database.drop();
  });
});

describe.concurrent('killed at each of its crash points in turn,', () => {
  test('a replacement adds its node once, detaches the old one once, and stores each event once', async () => {
    const database = await postgres.createMigratedDatabase();
    const fleet = await replacedFleet();
    const processes = new Set<ServiceProcess>();
    const serve = (more: Readonly<Record<string, string>> = {}) => {
      const served = startServiceProcess({ env: { DATABASE_URL: database.url, ...more }, program });
      processes.add(served);
      return served;
    };
    let id: string | null = null;
    const { m, s1, n } = fleet.addresses;
    const entrance = {
      async send(url: string) {
        if (id !== null) return;
        const body = { master: m, replace: [{ old: s1, new: n }], reason: 'crash' };
        const response = await post(`${url}/v1/replacements`, body);
        expect(response.status).toBe(202);
        ({ id } = (await response.json()) as { id: string });
      },
    };
    try {
      for (const point of ofReplacements)
        await crash(serve({ PIKA_EXPANDER_CRASH_AT: `${point}:1` }), `${point}:1`, entrance);
      const again = serve();
      const url = await again.url();
      const { state, pairs } = await getJson<Replacement>(`${url}/v1/replacements/${id}`);
      expect([state, pairs[0]!.phase]).toEqual(['succeeded', 'done']);
      expect(fleet.faults()).toEqual([]);
      const events = await getJson<EventPage>(`${url}/v1/replacements/${id}/events`);
      const told = events.items.map(({ type }) => type.replace('replacement.', ''));
      // It is told to go again where nobody knows whether it was.
      expect(told.filter((type, at) => type !== 'detaching' || told[at - 1] !== 'detaching')).toEqual([
        'accepted',
        'expansion_started',
        'new_verified',
        'withdrawn',
        'drained',
        'detaching',
        'detached',
        'done',
        'succeeded',
      ]);
      again.child.kill('SIGTERM');
      expect(await again.ended).toEqual({ code: 0, signal: null });
    } finally {
      await Promise.all([...processes].map((each) => each.kill()));
      await fleet.close();
    }
    await database.drop();
  });
});

test('every crash point is one of a run', () => {
  expect(chains.flat().toSorted()).toEqual([...crashPoints].sort());
});

describe.concurrent('killed at crash points and started again, the service ends the expansion right', () => {
  test.each(runs.map((run, index) => ({ ...run, index, name: run.at.join(', ') })))(
    '$name, time $time, on $version',
    async ({ at, time, version, index }) => {
      const database = await postgres.createMigratedDatabase();
      const nodes = await watchNodes(version);
      const place =
        index % 2 === 0
          ? { redisUrl: `${redis.url}/${index}` }
          : { postgres: { connectionString: database.url } };
      const readers = await listOfReaders();
      const env = {
        DATABASE_URL: database.url,
        PIKA_EXPANDER_OUTGOING: '127.0.0.1',
        PIKA_EXPANDER_CONNECTORS: readers.config,
        ...('redisUrl' in place ? { REDIS_URL: place.redisUrl } : {}),
      };
      const backend = await openQueueBackend(place);
      const comparesAll = at.some(isOfComparisons);
      const request = requestFor(nodes, comparesAll ? slowly : { depth: 'sample' });
      const entrance = await entranceFor(at, request, backend);
      const processes = new Set<ServiceProcess>();
      const serve = (more: Readonly<Record<string, string>> = {}) => {
        const served = startServiceProcess({ env: { ...env, ...more }, program });
        processes.add(served);
        return served;
      };
      try {
        for (const point of at) {
          const order = `${point}:${time}`;
          await crash(serve({ PIKA_EXPANDER_CRASH_AT: order }), order, entrance);
        }
        const again = serve();
        const url = await again.url();
        await entrance.send(url);
        const ended = await endOf(url);
        await entrance.checkEnd(url);
        const outcome = { ...ended, comparisons: await comparisonsOf(url), ...seenBy(nodes) };
        expect(await readers.listed()).toEqual([nodes.addresses.n1!, nodes.addresses.n2!].toSorted());
        expect(outcome, again.output()).toEqual(rightEnd(nodes, version, comparesAll));
        again.child.kill('SIGTERM');
        expect(await again.ended).toEqual({ code: 0, signal: null });
      } finally {
        await Promise.all([...processes].map((each) => each.kill()));
        await entrance.close();
        await nodes.close();
        await readers.remove();
      }
      await database.drop();
    },
  );
});

/** A file in which a connector lists the nodes that are published. */
async function listOfReaders() {
  const folder = await mkdtemp(join(tmpdir(), 'pika-expander-readers-'));
  const [config, path] = [join(folder, 'connectors.yaml'), join(folder, 'readers')];
  const template = '{{#slaves}}\n{{node.address}}\n{{/slaves}}\n';
  await writeFile(config, JSON.stringify([{ kind: 'file', name: 'readers', path, template }]));
  return {
    config,
    listed: async () =>
      (await readFile(path, 'utf8'))
        .split('\n')
        .filter((line) => line !== '')
        .toSorted(),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Sends the request, and waits until the process has ended at the point. */
async function crash(served: ServiceProcess, order: string, entrance: Pick<Entrance, 'send'>): Promise<void> {
  // It may come to the point while it starts; else its answer may be what the crash cuts off. An answer that came must be the
  // right one.
  const url = await served.url().catch(() => null);
  if (url !== null)
    await entrance.send(url).catch((error: unknown) => {
      if (!(error instanceof TypeError)) throw error;
    });
  await until(() => served.child.signalCode !== null || served.child.exitCode !== null, {
    withinMs,
    what: () => `the process comes to ${order}; it said ${served.output()}`,
  });
  expect(await served.ended, served.errors()).toEqual({ code: null, signal: 'SIGKILL' });
  expect(served.errors()).toContain(`crash point ${order} was reached`);
}

interface Summary {
  readonly state: string;
  readonly reason: string | null;
  readonly phases: readonly string[];
  readonly attempts: readonly number[];
}

/** What the service says of its one expansion, once it has ended. */
async function endOf(url: string): Promise<Summary> {
  let seen: readonly Shown[] = [];
  await until(
    async () => {
      seen = (await getJson<{ items: Shown[] }>(`${url}/v1/expansions`)).items;
      return seen.some(({ state }) => ['succeeded', 'failed', 'halted'].includes(state));
    },
    { withinMs, everyMs: 250, what: () => `the expansion ends; it is ${JSON.stringify(seen)}` },
  );
  expect(seen).toHaveLength(1);
  const { state, stateReason, joins } = await getJson<Shown>(`${url}/v1/expansions/${seen[0]!.id}`);
  return {
    state,
    reason: stateReason?.text ?? null,
    phases: joins.map(({ phase }) => phase),
    attempts: joins.map(({ attempts }) => attempts.length),
  };
}

interface ShownComparison {
  readonly state: string;
  readonly report: { readonly verdict: string; readonly lookedAtKeys: number } | null;
}

const comparisonsOf = async (url: string) =>
  (await getJson<{ items: ShownComparison[] }>(`${url}/v1/comparisons`)).items.map(
    ({ state, report }) => `${state}: ${report?.verdict}, ${report?.lookedAtKeys} keys`,
  );

/** What the nodes tell: what reached them apart from reading, and what they are and hold. */
const seenBy = (nodes: WatchedNodes) => ({
  changes: ['m', 'o', 'n1', 'n2'].map((id) => nodes.changesTo(id)),
  mostInFullSync: nodes.mostInFullSync(),
  faults: nodes.faults(),
});

/** Looks come every 250 ms. In a gap of 2.5 s a dump can have been replaced by another (docs/verified.md). */
const provableUpToMs = 2000;

/**
 * One SLAVEOF for each node. On 3.5.4, where a dump that nobody watched can have been replaced by another, a second one
 * after a proper detach is right if the first full sync was not watched; the nodes themselves know whether it was.
 */
function rightEnd(nodes: WatchedNodes, version: CrashVersion, comparedAll: boolean) {
  const attach = `SLAVEOF ${nodes.addresses.m!.replace(':', ' ')} force`;
  const attachAgain = (id: string) => {
    const again =
      version === '3.5.4' &&
      nodes.unwatchedMs(id) > provableUpToMs &&
      nodes.changesTo(id).filter((each) => each === attach).length > 1;
    const clears = nodes.changesTo(id).slice(-2).includes('CLEARREPLICATIONID');
    return again ? ['SLAVEOF NO ONE', ...(clears ? ['CLEARREPLICATIONID'] : []), attach] : [];
  };
  const again = { n1: attachAgain('n1'), n2: attachAgain('n2') };
  const compared = `completed: equal, ${keysOnMaster} keys`;
  return {
    state: 'succeeded',
    reason: '2 of 2 nodes verified',
    phases: ['verified', 'verified'],
    attempts: [again.n1, again.n2].map((more) => (more.length > 0 ? 2 : 1)),
    comparisons: comparedAll ? [compared, compared] : [],
    changes: [[], [], [attach, ...again.n1], ['SLAVEOF NO ONE', 'CLEARREPLICATIONID', attach, ...again.n2]],
    mostInFullSync: 1,
    faults: [],
  };
}
