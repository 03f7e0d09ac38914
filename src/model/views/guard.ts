/** A guard: the standing watch of some masters and their slaves between audits. */
import Type from 'typebox';
import { guardLevels, guardStates } from '../states.ts';
import { ComparisonSpec } from './comparison.ts';
import { BinlogOffsets, Role } from './observation.ts';
import { Said } from './said.ts';
import { Nullable, NullableTime, type Of, Time } from './schema.ts';
import { NodeTarget } from './targets.ts';

/** What a server said at the last look that it answered; looks are compared with it. */
const Remembered = Type.Object({
  at: Time('When it was looked at.'),
  version: Nullable(Type.String(), 'null = not known.'),
  role: Role,
  process: Nullable(
    Type.String(),
    'Run id, or process id where the version has none; another one = it was restarted.',
  ),
  replicationId: Nullable(Type.String()),
  binlog: BinlogOffsets,
  replInputBytes: Nullable(Type.Number()),
  lastSaveUnixSeconds: Nullable(Type.Number()),
});
export type Remembered = Of<typeof Remembered>;

const Proof = Type.Object({
  at: Time('When it was proven.'),
  by: Type.String({ description: 'Id of the expansion or audit that proved it.' }),
});

const GuardFinding = Type.Object({
  server: Type.String({ description: 'Name of the server that it is about.' }),
  reason: Said,
  level: Type.Enum(guardLevels),
  since: Time('When it was first seen.'),
});
export type GuardFinding = Of<typeof GuardFinding>;

/** Something that is a finding if the next look sees it too. */
const Suspected = Type.Object({
  server: Type.String(),
  code: Type.String(),
  since: Time('When it was first seen.'),
});

const GuardedSlave = Type.Object({
  target: NodeTarget,
  isNew: Type.Boolean({
    description: 'Whether it came while the guard was on, and nothing proved it since.',
  }),
  remembered: Nullable(Remembered, 'null = it has never answered.'),
  proof: Nullable(Proof, 'When an expansion or an audit last proved it whole; null = never.'),
});
export type GuardedSlave = Of<typeof GuardedSlave>;

/** A master of a guard, as it is stored. */
export const StoredGuardMaster = Type.Object({
  index: Type.Integer({ description: 'Its place in the guard, from 0.' }),
  target: NodeTarget,
  lookedAt: NullableTime('When it was last looked at; stored about once a minute.'),
  remembered: Nullable(Remembered, 'null = it has never answered.'),
  keptBinlogFiles: Nullable(
    Type.Number(),
    'expire-logs-nums: a slave without a link that lies further behind needs a full sync. null = not known.',
  ),
  slaves: Type.Array(GuardedSlave),
  suspected: Type.Array(Suspected),
  findings: Type.Array(GuardFinding, { description: 'What is wrong now, the oldest first.' }),
});
export type StoredGuardMaster = Of<typeof StoredGuardMaster>;

const GuardCounts = Type.Object({
  masters: Type.Integer(),
  slaves: Type.Integer(),
  errors: Type.Integer({ description: 'Findings of level error.' }),
  warnings: Type.Integer({ description: 'Findings of level warning.' }),
});
export type GuardCounts = Of<typeof GuardCounts>;

/** When a guard has its masters audited, and how. */
const GuardAudits = Type.Object({
  cron: Type.String({ description: 'Minute, hour, day of month, month, day of week.' }),
  timeZone: Type.String({ description: 'Name of a time zone, as Europe/Berlin.' }),
  spec: ComparisonSpec,
  maxRunning: Type.Integer(),
  maxRunningPerHost: Type.Integer(),
  nextAt: NullableTime('When the next audit begins; null = never again.'),
  last: Nullable(Type.String(), 'Id of the last audit; null = none yet.'),
  begins: Type.Boolean({ description: 'Whether the last audit may not be stored yet.' }),
});
export type GuardAudits = Of<typeof GuardAudits>;

/** The document of a guard, as it is stored. */
export const StoredGuardDoc = Type.Object({
  id: Type.String(),
  label: Nullable(Type.String()),
  state: Type.Enum(guardStates),
  requestedBy: Type.String(),
  createdAt: Time('When it was asked for.'),
  endedAt: NullableTime('When it ended.'),
  everyMs: Type.Integer({ description: 'Time between two looks at a master and its slaves.' }),
  slaves: Type.Array(NodeTarget, {
    description: 'How the service reaches slaves where the listed address does not lead to them.',
  }),
  audits: Nullable(GuardAudits, 'null = it starts none.'),
  counts: GuardCounts,
  end: Nullable(
    Type.Object({ reason: Type.String(), by: Type.String(), at: Time('When it was asked for.') }),
    'Who ended it.',
  ),
});
export type StoredGuardDoc = Of<typeof StoredGuardDoc>;

const GuardMaster = Type.Object({
  ...StoredGuardMaster.properties,
  findings: Type.Array(
    Type.Object({
      ...GuardFinding.properties,
      nextStep: Nullable(Type.String(), 'What to do next; null = nothing.'),
    }),
  ),
});

export const Guard = Type.Object({
  ...StoredGuardDoc.properties,
  masters: Type.Array(GuardMaster),
});
export type Guard = Of<typeof Guard>;
