import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { compareNodes, resolveSpec } from '../../src/compare/compare.ts';
import type { Argument } from '../../src/resp/writer.ts';
import {
  changePikaSlave,
  followPika,
  pikaBinary,
  pikaMissing,
  startPika,
  type TestServer,
  until,
} from './servers.ts';

const counts = { string: 30_000, small: 2000 };

function* data(severalTypes: boolean): Generator<readonly Argument[]> {
  for (let i = 0; i < counts.string; i++) yield ['SET', `user:${i}`, `value ${i}`.padEnd(100, 'x')];
  for (let i = 0; i < counts.small; i++) {
    yield ['HMSET', `hash:${i}`, 'f', 'v', 'n', i];
    yield ['SADD', `set:${i}`, 'a', 'b', i];
    yield ['ZADD', `zset:${i}`, 1, 'a', i, 'b'];
    yield ['RPUSH', `list:${i}`, 'a', 'b', i];
  }
  for (let i = 0; i < 1500; i++) {
    yield ['HSET', 'large hash', `f${i}`, `value ${i}`];
    yield ['SADD', 'large set', `m${i}`];
    yield ['ZADD', 'large zset', i % 7, `m${i}`];
    yield ['RPUSH', 'large list', `item ${i}`];
  }
  for (let i = 0; i < 300; i++) {
    yield ['SET', `volatile:${i}`, 'x'];
    yield ['EXPIRE', `volatile:${i}`, 3600];
  }
  yield ['SET', Buffer.from([0, 13, 10, 255]), Buffer.from([0, 1, 0])];
  yield ['SET', 'empty', ''];
  if (severalTypes) yield ['HSET', 'user:7', 'a name with', 'two types'];
  else for (let i = 0; i < 50; i++) yield ['XADD', `stream:${i}`, '*', 'f', i];
}

describe.skipIf(pikaMissing !== null)(`real Pika ${pikaBinary ?? ''} ${pikaMissing ?? ''}`, () => {
  let master: TestServer;
  let slave: TestServer;
  let severalTypes: boolean;

  beforeAll(async () => {
    [master, slave] = await Promise.all([startPika(), startPika()]);
    severalTypes = /pika_version:3/.test(String(await master.call('INFO', 'server')));
    await master.load(data(severalTypes));
    await master.load([
      ['SELECT', 1],
      ['SET', 'in db1', 'x'],
      ['SELECT', 0],
    ]);
    await followPika(slave, master);
  }, 300_000);
  afterAll(async () => {
    await slave?.stop();
    await master?.stop();
  });

  const compare = (spec: Parameters<typeof resolveSpec>[0]) =>
    compareNodes({ left: master.endpoint, right: slave.endpoint, spec: resolveSpec(spec) });

  it('is equal by every depth after a full sync, every key of every type and DB', async () => {
    expect(await compare({ depth: 'full' })).toMatchObject({
      verdict: 'equal',
      share: 1,
      smallestLossFound: 0,
      lookedAtKeysByType: {
        string: counts.string + 303,
        zset: counts.small + 1,
        ...(severalTypes ? {} : { stream: 50 }),
      },
    });
    const sample = await compare({ samplePerType: 500 });
    expect(sample).toMatchObject({ verdict: 'equal', differencesTotal: 0, settledByRecheck: 0 });
    expect(sample.lookedAtKeys).toBeGreaterThanOrEqual(2500);
    expect(await compare({ depth: 'counts' })).toMatchObject({ verdict: 'equal' });
  });

  it('is equal under writes to the very keys', async () => {
    let stopped = false;
    const writing = (async () => {
      for (let turn = 0; !stopped; turn++)
        await master.load(
          Array.from({ length: 20 }, (_, i) => {
            const name = `user:${Math.imul(turn * 20 + i, 7919) % 5000}`;
            return i % 3 === 0 ? ['DEL', name] : ['SET', name, `turn ${turn}`];
          }),
        );
    })();
    const report = await compare({ depth: 'full', maxOpsPerSecond: 20_000 });
    stopped = true;
    await writing;
    expect(report.examples).toEqual([]);
    expect(report.verdict).toBe('equal');
  });

  it('says nothing when the slave is attached anew in the middle', async () => {
    let attached = null as Promise<void> | null;
    const attach = async () => {
      await slave.call('SLAVEOF', 'NO', 'ONE');
      await until(async () => !/^slave0:/m.test(String(await master.call('INFO', 'replication'))));
      await followPika(slave, master);
    };
    const report = await compareNodes({
      left: master.endpoint,
      right: slave.endpoint,
      spec: resolveSpec({ depth: 'full', maxOpsPerSecond: 10_000 }),
      onProgress: ({ lookedAtKeys }) => {
        if (lookedAtKeys > 0) attached ??= attach();
      },
    });
    await attached;
    expect(report).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringMatching(
        /(its master changed|its role changed|new copy of the data).* during the comparison/,
      ),
    });
  });

  it('shows every kind of difference, though link, lag and offsets say all is well', async () => {
    await changePikaSlave(slave, master, [
      ['DEL', 'hash:5'],
      ['SET', 'user:25000', 'other'],
      ['PERSIST', 'volatile:3'],
      ['HSET', 'foreign', 'a', 'b'],
      ['SREM', 'set:1', 'a'],
      ['HSET', 'large hash', 'f100', 'other'],
      ['ZADD', 'large zset', 99, 'm1000'],
      ['DEL', 'list:2'],
      ['SADD', 'list:2', 'a'],
      ['LSET', 'large list', 1200, 'other'],
    ]);
    const report = await compare({ depth: 'full' });
    expect(report.examples.map(({ key, kind }) => `${key} ${kind}`).sort()).toEqual([
      'foreign foreign',
      'hash:5 missing',
      'large hash value',
      'large list value',
      'large zset value',
      'list:2 type',
      'set:1 length',
      'user:25000 value',
      'volatile:3 ttl',
    ]);
    expect(report).toMatchObject({ verdict: 'different', differencesTotal: 9 });
  });
});

