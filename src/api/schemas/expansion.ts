import Type from 'typebox';
import { controlVerbs, expansionStates, joinPhases } from '../../model/expansion.ts';
import { Finding, Nullable, NullableTime, Problem, Time } from './common.ts';

const Address = Type.Object({ host: Type.String(), port: Type.Integer() });

export const Target = Type.Object({
  name: Type.String({
    description: '`host:port` as the request gave it; the name of the server everywhere.',
  }),
  address: Address,
  seenAs: Address,
  credential: Nullable(Type.String(), 'Name of an entry in the credentials configuration.'),
});

const State = Type.Enum([...expansionStates]);
export const Phase = Type.Enum([...joinPhases]);

const Capabilities = Type.Object(
  {
    version: Type.String(),
    family: Type.String(),
    maxConcurrentFullSyncs: Nullable(Type.Number(), 'null = no limit.'),
    reasons: Type.Record(Type.String(), Type.String()),
  },
  { description: 'What the version of the server can do, with the reason for each.' },
);

const Progress = Type.Object({
  snapshotBytes: Nullable(Type.Number(), 'Size of the snapshot that is being copied; null = not known.'),
  receivedBytes: Nullable(Type.Number()),
  bytesPerSecond: Nullable(Type.Number()),
  remainingSeconds: Nullable(Type.Number(), 'null = not known.'),
  lagBytes: Nullable(Type.Number(), "Bytes of binlog between the master's position and the node's."),
  silent: Type.Optional(
    Nullable(
      Type.Object({
        how: Type.Enum(['busy', 'unreachable']),
        since: Time('Since when it gives no answer.'),
        attemptEndsAt: Time('When its attempt ends if it stays so.'),
      }),
      'The node did not answer at the last look: rate, remaining time and lag are not known. null = it did.',
    ),
  ),
});

const Anomaly = Type.Object({
  code: Type.String(),
  at: Time('When it was seen.'),
  attempt: Type.Integer(),
  text: Type.String(),
  facts: Type.Record(Type.String(), Type.Unknown()),
  remedy: Type.String(),
});

const Evidence = Type.Object({
  verdict: Type.Enum(['verified', 'not_verified', 'undecided']),
  at: Time('When it was judged.'),
  attempt: Type.Integer(),
  rules: Type.Array(
    Type.Object({
      rule: Type.String(),
      holds: Nullable(Type.Boolean(), 'null = cannot be told yet.'),
      text: Type.String(),
      facts: Type.Record(Type.String(), Type.Unknown()),
      at: Time('When these facts were seen.'),
    }),
  ),
});

const Attempt = Type.Object({
  number: Type.Integer(),
  kind: Type.Enum(['attach', 'reattach']),
  startedAt: Time('When it began.'),
  endedAt: NullableTime('When it ended.'),
  outcome: Nullable(Type.String()),
  step: Type.String(),
  detachedAt: NullableTime('When NO ONE was answered.'),
  intents: Type.Array(
    Type.Object({
      id: Type.String(),
      command: Type.Object({ kind: Type.String() }, { description: 'What was sent to the node.' }),
      reason: Type.String(),
      savedAt: Time('When the intent was stored, before the act.'),
      endedAt: NullableTime('When the outcome was known.'),
      outcome: Nullable(Type.String()),
      reply: Nullable(Type.String()),
    }),
  ),
});

const ComparisonOfJoin = Nullable(
  Type.Object({ id: Type.String(), report: Nullable(Type.Record(Type.String(), Type.Unknown())) }),
  'The comparison of the data with the master.',
);

const Range = Nullable(
  Type.Object({
    low: Type.Number(),
    expected: Type.Number(),
    high: Type.Number(),
    confidence: Type.Number({ description: 'Share of cases that fall inside, 0 to 1.' }),
  }),
  'null = not known.',
);

