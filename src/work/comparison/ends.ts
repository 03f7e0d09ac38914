import type { News } from '../../store/news.ts';

/** What waits for the end of one comparison. */
export interface EndOf {
  /** Resolves once the comparison has ended, or may have, since the last rest; else after `ms`, or when the signal is aborted. */
  rest(ms: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Hears of the ends of comparisons, on whatever worker they run. */
export interface Ends {
  of(id: string): EndOf;
  close(): Promise<void>;
}

/** Listens until it is closed. `sleep` resolves early when its signal is aborted. */
export function watchEnds(news: News, sleep: (ms: number, signal: AbortSignal) => Promise<void>): Ends {
  const waiting = new Set<{ readonly id: string; ring(): void }>();
  const watched = news.watch('comparisons', (ended) => {
    for (const each of waiting) if (ended === null || ended === each.id) each.ring();
  });
  return {
    of(id) {
      let over = new AbortController();
      const mine = { id, ring: () => over.abort() };
      waiting.add(mine);
      return {
        async rest(ms, signal) {
          if (!over.signal.aborted) await sleep(ms, AbortSignal.any([signal, over.signal]));
          over = new AbortController();
        },
        close: () => void waiting.delete(mine),
      };
    },
    close: watched.close,
  };
}
