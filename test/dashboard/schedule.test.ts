import { describe, expect, it } from 'vitest';
import { policySections } from '../../src/model/policy.ts';
import { nobody } from '../../src/model/text.ts';
import { axeTimeoutMs, type Look, seriousViolations } from './axe.ts';
import { noBrowser } from './browser.ts';
import { useDashboard } from './harness.ts';
import { addDrifted, addForetold, addPaced, addWaitingForWindow } from './mock-schedule.ts';
import { MockWorld } from './mock-world.ts';
import type { Dashboard } from './pages.ts';

describe.skipIf(noBrowser !== null)('scheduling on the dashboard', () => {
  const open = useDashboard();

  const aWorld = (): MockWorld => new MockWorld(Date.now());

  it('shows what was forecast beside what it was: in all, by batch and by node', async () => {
    const world = aWorld();
    const { id } = addForetold(world);
    const [page] = await open({ world });
    await page.goto(`/expansions/${id}`);
    const { newExpansion: n, forecastTable: f } = page.t;
    const panel = page.section(n.forecast);
    await panel.getByText(n.forecastReal('50 s')).waitFor();
    await panel.getByText('+5.0 %').waitFor();
    const batches = panel.getByRole('table', { name: f.batches });
    await expect.poll(() => batches.getByRole('row').count()).toBe(3);
    expect(await batches.getByRole('row').nth(2).innerText()).toMatch(
      /^2\s+\+24 s\s+\+\d+ s\s+24 s\s+\d+ s\s+new$/,
    );
    const nodes = panel.getByRole('table', { name: f.nodes });
    const row = nodes.getByRole('row').filter({ hasText: '10.50.0.22:9221' });
    expect(await row.innerText()).toMatch(/13 s\s+13 s −1\.5 %\s+39\.8 MB\/s\s+37\.7 MB\/s −5\.3 %/);
  });

  it('shows what sets the pace: health with value and limit, the budget, windows, borrowed settings', async () => {
    const world = aWorld();
    const { id } = addPaced(world);
    const [page] = await open({ world });
    await page.goto(`/expansions/${id}`);
    const p = page.t.pace;
    const panel = page.section(p.title);
    await panel.getByText(p.healthOver).waitFor();
    await panel.getByText(p.reading(p.figures.master_latency_ms, '27.4 ms', '20 ms')).waitFor();
    await panel.getByText(p.level('40 %')).first().waitFor();
    const lag = panel.getByRole('row').filter({ hasText: p.figures.slave_lag_bytes });
    expect(await lag.innerText()).toMatch(/3\.1 MB\s+105 MB/);
    await panel.getByText('62.9 MB/s').waitFor();
    await panel.getByText('22:00–06:00 Sat, Sun').waitFor();
    await panel.getByText(new RegExp(`^(${p.windowOpen}|${p.windowClosed})$`)).waitFor();
    const ofMaster = panel.getByRole('row').filter({ hasText: 'expire-logs-nums' });
    expect(await ofMaster.innerText()).toMatch(
      /10\.50\.1\.10:9221\s+expire-logs-nums\s+10\s+826\s+changed for now/,
    );
    const ofNode = panel.getByRole('row').filter({ hasText: 'throttle-bytes-per-second' });
    expect(await ofNode.innerText()).toMatch(/10\.50\.1\.21:9221.*210 MB\/s\s+25\.2 MB\/s/s);
  });

  it('says that it waits for a window, and when that opens', async () => {
    const world = aWorld();
    const { id } = addWaitingForWindow(world);
    const [page] = await open({ world });
    await page.goto(`/expansions/${id}`);
    await page.page.getByRole('heading', { name: page.t.pace.waitsForWindow }).waitFor();
    await page.page
      .getByText(/The next one opens .* in 2 h \d+ min|in 3 h/)
      .first()
      .waitFor();
  });

  it('shows what has grown where the plan no longer holds', async () => {
    const world = aWorld();
    const { id } = addDrifted(world);
    const [page] = await open({ world });
    await page.goto(`/expansions/${id}`);
    const panel = page.section(page.t.newExpansion.forecast);
    await panel.getByText(page.t.forecastTable.drift(2)).waitFor();
    await panel.getByText('Snapshot: planned 537 MB, now 1.6 GB').waitFor();
  });

  it('says nothing of a pace that nothing sets', async () => {
    const world = aWorld();
    const { id } = world.add({ master: '10.20.0.10:9221', nodes: ['10.20.0.31:9221'] });
    const [page] = await open({ world });
    await page.goto(`/expansions/${id}`);
    await page.state('pending').waitFor();
    expect(await page.section(page.t.pace.title).count()).toBe(0);
  });

  const threeNodes = {
    master: '10.20.0.10:9221',
    nodes: ['10.20.0.31:9221', '10.20.0.34:9221', '10.20.0.35:9221'],
  };

  it('asks for what sets the pace as the form says, and for nothing that was left empty', async () => {
    const [page, api] = await open();
    const { newExpansion: n } = page.t;
    const field = (path: string) => page.page.getByLabel(page.policyLabel(path), { exact: true });
    await page.goto('/new');
    await page.page.getByLabel(page.t.newExpansion.masterAddress).fill(threeNodes.master);
    await page.page.getByLabel(page.t.newExpansion.nodesLabel).fill(threeNodes.nodes.join('\n'));
    await page.page.getByText(policySections.pace.en({}, nobody), { exact: true }).click();
    await field('bandwidthBytesPerSecond').fill('60');
    await field('health.masterLatencyMs').fill('20');
    await page.button(n.addEntry(page.policyLabel('windows'))).click();
    await field('from').fill('23:30');
    await field('timeZone').fill('Europe/Berlin');
    await field('mayRaiseBinlogRetention').check();
    await page.button(page.t.newExpansion.makePlan).click();
    await page.page.getByTestId('plan').waitFor();
    const { body } = api.requests.find(({ url }) => url === '/v1/plans')!;
    expect((body as { policy: unknown }).policy).toEqual({
      bandwidthBytesPerSecond: 60_000_000,
      health: { masterLatencyMs: 20 },
      windows: [{ from: '23:30', to: '06:00', timeZone: 'Europe/Berlin' }],
      mayRaiseBinlogRetention: true,
    });
  });

  it('rehearses a plan before it is started: as planned, with faults, and as a burst', async () => {
    const [page] = await open();
    const r = page.t.rehearsals;
    await page.plan(threeNodes);
    await page.button(r.rehearse).click();
    const predicted = page.section(r.predicted);
    await predicted.getByText(r.dumps(3)).waitFor();
    await predicted.getByText('10.20.0.35:9221', { exact: true }).waitFor();
    for (const name of Object.values(r.faultNames))
      await page.page.getByRole('heading', { name, exact: true }).waitFor();
    await page.section(r.faultNames.node_dies).getByText(r.longer('48 s')).waitFor();
    const burst = page.section(r.burst);
    await burst.getByText(r.burstSpoilt(2, 3)).waitFor();
    await burst.getByText(r.burstSilent(1)).waitFor();
    const dead = burst.getByRole('row').filter({ hasText: '10.20.0.34:9221' });
    expect(await dead.innerText()).toMatch(new RegExp(`${r.saysWords.dead}\\s+–\\s+verified`));
    // The plan is still there, and can be started.
    expect(await page.button(page.t.newExpansion.start).isEnabled()).toBe(true);
  });

  it('rehearses a plan by its id, at an address that can be passed on', async () => {
    const [page] = await open();
    const r = page.t.rehearsals;
    await page.plan(threeNodes);
    await page.follow('change', page.t.app.rehearsals);
    await page.page.getByLabel(r.planId).fill('plan_mock1');
    await page.button(r.open).click();
    await page.page.waitForURL(/\/rehearsals\/plan_mock1$/);
    await page.heading().getByText(r.ofMaster('10.20.0.10:9221')).waitFor();
    await page.section(r.burst).waitFor();
    // Whoever made the plan need not know its id.
    await page.goto('/rehearsals');
    const row = page.section(r.plans).getByRole('row').filter({ hasText: '10.20.0.10:9221' });
    await row.getByText(page.t.common.nodes(3)).waitFor();
    await row.getByText(r.acceptable).waitFor();
    await row.getByRole('link').click();
    await page.page.waitForURL(/\/rehearsals\/plan_mock1$/);
    await page.goto('/rehearsals/plan_none');
    await page.page.getByText(page.t.error.notFound).waitFor();
  });

  it('a viewer is told that only an operator can have a plan played', async () => {
    const world = aWorld();
    const [page, api] = await open({ world, tokens: { looker: 'viewer', doer: 'operator' } });
    const planned = await fetch(`${api.url}/v1/plans`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: 'session=doer' },
      body: JSON.stringify(threeNodes),
    });
    const { id } = (await planned.json()) as { id: string };
    await page.goto(`/rehearsals/${id}`);
    await page.signIn('looker');
    await page.page.getByText(page.t.rehearsals.operatorsOnly).waitFor();
    expect(api.requests.filter(({ url }) => url.endsWith('/rehearsal'))).toEqual([]);
  });

  /** What axe calls serious or worse, and what runs over the edge, on every page of this file. */
  async function troubles(
    page: Dashboard,
    world: MockWorld,
    look: Look,
  ): Promise<Record<string, readonly string[]>> {
    const ids = [addForetold(world), addPaced(world), addDrifted(world), addWaitingForWindow(world)].map(
      ({ id }) => `/expansions/${id}`,
    );
    await page.plan(threeNodes);
    const found: Record<string, readonly string[]> = {};
    for (const path of [...ids, '/rehearsals', '/rehearsals/plan_mock1']) {
      await page.goto(path);
      await page.page.getByText(page.t.common.loading).first().waitFor({ state: 'detached' });
      if (path.endsWith('mock1')) await page.section(page.t.rehearsals.burst).waitFor();
      const width = Number(await page.page.evaluate('document.documentElement.scrollWidth - innerWidth'));
      found[path] = [
        ...(await seriousViolations(page, look)),
        ...(width > 0 ? [`${width} px over the edge`] : []),
      ];
    }
    return found;
  }

  it.each([
    ['light colours', {}, 'everything'],
    ['dark colours', { scheme: 'dark' }, 'contrast'],
    ['a narrow screen, in Chinese', { width: 390, height: 844, language: 'zh' }, 'all but contrast'],
  ] as const)(
    'axe finds nothing serious in %s, and nothing runs over the edge',
    async (_name, screen, look) => {
      const world = aWorld();
      const [page] = await open({ world }, screen);
      const found = await troubles(page, world, look);
      expect(found).toEqual(Object.fromEntries(Object.keys(found).map((path) => [path, []])));
      expect(page.complaints).toEqual([]);
    },
    axeTimeoutMs,
  );
});
