/** The comparison of the data of two nodes; `left` is the master, `right` the slave. */
import Type from 'typebox';
import { comparisonStates } from '../states.ts';
import { Problem } from './problem.ts';
import { Nullable, NullableTime, type Of, Said, Time } from './schema.ts';
import { NodeTarget } from './targets.ts';

export const KeyType = Type.Enum(['string', 'hash', 'list', 'set', 'zset', 'stream']);
export type KeyType = Of<typeof KeyType>;

export const DifferenceKind = Type.Enum(['missing', 'foreign', 'type', 'value', 'length', 'ttl']);
export type DifferenceKind = Of<typeof DifferenceKind>;

/** What tells faults of replication from a copy that lacks data. */
export const differenceSigns = [
  'missing_expires',
  'value_expires',
  'emptied',
  'outlives',
  'expires_early',
] as const;
export const DifferenceSign = Type.Enum([...differenceSigns], {
  description:
    '`missing_expires`: missing on the right, with an expiry on the left. `value_expires`: a string with another value, and with an expiry on the left. `emptied`: a string that is empty on the right. `outlives`: it expires later on the right, or never. `expires_early`: it expires earlier there.',
});
export type DifferenceSign = Of<typeof DifferenceSign>;

const counted = <T extends typeof KeyType | typeof DifferenceKind | typeof DifferenceSign>(names: T) =>
  Type.Partial(Type.Record(names, Type.Integer()));

export const Difference = Type.Object({
  db: Type.Integer(),
  key: Type.String({ description: 'Printable ASCII as it is, else `base64:` and the bytes.' }),
  type: KeyType,
  kind: DifferenceKind,
  sign: Type.Optional(DifferenceSign),
  left: Nullable(Type.String(), 'Short and printable; never a whole value.'),
  right: Nullable(Type.String()),
  rounds: Type.Integer(),
});
export type Difference = Of<typeof Difference>;

export const StoredDifference = Type.Object({
  seq: Type.Integer({ description: 'Rising within a comparison, from 1.' }),
  ...Difference.properties,
});
export type StoredDifference = Of<typeof StoredDifference>;

const KeyCounts = Type.Object({
  left: Type.Record(Type.String(), Type.Integer()),
  right: Type.Record(Type.String(), Type.Integer()),
  exact: Type.Boolean({
    description: 'Whether both scans began and ended on quiet nodes: only then must they be equal.',
  }),
});
export type KeyCounts = Of<typeof KeyCounts>;

const Depth = Type.Enum(['counts', 'sample', 'full']);

/** What depth `auto` of a policy chose, and why. */
export const ChosenDepth = Type.Object({
  depth: Type.Enum(['sample', 'full']),
  because: Said,
  limitMs: Nullable(
    Type.Integer(),
    'How long a comparison of every key may take before it goes on as a sample; null = a sample was chosen.',
  ),
  assumedSeconds: Nullable(
    Type.Number(),
    'How long a comparison of every key takes at the pace that is assumed of untried servers; null = not known.',
  ),
});
export type ChosenDepth = Of<typeof ChosenDepth>;

export const ComparisonReport = Type.Object({
  depth: Depth,
  verdict: Type.Enum(['equal', 'empty', 'different', 'inconclusive'], {
    description:
      '`equal` only if something was looked at and nothing differed. `empty`: both sides hold no key at all. `inconclusive`: it could not be looked at well enough; `reason` says why.',
  }),
  reason: Nullable(Type.String()),
  startedAt: Time('When it began.'),
  endedAt: Time('When it ended.'),
  lookedAtKeys: Type.Integer(),
  lookedAtKeysByType: counted(KeyType),
  estimatedKeys: Nullable(Type.Number(), "Estimate of the master's keys; `notes` say what it rests on."),
  share: Nullable(Type.Number(), 'lookedAtKeys / estimatedKeys, 0 to 1; null = not known.'),
  smallestLossFound: Nullable(
    Type.Number(),
    'Smallest part of the keys (0 to 1) whose loss this look would have found with 99 % probability; null = none.',
  ),
  differencesTotal: Type.Integer(),
  differencesByKind: counted(DifferenceKind),
  differencesBySign: Type.Optional(counted(DifferenceSign)),
  examples: Type.Array(Difference, { description: 'The first few; the rest is stored with the comparison.' }),
  rounds: Type.Integer(),
  settledByRecheck: Type.Integer({
    description: 'Keys that differed at first and agreed once the slave had passed the offset.',
  }),
  counts: Nullable(KeyCounts),
  notes: Type.Optional(
    Type.Array(Type.String(), {
      description:
        "What limits the report's meaning: what an estimate rests on, what could not be looked at.",
    }),
  ),
  said: Type.Optional(
    Type.Object(
      { reason: Nullable(Said), notes: Type.Array(Said) },
      { description: 'Codes and facts of `reason` and `notes`; absent = an earlier release has stored it.' },
    ),
  ),
});
export type ComparisonReport = Of<typeof ComparisonReport>;

