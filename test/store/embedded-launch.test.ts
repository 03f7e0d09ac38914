import { type ChildProcess, spawnSync } from 'node:child_process';
import { closeSync, constants, open, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startEmbeddedPostgres } from '../../src/store/embedded.ts';

/** What a test lets happen between two steps of a launch, where it happens by itself on a busy machine. */
const between = vi.hoisted(() => ({
  spawned: (_child: ChildProcess): void => undefined,
  pidRead: async (_pid: number | null): Promise<void> => undefined,
}));

vi.mock('node:child_process', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:child_process')>();
  const spawn = (...args: Parameters<typeof original.spawn>) => {
    const child = original.spawn(...args);
    between.spawned(child);
    return child;
  };
  return { ...original, spawn };
});
vi.mock('../../src/store/embedded-processes.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/store/embedded-processes.ts')>();
  const pidInFile = async (folder: string) => {
    const pid = await original.pidInFile(folder);
    await between.pidRead(pid);
    return pid;
  };
  return { ...original, pidInFile };
});

const usual = { ...between };
let dataDir: string;
let stop: (() => Promise<void>) | null = null;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'pika-expander-launch-'));
});
afterEach(async () => {
  Object.assign(between, usual);
  await stop?.();
  stop = null;
  await rm(dataDir, { recursive: true, force: true });
});

/** Keeps every thread of the pool that opens, reads and closes files, until it is told to let go. */
function holdFileWork(): () => void {
  const fifo = join(dataDir, 'nobody-writes');
  spawnSync('mkfifo', [fifo]);
  for (let thread = 0; thread < Number(process.env.UV_THREADPOOL_SIZE ?? 4); thread += 1)
    open(fifo, 'r', (_, fd) => closeSync(fd));
  return () => closeSync(openSync(fifo, constants.O_RDWR));
}

it('says what PostgreSQL said also when it ended before the log was closed', async () => {
  const settings = {
    get shared_buffers() {
      const letGo = holdFileWork();
      between.spawned = (child) => child.once('exit', letGo);
      return 'nonsense';
    },
  };
  const error = await startEmbeddedPostgres({ dataDir, settings }).catch((reason) => reason);
  expect(error).toMatchObject({ code: 'embedded_postgres_failed' });
  expect(error.message).toContain('shared_buffers');
});

it('does not take a lock for its own whose session ended right after', async () => {
  let ended = 0;
  between.pidRead = async (pid) => {
    if (pid === null || ended > 0) return;
    ended = await endOwner(join(dataDir, 'postgres', 'run'));
  };
  const server = await startEmbeddedPostgres({ dataDir });
  stop = server.stop;
  expect(ended).toBe(1);
  const second = await startEmbeddedPostgres({ dataDir }).catch((reason) => reason);
  expect(second).toMatchObject({ code: 'data_folder_in_use' });
});

/** Ends the session that holds the lock; resolves with how many there were when they are gone. */
async function endOwner(host: string): Promise<number> {
  const client = new pg.Client({ host, port: 5432, user: 'pika_expander', database: 'postgres' });
  await client.connect();
  const owner = "application_name = 'pika-expander owner'";
  const { rowCount } = await client.query(
    `select pg_terminate_backend(pid, 10000) from pg_stat_activity where ${owner}`,
  );
  await client.end();
  return rowCount ?? 0;
}
