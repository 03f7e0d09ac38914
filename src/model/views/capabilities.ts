import Type from 'typebox';
import {
  type PairReason,
  pairReasons,
  type UpgradeAdvice,
  upgradeAdvice,
  type VersionReason,
} from '../versions.ts';
import { Nullable, type Of } from './schema.ts';

const PairRule = Type.Object({
  masters: Type.Tuple([Type.String(), Type.String()], {
    description: 'From the first release on, below the second.',
  }),
  verdict: Type.Enum(['fits', 'flawed', 'refused', 'untried']),
  reason: Nullable(Type.Enum(Object.keys(pairReasons) as PairReason[])),
});
export type PairRule = Of<typeof PairRule>;

/** What a version of the server can do and what it must be spared, with the reason for each. */
export const Capabilities = Type.Object(
  {
    version: Type.String({
      description:
        'The release this node is taken for: the reported version, corrected by feature probes (4.0.1 says 4.0.0).',
    }),
    family: Type.Enum(['3.3', '3.4', '3.5', '4.0', 'unknown']),
    maxConcurrentFullSyncs: Type.Number({
      description:
        'How many full syncs of one master may run at a time; a plain number also where the dump is shared safely.',
    }),
    opensSupersededCopy: Type.Boolean({
      description: 'A new dump makes a slave open what it has copied so far: silent loss, hang or death.',
    }),
    reusesDump: Type.Boolean({
      description: 'A finished dump is reused for later slaves as long as its binlog file exists.',
    }),
    hasReplicationId: Type.Boolean(),
    hasEligibleFlag: Type.Boolean(),
    hasLastSave: Type.Boolean(),
    showsFullSyncing: Type.Boolean({
      description: 'The master prints `full syncing` for a slave in full sync.',
    }),
    hasReplByteCounters: Type.Boolean(),
    hasRocksdbSizes: Type.Boolean(),
    infoDataIsCostly: Type.Boolean({
      description: 'INFO data and plain INFO walk the disk (before 3.5.4): never asked in passing.',
    }),
    hasStreams: Type.Boolean(),
    keyUnderSeveralTypes: Type.Boolean({ description: 'One name can exist under several types (3.x).' }),
    canProveFullSync: Type.Boolean({
      description:
        'The service can prove a full sync on this version; false = `verified` is never said, with the reason.',
    }),
    slaveOf: Type.Array(PairRule, {
      description:
        "Which masters a node of this version can follow; the first rule that names the master's version counts.",
    }),
    upgrade: Nullable(
      Type.Enum(Object.keys(upgradeAdvice) as UpgradeAdvice[]),
      'The way out of the bug that spoils a full sync when a second dump is made; null = the version is not known to have it.',
    ),
    isRelease: Nullable(
      Type.Boolean(),
      'Whether the git sha is that of the release; null = the server did not tell it.',
    ),
    /** Stored as codes, answered as sentences. */
    reasons: Type.Unsafe<Readonly<Record<string, VersionReason>>>(
      Type.Record(Type.String(), Type.String(), {
        description: 'Name of a capability -> why it is so, in one sentence.',
      }),
    ),
  },
  { description: 'What the version of the server can do, with the reason for each.' },
);
export type Capabilities = Of<typeof Capabilities>;
