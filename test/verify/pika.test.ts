import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareNodes, resolveSpec } from '../../src/verify/compare.ts';
import type { Argument } from '../../src/verify/resp.ts';
import {
  changePikaSlave,
  followPika,
  pikaBinary,
  pikaMissing,
  startPika,
  type TestServer,
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
