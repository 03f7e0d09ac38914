/** What a rehearsal tells. */
import Type from 'typebox';
import { expansionStates } from '../states.ts';
import { Phase } from './expansion.ts';
import { Plan } from './plan.ts';
import { Said } from './said.ts';
import { Nullable, type Of } from './schema.ts';

const PlayedNode = Type.Object({
  node: Type.String(),
  batch: Nullable(Type.Integer()),
  phase: Phase,
  attempts: Type.Integer(),
  phases: Type.Array(Type.Object({ phase: Phase, atSeconds: Type.Number() }), {
    description: 'Seconds after the start; the last one ends with the run.',
  }),
  anomalies: Type.Array(Type.String()),
  lostKeys: Type.Integer({
    description: 'The truth of the model: keys of the master that the node will never have.',
  }),
});
export type PlayedNode = Of<typeof PlayedNode>;

const PlayedRun = Type.Object({
  state: Type.Enum([...expansionStates, 'unfinished'], {
    description: 'State at the end; `unfinished`: it took far too long.',
  }),
  stateReason: Nullable(Said),
  seconds: Type.Number(),
  dumps: Type.Integer({ description: 'Dumps that the master made.' }),
  nodes: Type.Array(PlayedNode),
});
export type PlayedRun = Of<typeof PlayedRun>;

const FaultRun = Type.Object({
  fault: Type.Enum(['node_dies', 'nightly_bgsave', 'master_restarts']),
  text: Type.String(),
  ...PlayedRun.properties,
});
export type FaultRun = Of<typeof FaultRun>;
export type FaultName = FaultRun['fault'];

const BurstNode = Type.Object({
  node: Type.String(),
  says: Type.Enum(['up', 'syncing', 'dead'], {
    description: 'What INFO replication says at the end.',
  }),
  upAtSeconds: Nullable(
    Type.Number(),
    'Seconds after the start at which it first said `master_link_status:up`; null = never.',
  ),
  lostKeys: Type.Integer(),
  lostShare: Type.Number({ description: "Share of the master's keys that it will never have, 0 to 1." }),
});
export type BurstNode = Of<typeof BurstNode>;

const BurstRun = Type.Object(
  {
    gapSeconds: Type.Number(),
    seconds: Type.Number(),
    dumps: Type.Integer(),
    nodes: Type.Array(BurstNode),
  },
  { description: 'The same nodes, all attached in quick succession without this service.' },
);
export type BurstRun = Of<typeof BurstRun>;

const Played = Type.Object({
  planId: Type.String(),
  version: Type.String(),
  assumptions: Type.Array(Type.String(), { description: 'What was played, and what was not.' }),
  predicted: PlayedRun,
  faults: Type.Array(FaultRun),
  burst: BurstRun,
  tookMs: Type.Integer({ description: 'Real time that the rehearsal took.' }),
});
/** A rehearsal without its plan. */
export type Played = Of<typeof Played>;

export const Rehearsal = Type.Object({ plan: Plan, ...Played.properties });
export type Rehearsal = Of<typeof Rehearsal>;
