/** The service itself: who is signed in, whether it is stopped or ready, and what it knows in general. */
import Type from 'typebox';
import { Severity } from './finding.ts';
import { Nullable, NullableTime, type Of } from './schema.ts';

export const Session = Type.Object({
  name: Nullable(Type.String(), 'Name of the token; null = not signed in.'),
  role: Nullable(Type.Enum(['viewer', 'operator'])),
  authRequired: Type.Boolean({
    description: 'false = no token is configured, and everybody is the operator.',
  }),
});
export type Session = Of<typeof Session>;

export const Freeze = Type.Object({
  frozen: Type.Boolean(),
  reason: Nullable(Type.String()),
  by: Nullable(Type.String()),
  since: NullableTime('Since when.'),
});
export type Freeze = Of<typeof Freeze>;

export const Readiness = Type.Object({
  ready: Type.Boolean(),
  checks: Type.Array(
    Type.Object({
      name: Type.String(),
      ok: Type.Boolean(),
      text: Type.String({ description: 'What is wrong, in plain words.' }),
    }),
  ),
});

export const AnomalyDescription = Type.Object({
  code: Type.String(),
  title: Type.String(),
  cause: Type.String(),
  versions: Type.String(),
  recordings: Type.Array(Type.String(), { description: 'Recordings of real servers that show it.' }),
  remedy: Type.String(),
  underWay: Type.Array(Type.String(), { description: 'While the service is at its remedy.' }),
  nextSteps: Type.Array(Type.String(), {
    description: 'What a person can do after the service has given the node up.',
  }),
});

export const FindingDescription = Type.Object({
  code: Type.String(),
  severity: Severity,
  explanation: Type.String(),
});