/** What a comparison looks at, and how carefully. */
export const ComparisonSpec = Type.Object({
  depth: Depth,
  samplePerType: Type.Integer({ description: 'Keys per type and DB (depth sample).' }),
  keyCounts: Type.Boolean({ description: 'Exact key counts too.' }),
  ttlToleranceMs: Nullable(
    Type.Number(),
    'Difference of expiries that does not count; null = expiries are not compared.',
  ),
  rounds: Type.Integer({ description: 'Rounds in which a key must differ to be a difference.' }),
  maxOpsPerSecond: Nullable(
    Type.Number(),
    'Keys read per second on each server: what reads many counts as many, and an expiry as one; null = no cap.',
  ),
  maxBytesPerSecond: Nullable(Type.Number(), 'Bytes of replies per second from each server; null = no cap.'),
  maxMasterLatencyMs: Nullable(
    Type.Number(),
    'Reading pauses while the master takes longer than this to answer a PING; null = no limit.',
  ),
  maxSlaveLagBytes: Nullable(
    Type.Number(),
    'Reading pauses while the slave is further behind than this; null = no limit.',
  ),
  timeoutMs: Type.Integer({ description: 'Longest silence of a server that owes a reply.' }),
  catchUpTimeoutMs: Type.Integer({
    description: 'How long the slave may take to reach a position of the master.',
  }),
  chosen: Type.Optional(ChosenDepth),
});
export type ComparisonSpec = Of<typeof ComparisonSpec>;

/** How far a comparison is; what its engine does not know yet is absent or null. */
const ComparisonProgress = Type.Partial(
  Type.Object({
    activity: Type.String({ description: 'What is being done, in plain words.' }),
    lookedAtKeys: Type.Integer(),
    estimatedKeys: Nullable(Type.Number()),
    differences: Type.Integer(),
    keysPerSecond: Nullable(Type.Number()),
    remainingSeconds: Nullable(Type.Number()),
    heldBy: Nullable(Type.String(), 'Why reading pauses just now; null = it does not.'),
    says: Type.Object(
      { activity: Said, heldBy: Nullable(Said) },
      { description: 'Code and facts of `activity` and `heldBy`.' },
    ),
    faultSince: NullableTime('Since when a fault of a server holds it up.'),
  }),
);
export type ComparisonProgress = Of<typeof ComparisonProgress>;

const ComparisonControl = Type.Object({
  verb: Type.Enum(['pause', 'resume', 'cancel']),
  reason: Type.String(),
  by: Type.String(),
  at: Time('When it was asked for.'),
});
export type ComparisonControl = Of<typeof ComparisonControl>;
export type ComparisonVerb = ComparisonControl['verb'];

export const Comparison = Type.Object({
  id: Type.String(),
  join: Nullable(
    Type.Object({ expansionId: Type.String(), node: Type.String() }),
    'The node of an expansion that it verifies; null = asked for on its own.',
  ),
  left: NodeTarget,
  right: NodeTarget,
  spec: ComparisonSpec,
  requestedBy: Type.String(),
  createdAt: Time('When it was asked for.'),
  startedAt: NullableTime('When it began.'),
  endedAt: NullableTime('When it ended.'),
  state: Type.Enum(comparisonStates),
  stateReason: Nullable(Said, 'Why it is in this state, or what holds it up now.'),
  progress: Nullable(ComparisonProgress),
  report: Nullable(ComparisonReport, 'The result; `verdict` is equal only if something was looked at.'),
  problem: Nullable(Problem),
  differencesTotal: Type.Integer({ description: 'Counted, also those over the bound that are not stored.' }),
  differencesStored: Type.Integer({ description: 'Only so many are kept.' }),
  pendingControl: Nullable(ComparisonControl, 'The latest control that the worker has not applied yet.'),
});
export type Comparison = Of<typeof Comparison>;
