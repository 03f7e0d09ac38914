/** The service itself: who is signed in, whether it is stopped or ready, and what it knows in general. */
import Type from 'typebox';
import { actions, roles } from '../access.ts';
import { faultEffects } from '../knowledge.ts';
import { readinessCodes } from '../readiness.ts';
import { Severity } from './finding.ts';
import { Nullable, NullableTime, type Of, Time } from './schema.ts';

export const Session = Type.Object({
  name: Nullable(Type.String(), 'Name of the token; null = not signed in.'),
  role: Nullable(Type.Enum([...roles])),
  may: Type.Array(Type.Enum([...actions]), { description: 'What the caller may do.' }),
  authRequired: Type.Boolean({
    description: 'false = no token is configured, and everybody may do everything.',
  }),
  provider: Nullable(
    Type.String(),
    'What the identity provider is called with which people can sign in; null = there is none.',
  ),
});
export type Session = Of<typeof Session>;

/** A browser that is signed in. */
export const OpenSession = Type.Object({
  id: Type.String(),
  name: Type.String({ description: 'Name of the token or of the person.' }),
  by: Type.Enum(['token', 'person'], {
    description: 'By what it signed in; `person`: with the identity provider.',
  }),
  groups: Type.Array(Type.String(), { description: 'Of a person: the groups that have a role here.' }),
  address: Type.String({ description: 'From where it signed in.' }),
  createdAt: Time('When it signed in.'),
  until: Time('When it ends at the latest.'),
});
export type OpenSession = Of<typeof OpenSession>;

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
      code: Type.Enum([...readinessCodes]),
      text: Type.String({ description: 'What is wrong, in plain words; details are in the log.' }),
    }),
  ),
});

export type Readiness = Of<typeof Readiness>;

/** Who works on what was accepted. */
export const Workers = Type.Object({
  version: Type.String({ description: 'Of the process that answers.' }),
  count: Nullable(
    Type.Integer(),
    'Processes that take work from the queue now; null = the queue does not answer.',
  ),
  due: Type.Array(Type.String(), {
    description:
      'Ids of expansions that are due for a look and that no worker holds, at most 200. Each is here for a moment only, where workers are well and have time.',
  }),
  unattended: Type.Array(Type.String(), {
    description:
      'Those of them that a worker should hold: their worker has died, or no worker holds any expansion. At most 200.',
  }),
  atWork: Type.Integer({
    description: 'Expansions that workers hold now. More begin only while these get their looks in time.',
  }),
});
export type Workers = Of<typeof Workers>;

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

const Range = Type.Array(Type.String(), { minItems: 2, maxItems: 2 });

export const KnowledgeView = Type.Object({
  releases: Type.Array(
    Type.Object({
      versions: Range,
      maxConcurrentFullSyncs: Type.Integer(),
      opensSupersededCopy: Type.Boolean({
        description: 'Whether a slave opens what it has when its dump is replaced: keys are missing then.',
      }),
      reusesDump: Type.Boolean(),
      upgrade: Nullable(Type.String(), 'What the service advises.'),
      reasons: Type.Record(Type.String(), Type.String()),
    }),
  ),
  builds: Type.Record(Type.String(), Type.String(), {
    description: 'Beginning of pika_git_sha -> release.',
  }),
  pairs: Type.Array(
    Type.Object({
      slave: Range,
      master: Range,
      verdict: Type.Enum(['fits', 'flawed', 'refused']),
      text: Nullable(Type.String()),
    }),
  ),
  faults: Type.Array(
    Type.Object({
      code: Type.String(),
      versions: Type.Array(Range),
      severity: Type.Enum(['warning', 'info']),
      effect: Type.Enum([...faultEffects]),
      commands: Type.Array(Type.String()),
      text: Type.String(),
      shows: Type.String(),
      instead: Type.String(),
      source: Type.String(),
    }),
  ),
});
export type KnowledgeView = Of<typeof KnowledgeView>;
