import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { alertRules, annotationsOf, urlInRules } from '../../scripts/alerts.ts';
import { alertNames } from '../../src/model/runbook/alerts.ts';
import { runbook } from '../../src/model/runbook/chapters.ts';
import { createMetrics } from '../../src/platform/metrics.ts';

const root = join(import.meta.dirname, '../..');
const rulesFile = join(root, 'deploy/prometheus/pika-expander.rules.yaml');
const boardText = readFileSync(join(root, 'deploy/grafana/pika-expander.json'), 'utf8');

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string }[];
}
const board = JSON.parse(boardText) as {
  readonly panels: readonly Panel[];
  readonly links: readonly { url: string }[];
};
const expressions = board.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pika-expander-rules-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** `promtool` comes with Debian's package `prometheus`; `npm test` installs it. */
function promtool(...args: readonly string[]): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { cwd: folder, encoding: 'utf8' });
  if (error) throw new Error('promtool is not installed: apt-get install prometheus', { cause: error });
  return { status, said: stdout + stderr };
}

function written(name: string, content: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, stringify(content, { lineWidth: 0 }));
  return file;
}

describe('the figures that alerts and board ask for', () => {
  test('are those of the service, with labels that they have', async () => {
    const known = new Map(
      (await createMetrics({ processMetrics: true }).registry.getMetricsAsJSON()).map(({ name }) => [
        name,
        name,
      ]),
    );
    const named = [readFileSync(rulesFile, 'utf8'), ...expressions].flatMap((text) => [
      ...text.matchAll(/pika_expander_\w+/g),
    ]);
    const names = [...new Set(named.map(([name]) => name))];
    expect(names.length).toBeGreaterThan(15);
    const unknown = names.filter(
      (name) => !known.has(name) && !known.has(name.replace(/_(?:bucket|count|sum)$/, '')),
    );
    expect(unknown).toEqual([]);
  });
});

describe('the alerts', () => {
  test('promtool takes the rules', () => {
    const { status, said } = promtool('check', 'rules', rulesFile);
    expect([status, said]).toEqual([0, expect.stringContaining(`${alertNames.length} rules found`)]);
  });

  const quiet = [{ series: 'pika_expander_database_up', values: '1x90' }];
  const testOf = (
    series: readonly { readonly series: string; readonly values: string }[],
    alertname: string,
    alerts: readonly object[],
  ) => ({
    interval: '1m',
    input_series: series,
    alert_rule_test: [{ eval_time: '65m', alertname, exp_alerts: alerts }],
  });

  test('each alert comes when it should, with a link to its entry, and no alert comes on a quiet service', () => {
    const tests = alertNames.flatMap((name) => {
      const { severity, fires, labels = {} } = alertRules[name];
      const annotations = Object.fromEntries(
        Object.entries(annotationsOf(name)).map(([key, text]) => [
          key,
          text.replace('{{ $labels.code }}', labels.code ?? ''),
        ]),
      );
      return [
        testOf(fires, name, [{ exp_labels: { severity, ...labels }, exp_annotations: annotations }]),
        testOf(quiet, name, []),
      ];
    });
    const file = written('tests.yaml', { rule_files: [rulesFile], evaluation_interval: '1m', tests });
    const { status, said } = promtool('test', 'rules', file);
    expect([status, said]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });

  test('each link leads to an entry of the runbook', () => {
    const places = new Set(
      runbook({ language: 'en', tool: 'cli' }).flatMap(({ entries }) => entries.map(({ anchor }) => anchor)),
    );
    const { groups } = parse(readFileSync(rulesFile, 'utf8')) as {
      groups: { rules: { annotations: { runbook_url: string } }[] }[];
    };
    const links = groups.flatMap(({ rules }) => rules.map(({ annotations }) => annotations.runbook_url));
    expect(links).toHaveLength(alertNames.length);
    for (const link of links) {
      expect(link.startsWith(`${urlInRules}/runbook#`)).toBe(true);
      expect(places).toContain(link.split('#')[1]);
    }
  });
});

describe('the board of Grafana', () => {
  test('promtool takes each of its expressions', () => {
    const rules = expressions.map((expr, index) => ({ record: `panel:${index}`, expr }));
    const { status, said } = promtool(
      'check',
      'rules',
      written('board.yaml', { groups: [{ name: 'board', rules }] }),
    );
    expect([status, said]).toEqual([0, expect.stringContaining(`${expressions.length} rules found`)]);
  });

  test('each panel has a name, an id of its own and a place that no other takes', () => {
    const { panels } = board;
    expect(panels.length).toBeGreaterThan(15);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(panels.filter(({ title, targets }) => !title || targets.length === 0)).toEqual([]);
    const places = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(new Set(places).size).toBe(places.length);
    expect(places.filter((place) => Number(place.split(',')[0]) >= 24)).toEqual([]);
  });

  test('it leads to the runbook', () => {
    expect(board.links.map(({ url }) => url)).toEqual([`${urlInRules}/runbook`]);
  });
});
