import { expect } from 'vitest';
import { ruleNames, ruleTable } from '../../src/model/evidence.ts';
import type { Reader } from '../../src/model/text.ts';
import type { Dashboard } from './pages.ts';

export interface ExpandRequest {
  readonly master: string;
  readonly nodes: readonly string[];
  readonly label: string;
  /** How long the whole expansion may take. */
  readonly timeoutMs: number;
}

/**
 * Plans an expansion, starts it and watches it to its end, on whatever serves the dashboard: the mock of these
 * tests, or the real service with simulated or real nodes. Returns the id.
 */
export async function expandAndWatch(dashboard: Dashboard, request: ExpandRequest): Promise<string> {
  const { page, t } = dashboard;
  await dashboard.plan(request);
  await page.getByTestId('plan').getByText(t.newExpansion.acceptable).waitFor();
  const id = await dashboard.start();
  expect(await dashboard.heading().innerText()).toContain(request.master);
  await dashboard.connection('live').waitFor();
  await dashboard.state('succeeded').waitFor({ timeout: request.timeoutMs });
  for (const node of request.nodes) {
    await dashboard.nodeRow(node).locator('[data-phase="verified"]').waitFor();
  }
  return id;
}

/** Opens a node and expects every rule of its evidence to hold, but for so many that could not be judged. */
export async function expectVerifiedNode(
  dashboard: Dashboard,
  id: string,
  node: string,
  unjudged = 0,
): Promise<void> {
  const { t } = dashboard;
  await dashboard.goto(`/expansions/${encodeURIComponent(id)}/nodes/${encodeURIComponent(node)}`);
  const evidence = dashboard.section(t.node.evidence);
  await evidence.getByText(`${t.node.verdict}: ${t.node.verdicts.verified}`).waitFor();
  const reader: Reader = { language: t.htmlLang.startsWith('zh') ? 'zh' : 'en', tool: 'dashboard' };
  for (const { label } of Object.values(ruleTable))
    await evidence.getByText(label[reader.language]({}, reader), { exact: true }).waitFor();
  const count = (text: string): Promise<number> => evidence.getByText(text, { exact: true }).count();
  expect([await count(t.node.holds), await count(t.node.holdsUnknown)]).toEqual([
    ruleNames.length - unjudged,
    unjudged,
  ]);
}
