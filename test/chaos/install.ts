import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The service as an installed package, built from the sources as they are now. */
export interface Installation {
  /** What `pika-expander` runs. */
  readonly program: string;
  readonly remove: () => Promise<void>;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Builds it into a folder of its own: a built service starts in half the time, and dist may be somebody else's. */
export async function install(): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'pika-expander-chaos-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const options = ['--noCheck', '--declaration', 'false', '--sourceMap', 'false'];
    const args = ['-p', 'tsconfig.build.json', ...options, '--outDir', join(folder, 'dist')];
    await promisify(execFile)(join(root, 'node_modules/.bin/tsc'), args, { cwd: root });
    const { files } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { files: string[] };
    for (const name of ['node_modules', ...files.filter((name) => name !== 'dist')])
      await symlink(join(root, name), join(folder, name));
    await copyFile(join(root, 'package.json'), join(folder, 'package.json'));
    return { program: join(folder, 'dist/cli/main.js'), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
