import { type EventLoopUtilization, performance } from 'node:perf_hooks';

/** So many are always worked on, however busy the process is. */
const least = 8;
const sampleEveryMs = 200;
/** Samples of the last second. */
const kept = 5;
/** Above this share of its time the event loop comes late to what it has. */
const busy = 0.6;
/** What begins costs at once; what it costs shows a moment later. */
const growth = 0.04;

/**
 * How much a process can work on at the same time: more begins only while its event loop has time left, so that whatever it works
 * on gets its looks in time. What finds no room waits, or goes to another process.
 */
export function watchRoom(most: number) {
  const samples: EventLoopUtilization[] = [performance.eventLoopUtilization()];
  let used = 0;
  let begun = 0;
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    used = performance.eventLoopUtilization(now, samples[0]).utilization;
    samples.push(now);
    if (samples.length > kept) samples.shift();
    begun = 0;
  }, sampleEveryMs);
  timer.unref();
  return {
    /** Whether one more may begin beside so many, which it then does. */
    take(working: number): boolean {
      if (working < least) return true;
      if (working >= most || used > busy || begun >= Math.max(2, growth * working)) return false;
      begun += 1;
      return true;
    },
    async close(): Promise<void> {
      clearInterval(timer);
    },
  };
}
