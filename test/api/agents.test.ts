import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkLists } from '../../src/admission/agent-report.ts';
import { agentRoutes } from '../../src/api/routes/agents.ts';
import type { AgentReport, AgentView } from '../../src/model/views/agent.ts';
import type { AccessToken } from '../../src/platform/config.ts';
import type { AgentStore } from '../../src/store/agents.ts';
import { aFolder, aReport, aSeenServer } from '../support/agents.ts';
import { createMemoryAgents } from '../support/memory-agents.ts';
import { bearer, goodRequest, operator, type TestApi, testApi, viewer } from './support.ts';

const agent: AccessToken = {
  name: 'host-7',
  role: 'agent',
  token: 'agent-token-of-the-tests',
  nodes: ['10.0.0.0/24', '*.pika.example:9221', '127.0.0.1'],
};

const bound: AccessToken = {
  name: 'team-7',
  role: 'viewer',
  token: 'bound-token-of-the-tests',
  scope: { masters: ['10.0.0.7'] },
};

let api: TestApi;
let agents: AgentStore;
beforeEach(async () => {
  agents = createMemoryAgents({ reachable: () => {} });
  api = await testApi({ tokens: [operator, viewer, agent, bound], api: { routes: [agentRoutes(agents)] } });
});
afterEach(() => api.app.close());

const report = (payload: AgentReport, over: { token?: AccessToken; from?: string } = {}) =>
  api.app.inject({
    method: 'POST',
    url: '/v1/agents/reports',
    headers: bearer(over.token ?? agent),
    payload: payload as object,
    remoteAddress: over.from ?? '10.0.0.7',
  });
const listed = async (who = viewer): Promise<readonly AgentView[]> =>
  (await api.app.inject({ url: '/v1/agents', headers: bearer(who) })).json().items;

