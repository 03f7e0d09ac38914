/** The alerts for Prometheus: their expressions beside the words of the runbook. `npm run docs` writes the files. */
import { stringify } from 'yaml';
import { type AlertName, alertAdvice, alertNames } from '../src/model/runbook/alerts.ts';
import { nobody } from '../src/model/text.ts';

interface Rule {
  readonly expr: string;
  readonly for: string;
  readonly severity: 'critical' | 'warning' | 'info';
  /** Series with which it fires, and how it is labelled then beside its severity; for the tests of the rules. */
  readonly fires: readonly { readonly series: string; readonly values: string }[];
  readonly labels?: Readonly<Record<string, string>>;
}

/** A counter that rose within 15 minutes; one that was not there before rose from nothing, which `increase` does not see. */
const grownBy = (label: string, series: string): string =>
  `sum by (${label}) (increase(${series}[15m])) > 0 or sum by (${label}) (${series} unless ${series} offset 15m) > 0`;

/** Every process tells what the database holds, so these figures are the same in each: the greatest counts. */
export const alertRules: Readonly<Record<AlertName, Rule>> = {
  PikaExpanderGone: {
    expr: 'absent(pika_expander_database_up)',
    for: '5m',
    severity: 'critical',
    fires: [],
  },
  PikaExpanderDatabaseDown: {
    expr: 'min(pika_expander_database_up) == 0',
    for: '2m',
    severity: 'critical',
    fires: [{ series: 'pika_expander_database_up', values: '0x60' }],
  },
  PikaExpanderHalted: {
    expr: 'max(pika_expander_expansions{state="halted"}) > 0',
    for: '1m',
    severity: 'critical',
    fires: [{ series: 'pika_expander_expansions{state="halted"}', values: '1x60' }],
  },
  PikaExpanderNodeQuarantined: {
    expr: 'max(pika_expander_joins{phase="quarantined"}) > 0',
    for: '1m',
    severity: 'critical',
    fires: [{ series: 'pika_expander_joins{phase="quarantined"}', values: '2x60' }],
  },
  PikaExpanderWaitsForPerson: {
    expr: 'max(pika_expander_expansions{state=~"paused|awaiting_approval"}) > 0',
    for: '1h',
    severity: 'warning',
    fires: [{ series: 'pika_expander_expansions{state="paused"}', values: '1x90' }],
  },
  PikaExpanderFrozen: {
    expr: 'max(pika_expander_frozen) == 1',
    for: '1h',
    severity: 'warning',
    fires: [{ series: 'pika_expander_frozen', values: '1x90' }],
  },
  PikaExpanderNoWorker: {
    expr: 'max(pika_expander_expansions_unattended) > 0',
    for: '5m',
    severity: 'critical',
    fires: [{ series: 'pika_expander_expansions_unattended', values: '3x60' }],
  },
  PikaExpanderLooksLate: {
    expr: 'histogram_quantile(0.95, sum by (le) (rate(pika_expander_look_delay_seconds_bucket[5m]))) > 1',
    for: '10m',
    severity: 'warning',
    fires: [
      { series: 'pika_expander_look_delay_seconds_bucket{le="1"}', values: '0+1x90' },
      { series: 'pika_expander_look_delay_seconds_bucket{le="5"}', values: '0+10x90' },
      { series: 'pika_expander_look_delay_seconds_bucket{le="+Inf"}', values: '0+10x90' },
    ],
  },
  PikaExpanderGuardError: {
    expr: 'sum by (code) (pika_expander_guard_findings{level="error"}) > 0',
    for: '1m',
    severity: 'critical',
    fires: [{ series: 'pika_expander_guard_findings{code="unproven", level="error"}', values: '1x60' }],
    labels: { code: 'unproven' },
  },
  PikaExpanderAnomaly: {
    expr: grownBy('code', 'pika_expander_anomalies_total'),
    for: '0m',
    severity: 'info',
    fires: [{ series: 'pika_expander_anomalies_total{code="sync_loop"}', values: '0+1x90' }],
    labels: { code: 'sync_loop' },
  },
  PikaExpanderAgentSilent: {
    expr: 'max(pika_expander_agents{state="stale"}) > 0',
    for: '10m',
    severity: 'warning',
    fires: [{ series: 'pika_expander_agents{state="stale"}', values: '1x60' }],
  },
  PikaExpanderTrailLost: {
    expr: grownBy('outcome', 'pika_expander_trail_entries_total{outcome="lost"}'),
    for: '0m',
    severity: 'critical',
    fires: [{ series: 'pika_expander_trail_entries_total{outcome="lost"}', values: '_x55 1x35' }],
    labels: { outcome: 'lost' },
  },
  PikaExpanderFailing: {
    expr: 'sum(rate(pika_expander_http_request_seconds_count{status=~"5.."}[5m])) / sum(rate(pika_expander_http_request_seconds_count[5m])) > 0.05',
    for: '5m',
    severity: 'warning',
    fires: [
      { series: 'pika_expander_http_request_seconds_count{status="500"}', values: '0+10x90' },
      { series: 'pika_expander_http_request_seconds_count{status="200"}', values: '0+90x90' },
    ],
  },
};

/** Where the rules look for the service: the chart puts the address of the installation in its place. */
export const urlInRules = 'http://pika-expander:8080';

/** What Prometheus shows of an alert; a code that labels it leads to its own entry too. */
export function annotationsOf(name: AlertName): Readonly<Record<string, string>> {
  const { title, means } = alertAdvice[name];
  const { labels } = alertRules[name];
  return {
    summary: title.en({}, nobody),
    description: means.en({}, nobody),
    runbook_url: `${urlInRules}/runbook#alert-${name}`,
    ...(labels?.code === undefined ? {} : { code_runbook_url: `${urlInRules}/runbook/{{ $labels.code }}` }),
  };
}

const head =
  '# Alerts for Prometheus, made by `npm run docs` from scripts/alerts.ts and the runbook. Replace the address of the service:\n' +
  `# sed -i 's#${urlInRules}#https://pika-expander.example.net#' pika-expander.rules.yaml\n`;

/** The file of rules. */
export const alertsText = (): string =>
  head +
  stringify(
    {
      groups: [
        {
          name: 'pika-expander',
          rules: alertNames.map((name) => ({
            alert: name,
            expr: alertRules[name].expr,
            for: alertRules[name].for,
            labels: { severity: alertRules[name].severity },
            annotations: annotationsOf(name),
          })),
        },
      ],
    },
    { lineWidth: 0 },
  );
