import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access, chown, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { PostgresClient } from '../platform/postgres-client.ts';
import type { PostgresConnection } from './database.ts';
import { findBinaries, type PostgresBinaries } from './embedded-binaries.ts';
import { EmbeddedPostgresError, useOtherDatabase } from './embedded-error.ts';
import { type EmbeddedFolders, openLog, prepareFolders, socketPort } from './embedded-folder.ts';
import { isServerOn, pidFile, pidInFile } from './embedded-processes.ts';
import { chooseRunAs, type RunAs } from './embedded-user.ts';

export interface EmbeddedPostgresOptions {
  /** The service's data folder; the server's files go into `postgres/` in it. */
  readonly dataDir: string;
  /** Settings of the server beside our own, for tests. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Called, with a text for people, when the server died and is started again. */
  readonly onNotice?: (text: string) => void;
  /** Breaks the start off, which then throws the reason; later it changes nothing. */
  readonly signal?: AbortSignal | undefined;
}

export interface EmbeddedPostgres {
  readonly connection: PostgresConnection;
  /** For tests that kill it. */
  readonly pid: () => number | null;
  /** Stops the server; everything that was acknowledged is on disk. */
  stop(): Promise<void>;
}

const userName = 'pika_expander';
const databaseName = 'pika_expander';
/** A start may have to wait for the crash recovery of a server that died. */
const startWithinMs = 60_000;
const stopWithinMs = 8_000;
const pollMs = 50;
const ownerLockKey = 1885957729;
/** What PostgreSQL says of another server that starts or leaves; the lock file is empty until its maker has written to it. */
const othersInTheWay = /lock file "[^"]+" (?:already exists|is empty)|pre-existing shared memory block/;

const serverSettings: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  port: String(socketPort),
  max_connections: '200',
  shared_buffers: '64MB',
  max_wal_size: '256MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  io_method: 'sync',
  // Parallel workers would want shared memory that containers are short of, for queries that are small.
  max_parallel_workers_per_gather: '0',
  dynamic_shared_memory_type: 'mmap',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'warning',
};

/**
 * Starts the PostgreSQL that came with the dependencies, on a unix socket that only this user reaches, and makes its
 * data folder first if there is none. A server left over from a process of ours that was killed is stopped and
 * started again; one whose owner lives is left alone. While it runs it is watched, and started again if it dies.
 * Throws EmbeddedPostgresError.
 *
 * An advisory lock in the server shows who owns it: the lock ends with the owner's process, however the process ends.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries();
  const folders = await prepareFolders(options.dataDir);
  const runAs = await chooseRunAs(folders.base, folders.data);
  if (runAs.ids) await chown(folders.run, runAs.ids.uid, runAs.ids.gid);
  if (!(await exists(join(folders.data, 'PG_VERSION'))))
    await makeDataFolder(binaries, folders, runAs, options.signal);

  const server = new EmbeddedServer(binaries, folders, runAs, options);
  try {
    await server.start(options.signal);
    await server.makeDatabase();
    options.signal?.throwIfAborted();
  } catch (error) {
    await server.stop();
    throw error;
  }
  await removeLeftovers(folders);
  return {
    connection: { host: folders.run, port: socketPort, user: userName, database: databaseName },
    pid: () => server.pid,
    stop: () => server.stop(),
  };
}

/** How to reach the server that another process of ours runs on this folder. Throws EmbeddedPostgresError. */
export async function embeddedConnection(dataDir: string): Promise<PostgresConnection> {
  const { run } = await prepareFolders(dataDir);
  return { host: run, port: socketPort, user: userName, database: databaseName };
}

/** initdb into a side folder, then rename: a crash in the middle leaves no half-made data folder behind. */
async function makeDataFolder(
  binaries: PostgresBinaries,
  folders: EmbeddedFolders,
  runAs: RunAs,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  const side = `${folders.data}.new-${randomBytes(6).toString('hex')}`;
  const args = [
    '-D',
    side,
    '-U',
    userName,
    '--encoding=UTF8',
    '--locale=C',
    '--auth-local=trust',
    '--auth-host=reject',
  ];
  const child = spawnAs(runAs, binaries.initdb, args, ['ignore', 'pipe', 'pipe']);
  let output = '';
  child.stdout?.on('data', (chunk) => (output += String(chunk)));
  child.stderr?.on('data', (chunk) => (output += String(chunk)));
  // With what it has started: told to end it would first finish what it is at.
  const onAbort = () => child.pid !== undefined && kill(-child.pid, 'SIGKILL');
  signal?.addEventListener('abort', onAbort, { once: true });
  const code = await exitCode(child);
  signal?.removeEventListener('abort', onAbort);
  if (code === 0) await rename(side, folders.data).catch(() => undefined);
  await removeSide(side);
  signal?.throwIfAborted();
  // Another process may have been quicker; then its folder is as good.
  if (await exists(join(folders.data, 'PG_VERSION'))) return;
  throw new EmbeddedPostgresError(
    'embedded_postgres_failed',
    `the data folder ${folders.data} could not be made: ${lastLines(output)}`,
    nextStepsAfterFailure(folders, runAs),
  );
}

