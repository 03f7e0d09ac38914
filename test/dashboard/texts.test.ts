import { describe, expect, it } from 'vitest';
import { causes } from '../../src/model/causes.ts';
import { nobody } from '../../src/model/text.ts';
import { noBrowser } from './browser.ts';
import { useDashboard } from './harness.ts';
import { populatedWorld } from './mock-world.ts';
import type { Dashboard } from './pages.ts';

const troubled = '10.20.0.23:9221';

describe.skipIf(noBrowser !== null)('what the service says, in the language of the page', () => {
  const open = useDashboard();

  async function openHalted() {
    const world = populatedWorld(Date.now());
    const [page] = await open({ world });
    const { id } = world.expansions.find((expansion) => expansion.state === 'halted')!;
    return { page, expansion: `/expansions/${id}`, node: `/expansions/${id}/nodes/${troubled}` };
  }

  /** Texts whose `lang` is not that of their letters. */
  const wrongLanguages = (page: Dashboard) =>
    page.page
      .locator('main [lang]')
      .evaluateAll((all) =>
        all
          .filter((each) => each.lang.startsWith('zh') !== /\p{Script=Han}/u.test(each.textContent ?? ''))
          .map((each) => `${each.lang}: ${each.textContent}`),
      );

  it('a node in trouble shows its likeliest cause open and the others folded', async () => {
    const { page, node } = await openHalted();
    await page.goto(node);
    const panel = page.section(page.t.diagnosis.title);
    await panel.getByText(causes.snapshot_superseded.title.en({}, nobody)).waitFor();
    await panel.getByText(causes.snapshot_superseded.wouldTell.en({}, nobody)).waitFor();
    const other = panel.getByText(causes.dump_failed.wouldTell.en({}, nobody));
    expect(await other.isVisible()).toBe(false);
    await panel.getByText(causes.dump_failed.title.en({}, nobody)).click();
    await other.waitFor();
    // The remedy was another copy, and no attempt is left.
    await panel.getByText(page.t.diagnosis.givenUp).waitFor();
  });

  it('an expansion shows the diagnosis of its node in trouble', async () => {
    const { page, expansion } = await openHalted();
    await page.goto(expansion);
    const cause = page.page.getByText(causes.snapshot_superseded.wouldTell.en({}, nobody));
    await page.page.getByText(page.t.diagnosis.title, { exact: true }).click();
    await cause.waitFor();
  });

  it('follows the language when it is switched, in the diagnosis and in the events', async () => {
    const { page, node, expansion } = await openHalted();
    await page.goto(node);
    await page.page.getByText(causes.snapshot_superseded.title.en({}, nobody)).first().waitFor();
    await page.button('Language: 中文').click();
    await page.page.getByText(causes.snapshot_superseded.title.zh({}, nobody)).first().waitFor();
    expect(await wrongLanguages(page)).toEqual([]);
    await page.goto(expansion);
    const events = page.page.getByRole('listbox');
    const chinese = events.locator('[lang="zh-CN"]').first();
    await chinese.waitFor();
    await page.button('语言: English').click();
    await events.locator('[lang="en"]').first().waitFor();
    await chinese.waitFor({ state: 'detached' });
    expect(page.complaints).toEqual([]);
  });

  it('the list of audits says which masters could not be read', async () => {
    const { page } = await openHalted();
    await page.context.route(/\/v1\/audits(\?|$)/, async (route) => {
      const answer = await (await route.fetch()).json();
      const [audit] = answer.items;
      const counts = { ...audit.counts, slaves: 0, damaged: 0, mastersNotRead: 1 };
      await route.fulfill({ json: { items: [{ ...audit, counts }], nextCursor: null } });
    });
    await page.goto('/audits');
    await page.page.getByText('1 master could not be read').waitFor();
  });

  it('the page of knowledge tells each fault with what to do instead, and is linked in the navigation', async () => {
    const { page } = await openHalted();
    await page.goto('/');
    const { knowledge: k } = page.t;
    await page.follow('check', k.title);
    const faults = page.section(k.faults);
    await faults.getByText(k.instead).first().waitFor();
    expect(await faults.innerText()).toContain('PSETEX');
    expect(
      await page.section(k.pairs).getByText(k.verdicts.refused, { exact: true }).count(),
    ).toBeGreaterThan(0);
    await page.section(k.builds).getByRole('row').nth(1).waitFor();
    await page.button('Language: 中文').click();
    await page.page.locator('#faults [lang="zh-CN"]').first().waitFor();
    expect(page.complaints).toEqual([]);
  });
});
