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
  /** Stable key -> one plain sentence, with the upstream change or recording where there is one. */
  readonly reasons: Readonly<Record<string, string>>;
}
