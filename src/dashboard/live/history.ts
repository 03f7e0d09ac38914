import type { Progress } from '../../model/expansion.ts';
import { type Address, sameAddress } from '../../model/observation.ts';
import type { Observation } from '../../model/views/observation.ts';

/** One measured point of a node: time in ms, bytes per second received, bytes of binlog behind the master. */
export interface Sample {
  readonly at: number;
  readonly rate: number | null;
  readonly lag: number | null;
}

const keptPerNode = 1200;

/** Measured rates and lags of the nodes of one expansion, as far as this page has seen or re-read them. */
export class RateHistory {
  readonly nodes = new Map<string, Sample[]>();
  version = 0;
  #listeners = new Set<() => void>();

  add(node: string, sample: Sample): void {
    if (sample.rate === null && sample.lag === null) return;
    const samples = this.nodes.get(node) ?? [];
    if ((samples.at(-1)?.at ?? 0) >= sample.at) return;
    samples.push(sample);
    if (samples.length > keptPerNode) samples.splice(0, samples.length - keptPerNode);
    this.nodes.set(node, samples);
    this.#changed();
  }

  /** Puts samples from stored observations before those that are there. */
  prepend(node: string, samples: readonly Sample[]): void {
    const present = this.nodes.get(node) ?? [];
    const first = present[0]?.at ?? Number.POSITIVE_INFINITY;
    const older = samples.filter((sample) => sample.at < first);
    if (older.length === 0) return;
    this.nodes.set(node, [...older, ...present].slice(-keptPerNode));
    this.#changed();
  }

  #changed(): void {
    this.version += 1;
    for (const listener of this.#listeners) listener();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = (): number => this.version;
}

export const sampleOf = (progress: Progress, at: number): Sample => ({
  at,
  rate: progress.bytesPerSecond,
  lag: progress.lagBytes,
});

/** Shortest time between two looks from which a rate is taken: below it the counters' steps show, not the rate. */
const shortestMs = 900;

/** Receive rates of a node from its byte counter, look by look. A counter that falls means a restart. */
export function ratesFromObservations(observations: readonly Observation[]): readonly Sample[] {
  const samples: Sample[] = [];
  let last: { at: number; bytes: number } | null = null;
  for (const { look } of observations) {
    if (look.kind !== 'answered') continue;
    const bytes = look.facts.stats?.replInputBytes ?? null;
    if (bytes === null) continue;
    if (last !== null && bytes >= last.bytes) {
      const elapsed = look.at - last.at;
      if (elapsed < shortestMs) continue;
      samples.push({ at: look.at, rate: ((bytes - last.bytes) * 1000) / elapsed, lag: null });
    }
    last = { at: look.at, bytes };
  }
  return samples;
}

/** What the master said of the lag of one of its slaves, summed over DBs. */
export function lagsFromMaster(observations: readonly Observation[], slave: Address): readonly Sample[] {
  return observations.flatMap(({ look }) => {
    if (look.kind !== 'answered') return [];
    const listed = look.facts.replication?.slaves.find((entry) =>
      sameAddress({ host: entry.ip, port: entry.port }, slave),
    );
    const numbers = Object.values(listed?.lag ?? {}).filter((lag) => typeof lag === 'number');
    if (numbers.length === 0) return [];
    return [{ at: look.at, rate: null, lag: numbers.reduce((sum, lag) => sum + lag, 0) }];
  });
}
