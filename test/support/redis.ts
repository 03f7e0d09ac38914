import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { hasEnded, whenEnded } from './ended.ts';
import { until } from './until.ts';

/** A real redis-server on a free port of loopback, with a folder of its own. */
export interface TestRedis {
  readonly url: string;
  readonly port: number;
  /** Throws away all data, as FLUSHALL does. */
  flushAll(): Promise<void>;
  /** Runs one command on a connection of its own. */
  run(command: string, ...args: string[]): Promise<unknown>;
  /** SIGSTOP: it takes connections, and answers nothing any more. */
  hang(): void;
  /** SIGKILL; the port stays reserved for `restart`. */
  kill(): Promise<void>;
  /** Starts it again on the same port, without its data unless it had been told to keep them. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface TestRedisOptions {
  /** Further arguments, such as `--maxmemory-policy allkeys-lru`. */
  readonly args?: readonly string[];
  /** Arguments before all others, such as a file of settings. */
  readonly before?: readonly string[];
}

const binary = process.env.REDIS_SERVER ?? 'redis-server';

/** Throws, with what to install, when there is no redis-server. */
export async function startRedis(options: TestRedisOptions = {}): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'pika-expander-redis-'));
  const port = await freePort();
  const args = [
    ...(options.before ?? []),
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'no',
  ];
  let child: ChildProcess | null = null;

  const launch = async () => {
    const started = spawn(binary, [...args, ...(options.args ?? [])], { stdio: 'ignore' });
    let failure: Error | null = null;
    started.once('error', (error) => {
      failure = new Error(
        `these tests need a real Redis, and ${binary} cannot be run (${error.message}): install redis-server, or name one in REDIS_SERVER`,
      );
    });
    child = started;
    await until(
      () => {
        if (failure) throw failure;
        if (hasEnded(started))
          throw new Error(`${binary} ended at once with ${started.signalCode ?? `code ${started.exitCode}`}`);
        return answers(port);
      },
      { what: `a redis-server on port ${port}` },
    );
  };
  const end = async (signal: NodeJS.Signals) => {
    const running = child;
    child = null;
    if (!running) return;
    running.kill(signal);
    await whenEnded(running);
  };
  const run = async (command: string, ...rest: string[]) => {
    const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => null });
    client.on('error', () => undefined);
    try {
      return await client.call(command, ...rest);
    } finally {
      client.disconnect();
    }
  };

  try {
    await launch();
  } catch (error) {
    await end('SIGKILL');
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    run,
    async flushAll() {
      await run('FLUSHALL');
    },
    hang: () => void child?.kill('SIGSTOP'),
    kill: () => end('SIGKILL'),
    restart: launch,
    async stop() {
      await end('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A server that asks for a password answers too. */
export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => socket.write('PING\r\n'));
    // While it loads its data it answers with another error.
    socket.once('data', (reply) => {
      resolve(/^(?:\+PONG|-NOAUTH)/.test(String(reply)));
      socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(false));
  });
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
