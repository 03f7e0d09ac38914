import type { Capabilities } from '../../model/capabilities.ts';
import type { NodeFacts } from '../../model/observation.ts';

/** How many full syncs run at a time where the dump is shared safely: a bound of reason, not of Pika. */
export const sharedDumpLimit = 16;

interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/**
 * What the node can do, from INFO server and INFO replication. Never throws; without a readable version the
 * result promises nothing. Sources: Pika's source by release tag, upstream changes and the recordings, as named in the reasons.
 */
export function capabilitiesOf(facts: NodeFacts): Capabilities {
  const reported = facts.server?.reportedVersion ?? null;
  const version = reported === null ? null : parseVersion(reported);
  if (!version) return unreadable(reported);
  return forVersion(corrected(version, facts), facts);
}

function parseVersion(text: string): Version | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})/.exec(text.trim());
  return match ? { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) } : null;
}

/**
 * v4.0.1 was released without a change of its version text and says 4.0.0; only it prints
 * `is_eligible_for_master_election` (v4.0.1 pika_admin.cc:1253).
 */
function corrected(version: Version, facts: NodeFacts): Version {
  const says400 = version.major === 4 && version.minor === 0 && version.patch === 0;
  const hasFlag = (facts.replication?.eligibleForMasterElection ?? null) !== null;
  return says400 && hasFlag ? { ...version, patch: 1 } : version;
}

const textOf = ({ major, minor, patch }: Version): string => `${major}.${minor}.${patch}`;

function atLeast(version: Version, major: number, minor: number, patch: number): boolean {
  return (version.major - major || version.minor - minor || version.patch - patch) >= 0;
}

function familyOf(version: Version): Capabilities['family'] {
  const name = `${version.major}.${version.minor}`;
  if (name === '3.3' && version.patch < 6) return 'unknown';
  return name === '3.3' || name === '3.4' || name === '3.5' || name === '4.0' ? name : 'unknown';
}

/** What is known of the replication of a group of versions. */
interface Replication {
  readonly maxConcurrentFullSyncs: number;
  readonly opensSupersededCopy: boolean;
  readonly reusesDump: boolean;
  readonly canProveFullSync: boolean;
  readonly reasons: Readonly<Record<string, string>>;
}

const pushed: Replication = {
  maxConcurrentFullSyncs: 1,
  opensSupersededCopy: false,
  reusesDump: false,
  canProveFullSync: true,
  reasons: {
    maxConcurrentFullSyncs:
      'the master dumps and pushes for all slaves on one single thread, and does not keep the binlog that a slave in full sync will need, so more than one at a time only makes each slower and more likely to start over.',
    opensSupersededCopy:
      'Dump and push run on one thread one after the other, so a new dump never meets a push.',
    reusesDump:
      'The gap between slave and dump is compared unsigned (upstream change 2746), so every new slave gets a dump of its own.',
    canProveFullSync:
      'There are no byte counters, no LASTSAVE and no snapshot size. What remains: every DB was seen in WaitDBSync after a forced attach, and its binlog offset jumped to that of the dump. The slave takes that offset from the file `info`, which the master pushes last and only after every other file arrived, so the jump shows a whole copy. The comparison of the data backs it.',
  },
};

const early35: Replication = {
  maxConcurrentFullSyncs: 1,
  opensSupersededCopy: true,
  reusesDump: false,
  canProveFullSync: true,
  reasons: {
    maxConcurrentFullSyncs:
      'every new slave makes a new dump that deletes the one being copied, and the slave before it then opens what it has: keys missing, hung or dead (upstream issue 2742, changes 2746 and 2756 are not in this version; recordings 05, 06, 07, 34).',
    opensSupersededCopy:
      'A slave takes "newer dump" for "finished" and opens its partial copy (change 2756 is not in this version; recordings 05, 30, 41).',
    reusesDump:
      'The gap between slave and dump is compared unsigned, so every new slave makes a new dump once the binlog is past file 0 (change 2746 is not in this version; recording 22-3.5.4).',
    canProveFullSync:
      'Bytes received between attach and swap against the size of the snapshot, the jump of the binlog offset, and, from 3.5.3 on, LASTSAVE for a second dump (recordings 40 and 41).',
  },
};

const reusing400: Replication = {
  maxConcurrentFullSyncs: 1,
  opensSupersededCopy: true,
  reusesDump: true,
  canProveFullSync: true,
  reasons: {
    maxConcurrentFullSyncs:
      'the dump is reused (change 2746), but a copy that is cut short is still opened as if it were whole (change 2756 is not in 4.0.0), and nothing in INFO would show it.',
    opensSupersededCopy:
      'Change 2756 is not in 4.0.0: a slave opens the partial copy when the dump is replaced.',
    reusesDump: 'Change 2746: the gap is compared signed, so new slaves share a finished dump.',
    canProveFullSync:
      'Bytes received between attach and swap against the size of the snapshot, LASTSAVE for a second dump, and the jump of the binlog offset.',
  },
};

