import { chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, inject } from 'vitest';
import { noBrowser } from './browser.ts';
import { type MockApi, type MockApiOptions, startMockApi } from './mock-api.ts';
import { MockWorld } from './mock-world.ts';
import { Dashboard, type OpenOptions } from './pages.ts';
import { Windows } from './windows.ts';

if (noBrowser) console.warn(`dashboard tests with a browser: ${noBrowser}`);

/** Closing them ends what was opened through them; the browser is for all tests. */
export const openWindows = async (): Promise<Windows> =>
  new Windows(await chromium.connect(inject('browser')));

/** Of APIs that were closed: scripts that come from the same place again are not compiled anew. */
const freePorts: number[] = [];

async function start(options: MockApiOptions): Promise<MockApi> {
  const port = freePorts.pop();
  if (port === undefined) return startMockApi(options);
  // Meanwhile it may be somebody else's.
  return startMockApi({ ...options, port }).catch(() => startMockApi(options));
}

async function end(api: MockApi): Promise<void> {
  await api.close();
  freePorts.push(Number(new URL(api.url).port));
}

/**
 * A browser for the tests of a `describe`; each test opens the dashboard anew, on an API of its own.
 * Without options its world is an empty one that stands still.
 */
export function useDashboard() {
  let windows: Windows;
  const opened: { readonly close: () => Promise<void> }[] = [];

  beforeAll(async () => {
    windows = await openWindows();
  });
  afterEach(async () => {
    for (const each of opened.splice(0).reverse()) await each.close();
  });
  afterAll(async () => {
    await windows?.close();
  });

  return async function open(
    options: Partial<MockApiOptions> = {},
    look: OpenOptions = {},
  ): Promise<[Dashboard, MockApi]> {
    const world = options.world ?? new MockWorld(Date.now());
    const api = await start({ dashboard: inject('dashboard'), speed: 0, ...options, world });
    opened.push({ close: () => end(api) });
    const dashboard = await Dashboard.open(windows, api.url, look);
    opened.push(dashboard);
    return [dashboard, api];
  };
}
