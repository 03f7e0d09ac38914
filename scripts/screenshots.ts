/**
 * Takes the pictures of the four pages from a running service, for docs/images:
 *
 *   npx tsx scripts/screenshots.ts http://127.0.0.1:8087 [--out docs/images] [--token TOKEN] [--scheme dark]
 *   [--language zh] [--size 1440x900] [--prefix demo-]
 *
 * Shown are the most recent expansion, the node of it with most to tell, and a plan for its master.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string', default: 'docs/images' },
    token: { type: 'string' },
    scheme: { type: 'string', default: 'light' },
    language: { type: 'string', default: 'en' },
    size: { type: 'string', default: '1440x900' },
    prefix: { type: 'string', default: '' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
});

interface Shown {
  readonly id: string;
  readonly master: { readonly name: string };
  readonly joins: readonly {
    readonly target: { readonly name: string };
    readonly phase: string;
    readonly anomalies: readonly unknown[];
  }[];
}

const baseUrl = positionals[0];
if (baseUrl === undefined) {
  console.error(
    'Give the address of a running service: npx tsx scripts/screenshots.ts http://127.0.0.1:8087',
  );
  process.exit(2);
}
const [width = 1440, height = 900] = values.size.split('x').map(Number);
const authorization = values.token === undefined ? {} : { authorization: `Bearer ${values.token}` };

const browser = await chromium.launch({
  executablePath: values.chromium,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
});
try {
  await mkdir(values.out, { recursive: true });
  await takeAll(browser, baseUrl, await mostRecent(baseUrl));
} finally {
  await browser.close();
}

async function mostRecent(url: string): Promise<Shown> {
  const response = await fetch(`${url}/v1/expansions?limit=1`, { headers: authorization });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  const { items } = (await response.json()) as { items: readonly Shown[] };
  if (!items[0]) throw new Error(`${url} has no expansion to show; run one first.`);
  return items[0];
}

async function takeAll(browser: Browser, url: string, shown: Shown): Promise<void> {
  const page = await browser.newPage({
    viewport: { width, height },
    colorScheme: values.scheme === 'dark' ? 'dark' : 'light',
    locale: values.language === 'zh' ? 'zh-CN' : 'en-GB',
    extraHTTPHeaders: authorization,
  });
  const telling =
    shown.joins
      .toSorted((a, b) => b.anomalies.length - a.anomalies.length)
      .find((join) => join.phase !== 'waiting') ?? shown.joins[0]!;
  await take(page, 'overview', `${url}/`);
  await take(page, 'expansion', `${url}/expansions/${shown.id}`);
  await take(page, 'node', `${url}/expansions/${shown.id}/nodes/${encodeURIComponent(telling.target.name)}`);
  await page.goto(`${url}/new`);
  await page.locator('#step-master input').first().fill(shown.master.name);
  await page.locator('#step-master button').click();
  await page.locator('.topology-facts, [role="alert"]').first().waitFor();
  await page.locator('#step-nodes textarea').fill(shown.joins.map((join) => join.target.name).join('\n'));
  await page.locator('main > .main > .row button').click();
  await page.getByTestId('plan').waitFor();
  await save(page, 'new-expansion');
}

async function take(page: Page, name: string, address: string): Promise<void> {
  await page.goto(address);
  await page.locator('h1').waitFor();
  await page.waitForLoadState('load');
  await page.locator('[data-connection="live"], .connection').first().waitFor();
  // The charts draw when they come into view.
  const charts = page.locator('.charts');
  if ((await charts.count()) > 0) {
    await charts.scrollIntoViewIfNeeded();
    await page.locator('.charts canvas').first().waitFor();
    await page.evaluate('window.scrollTo(0, 0)');
  }
  await save(page, name);
}

async function save(page: Page, name: string): Promise<void> {
  await page.waitForFunction('document.querySelector("main [role=status]") === null');
  // From the top, or the header that stays in sight would stand in the middle of the picture.
  await page.evaluate('window.scrollTo(0, 0)');
  const path = join(values.out, `${values.prefix}${name}.png`);
  await page.screenshot({ path, fullPage: true, animations: 'disabled' });
  console.log(path);
}
