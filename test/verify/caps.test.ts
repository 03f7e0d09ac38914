import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ComparisonProgress, compareNodes, resolveSpec } from '../../src/verify/compare.ts';
import { redisMissing, startRedis, startRedisSlave, type TestServer } from './servers.ts';

const keys = 12_000;

describe.skipIf(redisMissing !== null)(`kindness to real servers ${redisMissing ?? ''}`, () => {
  let master: TestServer;
  let slave: TestServer;

  beforeAll(async () => {
    master = await startRedis();
    await master.load(Array.from({ length: keys }, (_, i) => ['SET', `key:${i}`, `value ${i}`.padEnd(100)]));
    slave = await startRedisSlave(master);
  });
  afterAll(async () => {
    await slave.stop();
    await master.stop();
  });

  const compare = (
    spec: Parameters<typeof resolveSpec>[0],
    onProgress?: (progress: ComparisonProgress) => void,
  ) =>
    compareNodes({
      left: master.endpoint,
      right: slave.endpoint,
      spec: resolveSpec({ depth: 'full', ...spec }),
      ...(onProgress ? { onProgress } : {}),
    });

  it('keeps a cap on keys per second', async () => {
    const report = await compare({ maxOpsPerSecond: 4000 });
    expect(report).toMatchObject({ verdict: 'equal', lookedAtKeys: keys });
    expect(keys / ((report.endedAt - report.startedAt) / 1000)).toBeLessThan(4000 * 1.05);
  });

  it('keeps a cap on bytes per second', async () => {
    const before = await bytesSent(slave);
    const report = await compare({ maxBytesPerSecond: 400_000 });
    const sent = (await bytesSent(slave)) - before;
    expect(report).toMatchObject({ verdict: 'equal', lookedAtKeys: keys });
    expect(sent / ((report.endedAt - report.startedAt) / 1000)).toBeLessThan(400_000 * 1.05);
  });

  it('tells the rate and the time that remains', async () => {
    const seen: ComparisonProgress[] = [];
    await compare({ maxOpsPerSecond: 4000 }, (progress) => seen.push(progress));
    const inTheMiddle = seen.find((progress) => progress.lookedAtKeys > 0 && progress.keysPerSecond !== null);
    expect(inTheMiddle).toMatchObject({ estimatedKeys: keys, differences: 0 });
    expect(inTheMiddle!.remainingSeconds).toBeGreaterThanOrEqual(0);
  });

  it('pauses while the slave is too far behind, says why, and goes on afterwards', async () => {
    await slave.call('REPLICAOF', '127.0.0.1', 1);
    await master.load(Array.from({ length: 100 }, () => ['SET', 'much', 'x'.repeat(1000)]));
    let caughtUp: Promise<unknown> | null = null;
    const report = await compare({ maxSlaveLagBytes: 10_000, maxOpsPerSecond: 4000 }, ({ heldBy }) => {
      if (heldBy === null) return;
      expect(heldBy).toMatch(/^127\.0\.0\.1:\d+ is \d+ bytes behind \(limit 10000 bytes\)$/);
      caughtUp ??= slave.call('REPLICAOF', '127.0.0.1', master.port);
    });
    expect(caughtUp).not.toBeNull();
    expect(report).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('its master changed'),
    });
    const later = await compare({ maxSlaveLagBytes: 10_000 });
    expect(later).toMatchObject({ verdict: 'equal', lookedAtKeys: keys + 1 });
  });

  it('reads large collections in pieces', async () => {
    const members = 30_000;
    await master.load(
      Array.from({ length: members }, (_, i) => [
        ['HSET', 'large hash', `f${i}`, i],
        ['SADD', 'large set', `m${i}`],
        ['ZADD', 'large zset', i % 10, `m${i}`],
        ['RPUSH', 'large list', i],
        ['XADD', 'large stream', `${i + 1}-1`, 'f', i],
      ]).flat() as (readonly (string | number)[])[],
    );
    for (const server of [master, slave]) await server.call('CONFIG', 'RESETSTAT');
    const report = await compare({});
    expect(report).toMatchObject({
      verdict: 'equal',
      lookedAtKeysByType: { hash: 1, set: 1, zset: 1, list: 1, stream: 1 },
    });
    for (const server of [master, slave]) {
      const text = String(await server.call('INFO', 'commandstats'));
      expect(text).not.toMatch(/cmdstat_(hgetall|smembers|zrange):/);
      const inPieces =
        server === master ? ['lrange', 'xrange', 'hscan', 'sscan', 'zscan'] : ['lrange', 'xrange', 'hmget'];
      for (const command of inPieces) {
        const calls = Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(text)![1]);
        expect(calls).toBeGreaterThanOrEqual(members / 1000);
      }
    }
    await master.load(['hash', 'set', 'zset', 'list', 'stream'].map((type) => ['DEL', `large ${type}`]));
  });

  it('never sends a command that blocks a server or changes data', async () => {
    for (const server of [master, slave]) await server.call('CONFIG', 'RESETSTAT');
    await compare({});
    await compare({ depth: 'sample' });
    await compare({ depth: 'counts' });
    const harmless =
      /^(info|echo|ping|scan|mget|strlen|exists|type|select|pexpiretime|replconf|client\|\w+|config\|\w+)$/;
    for (const server of [master, slave]) {
      const text = String(await server.call('INFO', 'commandstats'));
      const commands = [...text.matchAll(/^cmdstat_([^:]+):/gm)].map((match) => match[1]!);
      expect(commands.filter((command) => !harmless.test(command))).toEqual([]);
    }
  });
});

async function bytesSent(server: TestServer): Promise<number> {
  const text = String(await server.call('INFO', 'stats'));
  return Number(/total_net_output_bytes:(\d+)/.exec(text)![1]);
}
