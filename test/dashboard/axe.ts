import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Dashboard } from './pages.ts';

/** axe looks at every element of a page; on a slow shared machine that takes its time. */
export const axeTimeoutMs = 480_000;

/** Colours do not depend on the width, nor names and roles on the colours: not all is looked at twice. */
export type Look = 'everything' | 'contrast' | 'all but contrast';

const contrast = 'color-contrast';
const rules: Readonly<Record<Look, RunOptions>> = {
  everything: {},
  contrast: { runOnly: [contrast] },
  'all but contrast': { rules: { [contrast]: { enabled: false } } },
};

const source = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe calls serious or worse, in short. */
export async function seriousViolations(
  { page }: Dashboard,
  look: Look = 'everything',
): Promise<readonly string[]> {
  // Its half a megabyte is loaded once for each document, not for each look. No page of ours has frames.
  if (await page.evaluate('window.axe === undefined')) await page.evaluate(await source);
  const options: RunOptions = { resultTypes: ['violations'], ...rules[look] };
  const results = await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`);
  return (results as AxeResults).violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}
