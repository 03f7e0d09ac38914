import { connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ComparisonProgress,
  type ComparisonSpec,
  compareNodes,
  type Endpoint,
  resolveSpec,
} from '../../src/compare/compare.ts';
import type { Clock } from '../../src/compare/pace.ts';
import { run } from '../../src/compare/run.ts';
import { redisMissing, startRedis, startRedisSlave, type TestServer, until } from './servers.ts';

const keys = 12_000;

describe.skipIf(redisMissing !== null)(`the load guard on real servers ${redisMissing ?? ''}`, () => {
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

  /** Waiting is all that takes time, so that the caps alone tell how long it lasts. */
  async function compareInVirtualTime(spec: Partial<ComparisonSpec>) {
    let now = 1_000_000;
    const clock: Clock = {
      now: () => now,
      sleep: async (ms) => {
        now += ms;
      },
    };
    const noLimits = { maxMasterLatencyMs: null, maxSlaveLagBytes: null };
    const { report } = await run({
      left: master.endpoint,
      right: slave.endpoint,
      spec: resolveSpec({ depth: 'full', ...noLimits, ...spec }),
      clock,
    });
    return { report, elapsedMs: now - 1_000_000 };
  }

  it.each([
    ['keys', { maxOpsPerSecond: 4000 }, keys / 4000],
    ['keys, a lower one', { maxOpsPerSecond: 1000 }, keys / 1000],
  ] as const)(
    'keeps a cap on %s per second within 5 %% of the time it has to take',
    async (_, spec, seconds) => {
      const { report, elapsedMs } = await compareInVirtualTime(spec);
      expect(report).toMatchObject({ verdict: 'equal', lookedAtKeys: keys });
      expect(elapsedMs / 1000 / seconds).toBeGreaterThan(0.95);
      expect(elapsedMs / 1000 / seconds).toBeLessThan(1.05);
    },
  );

  it.each([400_000, 50_000])('keeps a cap of %i bytes per second within 5 %', async (maxBytesPerSecond) => {
    const before = [await bytesSent(master), await bytesSent(slave)];
    const { report, elapsedMs } = await compareInVirtualTime({ maxBytesPerSecond });
    const sent = [(await bytesSent(master)) - before[0]!, (await bytesSent(slave)) - before[1]!];
    const perSecond = Math.max(...sent) / (elapsedMs / 1000);
    expect(report).toMatchObject({ verdict: 'equal', lookedAtKeys: keys });
    expect(perSecond / maxBytesPerSecond).toBeGreaterThan(0.95);
    expect(perSecond / maxBytesPerSecond).toBeLessThan(1.05);
  });

  it('counts expiries as keys read, and keeps the cap with them', async () => {
    const volatile = 2000;
    await master.load(
      Array.from({ length: volatile }, (_, i) => ['SET', `volatile:${i}`, 'x', 'EX', 10_000]),
    );
    await until(async () => Number(await slave.call('DBSIZE')) === keys + volatile);
    const { report, elapsedMs } = await compareInVirtualTime({ maxOpsPerSecond: 2000 });
    expect(report).toMatchObject({ verdict: 'equal', lookedAtKeys: keys + volatile });
    const questions = 2 * (keys + volatile);
    expect(questions / (elapsedMs / 1000) / 2000).toBeGreaterThan(0.95);
    expect(questions / (elapsedMs / 1000) / 2000).toBeLessThan(1.05);
    await master.load(Array.from({ length: volatile }, (_, i) => ['DEL', `volatile:${i}`]));
  });

  it('keeps a cap in real time', async () => {
    const report = await compare({ maxOpsPerSecond: 4000 });
    expect(report).toMatchObject({ verdict: 'equal', lookedAtKeys: keys });
    expect(keys / ((report.endedAt - report.startedAt) / 1000)).toBeLessThan(4000 * 1.05);
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

  it('pauses while the master takes long to answer, says why, and goes on when it is quick again', async () => {
    const way = await delayedWay(master.port);
    way.delayMs = 100;
    const reasons = new Set<string>();
    const report = await compareNodes({
      left: way.endpoint,
      right: slave.endpoint,
      spec: resolveSpec({ depth: 'full', maxMasterLatencyMs: 50, maxOpsPerSecond: 2000 }),
      onProgress: ({ heldBy }) => {
        if (heldBy === null) return;
        reasons.add(heldBy.replace(/\d+ ms to/, 'N ms to'));
        way.delayMs = 0;
      },
    });
    await way.close();
    const { port } = way.endpoint.address;
    expect([...reasons]).toEqual([`127.0.0.1:${port} takes N ms to answer (limit 50 ms)`]);
    expect(report).toMatchObject({ verdict: 'equal', lookedAtKeys: keys + 1 });
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
    for (const [server, ofMembers] of [
      [master, ['hscan', 'sscan', 'zscan']],
      [slave, ['hmget', 'smismember', 'zmscore']],
    ] as const) {
      const text = String(await server.call('INFO', 'commandstats'));
      expect(text).not.toMatch(/cmdstat_(hgetall|smembers|zrange):/);
      for (const command of ['lrange', 'xrange', ...ofMembers]) {
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

/** A way to a server that delays what the server says. */
async function delayedWay(
  port: number,
): Promise<{ readonly endpoint: Endpoint; delayMs: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((here) => {
    const there = connect({ host: '127.0.0.1', port });
    for (const socket of [here, there]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => here.destroy() && there.destroy());
    }
    here.pipe(there);
    let last = Promise.resolve();
    there.on('data', (bytes) => {
      const delayed = new Promise((resolve) => setTimeout(resolve, way.delayMs));
      last = Promise.all([last, delayed]).then(() => {
        if (here.writable) here.write(bytes);
      });
    });
  });
  const listening = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
  const way = {
    endpoint: { address: { host: '127.0.0.1', port: listening }, credential: null },
    delayMs: 0,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return way;
}
