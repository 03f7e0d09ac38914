/**
 * Does `work` under a signal that aborts when `signal` does, with a TimeoutError after `timeoutMs`, and once the work is
 * over. Resolves or rejects as `work` does: heeding the signal is its affair.
 *
 * AbortSignal.any over AbortSignal.timeout is no substitute: nothing but the timer holds that timeout, weakly, and once
 * it is garbage collected it never aborts (Node 20; test/platform/time-limit.test.ts).
 */
export async function withTimeLimit<T>(
  timeoutMs: number,
  signal: AbortSignal | null,
  work: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const limited = new AbortController();
  const timer = setTimeout(() => {
    limited.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
  }, timeoutMs);
  const abort = (): void => limited.abort(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await work(limited.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    limited.abort();
  }
}
