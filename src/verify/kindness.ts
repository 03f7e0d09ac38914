import { distance } from './counts.ts';
import type { Clock, Pace } from './pace.ts';
import type { Pair } from './pair.ts';
import { readPosition } from './server.ts';
import type { Endpoint } from './spec.ts';
import { WireConnection } from './wire.ts';

export interface KindnessLimits {
  readonly maxMasterLatencyMs: number | null;
  readonly maxSlaveLagBytes: number | null;
  readonly timeoutMs: number;
}

const lookEveryMs = 1000;
/** Slow answers in a row before reading pauses: one alone is a hiccup. */
const slowInARow = 3;

/**
 * Watches both servers over connections of its own while they are read, and holds the reading while the master answers
 * slowly or the slave falls behind. Returns a function that ends the watch.
 */
export function watchServers(
  pair: Pair,
  endpoints: { readonly left: Endpoint; readonly right: Endpoint },
  limits: KindnessLimits,
  clock: Clock,
): () => void {
  if (limits.maxMasterLatencyMs === null && limits.maxSlaveLagBytes === null) return () => undefined;
  const ended = new AbortController();
  const watch = new Watch(pair, pair.pace, limits, clock);
  void watch.run(endpoints, ended.signal).catch(() => pair.pace.hold(null));
  return () => {
    ended.abort();
    pair.pace.hold(null);
  };
}

class Watch {
  readonly #pair: Pair;
  readonly #pace: Pace;
  readonly #limits: KindnessLimits;
  readonly #clock: Clock;
  #slow = 0;

  constructor(pair: Pair, pace: Pace, limits: KindnessLimits, clock: Clock) {
    this.#pair = pair;
    this.#pace = pace;
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Ends when the signal is aborted or a server can no longer be reached; the comparison notices that by itself. */
  async run(
    endpoints: { readonly left: Endpoint; readonly right: Endpoint },
    signal: AbortSignal,
  ): Promise<void> {
    const [leader, follower] =
      this.#pair.leader === 'right' ? (['right', 'left'] as const) : (['left', 'right'] as const);
    const open = (endpoint: Endpoint) =>
      WireConnection.open({ ...endpoint, timeoutMs: this.#limits.timeoutMs, signal });
    const master = await open(endpoints[leader]);
    try {
      const slave = await open(endpoints[follower]);
      try {
        while (!signal.aborted) {
          this.#pace.hold((await this.#slowness(master)) ?? (await this.#lag(master, slave)));
          await this.#clock.sleep(lookEveryMs, signal);
        }
      } finally {
        slave.close();
      }
    } finally {
      master.close();
    }
  }

  async #slowness(master: WireConnection): Promise<string | null> {
    const limit = this.#limits.maxMasterLatencyMs;
    if (limit === null) return null;
    const startedAt = this.#clock.now();
    await master.must('PING');
    const tookMs = this.#clock.now() - startedAt;
    this.#slow = tookMs > limit ? this.#slow + 1 : 0;
    if (this.#slow < slowInARow) return null;
    return `${master.name} takes ${tookMs} ms to answer (limit ${limit} ms)`;
  }

  async #lag(master: WireConnection, slave: WireConnection): Promise<string | null> {
    const limit = this.#limits.maxSlaveLagBytes;
    if (limit === null || this.#pair.leader === null) return null;
    const [ahead, behind] = await Promise.all([
      readPosition(master, this.#pair.kind),
      readPosition(slave, this.#pair.kind),
    ]);
    const lag = distance(behind, ahead);
    return lag > limit ? `${slave.name} is ${lag} bytes behind (limit ${limit} bytes)` : null;
  }
}
