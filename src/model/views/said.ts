/** Why something waits or is in its state. The text is made of code and facts, in the reader's language. */
import Type from 'typebox';
import { Facts, type Of } from './schema.ts';

export const Said = Type.Object({
  code: Type.String({ description: 'Stable, for programs.' }),
  facts: Facts,
  text: Type.String({ description: 'The same in words, in the language of `Accept-Language`.' }),
});
export type Said = Of<typeof Said>;
