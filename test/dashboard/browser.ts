import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';

const candidates = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

const chromiumPath = candidates.find((path) => path !== undefined && path !== '' && existsSync(path));

/** Why the tests with a browser cannot run here; null when they can. */
export const noBrowser: string | null =
  chromiumPath === undefined
    ? 'skipped: no Chromium was found (install it as /usr/bin/chromium, or name it in CHROMIUM)'
    : null;

/** A Chromium without any connection of its own to the outside. */
export function launchBrowser(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error(noBrowser ?? '');
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface BuiltDashboard {
  readonly folder: string;
  remove(): Promise<void>;
}

const run = promisify(execFile);
const project = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Builds the dashboard into a folder of its own, so that tests see the sources as they are. In a process of its own:
 * here NODE_ENV is `test`, and what is delivered must not be tried as React's development build.
 */
export async function buildDashboard(): Promise<BuiltDashboard> {
  const folder = await mkdtemp(join(tmpdir(), 'pika-expander-dashboard-'));
  const vite = join(project, 'node_modules/vite/bin/vite.js');
  await run(
    process.execPath,
    [vite, 'build', 'src/dashboard', '--outDir', folder, '--emptyOutDir', '--logLevel', 'warn'],
    { cwd: project, env: { ...process.env, NODE_ENV: 'production' } },
  );
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
