import type { Said } from '../model/text.ts';
/** Time as the comparison sees it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};

/** How much a cap lets through at once after a pause: the share of one second's allowance. */
const burstSeconds = 0.05;

/**
 * Keeps a rate: what was spent is paid for by waiting before the next spending. A single spending larger than the
 * burst is let through and then paid for, so the mean rate holds for any size of piece.
 */
class RateCap {
  readonly #perSecond: number;
  readonly #clock: Clock;
  #credit: number;
  #countedAt: number;

  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#credit = 0;
    this.#countedAt = clock.now();
  }

  spend(amount: number): void {
    this.#count();
    this.#credit -= amount;
  }

  /** Milliseconds to wait until more may be spent. */
  waitMs(): number {
    this.#count();
    return this.#credit >= 0 ? 0 : Math.ceil((-this.#credit / this.#perSecond) * 1000);
  }

  #count(): void {
    const now = this.#clock.now();
    const earned = ((now - this.#countedAt) / 1000) * this.#perSecond;
    this.#credit = Math.min(this.#credit + earned, this.#perSecond * burstSeconds);
    this.#countedAt = now;
  }
}

const heldLookMs = 50;

export interface PaceLimits {
  /** Keys read per second on each server; null = no cap. A command that reads many keys counts as many; listing names counts as one. */
  readonly maxOpsPerSecond: number | null;
  /** Bytes of replies per second from each of the two servers; null = no cap. */
  readonly maxBytesPerSecond: number | null;
}

interface Caps {
  readonly ops: RateCap | null;
  readonly bytes: RateCap | null;
}

/** The caps on what a comparison asks of each server. */
export class Pace {
  readonly #caps: { readonly left: Caps; readonly right: Caps };
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #limits: PaceLimits;
  #heldBy: Said | null = null;
  #trouble: Said | null = null;
  #failure: Error | null = null;
  /** Called when reading begins or ends to be held. */
  onHold: (() => void) | null = null;

  constructor(limits: PaceLimits, clock: Clock, signal?: AbortSignal) {
    this.#limits = limits;
    const cap = (perSecond: number | null) => (perSecond === null ? null : new RateCap(perSecond, clock));
    const caps = () => ({ ops: cap(limits.maxOpsPerSecond), bytes: cap(limits.maxBytesPerSecond) });
    this.#caps = { left: caps(), right: caps() };
    this.#clock = clock;
    this.#signal = signal;
  }

  /** The most keys that one command should ask for, so that a cap is kept smoothly. */
  get largestPage(): number {
    return this.#limits.maxOpsPerSecond === null
      ? Number.POSITIVE_INFINITY
      : Math.max(1, Math.floor(this.#limits.maxOpsPerSecond / 20));
  }

  /** The most bytes that one reply should hold. */
  get largestReply(): number {
    return this.#limits.maxBytesPerSecond === null
      ? Number.POSITIVE_INFINITY
      : Math.max(1024, Math.floor(this.#limits.maxBytesPerSecond / 20));
  }

  get isCapped(): boolean {
    return this.#limits.maxOpsPerSecond !== null || this.#limits.maxBytesPerSecond !== null;
  }

  /** Whether anything is in the way just now. */
  get waits(): boolean {
    return this.#heldBy !== null || this.#failure !== null || this.#waitMs() > 0;
  }

  /** Why nothing is asked for now, or nothing is answered; null = nothing is in the way. */
  get heldBy(): Said | null {
    return this.#heldBy ?? this.#trouble;
  }

  /** Says what is wrong with a server, as long as it is; reading goes on until it meets that itself. */
  tell(trouble: Said | null): void {
    const changed = trouble?.text !== this.#trouble?.text;
    this.#trouble = trouble;
    if (changed) this.onHold?.();
  }

  /** Stops all reading until it is called with null. */
  hold(reason: Said | null): void {
    const changed = reason?.text !== this.#heldBy?.text;
    this.#heldBy = reason;
    if (changed) this.onHold?.();
  }

  /** Ends all reading: what comes now would not belong to what was read before. */
  fail(error: Error): void {
    this.#failure ??= error;
  }

  /** Throws what ended the reading. */
  assertSound(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  /** Waits until more may be asked of the servers. Throws what ended the reading. */
  async turn(): Promise<void> {
    while (this.waits) {
      this.assertSound();
      await this.#clock.sleep(this.#heldBy === null ? this.#waitMs() : heldLookMs, this.#signal);
    }
  }

  #waitMs(): number {
    const { left, right } = this.#caps;
    if (!this.isCapped) return 0;
    return Math.max(...[left.ops, left.bytes, right.ops, right.bytes].map((cap) => cap?.waitMs() ?? 0));
  }

  /** `ops` are what a server is asked for, `bytes` what came from it. */
  spent(
    side: 'left' | 'right',
    { ops = 0, bytes = 0 }: { readonly ops?: number; readonly bytes?: number },
  ): void {
    const caps = this.#caps[side];
    if (ops > 0) caps.ops?.spend(ops);
    if (bytes > 0) caps.bytes?.spend(bytes);
  }
}
