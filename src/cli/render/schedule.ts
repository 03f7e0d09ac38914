import type { CommandLineWords } from '../../model/command-line/index.ts';
import type { Figure, ForecastRange } from '../../model/forecast.ts';
import type { ExpansionView } from '../../model/views/expansion.ts';
import { formatBytes, formatDuration, pad, printable } from '../format.ts';
import type { Style } from '../style.ts';

/** `4 min 00 s (3 min 10 s to 6 min 00 s)`: 90 % of cases lie between. */
export function rangeText(
  range: ForecastRange | null,
  format: (n: number) => string,
  { plan }: CommandLineWords,
): string {
  if (range === null) return plan.unknown;
  return plan.range(format(range.expected), format(range.low), format(range.high));
}

/** What was forecast beside what it was, what holds the copies back, and what was changed on the master. */
export function scheduleLines(expansion: ExpansionView, style: Style): string[] {
  return [
    ...forecastLines(expansion, style),
    ...healthLines(expansion, style),
    ...borrowedLines(expansion, style),
  ];
}

function forecastLines({ forecast, forecastOutcome, forecastDrift }: ExpansionView, style: Style): string[] {
  if (!forecast) return [];
  const planned = rangeText(forecast.secondsTotal, formatDuration, style.words);
  const words = style.words.schedule;
  const drift = forecastDrift ? [style.yellow(`  ${printable(forecastDrift.text)}`)] : [];
  if (!forecastOutcome) return [`  ${words.forecast(planned)}`, ...drift];
  const width = Math.max(4, ...forecastOutcome.nodes.map(({ node }) => node.length));
  return [
    `  ${words.outcome(planned, realText(forecastOutcome.secondsTotal, formatDuration, words))}`,
    ...forecastOutcome.nodes.map(
      ({ node, transferSeconds, bytesPerSecond }) =>
        `    ${pad(node, width)}  ${words.node({
          copy: expectedText(transferSeconds, formatDuration, words),
          copied: realText(transferSeconds, formatDuration, words),
          rate: expectedText(bytesPerSecond, rate, words),
          rated: realText(bytesPerSecond, rate, words),
        })}`,
    ),
  ];
}

type Words = CommandLineWords['schedule'];

const rate = (bytesPerSecond: number): string => `${formatBytes(bytesPerSecond)}/s`;

const expectedText = ({ forecast }: Figure, format: (n: number) => string, words: Words): string =>
  forecast === null ? words.nothing : format(forecast.expected);

function realText({ real, error }: Figure, format: (n: number) => string, words: Words): string {
  if (real === null) return words.notMeasured;
  if (error === null) return format(real);
  return `${format(real)} (${error < 0 ? '-' : '+'}${(Math.abs(error) * 100).toFixed(0)} %)`;
}

function healthLines({ health, endedAt }: ExpansionView, style: Style): string[] {
  if (!health || endedAt !== null) return [];
  const words = style.words.schedule;
  const head = `  ${words.health(Math.round(health.level * 100))}`;
  return [
    head,
    ...health.readings.map(({ what, value, limit, ownDelayMs }) => {
      const shown = Math.round(value * 10) / 10;
      const line = words.reading(words.figures[what], shown, ownDelayMs ?? null, limit);
      return value > limit ? style.yellow(`    ${words.over(line)}`) : `    ${line}`;
    }),
  ];
}

function borrowedLines({ borrowed, master }: ExpansionView, { words }: Style): string[] {
  if (!borrowed) return [];
  const { name, old, seen, state } = borrowed;
  const said = words.schedule.borrowedStates[state];
  return [`  ${words.schedule.borrowed({ name, master: master.name, seen, old, state: said })}`];
}
