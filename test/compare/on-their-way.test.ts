import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ComparisonSpec, resolveSpec } from '../../src/compare/compare.ts';
import { type Clock, systemClock } from '../../src/compare/pace.ts';
import { run } from '../../src/compare/run.ts';
import type { Argument } from '../../src/resp/writer.ts';
import { redisMissing, startRedis, type TestServer } from './servers.ts';

const names = (count: number, prefix: string) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

describe.skipIf(redisMissing !== null)(`writes on their way to the right side ${redisMissing ?? ''}`, () => {
  let servers: readonly [TestServer, TestServer];

  beforeAll(async () => {
    servers = await Promise.all([startRedis(), startRedis()]);
  });
  afterAll(() => Promise.all(servers.map((server) => server.stop())));
  beforeEach(() => Promise.all(servers.map((server) => server.call('FLUSHALL'))));

  const load = (commands: readonly (readonly Argument[])[]) =>
    Promise.all(servers.map((server) => server.load(commands)));

  /** Compares, and carries out `late` on the right side before what differed is looked at again for the first time, or the n-th. */
  async function compare(
    late: readonly (readonly Argument[])[],
    spec: Partial<ComparisonSpec> = {},
    nth = 1,
  ) {
    let arrived: Promise<void> | null = null;
    let looks = 0;
    const clock: Clock = {
      now: systemClock.now,
      sleep: async (ms, signal) => {
        looks += 1;
        if (looks === nth) arrived = servers[1].load(late);
        await arrived;
        await systemClock.sleep(Math.min(ms, 20), signal);
      },
    };
    const [left, right] = servers.map((server) => server.endpoint);
    const limits = { maxMasterLatencyMs: null, maxSlaveLagBytes: null };
    const { report } = await run({
      left: left!,
      right: right!,
      spec: resolveSpec({ depth: 'full', ...limits, ...spec }),
      clock,
    });
    expect(arrived).not.toBeNull();
    return report;
  }

  const found = ({ examples }: Awaited<ReturnType<typeof compare>>) =>
    examples.map(({ key, kind }) => `${key} ${kind}`).sort();

  it('do not hide a member that differs, of collections whose sizes differed for a moment', async () => {
    const members = names(1000, 'm');
    await load([
      ['SADD', 'set', ...members],
      ['HSET', 'hash', ...members.flatMap((name) => [name, 'v'])],
      ['ZADD', 'zset', ...members.flatMap((name) => [1, name])],
      ['RPUSH', 'list', ...members],
    ]);
    await servers[1].load([
      ['SREM', 'set', 'm5', 'm999'],
      ['SADD', 'set', 'other'],
      ['HSET', 'hash', 'm5', 'other'],
      ['HDEL', 'hash', 'm999'],
      ['ZADD', 'zset', 2, 'm5'],
      ['ZREM', 'zset', 'm999'],
      ['LSET', 'list', 5, 'other'],
      ['RPOP', 'list'],
    ]);
    const report = await compare([
      ['SADD', 'set', 'm999'],
      ['HSET', 'hash', 'm999', 'v'],
      ['ZADD', 'zset', 1, 'm999'],
      ['RPUSH', 'list', 'm999'],
    ]);
    expect(found(report)).toEqual(['hash value', 'list value', 'set value', 'zset value']);
  });

  it('do not hide a member that only the right side has, in the place of one that it had not yet', async () => {
    const members = names(1000, 'm');
    await load([
      ['SADD', 'set', ...members],
      ['HSET', 'hash', ...members.flatMap((name) => [name, 'v'])],
      ['ZADD', 'zset', ...members.flatMap((name) => [1, name])],
    ]);
    await servers[1].load([
      ['SREM', 'set', 'm7'],
      ['SADD', 'set', 'foreign'],
      ['HDEL', 'hash', 'm7'],
      ['HSET', 'hash', 'foreign', 'v'],
      ['ZREM', 'zset', 'm7'],
      ['ZADD', 'zset', 1, 'foreign'],
    ]);
    const report = await compare([
      ['SADD', 'set', 'm7'],
      ['HSET', 'hash', 'm7', 'v'],
      ['ZADD', 'zset', 1, 'm7'],
    ]);
    expect(found(report)).toEqual(['hash value', 'set value', 'zset value']);
  });

  it('are no difference of a collection that is too large to be read at once', async () => {
    const fields = names(500, 'f');
    const value = 'v'.repeat(10_000);
    await load([['HSET', 'hash', ...fields.flatMap((name) => [name, name + value])]]);
    await servers[1].load([['HDEL', 'hash', 'f9']]);
    const late = [['HSET', 'hash', 'f9', `f9${value}`]];
    expect(await compare(late)).toMatchObject({ verdict: 'equal', lookedAtKeysByType: { hash: 1 } });
    await servers[1].load([
      ['HDEL', 'hash', 'f9'],
      ['HSET', 'hash', 'f8', 'other'],
    ]);
    expect(found(await compare(late))).toEqual(['hash value']);
  });

  it('to one collection do not end the walk over it because another one differs', async () => {
    const fields = names(20_000, 'f');
    await load([
      ['HSET', 'hash', ...fields.flatMap((name) => [name, name])],
      ['SADD', 'a set', ...names(2000, 'm')],
    ]);
    const scanned: string[] = [];
    for (let cursor = '0'; scanned.length === 0 || cursor !== '0'; ) {
      const [next, items] = (await servers[0].call('HSCAN', 'hash', cursor, 'COUNT', 1000)) as [
        Buffer,
        readonly Buffer[],
      ];
      cursor = String(next);
      scanned.push(...items.filter((_, i) => i % 2 === 0).map(String));
    }
    const late = scanned.slice(0, 400).map((name) => ['HSET', 'hash', name, name]);
    await servers[1].load([
      ['SREM', 'a set', 'm1'],
      ...late.map(([command, key, name]) => [command!, key!, name!, 'not yet']),
      ['HSET', 'hash', scanned.at(-1)!, 'other'],
    ]);
    expect(found(await compare(late))).toEqual(['a set length', 'hash value']);
  });

  it('are waited for in all rounds but the last', async () => {
    await load([['SET', 'key', 'x']]);
    await servers[0].call('SET', 'slow', 'x');
    const report = await compare([['SET', 'slow', 'x']], { rounds: 3 }, 3);
    expect(report).toMatchObject({ verdict: 'equal', settledByRecheck: 1 });
  });

  it('are one difference of a collection, whatever of it differs', async () => {
    await load([['SADD', 'set', ...names(1000, 'm')]]);
    await servers[1].load([['SREM', 'set', ...names(60, 'm')]]);
    const report = await compare([]);
    expect(report).toMatchObject({ differencesTotal: 1, differencesByKind: { length: 1 } });
  });

  it('need not bring a key that is about to expire, as far as expiries may differ', async () => {
    await load([['SET', 'key', 'x']]);
    await servers[0].call('SET', 'volatile', 'x', 'PX', 10_000);
    expect(await compare([], { ttlToleranceMs: 20_000 })).toMatchObject({
      verdict: 'equal',
      lookedAtKeys: 2,
    });
    expect(found(await compare([], { ttlToleranceMs: 1000 }))).toEqual(['volatile missing']);
    expect(found(await compare([], { ttlToleranceMs: null }))).toEqual(['volatile missing']);
  });
});
