import type { Credential } from '../engines/engine.ts';
import { comparisonFields } from '../model/comparison.ts';
import { resolved, type ValuesOf } from '../model/fields.ts';
import type { Address } from '../model/observation.ts';
import type { VerifyPolicy } from '../model/policy.ts';
import type { ComparisonSpec } from '../model/views/comparison.ts';

export type { ComparisonSpec };

/** A server to compare: where it is, and how to log in. */
export interface Endpoint {
  readonly address: Address;
  readonly credential: Credential | null;
}

export const defaultSpec: ComparisonSpec = {
  ...(resolved(comparisonFields) as ValuesOf<typeof comparisonFields>),
  timeoutMs: 15_000,
};

export const specFromPolicy = ({ fileHashes: _fileHashes, ...policy }: VerifyPolicy): ComparisonSpec => ({
  ...defaultSpec,
  ...policy,
});

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
