import { isActive, isSettled } from '../../../model/expansion.ts';
import type { ExpansionView } from '../../../model/views/expansion.ts';
import { measuredNow } from './progress.ts';

/** Seconds until the copies that run now have ended, by their measured rates; null = none runs, or not known. */
export function batchSeconds({ joins }: ExpansionView): number | null {
  const remaining = joins
    .filter((join) => isActive(join.phase))
    .map((join) => measuredNow(join).remainingSeconds)
    .filter((seconds): seconds is number => seconds !== null);
  return remaining.length === 0 ? null : Math.max(...remaining);
}

/**
 * Seconds of work until all batches are done, by the forecast and by the copies that run now. Waits for people and for
 * time windows are left out. null = the forecast does not say it, or the batch at work has overrun it.
 */
export function wholeSeconds(expansion: ExpansionView, now: number): number | null {
  const { forecast, joins, currentBatch } = expansion;
  if (!forecast || forecast.batches.length === 0) return null;
  let seconds = 0;
  for (const { batch, seconds: takes } of forecast.batches) {
    const ofBatch = joins.filter((join) => join.batch === batch);
    const done = ofBatch.length > 0 && ofBatch.every((join) => isSettled(join.phase));
    if (batch < currentBatch || done) continue;
    if (takes === null) return null;
    const began = Math.min(...ofBatch.flatMap((join) => join.attempts[0]?.startedAt ?? []));
    if (batch > currentBatch || !Number.isFinite(began)) {
      seconds += takes.expected;
      continue;
    }
    const left = Math.max(takes.expected - (now - began) / 1000, batchSeconds(expansion) ?? 0);
    // A forecast that was overrun says nothing of what is left.
    if (left <= 0) return null;
    seconds += left;
  }
  return seconds;
}
