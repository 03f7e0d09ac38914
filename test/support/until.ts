import { setTimeout as delay } from 'node:timers/promises';

export interface UntilOptions {
  /** How long to wait at most; generous, because the machines are slow. */
  readonly withinMs?: number;
  /** Pause between two tries. */
  readonly everyMs?: number;
  /** Said when it did not come true. */
  readonly what?: string | (() => string);
}

/** Waits for a condition, never for a time. Resolves with what the condition returned; throws when it stays false. */
export async function until<T>(
  condition: () => T | Promise<T>,
  options: UntilOptions = {},
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const { withinMs = 120_000, everyMs = 10, what = 'the condition' } = options;
  const deadline = Date.now() + withinMs;
  for (;;) {
    const value = await condition();
    if (value) return value as Exclude<T, false | null | undefined | 0 | ''>;
    if (Date.now() > deadline) {
      throw new Error(`not within ${withinMs} ms: ${typeof what === 'function' ? what() : what}`);
    }
    await delay(everyMs);
  }
}
