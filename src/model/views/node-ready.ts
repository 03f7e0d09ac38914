/** Whether a node can be given to readers. */
import Type from 'typebox';
import { Said } from './said.ts';
import { Nullable, type Of, Time } from './schema.ts';

export const NodeReady = Type.Object({
  node: Type.String(),
  ready: Type.Boolean({ description: 'Whether it is proven, and nothing has spoken against it since.' }),
  master: Nullable(Type.String(), 'Whose slave it was proven to be; null = it was never proven.'),
  proof: Nullable(
    Type.Object({
      at: Time('When it was proven.'),
      by: Type.String({ description: 'Id of the expansion or audit that proved it.' }),
    }),
    'Its last proof; null = there is none.',
  ),
  reason: Nullable(Said, 'Why it is not ready; null = it is.'),
});
export type NodeReady = Of<typeof NodeReady>;
