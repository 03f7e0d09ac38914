/** Whether the plan still holds: compares the forecast made again before a batch with the agreed forecast. */
import type { Forecast, ForecastDrift, ForecastRange } from '../../model/forecast.ts';
import { driftWords } from '../../model/forecast-texts.ts';

/** Below these a change is noise, whatever its share. */
const leastBytes = 64 * 1024 * 1024;
const leastSeconds = 60;
const leastBytesPerSecond = 1024 * 1024;

/**
 * What has grown by more than `tolerance` (a share); null = nothing has. Time counts against the upper end of what was
 * planned: a poor network is not a change.
 */
export function driftOf(
  planned: Forecast,
  now: Forecast,
  tolerance: number,
  where: { readonly at: number; readonly batch: number },
): ForecastDrift | null {
  const figures: ForecastDrift['figures'][number][] = [];
  const check = (
    name: ForecastDrift['figures'][number]['name'],
    before: number | null,
    after: number | null,
    least: number,
  ): void => {
    if (before === null || after === null) return;
    if (after - before > Math.max(least, before * tolerance))
      figures.push({ name, planned: before, now: after });
  };
  check('snapshot_bytes', expected(planned.bytesPerNode), expected(now.bytesPerNode), leastBytes);
  check('seconds_per_node', planned.secondsPerNode?.high ?? null, expected(now.secondsPerNode), leastSeconds);
  check(
    'write_bytes_per_second',
    planned.binlog.writeBytesPerSecond,
    now.binlog.writeBytesPerSecond,
    leastBytesPerSecond,
  );
  if (figures.length === 0) return null;
  return {
    ...where,
    figures,
    forecast: now,
    text: driftWords(figures),
  };
}

const expected = (range: ForecastRange | null): number | null => range?.expected ?? null;
