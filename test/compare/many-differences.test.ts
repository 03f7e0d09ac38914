import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveSpec } from '../../src/compare/compare.ts';
import { run } from '../../src/compare/run.ts';
import { type Difference, mostListedDifferences } from '../../src/model/comparison.ts';
import { redisMissing, startRedis, startRedisSlave, type TestServer, until } from './servers.ts';

const keys = 40_000;
const gone = 15_000;
const changed = 5000;

describe.skipIf(redisMissing !== null)(`many differences ${redisMissing ?? ''}`, () => {
  let master: TestServer;
  let slave: TestServer;

  beforeAll(async () => {
    master = await startRedis();
    slave = await startRedisSlave(master, '--replica-read-only', 'no');
    await master.load(Array.from({ length: keys }, (_, i) => ['SET', `key:${i}`, `value ${i}`]));
    await until(async () => Number(await slave.call('DBSIZE')) === keys);
    await slave.load(Array.from({ length: gone }, (_, i) => ['DEL', `key:${i * 2}`]));
    await slave.load(Array.from({ length: changed }, (_, i) => ['HSET', `hash:${i}`, 'f', i]));
    for (const server of [master, slave]) await server.call('CONFIG', 'RESETSTAT');
  });
  afterAll(async () => {
    await slave.stop();
    await master.stop();
  });

  it('are all counted, listed up to a bound, and looked at again in few commands each', async () => {
    const listed: Difference[] = [];
    const { report, differences } = await run({
      left: master.endpoint,
      right: slave.endpoint,
      spec: resolveSpec({ depth: 'full' }),
      onCheckpoint: (checkpoint) => void listed.push(...checkpoint.differences),
    });
    listed.push(...differences);
    expect(report).toMatchObject({
      verdict: 'different',
      differencesTotal: gone + changed,
      differencesByKind: { missing: gone, foreign: changed },
    });
    expect(new Set(listed.map((difference) => difference.key)).size).toBe(mostListedDifferences);
    expect(listed).toHaveLength(mostListedDifferences);
    // Three rounds of three looks, two types, and what the walk itself asks.
    for (const server of [master, slave]) {
      const stats = String(await server.call('INFO', 'commandstats'));
      const calls = (name: string) =>
        Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
      expect(calls('get')).toBeLessThanOrEqual(6 * gone);
      expect(calls('type')).toBeLessThanOrEqual(3 * (gone + changed));
      expect(calls('info') + calls('echo')).toBeLessThan((gone + changed) / 20);
    }
  });
});
