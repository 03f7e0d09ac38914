import type { Figure, ForecastRange } from '../../model/forecast.ts';
import type { HealthReading } from '../../model/health.ts';
import type { ExpansionView } from '../../model/views/expansion.ts';
import { formatBytes, formatDuration, pad, printable } from '../format.ts';
import type { Style } from '../style.ts';

/** `4 min 00 s (3 min 10 s to 6 min 00 s)`: 90 % of cases lie between. */
export function rangeText(range: ForecastRange | null, format: (n: number) => string): string {
  if (range === null) return 'unknown';
  return `${format(range.expected)} (${format(range.low)} to ${format(range.high)})`;
}

/** What was forecast beside what it was, what holds the copies back, and what was changed on the master. */
export function scheduleLines(expansion: ExpansionView, style: Style): string[] {
  return [...forecastLines(expansion, style), ...healthLines(expansion, style), ...borrowedLines(expansion)];
}

function forecastLines({ forecast, forecastOutcome, forecastDrift }: ExpansionView, style: Style): string[] {
  if (!forecast) return [];
  const planned = rangeText(forecast.secondsTotal, formatDuration);
  const drift = forecastDrift ? [style.yellow(`  ${printable(forecastDrift.text)}`)] : [];
  if (!forecastOutcome) return [`  Forecast: ${planned} in all`, ...drift];
  const width = Math.max(4, ...forecastOutcome.nodes.map(({ node }) => node.length));
  return [
    `  Forecast: ${planned} in all; it took ${realText(forecastOutcome.secondsTotal, formatDuration)}`,
    ...forecastOutcome.nodes.map(
      ({ node, transferSeconds, bytesPerSecond }) =>
        `    ${pad(node, width)}  copy ${expectedText(transferSeconds, formatDuration)} forecast, ${realText(transferSeconds, formatDuration)}; ${expectedText(bytesPerSecond, rate)} forecast, ${realText(bytesPerSecond, rate)}`,
    ),
  ];
}

const rate = (bytesPerSecond: number): string => `${formatBytes(bytesPerSecond)}/s`;

const expectedText = ({ forecast }: Figure, format: (n: number) => string): string =>
  forecast === null ? 'nothing' : format(forecast.expected);

function realText({ real, error }: Figure, format: (n: number) => string): string {
  if (real === null) return 'not measured';
  if (error === null) return format(real);
  return `${format(real)} (${error < 0 ? '-' : '+'}${(Math.abs(error) * 100).toFixed(0)} %)`;
}

const figureNames: Readonly<Record<HealthReading['what'], string>> = {
  master_latency_ms: 'latency of the master, p99 in ms',
  slave_lag_bytes: 'lag of its other slaves, bytes',
  commands_per_second: 'commands per second',
  endpoint: "operator's own figure",
};

function healthLines({ health, endedAt }: ExpansionView, style: Style): string[] {
  if (!health || endedAt !== null) return [];
  const head = `  Health of the master: copies may use ${Math.round(health.level * 100)} % of the bandwidth`;
  return [
    head,
    ...health.readings.map(({ what, value, limit, ownDelayMs }) => {
      const own =
        ownDelayMs === undefined ? '' : ` (without ${ownDelayMs} ms by which this service was late itself)`;
      const line = `    ${figureNames[what]}: ${Math.round(value * 10) / 10}${own}, limit ${limit}`;
      return value > limit ? style.yellow(`${line}: over it, no batch begins`) : line;
    }),
  ];
}

const borrowedWords = {
  borrowed: 'changed for the time of the expansion',
  restored: 'put back',
  left: 'left as somebody else has set it',
  lost: 'could not be put back',
  refused: 'the master would not take the change',
} as const;

function borrowedLines({ borrowed, master }: ExpansionView): string[] {
  if (!borrowed) return [];
  const { name, old, seen, state } = borrowed;
  return [`  ${name} of ${master.name}: ${seen}, before the expansion ${old} (${borrowedWords[state]})`];
}