class EmbeddedServer {
  readonly #binaries: PostgresBinaries;
  readonly #folders: EmbeddedFolders;
  readonly #runAs: RunAs;
  readonly #options: EmbeddedPostgresOptions;
  #child: ChildProcess | null = null;
  /** The child on which the owner's lock was taken last: if another one ends, a launch has failed. */
  #served: ChildProcess | null = null;
  #launchFailure: string | null = null;
  #logFrom = 0;
  /** The session that holds the owner's lock. */
  #owner: pg.Client | null = null;
  readonly #ended = new WeakSet<pg.Client>();
  readonly #stopping = new AbortController();
  #recovery: Promise<void> | null = null;
  #stopped: Promise<void> | null = null;

  constructor(
    binaries: PostgresBinaries,
    folders: EmbeddedFolders,
    runAs: RunAs,
    options: EmbeddedPostgresOptions,
  ) {
    this.#binaries = binaries;
    this.#folders = folders;
    this.#runAs = runAs;
    this.#options = options;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Resolves when our own server runs and the owner's lock is ours. */
  async start(signal?: AbortSignal): Promise<void> {
    const deadline = Date.now() + startWithinMs;
    while (!this.#stopping.signal.aborted) {
      signal?.throwIfAborted();
      if (await this.#tryToOwn()) return;
      await this.#assertNoLastingFailure();
      if (!this.#child) await this.#launchUnlessServed();
      if (Date.now() > deadline) throw await this.#startFailure('it did not answer in time');
      await delay(pollMs);
    }
  }

  async makeDatabase(): Promise<void> {
    const found = await this.#owner!.query('select 1 from pg_database where datname = $1', [databaseName]);
    if (found.rowCount === 0) await this.#owner!.query(`create database ${databaseName}`);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** false = nothing answers yet, or a left-over server is stopping: look again. */
  async #tryToOwn(): Promise<boolean> {
    const client = await this.#connect();
    if (!client) return false;
    const { rows } = await client
      .query('select pg_try_advisory_lock($1) as mine', [ownerLockKey])
      .catch(noRows);
    if (rows[0]?.mine !== true) {
      await client.end().catch(() => undefined);
      if (rows[0]?.mine === false) throw this.#inUse();
      return false;
    }
    const servedBy = await pidInFile(this.#folders.data);
    if (this.#ended.has(client)) return false;
    if (servedBy !== null && servedBy === this.#child?.pid) {
      this.#served = this.#child;
      this.#owner = client;
      return true;
    }
    if (servedBy !== null) await this.#stopLeftOver(servedBy);
    await client.end().catch(() => undefined);
    return false;
  }

  async #connect(): Promise<pg.Client | null> {
    const client = new PostgresClient({
      host: this.#folders.run,
      port: socketPort,
      user: userName,
      database: 'postgres',
      application_name: 'pika-expander owner',
      connectionTimeoutMillis: 5_000,
    });
    client.once('end', () => this.#sessionEnded(client));
    return client.connect().then(
      () => client,
      async () => {
        await client.end().catch(() => undefined);
        return null;
      },
    );
  }

  /** Its owner is dead, or the lock would not have been free. */
  async #stopLeftOver(pid: number): Promise<void> {
    if (!(await isServerOn(pid, this.#folders.data))) return;
    kill(pid, 'SIGINT');
    const deadline = Date.now() + stopWithinMs;
    while (Date.now() < deadline && (await isServerOn(pid, this.#folders.data))) await delay(pollMs);
  }

  /** Launches a server of ours unless one runs on the folder already, starting up or shutting down. */
  async #launchUnlessServed(): Promise<void> {
    const pid = await pidInFile(this.#folders.data);
    if (pid !== null) {
      if (await isServerOn(pid, this.#folders.data)) return;
      // The number may belong to another program now, which PostgreSQL would take for a server of its own kind.
      await rm(pidFile(this.#folders.data), { force: true });
    }
    await this.#launch();
  }

  async #launch(): Promise<void> {
    const log = await openLog(this.#folders.log);
    try {
      this.#logFrom = (await log.stat()).size;
      const settings = {
        ...serverSettings,
        unix_socket_directories: this.#folders.run,
        ...this.#options.settings,
      };
      const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
      this.#watchChild(
        spawnAs(
          this.#runAs,
          this.#binaries.postgres,
          ['-D', this.#folders.data, ...args],
          ['ignore', log.fd, log.fd],
        ),
      );
    } finally {
      await log.close();
    }
  }

  /** Called before anything is waited for: a server may end at once. */
  #watchChild(child: ChildProcess): void {
    this.#child = child;
    // Stops PostgreSQL on exit. After SIGKILL the next start cleans up.
    const onExit = () => child.kill('SIGINT');
    process.once('exit', onExit);
    const onEnd = (how: string, stoppedByOthers = false) => {
      process.off('exit', onExit);
      this.#serverEnded(child, how, stoppedByOthers);
    };
    child.once('error', (error) => onEnd(error.message));
    child.once('exit', (code, signal) => onEnd(`it ended with ${signal ?? `code ${code}`}`, code === 0));
  }

  /** Code 0: another start found the lock free before we took it, and stopped this server as a left-over. */
  #serverEnded(child: ChildProcess, how: string, stoppedByOthers: boolean): void {
    if (this.#child !== child) return;
    this.#child = null;
    if (this.#stopping.signal.aborted) return;
    if (this.#served !== child) {
      this.#launchFailure = stoppedByOthers ? null : how;
      return;
    }
    this.#owner = null;
    this.#recover(`the embedded PostgreSQL (process ${child.pid}) is started again: ${how}`);
  }

  /** A launch that failed because another server is still leaving the folder may work the next time. */
  async #assertNoLastingFailure(): Promise<void> {
    const failure = this.#launchFailure;
    this.#launchFailure = null;
    if (failure === null || othersInTheWay.test(await this.#logSinceLaunch())) return;
    throw await this.#startFailure(failure);
  }

  /** Heard from the first moment: a session may end while its lock is still being looked at. */
  #sessionEnded(client: pg.Client): void {
    this.#ended.add(client);
    if (this.#owner !== client || this.#stopping.signal.aborted) return;
    this.#owner = null;
    this.#recover(
      'the embedded PostgreSQL closed its connections, as it does after a crash of one of its processes',
    );
  }

  #recover(notice: string): void {
    if (this.#recovery) return;
    this.#options.onNotice?.(notice);
    this.#recovery = this.#startUntilItWorks().finally(() => {
      this.#recovery = null;
    });
  }

  async #startUntilItWorks(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await this.start();
        return;
      } catch (error) {
        this.#options.onNotice?.(
          `the embedded PostgreSQL could not be started again: ${(error as Error).message}`,
        );
        await delay(1_000, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    await this.#recovery;
    await this.#owner?.end().catch(() => undefined);
    const child = this.#child;
    if (!child) return;
    const exited = exitCode(child);
    child.kill('SIGINT');
    const inTime = await Promise.race([exited.then(() => true), delay(stopWithinMs, false, { ref: false })]);
    if (inTime) return;
    // Immediate: what was committed is recovered from the log at the next start.
    child.kill('SIGQUIT');
    await exited;
  }

  #inUse(): EmbeddedPostgresError {
    return new EmbeddedPostgresError(
      'data_folder_in_use',
      `the data folder ${dirname(this.#folders.base)} is in use by another pika-expander on this machine`,
      [
        'Stop the other one, or give this one another folder (DATA_DIR).',
        'For several processes on one database (--role api, --role worker), set DATABASE_URL to a PostgreSQL that all of them reach.',
      ],
    );
  }

  async #logSinceLaunch(): Promise<string> {
    const log = await readFile(this.#folders.log).catch(() => Buffer.alloc(0));
    return log.subarray(this.#logFrom).toString();
  }

  async #startFailure(what: string): Promise<EmbeddedPostgresError> {
    const said = lastLines(await this.#logSinceLaunch());
    return new EmbeddedPostgresError(
      'embedded_postgres_failed',
      `the embedded PostgreSQL on ${this.#folders.data} could not be started: ${what}${said ? `; it said: ${said}` : ''}`,
      nextStepsAfterFailure(this.#folders, this.#runAs),
    );
  }
}

function spawnAs(
  runAs: RunAs,
  program: string,
  args: readonly string[],
  stdio: ['ignore', 'pipe' | number, 'pipe' | number],
): ChildProcess {
  const [command, ...all] = [...runAs.prefix, program, ...args];
  // A group of its own: Ctrl-C in a terminal is for us, and the server has to outlive our last save.
  return spawn(command!, all, {
    stdio,
    detached: true,
    cwd: '/',
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
    ...runAs.ids,
  });
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const [code] = await once(child, 'exit').catch(() => [null]);
  return code as number | null;
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

/** Side folders of an initdb that was killed, or of one that comes too late: this process is the owner. */
async function removeLeftovers(folders: EmbeddedFolders): Promise<void> {
  const side = `${basename(folders.data)}.new-`;
  for (const name of await readdir(folders.base))
    if (name.startsWith(side)) await removeSide(join(folders.base, name));
}

/** Another process may write to it, or remove it, at the same time: what stays is removed by the next start. */
const removeSide = (folder: string): Promise<void> =>
  rm(folder, { recursive: true, force: true }).catch(() => undefined);

function nextStepsAfterFailure(folders: EmbeddedFolders, runAs: RunAs): readonly string[] {
  const asOther = runAs.ids
    ? [
        `PostgreSQL refuses to run as root, so it runs as user ${runAs.ids.uid}, who must be able to reach ${folders.base} and the program's own folder: run pika-expander as an ordinary user.`,
      ]
    : [];
  return [...asOther, `Look into ${folders.log}, and whether the disk is full.`, useOtherDatabase];
}

/** What it said last, with what it gave as the cause before. */
function lastLines(text: string): string {
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.trim());
  const causes = lines.slice(0, -3).filter((line) => /\b(?:FATAL|PANIC|error|could not)\b/i.test(line));
  return [...causes.slice(-1), ...lines.slice(-3)].join(' / ');
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

const noRows = () => ({ rows: [] as { mine?: boolean }[] });
