import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { compareNodes, resolveSpec } from '../../src/compare/compare.ts';
import { run } from '../../src/compare/run.ts';
import { WireConnection } from '../../src/compare/wire/wire.ts';
import type { Argument } from '../../src/resp/writer.ts';
import { redisMissing, startRedis, type TestServer } from './servers.ts';

const megabyte = 1_000_000;

describe.skipIf(redisMissing !== null)(`large values on two real Redis servers ${redisMissing ?? ''}`, () => {
  let servers: readonly [TestServer, TestServer];

  beforeAll(async () => {
    servers = await Promise.all([startRedis(), startRedis()]);
  });
  afterAll(() => Promise.all(servers.map((server) => server.stop())));
  beforeEach(() => Promise.all(servers.map((server) => server.call('FLUSHALL'))));

  const load = (commands: readonly (readonly Argument[])[]) =>
    Promise.all(servers.map((server) => server.load(commands)));

  const compare = (depth: 'full' | 'sample' = 'full') => {
    const [left, right] = servers.map((server) => server.endpoint);
    return compareNodes({ left: left!, right: right!, spec: resolveSpec({ depth }) });
  };

  /** In this thread, where a test may look on. */
  const compareHere = async () => {
    const [left, right] = servers.map((server) => server.endpoint);
    return (await run({ left: left!, right: right!, spec: resolveSpec({ depth: 'full' }) })).report;
  };

  const found = async () => (await compare()).examples.map(({ key, kind }) => `${key} ${kind}`).sort();

  const small = Array.from({ length: 2000 }, (_, i) => ['SET', `small:${i}`, `value ${i}`]);

  it.each(['full', 'sample'] as const)('that are equal are so (%s)', async (depth) => {
    await load([
      ...small,
      ...Array.from({ length: 5 }, (_, i) => ['SET', `large:${i}`, Buffer.alloc(12 * megabyte, i)]),
    ]);
    expect(await compare(depth)).toMatchObject({ verdict: 'equal' });
  });

  it('show a difference at their beginning, in their middle, at their end, and of their length', async () => {
    await load([
      ...small,
      ...['beginning', 'middle', 'end', 'length', 'missing', 'same'].map((name) => [
        'SET',
        name,
        Buffer.alloc(7 * megabyte, name),
      ]),
    ]);
    await servers[1].load([
      ['SETRANGE', 'beginning', 0, 'other'],
      ['SETRANGE', 'middle', 3 * megabyte, 'other'],
      ['SETRANGE', 'end', 7 * megabyte - 1, '#'],
      ['APPEND', 'length', '#'],
      ['DEL', 'missing'],
      ['SET', 'small:77', 'other'],
    ]);
    expect(await found()).toEqual([
      'beginning value',
      'end value',
      'length value',
      'middle value',
      'missing missing',
      'small:77 value',
    ]);
  });

  it.each([10_000, 100_000])('of %i bytes come some 256 KB at a time', async (bytes) => {
    await load(Array.from({ length: 400 }, (_, i) => ['SET', `string:${i}`, Buffer.alloc(bytes, i)]));
    const { sendBytes } = WireConnection.prototype;
    const replies: number[] = [];
    vi.spyOn(WireConnection.prototype, 'sendBytes').mockImplementation(async function (
      this: WireConnection,
      ...asked
    ) {
      const reply = await sendBytes.apply(this, asked);
      replies.push(reply.totalBytes);
      return reply;
    });
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    expect(await compareHere()).toMatchObject({ verdict: 'equal', lookedAtKeys: 400 });
    expect(Math.max(...replies)).toBeLessThan(500_000);
    expect(replies.filter((each) => each > 150_000).length).toBeGreaterThan((2 * 400 * bytes) / 350_000 / 2);
  });

  it('are read in pieces where they differ, or where most are large', async () => {
    await load(Array.from({ length: 30 }, (_, i) => ['SET', `large:${i}`, Buffer.alloc(3 * megabyte, i)]));
    await servers[1].load([['SETRANGE', 'large:3', megabyte, 'other']]);
    for (const server of servers) await server.call('CONFIG', 'RESETSTAT');
    expect(await compare()).toMatchObject({ lookedAtKeys: 30, differencesByKind: { value: 1 } });
    for (const server of servers) {
      const stats = String(await server.call('INFO', 'commandstats'));
      const calls = (name: string) =>
        Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
      expect(calls('getrange')).toBeGreaterThan(30 * 5);
      expect([calls('mget'), calls('get')]).toEqual([0, 0]);
    }
  });

  it('that are members of collections show their differences too', async () => {
    const members = Array.from({ length: 600 }, (_, i) => i);
    await load([
      ...members.flatMap((i) => [
        ['HSET', 'hash', `f${i}`, `value ${i}`],
        ['RPUSH', 'list', `item ${i}`],
      ]),
      ['HSET', 'hash', 'large', Buffer.alloc(9 * megabyte, 'h')],
      ['HSET', 'other hash', 'large', Buffer.alloc(9 * megabyte, 'o')],
      ['RPUSH', 'list', Buffer.alloc(9 * megabyte, 'l')],
      ['SADD', 'set', Buffer.alloc(9 * megabyte, 's')],
    ]);
    expect(await compare()).toMatchObject({ verdict: 'equal', lookedAtKeys: 4 });
    await servers[1].load([
      ['HSET', 'hash', 'large', Buffer.alloc(9 * megabyte, 'x')],
      ['LSET', 'list', -1, Buffer.alloc(9 * megabyte, 'x')],
      ['DEL', 'set'],
      ['SADD', 'set', Buffer.alloc(9 * megabyte, 'x')],
    ]);
    expect(await found()).toEqual(['hash value', 'list value', 'set value']);
  });

  it('that are members of 5 to 24 MB are judged one piece at a time', async () => {
    for (const [at, server] of servers.entries()) {
      const values = Array.from({ length: 12 }, (_, i) => [`f${i}`, Buffer.alloc(5 * megabyte, i + at)]);
      await server.load([['HSET', 'hash', ...values.flat()]]);
    }
    const held = hugeRepliesHeld();
    expect(await compareHere()).toMatchObject({ verdict: 'different', differencesByKind: { value: 1 } });
    // Of each side a piece and the next piece, and of one side an answer about members of the other side's piece.
    expect(held.most).toBeLessThanOrEqual(5);
  });

  /** How many replies of more than 4 MB a comparison in this thread has in memory, at the most. */
  function hugeRepliesHeld() {
    const held = { now: 0, most: 0 };
    const { sendBytes, release } = WireConnection.prototype;
    const isHuge = ({ totalBytes, digest }: Awaited<ReturnType<typeof sendBytes>>) =>
      digest === null && totalBytes > 4 * megabyte;
    vi.spyOn(WireConnection.prototype, 'sendBytes').mockImplementation(async function (
      this: WireConnection,
      ...asked
    ) {
      const replies = await sendBytes.apply(this, asked);
      if (isHuge(replies)) held.most = Math.max(held.most, ++held.now);
      return replies;
    });
    vi.spyOn(WireConnection.prototype, 'release').mockImplementation(function (
      this: WireConnection,
      replies,
    ) {
      if (isHuge(replies)) held.now -= 1;
      release.call(this, replies);
    });
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    return held;
  }

  describe('collections of many members', () => {
    const numbers = Array.from({ length: 12_000 }, (_, i) => i);

    beforeEach(() =>
      load([
        ['HSET', 'hash', ...numbers.flatMap((i) => [`f${i}`, `value ${i}`])],
        ['SADD', 'set', ...numbers.map((i) => `member ${i}`)],
        ['ZADD', 'zset', ...numbers.flatMap((i) => [i, `member ${i}`])],
      ]),
    );

    it('are walked on one side alone where nobody writes to them', async () => {
      expect(await askedFor()).toEqual([
        ['hscan', 'sscan', 'zscan'],
        ['hmget', 'smismember', 'zmscore'],
      ]);
    });

    it.each([
      ['their members may expire', /(?<=db0:keys=.*)(?=\r\n)/, ',subexpiry=1'],
      ['their members may expire on Valkey', /(?<=db0:keys=.*)(?=\r\n)/, ',keys_with_volatile_items=1'],
      ['a server does not tell of writes', /rdb_changes_since_last_save.*\r\n/, ''],
    ])('are walked on both sides where %s', async (_, told, inItsPlace) => {
      const { must } = WireConnection.prototype;
      vi.spyOn(WireConnection.prototype, 'must').mockImplementation(async function (
        this: WireConnection,
        ...parts
      ) {
        const reply = await must.apply(this, parts);
        return Buffer.isBuffer(reply) ? Buffer.from(String(reply).replace(told, inItsPlace)) : reply;
      });
      onTestFinished(() => {
        vi.restoreAllMocks();
      });
      const all = ['hmget', 'hscan', 'smismember', 'sscan', 'zmscore', 'zscan'];
      expect(await askedFor()).toEqual([all, all]);
    });

    /** What each server was asked about members by a comparison of what is equal. */
    async function askedFor() {
      for (const server of servers) await server.call('CONFIG', 'RESETSTAT');
      expect(await compareHere()).toMatchObject({ verdict: 'equal', lookedAtKeys: 3 });
      return Promise.all(
        servers.map(async (server) =>
          [...String(await server.call('INFO', 'commandstats')).matchAll(/^cmdstat_(\w+):/gm)]
            .map(([, name]) => name!)
            .filter((name) => /^[hsz]scan$|^[hsz]m[a-z]+$/.test(name))
            .toSorted(),
        ),
      );
    }

    const foreign = ['HSET', 'hash', 'x', 'y'];
    it.each([
      ['where one more came after they were counted first', 'HLEN', 1, [], [foreign]],
      [
        'where it came in place of another one, all compared',
        'HLEN',
        2,
        [],
        [['HDEL', 'hash', 'f7'], foreign],
      ],
      [
        'where it was there in place of another one, which then came',
        'HGET',
        1,
        [['HDEL', 'hash', 'f7'], foreign],
        [['HSET', 'hash', 'f7', 'value 7']],
      ],
    ] as const)('show a member of the right side alone %s', async (_, command, time, before, writes) => {
      await servers[1].load(before);
      onAnswer(command, time, () => servers[1].load(writes));
      expect(await compareHere()).toMatchObject({ verdict: 'different', differencesByKind: { value: 1 } });
    });

    /** Does something when the right server has answered such a command for such a time, and nobody has heard the answer yet. */
    function onAnswer(command: string, time: number, then: () => Promise<void>) {
      let times = 0;
      const { sendBytes } = WireConnection.prototype;
      vi.spyOn(WireConnection.prototype, 'sendBytes').mockImplementation(async function (
        this: WireConnection,
        ...asked
      ) {
        const isIt = asked[0].includes(`\r\n${command}\r\n`) && this.name !== servers[0].connection.name;
        const replies = await sendBytes.apply(this, asked);
        if (isIt && ++times === time) {
          vi.restoreAllMocks();
          await then();
        }
        return replies;
      });
      onTestFinished(() => {
        vi.restoreAllMocks();
      });
    }
  });

  it('that are too large to be compared are named, and never equal', async () => {
    // So many fields hardly ever come in the same order from both servers, which would make their bytes the same.
    const small = Array.from({ length: 20 }, (_, i) => [`small:${i}`, 'x']).flat();
    await load([['HSET', 'hash', 'large', Buffer.alloc(60 * megabyte, 'h'), ...small]]);
    const report = await compare();
    expect(report).toMatchObject({ verdict: 'inconclusive', smallestLossFound: null });
    expect(report.reason).toMatch(/the hash hash could not be compared: one of its members takes \d+ bytes/);
  });
});