describe.skipIf(pikaMissing !== null)(
  `oddities of real Pika ${pikaBinary ?? ''} ${pikaMissing ?? ''}`,
  () => {
    let servers: readonly [TestServer, TestServer];
    let listsStreams: boolean;

    beforeAll(async () => {
      servers = await Promise.all([startPika(), startPika()]);
      listsStreams = !/pika_version:3/.test(String(await servers[0].call('INFO', 'server')));
    }, 300_000);
    beforeEach(async () => {
      for (const server of servers) {
        await until(async () => String(await server.call('FLUSHALL')) === 'OK');
        await until(async () => String(await server.call('PKSCANRANGE', 'string', '', '')) === ',');
      }
    });
    afterAll(() => Promise.all(servers.map((server) => server.stop())));

    const load = (commands: readonly (readonly Argument[])[]) =>
      Promise.all(servers.map((server) => server.load(commands)));

    const compare = (spec: Parameters<typeof resolveSpec>[0] = {}) => {
      const [left, right] = servers.map((server) => server.endpoint);
      return compareNodes({ left: left!, right: right!, spec: resolveSpec({ depth: 'full', ...spec }) });
    };

    const stream = (name: string) => ['XADD', name, '1-1', 'f', 'v'];

    it('says of streams whether it looked at them', async () => {
      await load([['SET', 'string', 'x'], stream('stream'), stream('s')]);
      await servers[1].load([['DEL', 's']]);
      const report = await compare();
      if (listsStreams)
        expect(report).toMatchObject({ verdict: 'different', differencesByKind: { missing: 1 } });
      else
        expect(report).toMatchObject({
          verdict: 'equal',
          notes: expect.arrayContaining([expect.stringMatching(/^Streams were not looked at/)]),
        });
    });

    it('finds streams among keys of one byte, at which SCAN may end early', async () => {
      if (!listsStreams) return;
      const single = Array.from({ length: 255 }, (_, i) => Buffer.from([i + 1]));
      const before = Array.from({ length: 745 }, (_, i) =>
        Buffer.from([1, 1 + Math.floor(i / 200), 1 + (i % 200)]),
      );
      await load([...before, ...single].map((key) => ['SET', key, 'x']));
      await load(Array.from({ length: 300 }, (_, i) => stream(`stream:${i}`)));
      expect(await compare()).toMatchObject({
        verdict: 'equal',
        lookedAtKeysByType: { string: 1000, stream: 300 },
      });
      await servers[1].load([['DEL', 'stream:299']]);
      expect(await compare()).toMatchObject({ verdict: 'different', differencesByKind: { missing: 1 } });
    });

    it('gets past keys that 4.0.1 names alike: it forgets what follows the last zero byte of a name', async () => {
      const zeroes = Array.from({ length: 1500 }, (_, i) => [
        'SET',
        `zero\0${String(i).padStart(10, '0')}`,
        'x',
      ]);
      await load([...zeroes, ['SET', 'zero', 'x'], ['SET', 'zero ', 'x'], ['SET', 'zzz', 'x']]);
      await servers[1].load([['DEL', 'zzz']]);
      const report = await compare();
      expect(report).toMatchObject({ verdict: 'different', differencesByKind: { missing: 1 } });
      if (!listsStreams) expect(report.lookedAtKeys).toBe(1503);
    });

    it.each(['bin', 'nib'])(
      'compares a string that 4.0.1 lists under a name cut short (%s)',
      async (other) => {
        const name = Buffer.from('name\0more');
        await servers[0].call('SET', name, 'bin');
        await servers[1].call('SET', name, other);
        const report = await compare();
        expect(report).toMatchObject({
          verdict: other === 'bin' ? 'equal' : 'different',
          lookedAtKeysByType: { string: 1 },
        });
      },
    );

    it('says of what else 4.0.1 lists under names cut short that it could not be compared', async () => {
      await load([['SADD', Buffer.from('name\0more'), 'member']]);
      const report = await compare();
      if (listsStreams)
        expect(report).toMatchObject({
          verdict: 'inconclusive',
          reason: expect.stringContaining(
            'keys of type set whose names hold a zero byte could not be compared',
          ),
        });
      else expect(report).toMatchObject({ verdict: 'equal', lookedAtKeys: 1 });
      if (!listsStreams) return;
      expect(await compare({ depth: 'sample' })).toMatchObject({
        verdict: 'inconclusive',
        reason: expect.stringContaining('whose names hold a zero byte'),
      });
      await load([['SET', 'other', 'value']]);
      const sampled = await compare({ depth: 'sample' });
      expect(sampled).toMatchObject({ verdict: 'equal', lookedAtKeys: 1, smallestLossFound: null });
      expect(sampled.notes).toContainEqual(expect.stringContaining('whose names hold a zero byte'));
    });

    it('calls a key that expires and is missing missing, and nothing else', async () => {
      await load([
        ['SET', 'volatile', 'x'],
        ['EXPIRE', 'volatile', 1000],
        ['SET', 'other', 'x'],
        ['HSET', 'hash', 'f', 'v'],
        ['EXPIRE', 'hash', 1000],
      ]);
      await servers[1].load([['DEL', 'volatile', 'hash']]);
      expect(await compare()).toMatchObject({ differencesTotal: 2, differencesByKind: { missing: 2 } });
    });

    it('does not call a key missing that has expired on the slave in the second in which it will on the master', async () => {
      await load([['SET', 'key', 'x']]);
      await servers[0].load([
        ['SET', 'volatile', 'x'],
        ['EXPIRE', 'volatile', 1],
      ]);
      expect(await compare({ rounds: 1 })).toMatchObject({ verdict: 'equal' });
    });

    it('compares strings that are too large to be kept', async () => {
      await load([
        ...Array.from({ length: 600 }, (_, i) => ['SET', `key:${i}`, `value ${i}`]),
        ...Array.from({ length: 6 }, (_, i) => ['SET', `key:300:${i}`, Buffer.alloc(7_000_000, i)]),
      ]);
      expect(await compare()).toMatchObject({ verdict: 'equal', lookedAtKeys: 606 });
      await servers[1].load([['SETRANGE', 'key:300:4', 6_999_999, '#']]);
      const report = await compare();
      expect(report).toMatchObject({ lookedAtKeys: 606, differencesByKind: { value: 1 } });
      expect(report.examples[0]!.key).toBe('key:300:4');
    });

    it('gives the same counts before it looks at all keys, and leaves out expiries where no key has one', async () => {
      await load(Array.from({ length: 500 }, (_, i) => ['SET', `key:${i}`, 'x']));
      const report = await compare({ keyCounts: true });
      expect(report).toMatchObject({
        verdict: 'equal',
        lookedAtKeys: 500,
        counts: { exact: true, left: { 'db0 string': 500 }, right: { 'db0 string': 500 } },
      });
    });
  },
);
