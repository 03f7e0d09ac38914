/** An audit: every slave of some masters, and whether it holds what its master holds. */
import Type from 'typebox';
import { auditStateOfServers, auditStates, auditVerdicts } from '../states.ts';
import { ComparisonSpec, Difference } from './comparison.ts';
import { Finding } from './finding.ts';
import { BinlogOffsets, Role } from './observation.ts';
import { Said } from './said.ts';
import { Nullable, NullableTime, type Of, Time } from './schema.ts';
import { NodeTarget } from './targets.ts';

const Verdict = Type.Enum(auditVerdicts, {
  description:
    '`whole`: it holds what its master holds, as far as was looked. `damaged`: it lacks data of its master, or holds others. `doubtful`: something speaks against it. `not_judged`: it could not be looked at.',
});
export type AuditVerdict = Of<typeof Verdict>;

/** A server of an audit, as it is stored. */
export const StoredAuditServer = Type.Object({
  index: Type.Integer({ description: 'Its place in the audit, from 0.' }),
  target: NodeTarget,
  master: Nullable(
    Type.Integer(),
    'Index of its master; null = the audit begins at this server, and does not judge its data.',
  ),
  listedAs: Nullable(
    Type.String(),
    '`host:port` under which its master lists it; null = it is not listed, and was found by an earlier expansion.',
  ),
  state: Type.Enum(auditStateOfServers),
  version: Nullable(Type.String(), 'null = not known.'),
  role: Nullable(Role, 'null = not known.'),
  captured: Nullable(
    Type.Object({ at: Time('When it was captured.'), binlog: BinlogOffsets }),
    "The master's binlog positions, which the slave has to pass before its data are compared.",
  ),
  comparisonId: Nullable(Type.String(), 'The comparison of its data with those of its master.'),
  examples: Type.Array(Difference, { description: 'The first few differences.' }),
  findings: Type.Array(Finding, { description: 'What preflight finds of versions and settings.' }),
  verdict: Nullable(Verdict, 'null = not judged yet, or a server at which the audit begins.'),
  reason: Nullable(Said, 'Why it has its verdict; null = no verdict yet.'),
  judgedAt: NullableTime('When it was judged.'),
  wholeAt: Nullable(
    Type.Object({
      at: Time('When it was proven.'),
      by: Type.String({ description: 'Id of the expansion or audit that proved it.' }),
    }),
    'When the slave was last proven whole: a damage is younger than this. null = never by this service.',
  ),
});
export type StoredAuditServer = Of<typeof StoredAuditServer>;

/** The node of an expansion that makes a damaged slave whole. */
const RepairNode = Type.Object({
  address: Type.String(),
  seenAs: Type.String(),
  credential: Type.Optional(Type.String()),
  repoint: Type.Literal(true),
  overwriteData: Type.Literal(true),
});

/** The request for an expansion that makes the damaged slaves of a master whole. */
const Repair = Type.Object({
  master: Type.Object({
    address: Type.String(),
    seenAs: Type.String(),
    credential: Type.Optional(Type.String()),
  }),
  nodes: Type.Array(RepairNode),
  label: Type.String(),
});
export type Repair = Of<typeof Repair>;

const AuditServer = Type.Object({
  ...StoredAuditServer.properties,
  nextStep: Nullable(Type.String(), 'What to do next; null = nothing.'),
});
export type AuditServer = Of<typeof AuditServer>;

const AuditCounts = Type.Object({
  masters: Type.Integer({ description: 'Servers at which the audit begins.' }),
  mastersNotRead: Type.Integer({ description: 'Of these: could not be asked for their slaves.' }),
  slaves: Type.Integer(),
  open: Type.Integer({ description: 'Slaves and masters that were not looked at to the end yet.' }),
  whole: Type.Integer(),
  damaged: Type.Integer(),
  doubtful: Type.Integer(),
  notJudged: Type.Integer(),
  leftOut: Type.Integer({ description: 'Slaves that were found beyond the bounds of one audit.' }),
});
export type AuditCounts = Of<typeof AuditCounts>;

/** The document of an audit, as it is stored. */
export const StoredAuditDoc = Type.Object({
  id: Type.String(),
  state: Type.Enum(auditStates),
  requestedBy: Type.String(),
  createdAt: Time('When it was asked for.'),
  startedAt: NullableTime('When it began.'),
  endedAt: NullableTime('When it ended.'),
  spec: ComparisonSpec,
  maxRunning: Type.Integer({ description: 'Comparisons at a time.' }),
  maxRunningPerHost: Type.Integer({ description: 'Comparisons at a time in which one host takes part.' }),
  slaves: Type.Array(NodeTarget, {
    description: 'How the service reaches slaves where the listed address does not lead to them.',
  }),
  counts: AuditCounts,
  cancel: Nullable(
    Type.Object({ reason: Type.String(), by: Type.String(), at: Time('When it was asked for.') }),
    'Who ended it before its time.',
  ),
});
export type StoredAuditDoc = Of<typeof StoredAuditDoc>;

export const Audit = Type.Object({
  ...StoredAuditDoc.properties,
  servers: Type.Array(AuditServer, { description: 'Masters and slaves, a master before its slaves.' }),
  repairs: Type.Array(Repair, {
    description: 'Per master with damaged slaves the body of POST /v1/expansions that makes them whole.',
  }),
});
export type Audit = Of<typeof Audit>;
