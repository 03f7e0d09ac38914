import { describe, expect, it } from 'vitest';
import { axeTimeoutMs, seriousViolations } from './axe.ts';
import { noBrowser } from './browser.ts';
import { useDashboard } from './harness.ts';
import { anIncident, incidentsOfEachKind } from './mock-incidents.ts';
import { MockWorld, populatedWorld } from './mock-world.ts';
import type { Dashboard } from './pages.ts';

const lines = (page: Dashboard) => page.section(page.t.overview.needsPerson).getByTestId('incident-line');
const line = (page: Dashboard, text: string) => lines(page).filter({ hasText: text });

describe.skipIf(noBrowser !== null)('incidents on the overview', () => {
  const open = useDashboard();

  it('are lines with the worst problem and the way to their page, in a world without expansions', async () => {
    const [page] = await open({ incidents: incidentsOfEachKind() });
    const { t } = page;
    await page.goto('/');
    await page.page.getByText(t.overview.glance.needed(4)).waitFor();
    expect(await page.page.getByText(t.overview.nobodyNeeded).count()).toBe(0);
    for (const [title, path, text] of [
      ['grd_1', '/guards/grd_1', '10.0.0.2:9221 is_master'],
      ['aud_1', '/audits/aud_1', '10.0.0.3:9221 damaged'],
      ['rep_1', '/replacements/rep_1', '10.0.0.4:9221 held'],
    ] as const) {
      const link = line(page, text).getByRole('link', { name: t.overview.open(title) });
      expect(await link.getAttribute('href')).toBe(path);
    }
    await line(page, '10.0.0.2:9221').getByText(t.channels.more(2)).waitFor();
    // The service as a whole has no page.
    expect(await line(page, '5 min').getByRole('link').count()).toBe(0);
    expect(page.complaints).toEqual([]);
  });

  it('are acknowledged there: what nothing else ends is over, the others say who sees to them', async () => {
    const [page, { requests }] = await open({ incidents: incidentsOfEachKind() });
    const { acknowledge, acknowledgedBy } = page.t.channels;
    await page.goto('/');
    await page.button(`${acknowledge}: aud_1`).click();
    await page.giveReason(acknowledge, 'it gets a full sync');
    await line(page, 'aud_1').waitFor({ state: 'detached' });
    await page.button(`${acknowledge}: grd_1`).click();
    await page.giveReason(acknowledge, 'on it');
    await line(page, 'grd_1').getByText(acknowledgedBy('ann')).waitFor();
    expect(await page.button(`${acknowledge}: grd_1`).count()).toBe(0);
    expect(requests.filter(({ method }) => method === 'POST').map(({ url, body }) => [url, body])).toEqual([
      ['/v1/incidents/inc_audit/acknowledge', { reason: 'it gets a full sync' }],
      ['/v1/incidents/inc_guard/acknowledge', { reason: 'on it' }],
    ]);
    // What somebody sees to stands last.
    expect(await lines(page).last().innerText()).toContain('grd_1');
  });

  it('say nothing that a card, a state or the strip of the freeze says', async () => {
    const world = populatedWorld(Date.now());
    const of = (state: string) => world.expansions.find((expansion) => expansion.state === state)!.id;
    const node = anIncident('inc_node', 'node', { problem: { text: '10.9.0.1:9221 quarantined' } }).problems;
    const incidents = [
      // Its expansion is a card.
      anIncident('inc_1', 'halted', { expansionId: of('halted') }),
      anIncident('inc_2', 'node', { expansionId: of('awaiting_approval'), problems: node }),
      anIncident('inc_3', 'approval', { campaignId: 'cpn_awaiting' }),
      // Its expansion has just gone on.
      anIncident('inc_4', 'halted', { expansionId: of('running') }),
      anIncident('inc_5', 'frozen'),
      // Only this one is nowhere else.
      anIncident('inc_6', 'failed', {
        title: 'exp_lost',
        expansionId: 'exp_lost',
        problem: { text: '10.9.0.2:9221 failed', until: 'acknowledged' },
      }),
    ];
    const [page] = await open({ world, incidents, campaignsOnOverview: true });
    await page.goto('/');
    await line(page, '10.9.0.2:9221 failed').waitFor();
    await page.page.getByTestId('campaign-card').first().waitFor();
    expect(await lines(page).count()).toBe(1);
    const cards = page.section(page.t.overview.needsPerson).locator('.card');
    const needed = await cards.count();
    await page.page.getByText(page.t.overview.glance.needed(needed)).waitFor();
  });

  it('beyond the first lines are on the page of channels', async () => {
    const incidents = Array.from({ length: 12 }, (_, index) =>
      anIncident(`inc_${index}`, 'guard', { title: `grd_${index}`, guardId: `grd_${index}` }),
    );
    const [page] = await open({ incidents });
    await page.goto('/');
    await page.page.getByText(page.t.overview.glance.needed(12)).waitFor();
    expect(await lines(page).count()).toBe(10);
    await page.page.getByRole('link', { name: page.t.overview.moreIncidents }).click();
    await page.heading().getByText(page.t.channels.title).waitFor();
  });

  it('are read by viewers, who acknowledge nothing', async () => {
    const [page] = await open({ incidents: incidentsOfEachKind(), tokens: { looker: 'viewer' } });
    await page.goto('/');
    await page.signIn('looker');
    await line(page, 'aud_1').waitFor();
    expect(await page.button(`${page.t.channels.acknowledge}: aud_1`).count()).toBe(0);
  });

  it(
    'are clean for axe, and fit a telephone, in both languages',
    async () => {
      for (const language of ['en', 'zh'] as const) {
        const [page] = await open(
          { world: new MockWorld(Date.now()), incidents: incidentsOfEachKind() },
          { language, width: 390, height: 844 },
        );
        await page.goto('/');
        await line(page, 'aud_1').waitFor();
        expect(await seriousViolations(page)).toEqual([]);
        expect(await page.page.evaluate('document.documentElement.scrollWidth')).toBe(390);
      }
    },
    axeTimeoutMs,
  );
});
