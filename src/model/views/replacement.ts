/** A replacement: slaves of one master that go, some of them for new ones. */
import Type from 'typebox';
import { expansionStates, pairPhases, replacementStates } from '../states.ts';
import { Problem } from './problem.ts';
import { Said } from './said.ts';
import { Nullable, NullableTime, type Of, Time } from './schema.ts';
import { NodeTarget } from './targets.ts';

const ReplacementSettings = Type.Object({
  keepVerified: Type.Integer({ description: 'Proven slaves that the master has at any time.' }),
  batchSize: Type.Integer({ description: 'Slaves that are taken out at a time.' }),
  drainTimeoutMs: Type.Integer({
    description: 'A slave that still has clients after this time is detached.',
  }),
  paceMs: Type.Integer({ description: 'Time between the end of one slave and the beginning of the next.' }),
  notReaders: Type.Array(Type.String(), {
    description: 'IP addresses whose connections are no readers, such as those of a monitor.',
  }),
});

/** The command that detaches a slave: stored before it is sent. */
const DetachIntent = Type.Object({
  id: Type.String(),
  savedAt: Time('When it was stored, before the act.'),
  epoch: Type.Integer({ description: 'Epoch of the lease under which it was stored.' }),
  outcome: Nullable(
    Type.Enum(['ok', 'refused', 'unknown']),
    'null = it is not known whether the act happened.',
  ),
  reply: Nullable(Type.String(), 'What the node replied.'),
});

const Pair = Type.Object({
  index: Type.Integer({ description: 'Its place in the replacement, from 0.' }),
  old: NodeTarget,
  new: Nullable(Type.String(), 'Name of the node that takes its place; null = none does.'),
  withSlaves: Type.Boolean({ description: 'Whether it may have slaves of its own; they follow it.' }),
  phase: Type.Enum(pairPhases),
  phaseSince: Time('When the phase was entered.'),
  reason: Nullable(Said, 'What it waits for, or why it ended so.'),
  needsPerson: Type.Boolean({ description: 'Whether a person has to see to it.' }),
  readers: Nullable(Type.Integer(), 'Clients that it had at the last look; null = not known.'),
  quietLooks: Type.Integer({ description: 'Looks in a row at which it had no client.' }),
  silentSince: NullableTime('Since when it gives no answer; null = it does.'),
  intent: Nullable(DetachIntent, 'null = nothing was sent to it.'),
});
export type Pair = Of<typeof Pair>;

/** The expansion that adds the new nodes. */
const NewNodes = Type.Object({
  state: Type.Enum(['waiting', 'starting', 'running', 'over'], {
    description:
      '`starting`: its admission was decided on and stored; whether it has happened, the expansions tell.',
  }),
  request: Type.Unknown({ description: 'Its request, to be admitted like any other.' }),
  expansionId: Nullable(Type.String(), 'null = it has not begun.'),
  expansionState: Nullable(Type.Enum(expansionStates)),
  failedTries: Type.Integer({ description: 'Admissions that came to nothing for a reason that may pass.' }),
  notBefore: NullableTime('When its admission may be tried again; null = at once.'),
  problem: Nullable(Problem),
});

const ByPerson = Type.Object({
  reason: Type.String(),
  by: Type.String(),
  at: Time('When it was asked for.'),
});

/** The document of a replacement, as it is stored. */
export const StoredReplacement = Type.Object({
  id: Type.String(),
  label: Nullable(Type.String()),
  state: Type.Enum(replacementStates),
  stateSince: Time('When the state was entered.'),
  stateReason: Nullable(Said, 'Why it is in this state.'),
  requestedBy: Type.String(),
  via: Type.Enum(['rest', 'queue', 'cli']),
  reason: Type.String({ description: 'Why it was asked for.' }),
  createdAt: Time('When it was asked for.'),
  endedAt: NullableTime('When it ended.'),
  master: NodeTarget,
  settings: ReplacementSettings,
  slaves: Type.Array(NodeTarget, {
    description: 'How the service reaches slaves where the listed address does not lead to them.',
  }),
  newNodes: Nullable(NewNodes, 'null = no node is added.'),
  pairs: Type.Array(Pair),
  lastDoneAt: NullableTime('When a slave was last taken out; null = none was yet.'),
  fourEyes: Type.Boolean({
    description:
      'Whether another person than the requester must approve before slaves go without a new node.',
  }),
  approval: Nullable(ByPerson, 'Who approved that slaves go; null = nobody has.'),
  cancel: Nullable(ByPerson, 'Who ended it before its time.'),
});
export type StoredReplacement = Of<typeof StoredReplacement>;

export const Replacement = Type.Object({
  ...StoredReplacement.properties,
  pairs: Type.Array(
    Type.Object({
      ...Pair.properties,
      nextStep: Nullable(Type.String(), 'What to do next; null = nothing.'),
    }),
  ),
});
export type Replacement = Of<typeof Replacement>;
