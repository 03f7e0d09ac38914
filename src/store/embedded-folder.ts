import { createHash } from 'node:crypto';
import { access, chmod, lstat, mkdir, open, realpath, rename, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgresError, useOtherDatabase } from './embedded-error.ts';

/** Where the embedded server keeps its things, all below the data folder of the service. */
export interface EmbeddedFolders {
  /** 0700; holds the others. */
  readonly base: string;
  readonly data: string;
  /** 0700; the unix socket. Elsewhere only if the path would be too long for a socket. */
  readonly run: string;
  readonly log: string;
}

export const socketPort = 5432;
/** What `sun_path` holds, without its closing zero. */
const longestSocketPath = process.platform === 'linux' ? 107 : 103;
const logSizeAtMost = 8 * 1024 * 1024;

/** Whether a data folder holds the files of an embedded server, or cannot be read. Makes nothing. */
export async function mayHoldServer(dataDir: string): Promise<boolean> {
  return access(join(dataDir, 'postgres', 'data', 'PG_VERSION')).then(
    () => true,
    ({ code }: NodeJS.ErrnoException) => code !== 'ENOENT',
  );
}

/** Throws EmbeddedPostgresError. */
export async function prepareFolders(dataDir: string): Promise<EmbeddedFolders> {
  return makeFolders(dataDir).catch((error: NodeJS.ErrnoException) => {
    if (error.syscall === undefined) throw error;
    throw new EmbeddedPostgresError(
      'data_folder_unusable',
      `the data folder ${dataDir} cannot be used: ${error.message}`,
      [
        'Give a folder that this user may make and write to (DATA_DIR or --data-dir), on a disk with space.',
        useOtherDatabase,
      ],
    );
  });
}

async function makeFolders(dataDir: string): Promise<EmbeddedFolders> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const base = join(await realpath(dataDir), 'postgres');
  await mkdir(base, { recursive: true, mode: 0o700 });
  await chmod(base, 0o700);
  return { base, data: join(base, 'data'), run: await prepareRunFolder(base), log: join(base, 'server.log') };
}

async function prepareRunFolder(base: string): Promise<string> {
  const near = join(base, 'run');
  const fits = Buffer.byteLength(join(near, `.s.PGSQL.${socketPort}`)) <= longestSocketPath;
  const name = createHash('sha256').update(base).digest('hex').slice(0, 16);
  const folder = fits ? near : join(tmpdir(), `pika-expander-${name}`);
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await assertOurs(folder, await stat(base));
  await chmod(folder, 0o700);
  return folder;
}

/** Anybody can make folders in a shared place for temporary files, so the service uses only its own folder. */
async function assertOurs(folder: string, base: { readonly uid: number }): Promise<void> {
  const found = await lstat(folder);
  if (found.isDirectory() && (found.uid === base.uid || found.uid === process.getuid?.())) return;
  throw new EmbeddedPostgresError(
    'embedded_postgres_failed',
    `${folder}, where the embedded PostgreSQL would put its socket, belongs to somebody else`,
    ['Remove it, or give a shorter DATA_DIR, so that the socket fits inside it.', useOtherDatabase],
  );
}

/** Opens the server's log for appending; a long one is put aside first. */
export async function openLog(path: string) {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > logSizeAtMost) await rename(path, `${path}.1`);
  return open(path, 'a', 0o600);
}
