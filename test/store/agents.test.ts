import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AgentReport } from '../../src/model/views/agent.ts';
import { type AgentStore, isContested, mostHostsOfAgent, sightOf } from '../../src/store/agents.ts';
import { aFolder, aReport, aSeenServer } from '../support/agents.ts';
import { createMemoryAgents } from '../support/memory-agents.ts';
import { openTestStores, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';

let postgres: TestPostgres;
let database: TestDatabase;
beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createMigratedDatabase();
});
afterAll(() => postgres.stop());

const kinds: Readonly<Record<string, () => { agents: AgentStore; close(): Promise<void> }>> = {
  memory: () => ({ agents: createMemoryAgents({ reachable: () => {} }), close: async () => {} }),
  PostgreSQL() {
    const { agents, close } = openTestStores(database.connection);
    return {
      agents,
      async close() {
        await close();
        await database.empty();
      },
    };
  },
};

const nothing = { addresses: 0, servers: 0 };
const file = { name: 'strings/000012.sst', bytes: 2_000, sha256: null };

describe.each(Object.keys(kinds))('AgentStore in %s', (kind) => {
  let under: { agents: AgentStore; close(): Promise<void> };
  let agents: AgentStore;
  beforeEach(() => {
    under = kinds[kind]!();
    agents = under.agents;
  });
  afterEach(() => under.close());

  const report = (
    of: AgentReport,
    over: { agent?: string; receivedAt?: number; dropped?: typeof nothing } = {},
  ) =>
    agents.report({
      agent: 'a',
      report: of,
      receivedAt: 10_000,
      nextReportInMs: 2_000,
      dropped: nothing,
      ...over,
    });

  it('keeps what is asked of the agents of a server, until nobody waits for it any more', async () => {
    await report(aReport([aSeenServer('10.0.0.7', 9221), aSeenServer('10.0.0.7', 9222)]));
    await agents.askPorts(['10.0.0.7:9221', '10.0.0.8:9221'], [{ host: '10.0.0.1', port: 9221 }], 20_000);
    await report(aReport([aSeenServer('10.0.0.7', 9221), aSeenServer('10.0.0.7', 9222)]));
    expect(await agents.portsAsked(19_999)).toEqual([
      { addresses: ['10.0.0.7:9221'], ports: [{ host: '10.0.0.1', port: 9221 }] },
    ]);
    expect(await agents.portsAsked(20_000)).toEqual([]);
  });

  it('tells two agents with one token and one host name from one that was started again', async () => {
    const from = (instance: string, receivedAt: number) =>
      report(aReport([aSeenServer('10.0.0.7', 9221)], { instance }), { receivedAt });
    const contestedAt = async (now: number) => isContested((await agents.sights(['10.0.0.7:9221']))[0]!, now);
    await from('one', 10_000);
    await from('one', 12_000);
    await from('again', 14_000);
    await from('again', 16_000);
    expect(await contestedAt(16_000)).toBe(false);
    await from('other', 17_000);
    await from('again', 18_000);
    expect([await contestedAt(18_000), await contestedAt(23_000), await contestedAt(23_001)]).toEqual([
      true,
      true,
      false,
    ]);
    for (let n = 0; n < 20; n++) await from(`start ${n}`, 30_000 + n);
    expect((await agents.list())[0]!.instances).toHaveLength(8);
  });

  it('keeps the latest report of an agent on a host, and no server of an earlier one', async () => {
    await report(aReport([aSeenServer('10.0.0.7', 9221), aSeenServer('10.0.0.7', 9222)]));
    await report(aReport([aSeenServer('10.0.0.7', 9221, { processId: 5 })], { version: '1.1.0' }), {
      receivedAt: 12_000,
    });
    expect(await agents.list()).toMatchObject([
      {
        agent: 'a',
        host: 'host-7',
        version: '1.1.0',
        receivedAt: 12_000,
        nextReportInMs: 2_000,
        reports: 2,
        servers: [{ server: { processId: 5, addresses: [{ host: '10.0.0.7', port: 9221 }] } }],
      },
    ]);
  });

  it('finds a server by each of its addresses, in any spelling', async () => {
    const addresses = [
      { host: '10.0.0.7', port: 9221 },
      { host: 'FD00::7', port: 9221 },
      { host: 'Pika-7.example', port: 9221 },
    ];
    await report(aReport([aSeenServer('10.0.0.7', 9221, { addresses }), aSeenServer('10.0.0.7', 9222)]));
    for (const asked of ['10.0.0.7:9221', '[fd00:0::7]:9221', 'pika-7.EXAMPLE:9221', '::ffff:10.0.0.7'])
      expect([asked, (await agents.sights([asked])).length]).toEqual([asked, asked.includes('ffff') ? 0 : 1]);
    expect(await agents.sights(['10.0.0.8:9221'])).toEqual([]);
    expect(await agents.sights([])).toEqual([]);
    expect(await agents.sights(['10.0.0.7:9222', '10.0.0.7:9221'])).toHaveLength(2);
  });

  it('finds what each agent says of an address that two of them claim', async () => {
    await report(aReport([aSeenServer('10.0.0.7', 9221)]));
    await report(aReport([aSeenServer('10.0.0.7', 9221)], { host: 'host-8' }), { agent: 'b' });
    const found = await agents.sights(['10.0.0.7:9221']);
    expect(found.map(({ agent, host }) => [agent, host])).toEqual([
      ['a', 'host-7'],
      ['b', 'host-8'],
    ]);
  });

  it('keeps listings apart from what is shown', async () => {
    const dumps = [aFolder({ listing: [file] })];
    await report(aReport([aSeenServer('10.0.0.7', 9221, { dumps }), aSeenServer('10.0.0.7', 9222)]));
    const [first, second] = await agents.sights(['10.0.0.7:9221', '10.0.0.7:9222']);
    expect([first!.hasListings, second!.hasListings]).toEqual([true, false]);
    expect(first!.server.dumps).toEqual([aFolder()]);
    const of = { agent: 'a', host: 'host-7' };
    expect(await agents.listings({ ...of, port: 9221 })).toEqual({
      at: 10_000,
      dumps,
      copies: [],
      opened: [],
    });
    expect(await agents.listings({ ...of, port: 9222 })).toBeNull();
    await report(aReport([aSeenServer('10.0.0.7', 9221)]));
    expect(await agents.listings({ ...of, port: 9221 })).toBeNull();
  });

  it('keeps a list of files that a report names by its id, for as long as reports name it', async () => {
    const of = { agent: 'a', host: 'host-7', port: 9221 };
    const ids = async () => (await agents.listings(of))?.dumps.map(({ listing }) => listing?.length ?? null);
    const files = Array.from({ length: 10_001 }, (_, n) => ({ ...file, name: `strings/${n}.sst` }));
    const send = (...dumps: ReturnType<typeof aFolder>[]) =>
      report(aReport([aSeenServer('10.0.0.7', 9221, { dumps }), aSeenServer('10.0.0.7', 9222, { dumps })]));
    const [long, empty] = [aFolder({ listingId: 'long' }), aFolder({ db: 'db1', listingId: 'empty' })];
    const held = await send({ ...long, listing: files }, { ...empty, listing: [] });
    expect([...held]).toEqual([9221, 9222].map((port) => [port, ['empty', 'long']]));
    expect([await ids(), (await agents.listings(of))!.dumps[0]!.listing]).toEqual([[10_001, 0], files]);
    expect((await send(long, empty)).get(9221)).toEqual(['empty', 'long']);
    expect((await agents.sights(['10.0.0.7:9221']))[0]!.hasListings).toBe(true);
    expect(await ids()).toEqual([10_001, 0]);
    const known = await agents.listings(of, new Map([['long', [file]]]));
    expect(known!.dumps.map(({ listing }) => listing!.length)).toEqual([1, 0]);
    // Nobody has sent the list of this one, and the other one is named no more.
    expect((await send(aFolder({ listingId: 'unknown\0' }), empty)).get(9221)).toEqual(['empty']);
    expect(await ids()).toEqual([null, 0]);
    expect((await send(long)).get(9221)).toEqual([]);
    expect(await agents.listings(of)).toBeNull();
  });

  it('keeps no more lists than may be: of a host with more files each report brings its own', async () => {
    const many = Array.from({ length: 101 }, (_, n) => aFolder({ db: `db${n}`, listingId: String(n) }));
    const send = async (dumps: ReturnType<typeof aFolder>[]) =>
      (await report(aReport([aSeenServer('10.0.0.7', 9221, { dumps })]))).get(9221)!.length;
    const full = (dumps: ReturnType<typeof aFolder>[]) => dumps.map((dump) => ({ ...dump, listing: [file] }));
    expect(await send(full(many.slice(0, 100)))).toBe(100);
    expect(await send([...many.slice(0, 100), ...full(many.slice(100))])).toBe(101);
    expect(await send([...many.slice(0, 100), ...full(many.slice(100))])).toBe(1);
  });

  it('takes the difference of the clocks off every time, and does not let slow reports move them', async () => {
    const log = [
      { code: 'bgsave_begun', at: 70_500, thread: 1, values: {}, line: 'db0 after prepare bgsave' },
    ];
    const at = async () => sightOf((await agents.sights(['10.0.0.7:9221']))[0]!).server.log[0]!.at;
    const send = (sentAt: number, receivedAt: number) =>
      report(aReport([aSeenServer('10.0.0.7', 9221, { log })], { sentAt }), { receivedAt });
    await send(70_990, 11_000);
    expect(await at()).toBe(10_510);
    await send(72_800, 14_000);
    expect(await at()).toBe(10_510);
    await send(75_000, 15_000);
    expect(await at()).toBe(10_500);
    // The clock of the host was set right.
    await send(17_000, 17_000);
    expect(await at()).toBe(70_500);
  });

  it('counts what was dropped and refused', async () => {
    const dropped = { addresses: 2, servers: 1 };
    await agents.refused('a', 'host-7');
    expect(await agents.list()).toEqual([]);
    await report(aReport([]), { dropped });
    await report(aReport([]), { dropped });
    await agents.refused('a', 'host-7');
    expect((await agents.list())[0]).toMatchObject({ dropped, reports: 2, refused: 1 });
  });

  it('counts agents, and those whose three last reports did not come', async () => {
    await report(aReport([], { host: 'a' }), { receivedAt: 10_000 });
    await report(aReport([], { host: 'b' }), { receivedAt: 11_000 });
    expect(await agents.counts(16_000)).toMatchObject({ agents: 2, stale: 0 });
    const latest = [
      { agent: 'a', host: 'a', receivedAt: 10_000 },
      { agent: 'a', host: 'b', receivedAt: 11_000 },
    ];
    expect(await agents.counts(16_001)).toEqual({ agents: 2, stale: 1, latest });
  });

  it('deletes agents that were not heard of, and keeps a bounded number of hosts of an agent', async () => {
    await report(aReport([aSeenServer('10.0.0.7', 9221)], { host: 'old' }), { receivedAt: 1_000 });
    for (let n = 0; n < mostHostsOfAgent; n += 1)
      await report(aReport([], { host: `h${n}` }), { receivedAt: 2_000 + n });
    expect(await agents.sights(['10.0.0.7:9221'])).toEqual([]);
    expect(await agents.list()).toHaveLength(mostHostsOfAgent);
    expect(await agents.prune(2_010)).toBe(10);
    expect(await agents.list()).toHaveLength(mostHostsOfAgent - 10);
  });

  it('stores what no text of PostgreSQL can hold', async () => {
    await report(aReport([aSeenServer('10.0.0.7', 9221, { config: 'a\u0000b' })], { host: 'h\u0000' }));
    expect(await agents.sights(['10.0.0.7:9221'])).toMatchObject([{ server: { config: 'a\ufffdb' } }]);
  });
});
