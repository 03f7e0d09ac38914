import type { Credential } from '../engines/engine.ts';
import { type ComparisonReport, comparisonFields } from '../model/comparison.ts';
import { resolved, type ValuesOf } from '../model/fields.ts';
import type { Address } from '../model/observation.ts';
import type { VerifyPolicy } from '../model/policy.ts';

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
  /** Difference of expiries that does not count; null = expiries are not compared. */
  readonly ttlToleranceMs: number | null;
  /** Rounds in which a key must differ to be a difference. */
  readonly rounds: number;
  /** Keys read per second on each server: what reads many counts as many, and an expiry as one; null = no cap. */
  readonly maxOpsPerSecond: number | null;
  /** Bytes of replies per second from each server; null = no cap. */
  readonly maxBytesPerSecond: number | null;
  /** Reading pauses while the master takes longer than this to answer a PING; null = no limit. */
  readonly maxMasterLatencyMs: number | null;
  /** Reading pauses while the slave is further behind than this; null = no limit. */
  readonly maxSlaveLagBytes: number | null;
  /** Longest silence of a server that owes a reply. Milliseconds. */
  readonly timeoutMs: number;
  /** How long the slave may take to reach a position of the master. Milliseconds. */
  readonly catchUpTimeoutMs: number;
}

export const defaultSpec: ComparisonSpec = {
  ...(resolved(comparisonFields) as ValuesOf<typeof comparisonFields>),
  timeoutMs: 15_000,
};

export const specFromPolicy = (policy: VerifyPolicy): ComparisonSpec => ({ ...defaultSpec, ...policy });

/** What a caller may give of a spec; what is absent has its default. Throws TypeError naming the field that does not fit. */
export function resolveSpec(input: Partial<ComparisonSpec> = {}): ComparisonSpec {
  const spec = { ...defaultSpec, ...input };
  if (!['counts', 'sample', 'full'].includes(spec.depth))
    throw new TypeError('depth must be counts, sample or full');
  for (const field of ['samplePerType', 'rounds', 'timeoutMs', 'catchUpTimeoutMs'] as const)
    if (!Number.isInteger(spec[field]) || spec[field] < 1)
      throw new TypeError(`${field} must be a whole number above 0`);
  if (spec.ttlToleranceMs !== null && !(spec.ttlToleranceMs >= 0))
    throw new TypeError('ttlToleranceMs must be 0 or more');
  for (const field of [
    'maxOpsPerSecond',
    'maxBytesPerSecond',
    'maxMasterLatencyMs',
    'maxSlaveLagBytes',
  ] as const) {
    const value = spec[field];
    if (value !== null && !(value > 0)) throw new TypeError(`${field} must be above 0, or null for no limit`);
  }
  return spec;
}
