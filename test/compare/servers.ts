import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Endpoint } from '../../src/compare/compare.ts';
import { WireConnection } from '../../src/compare/wire/wire.ts';
import { ErrorReply, type Reply, ReplyReader } from '../../src/resp/reader.ts';
import { type Argument, CommandWriter } from '../../src/resp/writer.ts';
import { hasEnded, whenEnded } from '../support/ended.ts';

/** A real server process, made for one test file. */
export interface TestServer {
  readonly port: number;
  readonly pid: number;
  readonly endpoint: Endpoint;
  readonly connection: WireConnection;
  call(...parts: readonly Argument[]): Promise<Reply>;
  /** Sends many commands at once; throws if one is refused. */
  load(commands: Iterable<readonly Argument[]>): Promise<void>;
  stop(): Promise<void>;
}

const redisBinary = process.env.REDIS_SERVER_BIN ?? 'redis-server';

/** Why tests on real Redis are skipped; null = they run. */
export const redisMissing: string | null = spawnSync(redisBinary, ['--version']).error
  ? `no ${redisBinary} on this machine (REDIS_SERVER_BIN names one)`
  : null;

export const pikaBinary = process.env.PIKA_BIN ?? null;

/** Why tests on real Pika are skipped; null = they run. */
export const pikaMissing: string | null = pikaBinary === null ? 'PIKA_BIN names no Pika binary' : null;

export async function startRedis(...options: readonly string[]): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'verify-redis-'));
  const port = await freePort();
  const fixed = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
    '--repl-diskless-sync-delay',
    '0',
  ];
  const child = spawn(redisBinary, [...fixed, ...options], { stdio: 'ignore' });
  return whenReady(child, port, folder);
}

/** A slave of `master` that has caught up. */
export async function startRedisSlave(
  master: TestServer,
  ...options: readonly string[]
): Promise<TestServer> {
  const slave = await startRedis('--replicaof', '127.0.0.1', String(master.port), ...options);
  await until(async () => /master_link_status:up/.test(String(await slave.call('INFO', 'replication'))));
  return slave;
}

/** A Pika of the binary that PIKA_BIN names. Its ports P, P+2000 and P+10001 are free ones. */
export async function startPika(settings: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'verify-pika-'));
  const port = await freePikaPort();
  const conf = {
    port: String(port),
    'thread-num': '1',
    'thread-pool-size': '2',
    maxclients: '500',
    'network-interface': 'lo',
    'log-path': `${folder}/log/`,
    'db-path': `${folder}/db/`,
    'dump-path': `${folder}/dump/`,
    'db-sync-path': `${folder}/dbsync/`,
    pidfile: `${folder}/pika.pid`,
    daemonize: 'no',
    loglevel: 'info',
    databases: '2',
    'instance-mode': 'classic',
    compression: 'snappy',
    'db-instance-num': '3',
    timeout: '3600',
    ...settings,
  };
  const text = Object.entries(conf).map(([name, value]) => `${name} : ${value}\n`);
  writeFileSync(join(folder, 'pika.conf'), text.join(''));
  const child = spawn(pikaBinary!, ['-c', join(folder, 'pika.conf')], { stdio: 'ignore', cwd: folder });
  return whenReady(child, port, folder);
}

/** Makes `slave` follow `master`, and waits until it has every write. */
export async function followPika(slave: TestServer, master: TestServer): Promise<void> {
  const isUp = async () => /master_link_status:up/.test(String(await slave.call('INFO', 'replication')));
  for (let attempt = 0; ; attempt++) {
    await slave.call('SLAVEOF', '127.0.0.1', master.port, 'force');
    // On a machine with too much to do a full sync of 3.5.4 can hang for good (recordings 06 and 27).
    const came = await until(isUp, 25_000).then(
      () => true,
      () => false,
    );
    if (came) break;
    if (attempt === 2) throw new Error('the slave did not come up');
    await slave.call('SLAVEOF', 'NO', 'ONE');
    await until(async () => !/^slave0:/m.test(String(await master.call('INFO', 'replication'))));
  }
  await until(async () => (await offsets(slave)) === (await offsets(master)));
}

/**
 * Changes a slave behind its master's back, as a full sync that went wrong would leave it: a Pika slave is always
 * read-only, so it is detached, changed without binlog, and attached again where it was.
 */
export async function changePikaSlave(
  slave: TestServer,
  master: TestServer,
  commands: Iterable<readonly Argument[]>,
): Promise<void> {
  await slave.call('SLAVEOF', 'NO', 'ONE');
  await until(async () => !/^slave0:/m.test(String(await master.call('INFO', 'replication'))));
  await slave.call('CONFIG', 'SET', 'write-binlog', 'no');
  await slave.load(commands);
  await slave.call('CONFIG', 'SET', 'write-binlog', 'yes');
  await slave.call('SLAVEOF', '127.0.0.1', master.port);
  await until(async () => /master_link_status:up/.test(String(await slave.call('INFO', 'replication'))));
}

async function offsets(server: TestServer): Promise<string> {
  const text = String(await server.call('INFO', 'replication'));
  return [...text.matchAll(/binlog_offset=(\d+ \d+)/g)].map((match) => match[1]).join();
}

async function whenReady(child: ChildProcess, port: number, folder: string): Promise<TestServer> {
  const endpoint: Endpoint = { address: { host: '127.0.0.1', port }, credential: null };
  let connection: WireConnection | null = null;
  await until(async () => {
    if (hasEnded(child)) throw new Error(`the server on port ${port} ended at once`);
    try {
      connection = await WireConnection.open({ ...endpoint, timeoutMs: 30_000 });
      return !((await connection.call('PING')) instanceof ErrorReply);
    } catch {
      return false;
    }
  });
  const open = connection!;
  const server: TestServer = {
    port,
    pid: child.pid!,
    endpoint,
    connection: open,
    call: (...parts) => open.call(...parts),
    load: (commands) => load(open, commands),
    stop: async () => {
      (open as WireConnection).close();
      child.kill('SIGKILL');
      await whenEnded(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return server;
}

async function load(connection: WireConnection, commands: Iterable<readonly Argument[]>): Promise<void> {
  const writer = new CommandWriter();
  const flush = async () => {
    const replies = await connection.sendBytes(Buffer.from(writer.toBuffer()), writer.commands);
    const reader = new ReplyReader(replies.bytes);
    while (!reader.done) {
      const reply = reader.next();
      if (reply instanceof ErrorReply) throw new Error(reply.message);
    }
    writer.reset();
  };
  for (const command of commands) {
    writer.add(...command);
    if (writer.bytes > 500_000) await flush();
  }
  await flush();
}

/** Waits for a condition; throws when it does not come true within a minute. */
export async function until(condition: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('what was waited for did not come true');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listenOn(server, 0);
  await new Promise((resolve) => server.close(resolve));
  return port!;
}

/** Pika needs three ports at fixed distances, and its highest must stay below 65536. */
async function freePikaPort(): Promise<number> {
  for (let port = 9000 + (process.pid % 800) * 10; port < 19_990; port += 7) {
    const servers = [port, port + 2000, port + 10_001].map((wanted) => ({ wanted, server: createServer() }));
    const got = await Promise.all(servers.map(({ wanted, server }) => listenOn(server, wanted)));
    await Promise.all(servers.map(({ server }) => new Promise((resolve) => server.close(resolve))));
    if (got.every((bound) => bound !== null)) return port;
  }
  throw new Error('no three free ports for a Pika');
}

function listenOn(server: ReturnType<typeof createServer>, port: number): Promise<number | null> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
}
