import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolutionMs = 10;
const sampleEveryMs = 1000;

/** Measures how late this process comes to its work. Opens no file: it must go on where none can be opened. */
export function watchEventLoop(): { delayMs(): number; stop(): void } {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  let delayMs = 0;
  const timer = setInterval(() => {
    // No sample in a whole second: the loop stood still.
    const mean = histogram.mean / 1e6 - resolutionMs;
    delayMs = Number.isNaN(mean) ? Number.POSITIVE_INFINITY : Math.max(0, mean);
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
