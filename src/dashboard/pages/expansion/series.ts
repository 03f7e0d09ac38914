import type { Sample } from '../../live/history.ts';

/** Without a value for this long a line is broken, not drawn through. Milliseconds. */
const gapMs = 15_000;

type Column = (number | null | undefined)[];

/**
 * Puts lines measured at different moments on one time axis (seconds), as a chart wants them. `undefined` lets a
 * line go through (another node was measured at that moment), `null` breaks it (nothing was known for a while).
 */
export function alignSeries(
  lines: readonly (readonly Sample[])[],
  field: 'rate' | 'lag',
): (number[] | Column)[] {
  const moments = new Set<number>();
  const points = lines.map((samples) => {
    const known = new Map<number, number | null>();
    let last: number | null = null;
    for (const sample of samples) {
      const value = sample[field];
      if (value === null) continue;
      if (last !== null && sample.at - last > gapMs) known.set(last + 1, null);
      known.set(sample.at, value);
      last = sample.at;
    }
    for (const at of known.keys()) moments.add(at);
    return known;
  });
  const times = [...moments].toSorted((a, b) => a - b);
  return [times.map((at) => at / 1000), ...points.map((known): Column => times.map((at) => known.get(at)))];
}

/** Steps at which bytes have round names in decimal units: 1, 2 and 5 of each power of ten. */
export const roundSteps: readonly number[] = Array.from({ length: 15 }, (_, exponent) => [
  10 ** exponent,
  2 * 10 ** exponent,
  5 * 10 ** exponent,
]).flat();
