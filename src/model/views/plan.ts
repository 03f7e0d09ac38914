/** What an expansion would do, and the servers as they are now. */
import Type from 'typebox';
import { Capabilities } from './capabilities.ts';
import { Finding } from './finding.ts';
import { Forecast } from './forecast.ts';
import { BinlogOffsets, ListedSlave, MasterIdentity, Role } from './observation.ts';
import { Policy } from './policy.ts';
import { Said } from './said.ts';
import { Nullable, type Of, Time } from './schema.ts';
import { JoinTarget, NodeTarget } from './targets.ts';

/** The master and its slaves as the master tells it. */
export const Topology = Type.Object({
  master: Type.Object({
    name: Type.String(),
    version: Type.String(),
    gitSha: Type.Optional(Nullable(Type.String(), 'Of its build; null = it does not tell.')),
    role: Nullable(Role),
    sstBytes: Nullable(
      Type.Number(),
      'Bytes that a full sync would copy now; null = the version does not tell.',
    ),
    binlog: BinlogOffsets,
    replicationId: Nullable(Type.String()),
  }),
  slaves: Type.Array(ListedSlave),
});
export type Topology = Of<typeof Topology>;

/** What an expansion would do, without doing any of it. */
export const Plan = Type.Object({
  id: Type.String(),
  at: Time('When it was made.'),
  master: NodeTarget,
  nodes: Type.Optional(
    Type.Array(JoinTarget, {
      description: 'The nodes to be added; absent = an earlier release made the plan.',
    }),
  ),
  policy: Policy,
  retryOf: Type.Optional(
    Type.String({
      description: 'The expansion that had ended and left these nodes unverified; absent = none.',
    }),
  ),
  capabilities: Nullable(Capabilities, 'null = the master could not be read.'),
  findings: Type.Array(Finding),
  acceptable: Type.Boolean({ description: 'Whether no finding is an error.' }),
  batchSize: Type.Integer(),
  batchSizeReason: Said,
  ports: Type.Optional(
    Nullable(
      Said,
      'Which ports of the master were tried, from where, and what that does not prove; null = none.',
    ),
  ),
  batches: Type.Array(Type.Array(Type.String()), { description: 'Names of nodes.' }),
  waitsFor: Nullable(
    Type.String(),
    'Id of the expansion on the same master for whose end this one would wait.',
  ),
  topology: Nullable(Topology, 'null = the master could not be read.'),
  plannedMaster: Type.Optional(
    Nullable(
      MasterIdentity,
      'What the master showed, so that another server in its place is noticed; null = it could not be read.',
    ),
  ),
  forecast: Nullable(Forecast, 'What it will probably cost; null = the master could not be read.'),
});
export type Plan = Of<typeof Plan>;

/** A plan as lists hold it. */
export const PlanSummary = Type.Object({
  id: Type.String(),
  at: Time('When it was made.'),
  master: Type.String({ description: '`host:port` as the request gave it.' }),
  nodes: Type.Array(Type.String(), { description: 'Names of the nodes, in the order of their batches.' }),
  batches: Type.Integer(),
  acceptable: Type.Boolean({ description: 'Whether no finding was an error.' }),
  retryOf: Type.Optional(Type.String({ description: 'The expansion whose rest it takes up.' })),
});
export type PlanSummary = Of<typeof PlanSummary>;
