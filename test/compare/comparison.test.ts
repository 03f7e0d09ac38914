import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type ComparisonSpec, compareNodes, defaultSpec } from '../../src/compare/compare.ts';
import { systemClock } from '../../src/compare/pace.ts';
import { type RunState, run } from '../../src/compare/run.ts';
import type { ThreadTask } from '../../src/compare/threaded.ts';
import { redisMissing, startRedis, startRedisSlave, type TestServer, until } from './servers.ts';

const depths: readonly ComparisonSpec['depth'][] = ['sample', 'full'];

describe.skipIf(redisMissing !== null).each(depths)(
  `depth %s on two real Redis servers ${redisMissing ?? ''}`,
  (depth) => {
    let master: TestServer;
    let slave: TestServer;

    beforeAll(async () => {
      master = await startRedis();
      slave = await startRedisSlave(master, '--replica-read-only', 'no');
    });
    afterAll(async () => {
      await slave.stop();
      await master.stop();
    });

    const compare = () =>
      compareNodes({ left: master.endpoint, right: slave.endpoint, spec: { ...defaultSpec, depth } });

    it('calls two servers without keys empty, never equal', async () => {
      expect(await compare()).toMatchObject({ verdict: 'empty', lookedAtKeys: 0 });
    });

    it('compares a small key space completely, with every type', async () => {
      await master.load([
        ['SET', 'string', 'value'],
        ['SET', 'empty', ''],
        ['HSET', 'hash', 'f', '1', 'g', '2'],
        ['SADD', 'set', 'a', 'b', 'c'],
        ['ZADD', 'zset', 1, 'a', 2.5, 'b'],
        ['RPUSH', 'list', 'a', 'b', 'a'],
        ['XADD', 'stream', '1-1', 'f', 'v'],
        ['SET', Buffer.from([0, 13, 10, 255]), Buffer.from([0, 1, 2])],
        ['SET', 'volatile', '1', 'PX', 600_000],
      ]);
      expect(await compare()).toMatchObject({
        verdict: 'equal',
        lookedAtKeys: 9,
        lookedAtKeysByType: { string: 4, hash: 1, set: 1, zset: 1, list: 1, stream: 1 },
        share: 1,
        smallestLossFound: 0,
      });
    });

    it('makes a checkpoint only as often as its time says, however many steps it has', async () => {
      const checkpointsAt = async (now: () => number) => {
        let checkpoints = 0;
        const onCheckpoint = () => (checkpoints += 1);
        const [left, right] = [master.endpoint, slave.endpoint];
        const clock = { ...systemClock, now };
        await run({ left, right, spec: { ...defaultSpec, depth }, clock, onCheckpoint });
        return checkpoints;
      };
      let ms = 0;
      expect(await checkpointsAt(() => 0)).toBe(0);
      expect(await checkpointsAt(() => (ms += 2000))).toBeGreaterThan(0);
    });

    it('finds every kind of difference, in both directions', async () => {
      await slave.load([
        ['DEL', 'empty'],
        ['SET', 'foreign', '1'],
        ['HSET', 'hash', 'g', '3'],
        ['SADD', 'set', 'd'],
        ['SET', 'string', 'valuf'],
        ['DEL', 'list'],
        ['SADD', 'list', 'a'],
        ['PERSIST', 'volatile'],
      ]);
      const report = await compare();
      expect(report.verdict).toBe('different');
      expect(report.examples.map(({ key, kind }) => `${key} ${kind}`).sort()).toEqual([
        'empty missing',
        'foreign foreign',
        'hash value',
        'list type',
        'set length',
        'string value',
        'volatile ttl',
      ]);
    });

    it.runIf(depth === 'full')('finds what is no hash, or another one, among many hashes', async () => {
      await Promise.all([master.call('FLUSHALL'), slave.call('FLUSHALL')]);
      const many = Array.from({ length: 5000 }, (_, i) => i);
      await master.load([
        ...many.map((i) => ['HSET', `many:${i}`, 'f', i, 'g', 'x']),
        ...many
          .filter((i) => i % 100 === 0)
          .flatMap((i) => [
            ['SET', `string:${i}`, i],
            ['RPUSH', `list:${i}`, 'a', i],
          ]),
      ]);
      await until(async () => (await slave.call('DBSIZE')) === (await master.call('DBSIZE')));
      await slave.load([
        ['HSET', 'many:7', 'f', 'other'],
        ['HDEL', 'many:70', 'g'],
        ['DEL', 'many:700', 'many:701', 'string:300', 'list:300'],
        ['SET', 'many:701', 'a string'],
        ['HSET', 'string:300', 'f', 'v'],
        ['RPUSH', 'list:300', 'a', '301'],
        ['HSET', 'foreign', 'f', 'v'],
        ['PEXPIRE', 'many:4000', 1_000_000],
      ]);
      for (const server of [master, slave]) await server.call('CONFIG', 'RESETSTAT');
      const { lookedAtKeys, examples } = await compare();
      const asked = String(await slave.call('INFO', 'commandstats'));
      expect(lookedAtKeys).toBeGreaterThanOrEqual(5100);
      expect(examples.map(({ key, kind }) => `${key} ${kind}`).sort()).toEqual([
        'foreign foreign',
        'list:300 value',
        'many:4000 ttl',
        'many:7 value',
        'many:70 length',
        'many:700 missing',
        'many:701 type',
        'string:300 type',
      ]);
      // Hashes were asked for their types only until it was clear that most keys are hashes.
      expect(Number(/cmdstat_type:calls=(\d+)/.exec(asked)![1])).toBeLessThan(3000);
    });

    it('finds an expiry that differs by more than the tolerance, and only that', async () => {
      await Promise.all([master.call('FLUSHALL'), slave.call('FLUSHALL')]);
      await master.load([['SET', 'volatile', '1', 'PX', 600_000]]);
      await until(async () => (await slave.call('EXISTS', 'volatile')) === 1);
      await slave.load([['PEXPIRE', 'volatile', 605_000]]);
      const within = (ttlToleranceMs: number) =>
        compareNodes({
          left: master.endpoint,
          right: slave.endpoint,
          spec: { ...defaultSpec, depth, ttlToleranceMs },
        });
      expect(await within(10_000)).toMatchObject({ verdict: 'equal' });
      expect(await within(1000)).toMatchObject({ verdict: 'different', differencesByKind: { ttl: 1 } });
    });

    it('looks into every database', async () => {
      await master.load([
        ['SELECT', 5],
        ['SET', 'there', '1'],
        ['SET', 'also there', '1'],
        ['SELECT', 0],
      ]);
      await slave.load([
        ['SELECT', 5],
        ['SET', 'there', '2'],
        ['SELECT', 9],
        ['SET', 'only here', '1'],
        ['SELECT', 0],
      ]);
      const report = await compare();
      const found = report.examples.map(({ db, key, kind }) => `${db} ${key} ${kind}`);
      expect(found).toEqual(expect.arrayContaining(['5 there value', '9 only here foreign']));
    });

    it.runIf(depth === 'full')(
      'goes on from its last checkpoint where a thread breaks that others had too',
      async () => {
        const states: RunState[] = [];
        let ms = 0;
        await run({
          left: master.endpoint,
          right: slave.endpoint,
          spec: { ...defaultSpec, depth },
          clock: { ...systemClock, now: () => (ms += 2000) },
          onCheckpoint: ({ state }) => void states.push(state),
        });
        const { verdict, lookedAtKeys } = await compare();
        onTestFinished(() => void vi.restoreAllMocks());
        const ask = vi.spyOn(Worker.prototype, 'postMessage');
        const state = states.at(-1)!;
        ask.mockImplementationOnce(function (this: Worker, { id }: ThreadTask) {
          this.emit('message', { id, kind: 'checkpoint', checkpoint: { state, differences: [] } });
          void this.terminate();
        });
        expect(await compare()).toMatchObject({ verdict, lookedAtKeys });
        expect(ask.mock.calls.map(([task]) => task)).toMatchObject([{ resume: null }, { resume: state }]);
      },
    );

    it.runIf(depth === 'full')('replaces a kept thread that has died unannounced, once', async () => {
      onTestFinished(() => void vi.restoreAllMocks());
      const ask = vi.spyOn(Worker.prototype, 'postMessage');
      const die = function (this: Worker) {
        void this.terminate();
      };
      const { verdict } = await compare();
      ask.mockClear().mockImplementationOnce(die);
      expect(await compare()).toMatchObject({ verdict });
      expect(ask).toHaveBeenCalledTimes(2);
      ask.mockImplementation(die);
      await expect(compare()).rejects.toThrow('and no result');
    });
  },
);
