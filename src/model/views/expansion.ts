/** Expansions and their nodes as the API answers with them. What is stored holds the trackers besides. */
import Type from 'typebox';
import { controlVerbs, expansionStates, joinPhases } from '../states.ts';
import { AgentSight } from './agent.ts';
import { Capabilities } from './capabilities.ts';
import { ChosenDepth, ComparisonReport } from './comparison.ts';
import { Diagnosis } from './diagnosis.ts';
import { AnomalyRecord, CatchUp, Evidence } from './evidence.ts';
import { Finding } from './finding.ts';
import { Forecast, ForecastDrift, ForecastOutcome } from './forecast.ts';
import { HealthState } from './health.ts';
import { Look, MasterIdentity } from './observation.ts';
import { Policy } from './policy.ts';
import { Problem } from './problem.ts';
import { Said } from './said.ts';
import { Nullable, NullableTime, type Of, Time } from './schema.ts';
import { Address, JoinTarget, NodeTarget } from './targets.ts';

export const Phase = Type.Enum(joinPhases);

/** A setting that is changed for the time of an expansion only. */
const BorrowedName = Type.Enum(['throttle-bytes-per-second', 'expire-logs-nums']);
export type BorrowedName = Of<typeof BorrowedName>;

/** What the service does to a node; each is stored as an intent before it is done. */
const NodeCommand = Type.Union([
  Type.Object({ kind: Type.Literal('slaveof'), master: Address, force: Type.Boolean() }),
  Type.Object({ kind: Type.Literal('slaveof_no_one') }),
  Type.Object({ kind: Type.Literal('clear_replication_id') }),
  /** A new dump of the master, with permission: the only command of a join that does not go to its node. */
  Type.Object({ kind: Type.Literal('bgsave') }),
  /** A setting that is borrowed, of a node or (with permission) of the master. */
  Type.Object({ kind: Type.Literal('config_set'), name: BorrowedName, value: Type.String() }),
  /** Writes the node's present settings to its file. */
  Type.Object({ kind: Type.Literal('config_rewrite') }),
]);
export type NodeCommand = Of<typeof NodeCommand>;

const Intent = Type.Object({
  id: Type.String(),
  command: NodeCommand,
  reason: Said,
  savedAt: Time('When the intent was stored, before the act.'),
  epoch: Type.Integer({ description: 'Epoch of the lease under which it was stored.' }),
  endedAt: NullableTime('When the outcome was known.'),
  outcome: Nullable(
    Type.Enum(['ok', 'refused', 'unknown']),
    'null = it is not known whether the act happened.',
  ),
  reply: Nullable(
    Type.Union([Type.String(), Said]),
    'What the node replied; or, where nobody heard it, what is known of the act.',
  ),
});
export type Intent = Of<typeof Intent>;

const BorrowedSetting = Type.Object({
  name: BorrowedName,
  old: Type.String({ description: 'Before the first change; put back at the end.' }),
  given: Type.Array(Type.String(), {
    description: "Values that this service gave it, the newest last. Any other is somebody else's.",
  }),
  pending: Nullable(
    Type.Object({ id: Type.String(), command: NodeCommand, at: Time('When it was stored.') }),
    'Stored before it is sent; null = none is on its way.',
  ),
  changes: Type.Integer(),
  seen: Type.String(),
  seenAt: Time('When that value was seen.'),
  lifeSeen: Type.Optional(
    Nullable(
      Type.Number(),
      'When the server had last been restarted as of that look; absent = it is not watched, or the value was just set.',
    ),
  ),
  state: Type.Enum(['borrowed', 'restored', 'left', 'lost', 'refused'], {
    description:
      '`restored`; `left` = somebody else has changed it meanwhile; `lost` = the server could not be reached to put it back; `refused` = the server would not take a change.',
  }),
  restoringSince: NullableTime('Since when it is being put back.'),
  fileWritten: Type.Boolean({
    description: 'Whether the file of the server was written once more after the old value was put back.',
  }),
  inFile: Type.Optional(
    Type.Boolean({
      description: 'Whether the server has read a changed value from its file, after a restart.',
    }),
  ),
});
export type BorrowedSetting = Of<typeof BorrowedSetting>;

