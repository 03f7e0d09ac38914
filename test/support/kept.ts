import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, 'node_modules', '.cache', 'pika-expander');
const dayMs = 86_400_000;

export const copy = (from: string, to: string) => promisify(execFile)('cp', ['-a', `${from}/.`, to]);

/**
 * A folder that takes seconds to make: made once for a state of what it is made of, and kept for the tests that come later.
 * Nobody may write to it.
 */
export async function kept(
  name: string,
  madeOf: unknown,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const state = createHash('sha256').update(JSON.stringify(madeOf)).digest('hex').slice(0, 16);
  const folder = join(cache, `${name}-${state}`);
  const now = new Date();
  const isThere = await utimes(folder, now, now).then(
    () => true,
    () => false,
  );
  if (isThere) return folder;
  const made = await mkdtemp(join(tmpdir(), `pika-expander-${name}-`));
  try {
    await make(made);
    await mkdir(cache, { recursive: true });
    const side = await mkdtemp(`${folder}.new-`);
    await copy(made, side);
    // Another worker may have been quicker; then its folder is as good.
    await rename(side, folder).catch(() => rm(side, { recursive: true, force: true }));
  } finally {
    await rm(made, { recursive: true, force: true });
  }
  await forgetUnused();
  return folder;
}

/** Those of a state that is no more. */
async function forgetUnused(): Promise<void> {
  for (const name of await readdir(cache)) {
    const folder = join(cache, name);
    const found = await stat(folder).catch(() => null);
    if (found !== null && Date.now() - found.mtimeMs > dayMs)
      await rm(folder, { recursive: true, force: true });
  }
}

/** By path: the TypeScript below these folders, and these files. */
export async function textsOf(
  folders: readonly string[],
  files: readonly string[],
): Promise<readonly (readonly [path: string, text: string])[]> {
  const below = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(join(root, folder), { recursive: true })).map((path) => join(folder, path)),
    ),
  );
  const modules = below.flat().filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'));
  return Promise.all(
    [...files, ...modules.toSorted()].map(
      async (path) => [path, await readFile(join(root, path), 'utf8')] as const,
    ),
  );
}
