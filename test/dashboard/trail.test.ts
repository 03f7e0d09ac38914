import { describe, expect, it } from 'vitest';
import { noBrowser } from './browser.ts';
import { useDashboard } from './harness.ts';
import { populatedWorld } from './mock-world.ts';

describe.skipIf(noBrowser !== null)('the page of the trail', () => {
  const open = useDashboard();

  it('lists who asked for what, shows an entry in full, and filters', async () => {
    const [page] = await open({ world: populatedWorld(Date.now()) });
    await page.goto('/trail');
    const { trail } = page.t;
    await page.page.getByText('not_permitted').waitFor();
    expect(await page.page.locator('tbody tr').count()).toBe(2);
    await page.button(trail.open(1, 'POST /v1/freeze')).click();
    await page.page.getByText(trail.entry(1)).waitFor();
    expect(await page.page.locator('pre.json').textContent()).toContain('"name": "li"');
    await page.page.getByLabel(trail.who, { exact: true }).fill('li');
    await page.page.getByText('not_permitted').waitFor({ state: 'detached' });
    expect(await page.page.locator('tbody tr').count()).toBe(1);
    expect(page.complaints).toEqual([]);
  });
});
