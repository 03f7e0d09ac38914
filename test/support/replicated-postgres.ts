import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  chmod,
  chown,
  cp,
  mkdir,
  mkdtemp,
  open,
  readFile,
  rm,
  writeFile,
} from 'node:fs/promises';
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { findBinaries } from '../../src/store/embedded-binaries.ts';
import { chooseRunAs, type RunAs } from '../../src/store/embedded-user.ts';
import { until } from './until.ts';

/** Two PostgreSQL servers, of which the second follows the first by streaming replication, behind one address. */
export interface ReplicatedPostgres {
  /** Of the address that leads to whichever server is the primary. */
  readonly url: string;
  /** What is written from now on does not reach the standby. */
  cutReplication(): Promise<void>;
  /** SIGKILL of the primary with all its processes: its connections end. */
  killPrimary(): void;
  /** Makes the standby the primary; the address leads to it. */
  promote(): Promise<void>;
  /** On the server that is the primary. */
  query<R extends pg.QueryResultRow>(sql: string): Promise<R[]>;
  stop(): Promise<void>;
}

const user = 'pika_expander';
const port = 5432;
export const serverSettings: Readonly<Record<string, string>> = {
  listen_addresses: '',
  port: String(port),
  fsync: 'off',
  shared_buffers: '32MB',
  wal_level: 'replica',
  wal_keep_size: '256MB',
  wal_retrieve_retry_interval: '100ms',
  dynamic_shared_memory_type: 'mmap',
  io_method: 'sync',
  jit: 'off',
};

/** `synchronous`: each commit waits until the standby has it. */
export async function startReplicatedPostgres(synchronous: boolean): Promise<ReplicatedPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'pika-expander-pair-'));
  await chmod(folder, 0o755);
  const first = join(folder, 'first');
  const second = join(folder, 'second');
  for (const place of [first, second]) await mkdir(place, { mode: 0o700 });
  const runAs = await chooseRunAs(folder, join(first, 'data'));
  const { ids } = runAs;
  if (ids) for (const place of [folder, first, second]) await chown(place, ids.uid, ids.gid);
  const binaries = await findBinaries();
  await done(
    run(runAs, binaries.initdb, ['-D', join(first, 'data'), '-U', user, '--auth-local=trust', '--no-sync']),
  );
  await cp(join(first, 'data'), join(second, 'data'), { recursive: true });
  await writeFile(join(second, 'data', 'standby.signal'), '');
  await appendFile(
    join(second, 'data', 'postgresql.auto.conf'),
    `primary_conninfo = 'host=${first} port=${port} user=${user}'\n`,
  );
  if (ids) await done(run({ prefix: [], ids: null }, 'chown', ['-R', `${ids.uid}:${ids.gid}`, second]));

  const launch = async (place: string, more: Readonly<Record<string, string>>): Promise<ChildProcess> => {
    const log = await open(join(place, 'log'), 'a');
    const all = { ...serverSettings, unix_socket_directories: place, ...more };
    const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = run(runAs, binaries.postgres, ['-D', join(place, 'data'), ...args], log.fd);
    await log.close();
    return child;
  };
  const servers = [
    await launch(first, synchronous ? { synchronous_standby_names: '*' } : {}),
    await launch(second, {}),
  ];
  const relay = await startRelay(join(first, `.s.PGSQL.${port}`));
  let primary = first;

  const query = async <R extends pg.QueryResultRow>(place: string, sql: string, database = user) => {
    const client = new pg.Client({ host: place, port, user, database });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<R>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  const standbys = (sql: string) => query(second, sql, 'postgres').then((rows) => rows.length > 0);
  const stop = async () => {
    await relay.close();
    await Promise.all(servers.map(killed));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const isUp = () =>
      standbys("select 1 from pg_stat_wal_receiver where status = 'streaming'").catch(() => false);
    await until(isUp, { what: 'the standby follows' }).catch(async (error: Error) => {
      const said = [first, second].map((place) => readFile(join(place, 'log'), 'utf8'));
      throw new Error(`${error.message}: ${(await Promise.all(said)).join('\n')}`);
    });
    await query(first, `create database ${user}`, 'postgres');
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `postgresql://${user}@127.0.0.1:${relay.port}/${user}`,
    async cutReplication() {
      await query(second, "alter system set primary_conninfo = ''", 'postgres');
      await query(second, 'select pg_reload_conf()', 'postgres');
      await until(async () => !(await standbys('select 1 from pg_stat_wal_receiver')), {
        what: 'the standby follows no more',
      });
    },
    killPrimary: () => kill(servers[0]!),
    async promote() {
      await killed(servers[0]!);
      await query(second, 'select pg_promote()', 'postgres');
      primary = second;
      relay.leadTo(join(second, `.s.PGSQL.${port}`));
    },
    query: (sql) => query(primary, sql),
    stop,
  };
}

export function run(
  runAs: RunAs,
  program: string,
  args: readonly string[],
  out: number | 'ignore' = 'ignore',
) {
  const [command, ...all] = [...runAs.prefix, program, ...args];
  return spawn(command!, all, {
    stdio: ['ignore', out, out],
    // A group of its own: it is killed with all its processes.
    detached: true,
    cwd: '/',
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
    ...runAs.ids,
  });
}

export async function done(child: ChildProcess): Promise<void> {
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${child.spawnfile} ended with ${code}`);
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

function kill(child: ChildProcess): void {
  if (!hasEnded(child)) process.kill(-child.pid!, 'SIGKILL');
}

export async function killed(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const gone = once(child, 'exit');
  kill(child);
  await gone;
}

/** Stands for the address that operators move to the new primary. */
async function startRelay(first: string) {
  let target = first;
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = dial(target);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.pipe(other);
      one.on('error', () => undefined);
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    leadTo: (path: string) => {
      target = path;
    },
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
