import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs scripts/bundle.mjs, in a process of its own: what is delivered is not built for NODE_ENV=test. */
export async function bundle(folder: string, ...entries: readonly string[]): Promise<void> {
  const { NODE_ENV: _, ...env } = process.env;
  const script = join(root, 'scripts', 'bundle.mjs');
  await promisify(execFile)(process.execPath, [script, folder, ...entries], { cwd: root, env });
}
