import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareNodes, resolveSpec } from '../../src/compare/compare.ts';
import { redisMissing, startRedis, startRedisSlave, type TestServer } from './servers.ts';
import { startWriting } from './writes.ts';

const keys = 20_000;
const writesPerSecond = 2000;

describe.skipIf(redisMissing !== null)(
  `a comparison under ${writesPerSecond} writes/s ${redisMissing ?? ''}`,
  () => {
    let master: TestServer;
    let slave: TestServer;

    beforeAll(async () => {
      master = await startRedis();
      slave = await startRedisSlave(master, '--replica-read-only', 'no');
      await master.load(Array.from({ length: keys }, (_, i) => ['SET', `key:${i}`, `value ${i}`]));
      await master.load(Array.from({ length: 2000 }, (_, i) => ['SET', `still:${i}`, `value ${i}`]));
      await master.load(Array.from({ length: 50 }, (_, i) => ['HSET', `hash:${i}`, 'still', `value ${i}`]));
      await master.load(Array.from({ length: 20_000 }, (_, i) => ['HSET', 'large', `f${i}`, `value ${i}`]));
    });
    afterAll(async () => {
      await slave.stop();
      await master.stop();
    });

    const compare = (spec: Parameters<typeof resolveSpec>[0]) =>
      compareNodes({ left: master.endpoint, right: slave.endpoint, spec: resolveSpec(spec) });

    it.each(['full', 'sample'] as const)(
      'finds no difference between healthy servers (%s)',
      async (depth) => {
        const writing = startWriting(master, keys, writesPerSecond);
        const report = await compare({ depth, maxOpsPerSecond: depth === 'full' ? 8000 : null });
        const written = await writing.stop();
        expect(report.examples).toEqual([]);
        expect(report).toMatchObject({ verdict: 'equal', differencesTotal: 0, reason: null });
        expect(written).toBeGreaterThan(0);
      },
    );

    it('finds one key removed, one changed, one added, and members changed of a hash that stands still and of one that is written, always', async () => {
      await slave.load([
        ['DEL', 'still:77'],
        ['SET', 'still:1234', 'other'],
        ['SET', 'foreign', '1'],
        ['HSET', 'large', 'f19999', 'other'],
        ['HSET', 'hash:7', 'still', 'other'],
      ]);
      const writing = startWriting(master, keys, writesPerSecond);
      const report = await compare({ depth: 'full' });
      await writing.stop();
      expect(report.examples.map(({ key, kind }) => `${key} ${kind}`).sort()).toEqual([
        'foreign foreign',
        'hash:7 value',
        'large value',
        'still:1234 value',
        'still:77 missing',
      ]);
      expect(report.verdict).toBe('different');
    });
  },
);
