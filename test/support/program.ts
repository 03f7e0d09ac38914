import { execFile } from 'node:child_process';
import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundle } from './bundle.ts';
import { kept, textsOf } from './kept.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const settingsOfTheBuild = [
  'scripts/bundle.mjs',
  'scripts/compiled.mjs',
  'knowledge/pika.yaml',
  'tsconfig.json',
  'tsconfig.build.json',
  'package.json',
  'package-lock.json',
];

/** `npm test` has built dist/ from these sources, and nobody builds while its tests run. */
export const isJustBuilt = process.env.JUST_BUILT === '1';

/**
 * The program as it is delivered, built from the sources as they are now: what Node runs. It starts in a third of the time that
 * it takes from source. Tests need no earlier build and disturb none.
 */
export async function builtProgram(): Promise<string> {
  if (isJustBuilt) return join(root, 'dist', 'cli', 'main.js');
  const folder = await kept(
    'program',
    // The build compiles for this Node alone.
    [process.version, await textsOf(['src'], settingsOfTheBuild)],
    build,
  );
  return join(folder, 'dist', 'cli', 'main.js');
}

async function build(folder: string): Promise<void> {
  const dist = join(folder, 'dist');
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  const options = ['--noCheck', '--declaration', 'false', '--sourceMap', 'false', '--outDir', dist];
  await promisify(execFile)(tsc, ['-p', 'tsconfig.build.json', ...options], { cwd: root });
  const { files } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { files: string[] };
  for (const name of ['node_modules', 'package.json', ...files.filter((name) => name !== 'dist')])
    await symlink(join(root, name), join(folder, name));
  await bundle(dist, join(dist, 'cli', 'main.js'), join(dist, 'compare', 'thread.js'));
}
