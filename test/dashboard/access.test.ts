import { describe, expect, it } from 'vitest';
import { isActive } from '../../src/model/expansion.ts';
import { axeTimeoutMs, type Look as Rules, seriousViolations } from './axe.ts';
import { noBrowser } from './browser.ts';
import { useDashboard } from './harness.ts';
import { bigWorld, MockWorld, populatedWorld } from './mock-world.ts';

/** What a page shows some time after a change of its size: it takes its new width a moment after the call. */
const eventually = <T>(look: () => T | Promise<T>) => expect.poll(look, { timeout: 60_000 });

const wide = { width: 1440, height: 900 };

/** What is looked for on a page as it shows then. */
interface Look {
  readonly scheme: 'light' | 'dark';
  readonly size: { readonly width: number; readonly height: number };
  readonly look: Rules;
}

describe.skipIf(noBrowser !== null)('everybody can use the dashboard', () => {
  const open = useDashboard();

  const of = (world: MockWorld, state: string) =>
    world.expansions.find((expansion) => expansion.state === state)!.id;
  const pages: Readonly<Record<string, (world: MockWorld) => string>> = {
    overview: () => '/',
    new: () => '/new',
    halted: (world) => `/expansions/${of(world, 'halted')}`,
    running: (world) => `/expansions/${of(world, 'running')}`,
    node: (world) => `/expansions/${of(world, 'halted')}/nodes/${encodeURIComponent('10.20.0.23:9221')}`,
    campaigns: () => '/campaigns',
    campaign: () => '/campaigns/cpn_running',
    'failed campaign': () => '/campaigns/cpn_failed',
    audits: () => '/audits',
    audit: () => '/audits/aud_1',
    replacements: () => '/replacements',
    replacement: () => '/replacements/rep_1',
    guards: () => '/guards',
    guard: () => '/guards/grd_1',
    comparisons: () => '/comparisons',
    comparison: () => '/comparisons/cmp_different',
    knowledge: () => '/knowledge',
    agents: () => '/agents',
    trail: () => '/trail',
    tokens: () => '/tokens',
    channels: () => '/channels',
    rehearsals: () => '/rehearsals',
    'new campaign': () => '/campaigns/new',
    ended: (world) => `/expansions/${of(world, 'succeeded')}`,
    'not there': () => '/expansions/exp_gone',
    'not found': () => '/no/such/page',
  };
  const looks: readonly Look[] = [
    { scheme: 'light', size: wide, look: 'everything' },
    { scheme: 'dark', size: wide, look: 'contrast' },
    { scheme: 'light', size: { width: 390, height: 844 }, look: 'all but contrast' },
  ];

  it.each(Object.entries(pages))(
    'axe finds nothing serious on the page “%s”, in light and dark colours, nor on a narrow screen',
    async (_name, pathOf) => {
      const world = populatedWorld(Date.now());
      world.freeze = { frozen: true, reason: 'works', by: 'jonas', since: Date.now() };
      const [page] = await open({ world });
      await page.goto(pathOf(world));
      await page.page.locator('[aria-busy="true"]').waitFor({ state: 'detached' });
      await page.page.getByText(page.t.common.loading).first().waitFor({ state: 'detached' });
      for (const { scheme, size, look } of looks) {
        await page.page.emulateMedia({ colorScheme: scheme });
        await page.page.setViewportSize(size);
        await page.page.locator(`html[data-mantine-color-scheme="${scheme}"]`).waitFor({ state: 'attached' });
        // A table that has become too wide is stacked or scrolls in the frame after the change of size.
        await eventually(async () => ({ scheme, size, found: await seriousViolations(page, look) })).toEqual({
          scheme,
          size,
          found: [],
        });
      }
      expect(page.complaints).toEqual([]);
    },
    axeTimeoutMs,
  );

  it(
    'axe finds nothing serious in a plan with findings, nor in the dialog of a control',
    async () => {
      const world = populatedWorld(Date.now());
      const [page] = await open({ world });
      await page.plan({
        master: '10.20.0.10:9221',
        nodes: ['10.20.0.66:9221', '10.20.0.55:9221', '10.20.0.32:9221'],
      });
      expect(await seriousViolations(page)).toEqual([]);
      await page.goto(`/expansions/${world.expansions.at(-1)!.id}`);
      await page.button(page.t.controls.pause).click();
      await page.page.getByRole('dialog').waitFor();
      expect(await seriousViolations(page)).toEqual([]);
    },
    axeTimeoutMs,
  );

  it(
    'axe finds nothing serious with 200 nodes',
    async () => {
      const world = bigWorld(Date.now(), 2_000);
      const [page] = await open({ world });
      await page.goto(`/expansions/${world.expansions[0]!.id}`);
      await page.connection('live').waitFor();
      expect(await seriousViolations(page, 'all but contrast')).toEqual([]);
    },
    axeTimeoutMs,
  );

  it(
    'axe finds nothing serious at the sign-in',
    async () => {
      const [page] = await open({ tokens: { secret: 'viewer' } });
      await page.goto('/');
      await page.button(page.t.signIn.submit).waitFor();
      expect(await seriousViolations(page)).toEqual([]);
    },
    axeTimeoutMs,
  );

  it('nothing runs over the edge of a telephone', async () => {
    const world = populatedWorld(Date.now());
    const [page] = await open({ world }, { width: 390, height: 844 });
    const halted = world.expansions.find((expansion) => expansion.state === 'halted')!.id;
    for (const path of [
      '/',
      '/new',
      `/expansions/${halted}`,
      `/expansions/${halted}/nodes/${encodeURIComponent('10.20.0.23:9221')}`,
      '/campaigns',
      '/campaigns/cpn_failed',
      '/audits/aud_1',
      '/replacements/rep_1',
      '/guards/grd_1',
      '/comparisons',
      '/comparisons/cmp_different',
      `/expansions/${of(world, 'running')}`,
      '/knowledge',
      '/trail',
      '/tokens',
      '/channels',
      '/campaigns/new',
      '/rehearsals',
      '/agents',
    ]) {
      await page.goto(path);
      await page.page.getByText(page.t.common.loading).first().waitFor({ state: 'detached' });
      const width = await page.page.evaluate('document.documentElement.scrollWidth');
      expect({ path, width }).toEqual({ path, width: 390 });
      // No table is cut off, and no cell lies over the name of its column.
      const cut = await page.page.evaluate(`[
        ...[...document.querySelectorAll('.table-scroll')].filter((box) => box.scrollWidth > box.clientWidth + 1),
        ...[...document.querySelectorAll('.stacked td')].filter((cell) => parseInt(getComputedStyle(cell).paddingLeft) < 110),
      ].map((each) => each.outerHTML.slice(0, 120))`);
      expect({ path, cut }).toEqual({ path, cut: [] });
    }
  });

  it('all cells of a node are in sight and lie over nothing, at any width', async () => {
    const world = populatedWorld(Date.now());
    const { id } = world.expansions.find((expansion) => expansion.state === 'running')!;
    const atWork = world.get(id)!.joins.find(({ phase }) => isActive(phase))!;
    const measured = { snapshotBytes: 1e9, receivedBytes: 6e8, bytesPerSecond: 123e6, remainingSeconds: 4 };
    world.patchJoin(id, atWork.target.name, {
      phase: 'transferring',
      progress: { ...atWork.progress, ...measured },
    });
    const halted = world.expansions.find((expansion) => expansion.state === 'halted')!.id;
    const [page] = await open({ world });
    /** Pairs of cells of one row that overlap, and cells that the table cuts off. */
    const faults = `(() => {
      const edge = document.querySelector('.node-scroll').getBoundingClientRect().right;
      return [...document.querySelectorAll('[data-node]')].flatMap((row) => {
        const cells = [...row.querySelectorAll('[role=cell] > *')].map((each) => ({
          cell: each.parentElement.className, box: each.getBoundingClientRect(),
        })).filter(({ box }) => box.width > 0);
        const over = cells.flatMap((a, i) => cells.slice(i + 1).filter((b) => a.cell !== b.cell &&
          a.box.left < b.box.right && b.box.left < a.box.right && a.box.top < b.box.bottom && b.box.top < a.box.bottom)
          .map((b) => a.cell + ' over ' + b.cell));
        const cut = cells.filter(({ box }) => box.right > edge).map(({ cell }) => cell + ' is cut off');
        return [...over, ...cut];
      });
    })()`;
    for (const expansion of [id, halted]) {
      await page.goto(`/expansions/${expansion}`);
      for (const width of [390, 768, 1024, 1160, 1280, 1440]) {
        await page.page.setViewportSize({ width, height: 900 });
        await page.nodeRow(world.get(expansion)!.joins[0]!.target.name).waitFor();
        await eventually(async () => ({ width, faults: await page.page.evaluate(faults) })).toEqual({
          width,
          faults: [],
        });
      }
    }
  });

  it('names of nodes that differ in their ends show their ends, on a telephone too', async () => {
    const world = new MockWorld(Date.now());
    const names = ['34', '35'].map((end) => `[2001:db8:85a3:1234:5678:8a2e:1370:73${end}]:9221`);
    const { id } = world.add({ master: '10.20.0.10:9221', nodes: names });
    world.advance(2_000);
    const [page] = await open({ world }, { width: 390, height: 844 });
    await page.goto(`/expansions/${id}`);
    const lane = page.section(page.t.expansion.timeline).getByRole('link', { name: names[0]!, exact: true });
    await lane.waitFor();
    const shown = await page.page.evaluate(`(() => {
      const end = document.createRange();
      end.selectNodeContents(document.querySelector('.lane-name .node-name').lastChild);
      const lane = document.querySelector('.lane-name').getBoundingClientRect();
      return end.getBoundingClientRect().right <= lane.right;
    })()`);
    expect(shown).toBe(true);
    expect(await lane.innerText()).toBe(names[0]);
    // In the form for a new expansion they leave what is permitted for each node in sight.
    await page.goto('/new');
    await page.page.getByLabel(page.t.newExpansion.nodesLabel).fill(names.join('\n'));
    const permission = page.page.getByLabel(`${names[0]}: ${page.t.newExpansion.repoint}`, { exact: true });
    const { x, width } = (await permission.boundingBox())!;
    expect(x + width).toBeLessThan(390);
  });

  it('the links of the header lie over nothing, at any width and in both languages', async () => {
    const overlaps = `(() => {
      const box = (of) => document.querySelector(of).getBoundingClientRect();
      const [a, b] = [box('.nav > :last-child'), box('.header-tools')];
      return a.right > b.left && a.top < b.bottom && a.bottom > b.top;
    })()`;
    for (const language of ['en', 'zh'] as const) {
      const [page] = await open({}, { language });
      await page.goto('/');
      for (const width of [390, 721, 800, 1000, 1340, 1500, 1501, 1920]) {
        await page.page.setViewportSize({ width, height: 600 });
        await eventually(async () => ({ width, overlaps: await page.page.evaluate(overlaps) })).toEqual({
          width,
          overlaps: false,
        });
      }
    }
  });

  it('the navigation is led by the keyboard, and is in one row from 901 px on', async () => {
    const [page] = await open();
    await page.goto('/');
    const bar = page.page.getByRole('navigation', { name: page.t.app.mainNavigation });
    const group = bar.getByRole('button', { name: page.t.app.groups.check });
    const audits = bar.getByRole('link', { name: page.t.audits.title, exact: true });
    const { keyboard } = page.page;
    await group.focus();
    expect(await audits.count()).toBe(0);
    await keyboard.press('Enter');
    await audits.waitFor();
    expect(await group.getAttribute('aria-expanded')).toBe('true');
    await keyboard.press('Tab');
    expect(await page.page.evaluate('document.activeElement.textContent')).toBe(page.t.audits.title);
    await keyboard.press('Escape');
    await audits.waitFor({ state: 'detached' });
    expect(await page.page.evaluate('document.activeElement.textContent')).toBe(page.t.app.groups.check);
    await keyboard.press('Enter');
    await keyboard.press('Tab');
    await keyboard.press('Enter');
    await page.page.waitForURL('**/audits');
    await audits.waitFor({ state: 'detached' });
    for (const width of [901, 1000, 1201, 1401, 1440, 1600]) {
      await page.page.setViewportSize({ width, height: 700 });
      const height = () => page.page.evaluate("document.querySelector('.header').offsetHeight");
      await eventually(async () => ({ width, height: await height() })).toEqual({ width, height: 53 });
    }
  });

  it('stands still for those who want no motion', async () => {
    const world = populatedWorld(Date.now());
    const [page] = await open({ world });
    const moving = `[...document.querySelectorAll('*')].flatMap((each) => each.getAnimations())
      .filter((each) => each.playState === 'running').map((each) => each.effect.target.className.toString())`;
    for (const path of ['/', `/expansions/${of(world, 'running')}`]) {
      await page.page.emulateMedia({ reducedMotion: 'no-preference' });
      await page.goto(path);
      await page.page.locator('.icon.turning').first().waitFor();
      await eventually(() => page.page.evaluate(moving)).not.toEqual([]);
      await page.page.emulateMedia({ reducedMotion: 'reduce' });
      await eventually(() => page.page.evaluate(moving)).toEqual([]);
    }
  });

  it('is led by the keyboard alone: skip link, links, a control with its reason, the event log', async () => {
    const [page, { world }] = await open();
    const { id } = world.add({ master: '10.20.0.10:9221', nodes: ['10.20.0.31:9221', '10.20.0.32:9221'] });
    world.advance(4_000);
    await page.goto('/');
    await page.page.getByTestId('expansion-card').waitFor();
    const { keyboard } = page.page;
    const focused = () => page.page.evaluate('document.activeElement.textContent.trim()') as Promise<string>;
    const tabTo = async (wanted: (text: string) => boolean) => {
      for (let presses = 0; presses < 40; presses += 1) {
        await keyboard.press('Tab');
        if (wanted(await focused())) return;
      }
      throw new Error('the keyboard never came there');
    };

    await keyboard.press('Tab');
    expect(await focused()).toBe(page.t.app.skipToContent);
    await keyboard.press('Enter');
    await tabTo((text) => text === '10.20.0.10:9221');
    await keyboard.press('Enter');
    await page.page.waitForURL(`**/expansions/${id}`);
    await page.state('running').waitFor();
    // The new page begins at its heading.
    await expect.poll(focused).toContain('Expansion of 10.20.0.10:9221');

    await tabTo((text) => text === page.t.controls.pause);
    await keyboard.press('Enter');
    const dialog = page.page.getByRole('dialog');
    await dialog.waitFor();
    await expect.poll(() => page.page.evaluate('document.activeElement.tagName')).toBe('TEXTAREA');
    await keyboard.type('only with the keyboard');
    await keyboard.press('Tab');
    await keyboard.press('Tab');
    await keyboard.press('Enter');
    await page.state('paused').waitFor();
    await dialog.waitFor({ state: 'detached' });

    const log = page.eventLog();
    await log.focus();
    await keyboard.press('Home');
    await expect.poll(() => log.getAttribute('aria-activedescendant')).toBe(`event-${world.events[0]!.seq}`);
    await keyboard.press('ArrowDown');
    await keyboard.press('Enter');
    await page.page.getByText(`#${world.events[1]!.seq} ${world.events[1]!.type}`).waitFor();
    await keyboard.press('Escape');
    await page.page
      .getByText(`#${world.events[1]!.seq} ${world.events[1]!.type}`)
      .waitFor({ state: 'detached' });
  });

  it('a dialog gives the focus back to the button that opened it', async () => {
    const [page, { world }] = await open();
    const { id } = world.add({ master: '10.20.0.10:9221', nodes: ['10.20.0.31:9221'] });
    world.advance(2_000);
    await page.goto(`/expansions/${id}`);
    await page.button(page.t.controls.pause).click();
    await page.page.getByRole('dialog').waitFor();
    await page.page.keyboard.press('Escape');
    await page.page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect
      .poll(() => page.page.evaluate('document.activeElement.textContent'))
      .toBe(page.t.controls.pause);
  });

  it('speaks Chinese where the browser does, can be switched, and remembers it', async () => {
    const world = populatedWorld(Date.now());
    const [page] = await open({ world }, { language: 'zh' });
    await page.goto('/');
    await page.page.getByText('需要人工处理', { exact: true }).waitFor();
    expect(await page.page.evaluate('document.documentElement.lang')).toBe('zh-CN');
    const halted = world.expansions.find((expansion) => expansion.state === 'halted')!.id;
    await page.goto(`/expansions/${halted}/nodes/${encodeURIComponent('10.20.0.23:9221')}`);
    await page.page.getByText('正在复制的快照被新快照取代').waitFor();
    await page.page.getByText('发生了全量同步', { exact: true }).waitFor();
    await page.plan({ master: '10.20.0.10:9221', nodes: ['10.20.0.31:9221'] });
    await page.page.getByText('每次一个节点', { exact: true }).waitFor();

    await page.button(/English/).click();
    await page.heading().getByText('New expansion').waitFor();
    await page.goto('/');
    await page.page.getByText('Needs a person', { exact: true }).waitFor();
  });

  it('a viewer sees everything and no control', async () => {
    const world = populatedWorld(Date.now());
    const [page, { requests }] = await open({ world, tokens: { looker: 'viewer', doer: 'operator' } });
    await page.goto('/');
    await page.signIn('wrong');
    await page.page.getByText(page.t.signIn.wrong).waitFor();
    await page.signIn('looker');
    await page.page.getByText(page.t.overview.needsPerson, { exact: true }).waitFor();
    expect(page.page.url()).not.toContain('looker');
    expect(await page.page.evaluate('document.cookie')).toBe('');

    const controls = () =>
      page.page
        .getByRole('button', {
          name: new RegExp(
            [
              page.t.controls.pause,
              page.t.controls.resume,
              page.t.controls.cancel,
              page.t.controls.approve,
              page.t.controls.retry,
              page.t.controls.skip,
              page.t.freeze.freeze,
              page.t.newExpansion.makePlan,
              page.t.app.newExpansion,
              page.t.comparisons.start,
            ].join('|'),
          ),
        })
        .count();
    expect(await controls()).toBe(0);
    expect(await page.page.getByRole('link', { name: page.t.app.newExpansion }).count()).toBe(0);
    for (const expansion of world.expansions.filter((one) =>
      ['halted', 'running', 'awaiting_approval'].includes(one.state),
    )) {
      await page.goto(`/expansions/${expansion.id}`);
      await page.state(expansion.state).waitFor();
      expect(await controls()).toBe(0);
    }
    await page.goto('/new');
    await page.page.getByText(page.t.app.viewerNote).waitFor();
    expect(await controls()).toBe(0);
    await page.goto('/comparisons');
    expect(await controls()).toBe(0);
    // The old slaves come from what was recorded: a viewer may not have the service log in anywhere.
    expect(requests.filter((request) => request.url.startsWith('/v1/topology'))).toEqual([]);
  });

  it('offers the identity provider where there is one, and leads back to the page', async () => {
    const [page] = await open({ tokens: { doer: 'operator' }, provider: 'Firm' });
    await page.goto('/agents');
    const link = page.page.getByRole('link', { name: page.t.signIn.withProvider('Firm') });
    await link.waitFor();
    expect(await link.getAttribute('href')).toBe('/v1/session/oidc?to=%2Fagents');
    expect(await seriousViolations(page)).toEqual([]);
  });

  it('asks for the token again when the session has ended, and comes back to the page', async () => {
    const world = populatedWorld(Date.now());
    const halted = world.expansions.find((expansion) => expansion.state === 'halted')!.id;
    const [page] = await open({ world, tokens: { doer: 'operator' } });
    await page.goto(`/expansions/${halted}`);
    await page.signIn('doer');
    await page.state('halted').waitFor();
    await page.context.clearCookies();
    // Nobody has to press anything: the page notices when it next asks.
    await page.button(page.t.signIn.submit).waitFor();
    await page.signIn('doer');
    await page.state('halted').waitFor();
    await page.button(page.t.app.signOut).click();
    await page.button(page.t.signIn.submit).waitFor();
  });

  it('remembers the colours that were chosen', async () => {
    const [page] = await open();
    const scheme = () =>
      page.page.evaluate("document.documentElement.getAttribute('data-mantine-color-scheme')");
    await page.goto('/');
    expect(await scheme()).toBe('light');
    await page.button(page.t.app.schemeToDark).click();
    await expect.poll(scheme).toBe('dark');
    await page.goto('/comparisons');
    expect(await scheme()).toBe('dark');
  });
});
