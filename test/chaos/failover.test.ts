import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { startService } from '../../src/main.ts';
import type { ExpansionView } from '../../src/model/views/expansion.ts';
import type { Service } from '../../src/service.ts';
import {
  type Cluster,
  createCluster,
  fastTimers,
  NodeRefused,
  type ServedCluster,
  serveCluster,
} from '../../src/simulator/index.ts';
import { type ReplicatedPostgres, startReplicatedPostgres } from '../support/replicated-postgres.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 120_000 });

const nodes = ['n1', 'n2'] as const;

/** When the primary is killed: where the first node is then. */
const moments = [
  'before its SLAVEOF arrives',
  'after its SLAVEOF',
  'while it copies',
  'while it is verified',
  'once it is verified',
] as const;
type Moment = (typeof moments)[number];
/** With FAILOVERS=all each of them, for a machine that has nothing else to do; else those that need no speed. */
const chosen = (...some: readonly Moment[]): readonly Moment[] =>
  process.env.FAILOVERS === 'all' ? moments : some;
/** null = it shows at the node. */
const phasesOf: Readonly<Record<Moment, readonly string[] | null>> = {
  'before its SLAVEOF arrives': null,
  'after its SLAVEOF': null,
  'while it copies': ['snapshotting', 'transferring'],
  'while it is verified': ['verifying'],
  'once it is verified': ['verified'],
};

/** Whether the standby still gets to know that the first node is being attached. */
const isCutLate = (moment: Moment): boolean => /verified/.test(moment);

interface Site {
  readonly postgres: ReplicatedPostgres;
  readonly cluster: Cluster;
  /** SLAVEOFs to a master, and detachments, that reached the node, in order. */
  readonly heard: (id: string) => readonly string[];
  readonly call: <T>(method: string, path: string, body?: unknown) => Promise<T>;
  readonly view: () => Promise<ExpansionView>;
  /** Resolves when the service has looked at its nodes some times more. */
  readonly looked: () => Promise<void>;
  /** Asks for the expansion. `frozen`: done once it has begun, before it touches a node. */
  readonly begin: (frozen: (() => Promise<void>) | null) => Promise<void>;
  readonly control: (verb: string, node?: string) => Promise<unknown>;
  /** Starts another process in place of the first. */
  readonly restart: () => Promise<void>;
}

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function openSite(
  synchronous: boolean,
  onSlaveof: (id: string) => void = () => undefined,
): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'pika-expander-failover-'));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  const config = join(folder, 'config.json');
  const databaseReplication = synchronous ? 'synchronous' : 'asynchronous';
  await writeFile(config, JSON.stringify({ databaseReplication, limits: { requestsPerMinute: 0 } }));
  const postgres = await startReplicatedPostgres(synchronous);
  closers.push(() => postgres.stop());
  const cluster = createCluster({
    seed: 'failover',
    now: Date.now(),
    timers: fastTimers,
    dataScale: 400,
    // No full sync comes to its end while the database is away: nobody could prove it.
    defaults: { version: '3.5.4', config: { 'throttle-bytes-per-second': 3_000_000 } },
  });
  for (const id of ['m', ...nodes]) cluster.addNode({ id });
  cluster.load('m', { strings: 160, hashes: 40, lists: 40, sets: 40, zsets: 40, valueBytes: 130 });
  const heard = new Map<string, string[]>();
  const served: ServedCluster = await serveCluster(
    Object.assign(Object.create(cluster) as Cluster, {
      perform(...[id, argv, session]: Parameters<Cluster['perform']>) {
        const text = argv.join(' ');
        if (/^slaveof \S/i.test(text)) {
          onSlaveof(id);
          heard.set(id, [...(heard.get(id) ?? []), text]);
        }
        return cluster.perform(id, argv, session);
      },
    } satisfies Partial<Cluster>),
  );
  closers.push(() => served.close());
  let service: Service;
  const start = async () => {
    const env = { DATABASE_URL: postgres.url, PIKA_EXPANDER_CONFIG: config };
    service = await startService({ port: 0, logLevel: 'silent' }, env);
  };
  await start();
  closers.push(() => service.close());

  const ask = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(service.url + path, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  };
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    let answer = await ask(method, path, body);
    // Nothing was done for such a request.
    const isOverloaded = () => answer.status === 503 && answer.text.includes('"overloaded"');
    await until(
      async () => {
        if (isOverloaded()) answer = await ask(method, path, body);
        return !isOverloaded();
      },
      { everyMs: 200, withinMs: 120_000, what: 'the service has time' },
    );
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text) as T;
  };
  const at = served.addresses as Readonly<Record<string, string>>;
  let id = '';
  const looks = () => nodes.reduce((sum, node) => sum + cluster.node(node).counters.commands, 0);
  const view = () => call<ExpansionView>('GET', `/v1/expansions/${id}`);
  const control = (verb: string, node?: string) =>
    call(
      'POST',
      `/v1/expansions/${id}/${node === undefined ? '' : `nodes/${encodeURIComponent(at[node]!)}/`}${verb}`,
      { reason: 'looked at the nodes' },
    );
  return {
    postgres,
    cluster,
    heard: (node) => heard.get(node) ?? [],
    call,
    view,
    async looked() {
      const before = looks();
      await until(() => looks() > before + 10, { withinMs: 120_000, what: 'the nodes are looked at' });
    },
    async begin(frozen) {
      const request = { master: at.m, nodes: nodes.map((node) => at[node]!) };
      if (frozen !== null) await call('POST', '/v1/freeze', { reason: 'not yet' });
      ({ id } = await call<ExpansionView>('POST', '/v1/expansions', request));
      if (frozen === null) return;
      await until(async () => (await view()).startedAt !== null, { withinMs: 120_000, what: 'it begins' });
      await frozen();
      await call('DELETE', '/v1/freeze', { reason: 'now' });
    },
    control,
    async restart() {
      await service.close();
      await start();
    },
  };
}

