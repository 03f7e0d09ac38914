import { AxeBuilder } from '@axe-core/playwright';
import type { Dashboard } from './pages.ts';

/** axe looks at every element of a page; on a slow shared machine that takes its time. */
export const axeTimeoutMs = 480_000;

/** Colours do not depend on the width, nor names and roles on the colours: not all is looked at twice. */
export type Look = 'everything' | 'contrast' | 'all but contrast';

/** What axe calls serious or worse, in short. */
export async function seriousViolations(
  { page }: Dashboard,
  look: Look = 'everything',
): Promise<readonly string[]> {
  // Legacy: no page of ours has frames; else each look would open a further tab, and load axe there too.
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });
  if (look === 'contrast') axe.withRules(['color-contrast']);
  if (look === 'all but contrast') axe.disableRules(['color-contrast']);
  const { violations } = await axe.analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}
