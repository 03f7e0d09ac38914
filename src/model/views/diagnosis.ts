/** Why a node is in trouble. */
import Type from 'typebox';
import { anomalyCodes } from '../anomaly-table.ts';
import { Facts, type Of, Time } from './schema.ts';

const Sign = Type.Object({ code: Type.String(), facts: Facts, text: Type.String() });

/** A cause, and what is known of it. */
const Cause = Type.Object({
  code: Type.String(),
  facts: Facts,
  text: Type.String(),
  speaksFor: Type.Array(Sign),
  speaksAgainst: Type.Array(Sign),
  wouldTell: Type.String({ description: 'What would tell whether it is this cause.' }),
  copyHelps: Type.Enum(['yes', 'once', 'no'], {
    description:
      'Whether another copy can help. `once`: perhaps, if the cause has gone meanwhile; found again, a person is asked.',
  }),
});

const Remedy = Type.Union([
  Type.Object({
    kind: Type.Enum(['wait']),
    until: Time('The node helps itself; something else is done after this.'),
  }),
  Type.Object({
    kind: Type.Enum(['reattach', 'ask_for_dump'], {
      description:
        '`ask_for_dump`: the master makes a new dump (BGSAVE, where the policy permits it), then the node is attached anew.',
    }),
  }),
  Type.Object({ kind: Type.Enum(['person']), steps: Type.Array(Type.String()) }),
]);

export const Diagnosis = Type.Object(
  {
    at: Time('When it was made.'),
    attempt: Type.Integer(),
    symptom: Type.Enum(anomalyCodes),
    causes: Type.Array(Cause, { description: 'The likeliest first; empty = nothing is known of the cause.' }),
    remedy: Remedy,
  },
  {
    description:
      'The causes that could explain an anomaly, what speaks for and against each, and what is done.',
  },
);
export type Diagnosis = Of<typeof Diagnosis>;
