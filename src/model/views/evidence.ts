/** The rules of "verified" (docs/verified.md), what was found of each, and what went wrong on the way. */
import Type from 'typebox';
import { anomalyCodes, remedies } from '../anomaly-table.ts';
import { ruleNames } from '../rule-table.ts';
import { BinlogOffsets } from './observation.ts';
import { Facts, Nullable, NullableTime, type Of, Time } from './schema.ts';

/** One rule of "verified", whether it holds, and the facts that show it. */
const EvidenceRule = Type.Object({
  rule: Type.Enum(ruleNames),
  /** Made for whoever reads; not stored. */
  label: Type.Optional(Type.String({ description: 'What was measured.' })),
  holds: Nullable(Type.Boolean(), 'null = not judged (yet).'),
  leftOut: Type.Optional(
    Type.Literal(true, {
      description:
        'Nothing is there to judge it by (the version does not tell, no agent reports), and the other rules are enough without it.',
    }),
  ),
  statement: Type.Optional(Type.String({ description: 'Which of its findings it is. Stable.' })),
  text: Type.String({ description: 'One plain sentence.' }),
  facts: Facts,
  at: Time('When these facts were seen.'),
});
export type EvidenceRule = Of<typeof EvidenceRule>;

export const Evidence = Type.Object({
  verdict: Type.Enum(['verified', 'not_verified', 'undecided']),
  at: Time('When it was judged.'),
  attempt: Type.Integer(),
  rules: Type.Array(EvidenceRule),
});
export type Evidence = Of<typeof Evidence>;

/** What the catch-up and stability rules rest on; kept by the attempt. */
export const CatchUp = Type.Object({
  /** The master's offsets at one moment after the node came up, and that moment. */
  target: BinlogOffsets,
  targetAt: Time('When the master was asked for its offsets.'),
  passedAt: NullableTime(
    "When the node's own offsets were first seen at or past the target; null = not yet.",
  ),
  passedOffsets: Nullable(BinlogOffsets),
  stableLooks: Type.Integer({ description: 'Looks in a row that held after the data agreed.' }),
  stableSince: NullableTime('Since when they hold.'),
  /** The node's offsets at the last look, and when they last moved. */
  ownOffsets: BinlogOffsets,
  movedAt: Time('When they last moved.'),
});
export type CatchUp = Of<typeof CatchUp>;

export const AnomalyRecord = Type.Object({
  code: Type.Enum(anomalyCodes),
  at: Time('When it was seen.'),
  attempt: Type.Integer(),
  text: Type.String({ description: 'What was seen, with its numbers.' }),
  facts: Facts,
  remedy: Type.Enum(remedies),
});
export type AnomalyRecord = Of<typeof AnomalyRecord>;
