import type { PairRule, UpgradeAdvice, VersionReason } from './versions.ts';

/** What a version of the server can do and what it must be spared, with the reason for each. */
export interface Capabilities {
  /** The release this node is taken for: the reported version, corrected by feature probes (4.0.1 says 4.0.0). */
  readonly version: string;
  readonly family: '3.3' | '3.4' | '3.5' | '4.0' | 'unknown';
  /** How many full syncs of one master may run at a time; a plain number also where the dump is shared safely. */
  readonly maxConcurrentFullSyncs: number;
  /** A new dump makes a slave open what it has copied so far: silent loss, hang or death. */
  readonly opensSupersededCopy: boolean;
  /** A finished dump is reused for later slaves as long as its binlog file exists. */
  readonly reusesDump: boolean;
  readonly hasReplicationId: boolean;
  readonly hasEligibleFlag: boolean;
  readonly hasLastSave: boolean;
  /** The master prints `full syncing` for a slave in full sync. */
  readonly showsFullSyncing: boolean;
  readonly hasReplByteCounters: boolean;
  readonly hasRocksdbSizes: boolean;
  /** INFO data and plain INFO walk the disk (before 3.5.4): never asked in passing. */
  readonly infoDataIsCostly: boolean;
  readonly hasStreams: boolean;
  /** One name can exist under several types (3.x). */
  readonly keyUnderSeveralTypes: boolean;
  /** The service can prove a full sync on this version; false = `verified` is never said, with the reason. */
  readonly canProveFullSync: boolean;
  /** Which masters a node of this version can follow; the first rule that names the master's version counts. */
  readonly slaveOf: readonly PairRule[];
  /** The way out of the bug that spoils a full sync when a second dump is made; null = the version is not known to have it. */
  readonly upgrade: UpgradeAdvice | null;
  /** Whether the git sha is that of the release; null = the server did not tell it. */
  readonly isRelease: boolean | null;
  /** Name of a capability -> why it is so. */
  readonly reasons: Readonly<Record<string, VersionReason>>;
}
