import { chmod, chown, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { findBinaries } from '../../src/store/embedded-binaries.ts';
import { chooseRunAs } from '../../src/store/embedded-user.ts';
import type { TestAuthority } from './certificates.ts';
import { freePort } from './redis.ts';
import { done, killed, run, serverSettings } from './replicated-postgres.ts';
import { until } from './until.ts';

export interface TlsPostgres {
  readonly port: number;
  readonly user: string;
  /** Past TLS, on the machine itself. */
  query<R extends pg.QueryResultRow>(sql: string): Promise<R[]>;
  stop(): Promise<void>;
}

/** A PostgreSQL that lets in by TCP only who speaks TLS and shows a certificate of this authority in the name of the user. */
export async function startTlsPostgres(authority: TestAuthority): Promise<TlsPostgres> {
  const user = 'pika_expander';
  const folder = await mkdtemp(join(tmpdir(), 'pika-expander-tls-pg-'));
  await chmod(folder, 0o755);
  const data = join(folder, 'data');
  const runAs = await chooseRunAs(folder, data);
  const { ids } = runAs;
  const own = async (path: string, mode: number) => {
    await chmod(path, mode);
    if (ids) await chown(path, ids.uid, ids.gid);
  };
  await mkdir(data, { mode: 0o700 });
  await own(folder, 0o755);
  await own(data, 0o700);
  const { initdb, postgres } = await findBinaries();
  await done(run(runAs, initdb, ['-D', data, '-U', user, '--auth-local=trust', '--no-sync']));
  const { certFile, keyFile } = authority.issue('database');
  for (const [from, to] of [
    [certFile, 'server.crt'],
    [keyFile, 'server.key'],
    [authority.caFile, 'ca.crt'],
  ] as const) {
    await copyFile(from, join(folder, to));
    await own(join(folder, to), 0o600);
  }
  await writeFile(join(data, 'pg_hba.conf'), 'local all all trust\nhostssl all all 127.0.0.1/32 cert\n');
  const port = await freePort();
  const all = {
    ...serverSettings,
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: folder,
    ssl: 'on',
    ssl_cert_file: join(folder, 'server.crt'),
    ssl_key_file: join(folder, 'server.key'),
    ssl_ca_file: join(folder, 'ca.crt'),
  };
  const settings = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = run(runAs, postgres, ['-D', data, ...settings]);
  const query = async <R extends pg.QueryResultRow>(sql: string, database = user) => {
    const client = new pg.Client({ host: folder, port, user, database });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<R>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  const stop = async () => {
    await killed(server);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const answers = () =>
      query('select 1', 'postgres').then(
        () => true,
        () => false,
      );
    await until(answers, { what: 'the database answers' });
    await query(`create database ${user}`, 'postgres');
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, user, query, stop };
}