describe('a report', () => {
  test('is shown to a bound token as far as it tells of its servers', async () => {
    await report(aReport([aSeenServer('10.0.0.7', 9221), aSeenServer('10.0.0.7', 9222)]));
    await report(aReport([aSeenServer('10.0.0.8', 9221)], { host: 'host-8' }));
    const addresses = (items: readonly AgentView[]) =>
      items.map(({ servers }) => servers.map((server) => server.addresses));
    expect(addresses(await listed())).toHaveLength(2);
    expect(addresses(await listed(bound))).toEqual([[['10.0.0.7:9221'], ['10.0.0.7:9222']]]);
  });

  test('is kept, and shown to viewers', async () => {
    const response = await report(
      aReport([aSeenServer('10.0.0.7', 9221)], { sentAt: api.clock.now + 4_000 }),
    );
    expect([response.statusCode, response.json()]).toEqual([200, { nextReportInMs: 15_000, servers: [] }]);
    expect(await listed()).toEqual([
      {
        agent: 'host-7',
        host: 'host-7',
        version: '1.0.0',
        startedAt: 0,
        lastReportAt: expect.closeTo(api.clock.now, -4),
        stale: false,
        clockAheadMs: expect.closeTo(4_000, -4),
        reports: 1,
        refused: 0,
        dropped: { addresses: 0, servers: 0 },
        servers: [
          {
            addresses: ['10.0.0.7:9221'],
            processId: 4_711,
            config: '/etc/pika/pika.conf',
            contestedBy: [],
            paths: {},
            logDropped: 0,
          },
        ],
      },
    ]);
    api.clock.now += 45_001;
    expect(await listed()).toMatchObject([{ stale: true }]);
  });

  test('counts only for the addresses on the list of its token; others are dropped and counted', async () => {
    const addresses = [
      { host: '192.168.7.7', port: 9221 },
      { host: '10.0.0.7', port: 9221 },
      { host: 'db7.pika.example', port: 9221 },
      { host: 'db7.elsewhere.example', port: 9221 },
    ];
    const others = aSeenServer('10.0.1.7', 9222);
    const named = aSeenServer('db7.pika.example', 9222);
    await report(aReport([aSeenServer('10.0.0.7', 9221, { addresses }), others, named]));
    expect(await listed()).toMatchObject([
      {
        dropped: { addresses: 4, servers: 2 },
        servers: [{ addresses: ['10.0.0.7:9221', 'db7.pika.example:9221'] }],
      },
    ]);
    for (const lost of ['192.168.7.7:9221', 'db7.elsewhere.example:9221', '10.0.1.7:9222'])
      expect(await agents.sights([lost])).toEqual([]);
  });

  test('about none of the servers of its token is refused with words, and counted', async () => {
    await report(aReport([aSeenServer('10.0.0.7', 9221)]));
    const response = await report(aReport([aSeenServer('10.0.1.7', 9221)]));
    expect([response.statusCode, response.json().error.code]).toEqual([403, 'agent_speaks_for_none']);
    expect(response.json().error.message).toContain('10.0.1.7:9221');
    expect(await listed()).toMatchObject([
      { refused: 1, reports: 1, servers: [{ addresses: ['10.0.0.7:9221'] }] },
    ]);
    const metrics = (await api.app.inject({ url: '/metrics', headers: bearer(viewer) })).body;
    expect(metrics).toContain('pika_expander_agent_reports_total{outcome="taken"} 1');
    expect(metrics).toContain('pika_expander_agent_reports_total{outcome="refused"} 1');
  });

  test('of a host where no server runs is taken', async () => {
    expect((await report(aReport([]))).statusCode).toBe(200);
    expect(await listed()).toMatchObject([{ servers: [] }]);
  });

  test('from another machine does not speak for loopback addresses', async () => {
    const local = aReport([aSeenServer('127.0.0.1', 9221)]);
    expect((await report(local)).statusCode).toBe(403);
    expect((await report(local, { from: '127.0.0.1' })).statusCode).toBe(200);
    expect((await report(local, { from: '::ffff:127.0.0.1' })).statusCode).toBe(200);
  });

  test('names a port once, and nothing that no address can be', async () => {
    const addresses = [
      { host: '10.0.0.7', port: 70_000 },
      { host: '10.0.0.7\n', port: 9221 },
      { host: '10.0.0.7', port: 9221 },
    ];
    const twins = [aSeenServer('10.0.0.7', 9221, { addresses }), aSeenServer('10.0.0.8', 9221)];
    await report(aReport(twins, { sentAt: 1e300, startedAt: -1e300 }));
    expect(await listed()).toMatchObject([
      { dropped: { addresses: 2, servers: 1 }, servers: [{ addresses: ['10.0.0.7:9221'] }] },
    ]);
  });

  test('has no field that nobody knows, and a log that fits', async () => {
    const values = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`v${n}`, 'x'.repeat(1_000)]));
    const log = Array.from({ length: 500 }, (_, n) => ({
      code: 'trysync_ok',
      at: n,
      thread: 1,
      values,
      line: 'DB: db0 TrySync Ok',
    }));
    const server = { ...aSeenServer('10.0.0.7', 9221, { log }), secret: 'requirepass' };
    await report(aReport([server]));
    const [sight] = await agents.sights(['10.0.0.7:9221']);
    expect(sight!.server).not.toHaveProperty('secret');
    expect(sight!.server.log.at(-1)!.at).toBe(499);
    expect(sight!.server.logDropped).toBe(500 - sight!.server.log.length);
    expect(JSON.stringify(sight!.server).length).toBeLessThan(256 * 1024);
  });

  test('may list 100,000 files with their hashes, and no more', async () => {
    const files = (count: number) =>
      Array.from({ length: count }, (_, n) => ({
        name: `strings/${String(n).padStart(6, '0')}.sst`,
        bytes: 2_097_152,
        sha256: 'c'.repeat(64),
      }));
    const listing = (count: number) =>
      aReport([aSeenServer('10.0.0.7', 9221, { dumps: [aFolder({ listing: files(count) })] })]);
    expect((await report(listing(100_000))).statusCode).toBe(200);
    const stored = await agents.listings({ agent: 'host-7', host: 'host-7', port: 9221 });
    expect(stored!.dumps[0]!.listing).toHaveLength(100_000);
    expect((await report(listing(100_001))).statusCode).toBe(400);
    const wrong = listing(99_999);
    Object.assign(wrong.servers[0]!.dumps[0]!.listing![70_000]!, { bytes: 'many' });
    const refused = await report(wrong);
    expect([refused.statusCode, refused.json().error.field]).toEqual([
      400,
      'servers[0].dumps[0].listing[70000].bytes',
    ]);
  });

  test('with many files is checked with pauses for other work', async () => {
    const files = Array.from({ length: 100_000 }, (_, n) => ({ name: `${n}.sst`, bytes: n, sha256: null }));
    const dump = aFolder({ listing: files });
    const body = aReport([aSeenServer('10.0.0.7', 9221, { dumps: [dump] })]);
    let turns = 0;
    let isOver = false;
    const other = (): void => {
      turns++;
      if (!isOver) setImmediate(other);
    };
    setImmediate(other);
    const putBack = await checkLists(body);
    isOver = true;
    expect(turns).toBeGreaterThan(10);
    expect(body.servers[0]!.dumps[0]!.listing).toEqual([]);
    putBack();
    expect(body.servers[0]!.dumps[0]!.listing).toBe(files);
  });

  test('names a list of files that it sent before, and the answer says which lists are kept', async () => {
    const folder = aFolder({ listingId: 'abc' });
    const of = (listing: (typeof folder)['listing']) =>
      aReport([aSeenServer('10.0.0.7', 9221, { dumps: [{ ...folder, listing }] })]);
    const files = async () =>
      (await agents.listings({ agent: 'host-7', host: 'host-7', port: 9221 }))?.dumps[0]?.listing ?? null;
    await report(of(null));
    expect(await files()).toBe(null);
    await report(of([{ name: 'strings/000012.sst', bytes: 1, sha256: null }]));
    expect(await files()).toHaveLength(1);
    await report(of(null));
    expect(await files()).toHaveLength(1);
    const tooLong = { ...folder, listingId: 'x'.repeat(65) };
    const refused = await report(aReport([aSeenServer('10.0.0.7', 9221, { dumps: [tooLong] })]));
    expect(refused.statusCode).toBe(400);
  });

  test('too large for the service is refused before it is read', async () => {
    const response = await api.app.inject({
      method: 'POST',
      url: '/v1/agents/reports',
      headers: { ...bearer(agent), 'content-type': 'application/json' },
      payload: ' '.repeat(17 * 1024 * 1024),
    });
    expect([response.statusCode, response.json().error.code]).toEqual([413, 'body_too_large']);
  });
});

