import { describe, expect, it } from 'vitest';
import { formatDateTime } from '../../src/dashboard/format.ts';
import { noBrowser } from './browser.ts';
import { useDashboard } from './harness.ts';
import { bigWorld, MockWorld } from './mock-world.ts';
import type { Dashboard } from './pages.ts';

/** What a page has, and Node has not. */
interface OfPages {
  readonly MutationObserver: new (look: () => void) => { observe(box: unknown, what: object): void };
}

describe.skipIf(noBrowser !== null)('the dashboard stays true while things happen', () => {
  const open = useDashboard();

  const eventCount = (page: Dashboard, count: number) =>
    page.section(page.t.expansion.events).getByText(page.t.events.count(String(count)), { exact: true });

  it('misses nothing when the event stream breaks: it says so, reconnects, and goes on after the last event', async () => {
    const [page, mock] = await open();
    const { world } = mock;
    const { id } = world.add({ master: '10.20.0.10:9221', nodes: ['10.20.0.31:9221'] });
    world.advance(1_000);
    await page.goto(`/expansions/${id}`);
    await page.connection('live').waitFor();
    const before = world.events.length;
    await eventCount(page, before).waitFor();
    const lastSeen = world.events.at(-1)!.seq;

    mock.cutStreams(true);
    await page.connection('reconnecting').waitFor();
    await page.page.getByText(page.t.connection.lostLong).waitFor();
    world.say(id, 'node.waiting', 'said while nobody listened', { node: '10.20.0.31:9221' });
    world.say(id, 'node.waiting', 'said a second time', { node: '10.20.0.31:9221' });

    mock.allowStreams();
    await page.connection('live').waitFor();
    await eventCount(page, before + 2).waitFor();
    const drawn = await page.drawnEvents();
    expect(drawn.filter((text) => text.includes('said while nobody listened'))).toHaveLength(1);
    expect(drawn.filter((text) => text.includes('said a second time'))).toHaveLength(1);
    expect(Number(mock.streamStarts.at(-1))).toBeGreaterThanOrEqual(lastSeen);
    await page.page
      .getByTestId('announcements')
      .getByText(page.t.connection.back)
      .waitFor({ state: 'attached' });
  });

  it('tells nothing twice when pages and stream overlap', async () => {
    const [page, mock] = await open();
    const { id } = mock.world.add({ master: '10.20.0.10:9221', nodes: ['10.20.0.31:9221'] });
    await page.goto(`/expansions/${id}`);
    await page.connection('live').waitFor();
    for (let round = 1; round <= 3; round += 1) {
      mock.cutStreams(false);
      mock.world.say(id, 'node.waiting', `round ${round}`);
      await page.section(page.t.expansion.events).getByText(`round ${round}`, { exact: true }).waitFor();
      await page.connection('live').waitFor();
    }
    await eventCount(page, mock.world.events.length).waitFor();
  });

  it('follows a change of state that somebody else made, and announces it', async () => {
    const [page, { world }] = await open();
    const { id } = world.add({ master: '10.20.0.10:9221', nodes: ['10.20.0.31:9221', '10.20.0.32:9221'] });
    world.advance(2_000);
    await page.goto(`/expansions/${id}`);
    await page.connection('live').waitFor();
    await page.state('running').waitFor();
    world.control(id, 'pause', null, 'asked on the telephone', 'jonas');
    await page.state('paused').waitFor();
    await page.page
      .getByTestId('announcements')
      .getByText('Paused by jonas: asked on the telephone')
      .waitFor({ state: 'attached' });
  });

  it('shows on the overview what begins elsewhere', async () => {
    const [page, { world }] = await open();
    world.add({ master: '10.20.0.9:9221', nodes: ['10.20.0.30:9221'] });
    await page.goto('/');
    await page.connection('live').waitFor();
    world.add({ master: '10.20.0.10:9221', nodes: ['10.20.0.31:9221'], label: 'from the queue' });
    world.changed();
    await page.page.getByText('from the queue').waitFor();
  });

  it('keeps 200 nodes and 10,000 events smooth: few rows drawn, none of them late', async () => {
    const world = bigWorld(Date.now(), 10_000);
    const [page, mock] = await open({ world });
    const id = world.expansions[0]!.id;
    await page.goto(`/expansions/${id}`);
    await page.connection('live').waitFor();
    await page.section(page.t.expansion.events).getByText(page.t.events.count('10,000')).waitFor();

    const drawnNodes = await page.page.locator('[data-node]').count();
    const drawnEvents = await page.eventLog().getByRole('option').count();
    const drawnLanes = await page.section(page.t.expansion.timeline).getByRole('listitem').count();
    expect(drawnNodes).toBeLessThan(40);
    expect(drawnEvents).toBeLessThan(40);
    expect(drawnLanes).toBeLessThan(60);

    // Wherever it is scrolled to, what belongs there is drawn.
    const events = page.eventLog();
    for (const share of [0, 0.31, 0.77, 0.5]) {
      await events.evaluate((box, part) => {
        box.scrollTop = box.scrollHeight * part;
      }, share);
      const place = Math.min(10_000, Math.floor(10_000 * share) + 1);
      await events.locator(`[aria-posinset="${place}"]`).waitFor();
    }
    await events.evaluate((box) => {
      box.scrollTop = box.scrollHeight;
    });
    await events.locator('[aria-posinset="10000"]').waitFor();

    // 500 events at once are drawn together, as many as came since the frame before, not one by one.
    for (let line = 0; line < 500; line += 1) world.say(id, 'node.waiting', `burst ${line}`);
    const section = page.section(page.t.expansion.events);
    const drawnCounts = await section.evaluateHandle((box) => {
      const seen = new Set<string | undefined>();
      const { MutationObserver } = globalThis as unknown as OfPages;
      const look = () => seen.add(/10,\d{3}/.exec(box.textContent ?? '')?.[0]);
      new MutationObserver(look).observe(box, { subtree: true, childList: true, characterData: true });
      return seen;
    });
    mock.world.changed();
    await section.getByText(page.t.events.count('10,500')).waitFor();
    expect(await drawnCounts.evaluate(({ size }) => size)).toBeLessThan(50);
    expect(page.complaints).toEqual([]);
  });

  it('begins with the newest of more observations than one answer holds, and keeps those that it has', async () => {
    const world = new MockWorld(Date.now());
    const name = '10.20.0.31:9221';
    const { id } = world.add({ master: '10.20.0.10:9221', nodes: [name] });
    world.advance(3_000);
    const sample = world.observations.find(({ node }) => node === name)!;
    const last = world.observations.at(-1)!.seq;
    for (let i = 1; i <= 1_200; i += 1)
      world.observations.push({ ...sample, seq: last + i, at: world.now + i * 1_000 });
    const [page, { requests }] = await open({ world, speed: 0 });
    await page.goto(`/expansions/${id}/nodes/${encodeURIComponent(name)}`);
    const newest = page.section(page.t.node.observations).locator('.observation').first();
    const shows = (at: number) => newest.getByText(formatDateTime(at).slice(5), { exact: true }).waitFor();
    await shows(world.now + 1_200_000);
    world.observations.push({ ...sample, seq: last + 1_201, at: world.now + 1_201_000 });
    await shows(world.now + 1_201_000);
    expect(
      requests.map(({ url }) => url).filter((url) => url.includes(`after=${last + 1_200}&`)),
    ).not.toEqual([]);
  });

  it('finds one node among 200, and one event among 10,000', async () => {
    const world = bigWorld(Date.now(), 10_000);
    const [page] = await open({ world });
    await page.goto(`/expansions/${world.expansions[0]!.id}`);
    await page.page.getByLabel(page.t.nodeTable.filter).fill('10.30.2.77');
    await page.nodeRow('10.30.2.77:9221').waitFor();
    expect(await page.page.locator('[data-node]').count()).toBe(1);
    await page.page.getByLabel(page.t.events.filter).fill('line 7777');
    await page.section(page.t.expansion.events).getByText('(line 7777)').waitFor();
    expect(await page.drawnEvents()).toHaveLength(1);
  });

  it('shows what is wrong and goes on by itself when the service comes back', async () => {
    const [page, mock] = await open();
    const { id } = mock.world.add({ master: '10.20.0.10:9221', nodes: ['10.20.0.31:9221'] });
    const refuse = (route: { abort(): Promise<void> }) => route.abort();
    await page.page.route('**/v1/expansions/**', refuse);
    await page.goto(`/expansions/${id}`);
    await page.page.getByText(page.t.error.noAnswer).waitFor();
    await page.button(page.t.common.retryLoading).waitFor();
    await page.page.unroute('**/v1/expansions/**', refuse);
    // Nobody clicks: the page asks again by itself, at any moment from here on.
    await page.state('pending').waitFor();
  });
});
