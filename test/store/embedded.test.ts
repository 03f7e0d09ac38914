import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/store/embedded.ts';
import { isServerOn, pidInFile } from '../../src/store/embedded-processes.ts';
import { type OpenedStore, openStore } from '../../src/store/open.ts';
import { StoreUnavailableError } from '../../src/store/store.ts';
import { compiled } from '../support/compiled.ts';
import { whenEnded } from '../support/ended.ts';
import { newExpansion } from '../support/expansions.ts';
import { copyPrepared } from '../support/prepared-postgres.ts';
import { until } from '../support/until.ts';

let script: string;
let dataDir: string;
const servers: EmbeddedPostgres[] = [];
const opened: OpenedStore[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  script = await compiled('support/embedded-child.ts');
});
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'pika-expander-embedded-'));
});
afterEach(async () => {
  await Promise.all(children.splice(0).map(endChild));
  await Promise.all(opened.splice(0).map((store) => store.close()));
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  const pid = await pidInFile(join(dataDir, 'postgres', 'data'));
  const leaked = pid !== null && (await isServerOn(pid, join(dataDir, 'postgres', 'data')));
  if (leaked) process.kill(pid, 'SIGQUIT');
  await rm(dataDir, { recursive: true, force: true });
  expect(leaked).toBe(false);
});

const dataFolder = () => join(dataDir, 'postgres', 'data');
const start = async (options: Partial<Parameters<typeof startEmbeddedPostgres>[0]> = {}) => {
  const server = await startEmbeddedPostgres({ dataDir, ...options });
  servers.push(server);
  return server;
};
/** A data folder that PostgreSQL has made already: to make one takes over a second of the processor. */
const prepare = () => copyPrepared(dataDir);
const open = async () => {
  const store = await openStore({ dataDir });
  opened.push(store);
  await store.store.migrate();
  return store;
};

interface Child {
  readonly process: ChildProcess;
  readonly lines: string[];
}

