import { type EventLoopUtilization, performance } from 'node:perf_hooks';

/** So many are always worked on, however busy the process is. */
const least = 8;
const sampleEveryMs = 200;
/** Samples of the last second. */
const kept = 5;
/** Above this share of its time the event loop comes late to what it has. */
const busy = 0.75;
/** A database that takes longer to store something has enough to do: commands wait for what is stored before them. */
const slowMs = 1000;
/** A machine that others keep busy must not stand still: for each `least` under way, after this time one more begins. */
const oneBeginsWithinMs = 1000;
/** What begins costs at once; what it costs shows a moment later. */
const growth = 0.04;

/**
 * How much a process can work on at the same time: more begins only while its event loop has time left, and the database stores in
 * time, so that whatever it works on gets its looks and its commands in time. What finds no room waits, or goes to another process.
 */
export function watchRoom(most: number) {
  const samples: EventLoopUtilization[] = [performance.eventLoopUtilization()];
  /** When each began that is being stored. */
  const storing = new Set<{ readonly at: number }>();
  let slowAt = Number.NEGATIVE_INFINITY;
  let used = 0;
  let sample = 0;
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    used = performance.eventLoopUtilization(now, samples[0]).utilization;
    samples.push(now);
    if (samples.length > kept) samples.shift();
    sample += 1;
    const [oldest] = storing;
    if (oldest && performance.now() - oldest.at > slowMs) slowAt = performance.now();
  }, sampleEveryMs);
  timer.unref();

  /**
   * Whether one more may begin beside `working` others, which it then does. However busy the process is, one may after `longestMs` for
   * each `least` of them.
   */
  function gate(longestMs = Number.POSITIVE_INFINITY): (working: number) => boolean {
    let begun = 0;
    let begunAt = Number.NEGATIVE_INFINITY;
    let since = sample;
    return (working) => {
      const now = performance.now();
      if (since !== sample) begun = 0;
      since = sample;
      if (working >= least) {
        const isSlow = now - slowAt < kept * sampleEveryMs;
        const full = used > busy || isSlow || begun >= Math.max(2, growth * working);
        if (working >= most || (full && now - begunAt < (longestMs * working) / least)) return false;
        begun += 1;
      }
      begunAt = now;
      return true;
    };
  }
  return {
    /** Of what is worked on. */
    take: gate(),
    /** Of full syncs that begin in what is worked on: it may have waited for long, and go on in one moment with all others. */
    begin: gate(oneBeginsWithinMs),
    /** Resolves as `stored` does, something that is being stored. */
    async stores<T>(stored: Promise<T>): Promise<T> {
      const one = { at: performance.now() };
      storing.add(one);
      try {
        return await stored;
      } finally {
        storing.delete(one);
      }
    },
    async close(): Promise<void> {
      clearInterval(timer);
    },
  };
}
