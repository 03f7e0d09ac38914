import type { Capabilities } from '../../model/capabilities.ts';
import type { Knowledge, Release } from '../../model/knowledge.ts';
import type { NodeFacts } from '../../model/observation.ts';
import { compareVersions, isWithin, type VersionReason } from '../../model/versions.ts';
import { builtIn } from './knowledge.ts';
import { oldestKnown, since } from './versions.ts';

/** How many full syncs run at a time where the dump is shared safely: a bound of reason, not of Pika. */
export const sharedDumpLimit = Math.max(...builtIn.releases.map((release) => release.maxConcurrentFullSyncs));

/** A release that was not studied: what it prints is used, and nothing is taken for granted. */
const notStudied: Omit<Release, 'versions' | 'family'> = {
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
};

/**
 * What the node can do, from INFO server and INFO replication, by the table of versions. Never throws; without a readable
 * version the result promises nothing.
 */
export function capabilitiesOf(facts: NodeFacts, knowledge: Knowledge = builtIn): Capabilities {
  const reported = facts.server?.reportedVersion ?? null;
  if (reported === null) return nothing('unknown', 'no_version');
  const version = /^\d{1,3}\.\d{1,3}\.\d{1,3}/.exec(reported.trim())?.[0];
  if (version === undefined) return nothing(reported.slice(0, 32), 'foreign_version');
  return forVersion(corrected(plainNumbers(version), facts, knowledge), facts, knowledge);
}

/** `03.5.04` is 3.5.4. */
const plainNumbers = (version: string): string => version.split('.').map(Number).join('.');

/**
 * v4.0.1 was released without a change of its version text and says 4.0.0. Its git sha tells; of other builds only those
 * of 4.0.1 and later print `is_eligible_for_master_election` (pika-facts 0.1).
 */
function corrected(version: string, facts: NodeFacts, { builds }: Knowledge): string {
  if (version !== '4.0.0') return version;
  const tagged = builds[shortSha(facts) ?? ''];
  if (tagged === '4.0.0' || tagged === '4.0.1') return tagged;
  const hasFlag = (facts.replication?.eligibleForMasterElection ?? null) !== null;
  return hasFlag ? '4.0.1' : version;
}

const shortSha = (facts: NodeFacts): string | null => facts.server?.gitSha?.slice(0, 8) ?? null;

function familyOf(version: string): Capabilities['family'] {
  const [family] = (['3.5', '4.0'] as const).filter((known) => version.startsWith(`${known}.`));
  return family ?? 'unknown';
}

function forVersion(version: string, facts: NodeFacts, { releases, builds, pairs }: Knowledge): Capabilities {
  if (compareVersions(version, oldestKnown) < 0) return nothing(version, 'too_old');
  const known = releases.find(({ versions }) => isWithin(version, versions));
  const { versions: _range, ...release } = known ?? {
    ...notStudied,
    versions: null,
    family: familyOf(version),
  };
  const has = (feature: keyof typeof since): boolean => compareVersions(version, since[feature]) >= 0;
  const sha = shortSha(facts);
  return withProof(
    {
      version,
      ...release,
      hasReplicationId: facts.replication
        ? facts.replication.replicationId !== null
        : has('hasReplicationId'),
      hasEligibleFlag: (facts.replication?.eligibleForMasterElection ?? null) !== null,
      hasLastSave: has('hasLastSave'),
      showsFullSyncing: has('showsFullSyncing'),
      hasReplByteCounters: has('hasReplByteCounters'),
      hasRocksdbSizes: has('hasRocksdbSizes'),
      infoDataIsCostly: !has('hasCheapInfoData'),
      hasStreams: has('hasStreams'),
      keyUnderSeveralTypes: !has('oneTypePerKey'),
      canProveFullSync: true,
      slaveOf: pairs
        .filter(({ slave }) => isWithin(version, slave))
        .map(({ master, verdict, reason }) => ({ masters: master, verdict, reason })),
      isRelease: sha === null ? null : builds[sha] === version,
      reasons: { ...release.reasons, ...commonReasons(release, has) },
    },
    facts,
  );
}

function commonReasons(
  { family }: Pick<Release, 'family'>,
  has: (feature: keyof typeof since) => boolean,
): Readonly<Record<string, VersionReason>> {
  return {
    infoDataIsCostly: has('hasCheapInfoData') ? 'info_data_in_background' : 'info_data_walks_disk',
    ...(family === '3.5' && has('hasStreams') && { hasStreams: 'streams_stay_behind' as const }),
  };
}

/** A studied version that does not print what its proof needs (a build of one's own) proves nothing. */
function withProof(capabilities: Capabilities, facts: NodeFacts): Capabilities {
  const lacks =
    capabilities.hasReplByteCounters && facts.stats !== undefined && facts.stats.replInputBytes === null;
  if (!lacks) return capabilities;
  return {
    ...capabilities,
    hasReplByteCounters: false,
    canProveFullSync: false,
    reasons: { ...capabilities.reasons, canProveFullSync: 'counters_missing' },
  };
}

function nothing(version: string, reason: VersionReason): Capabilities {
  return {
    version,
    family: 'unknown',
    maxConcurrentFullSyncs: 1,
    opensSupersededCopy: true,
    reusesDump: false,
    hasReplicationId: false,
    hasEligibleFlag: false,
    hasLastSave: false,
    showsFullSyncing: false,
    hasReplByteCounters: false,
    hasRocksdbSizes: false,
    infoDataIsCostly: true,
    hasStreams: false,
    keyUnderSeveralTypes: true,
    canProveFullSync: false,
    slaveOf: [],
    upgrade: null,
    isRelease: null,
    reasons: { canProveFullSync: reason, maxConcurrentFullSyncs: reason },
  };
}