describe.skipIf(redisMissing !== null)(`servers that refuse a command alike ${redisMissing ?? ''}`, () => {
  let servers: readonly [TestServer, TestServer];

  beforeAll(async () => {
    servers = await Promise.all([startRedis(), startRedis()]);
    for (const server of servers)
      await server.load([
        ['SET', 'string', 'x', 'EX', 1000],
        ['HSET', 'hash', 'f', 'v'],
        ...Array.from({ length: 600 }, (_, i) => ['RPUSH', 'list', i]),
      ]);
  });
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  it.each(['mget', 'hgetall', 'hlen', 'lrange', 'pexpiretime', 'type', 'scan', 'info'])(
    'are not equal for it: %s',
    async (command) => {
      for (const server of servers)
        await server.call('ACL', 'SETUSER', 'reader', 'reset', 'on', '>secret', '~*', '+@all', `-${command}`);
      const [left, right] = servers.map(({ endpoint }) => ({
        ...endpoint,
        credential: { username: 'reader', password: 'secret' },
      }));
      const report = await compareNodes({ left: left!, right: right!, spec: resolveSpec({ depth: 'full' }) });
      expect(report).toMatchObject({
        verdict: 'inconclusive',
        reason: expect.stringContaining('has no permissions'),
      });
    },
  );
});
