import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ComparisonReport } from '../../src/model/comparison.ts';
import type { Argument } from '../../src/resp/writer.ts';
import { redisMissing, startRedis, type TestServer } from './servers.ts';

const few = 20_000;
const many = 400_000;
const valueBytes = 300;
const megabyte = 1_000_000;

const skipped = process.platform === 'linux' ? redisMissing : 'memory use is read from /proc';

describe.skipIf(skipped !== null)(`memory of a full comparison ${skipped ?? ''}`, () => {
  let servers: readonly [TestServer, TestServer];
  let peakOfFew: number;

  beforeAll(async () => {
    servers = await Promise.all([startRedis(), startRedis()]);
    await load(strings(0, few));
    const { peakMegabytes, report } = await compare();
    expect(report).toMatchObject({ verdict: 'equal', lookedAtKeys: few });
    peakOfFew = peakMegabytes;
  }, 300_000);
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  const load = (commands: readonly (readonly Argument[])[]) =>
    Promise.all(servers.map((server) => server.load(commands)));

  const strings = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => ['SET', `key:${from + i}`, `${i}`.padEnd(valueBytes)]);

  it('does not grow with large values', async () => {
    const large = 10;
    await load(
      Array.from({ length: large }, (_, i) => ['SET', `large:${i}`, Buffer.alloc(20 * megabyte, i)]),
    );
    await servers[1].load([['SETRANGE', 'large:3', 15 * megabyte, 'other']]);
    const { peakMegabytes, report } = await compare();
    expect(report).toMatchObject({ lookedAtKeys: few + large, differencesByKind: { value: 1 } });
    // Both sides of them all are 400 MB, one of them twenty.
    expect(peakMegabytes - peakOfFew).toBeLessThan(100);
    await load(Array.from({ length: large }, (_, i) => ['DEL', `large:${i}`]));
  }, 300_000);

  it('does not grow with the number of keys, or of differences', async () => {
    await load(strings(few, many));
    await servers[1].load(Array.from({ length: 30_000 }, (_, i) => ['DEL', `key:${i * 2}`]));
    const { peakMegabytes, report } = await compare();
    expect(report).toMatchObject({ lookedAtKeys: many, differencesTotal: 30_000 });
    // Both sides' values are 240 MB.
    expect(peakMegabytes - peakOfFew).toBeLessThan(100);
  }, 300_000);

  async function compare(): Promise<{ readonly peakMegabytes: number; readonly report: ComparisonReport }> {
    const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const child = fileURLToPath(new URL('./memory-child.ts', import.meta.url));
    const ports = servers.map((server) => String(server.port));
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', loader, child, ...ports]);
    return JSON.parse(stdout);
  }
});
