export interface RoundsOptions {
  /**
   * One round. Resolves with the milliseconds after which another one is needed; Infinity = when somebody wakes it. `signal`: the
   * process is about to close.
   */
  readonly turn: (signal: AbortSignal) => Promise<number>;
  /** Between two rounds, however often it is woken. */
  readonly pauseMs: number;
  /** A round comes after this time whatever happens: what a lost message costs at most. */
  readonly atMostMs: number;
  /** After a round that failed. */
  readonly retryMs: number;
  readonly failed: (error: unknown) => void;
  /** Resolves after `ms`, or at once when the signal is aborted; never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Rounds {
  /** Another round is needed in `inMs` at the latest. */
  wake(inMs?: number): void;
  /** Another round is needed, so long after the last one began at the soonest: the first news at once, and many of them together. */
  wakeApart(apartMs: number): void;
  /** Resolves when no round is under way any more. */
  close(): Promise<void>;
}

const longestTimerMs = 2 ** 31 - 1;
/** How long whoever is told of news goes without looking. */
export const seldomMs = 30_000;

/** Does something at once, and again whenever it is needed: when its time comes, or when somebody wakes it. */
export function startRounds(options: RoundsOptions): Rounds {
  const { turn, pauseMs, atMostMs, retryMs, sleep, failed } = options;
  const stop = new AbortController();
  const { signal } = stop;
  let nextAt = 0;
  let beganAt = Number.NEGATIVE_INFINITY;
  let woken = new AbortController();

  /** Whether the next round comes sooner for it. */
  const sooner = (inMs: number): boolean => {
    const at = performance.now() + inMs;
    if (at >= nextAt) return false;
    nextAt = at;
    return true;
  };

  async function untilNext(): Promise<void> {
    const pausedAt = performance.now() + pauseMs;
    while (!signal.aborted) {
      const leftMs = Math.max(nextAt, pausedAt) - performance.now();
      if (leftMs <= 0) return;
      woken = new AbortController();
      await sleep(leftMs, AbortSignal.any([signal, woken.signal]));
      if (!woken.signal.aborted) return;
    }
  }

  async function go(): Promise<void> {
    while (!signal.aborted) {
      nextAt = Number.POSITIVE_INFINITY;
      beganAt = performance.now();
      let inMs = retryMs;
      try {
        inMs = await turn(signal);
      } catch (error) {
        if (!signal.aborted) failed(error);
      }
      sooner(Math.min(inMs, atMostMs, longestTimerMs));
      await untilNext();
    }
  }

  const wake = (inMs = 0): void => {
    if (sooner(inMs)) woken.abort();
  };

  const running = go();
  return {
    wake,
    wakeApart: (apartMs) => wake(beganAt + apartMs - performance.now()),
    async close() {
      stop.abort();
      await running;
    },
  };
}
