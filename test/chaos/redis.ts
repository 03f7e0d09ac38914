import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { answers } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { quietPort } from './ports.ts';
import { startUnit } from './unit.ts';

/** A real redis-server that keeps its data over a restart, as docs and compose file set it up. */
export interface ChaosRedis {
  readonly port: number;
  readonly pid: () => number | null;
  flushAll(): Promise<void>;
  /** SIGKILL; it is started again at once, with its data or without. Resolves when it answers. */
  killAndRestart(data: 'kept' | 'lost'): Promise<void>;
  stop(): Promise<void>;
}

const restartAfterMs = 500;

/** Starts it on a free port. `onPid` is called whenever its process changes. */
export async function startChaosRedis(onPid: () => void): Promise<ChaosRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'pika-expander-chaos-redis-'));
  const port = await quietPort('servers');
  const program = process.env.REDIS_SERVER ?? 'redis-server';
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: folder,
    save: '',
    appendonly: 'yes',
    'maxmemory-policy': 'noeviction',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const unit = startUnit({
    name: 'redis',
    command: [program, ...args],
    env: { PATH: process.env.PATH },
    restartAfterMs,
    onPid,
  });
  const answersAgain = async (): Promise<void> => {
    await until(() => answers(port), {
      withinMs: 60_000,
      what: () => `redis-server on port ${port}: ${unit.output}`,
    });
  };
  try {
    await answersAgain();
  } catch (error) {
    await unit.stop(1000);
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    port,
    pid: () => unit.pid,
    async flushAll() {
      const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => null });
      client.on('error', () => undefined);
      await client.flushall().finally(() => client.disconnect());
    },
    async killAndRestart(data) {
      const release = unit.hold();
      unit.signal('SIGKILL');
      await until(() => unit.pid === null, { what: 'redis-server to be gone' });
      if (data === 'lost') await rm(join(folder, 'appendonlydir'), { recursive: true, force: true });
      release();
      await answersAgain();
    },
    async stop() {
      await unit.stop(5000);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