export const Forecast = Type.Object(
  {
    secondsPerNode: Range,
    secondsTotal: Range,
    bytesPerNode: Range,
    snapshotBytesByDatabase: Nullable(Type.Record(Type.String(), Type.Number())),
    nodes: Type.Array(
      Type.Object({
        node: Type.String(),
        throttleBytesPerSecond: Nullable(Type.Number()),
        bytesPerSecond: Range,
        limitedBy: Type.String(),
        transferSeconds: Range,
        disk: Type.Object({ oldBytes: Nullable(Type.Number()), newBytes: Range }),
      }),
    ),
    batches: Type.Array(
      Type.Object({
        batch: Type.Integer({ description: 'Zero-based.' }),
        nodes: Type.Array(Type.String()),
        startSeconds: Range,
        seconds: Range,
        dump: Type.Enum(['new', 'reused']),
        binlogBytes: Range,
      }),
    ),
    binlog: Type.Object({
      writeBytesPerSecond: Nullable(Type.Number()),
      duringBatchBytes: Range,
      keptBytes: Nullable(Type.Number()),
      keptFiles: Nullable(Type.Number()),
      neededFiles: Type.Optional(
        Nullable(
          Type.Number(),
          'What expire-logs-nums would have to be to keep what is written meanwhile; null = enough is kept, or not known.',
        ),
      ),
      sparedDuringSync: Type.Boolean({
        description: 'Whether nothing is purged while a slave is in full sync.',
      }),
    }),
    masterDiskBytes: Range,
    learntFrom: Type.Integer({ description: 'Earlier full syncs on which the rates rest.' }),
    basis: Type.String(),
  },
  { description: 'Bytes, time, binlog and disk, as ranges.' },
);

const Figure = Type.Object({
  forecast: Range,
  real: Nullable(Type.Number(), 'null = not measured.'),
  error: Nullable(Type.Number(), 'Share by which it was more (or less) than expected; null = not known.'),
});

const ForecastOutcome = Type.Object(
  {
    secondsTotal: Figure,
    nodes: Type.Array(
      Type.Object({
        node: Type.String(),
        transferSeconds: Figure,
        bytesPerSecond: Figure,
        bytes: Figure,
      }),
    ),
  },
  { description: 'Forecast and reality side by side.' },
);

const Shape = (description: string) => Nullable(Type.Record(Type.String(), Type.Unknown()), description);

const joinSummary = {
  index: Type.Integer(),
  target: Type.Object({
    ...Target.properties,
    overwriteData: Type.Boolean(),
    repoint: Type.Boolean(),
  }),
  batch: Nullable(Type.Integer(), 'Zero-based; null until batches are formed.'),
  phase: Phase,
  phaseSince: Time('When the phase was entered.'),
  progress: Progress,
  waitingFor: Nullable(Type.String(), 'What it waits for now; null = nothing in particular.'),
  problem: Nullable(Problem),
  anomalies: Type.Array(Anomaly),
};

const JoinSummary = Type.Object(joinSummary);

export const JoinDetail = Type.Object({
  ...joinSummary,
  phases: Type.Array(
    Type.Object({ phase: Phase, at: Time('When it was entered.'), attempt: Type.Integer() }),
  ),
  attempts: Type.Array(Attempt),
  attemptsAllowed: Type.Integer(),
  findings: Type.Array(Finding),
  evidence: Nullable(Evidence),
  comparison: ComparisonOfJoin,
  borrowed: Shape('A setting that was changed for the time of the full sync, with its old value.'),
});

const expansion = {
  id: Type.String(),
  master: Target,
  policy: Type.Record(Type.String(), Type.Unknown(), {
    description: 'The policy with its defaults filled in.',
  }),
  label: Nullable(Type.String()),
  requestedBy: Type.String(),
  via: Type.Enum(['rest', 'queue', 'cli']),
  acceptedAt: Time('When it was accepted.'),
  startedAt: NullableTime('When it began.'),
  endedAt: NullableTime('When it ended.'),
  state: State,
  stateSince: Time('When the state was entered.'),
  stateReason: Nullable(Type.String(), 'Why it is in this state, in plain words.'),
  capabilities: Nullable(Capabilities),
  batchSize: Nullable(Type.Integer()),
  batchSizeReason: Nullable(Type.String()),
  currentBatch: Type.Integer({ description: 'Zero-based.' }),
  batchCount: Nullable(Type.Integer()),
  nextBatchNotBefore: NullableTime('When the next batch may begin.'),
  approvedThroughBatch: Type.Number(),
  pendingControl: Nullable(
    Type.Record(Type.String(), Type.Unknown()),
    'A pause or cancel that waits for a safe point.',
  ),
  findings: Type.Array(Finding),
  problem: Nullable(Problem),
  forecast: Nullable(Forecast, 'What was planned, or approved since.'),
  forecastDrift: Shape('What had grown too far when the forecast was made anew before a batch.'),
  forecastOutcome: Nullable(ForecastOutcome, 'null until it has ended.'),
  health: Shape("The loop that holds the copy back for the master's sake: level, figures, limits."),
  borrowed: Type.Optional(
    Shape('A setting of the master that was changed, with permission, with its old value.'),
  ),
  waitsFor: Nullable(Type.String(), 'Id of the expansion on the same master for whose end it waits.'),
  campaignId: Type.Optional(
    Type.String({
      description: 'The campaign of which it is a member; absent = it was asked for on its own.',
    }),
  ),
};

