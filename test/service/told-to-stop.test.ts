/** Programs that a signal ends in the middle leave nothing behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { backUp } from '../../src/backup/index.ts';
import { startService } from '../../src/main.ts';
import { openDatabase } from '../../src/store/database.ts';
import { isServerOn, pidInFile } from '../../src/store/embedded-processes.ts';
import { migrationsLock } from '../../src/store/migrate.ts';
import { whenEnded } from '../support/ended.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { builtProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 300_000 });

let postgres: TestPostgres;
let program: string;
let folder: string;
const running: ChildProcess[] = [];

beforeAll(async () => {
  [postgres, program] = await Promise.all([startPostgres(), builtProgram()]);
  // Short: a socket has to fit below it.
  folder = await mkdtemp(join(tmpdir(), 'told-'));
  await mkdir(temporary());
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => {
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

const temporary = () => join(folder, 't');

interface Stopped {
  readonly databaseUrl?: string;
  /** Sent one right behind the other. */
  readonly by?: readonly NodeJS.Signals[];
}

/** Starts a command, stops it once the condition is true, and returns what it printed and its exit code. */
async function stopped(
  args: readonly string[],
  isSo: (output: string) => boolean | Promise<boolean>,
  { databaseUrl, by = ['SIGTERM'] }: Stopped = {},
) {
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    TMPDIR: temporary(),
    PIKA_EXPANDER_PORT: '0',
    ...(databaseUrl && { DATABASE_URL: databaseUrl }),
  };
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += String(bytes)));
  await until(() => isSo(output), { withinMs: 120_000, what: () => `the moment to stop it: ${output}` });
  expect(child.exitCode).toBeNull();
  for (const signal of by) child.kill(signal);
  await whenEnded(child);
  return { code: child.exitCode, output };
}

/** No server runs on the data folder of a service. */
async function isQuiet(dataDir: string): Promise<boolean> {
  const data = join(dataDir, 'postgres', 'data');
  const pid = await pidInFile(data);
  return pid === null || !(await isServerOn(pid, data));
}

test('the service, in its start: it does not begin its work, and ends with 0', async () => {
  const dataDir = join(folder, 'new');
  const isStarting = () => existsSync(join(dataDir, 'postgres', 'run'));
  const { code, output } = await stopped(['serve', '--data-dir', dataDir], isStarting);
  expect([code, output.includes('"stopped"'), output.includes('is running')]).toEqual([0, true, false]);
  expect(readdirSync(join(dataDir, 'postgres')).filter((name) => name.startsWith('data.new'))).toEqual([]);
  expect(await isQuiet(dataDir)).toBe(true);
});

test('the demo, whose terminal is closed: its database and its folder are gone', async () => {
  const by = ['SIGHUP', 'SIGHUP'] as const;
  const { code } = await stopped(['demo'], (output) => output.includes('SLAVEOF'), { by });
  expect(code).toBe(129);
  expect(readdirSync(temporary())).toEqual([]);
});

test('a backup that is being verified: neither file nor folder nor server stays', async () => {
  const dataDir = join(folder, 'data');
  await (await startService({ dataDir, port: 0, logLevel: 'silent' })).close();
  const file = join(folder, 'backup.gz');
  const isVerifying = () => readdirSync(temporary()).some((name) => name.startsWith('pika-expander-verify-'));
  const { code } = await stopped(['backup', file, '--verify', '--data-dir', dataDir], isVerifying);
  expect(code).toBe(143);
  expect([existsSync(file), readdirSync(temporary())]).toEqual([false, []]);
  expect(await isQuiet(dataDir)).toBe(true);
});

test('a restore that waits for the database', async () => {
  const database = await postgres.createMigratedDatabase();
  const file = join(folder, 'of-server.gz');
  await backUp(file, { verify: false }, { DATABASE_URL: database.url });
  const holder = openDatabase({ connection: database.connection });
  await holder.transaction(async (client) => {
    await client.query('select pg_advisory_xact_lock($1, $2)', migrationsLock);
    const isWaiting = async () =>
      (await client.query(`select 1 from pg_locks where locktype = 'advisory' and not granted`)).length > 0;
    const { code } = await stopped(['restore', file], isWaiting, { databaseUrl: database.url });
    expect(code).toBe(143);
  });
  await holder.close();
  await database.drop();
});
