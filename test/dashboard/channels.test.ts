import { describe, expect, it } from 'vitest';
import { type Topic, topicTexts } from '../../src/model/channel.ts';
import { en } from '../../src/model/labels/en.ts';
import { axeTimeoutMs, seriousViolations } from './axe.ts';
import { noBrowser } from './browser.ts';
import { useDashboard } from './harness.ts';
import type { MockApi } from './mock-api.ts';
import { anIncident } from './mock-incidents.ts';
import type { Dashboard } from './pages.ts';

describe.skipIf(noBrowser !== null)('the page of channels', () => {
  const open = useDashboard();
  const tokens = { ops: 'operator', looker: 'viewer' } as const;

  const incidents = [anIncident('inc_1', 'halted', { expansionId: 'exp_0halted', moreProblems: 2 })];
  let api: MockApi;

  async function openAs(
    token: keyof typeof tokens,
    look: Parameters<typeof open>[1] = {},
  ): Promise<Dashboard> {
    const [page, mock] = await open({ tokens, incidents }, look);
    api = mock;
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

  const body = (mock: MockApi, method: string) =>
    mock.requests.findLast((request) => request.method === method && request.url.startsWith('/v1/channels'))
      ?.body;
  const topic = (page: Dashboard, name: Topic) => {
    const language = page.t === en ? 'en' : 'zh';
    return page.page.getByLabel(topicTexts[name][language]({}, { language, tool: 'dashboard' }));
  };

  it('makes a channel with topics, masters, repeats and quiet hours', async () => {
    const page = await openAs('ops');
    const t = page.t.channels;
    const field = (label: string) => page.page.getByLabel(label, { exact: true });
    await field(t.name).fill('night');
    await field(t.url).fill('https://hooks.example.net/x');
    await field(t.language).selectOption('zh');
    await topic(page, 'guard').check();
    await topic(page, 'halted').check();
    await field(t.masters).fill('10.0.0.0/8, *.pika.example');
    await field(t.repeat).fill('');
    await field(t.hasQuiet).check();
    await field(t.quietFrom).fill('23:30');
    await field(t.quietTo).fill('07:00');
    await field(t.timeZone).fill('Asia/Shanghai');
    await topic(page, 'setting').last().check();
    await page.button(t.create).click();
    await page.page.getByText('night', { exact: true }).first().waitFor();
    expect(body(api, 'POST')).toEqual({
      name: 'night',
      kind: 'slack',
      url: 'https://hooks.example.net/x',
      language: 'zh',
      topics: ['halted', 'guard'],
      masters: ['10.0.0.0/8', '*.pika.example'],
      repeatMinutes: null,
      quiet: {
        from: '23:30',
        to: '07:00',
        timeZone: 'Asia/Shanghai',
        breakThrough: ['halted', 'setting', 'unattended'],
      },
    });
    expect(page.complaints).toEqual([]);
  });

  it('changes what a person changes, and nothing else', async () => {
    const page = await openAs('ops');
    const t = page.t.channels;
    await page.button(`${t.change}: dba-7`).click();
    const dialog = page.page.getByRole('dialog');
    const field = (label: string) => dialog.getByLabel(label, { exact: true });
    expect(await field(t.masters).inputValue()).toBe('10.7.0.0/16');
    await field(t.hasQuiet).uncheck();
    await field(t.name).fill('dba-7 by day');
    await dialog.locator('button[type=submit]').click();
    await dialog.waitFor({ state: 'detached' });
    await page.page.getByText('dba-7 by day', { exact: true }).first().waitFor();
    expect(body(api, 'PATCH')).toEqual({ name: 'dba-7 by day', quiet: null });
    expect(page.complaints).toEqual([]);
  });

  it('asks for the password again where a mail goes to another server', async () => {
    const page = await openAs('ops');
    const t = page.t.channels;
    await page.button(`${t.change}: dba-9`).click();
    const dialog = page.page.getByRole('dialog');
    const field = (label: string) => dialog.getByLabel(label, { exact: true });
    await dialog.getByText(t.passwordStays).waitFor();
    await field(t.mailServer).fill('smtps://other.example.net');
    await dialog.locator('button[type=submit]').click();
    await dialog.getByText('(secret)').waitFor();
    await field(t.password).fill('the-password');
    await dialog.locator('button[type=submit]').click();
    await dialog.waitFor({ state: 'detached' });
    expect(body(api, 'PATCH')).toEqual({ url: 'smtps://other.example.net', secret: 'the-password' });
  });

  it('takes the password away with the login', async () => {
    const page = await openAs('ops');
    const t = page.t.channels;
    await page.button(`${t.change}: dba-9`).click();
    const dialog = page.page.getByRole('dialog');
    await dialog.getByLabel(t.user, { exact: true }).fill('');
    await dialog.locator('button[type=submit]').click();
    await dialog.waitFor({ state: 'detached' });
    expect(body(api, 'PATCH')).toEqual({ user: null, secret: null });
  });

  it('lets viewers read, and change nothing', async () => {
    const page = await openAs('looker');
    const t = page.t.channels;
    await page.page.getByText('oapi.dingtalk.com').waitFor();
    for (const name of [t.create, `${t.acknowledge}: exp_0halted`, `${t.test}: dba-7`, `${t.change}: dba-7`])
      expect(await page.button(name).count()).toBe(0);
  });

  it(
    'is clean for axe, and fits a telephone, in both languages',
    async () => {
      for (const language of ['en', 'zh'] as const) {
        const page = await openAs('ops', { language, width: 390, height: 844 });
        const { t } = page;
        await page.page.getByLabel(t.channels.hasQuiet, { exact: true }).check();
        expect(await seriousViolations(page)).toEqual([]);
        expect(await page.page.evaluate('document.documentElement.scrollWidth')).toBe(390);
        await page.button(`${t.channels.change}: dba-7`).click();
        await page.page.getByRole('dialog').getByLabel(t.channels.timeZone).waitFor();
        expect(await seriousViolations(page)).toEqual([]);
      }
    },
    axeTimeoutMs,
  );
});