export const AttemptView = Type.Object({
  number: Type.Integer(),
  kind: Type.Enum(['attach', 'reattach']),
  startedAt: Time('When it began.'),
  endedAt: NullableTime('When it ended.'),
  outcome: Nullable(Type.Enum(['verified', 'failed', 'abandoned'])),
  step: Type.Enum(['detach', 'await_unlisted', 'clear_id', 'slaveof', 'syncing'], {
    description: 'Where a reattach stands; a plain attach goes straight to `slaveof`.',
  }),
  detachedAt: NullableTime('When NO ONE was answered.'),
  wantsDump: Type.Optional(
    Type.Boolean({ description: 'Whether the master is asked for a new dump before SLAVEOF.' }),
  ),
  intents: Type.Array(Intent),
  catchUp: Nullable(CatchUp),
});
export type AttemptView = Of<typeof AttemptView>;

/** A node that gives no answer: what was measured of it is of the time before. */
const SilentNode = Type.Object({
  how: Type.Enum(['busy', 'unreachable'], {
    description:
      '`busy`: it takes connections and does not reply. `unreachable`: it cannot be reached, or something else answers.',
  }),
  since: Time('Since when it gives no answer.'),
  attemptEndsAt: Time('When its attempt ends if it stays so.'),
});
export type SilentNode = Of<typeof SilentNode>;

export const Progress = Type.Object({
  snapshotBytes: Nullable(Type.Number(), 'Size of the snapshot that is being copied; null = not known.'),
  receivedBytes: Nullable(Type.Number()),
  bytesPerSecond: Nullable(Type.Number()),
  remainingSeconds: Nullable(Type.Number(), 'null = not known.'),
  lagBytes: Nullable(
    Type.Number(),
    "Bytes of binlog between the master's position and the node's, summed over DBs; null = not known.",
  ),
  files: Type.Optional(
    Nullable(
      Type.Object({
        copied: Type.Integer(),
        listed: Nullable(Type.Integer(), 'Of the list of the dump; null = the log does not show it.'),
      }),
      'Files of the dump that came, as the log of the node tells it. null = no agent tells.',
    ),
  ),
  silent: Type.Optional(
    Nullable(
      SilentNode,
      'The node did not answer at the last look: rate, remaining time and lag are not known. null = it did.',
    ),
  ),
  expectedEndsAt: Type.Optional(
    NullableTime(
      'When its present phase should end, by the measured rate or by the forecast; null = not known.',
    ),
  ),
  boundEndsAt: Type.Optional(
    NullableTime(
      'When the service acts if nothing changes until then. Progress moves it; null = a person or a limit ends the phase.',
    ),
  ),
  atBound: Type.Optional(Nullable(Said, 'What the service does then.')),
});
export type Progress = Of<typeof Progress>;

const ComparisonOfJoin = Nullable(
  Type.Object({
    id: Type.String(),
    report: Nullable(ComparisonReport),
    chosen: Type.Optional(ChosenDepth),
  }),
  'The comparison of the data with the master.',
);

/** A server as lists name it. */
const Named = Type.Object({ name: Type.String() });

const join = {
  index: Type.Integer(),
  target: JoinTarget,
  batch: Nullable(Type.Integer(), 'Zero-based; null until batches are formed.'),
  phase: Phase,
  phaseSince: Time('When the phase was entered.'),
  progress: Progress,
  waitingFor: Nullable(Said, 'What it waits for now; null = nothing in particular.'),
  published: Type.Optional(
    Type.Boolean({
      description:
        'Of a proven node: whether those who are asked `after_verified` have agreed. Absent = nobody is asked.',
    }),
  ),
  problem: Nullable(Problem),
  leaving: Nullable(
    Type.Object({
      to: Type.Enum(['cancelled', 'skipped', 'failed', 'quarantined']),
      since: Time('Since when.'),
    }),
    'Set while the node is being detached on its way out of the expansion; then it enters that phase.',
  ),
  anomalies: Type.Array(AnomalyRecord),
  diagnosis: Type.Optional(Nullable(Diagnosis, 'Why it is in trouble; null = it was not asked.')),
  attemptsAllowed: Type.Integer({ description: 'How many attaches are permitted; raised by `retry`.' }),
};

/** Only the state of a node: for lists. */
export const JoinSummary = Type.Object({
  ...join,
  target: Named,
  progress: Nullable(Progress, 'null = nothing goes on any more.'),
});
export type JoinSummary = Of<typeof JoinSummary>;

