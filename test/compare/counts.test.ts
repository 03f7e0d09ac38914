import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { compareNodes, type Endpoint, resolveSpec } from '../../src/compare/compare.ts';
import { type Answer, bulk, type FakeServer, fakeServer, soundAnswer } from './fake-server.ts';
import { redisMissing, startRedis, startRedisSlave, type TestServer, until } from './servers.ts';
import { startWriting } from './writes.ts';

const count = (left: Endpoint, right: Endpoint) =>
  compareNodes({ left, right, spec: resolveSpec({ depth: 'counts' }) });

describe.skipIf(redisMissing !== null)(`counts of keys on real Redis servers ${redisMissing ?? ''}`, () => {
  let master: TestServer;
  let slave: TestServer;
  let stranger: TestServer;

  beforeAll(async () => {
    [master, stranger] = await Promise.all([startRedis(), startRedis()]);
    slave = await startRedisSlave(master, '--replica-read-only', 'no');
  });
  afterAll(() => Promise.all([slave, master, stranger].map((server) => server.stop())));
  beforeEach(() => Promise.all([master, stranger].map((server) => server.call('FLUSHALL'))));

  const volatile = Array.from({ length: 1000 }, (_, i) => ['SET', `volatile:${i}`, 'x', 'EX', 1000]);
  const caughtUp = (keys: number) => until(async () => Number(await slave.call('DBSIZE')) === keys);

  it('are those of the same place in the stream of writes, though every key can expire', async () => {
    await master.load(volatile);
    await caughtUp(1000);
    expect(await count(master.endpoint, slave.endpoint)).toMatchObject({
      verdict: 'equal',
      counts: { exact: true, left: { db0: 1000 }, right: { db0: 1000 } },
    });
    await slave.call('DEL', 'volatile:7');
    expect(await count(master.endpoint, slave.endpoint)).toMatchObject({
      verdict: 'different',
      reason: 'the key counts differ: db0: 1000 against 999',
    });
  });

  it('show one key that is gone while writes go on', async () => {
    await master.load(Array.from({ length: 1000 }, (_, i) => ['SET', `still:${i}`, 'x']));
    await caughtUp(1000);
    await slave.call('DEL', 'still:7');
    const writing = startWriting(master, 500, 300);
    const report = await count(master.endpoint, slave.endpoint);
    await writing.stop();
    expect(report).toMatchObject({ verdict: 'different', counts: { exact: true } });
  });

  it('prove nothing of servers that do not follow each other and whose keys can all expire', async () => {
    await Promise.all([master, stranger].map((server) => server.load(volatile)));
    expect(await count(master.endpoint, stranger.endpoint)).toMatchObject({
      verdict: 'inconclusive',
      reason:
        'the key counts tell too little: db0: 1000 against 1000 (known to within 1000: writes or expiries went on)',
    });
  });

  it('say how exact they are where some keys can expire', async () => {
    const more = [
      ...volatile.slice(0, 10),
      ...Array.from({ length: 90 }, (_, i) => ['SET', `key:${i}`, 'x']),
    ];
    await Promise.all([master, stranger].map((server) => server.load(more)));
    const report = await count(master.endpoint, stranger.endpoint);
    expect(report).toMatchObject({ verdict: 'equal', counts: { exact: false } });
    expect(report.notes).toContain(
      'Counts: the key counts agree: db0: 100 against 100 (known to within 10: writes or expiries went on).',
    );
  });
});

describe('counts of keys on a Pika', () => {
  let servers: readonly FakeServer[] = [];
  afterEach(() => Promise.all(servers.map((server) => server.stop())));

  const countsOf = async (text: string) => {
    const answer = (name: string): Answer => {
      const sound = soundAnswer('pika', name);
      return (parts, socket) => (parts[1] === 'keyspace' ? bulk(text) : sound(parts, socket));
    };
    servers = [await fakeServer(answer('a')), await fakeServer(answer('b'))];
    return count(servers[0]!.endpoint, servers[1]!.endpoint);
  };
  const scanned = '# Start async statistics\r\n# Time:2026-11-26 09:00:00\r\n# Duration: 1s\r\n';

  it('that are not told are no empty server', async () => {
    expect(await countsOf(scanned)).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('told no counts of keys'),
    });
  });

  it('are by type', async () => {
    const told = `${scanned}db0 Strings_keys=5, expires=0, invalid_keys=2\r\ndb0 Hashes_keys=3, expires=0, invalid_keys=0\r\n`;
    expect(await countsOf(told)).toMatchObject({
      verdict: 'equal',
      counts: { exact: true, left: { 'db0 string': 5, 'db0 hash': 3 } },
    });
  });
});
