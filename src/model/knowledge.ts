/** What is known of the releases of a kind of server. */

import type { Capabilities } from './capabilities.ts';
import type { Language } from './text.ts';
import {
  isWithin,
  type PairReason,
  type PairVerdict,
  type UpgradeAdvice,
  type VersionRange,
  type VersionReason,
} from './versions.ts';

export const faultEffects = [
  'replication_stops',
  'keys_missing',
  'values_differ',
  'ttl_differs',
  'slave_dies',
] as const;

/** A fault of a release that spoils data or replication whatever this service does. */
export interface KnownFault {
  readonly code: string;
  readonly versions: readonly VersionRange[];
  readonly severity: 'warning' | 'info';
  readonly effect: (typeof faultEffects)[number];
  /** As INFO commandstats names them; empty = no command tells. */
  readonly commands: readonly string[];
  /** How it looks from outside. */
  readonly shows: Readonly<Record<Language, string>>;
  readonly text: Readonly<Record<Language, string>>;
  /** What to do about it. */
  readonly instead: Readonly<Record<Language, string>>;
  /** How it is known. */
  readonly source: string;
}

/** What the releases of a range can do; words of `upgrade` and the reasons: versions.ts. */
export interface Release {
  readonly versions: VersionRange;
  readonly family: Capabilities['family'];
  readonly maxConcurrentFullSyncs: number;
  readonly opensSupersededCopy: boolean;
  readonly reusesDump: boolean;
  readonly upgrade: UpgradeAdvice | null;
  readonly reasons: Readonly<
    Record<
      'maxConcurrentFullSyncs' | 'opensSupersededCopy' | 'reusesDump' | 'canProveFullSync',
      VersionReason
    >
  >;
}

export interface VersionPair {
  readonly slave: VersionRange;
  readonly master: VersionRange;
  readonly verdict: PairVerdict;
  readonly reason: PairReason | null;
}

export interface Knowledge {
  /** The first that names a version counts. */
  readonly releases: readonly Release[];
  /** Git sha of a release's tag, its first eight digits -> release. */
  readonly builds: Readonly<Record<string, string>>;
  readonly pairs: readonly VersionPair[];
  readonly faults: readonly KnownFault[];
}

/** The faults of a release. */
export const faultsOf = (version: string, { faults }: Pick<Knowledge, 'faults'>): readonly KnownFault[] =>
  faults.filter(({ versions }) => versions.some((range) => isWithin(version, range)));
