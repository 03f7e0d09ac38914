import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { build } from 'vite';

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

/** Builds the dashboard into a folder of its own, so that tests see the sources as they are. */
export async function buildDashboard(): Promise<BuiltDashboard> {
  const folder = await mkdtemp(join(tmpdir(), 'pika-expander-dashboard-'));
  await build({
    configFile: fileURLToPath(new URL('../../src/dashboard/vite.config.ts', import.meta.url)),
    build: { outDir: folder, emptyOutDir: true },
    logLevel: 'warn',
  });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