/** Kills the primary at a moment of the first node; resolves when that has happened. */
async function killedAt(moment: Moment, synchronous: boolean): Promise<Site> {
  let site: Site | null = null;
  let isKilled = false;
  const kill = () => {
    isKilled = true;
    site!.postgres.killPrimary();
  };
  const opened = await openSite(synchronous, () => {
    if (isKilled) return;
    if (moment === 'before its SLAVEOF arrives') {
      kill();
      throw new NodeRefused('n1');
    }
    // Once it is done, before anybody is told.
    if (moment === 'after its SLAVEOF') kill();
  });
  site = opened;
  const cut = () => opened.postgres.cutReplication();
  await opened.begin(synchronous || isCutLate(moment) ? null : cut);
  if (!synchronous && isCutLate(moment)) {
    await until(() => opened.heard('n1').length > 0, {
      everyMs: 1,
      withinMs: 120_000,
      what: 'the first node is attached',
    });
    await cut();
  }
  const wanted = phasesOf[moment];
  if (wanted === null) await until(() => isKilled, { withinMs: 120_000, what: moment });
  else {
    await until(async () => wanted.includes((await opened.view()).joins[0]!.phase), {
      everyMs: 2,
      what: moment,
    });
    kill();
  }
  return opened;
}

const answersAgain = (site: Site) =>
  until(() => site.view().catch(() => null), { withinMs: 120_000, what: 'the service answers again' });
const ends = (site: Site) =>
  until(async () => (await site.view()).state === 'succeeded', { withinMs: 200_000, what: 'it succeeds' });
const phases = async (site: Site) => (await site.view()).joins.map(({ phase }) => phase);
/** Of each node: what was said to it, and its full syncs. */
const done = (site: Site) =>
  nodes.map((node) => [site.heard(node).length, site.cluster.observe(node).fullSyncsDone]);

describe('the primary of PostgreSQL dies in mid-expansion, and the standby is promoted', () => {
  // A copy that begins and ends while the database is away is proven by nothing, and made again: on a busy machine that can be any.
  test.each(chosen('before its SLAVEOF arrives'))(
    'synchronous, %s: it goes to its end, and nothing is doubled',
    async (moment) => {
      const site = await killedAt(moment, true);
      await site.postgres.promote();
      await answersAgain(site);
      await ends(site);
      expect(await phases(site)).toEqual(['verified', 'verified']);
      expect(done(site)).toEqual([
        [1, 1],
        [1, 1],
      ]);
      expect(await site.call('GET', '/v1/freeze')).toMatchObject({ frozen: false });
    },
  );

  test.each(chosen('before its SLAVEOF arrives', 'once it is verified'))(
    'asynchronous with a lost tail, %s: a person decides, and nothing is doubled',
    async (moment) => {
      const site = await killedAt(moment, false);
      await site.postgres.promote();
      await answersAgain(site);
      expect(await site.call('GET', '/v1/freeze')).toMatchObject({
        frozen: true,
        ...(isCutLate(moment) ? { by: 'failover' } : {}),
      });
      const found = await site.view();
      expect([found.state, found.stateReason?.code]).toEqual(['paused', 'failed_over']);
      // Nodes that wait are not looked at in a pause.
      const looked = async () => {
        if (isCutLate(moment)) await site.looked();
      };
      await looked();
      await site.call('DELETE', '/v1/freeze', { reason: 'looked at the nodes' });
      // As little is done by a process that did not see it happen.
      await site.restart();
      await looked();
      expect(await site.call('GET', '/v1/freeze')).toMatchObject({ frozen: false });
      expect((await site.view()).state).toBe('paused');

      await site.control('resume');
      const isAttached = moment !== 'before its SLAVEOF arrives';
      if (isAttached) {
        await until(async () => (await site.view()).state === 'halted', {
          withinMs: 120_000,
          what: 'a person is asked',
        });
        const { joins } = await site.view();
        expect(joins[0]!.problem?.code).toBe('restored_meanwhile');
        await until(() => site.cluster.observe('n1').fullSyncsDone === 1, {
          withinMs: 120_000,
          what: 'its full sync ends',
        });
        await site.control('skip', 'n1');
      }
      // Its state is that of before until the worker has heard of the skip: the phase of the second tells.
      const second = ['verified', 'quarantined'];
      await until(async () => second.includes((await phases(site))[1]!), {
        withinMs: 200_000,
        what: 'the second is proven, or a person is asked',
      });
      // It may have been attached as well, once the first was proven.
      if ((await phases(site))[1] === 'quarantined') {
        expect(moment).toBe('once it is verified');
        await site.control('skip', 'n2');
      }
      await until(async () => ['succeeded', 'failed', 'cancelled'].includes((await site.view()).state), {
        what: 'it ends',
      });
      await until(() => done(site).every(([, syncs]) => syncs === 1), {
        withinMs: 120_000,
        what: 'all full syncs have ended',
      });
      expect(done(site)).toEqual([
        [1, 1],
        [1, 1],
      ]);
      const { items } = await site.call<{ items: unknown[] }>('GET', '/v1/trail?act=failed_over');
      expect(items).toHaveLength(1);
    },
  );
});
