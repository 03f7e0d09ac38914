/** What is known of the releases of a kind of server. */

import type { Capabilities } from './capabilities.ts';
import type { DifferenceSign } from './comparison.ts';
import { counted, type Language, type Reader } from './text.ts';
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
  'slave_gives_up',
] as const;

/** Causes of a diagnosis that a fault of a release can be (model/causes.ts). */
export const faultCauses = [
  'replicated_wrongly',
  'command_not_applied',
  'lost_after_flush',
  'doing_bgsave',
] as const;
export type FaultCause = (typeof faultCauses)[number];

/** A fault of a release that spoils data or replication whatever this service does. */
export interface KnownFault {
  readonly code: string;
  readonly versions: readonly VersionRange[];
  readonly severity: 'warning' | 'info';
  readonly effect: (typeof faultEffects)[number];
  /** The cause as which a diagnosis finds it, where the effect alone does not tell. */
  readonly cause?: FaultCause;
  /** Signs of the differences that it leaves between a master and its slaves. */
  readonly signs?: readonly DifferenceSign[];
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

/** The faults of one of these releases: of a master's alone, or of a pair's. */
export const faultsOf = (
  versions: readonly string[],
  { faults }: Pick<Knowledge, 'faults'>,
): readonly KnownFault[] =>
  faults.filter((fault) =>
    fault.versions.some((range) => versions.some((version) => isWithin(version, range))),
  );

const causeByEffect: Readonly<Record<KnownFault['effect'], FaultCause | null>> = {
  replication_stops: 'command_not_applied',
  keys_missing: 'replicated_wrongly',
  values_differ: 'replicated_wrongly',
  ttl_differs: 'replicated_wrongly',
  slave_dies: null,
  slave_gives_up: null,
};

/** The cause as which a diagnosis finds the fault; null = none. */
export const causeOf = ({ cause, effect }: KnownFault): FaultCause | null => cause ?? causeByEffect[effect];

/** Calls of commands since a master started, as INFO commandstats counts them. */
export type CommandCalls = Readonly<Record<string, number>>;

/** A fault as it is named to somebody whose servers have it. */
export interface FaultInUse {
  readonly code: string;
  /** Commands that meet the fault, with their calls since the master started; empty = the master does not tell. */
  readonly used: readonly { readonly name: string; readonly calls: number }[];
  readonly text: Readonly<Record<Language, string>>;
  readonly instead: Readonly<Record<Language, string>>;
}

export const inUse = (
  { code, commands, text, instead }: KnownFault,
  calls: CommandCalls = {},
): FaultInUse => ({
  code,
  used: commands.flatMap((name) => (calls[name] ? [{ name, calls: calls[name] }] : [])),
  text,
  instead,
});

/** `Its clients use SETEX (12 calls): `, empty where the master does not tell. */
export const usedWords = (used: FaultInUse['used'], { language }: Reader): string => {
  if (used.length === 0) return '';
  const names = used.map(
    ({ name, calls }) =>
      ({
        en: `${name.toUpperCase()} (${counted(calls, 'call')})`,
        zh: `${name.toUpperCase()}（${calls} 次）`,
      })[language],
  );
  return { en: `Its clients use ${names.join(', ')}: `, zh: `客户端使用了 ${names.join('、')}：` }[language];
};
