/** RedisFullCheck, whose program REDIS_FULL_CHECK names: https://github.com/alibaba/RedisFullCheck. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestServer } from '../test/compare/servers.ts';

/** null = it is not measured. */
export const fullCheckProgram = process.env.REDIS_FULL_CHECK ?? null;

/** Compares all values once, by its defaults, and no slower than it can. Rejects where it finds a difference. */
export async function fullCheck(program: string, servers: readonly [TestServer, TestServer]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'full-check-'));
  const [source, target] = servers.map(({ port }) => `127.0.0.1:${port}`);
  const file = (name: string) => join(folder, name);
  const options = {
    source: source!,
    target: target!,
    comparemode: '1',
    comparetimes: '1',
    qps: '5000000',
    db: file('db'),
    result: file('result'),
    log: file('log'),
  };
  try {
    const words = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
    await promisify(execFile)(program, words);
    const log = await readFile(file('log'), 'utf8');
    if (!log.includes('totally 0 key(s) and 0 field(s) conflict')) throw new Error(log);
  } finally {
    await rm(folder, { recursive: true });
  }
}
