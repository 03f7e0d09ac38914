import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolutionMs = 10;
const sampleEveryMs = 1000;

/** Measures how late this process comes to its work. Opens no file: it must go on where none can be opened. */
export function watchEventLoop(): { delayMs(): number; stop(): void } {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  let delayMs = 0;
  let sinceAt = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const mean = histogram.mean / 1e6 - resolutionMs;
    // Without a sample the loop stood still all the time.
    delayMs = Number.isNaN(mean) ? now - sinceAt : Math.max(0, mean);
    sinceAt = now;
    histogram.reset();
  }, sampleEveryMs);
  timer.unref();
  return {
    delayMs: () => delayMs,
    stop() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}

const tickMs = 20;
/** Lateness below this is how timers are. */
const leastMs = 2;
const kept = 1024;
let ticks: { readonly at: number; readonly lateMs: number }[] | null = null;

/**
 * The most that this process was late with its work since a time of `Date.now()`: that much of a reply's delay is its own.
 * Watching begins with the first call.
 */
export function latenessSince(time: number): number {
  if (ticks === null) ticks = watchTicks();
  let most = 0;
  for (let i = ticks.length - 1; i >= 0 && ticks[i]!.at >= time; i -= 1)
    most = Math.max(most, ticks[i]!.lateMs);
  return most;
}

function watchTicks(): { readonly at: number; readonly lateMs: number }[] {
  const seen: { at: number; lateMs: number }[] = [];
  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    const lateMs = now - last - tickMs;
    last = now;
    if (lateMs < leastMs) return;
    seen.push({ at: Date.now(), lateMs });
    if (seen.length > kept) seen.splice(0, kept / 2);
  }, tickMs).unref();
  return seen;
}