const sharing: Replication = {
  maxConcurrentFullSyncs: sharedDumpLimit,
  opensSupersededCopy: false,
  reusesDump: true,
  canProveFullSync: true,
  reasons: {
    maxConcurrentFullSyncs: `slaves share one dump, and a copy whose dump was replaced is thrown away (changes 2746 and 2756; recordings 08, 09, 42: nothing missing with three at once). ${sharedDumpLimit} is a bound of this service, for the sake of the network of the master.`,
    opensSupersededCopy:
      'Change 2756: on a newer dump the copy is thrown away and the sync begun anew (recordings 30 and 32).',
    reusesDump:
      'Change 2746: new slaves share a finished dump as long as its binlog file exists (recording 22).',
    canProveFullSync:
      'Bytes received between attach and swap against the size of the snapshot, LASTSAVE for a second dump, the jump of the binlog offset, and is_eligible_for_master_election (recording 42).',
  },
};

/** A release that was not studied: what it prints is used, and nothing is taken for granted. */
const newer: Replication = {
  maxConcurrentFullSyncs: 1,
  opensSupersededCopy: true,
  reusesDump: false,
  canProveFullSync: true,
  reasons: {
    maxConcurrentFullSyncs:
      'this version is newer than those that were studied (up to 3.5.5 and 4.0.1), so nothing is known of slaves that sync together.',
    opensSupersededCopy: 'Not known of this version, so the worst is assumed.',
    reusesDump: 'Not known of this version.',
    canProveFullSync:
      'It prints the counters and states from which a full sync is proven: bytes received, size of the snapshot, LASTSAVE and the binlog offset.',
  },
};

function forVersion(version: Version, facts: NodeFacts): Capabilities {
  const family = familyOf(version);
  if (!atLeast(version, 3, 3, 6)) return tooOld(version);
  const replication = replicationOf(version, family);
  const hasEligibleFlag = (facts.replication?.eligibleForMasterElection ?? null) !== null;
  return withProof(
    {
      version: textOf(version),
      family,
      ...replication,
      hasReplicationId: hasReplicationId(version, facts),
      hasEligibleFlag,
      hasLastSave: atLeast(version, 3, 5, 3),
      showsFullSyncing: atLeast(version, 3, 5, 3),
      hasReplByteCounters: atLeast(version, 3, 5, 0),
      hasRocksdbSizes: atLeast(version, 3, 5, 0),
      infoDataIsCostly: !atLeast(version, 3, 5, 4),
      hasStreams: atLeast(version, 3, 5, 3),
      keyUnderSeveralTypes: version.major === 3,
      reasons: { ...replication.reasons, ...commonReasons(version, family) },
    },
    facts,
  );
}

function replicationOf(version: Version, family: Capabilities['family']): Replication {
  switch (family) {
    case '3.3':
    case '3.4':
      return pushed;
    case '3.5':
      return version.patch <= 4 ? early35 : version.patch === 5 ? sharing : newer;
    case '4.0':
      return version.patch === 0 ? reusing400 : version.patch === 1 ? sharing : newer;
    case 'unknown':
      return newer;
  }
}

/** The line is printed from 3.5.1 on; where INFO replication was read, its presence decides. */
function hasReplicationId(version: Version, facts: NodeFacts): boolean {
  return facts.replication ? facts.replication.replicationId !== null : atLeast(version, 3, 5, 1);
}

function commonReasons(version: Version, family: Capabilities['family']): Record<string, string> {
  return {
    infoDataIsCostly: atLeast(version, 3, 5, 4)
      ? 'INFO data is put together in the background (change 2554).'
      : 'INFO data walks the whole data folder while the caller waits (change 2554 is not in this version), so it is never asked.',
    ...(family === '3.5' && atLeast(version, 3, 5, 3)
      ? {
          hasStreams:
            'Streams exist, but a full sync of 3.5.x does not carry them to the slave (its list of files leaves them out).',
        }
      : {}),
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
    reasons: {
      ...capabilities.reasons,
      canProveFullSync: `INFO stats of this ${capabilities.version} does not print total_net_repl_input_bytes, without which a full sync cannot be told from one that was cut short.`,
    },
  };
}

function tooOld(version: Version): Capabilities {
  return nothing(
    textOf(version),
    `Replication before 3.3.6 was not studied, so a full sync of ${textOf(version)} cannot be proven.`,
  );
}

function unreadable(reported: string | null): Capabilities {
  return nothing(
    reported === null ? 'unknown' : reported.slice(0, 32),
    reported === null
      ? 'The node did not tell its version.'
      : `The version text "${reported.slice(0, 32)}" is not one of Pika's.`,
  );
}

function nothing(version: string, reason: string): Capabilities {
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
    reasons: { canProveFullSync: reason, maxConcurrentFullSyncs: reason },
  };
}
