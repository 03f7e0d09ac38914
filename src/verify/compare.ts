import type { ComparisonReport, Difference } from '../core/comparison.ts';
import type { Address } from '../core/node-facts.ts';
import type { VerifyPolicy } from '../core/policy.ts';
import type { Credential } from '../engines/engine.ts';
import type { Comparer } from './comparer.ts';
import { estimateKeys } from './estimate.ts';
import { type Clock, Pace, systemClock } from './pace.ts';
import { Pair } from './pair.ts';
import { samplePika, sampleRedis } from './sample.ts';
import { identityChange, listDbs, readServer, type ServerFacts } from './server.ts';
import { Settler } from './settle.ts';
import { emptyTally, reportOf, Tally } from './tally.ts';
import { WireConnection, WireError } from './wire.ts';

/** A server to compare: where it is, and how to log in. */
export interface Endpoint {
  readonly address: Address;
  readonly credential: Credential | null;
}

/** What a comparison looks at, and how carefully. */
export interface ComparisonSpec {
  readonly depth: ComparisonReport['depth'];
  /** Keys per type and DB (depth sample). */
  readonly samplePerType: number;
  /** Exact key counts too. */
  readonly keyCounts: boolean;
  readonly ttlToleranceMs: number;
  /** Rounds in which a key must differ to be a difference. */
  readonly rounds: number;
  /** Keys per second asked of each server; null = no cap. */
  readonly maxOpsPerSecond: number | null;
  /** Bytes of replies per second from each server; null = no cap. */
  readonly maxBytesPerSecond: number | null;
  /** Longest silence of a server that owes a reply. Milliseconds. */
  readonly timeoutMs: number;
  /** How long the slave may take to reach a position of the master. Milliseconds. */
  readonly catchUpTimeoutMs: number;
}

export const defaultSpec: ComparisonSpec = {
  depth: 'sample',
  samplePerType: 1000,
  keyCounts: false,
  ttlToleranceMs: 1000,
  rounds: 3,
  maxOpsPerSecond: null,
  maxBytesPerSecond: null,
  timeoutMs: 15_000,
  catchUpTimeoutMs: 60_000,
};

export const specFromPolicy = (policy: VerifyPolicy): ComparisonSpec => ({ ...defaultSpec, ...policy });

export interface ComparisonProgress {
  /** What is being done, in plain words. */
  readonly activity: string;
  readonly lookedAtKeys: number;
  readonly estimatedKeys: number | null;
  readonly differences: number;
}

export interface CompareOptions {
  /** The master, or the first of two servers. */
  readonly left: Endpoint;
  readonly right: Endpoint;
  readonly spec: ComparisonSpec;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: ComparisonProgress) => void;
  readonly onDifference?: (difference: Difference) => void;
  readonly clock?: Clock;
  /** 0 to 1; chooses the sample. */
  readonly random?: () => number;
}

/**
 * Compares the data of two servers and reports. Never throws for a server's fault: one that cannot be reached, hangs,
 * dies, is loading, refuses the login, or is restarted or re-pointed in the meantime makes the verdict `inconclusive`,
 * with the reason. `equal` needs that something was looked at; two servers without keys are `empty`.
 */
export async function compareNodes(options: CompareOptions): Promise<ComparisonReport> {
  const clock = options.clock ?? systemClock;
  const run = new Comparison(options, clock);
  return run.report();
}

class Comparison {
  readonly #options: CompareOptions;
  readonly #clock: Clock;
  readonly #tally: Tally;
  readonly #startedAt: number;
  #estimatedKeys: number | null = null;
  #bothEmpty = false;

  constructor(options: CompareOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#tally = new Tally(emptyTally(), (difference) => options.onDifference?.(difference));
  }

