import { describe, expect, it } from 'vitest';
import { axeTimeoutMs, seriousViolations } from './axe.ts';
import { noBrowser } from './browser.ts';
import { useDashboard } from './harness.ts';
import type { Dashboard } from './pages.ts';

/** What a page shows some time after a change of its size: it takes its new width a moment after the call. */
const eventually = <T>(look: () => T | Promise<T>) => expect.poll(look, { timeout: 60_000 });

describe.skipIf(noBrowser !== null)('the page of tokens', () => {
  const open = useDashboard();
  const tokens = { root: 'admin', ops: 'operator' } as const;

  async function openAs(
    token: keyof typeof tokens,
    look: Parameters<typeof open>[1] = {},
  ): Promise<Dashboard> {
    const [page] = await open({ tokens }, look);
    await page.goto('/tokens');
    await page.signIn(token);
    await page.heading().getByText(page.t.tokens.title).waitFor();
    return page;
  }
  const give = async (page: Dashboard, reason: string) => {
    const dialog = page.page.getByRole('dialog');
    await dialog.getByLabel(page.t.controls.reasonLabel).fill(reason);
    await dialog.locator('button[type=submit]').click();
    await dialog.waitFor({ state: 'detached' });
  };

  it('creates a token, shows its text once, and revokes it', async () => {
    const page = await openAs('root');
    const t = page.t.tokens;
    await page.page.getByText('10.7.0.0/16').waitFor();
    await page.page.getByLabel(t.name, { exact: false }).first().fill('ann');
    await page.page.getByLabel(t.role, { exact: true }).selectOption('operator');
    await page.button(t.create).click();
    const text = page.page.getByTestId('new-token');
    expect(await text.innerText()).toBe('pxt_the-text-of-the-token');
    await page.page.reload();
    await page.page.getByText('ann', { exact: true }).first().waitFor();
    expect(await text.count()).toBe(0);
    await page.button(`${t.revoke}: ann`).click();
    await give(page, 'left the team');
    await page.page.getByText(t.revoked, { exact: true }).waitFor();
    expect(page.complaints).toEqual([]);
  });

  it('says why a token was not created', async () => {
    const page = await openAs('root');
    await page.page.getByLabel(page.t.tokens.name, { exact: false }).first().fill('team-7');
    await page.button(page.t.tokens.create).click();
    await page.page.getByText('There is a token of this name.').waitFor();
  });

  it('ends the session of a browser', async () => {
    const page = await openAs('root');
    const t = page.t.tokens;
    await page.button(`${t.end}: ann`).click();
    await give(page, 'lost laptop');
    await page.page.getByText(t.noSessions).waitFor();
  });

  it('is only for who may give tokens', async () => {
    const page = await openAs('ops');
    await page.page.getByText(page.t.app.notPermitted).waitFor();
    expect(await page.page.getByRole('link', { name: page.t.tokens.title }).count()).toBe(0);
    expect(await page.page.locator('table').count()).toBe(0);
  });

  it(
    'is clean for axe, fits a telephone, and leaves the header whole, in both languages',
    async () => {
      for (const language of ['en', 'zh'] as const) {
        const page = await openAs('root', { language });
        await page.page.getByText('10.7.0.0/16').waitFor();
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.page.emulateMedia({ colorScheme });
          await page.page
            .locator(`html[data-mantine-color-scheme="${colorScheme}"]`)
            .waitFor({ state: 'attached' });
          expect(await seriousViolations(page)).toEqual([]);
        }
        const overlaps = `(() => {
          const box = (of) => document.querySelector(of).getBoundingClientRect();
          const [a, b] = [box('.nav a:last-of-type'), box('.header-tools')];
          return a.right > b.left && a.top < b.bottom && a.bottom > b.top;
        })()`;
        for (const width of [390, 1600, 1601, 1920]) {
          await page.page.setViewportSize({ width, height: 844 });
          await eventually(async () => ({ width, overlaps: await page.page.evaluate(overlaps) })).toEqual({
            width,
            overlaps: false,
          });
        }
        await page.page.setViewportSize({ width: 390, height: 844 });
        await eventually(() => page.page.evaluate('document.documentElement.scrollWidth')).toBe(390);
        await page.close();
      }
    },
    axeTimeoutMs,
  );
});
