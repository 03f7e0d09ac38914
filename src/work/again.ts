export interface Again {
  readonly everyMs: number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** `signal`: the process is about to close. */
  readonly turn: (signal: AbortSignal) => Promise<void>;
  /** Nothing waits for a turn that failed: it is told, and tried again at its time. */
  readonly failed: (error: unknown) => void;
}

/** Does something at once and then at intervals, until it is closed. */
export function again({ everyMs, sleep, turn, failed }: Again): { close(): Promise<void> } {
  const closing = new AbortController();
  const { signal } = closing;
  const work = async (): Promise<void> => {
    while (!signal.aborted) {
      await turn(signal).catch(failed);
      await sleep(everyMs, signal);
    }
  };
  const running = work();
  return {
    async close() {
      closing.abort();
      await running;
    },
  };
}