function startChild(mode: 'write' | 'hold'): Child {
  const child = spawn(process.execPath, [script, dataDir, mode], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines: string[] = [];
  let rest = '';
  child.stdout.on('data', (chunk) => {
    const parts = (rest + String(chunk)).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  return { process: child, lines };
}

async function endChild(child: ChildProcess): Promise<void> {
  child.stdin?.end();
  await whenEnded(child);
}

async function killChild(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await whenEnded(child);
}

it('makes its data folder, reachable by its owner alone, and stops without a trace of a process', async () => {
  const { store, close } = await open();
  const expansion = newExpansion();
  await store.accept(expansion, [], null);
  expect((await stat(join(dataDir, 'postgres'))).mode & 0o777).toBe(0o700);
  expect((await stat(join(dataDir, 'postgres', 'run'))).mode & 0o777).toBe(0o700);
  const pid = await pidInFile(dataFolder());
  expect(await isServerOn(pid!, dataFolder())).toBe(true);
  await close();
  expect(await isServerOn(pid!, dataFolder())).toBe(false);
  expect(await pidInFile(dataFolder())).toBeNull();

  const again = await open();
  expect(await again.store.get(expansion.id)).toEqual(expansion);
});

it('loses no acknowledged row when its process is killed with kill -9, time and again', async () => {
  await prepare();
  const acknowledged: string[] = [];
  for (let round = 1; round <= 3; round++) {
    const child = startChild('write');
    await until(() => child.lines.length > 20 * round, {
      withinMs: 60_000,
      what: () => `rows, got ${child.lines.join(' ')}`,
    });
    await killChild(child.process);
    const { store, close } = await open();
    acknowledged.push(...child.lines.filter((line) => line !== 'ready'));
    for (const id of acknowledged) expect(await store.get(id), `expansion ${id}`).not.toBeNull();
    await close();
  }
});

it('refuses a second instance on its data folder in one line, and leaves the first one alone', async () => {
  await prepare();
  const first = startChild('hold');
  await until(() => first.lines.includes('ready'), { withinMs: 60_000 });
  const error = await openStore({ dataDir }).catch((reason) => reason);
  expect(error).toMatchObject({ name: 'EmbeddedPostgresError', code: 'data_folder_in_use' });
  expect(error.message).toContain(dataDir);
  expect(error.message).not.toContain('\n');
  expect(error.nextSteps.join(' ')).toContain('DATABASE_URL');
  const pid = await pidInFile(dataFolder());
  expect(await isServerOn(pid!, dataFolder())).toBe(true);
  await endChild(first.process);
  expect(first.process.exitCode).toBe(0);
});

it('lets one of two that start at the same moment have the folder', async () => {
  const two = [startChild('hold'), startChild('hold')];
  await until(() => two.every(({ lines }) => lines.length > 0), { withinMs: 90_000 });
  const [winners, losers] = [
    two.filter(({ lines }) => lines[0] === 'ready'),
    two.filter(({ lines }) => lines[0] !== 'ready'),
  ];
  expect(winners).toHaveLength(1);
  expect(JSON.parse(losers[0]!.lines[0]!)).toMatchObject({ code: 'data_folder_in_use' });
});

it('starts where a process that comes too late still makes a data folder at its side', async () => {
  await prepare();
  const side = join(dataDir, 'postgres', 'data.new-other');
  let ended = false;
  const make = async (part: number) => {
    for (let i = 0; !ended; i++) {
      await mkdir(join(side, `${part}`), { recursive: true }).catch(() => undefined);
      await writeFile(join(side, `${part}`, `${i}`), '').catch(() => undefined);
    }
  };
  const making = Promise.all([1, 2, 3, 4].map(make));
  try {
    expect((await start()).pid()).not.toBeNull();
  } finally {
    ended = true;
    await making;
  }
});

it('waits for another server that has made its lock file and not yet written to it', async () => {
  await prepare();
  await writeFile(join(dataFolder(), 'postmaster.pid'), '');
  const starting = start();
  const log = () => readFile(join(dataDir, 'postgres', 'server.log'), 'utf8');
  await until(async () => (await log()).includes('is empty'), { withinMs: 60_000 });
  await rm(join(dataFolder(), 'postmaster.pid'));
  expect((await starting).pid()).not.toBeNull();
});

it('launches its server again when another start took it for a left-over and stopped it', async () => {
  await prepare();
  const starting = start();
  await until(async () => (await pidInFile(dataFolder())) !== null, { withinMs: 60_000 });
  const stopped = (await pidInFile(dataFolder()))!;
  process.kill(stopped, 'SIGINT');
  await starting;
  await until(
    async () => {
      const pid = await pidInFile(dataFolder());
      return pid !== null && pid !== stopped && (await isServerOn(pid, dataFolder()));
    },
    { withinMs: 60_000 },
  );
});

it('starts again when the server is killed, and goes on with what it knew', async () => {
  await prepare();
  const notices: string[] = [];
  const server = await start({ onNotice: (text) => notices.push(text) });
  const database = openDatabase({ connection: server.connection });
  await database.query('create table public.kept (n integer)');
  await database.query('insert into public.kept values (1)');
  const pid = server.pid()!;
  process.kill(pid, 'SIGKILL');
  await until(
    async () => {
      const rows = await database.query('select n from public.kept').catch((error) => {
        expect(error).toBeInstanceOf(StoreUnavailableError);
        return null;
      });
      return rows?.length === 1 && server.pid() !== pid;
    },
    { withinMs: 60_000 },
  );
  expect(notices.length).toBeGreaterThan(0);
  await database.close();
});

it('starts though its pid file names a process that is another program now', async () => {
  await prepare();
  const server = await start();
  const folder = server.connection as { host: string };
  await server.stop();
  await writeFile(
    join(dataFolder(), 'postmaster.pid'),
    `${process.pid}\n${dataFolder()}\n1\n5432\n${folder.host}\n\n0 0\nready\n`,
  );
  const again = await start();
  expect(again.pid()).not.toBe(process.pid);
});

it('puts its socket elsewhere when the data folder has too long a path for one', async () => {
  const base = dataDir;
  dataDir = join(base, 'd'.repeat(100));
  await mkdir(dataDir);
  const server = await start();
  const { host } = server.connection as { host: string };
  expect(host.startsWith(dataDir)).toBe(false);
  expect((await stat(host)).mode & 0o777).toBe(0o700);
  const database = openDatabase({ connection: server.connection });
  expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
  await database.close();
  await server.stop();
  await rm(host, { recursive: true });
  await rm(dataDir, { recursive: true });
  dataDir = base;
});

it.runIf(process.getuid?.() === 0)('runs as nobody where root has no namespaces for it', async () => {
  const path = process.env.PATH;
  process.env.PATH = dataDir;
  try {
    const server = await start();
    const { uid } = await stat(dataFolder());
    expect(uid).toBe(65534);
    const database = openDatabase({ connection: server.connection });
    expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
    await database.close();
  } finally {
    process.env.PATH = path;
  }
});

it('removes what an interrupted start left behind, and begins anew', async () => {
  await mkdir(join(dataDir, 'postgres', 'data.new-123456'), { recursive: true });
  await start();
  expect((await readdir(join(dataDir, 'postgres'))).filter((name) => name.includes('.new-'))).toEqual([]);
});

it('says what PostgreSQL said when it cannot be started', async () => {
  await prepare();
  const error = await start({ settings: { shared_buffers: 'nonsense' } }).catch((reason) => reason);
  expect(error).toMatchObject({ code: 'embedded_postgres_failed' });
  expect(error.message).toContain('shared_buffers');
  expect(error.message).not.toContain('\n');
});
