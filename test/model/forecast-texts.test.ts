import { expect, test } from 'vitest';
import { basisWords, driftFor, forecastFor, limitWords } from '../../src/model/forecast-texts.ts';
import type { Forecast, ForecastDrift } from '../../src/model/views/forecast.ts';
import { expectText, readers } from '../support/texts.ts';

test('the grounds of a forecast read in both languages, known or not', () => {
  for (const reader of readers)
    for (const grounds of [
      { snapshotBytes: null, learntFrom: 0, writes: null },
      { snapshotBytes: 1e9, learntFrom: 1, writes: { bytesPerSecond: 1e6, overMs: 30_000 } },
    ])
      expectText(basisWords(grounds, reader), reader.language);
});

test('what bounds a rate reads in both languages', () => {
  for (const reader of readers)
    for (const limit of [
      { budget: null, throttle: null, syncs: 0 },
      { budget: 40e6, throttle: null, syncs: 1 },
      { budget: null, throttle: 40e6, syncs: 2 },
    ])
      expectText(limitWords(limit, reader), reader.language);
});

test('what has grown reads in both languages, and a forecast of an earlier release as it was stored', () => {
  const old = { basis: 'As it was.', nodes: [{ limitedBy: 'its throttle' }] } as unknown as Forecast;
  const figures = (['snapshot_bytes', 'seconds_per_node', 'write_bytes_per_second'] as const).map((name) => ({
    name,
    planned: 10,
    now: 2e9,
  }));
  const drift: ForecastDrift = { at: 0, batch: 1, text: 'as stored', figures, forecast: old };
  for (const reader of readers) {
    const said = driftFor(drift, reader)!;
    expectText(said.text, reader.language);
    expect(said.forecast).toEqual(old);
    expect(forecastFor(null, reader)).toBeNull();
  }
});