export const JoinView = Type.Object({
  ...join,
  phases: Type.Array(
    Type.Object({ phase: Phase, at: Time('When it was entered.'), attempt: Type.Integer() }),
    { description: 'Every phase entered, in order.' },
  ),
  attempts: Type.Array(AttemptView),
  findings: Type.Array(Finding),
  evidence: Nullable(Evidence),
  comparison: ComparisonOfJoin,
  restored: Type.Optional(
    Type.Boolean({
      description:
        'The database came back at an older point since, and nobody has decided about the node: it is not taken for untouched.',
    }),
  ),
  triedCauses: Type.Optional(
    Type.Array(Type.String(), {
      description:
        'Causes for which a copy was repeated since it began, or since a person retried it; the symptom where no cause was found.',
    }),
  ),
  inconclusiveComparisons: Type.Integer({
    description: 'Comparisons that came to no result in this attempt.',
  }),
  borrowed: Nullable(
    BorrowedSetting,
    'A setting that was changed for the time of the full sync, with its old value.',
  ),
});
export type JoinView = Of<typeof JoinView>;

/** A node by itself: with what agents told last of its host and of its master's. */
export const NodeDetail = Type.Object({
  ...JoinView.properties,
  hosts: Type.Object({
    node: Nullable(AgentSight, 'null = no agent has told of it since it was attached.'),
    master: Nullable(AgentSight, 'null = no agent has told of it.'),
  }),
});
export type NodeDetail = Of<typeof NodeDetail>;

export const Control = Type.Object({
  id: Type.String(),
  verb: Type.Enum(controlVerbs),
  node: Nullable(Type.String(), 'The node, for retry and skip.'),
  reason: Type.String(),
  by: Type.String(),
  at: Time('When it was asked for.'),
});
export type Control = Of<typeof Control>;

/** What steering is answered with. */
export const AcceptedControl = Type.Object({ ...Control.properties, expansionId: Type.String() });

const expansion = {
  id: Type.String(),
  master: NodeTarget,
  policy: Policy,
  label: Nullable(Type.String()),
  requestedBy: Type.String(),
  via: Type.Enum(['rest', 'queue', 'cli']),
  acceptedAt: Time('When it was accepted.'),
  startAt: Type.Optional(Time('When it may begin at the earliest; absent = at once.')),
  startedAt: NullableTime('When it began.'),
  endedAt: NullableTime('When it ended.'),
  state: Type.Enum(expansionStates),
  stateSince: Time('When the state was entered.'),
  stateReason: Nullable(Said, 'Why it is in this state, or what holds it up.'),
  capabilities: Nullable(Capabilities),
  plannedMaster: Nullable(
    MasterIdentity,
    'What the master showed at the first preflight, so that another server in its place is noticed.',
  ),
  binlogFileSizeBytes: Nullable(
    Type.Number(),
    "The master's binlog-file-size, to turn positions into bytes; null = not known.",
  ),
  batchSize: Nullable(
    Type.Integer(),
    'How many nodes are attached together; null until the first preflight.',
  ),
  batchSizeReason: Nullable(Said),
  currentBatch: Type.Integer({ description: 'Zero-based.' }),
  batchCount: Nullable(Type.Integer()),
  nextBatchNotBefore: NullableTime('When the next batch may begin; null = at once.'),
  approvedThroughBatch: Type.Number({
    description: 'Batches up to this one (zero-based) may begin; -1 = none, a very large number = all.',
  }),
  pendingControl: Nullable(Control, 'A pause or cancel that waits for a safe point.'),
  findings: Type.Array(Finding),
  problem: Nullable(Problem),
  forecast: Nullable(Forecast, 'What was planned, or approved since; null = nothing could be said.'),
  forecastDrift: Nullable(
    ForecastDrift,
    'What had grown too far when the forecast was made anew before a batch; null = nothing had.',
  ),
  forecastOutcome: Nullable(ForecastOutcome, 'null until it has ended.'),
  health: Nullable(
    HealthState,
    "The loop that holds the copy back for the master's sake; null = nothing was measured.",
  ),
  borrowed: Nullable(
    BorrowedSetting,
    'A setting of the master that was changed, with permission, with its old value; null = none was.',
  ),
  waitsFor: Nullable(Type.String(), 'Id of the expansion on the same master for whose end it waits.'),
  retryOf: Type.Optional(
    Type.String({
      description: 'The expansion that had ended and left these nodes unverified; absent = none.',
    }),
  ),
  campaignId: Type.Optional(
    Type.String({
      description: 'The campaign of which it is a member; absent = it was asked for on its own.',
    }),
  ),
  replacementId: Type.Optional(
    Type.String({
      description: 'The replacement for which it adds nodes; absent = it was asked for on its own.',
    }),
  ),
};

