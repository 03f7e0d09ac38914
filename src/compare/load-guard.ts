import { progressSays } from '../model/comparison-texts.ts';
import type { Said } from '../model/text.ts';
import { systemClock } from './pace.ts';
import type { Pair, SideName } from './pair.ts';
import type { Endpoint } from './spec.ts';
import { distance } from './walk/counts.ts';
import { assertSameServer, readServer, type ServerFacts } from './wire/server.ts';
import { WireConnection, WireError } from './wire/wire.ts';

export interface LoadLimits {
  readonly maxMasterLatencyMs: number | null;
  readonly maxSlaveLagBytes: number | null;
  readonly timeoutMs: number;
}

const lookEveryMs = 500;
/** A comparison that is over by then looks at both servers itself, at its end. */
const firstLookMs = 50;
/** Longer than a Pika may stall (traces 26 to 29). */
const longestSilenceMs = 5000;
/** Slow answers in a row before reading pauses: one alone is a hiccup. */
const slowInARow = 3;

/**
 * Watches both servers over connections of its own while they are read. Holds the reading while the master answers
 * slowly or the slave falls behind. Ends it when a server is another process than before, or takes over other data.
 * Returns a function that ends the watch. Time is real time here, whatever the comparison goes by.
 */
export function watchServers(
  pair: Pair,
  endpoints: { readonly left: Endpoint; readonly right: Endpoint },
  limits: LoadLimits,
): () => void {
  const ended = new AbortController();
  void new Watch(pair, endpoints, limits).run(ended.signal).catch(() => undefined);
  return () => {
    ended.abort();
    pair.pace.hold(null);
  };
}

class Watch {
  readonly #pair: Pair;
  readonly #endpoints: Readonly<Record<SideName, Endpoint>>;
  readonly #limits: LoadLimits;
  #slow = 0;

  constructor(pair: Pair, endpoints: Readonly<Record<SideName, Endpoint>>, limits: LoadLimits) {
    this.#pair = pair;
    this.#endpoints = endpoints;
    this.#limits = limits;
  }

  /** Goes on until the signal is aborted. A server that cannot be read holds nothing: the comparison meets it by itself. */
  async run(signal: AbortSignal): Promise<void> {
    const { pace } = this.#pair;
    await systemClock.sleep(firstLookMs, signal);
    while (!signal.aborted) {
      await this.#watch(signal).catch((error: unknown) => {
        if (signal.aborted || !(error instanceof WireError)) return;
        if (error.code === 'changed') pace.fail(error);
        else pace.tell(progressSays('server_fault', { server: error.server, fault: error.said }));
      });
      pace.hold(null);
      await systemClock.sleep(lookEveryMs, signal);
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const [leader, follower] =
      this.#pair.leader === 'right' ? (['right', 'left'] as const) : (['left', 'right'] as const);
    const open = (side: SideName) =>
      WireConnection.open({
        ...this.#endpoints[side],
        timeoutMs: Math.min(this.#limits.timeoutMs, longestSilenceMs),
        signal,
      });
    const master = await open(leader);
    try {
      const slave = await open(follower);
      try {
        const [left, right] = leader === 'left' ? [master, slave] : [slave, master];
        while (!signal.aborted) {
          const before = { left: left.receivedBytes, right: right.receivedBytes };
          const [ahead, behind] = await Promise.all([readServer(master), readServer(slave)]);
          assertSameServer(master.name, this.#pair[leader].facts.identity, ahead);
          assertSameServer(slave.name, this.#pair[follower].facts.identity, behind);
          this.#pair.pace.tell(null);
          this.#pair.pace.hold((await this.#slowness(master)) ?? this.#lag(ahead, behind, slave.name));
          this.#pair.pace.spent('left', { bytes: left.receivedBytes - before.left });
          this.#pair.pace.spent('right', { bytes: right.receivedBytes - before.right });
          await systemClock.sleep(lookEveryMs, signal);
        }
      } finally {
        slave.close();
      }
    } finally {
      master.close();
    }
  }

  async #slowness(master: WireConnection): Promise<Said | null> {
    const limit = this.#limits.maxMasterLatencyMs;
    if (limit === null) return null;
    const startedAt = systemClock.now();
    await master.must('PING');
    const tookMs = systemClock.now() - startedAt;
    this.#slow = tookMs > limit ? this.#slow + 1 : 0;
    if (this.#slow < slowInARow) return null;
    return progressSays('master_slow', { server: master.name, ms: tookMs, limitMs: limit });
  }

  #lag(ahead: ServerFacts, behind: ServerFacts, slave: string): Said | null {
    const limit = this.#limits.maxSlaveLagBytes;
    if (limit === null || this.#pair.leader === null) return null;
    const lag = distance(behind.position, ahead.position);
    if (lag <= limit) return null;
    return progressSays('slave_behind', { server: slave, bytes: lag, limitBytes: limit });
  }
}
