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
    await master.call('CONFIG', 'SET', 'client-output-buffer-limit', 'replica 0 0 0');
    process.kill(slave.pid, 'SIGSTOP');
    const value = 'x'.repeat(100_000);
    await master.load(Array.from({ length: 400 }, () => ['SET', 'much', value]));
    const reasons = new Set<string>();
    const comparing = compare({ maxSlaveLagBytes: 1000, maxOpsPerSecond: 4000 }, ({ heldBy }) => {
      if (heldBy !== null) reasons.add(heldBy);
    });
    process.kill(slave.pid, 'SIGCONT');
    const report = await comparing;
    expect(report).toMatchObject({ verdict: 'equal', lookedAtKeys: keys + 1 });
    for (const reason of reasons) expect(reason).toMatch(/is \d+ bytes behind \(limit 1000 bytes\)/);
  });

  it('never sends a command that blocks a server or changes data', async () => {
    for (const server of [master, slave]) await server.call('CONFIG', 'RESETSTAT');
    await compare({});
    await compare({ depth: 'sample' });
    await compare({ depth: 'counts' });
    const harmless =
      /^(info|echo|ping|scan|mget|exists|type|select|pexpiretime|replconf|client\|\w+|config\|\w+)$/;
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