export const ExpansionView = Type.Object({ ...expansion, joins: Type.Array(JoinView) });
export type ExpansionView = Of<typeof ExpansionView>;

/** What one expansion is asked for. */
const notInLists = [
  'policy',
  'capabilities',
  'plannedMaster',
  'binlogFileSizeBytes',
  'batchSizeReason',
  'findings',
  'forecast',
  'forecastDrift',
  'forecastOutcome',
  'health',
  'borrowed',
] as const;

/** An expansion as lists hold it. */
export const ExpansionSummary = Type.Object({
  ...Type.Omit(ExpansionView, notInLists).properties,
  master: Named,
  policy: Type.Object({ fourEyes: Type.Boolean() }),
  joins: Type.Array(JoinSummary),
});
export type ExpansionSummary = Of<typeof ExpansionSummary>;

const NodeEvidence = Type.Object({
  node: Type.String(),
  phase: Phase,
  evidence: Nullable(Evidence),
  anomalies: Type.Array(AnomalyRecord),
  diagnosis: Type.Optional(Nullable(Diagnosis)),
  attempts: Type.Array(AttemptView),
  comparison: ComparisonOfJoin,
});
export type NodeEvidence = Of<typeof NodeEvidence>;

export const EvidenceReport = Type.Object({
  expansionId: Type.String(),
  master: NodeTarget,
  nodes: Type.Array(NodeEvidence),
});
export type EvidenceReport = Of<typeof EvidenceReport>;

const BundledLook = Type.Object({
  seq: Type.Integer({ description: 'Its place among the looks at all servers.' }),
  at: Time('When it was looked at.'),
  look: Look,
});

/** The evidence as one signed document (docs/evidence.md). */
export const EvidenceBundle = Type.Object({
  ...EvidenceReport.properties,
  format: Type.String(),
  madeAt: Time('When the service wrote it.'),
  nodes: Type.Array(
    Type.Object({
      ...NodeEvidence.properties,
      target: JoinTarget,
      looks: Type.Array(BundledLook, { description: 'The looks on which its verdict rests.' }),
    }),
  ),
  masterLooks: Type.Array(BundledLook),
  policy: Policy,
  request: Type.Object({
    requestedBy: Type.String(),
    via: Type.String(),
    label: Nullable(Type.String()),
    acceptedAt: Time('When it was accepted.'),
    startedAt: NullableTime('When it began.'),
    endedAt: NullableTime('When it ended; null = more will happen, and this document does not hold it.'),
    state: Type.Enum(expansionStates),
  }),
  actors: Type.Array(Type.Object({ by: Type.String(), did: Type.String(), at: Time('When.') }), {
    description: 'Who asked, and who steered.',
  }),
  versions: Type.Object({
    service: Type.String(),
    master: Nullable(Type.String()),
    reported: Type.Record(
      Type.String(),
      Type.Object({ version: Nullable(Type.String()), gitSha: Nullable(Type.String()) }),
    ),
  }),
  capabilities: Nullable(Capabilities),
  binlogFileSizeBytes: Nullable(Type.Number()),
  events: Type.Array(
    Type.Object({
      seq: Type.Integer(),
      type: Type.String(),
      at: Time('When it happened.'),
      node: Nullable(Type.String()),
      level: Type.String(),
      text: Type.String(),
      data: Type.Record(Type.String(), Type.Unknown()),
      hash: Type.String({ description: 'SHA-256 over the hash before it and the event.' }),
    }),
  ),
  chain: Type.String({ description: 'The hash of the last event.' }),
  digest: Type.String({ description: 'SHA-256 over all other fields but `signature`.' }),
  signature: Type.Object({
    algorithm: Type.Literal('ed25519'),
    keyId: Type.String(),
    publicKey: Type.String({ description: 'SPKI, DER, base64.' }),
    value: Type.String({ description: 'base64.' }),
  }),
});

/** What a live display needs between two events: the state of every node. */
export const ProgressMessage = Type.Object({
  expansionId: Type.String(),
  state: Type.Enum(expansionStates),
  currentBatch: Type.Integer(),
  joins: Type.Array(
    Type.Object({
      node: Type.String(),
      phase: Phase,
      progress: Progress,
      waitingFor: Nullable(Said),
    }),
  ),
});
export type ProgressMessage = Of<typeof ProgressMessage>;
