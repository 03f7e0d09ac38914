/**
 * What is known of each release of Pika: its capabilities, its bugs, which other releases it replicates with, and its build.
 * From Pika's source by release tag, its upstream changes, and recordings of real servers (test/recordings).
 */
import type { Capabilities } from '../../model/capabilities.ts';
import type {
  PairReason,
  PairVerdict,
  UpgradeAdvice,
  VersionRange,
  VersionReason,
} from '../../model/versions.ts';

/** How many full syncs run at a time where the dump is shared safely: a bound of reason, not of Pika. */
export const sharedDumpLimit = 16;

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

/** Up to 3.4 the master pushes. */
const pushing = {
  maxConcurrentFullSyncs: 1,
  opensSupersededCopy: false,
  reusesDump: false,
  upgrade: null,
  reasons: {
    maxConcurrentFullSyncs: 'pushes_on_one_thread',
    opensSupersededCopy: 'dump_never_meets_push',
    // Upstream change 2746 (a signed gap between slave and dump) is missing.
    reusesDump: 'own_dump_each',
    canProveFullSync: 'proof_by_offset_jump',
  },
} as const;

/** Upstream changes 2746 and 2756 are both missing: issue 2742; recordings 05, 06, 07, 22-3.5.4, 30, 34, 40, 41. */
const early35 = {
  family: '3.5',
  maxConcurrentFullSyncs: 1,
  opensSupersededCopy: true,
  reusesDump: false,
  upgrade: 'to_3_5_5',
  reasons: {
    maxConcurrentFullSyncs: 'next_slave_replaces_dump',
    opensSupersededCopy: 'opens_partial_copy',
    reusesDump: 'own_dump_each',
    canProveFullSync: 'proof_by_bytes',
  },
} as const;

/** Changes 2746 and 2756 are both in; recordings 08, 09, 22, 30, 32, 42: nothing missing with three at once. */
const sharing = {
  maxConcurrentFullSyncs: sharedDumpLimit,
  opensSupersededCopy: false,
  reusesDump: true,
  upgrade: null,
  reasons: {
    maxConcurrentFullSyncs: 'shares_dump',
    opensSupersededCopy: 'discards_partial_copy',
    reusesDump: 'shares_finished_dump',
    canProveFullSync: 'proof_with_eligible_flag',
  },
} as const;

/** A release that was not studied: what it prints is used, and nothing is taken for granted. */
const notStudied = {
  maxConcurrentFullSyncs: 1,
  opensSupersededCopy: true,
  reusesDump: false,
  upgrade: null,
  reasons: {
    maxConcurrentFullSyncs: 'not_studied',
    opensSupersededCopy: 'worst_assumed',
    reusesDump: 'reuse_unknown',
    canProveFullSync: 'proof_by_bytes_and_lastsave',
  },
} as const;

const all: VersionRange = ['0.0.0', '1000.0.0'];

/** The first that names a version counts. */
export const releases: readonly Release[] = [
  { versions: ['3.3.6', '3.4.0'], family: '3.3', ...pushing },
  { versions: ['3.4.0', '3.5.0'], family: '3.4', ...pushing },
  { versions: ['3.5.0', '3.5.3'], ...early35 },
  {
    versions: ['3.5.3', '3.5.5'],
    ...early35,
    reasons: { ...early35.reasons, canProveFullSync: 'proof_by_bytes_and_lastsave' },
  },
  { versions: ['3.5.5', '3.5.6'], family: '3.5', ...sharing },
  { versions: ['3.5.6', '3.6.0'], family: '3.5', ...notStudied },
  // Change 2746 is in, 2756 is not.
  {
    versions: ['4.0.0', '4.0.1'],
    family: '4.0',
    maxConcurrentFullSyncs: 1,
    opensSupersededCopy: true,
    reusesDump: true,
    upgrade: 'away_from_4_0_0',
    reasons: {
      maxConcurrentFullSyncs: 'cut_copy_is_opened',
      opensSupersededCopy: 'opens_partial_copy',
      reusesDump: 'shares_finished_dump',
      canProveFullSync: 'proof_by_bytes_and_lastsave',
    },
  },
  { versions: ['4.0.1', '4.0.2'], family: '4.0', ...sharing },
  { versions: ['4.0.2', '4.1.0'], family: '4.0', ...notStudied },
  { versions: all, family: 'unknown', ...notStudied },
];

export const oldestKnown = '3.3.6';

/** What came with a release and stayed. */
export const since = {
  hasReplicationId: '3.5.1',
  hasLastSave: '3.5.3',
  showsFullSyncing: '3.5.3',
  hasReplByteCounters: '3.5.0',
  hasRocksdbSizes: '3.5.0',
  hasStreams: '3.5.3',
  /** Change 2554: INFO data is put together in the background. */
  hasCheapInfoData: '3.5.4',
  /** One name is one key, whatever its type. */
  oneTypePerKey: '4.0.0',
} as const;

/** `pika_git_sha` of the release tags. `pika_version` cannot be trusted: 4.0.1 says 4.0.0. */
export const tags: Readonly<Record<string, string>> = {
  '5cad45ec': '3.5.4',
  '56ce467d': '3.5.5',
  '4c7e4a48': '4.0.0',
  '23d9bf6f': '4.0.1',
};

const v33to34: VersionRange = ['3.3.6', '3.5.0'];
const v350: VersionRange = ['3.5.0', '3.5.1'];
const v351to354: VersionRange = ['3.5.1', '3.5.5'];
const v355: VersionRange = ['3.5.5', '3.5.6'];
const v35: VersionRange = ['3.5.0', '3.6.0'];
const since351: VersionRange = ['3.5.1', '3.6.0'];
const v400: VersionRange = ['4.0.0', '4.0.1'];
const since401: VersionRange = ['4.0.1', '4.1.0'];
const v40: VersionRange = ['4.0.0', '4.1.0'];

/**
 * Slave, master, what becomes of the pair; equal versions fit, and a pair that is not named was not tried. From the messages
 * of each release (pika_inner_message.proto); 3.5.4, 3.5.5 and 4.0.1 with each other were tried on real servers.
 */
export const pairs: readonly (readonly [VersionRange, VersionRange, PairVerdict, PairReason | null])[] = [
  [v33to34, v35, 'refused', 'waits_for_push'],
  [v33to34, v40, 'refused', 'waits_for_push'],
  [v35, v33to34, 'refused', 'no_run_id'],
  [v40, v33to34, 'refused', 'no_run_id'],
  [since351, v350, 'refused', 'no_replication_id'],
  [v351to354, v351to354, 'fits', null],
  [v355, v351to354, 'refused', 'counter_writes_break_link'],
  [v351to354, v355, 'flawed', 'counter_writes_lose_ttl'],
  [v35, v40, 'refused', 'other_layout'],
  [v40, v35, 'refused', 'no_db_instance_num'],
  [v400, since401, 'refused', 'other_ttl_unit'],
  [since401, v400, 'refused', 'other_ttl_unit'],
];
