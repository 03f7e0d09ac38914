/** A hold: a master is kept free of further full syncs for a while, so that a backup may make its dump. */
import Type from 'typebox';
import { holdStates, joinPhases } from '../states.ts';
import { Said } from './said.ts';
import { Nullable, NullableTime, type Of, Time } from './schema.ts';
import { NodeTarget } from './targets.ts';

/** The document of a hold, as it is stored. */
export const StoredHoldDoc = Type.Object({
  id: Type.String(),
  master: NodeTarget,
  reason: Type.String(),
  requestedBy: Type.String(),
  createdAt: Time('When it was asked for.'),
  safeSince: NullableTime('Since when a dump is safe; null = it is not.'),
  waitingFor: Nullable(Said, 'Why a dump is not safe; null = it is, or the hold is over.'),
  endedAt: NullableTime('When it was over.'),
  end: Nullable(
    Type.Object({ by: Type.String(), reason: Type.String() }),
    'Who ended it; null = nobody: it is active, or its time is over.',
  ),
});
export type StoredHoldDoc = Of<typeof StoredHoldDoc>;

/** A node that an expansion of this service has in full sync. */
export const RunningSync = Type.Object({
  expansionId: Type.String(),
  node: Type.String(),
  phase: Type.Enum(joinPhases),
  since: Time('When its attempt began.'),
  expectedEndsAt: NullableTime('When its present phase should end; null = not known.'),
});
export type RunningSync = Of<typeof RunningSync>;

export const Hold = Type.Object({
  ...StoredHoldDoc.properties,
  state: Type.Enum(holdStates),
  until: Time('When it is over by itself.'),
  safe: Type.Boolean({ description: 'Whether the holder may make a dump of the master now.' }),
  fullSyncs: Type.Array(RunningSync, {
    description: 'Full syncs of this service that go on at the master, as of this answer.',
  }),
});
export type Hold = Of<typeof Hold>;
