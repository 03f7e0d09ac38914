import { describe, expect, it } from 'vitest';
import { because } from '../../src/model/reasons.ts';
import { aHold } from '../support/holds.ts';
import { noBrowser } from './browser.ts';
import { expandAndWatch, expectVerifiedNode } from './flows.ts';
import { useDashboard } from './harness.ts';
import type { MockApiOptions } from './mock-api.ts';
import { MockWorld, populatedWorld } from './mock-world.ts';

describe.skipIf(noBrowser !== null)('an operator leads an expansion', () => {
  const openPage = useDashboard();
  /** A world in which time passes. */
  const open = (options: Partial<MockApiOptions> = {}) => openPage({ speed: 1, ...options });

  it('plans, starts and watches it to succeeded, with every node verified and its evidence to read', async () => {
    const [page, { world }] = await open({ speed: 12 });
    const nodes = ['10.20.0.31:9221', '10.20.0.32:9221'];
    const id = await expandAndWatch(page, {
      master: '10.20.0.10:9221',
      nodes,
      label: 'Two more',
      timeoutMs: 120_000,
    });
    expect(world.get(id)?.label).toBe('Two more');
    expect(world.get(id)?.joins.map((join) => join.target.name)).toEqual(nodes);
    await expectVerifiedNode(page, id, nodes[1]!);
    expect(page.complaints).toEqual([]);
  });

  it('explains before the start that this version forces one node at a time', async () => {
    const [page] = await open();
    await page.plan({ master: '10.20.0.10:9221', nodes: ['10.20.0.31:9221', '10.20.0.32:9221'] });
    const plan = page.page.getByTestId('plan');
    await plan.getByText('One node at a time', { exact: true }).waitFor();
    const forced = plan.getByRole('region', { name: page.t.newExpansion.forcedTitle });
    expect(await forced.innerText()).toContain('makes a new dump for every slave that joins');
    expect(await forced.innerText()).toContain('1 full sync at a time');
  });

  it('shows per node what forbids the start, and starts once the operator has permitted it', async () => {
    const [page, { world, requests }] = await open({ speed: 12 });
    await page.plan({ master: '10.20.0.10:9221', nodes: ['10.20.0.66:9221', '10.20.0.32:9221'] });
    const { newExpansion: n } = page.t;
    await page.page.getByText(n.notAcceptable(1)).waitFor();
    const group = page.page.getByRole('region', { name: '10.20.0.66:9221', exact: true });
    expect(await group.innerText()).toContain('holds_data');
    expect(await group.innerText()).toContain('tick that its data may be replaced');
    expect(await page.button(n.start).isDisabled()).toBe(true);

    await page.button(`10.20.0.66:9221: ${n.permitOverwrite}`).click();
    expect(await page.page.getByLabel(`10.20.0.66:9221: ${n.overwriteData}`).isChecked()).toBe(true);
    await page.page.getByText(n.planStale).waitFor();
    await page.button(n.makePlan).click();
    await page.page.getByTestId('plan').getByText(n.acceptable).waitFor();
    const evening = '2030-01-01T22:00';
    await page.page.getByLabel(n.startAt).fill(evening);
    const startAt = await page.page.evaluate((text) => new Date(text).getTime(), evening);
    const id = await page.start();
    const sentTo = (url: string) =>
      requests.findLast((request) => request.method === 'POST' && request.url === url)?.body;
    expect(sentTo('/v1/plans')).toMatchObject({
      nodes: [{ address: '10.20.0.66:9221', overwriteData: true }, { address: '10.20.0.32:9221' }],
    });
    // What was shown is what is started.
    expect(sentTo('/v1/expansions')).toEqual({ planId: 'plan_mock2', startAt });
    expect(world.get(id)).not.toBeNull();
  });

  it('asks for the plan again after a change, and does not let an old plan be started', async () => {
    const [page] = await open();
    await page.plan({ master: '10.20.0.10:9221', nodes: ['10.20.0.31:9221'] });
    const { newExpansion: n } = page.t;
    await page.page.getByLabel(n.nodesLabel).fill('10.20.0.31:9221\n10.20.0.33:9221');
    await page.page.getByText(n.planStale).waitFor();
    expect(await page.button(n.start).isDisabled()).toBe(true);
  });

  it('says which pasted line is no address, and which node is named twice', async () => {
    const [page] = await open();
    const { newExpansion: n } = page.t;
    await page.goto('/new');
    await page.page.getByLabel(n.nodesLabel).fill('10.0.0.1:9221\nnonsense\n10.0.0.1:9221');
    await page.page.getByText(n.nodesInvalid(2, 'nonsense')).waitFor();
    await page.page.getByText(n.nodesTwice(3, '10.0.0.1:9221')).waitFor();
    expect(await page.button(n.makePlan).isDisabled()).toBe(true);
  });

  it('says what to do when the master cannot be reached', async () => {
    const [page] = await open();
    const { newExpansion: n } = page.t;
    await page.goto('/new');
    await page.page.getByLabel(n.masterAddress).fill('10.99.0.1:9221');
    await page.button(n.look).click();
    await page.page.getByText('ECONNREFUSED').waitFor();
    await page.page.getByText('Check the address, and that the master runs.').waitFor();
  });

  it('pauses and resumes with reasons, and refuses to send a control without one', async () => {
    const [page, { world }] = await open({ speed: 1 });
    const { id } = world.add({ master: '10.20.0.10:9221', nodes: ['10.20.0.31:9221', '10.20.0.32:9221'] });
    world.advance(4_000);
    await page.goto(`/expansions/${id}`);
    await page.state('running').waitFor();

    await page.button(page.t.controls.pause).click();
    const dialog = page.page.getByRole('dialog');
    await dialog.getByRole('button', { name: page.t.controls.pause, exact: true }).click();
    await dialog.getByText(page.t.controls.reasonNeeded).waitFor();
    expect(world.get(id)?.state).toBe('running');
    await page.giveReason(page.t.controls.pause, 'backup of the master first');
    await page.state('paused').waitFor();
    await page.page.getByText('Paused by local: backup of the master first').first().waitFor();
    expect(await page.button(page.t.controls.pause).count()).toBe(0);

    await page.control('resume', 'the backup is done');
    await page.state('running').waitFor();
    expect(world.events.map((event) => event.text)).toContain('resume by local: the backup is done');
    expect(page.complaints).toEqual([]);
  });

  it('approves the next batch where the policy waits for it', async () => {
    const [page, { world }] = await open({ speed: 12 });
    const { id } = world.add({
      master: '10.20.0.10:9221',
      nodes: ['10.20.0.31:9221', '10.20.0.32:9221'],
      policy: { approval: 'each_batch' },
    });
    world.runToRest(id);
    await page.goto(`/expansions/${id}`);
    await page.state('awaiting_approval').waitFor();
    await page.control('approve', 'the first one serves well');
    await page.state('succeeded').waitFor();
  });

  it('leaves the approval to another person where the policy asks for one, and says so', async () => {
    const [page, { world }] = await open({ speed: 12 });
    const { id } = world.add({
      master: '10.20.0.10:9221',
      nodes: ['10.20.0.31:9221', '10.20.0.32:9221'],
      policy: { approval: 'each_batch', fourEyes: true },
      requestedBy: 'local',
    });
    world.runToRest(id);
    await page.goto(`/expansions/${id}`);
    await page.state('awaiting_approval').waitFor();
    await page.page
      .getByText(`local asked for expansion ${id}, so another person must approve it.`)
      .waitFor();
    expect(await page.button(page.t.controls.approve).count()).toBe(0);
    expect(await page.button(page.t.controls.cancel).count()).toBe(1);
  });

  it('asks again for what a cancelled expansion has left, with what the operator permits now', async () => {
    const [page, { world, requests }] = await open({ speed: 12 });
    const { id } = world.add({
      master: '10.20.0.10:9221',
      nodes: ['10.20.0.66:9221', '10.20.0.32:9221'],
      label: 'shard 7',
    });
    world.control(id, 'cancel', null, 'another window', 'jonas');
    const { newExpansion: n, expansion: e } = page.t;
    await page.goto(`/expansions/${id}`);
    await page.button(e.retryRest).click();
    await page.page.getByText(e.retryRestText(2, id)).waitFor();
    await page.button(e.retryRest).click();
    await page.page.getByText(n.notAcceptable(1)).waitFor();
    expect(await page.button(n.start).isDisabled()).toBe(true);
    await page.button(`10.20.0.66:9221: ${n.permitOverwrite}`).click();
    await page.button(e.retryRest).click();
    await page.page.getByText(n.acceptable).waitFor();
    await page.button(n.start).click();
    await page.state('succeeded').waitFor();
    const sent = (url: string) => requests.findLast((each) => each.url === url)?.body;
    expect(sent('/v1/plans')).toEqual({
      retryOf: id,
      nodes: [{ address: '10.20.0.66:9221', overwriteData: true }],
    });
    expect(sent('/v1/expansions')).toEqual({ planId: 'plan_mock2', label: 'shard 7' });
    expect(page.complaints).toEqual([]);
  });

  it('shows a halted expansion with its anomaly, cause and remedy, and retries the node', async () => {
    const [page, { world }] = await open({ speed: 12 });
    const bad = '10.20.0.32:9221';
    const { id } = world.add({
      master: '10.20.0.10:9221',
      nodes: ['10.20.0.31:9221', bad, '10.20.0.33:9221'],
      faults: { [bad]: 'superseded' },
    });
    world.runToRest(id);
    await page.goto('/');
    const urgent = page.section(page.t.overview.needsPerson);
    await urgent.getByText(`${bad} may hold partial data`).waitFor();
    await urgent.getByText(page.t.overview.quarantinedNodes(1)).waitFor();
    await urgent.getByRole('link', { name: page.t.overview.open('10.20.0.10:9221') }).click();

    await page.state('halted').waitFor();
    await page.page.getByText(page.t.expansion.halted).waitFor();
    await page.page.getByText('Find what makes dumps on this master').first().waitFor();
    await page.page.getByRole('link', { name: bad, exact: true }).first().click();

    const anomaly = page.page.locator('[data-anomaly="snapshot_superseded"]');
    await anomaly.waitFor();
    const text = await anomaly.innerText();
    expect(text).toContain('3.5.0 to 3.5.4');
    expect(text).toContain('seen 3 times');
    expect(text).toContain('The master made another dump');
    expect(await page.section(page.t.node.evidence).innerText()).toContain(page.t.node.verdicts.not_verified);

    await page.button(page.t.controls.retryNode(bad)).click();
    await page.giveReason(page.t.controls.retry, 'the nightly BGSAVE is switched off');
    await page.page.goBack();
    await page.state('succeeded').waitFor();
  });

  it('retries a node and approves a batch from the overview, without leaving it', async () => {
    const world = populatedWorld(Date.now());
    const [page, { requests }] = await open({ world, speed: 12 });
    const bad = '10.20.0.23:9221';
    const { controls: c, overview: o } = page.t;
    const by = (state: string) => world.expansions.find((expansion) => expansion.state === state)!.id;
    const [halted, waiting] = [by('halted'), by('awaiting_approval')];
    await page.goto('/');
    const urgent = page.section(o.needsPerson);
    await urgent.getByRole('button', { name: c.retryNode(bad) }).click();
    await page.giveReason(c.retry, 'the nightly BGSAVE is switched off');
    await urgent.getByText('Second data centre').waitFor({ state: 'detached' });
    await urgent.getByRole('button', { name: c.approve }).first().click();
    await page.giveReason(c.approve, 'batch 1 looks good');
    expect(requests.filter(({ method }) => method === 'POST').map(({ url }) => url)).toEqual([
      `/v1/expansions/${halted}/nodes/${encodeURIComponent(bad)}/retry`,
      `/v1/expansions/${waiting}/approve`,
    ]);
    await page.heading().getByText(o.title, { exact: true }).waitFor();
    expect(page.complaints).toEqual([]);
  });

  it.each([390, 1440])('every text of the events can be read in full, %i px wide', async (width) => {
    const world = new MockWorld(Date.now());
    const { id } = world.add({ master: '10.20.0.10:9221', nodes: ['10.20.0.31:9221'] });
    world.advance(2_000);
    const long = 'what the node said of itself, and of its master, '.repeat(9);
    for (let line = 0; line < 300; line += 1)
      world.say(id, 'node.waiting', line % 3 === 0 ? `${line} ${long}` : `line ${line}`, {
        node: '10.20.0.31:9221',
      });
    const [page] = await openPage({ world }, { width, height: 844 });
    await page.goto(`/expansions/${id}`);
    const log = page.eventLog();
    await log.getByText('line 299', { exact: true }).waitFor();
    const faults = () =>
      page.page.evaluate(`(() => {
        const rows = [...document.querySelectorAll('#events [role=option]')];
        const cut = rows.map((row) => row.querySelector('.event-text')).filter((text) => text.scrollWidth > text.clientWidth + 1);
        const boxes = rows.map((row) => row.getBoundingClientRect()).sort((a, b) => a.top - b.top);
        const over = boxes.filter((each, index) => index > 0 && each.top < boxes[index - 1].bottom - 1);
        return { rows: rows.length > 5, cut: cut.length, over: over.length };
      })()`);
    await expect.poll(faults).toEqual({ rows: true, cut: 0, over: 0 });
    await log.focus();
    await page.page.keyboard.press('Home');
    await log.getByText(`0 ${long.trim()}`).waitFor();
    await expect.poll(faults).toEqual({ rows: true, cut: 0, over: 0 });
  });

  it('tells of an expansion that is not there what people expect, not how to call the service', async () => {
    const [page] = await open();
    await page.goto('/expansions/exp_gone');
    await page.page.getByRole('heading', { name: page.t.error.notFound }).waitFor();
    const text = await page.page.locator('main').innerText();
    expect(text).toContain(page.t.error.notFoundText);
    expect(text).not.toMatch(/GET|\/v1\//);
    expect(await page.button(page.t.common.retryLoading).count()).toBe(0);
    await page.page.getByRole('link', { name: page.t.app.toOverview }).click();
    await page.heading().getByText(page.t.overview.title, { exact: true }).waitFor();
  });

  it('says the wait for another expansion once, and lists it as not begun', async () => {
    const [page, { world }] = await open({ speed: 0 });
    const first = world.add({ master: '10.20.0.10:9221', nodes: ['10.20.0.31:9221'] });
    world.advance(2_000);
    const second = world.add({ master: '10.20.0.10:9221', nodes: ['10.20.0.32:9221'] });
    const stateReason = because('expansion_on_master', { expansion: first.id });
    world.patch(second.id, { waitsFor: first.id, stateReason });
    await page.goto('/');
    await page.section(page.t.overview.pending).getByText(stateReason.text).waitFor();
    expect(await page.section(page.t.overview.running).getByTestId('expansion-card').count()).toBe(1);
    await page.goto(`/expansions/${second.id}`);
    const link = page.page.locator('main .notice').getByRole('link', { name: first.id });
    await link.waitFor();
    expect(await page.page.locator('main').getByText(first.id).count()).toBe(1);
  });

  it('skips a quarantined node with a reason, and keeps saying that it may hold partial data', async () => {
    const [page, { world }] = await open({ speed: 12 });
    const bad = '10.20.0.31:9221';
    const { id } = world.add({
      master: '10.20.0.10:9221',
      nodes: [bad, '10.20.0.32:9221'],
      faults: { [bad]: 'superseded' },
    });
    world.runToRest(id);
    await page.goto(`/expansions/${id}`);
    await page.button(page.t.controls.skipNode(bad)).first().click();
    await page.giveReason(page.t.controls.skip, 'the host goes back to the vendor');
    await page.state('succeeded').waitFor();
    await page.nodeRow(bad).locator('[data-phase="skipped"]').waitFor();
  });

  it('puts what needs a person above what runs, and history below, with search', async () => {
    const [page] = await open({ world: populatedWorld(Date.now()) });
    await page.goto('/');
    await page.page.getByTestId('expansion-card').first().waitFor();
    const titles = await page.page.getByRole('heading', { level: 2 }).allInnerTexts();
    expect(titles).toEqual([page.t.overview.needsPerson, page.t.overview.running, page.t.overview.history]);
    const states = await page.page
      .getByTestId('expansion-card')
      .locator('[data-state]')
      .evaluateAll((badges) => badges.map((badge) => badge.getAttribute('data-state')));
    expect(states).toEqual(['halted', 'awaiting_approval', 'running']);

    const history = page.section(page.t.overview.history);
    await page.page.getByLabel(page.t.overview.search).fill('session');
    await history.getByText('Session cache').waitFor();
    await history.getByText('Wrong master').waitFor({ state: 'detached' });
  });

  it('freezes everything with a reason, shows it on every page, and lifts it again', async () => {
    const [page, { world }] = await open();
    await page.goto('/');
    await page.button(page.t.freeze.freeze).click();
    await page.giveReason(page.t.freeze.freeze, 'network works in hall B');
    const banner = page.page.getByTestId('freeze-banner');
    await banner.getByText('network works in hall B').waitFor();
    expect(world.freeze.frozen).toBe(true);
    await page.goto('/comparisons');
    await banner.getByText(page.t.freeze.banner).waitFor();
    await banner.getByRole('button', { name: page.t.freeze.thaw }).click();
    await page.giveReason(page.t.freeze.thaw, 'the works are done');
    await banner.waitFor({ state: 'detached' });
    expect(world.freeze.frozen).toBe(false);
  });

  it('shows on the overview which master is held, by whom and why, and ends the hold', async () => {
    const [page, { world }] = await open();
    const { doc } = aHold('hld_1', world.now);
    const waitingFor = because('full_syncs_go_on', {
      syncs: [{ node: '10.0.0.2:9221', expansion: 'exp_1' }],
    });
    const shown = { ...doc, waitingFor, state: 'waiting' as const, until: world.now + 60_000 };
    world.holds.push({ ...shown, safe: false, fullSyncs: [] });
    await page.goto('/');
    const banner = page.page.getByTestId('hold-banner');
    await banner.getByText(page.t.holds.held(doc.master.name)).waitFor();
    await banner.getByText('nightly backup').waitFor();
    await banner.getByText('10.0.0.2:9221').waitFor();
    await banner.getByRole('button', { name: page.t.holds.end }).click();
    await page.giveReason(page.t.holds.end, 'backup is over');
    await banner.waitFor({ state: 'detached' });
    expect(world.holds).toEqual([]);
  });

  it('keeps remaining time apart from state, and says unknown where it is unknown', async () => {
    const [page, { world }] = await open({ speed: 0 });
    const { id } = world.add({ master: '10.20.0.10:9221', nodes: ['10.20.0.31:9221'] });
    world.advance(1_500);
    await page.goto(`/expansions/${id}`);
    const figure = (name: string) => page.page.locator('.figures > div').filter({ hasText: name });
    await figure(page.t.expansion.remaining).getByText(page.t.common.unknown).waitFor();
    world.advance(3_000);
    await figure(page.t.expansion.remaining)
      .getByText(/\d+(\.\d)? s/)
      .waitFor();
    expect(await figure(page.t.expansion.state).innerText()).toContain(page.t.states.running);
  });

  it('reads and starts comparisons', async () => {
    const [page] = await open();
    await page.goto('/comparisons');
    const c = page.t.comparisons;
    await page.page.getByText(c.verdicts.different).waitFor();
    await page.page.getByRole('row').filter({ hasText: c.verdicts.different }).getByRole('link').click();
    await page.page.getByText('user:1001').waitFor();
    await page.page.getByText(c.kinds.missing).first().waitFor();
    await page.goto('/comparisons');
    await page.button(c.start).click();
    const dialog = page.page.getByRole('dialog');
    await dialog.getByLabel(c.left).fill('10.20.0.10:9221');
    await dialog.getByLabel(c.right).fill('10.20.0.11:9221');
    await dialog.getByRole('button', { name: c.submit }).click();
    await page.page.waitForURL(/comparisons\/cmp_new$/);
    await page.page.getByText(c.states.pending).waitFor();
  });
});
