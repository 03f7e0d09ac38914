import Type from 'typebox';
import { Facts, Nullable, type Of } from './schema.ts';

export const Severity = Type.Enum(['error', 'warning', 'info']);
export type Severity = Of<typeof Severity>;

/** One result of preflight. */
export const Finding = Type.Object({
  code: Type.String({ description: 'Stable; GET /v1/findings lists all.' }),
  severity: Severity,
  node: Nullable(
    Type.String(),
    'The node it is about, as the request named it; null = the master or the request as a whole.',
  ),
  text: Type.String({ description: 'What was found, with its numbers.' }),
  nextStep: Type.String({ description: 'What the operator can do next.' }),
  facts: Type.Optional(Facts),
});
export type Finding = Of<typeof Finding>;
