import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis, type TestRedis } from '../support/redis.ts';

/** A real sentinel of one master `shop`, quick to see changes. It needs a file of its own, which it rewrites. */
export async function startSentinel(masterPort: number, more: readonly string[] = []): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'pika-expander-sentinel-'));
  const file = join(folder, 'sentinel.conf');
  await writeFile(
    file,
    [
      `sentinel monitor shop 127.0.0.1 ${masterPort} 1`,
      'sentinel down-after-milliseconds shop 1000',
      ...more,
      '',
    ].join('\n'),
  );
  const sentinel = await startRedis({ before: [file], args: ['--sentinel'] });
  return {
    ...sentinel,
    async stop() {
      await sentinel.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
