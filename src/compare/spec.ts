import type { Credential } from '../engines/engine.ts';
import { type ComparedBy, comparisonFields } from '../model/comparison.ts';
import { resolved, type ValuesOf } from '../model/fields.ts';
import type { Address } from '../model/observation.ts';
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

export const specFromPolicy = ({
  fileHashes: _files,
  fullShare: _share,
  fullTimeMs: _time,
  ...policy
}: ComparedBy): ComparisonSpec => ({ ...defaultSpec, ...policy });

/** Of so many seconds a comparison needs neither a thread of its own nor a cursor in the database. */
const shortSeconds = 1;

/** Whether a comparison of every key is over as soon as a sample. */
export const isShort = ({ chosen }: Pick<ComparisonSpec, 'chosen'>): boolean =>
  typeof chosen?.assumedSeconds === 'number' && chosen.assumedSeconds <= shortSeconds;

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