describe('the orders in the answer', () => {
  const start = async () =>
    (
      await api.app.inject({
        method: 'POST',
        url: '/v1/expansions',
        headers: bearer(operator),
        payload: goodRequest,
      })
    ).json().id as string;

  test('tell the agents of an expansion what it wants of their servers, and to hurry while it runs', async () => {
    const id = await start();
    api.clock.now += 1_000;
    const of = (host: string) => report(aReport([aSeenServer(host, 9221)], { host }));
    const tryPorts = [9221, 11_221, 19_222].map((port) => ({ host: '10.0.0.1', port }));
    expect((await of('10.0.0.2')).json()).toEqual({
      nextReportInMs: 15_000,
      servers: [{ port: 9221, listFiles: false, hashFiles: false, held: [], tryPorts }],
    });
    const lease = (await api.store.claim(id, 'test', 60_000))!;
    const before = (await api.store.get(id))!;
    const joins = before.joins.map((join) => ({ ...join, batch: 0 }));
    await api.store.save(
      lease,
      before,
      { ...before, state: 'running', joins },
      { events: [], lookAgainInMs: null },
    );
    api.clock.now += 1_000;
    expect((await of('10.0.0.2')).json()).toMatchObject({ nextReportInMs: 2_000 });
    expect((await of('10.0.0.1')).json()).toMatchObject({ nextReportInMs: 2_000 });
    expect((await of('10.0.0.9')).json()).toEqual({ nextReportInMs: 15_000, servers: [] });
  });
});

test('a plan that waits has the ports of its master tried', async () => {
  await report(aReport([aSeenServer('10.0.0.7', 9221)]));
  const to = { host: '10.0.0.1', port: 19_222 };
  await agents.askPorts(['10.0.0.7:9221'], [to], api.clock.now + 20_000);
  api.clock.now += 1_000;
  expect((await report(aReport([aSeenServer('10.0.0.7', 9221)]))).json()).toEqual({
    nextReportInMs: 2_000,
    servers: [{ port: 9221, listFiles: false, hashFiles: false, held: [], tryPorts: [to] }],
  });
  api.clock.now += 20_000;
  expect((await report(aReport([aSeenServer('10.0.0.7', 9221)]))).json().servers).toEqual([]);
});

test('two agents with one token and one host name are shown as two', async () => {
  const from = (instance: string) => report(aReport([aSeenServer('10.0.0.7', 9221)], { instance }));
  const contestedBy = async () => (await listed())[0]!.servers[0]!.contestedBy;
  for (const instance of ['one', 'again']) {
    await from(instance);
    api.clock.now += 1_000;
  }
  expect(await contestedBy()).toEqual([]);
  await from('one');
  expect(await contestedBy()).toEqual(['host-7@host-7']);
});

test('two agents that speak for one address are shown to each other', async () => {
  await report(aReport([aSeenServer('10.0.0.7', 9221)]));
  await report(aReport([aSeenServer('10.0.0.7', 9221)], { host: 'host-8' }));
  expect((await listed()).map(({ servers }) => servers[0]!.contestedBy)).toEqual([
    ['host-7@host-8'],
    ['host-7@host-7'],
  ]);
});
