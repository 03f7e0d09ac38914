import type { Said } from '../../src/model/text.ts';

/** A reason of which only the words are known, as earlier releases have stored it. */
export const said = (text: string): Said => ({ code: 'as_written', facts: {}, text });
