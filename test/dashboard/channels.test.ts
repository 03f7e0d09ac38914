import { describe, expect, it } from 'vitest';
import { axeTimeoutMs, seriousViolations } from './axe.ts';
import { noBrowser } from './browser.ts';
import { useDashboard } from './harness.ts';
import type { Dashboard } from './pages.ts';

describe.skipIf(noBrowser !== null)('the page of channels', () => {
  const open = useDashboard();
  const tokens = { ops: 'operator', looker: 'viewer' } as const;

  async function openAs(
    token: keyof typeof tokens,
    look: Parameters<typeof open>[1] = {},
  ): Promise<Dashboard> {
    const [page] = await open({ tokens }, look);
    await page.goto('/channels');
    await page.signIn(token);
    await page.heading().getByText(page.t.channels.title).waitFor();
    await page.page.getByText('10.7.0.2:9221').waitFor();
    return page;
  }
  const give = async (page: Dashboard, reason: string) => {
    const dialog = page.page.getByRole('dialog');
    await dialog.getByLabel(page.t.controls.reasonLabel).fill(reason);
    await dialog.locator('button[type=submit]').click();
    await dialog.waitFor({ state: 'detached' });
  };

  it('acknowledges what needs a person', async () => {
    const page = await openAs('ops');
    const t = page.t.channels;
    await page.page.getByText(t.open, { exact: true }).waitFor();
    await page.button(`${t.acknowledge}: exp_0halted`).click();
    await give(page, 'on it');
    await page.page.getByText(t.acknowledgedBy('ann')).waitFor();
    expect(await page.button(`${t.acknowledge}: exp_0halted`).count()).toBe(0);
    expect(page.complaints).toEqual([]);
  });

  it('makes a channel, shows its secret once, tests a channel and deletes it', async () => {
    const page = await openAs('ops');
    const t = page.t.channels;
    await page.page.getByLabel(t.name, { exact: true }).fill('mine');
    await page.page.getByLabel(t.kind, { exact: true }).selectOption('generic');
    await page.page.getByLabel(t.url).fill('https://hooks.example.net/x');
    await page.button(t.create).click();
    expect(await page.page.getByTestId('new-secret').innerText()).toBe('chsec_the-secret');
    await page.page.reload();
    await page.page.getByText('mine', { exact: true }).first().waitFor();
    expect(await page.page.getByTestId('new-secret').count()).toBe(0);
    await page.button(`${t.test}: dba-7`).click();
    await page.page.getByText('310000: sign not match').waitFor();
    await page.button(`${t.remove}: dba-7`).click();
    await give(page, 'moved');
    await page.page.getByText('oapi.dingtalk.com').waitFor({ state: 'detached' });
    expect(page.complaints).toEqual([]);
  });

  it('asks for what a mail needs', async () => {
    const page = await openAs('ops');
    const t = page.t.channels;
    await page.page.getByLabel(t.kind, { exact: true }).selectOption('email');
    for (const label of [t.mailServer, t.user, t.from, t.to, t.password])
      await page.page.getByLabel(label, { exact: true }).waitFor();
  });

  it('lets viewers read, and change nothing', async () => {
    const page = await openAs('looker');
    const t = page.t.channels;
    await page.page.getByText('oapi.dingtalk.com').waitFor();
    for (const name of [t.create, `${t.acknowledge}: exp_0halted`, `${t.test}: dba-7`])
      expect(await page.button(name).count()).toBe(0);
  });

  it(
    'is clean for axe, and fits a telephone, in both languages',
    async () => {
      for (const language of ['en', 'zh'] as const) {
        const page = await openAs('ops', { language, width: 390, height: 844 });
        expect(await seriousViolations(page)).toEqual([]);
        expect(await page.page.evaluate('document.documentElement.scrollWidth')).toBe(390);
      }
    },
    axeTimeoutMs,
  );
});
