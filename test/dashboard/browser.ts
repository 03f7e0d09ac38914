import { existsSync } from 'node:fs';
import { type BrowserServer, chromium } from 'playwright-core';

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

/** A Chromium without any connection of its own to the outside, for all tests. */
export function launchBrowser(): Promise<BrowserServer> {
  if (chromiumPath === undefined) throw new Error(noBrowser ?? '');
  return chromium.launchServer({
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
      // Keeps no renderer ready for the next page: half of all processes would only be started and ended.
      '--renderer-process-limit=1',
    ],
  });
}
