import Value from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { CampaignRequest } from '../../src/admission/campaign-request.ts';
import { noBrowser } from './browser.ts';
import { useDashboard } from './harness.ts';
import type { MockApi } from './mock-api.ts';
import { populatedWorld } from './mock-world.ts';
import type { Dashboard } from './pages.ts';

describe.skipIf(noBrowser !== null)('campaigns in the dashboard', () => {
  const open = useDashboard();
  const member = (page: Dashboard, index: number) => page.page.locator(`[data-member="${index}"]`);
  const sent = (mock: MockApi) =>
    mock.requests.filter(({ method }) => method === 'POST').map(({ url, body }) => ({ url, body }));

  it('are listed with their state and progress, and lead to their pages', async () => {
    const [page] = await open();
    const { t } = page;
    await page.goto('/');
    await page.follow('change', t.campaigns.title);
    await page.heading().getByText(t.campaigns.title).waitFor();
    const row = page.page.getByRole('row').filter({ hasText: 'rack 7' });
    await row.getByText(t.campaigns.states.running).waitFor();
    await row.getByText(t.campaigns.succeededOf(2, 6)).waitFor();
    await row.getByRole('img', { name: /2 succeeded, 2 running, 2 waiting/ }).waitFor();
    await row.getByRole('link', { name: 'rack 7' }).click();
    await page.page.waitForURL('**/campaigns/cpn_running');
    await page.heading().getByText('rack 7').waitFor();
    expect(page.complaints).toEqual([]);
  });

  it('a page shows how far it is, every member, and leads to its expansions and back', async () => {
    const [page] = await open({ world: populatedWorld(Date.now()) });
    const { t } = page;
    await page.goto('/campaigns/cpn_running');
    const bar = page.page.getByRole('progressbar', { name: t.campaigns.nodes });
    expect(await bar.getAttribute('aria-valuenow')).toBe('33');
    await member(page, 0).getByText(t.campaigns.groups.canary).waitFor();
    await member(page, 0).getByText(t.common.of('2', '2')).waitFor();
    await member(page, 5).getByText(t.campaigns.memberStates.waiting).waitFor();
    await page
      .section(t.campaigns.events)
      .getByText('the canaries have succeeded; 5 members follow')
      .waitFor();
    const report = page.page.getByRole('link', { name: t.campaigns.reportText });
    expect(await report.getAttribute('href')).toBe('/v1/campaigns/cpn_running/report?format=markdown');
    await member(page, 0).getByRole('link').click();
    await page.page.waitForURL('**/expansions/*');
    await page.heading().waitFor();
    expect(page.complaints).toEqual([]);
  });

  it('says why it stopped, and what is halted', async () => {
    const [page] = await open();
    const { t } = page;
    await page.goto('/campaigns/cpn_failed');
    await page.page.getByRole('heading', { name: t.campaigns.failedTitle }).waitFor();
    await page.page
      .getByText(/member 2 \(10\.50\.1\.1:9221\) has failed \(the campaign stops after 1 failure\)/)
      .first()
      .waitFor();
    await member(page, 1).getByText('was attached 3 times and never complete').waitFor();
    await member(page, 11).getByText(t.campaigns.memberStates.not_begun).waitFor();
    expect(await page.button(t.campaigns.controls.cancel).count()).toBe(0);
    await page.goto('/campaigns/cpn_halted');
    await page.page.getByRole('heading', { name: t.campaigns.haltedTitle }).waitFor();
    await page.page.locator('.troubled').getByRole('link', { name: 'exp_of_cpn_halted_1' }).waitFor();
    await page.goto('/campaigns/cpn_none');
    await page.page.getByText(t.error.notFound).waitFor();
  });

  it('is approved, paused, resumed and cancelled, each with its reason', async () => {
    const [page, mock] = await open();
    const c = page.t.campaigns.controls;
    await page.goto('/campaigns/cpn_awaiting');
    await page.page.getByRole('heading', { name: page.t.campaigns.awaitingTitle }).waitFor();
    await page.button(c.approve).click();
    await page.giveReason(c.approve, 'the canary looks good');
    await page.page.locator('.title-line [data-state="running"]').waitFor();
    await page.button(c.pause).click();
    await page.giveReason(c.pause, 'peak');
    await page.page.getByRole('heading', { name: page.t.campaigns.pausedTitle }).waitFor();
    await page.button(c.resume).click();
    await page.giveReason(c.resume, 'over');
    await page.page.locator('.title-line [data-state="running"]').waitFor();
    await page.button(c.cancel).click();
    await page.page.getByRole('dialog').getByLabel(c.cancelMembers).check();
    await page.giveReason(c.cancel, 'wrong rack');
    await page.page.locator('.title-line [data-state="stopping"]').waitFor();
    const path = '/v1/campaigns/cpn_awaiting';
    expect(sent(mock)).toEqual([
      { url: `${path}/approve`, body: { reason: 'the canary looks good' } },
      { url: `${path}/pause`, body: { reason: 'peak' } },
      { url: `${path}/resume`, body: { reason: 'over' } },
      { url: `${path}/cancel`, body: { reason: 'wrong rack', cancelMembers: true } },
    ]);
    // There is nothing left that could be asked for.
    await expect.poll(() => page.button(c.cancel).count()).toBe(0);
    expect(page.complaints).toEqual([]);
  });

  it('are not offered for approval to the person who asked for them, if they need four eyes', async () => {
    const [page] = await open({ tokens: { mira: 'operator' }, campaignsOnOverview: true });
    await page.context.route(/\/v1\/campaigns/, async (route) => {
      const answer = await (await route.fetch()).json();
      const changed = (one: object) => ({ ...one, fourEyes: true, requestedBy: 'Operator token' });
      const json = answer.items ? { ...answer, items: answer.items.map(changed) } : changed(answer);
      await route.fulfill({ json });
    });
    await page.goto('/campaigns/cpn_awaiting');
    await page.signIn('mira');
    await page.page.getByText('so another person must approve it').waitFor();
    const { approve, cancel } = page.t.campaigns.controls;
    await page.button(cancel).waitFor();
    expect(await page.button(approve).count()).toBe(0);
    await page.goto('/');
    const card = page.page.getByTestId('campaign-card').filter({ hasText: 'north' });
    await card.getByText('so another person must approve it').waitFor();
    expect(await page.button(approve).count()).toBe(0);
  });

  it('are approved from the overview', async () => {
    const [page, mock] = await open({ campaignsOnOverview: true });
    const { approve } = page.t.campaigns.controls;
    await page.goto('/');
    await page.button(approve).click();
    await page.giveReason(approve, 'the canary looks good');
    expect(sent(mock)).toEqual([
      { url: '/v1/campaigns/cpn_awaiting/approve', body: { reason: 'the canary looks good' } },
    ]);
    await page.button(approve).waitFor({ state: 'detached' });
  });

  it('that wait for a person stand on the overview', async () => {
    const [page] = await open({ campaignsOnOverview: true });
    const { t } = page;
    await page.goto('/');
    const cards = page.section(t.overview.needsPerson).getByTestId('campaign-card');
    await cards.filter({ hasText: 'the rest (3 members) waits for approval' }).waitFor();
    await cards.filter({ hasText: 'halted until a person decides' }).waitFor();
    expect(await cards.count()).toBe(2);
    await cards.getByRole('link', { name: t.campaigns.open('north') }).click();
    await page.page.waitForURL('**/campaigns/cpn_awaiting');
  });

  it('are planned and started here, from lines of masters and their nodes', async () => {
    const [page, mock] = await open();
    const { form: f } = page.t.campaigns;
    const { newExpansion: n } = page.t;
    await page.goto('/campaigns');
    await page.button(f.title).click();
    const lines = page.page.getByLabel(f.membersLabel);
    await lines.fill('10.0.1.1:9221 10.0.1.2:9221\n10.0.2.1:9221 10.0.2.66:9221\n10.0.3.1:9221');
    await page.page.getByText(f.alone(3, '10.0.3.1:9221')).waitFor();
    expect(await page.button(n.makePlan).isDisabled()).toBe(true);
    await lines.fill('10.0.1.1:9221 10.0.1.2:9221\n10.0.2.1:9221 10.0.2.66:9221');
    await page.page.getByText(f.recognised(2, 2)).waitFor();
    await page.page.getByLabel(f.approval).check();
    await page.button(n.makePlan).click();
    await page.page.getByText(n.notAcceptable(1)).waitFor();
    expect(await page.button(f.start).isDisabled()).toBe(true);
    await lines.fill('10.0.1.1:9221 10.0.1.2:9221\n10.0.2.1:9221 10.0.2.66:9221,overwrite-data');
    await page.page.getByText(n.planStale).waitFor();
    await lines.fill('10.0.1.1:9221 10.0.1.2:9221\n10.0.2.1:9221 10.0.2.67:9221,overwrite-data');
    await page.button(n.makePlan).click();
    await page.page.getByText(n.acceptable).waitFor();
    await page.button(f.start).click();
    await page.page.waitForURL('**/campaigns/cpn_running');
    const last = sent(mock).at(-1)!;
    expect(last).toEqual({
      url: '/v1/campaigns',
      body: {
        maxRunning: 1,
        stopAfterFailures: 1,
        canary: { count: 1, approval: true },
        members: [
          { master: { address: '10.0.1.1:9221' }, nodes: [{ address: '10.0.1.2:9221' }] },
          {
            master: { address: '10.0.2.1:9221' },
            nodes: [{ address: '10.0.2.67:9221', overwriteData: true }],
          },
        ],
      },
    });
    expect(Value.Check(CampaignRequest, last.body)).toBe(true);
    expect(page.complaints).toEqual([]);
  });

  it('are seen by a viewer, who changes nothing', async () => {
    const [page] = await open({ tokens: { looker: 'viewer' } });
    await page.goto('/campaigns');
    await page.signIn('looker');
    await page.page.getByText('rack 7').waitFor();
    await page.goto('/campaigns/cpn_awaiting');
    await page.page.getByRole('heading', { name: page.t.campaigns.awaitingTitle }).waitFor();
    for (const name of Object.values(page.t.campaigns.controls))
      expect(await page.page.getByRole('button', { name, exact: true }).count()).toBe(0);
  });

  it('speak Chinese', async () => {
    const [page] = await open({}, { language: 'zh' });
    await page.goto('/campaigns');
    await page.heading().getByText('批量扩容').waitFor();
    await page.goto('/campaigns/cpn_awaiting');
    await page.button('批准其余成员').waitFor();
    await member(page, 0).getByText('金丝雀').waitFor();
  });
});
