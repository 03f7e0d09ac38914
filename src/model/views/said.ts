/** Why something waits or is in its state. The text is made of code and facts, in the reader's language. */
import Type from 'typebox';
import type { Of } from './schema.ts';

export const Said = Type.Object({
  code: Type.String({ description: 'Stable, for programs.' }),
  facts: Type.Record(Type.String(), Type.Unknown()),
  text: Type.String({ description: 'The same in words, in the language of `Accept-Language`.' }),
});
export type Said = Of<typeof Said>;
