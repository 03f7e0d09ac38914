/** Real Pika processes for tests: PIKA_BIN names the binary, each node has a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { hasEnded, whenEnded } from './ended.ts';

export interface PikaNode {
  readonly name: string;
  /** Its files: conf, log, db, dump, dbsync. */
  readonly folder: string;
  readonly port: number;
  readonly pid: number;
  /** One command, on a connection of its own kind: not the product's. */
  send(...words: readonly (string | number)[]): Promise<unknown>;
  readonly client: Redis;
  isRunning(): boolean;
  /** SIGKILL; its folder stays. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, from its folder; resolves when it answers. */
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

export interface PikaOptions {
  readonly binary: string;
  /** What runs the binary, for example in another network namespace; default: nothing. */
  readonly under?: readonly string[];
  /** Where it answers; default: loopback. */
  readonly host?: string;
  /** The node takes this port, + 2000 and + 10001. */
  readonly port: number;
  readonly settings?: Readonly<Record<string, string | number>>;
  /** What clients log in with. */
  readonly password?: string;
}

/** Starts a node and resolves when it answers. Throws with its last output if it dies. */
export async function startPika(options: PikaOptions): Promise<PikaNode> {
  const folder = await mkdtemp(join(tmpdir(), 'pika-'));
  const config = join(folder, 'pika.conf');
  await writeFile(config, configText(folder, options));
  const command = [...(options.under ?? []), options.binary];
  let running = run(command, folder, config);
  let killed = false;
  const client = new Redis({
    host: options.host ?? '127.0.0.1',
    port: options.port,
    ...(options.password === undefined ? {} : { password: options.password }),
    protocol: 2,
    disableClientInfo: true,
    enableReadyCheck: false,
    retryStrategy: (times) => (killed || isRunning(running) ? Math.min(200, times * 50) : null),
    maxRetriesPerRequest: null,
  });
  client.on('error', () => undefined);
  await answers(client, running);
  return {
    name: `${options.host ?? '127.0.0.1'}:${options.port}`,
    folder,
    port: options.port,
    get pid() {
      return running.child.pid!;
    },
    client,
    send: (command, ...rest) => client.call(String(command), ...rest.map(String)),
    isRunning: () => isRunning(running),
    kill() {
      killed = true;
      return ended(running);
    },
    async start() {
      killed = false;
      running = run(command, folder, config);
      await answers(client, running);
    },
    async stop() {
      client.disconnect();
      await ended(running);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Running {
  readonly child: ChildProcess;
  /** The last of what it wrote. */
  output(): string;
}

function run([program, ...rest]: readonly string[], folder: string, config: string): Running {
  const child = spawn(program!, [...rest, '-c', config], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString('latin1')).slice(-4000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  return { child, output: () => output };
}

const isRunning = ({ child }: Running): boolean => !hasEnded(child);

/** Whether every joining slave makes a new dump, which spoils the copy of a slave that has not finished (up to 3.5.4). */
export async function hasTheBug(node: PikaNode): Promise<boolean> {
  const version = /pika_version:(\S+)/.exec(String(await node.send('INFO', 'server')))?.[1] ?? '';
  return /^3\.5\.[0-4]$/.test(version);
}

const fourAndLater = (binary: string): boolean => /4\.\d/.test(binary);

function configText(folder: string, options: PikaOptions): string {
  const settings = {
    port: options.port,
    'thread-num': 1,
    'thread-pool-size': 2,
    maxclients: 500,
    'log-path': `${folder}/log/`,
    'db-path': `${folder}/db/`,
    'dump-path': `${folder}/dump/`,
    'db-sync-path': `${folder}/dbsync/`,
    pidfile: `${folder}/pika.pid`,
    daemonize: 'no',
    loglevel: 'info',
    databases: 1,
    'instance-mode': 'classic',
    compression: 'none',
    'network-interface': 'lo',
    'binlog-file-size': 10_485_760,
    'write-buffer-size': 8_388_608,
    'target-file-size-base': 4_194_304,
    'rsync-timeout-ms': 1000,
    ...(fourAndLater(options.binary) ? { 'db-instance-num': 3 } : {}),
    ...options.settings,
  };
  return `${Object.entries(settings)
    .map(([key, value]) => `${key} : ${value}`)
    .join('\n')}\n`;
}

async function answers(client: Redis, { child, output }: Running): Promise<void> {
  const died = new Promise<never>((_, reject) => {
    child.once('exit', (code) => reject(new Error(`pika ended with ${code} at its start: ${output()}`)));
    child.once('error', reject);
  });
  died.catch(() => undefined);
  await Promise.race([client.call('PING'), died]);
}

function ended({ child }: Running): Promise<void> {
  child.kill('SIGKILL');
  return whenEnded(child);
}