  async report(): Promise<ComparisonReport> {
    const fault = await this.#run().then(() => null, faultText);
    return reportOf(this.#tally.state, {
      depth: this.#options.spec.depth,
      startedAt: this.#startedAt,
      endedAt: this.#clock.now(),
      estimatedKeys: this.#estimatedKeys,
      rounds: this.#options.spec.rounds,
      counts: null,
      fault,
      bothEmpty: this.#bothEmpty,
    });
  }

  async #run(): Promise<void> {
    const pair = await openPair(this.#options, this.#clock);
    try {
      await this.#compare(pair);
      await assertUnchanged(pair);
    } finally {
      pair.close();
    }
  }

  async #compare(pair: Pair): Promise<void> {
    const { spec, signal } = this.#options;
    const settler = new Settler(pair, this.#tally, {
      rounds: spec.rounds,
      ttlToleranceMs: spec.ttlToleranceMs,
      catchUpTimeoutMs: spec.catchUpTimeoutMs,
      clock: this.#clock,
      signal,
    });
    const comparer: Comparer = { pair, settler, tally: this.#tally, clock: this.#clock };
    const dbs = await dbsOfBoth(pair);
    this.#estimatedKeys = await estimateKeys(pair.left, this.#tally);
    for (const db of dbs) {
      await pair.select(db);
      this.#progress(`sampling db${db}`);
      const sample = { keysPerType: spec.samplePerType, random: this.#options.random ?? Math.random };
      await (pair.kind === 'pika' ? samplePika(comparer, sample) : sampleRedis(comparer, sample));
      this.#progress(`looking again at what differed in db${db}`);
      await settler.settle();
    }
    this.#conclude();
  }

  #conclude(): void {
    const { state } = this.#tally;
    const complete = state.strata.length > 0 && state.strata.every((stratum) => stratum.complete);
    if (complete) this.#estimatedKeys = state.lookedAt;
    this.#bothEmpty = state.lookedAt === 0 && state.differencesTotal === 0 && state.strata.length === 0;
  }

  #progress(activity: string): void {
    const { lookedAt, differencesTotal } = this.#tally.state;
    this.#options.onProgress?.({
      activity,
      lookedAtKeys: lookedAt,
      estimatedKeys: this.#estimatedKeys,
      differences: differencesTotal,
    });
  }
}

/** Connects to both servers. Throws WireError, also where the two are of kinds that cannot be compared. */
export async function openPair(options: CompareOptions, clock: Clock): Promise<Pair> {
  const open = (endpoint: Endpoint) =>
    WireConnection.open({ ...endpoint, timeoutMs: options.spec.timeoutMs, signal: options.signal });
  const opened = await Promise.allSettled([open(options.left), open(options.right)]);
  const connections = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  try {
    for (const result of opened) if (result.status === 'rejected') throw result.reason;
    const [left, right] = connections as [WireConnection, WireConnection];
    const [leftFacts, rightFacts] = await Promise.all([readServer(left), readServer(right)]);
    assertComparable(left.name, leftFacts, right.name, rightFacts);
    const pace = new Pace(options.spec, clock, options.signal);
    return new Pair({ connection: left, facts: leftFacts }, { connection: right, facts: rightFacts }, pace);
  } catch (error) {
    for (const connection of connections) connection.close();
    throw error;
  }
}

function assertComparable(
  left: string,
  leftFacts: ServerFacts,
  right: string,
  rightFacts: ServerFacts,
): void {
  const kinds = [leftFacts, rightFacts].map(
    (facts) => `${facts.kind === 'pika' ? 'Pika' : 'Redis'} ${facts.version}`,
  );
  if (
    leftFacts.kind !== rightFacts.kind ||
    (leftFacts.kind === 'pika' && leftFacts.major !== rightFacts.major)
  )
    throw new WireError(
      'refused',
      right,
      `is a ${kinds[1]}, and ${left} a ${kinds[0]}: they cannot be compared`,
    );
  const { runId, processId } = leftFacts.identity;
  if (runId !== null && runId === rightFacts.identity.runId && processId === rightFacts.identity.processId)
    throw new WireError(
      'refused',
      right,
      `is the same server as ${left}: comparing it with itself proves nothing`,
    );
}

/** Throws WireError when one of the servers is no longer the one that was looked at. */
export async function assertUnchanged(pair: Pair): Promise<void> {
  for (const side of [pair.left, pair.right]) {
    const now = await readServer(side.connection);
    const change = identityChange(side.facts.identity, now.identity);
    if (change === null) continue;
    throw new WireError(
      'refused',
      side.connection.name,
      `${change} during the comparison, so its result says nothing`,
    );
  }
}

async function dbsOfBoth(pair: Pair): Promise<readonly number[]> {
  const [left, right] = await Promise.all([
    listDbs(pair.left.connection, pair.left.facts),
    listDbs(pair.right.connection, pair.right.facts),
  ]);
  return [...new Set([...left, ...right])].sort((a, b) => a - b);
}

function faultText(error: unknown): string {
  if (error instanceof WireError) return error.message;
  throw error;
}
