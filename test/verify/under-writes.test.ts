import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareNodes, resolveSpec } from '../../src/verify/compare.ts';
import { CommandWriter } from '../../src/verify/resp.ts';
import { WireConnection } from '../../src/verify/wire.ts';
import { redisMissing, startRedis, startRedisSlave, type TestServer } from './servers.ts';

const keys = 20_000;
const writesPerSecond = 2000;

/** Writes to the very keys under comparison, until it is stopped: values, deletions, expiries, counters, members. */
function startWriting(server: TestServer): { stop(): Promise<number> } {
  let stopped = false;
  let written = 0;
  const startedAt = Date.now();
  const work = (async () => {
    const connection = await WireConnection.open({ ...server.endpoint, timeoutMs: 30_000 });
    const writer = new CommandWriter();
    while (!stopped) {
      const due = Math.min(200, Math.floor(((Date.now() - startedAt) / 1000) * writesPerSecond) - written);
      writer.reset();
      for (let i = 0; i < due; i++) write(writer, written + i);
      if (due > 0) await connection.sendBytes(Buffer.from(writer.toBuffer()), writer.commands);
      written += Math.max(0, due);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    connection.close();
  })();
  return {
    stop: async () => {
      stopped = true;
      await work;
      return written;
    },
  };
}

function write(writer: CommandWriter, turn: number): void {
  const at = Math.imul(turn, 7919) % keys;
  const name = `key:${Math.abs(at)}`;
  switch (turn % 8) {
    case 0:
      writer.add('DEL', name);
      break;
    case 1:
      writer.add('SET', name, `short ${turn}`, 'PX', 30 + (turn % 300));
      break;
    case 2:
      writer.add('INCR', 'counter');
      break;
    case 3:
      writer.add('HSET', `hash:${turn % 50}`, `f${turn % 40}`, turn);
      break;
    case 4:
      writer.add('RPUSH', 'queue', turn).add('LPOP', 'queue');
      break;
    case 5:
      writer.add('EXPIRE', name, 1000 + (turn % 1000));
      break;
    default:
      writer.add('SET', name, `value ${turn}`);
  }
}

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
        const writing = startWriting(master);
        const report = await compare({ depth, maxOpsPerSecond: depth === 'full' ? 8000 : null });
        const written = await writing.stop();
        expect(report.examples).toEqual([]);
        expect(report).toMatchObject({ verdict: 'equal', differencesTotal: 0, reason: null });
        expect(written).toBeGreaterThan(0);
      },
    );

    it('finds one key removed, one changed, one added and one member changed on the slave, always', async () => {
      await slave.load([
        ['DEL', 'still:77'],
        ['SET', 'still:1234', 'other'],
        ['SET', 'foreign', '1'],
        ['HSET', 'large', 'f19999', 'other'],
      ]);
      const writing = startWriting(master);
      const report = await compare({ depth: 'full' });
      await writing.stop();
      expect(report.examples.map(({ key, kind }) => `${key} ${kind}`).sort()).toEqual([
        'foreign foreign',
        'large value',
        'still:1234 value',
        'still:77 missing',
      ]);
      expect(report.verdict).toBe('different');
    });
  },
);
