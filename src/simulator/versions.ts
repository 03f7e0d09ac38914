/** Releases that the simulator plays. */
export const simulatedVersions = [
  '3.3.6',
  '3.5.0',
  '3.5.1',
  '3.5.2',
  '3.5.3',
  '3.5.4',
  '3.5.5',
  '4.0.0',
  '4.0.1',
] as const;
export type SimulatedVersion = (typeof simulatedVersions)[number];

/** How one release differs from the others; pika-facts 0.1, 0.2, 2.3, 4.2 and 4.7. */
export interface Traits {
  readonly version: SimulatedVersion;
  readonly family: '3.3' | '3.5' | '4.0';
  /** As INFO server prints it: 4.0.1 still says 4.0.0. */
  readonly reportedVersion: string;
  /** Storage instances over which 4.0 spreads keys. */
  readonly instances: number;
  readonly replicationIdLine: 'none' | 'spaced' | 'plain';
  readonly binlogSeparator: ' ' | ':';
  readonly showsFullSyncing: boolean;
  readonly hasConnectStatus: boolean;
  readonly hasEligibleFlag: boolean;
  readonly hasReplCounters: boolean;
  readonly hasRocksdbSection: boolean;
  readonly hasCacheSection: boolean;
  readonly hasLastSave: boolean;
  readonly hasReplicationId: boolean;
  readonly hasStreams: boolean;
  /** Streams lie in the dump's list of files. */
  readonly dumpsStreams: boolean;
  readonly oneTypePerKey: boolean;
  readonly readOnlyText: string;
  /** The distance of binlog files is computed unsigned: a new dump for each new slave once the dump lies past file 0. */
  readonly unsignedGap: boolean;
  /** A newer dump reads as "finished": the slave opens what it has copied so far. */
  readonly opensSupersededCopy: boolean;
  /** What follows when the first file list cannot be had within ten tries. */
  readonly initFailure: 'retry' | 'error' | 'error-after-64';
  /** Rsync reads from the master (3.5) or the master pushes, one slave after another (3.3). */
  readonly pushes: boolean;
  /** Purging spares the files that a slave in full sync will need. */
  readonly protectsFullSync: boolean;
  /** How the binlog carries expiries, and what slaves make of them (pika-facts 5.1). */
  readonly expiry: {
    /** SETEX and SET EX take an expiry after 2038-01-19; a slave of such a version cannot parse it. */
    readonly takesAfter2038: boolean;
    /** A slave reads the seconds of PKSETEXAT and of a replicated PEXPIRE as milliseconds: the key is gone at once. */
    readonly secondsReadAsMs: boolean;
    /** PSETEX is logged in milliseconds, which no slave can parse. */
    readonly psetexInMs: boolean;
    /** INCR, INCRBY, INCRBYFLOAT and APPEND are logged as PKSETEXAT: `without` their expiry, or with it. */
    readonly incrAsPksetexat: 'no' | 'without' | 'with';
  };
  /** A slave loses its first writes after FLUSHALL now and then (pika-facts 5.2). */
  readonly losesWritesAfterFlush: boolean;
}

const atLeast = (version: SimulatedVersion, other: SimulatedVersion): boolean =>
  simulatedVersions.indexOf(version) >= simulatedVersions.indexOf(other);

function traits(version: SimulatedVersion): Traits {
  const family = version === '3.3.6' ? '3.3' : version.startsWith('4.0') ? '4.0' : '3.5';
  const complete = version === '3.5.5' || version === '4.0.1';
  return {
    version,
    family,
    reportedVersion: version === '4.0.1' ? '4.0.0' : version,
    instances: family === '4.0' ? 3 : 1,
    replicationIdLine: !atLeast(version, '3.5.1') ? 'none' : atLeast(version, '3.5.3') ? 'plain' : 'spaced',
    binlogSeparator: atLeast(version, '3.5.3') ? ':' : ' ',
    showsFullSyncing: atLeast(version, '3.5.3'),
    hasConnectStatus: complete || version === '4.0.0',
    hasEligibleFlag: complete,
    hasReplCounters: family !== '3.3',
    hasRocksdbSection: family !== '3.3',
    hasCacheSection: atLeast(version, '3.5.2'),
    hasLastSave: atLeast(version, '3.5.3'),
    hasReplicationId: atLeast(version, '3.5.1'),
    hasStreams: atLeast(version, '3.5.3'),
    dumpsStreams: family === '4.0',
    oneTypePerKey: family === '4.0',
    readOnlyText: atLeast(version, '3.5.5')
      ? "ERR READONLY You can't write against a read only replica."
      : 'ERR Server in read-only',
    unsignedGap: !atLeast(version, '3.5.5'),
    opensSupersededCopy: !complete,
    initFailure:
      version === '3.5.3' || version === '3.5.4'
        ? 'error'
        : atLeast(version, '3.5.5')
          ? 'error-after-64'
          : 'retry',
    pushes: family === '3.3',
    protectsFullSync: family !== '3.3',
    expiry: {
      takesAfter2038: family === '4.0',
      secondsReadAsMs: version === '4.0.1',
      psetexInMs: version === '4.0.1',
      incrAsPksetexat: version === '3.5.5' ? 'without' : version === '4.0.1' ? 'with' : 'no',
    },
    losesWritesAfterFlush: family !== '3.3' && !complete,
  };
}

const table = new Map(simulatedVersions.map((version) => [version, traits(version)]));

export const traitsOf = (version: SimulatedVersion): Traits => table.get(version)!;
