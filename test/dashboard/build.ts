import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { isJustBuilt } from '../support/program.ts';
import { launchBrowser, noBrowser } from './browser.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of the built dashboard. */
    dashboard: string;
    /** Where the browser listens that all tests share. */
    browser: string;
  }
}

const run = promisify(execFile);
const project = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Launches a browser, and builds the dashboard, once for all tests with a browser, into a folder of its own unless `npm test` has just
 * built it: tests see the sources as they are.
 */
export default async function prepare({ provide }: TestProject): Promise<() => Promise<void>> {
  if (noBrowser !== null) return async () => undefined;
  const made = isJustBuilt ? null : await mkdtemp(join(tmpdir(), 'pika-expander-dashboard-'));
  const browser = await launchBrowser();
  if (made !== null) await build(made);
  provide('dashboard', made ?? join(project, 'dist/dashboard'));
  provide('browser', browser.wsEndpoint());
  return async () => {
    await browser.close();
    if (made !== null) await rm(made, { recursive: true, force: true });
  };
}

/** In a process of its own: here NODE_ENV is `test`, and what is delivered must not be tried as React's development build. */
async function build(folder: string): Promise<void> {
  const vite = join(project, 'node_modules/vite/bin/vite.js');
  const args = ['build', 'src/dashboard', '--outDir', folder, '--emptyOutDir', '--logLevel', 'warn'];
  const env = { ...process.env, NODE_ENV: 'production' };
  await run(process.execPath, [vite, ...args], { cwd: project, env });
}
