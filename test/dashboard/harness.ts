import { type Browser, chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, inject } from 'vitest';
import { noBrowser } from './browser.ts';
import { type MockApi, type MockApiOptions, startMockApi } from './mock-api.ts';
import { MockWorld } from './mock-world.ts';
import { Dashboard, type OpenOptions } from './pages.ts';

if (noBrowser) console.warn(`dashboard tests with a browser: ${noBrowser}`);

/** Closing it ends what was opened through it; the browser is for all tests. */
export const connectBrowser = (): Promise<Browser> => chromium.connect(inject('browser'));

/**
 * A browser for the tests of a `describe`; each test opens the dashboard anew, on an API of its own.
 * Without options its world is an empty one that stands still.
 */
export function useDashboard() {
  let browser: Browser;
  const opened: { readonly close: () => Promise<void> }[] = [];

  beforeAll(async () => {
    browser = await connectBrowser();
  });
  afterEach(async () => {
    for (const each of opened.splice(0).reverse()) await each.close();
  });
  afterAll(async () => {
    await browser?.close();
  });

  return async function open(
    options: Partial<MockApiOptions> = {},
    look: OpenOptions = {},
  ): Promise<[Dashboard, MockApi]> {
    const world = options.world ?? new MockWorld(Date.now());
    const api = await startMockApi({ dashboard: inject('dashboard'), speed: 0, ...options, world });
    opened.push(api);
    const dashboard = await Dashboard.open(browser, api.url, look);
    opened.push(dashboard);
    return [dashboard, api];
  };
}