export const ExpansionDetail = Type.Object({ ...expansion, joins: Type.Array(JoinDetail) });
export const ExpansionSummary = Type.Object({ ...expansion, joins: Type.Array(JoinSummary) });

const StoredEvent = Type.Object({
  seq: Type.Integer({ description: 'Strictly rising over all expansions; the id of the event in a stream.' }),
  expansionId: Nullable(Type.String(), "null = it is a campaign's."),
  campaignId: Type.Optional(
    Type.String({ description: "The campaign that it is about; absent = it is an expansion's." }),
  ),
  type: Type.String({ description: 'Stable, for programs.', examples: ['node.phase'] }),
  at: Time('When it happened.'),
  node: Nullable(Type.String()),
  level: Type.Enum(['info', 'warning', 'error']),
  text: Type.String(),
  data: Type.Record(Type.String(), Type.Unknown()),
});

export const EventPage = Type.Object({
  items: Type.Array(StoredEvent),
  nextAfter: Nullable(Type.Integer(), 'Pass it as `after` for the next page; null = there are no more now.'),
});

const Observation = Type.Object({
  seq: Type.Integer(),
  node: Type.String(),
  at: Time('When it was looked at.'),
  look: Type.Object(
    { kind: Type.String() },
    { description: 'What the node said, parsed; or that it did not.' },
  ),
});

export const ObservationPage = Type.Object({
  items: Type.Array(Observation),
  nextAfter: Nullable(Type.Integer()),
});

export const EvidenceReport = Type.Object({
  expansionId: Type.String(),
  master: Target,
  nodes: Type.Array(
    Type.Object({
      node: Type.String(),
      phase: Phase,
      evidence: Nullable(Evidence),
      anomalies: Type.Array(Anomaly),
      attempts: Type.Array(Attempt),
      comparison: ComparisonOfJoin,
    }),
  ),
});

const Verb = Type.Enum([...controlVerbs]);

export const AcceptedControl = Type.Object({
  id: Type.String(),
  expansionId: Type.String(),
  verb: Verb,
  node: Nullable(Type.String()),
  reason: Type.String(),
  by: Type.String(),
  at: Time('When it was asked for.'),
});

const BinlogPositions = Type.Record(
  Type.String(),
  Type.Object({ file: Type.Number(), offset: Type.Number() }),
);

export const Topology = Type.Object({
  master: Type.Object({
    name: Type.String(),
    version: Type.String(),
    role: Nullable(Type.String()),
    sstBytes: Nullable(Type.Number(), 'Bytes that a full sync would copy now.'),
    binlog: BinlogPositions,
    replicationId: Nullable(Type.String()),
  }),
  slaves: Type.Array(
    Type.Object({
      ip: Type.String(),
      port: Type.Integer(),
      lag: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String()])),
    }),
  ),
});

export const Plan = Type.Object({
  id: Type.String(),
  at: Time('When it was made.'),
  master: Target,
  policy: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), {
      description: 'The policy under which it was made, with its defaults filled in.',
    }),
  ),
  capabilities: Nullable(Capabilities),
  findings: Type.Array(Finding),
  acceptable: Type.Boolean({ description: 'Whether no finding is an error.' }),
  batchSize: Type.Integer(),
  batchSizeReason: Type.String(),
  batches: Type.Array(Type.Array(Type.String())),
  waitsFor: Nullable(Type.String()),
  topology: Nullable(Topology),
  forecast: Nullable(Forecast, 'What it will probably cost; null = the master could not be read.'),
});

export const Freeze = Type.Object({
  frozen: Type.Boolean(),
  reason: Nullable(Type.String()),
  by: Nullable(Type.String()),
  since: NullableTime('Since when.'),
});
