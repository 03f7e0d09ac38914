import Type from 'typebox';
import { Facts, type Of, Time } from './schema.ts';

export const Problem = Type.Object({
  code: Type.String(),
  /** From which text and next steps are made again for another reader; absent = an earlier release has stored it. */
  facts: Type.Optional(Facts),
  text: Type.String(),
  nextSteps: Type.Array(Type.String()),
  at: Time('When it was found.'),
});
export type Problem = Of<typeof Problem>;
