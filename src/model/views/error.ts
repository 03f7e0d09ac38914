import Type from 'typebox';
import { Finding } from './finding.ts';
import type { Of } from './schema.ts';

/** The one shape of every error. */
export const ErrorAnswer = Type.Object(
  {
    error: Type.Object({
      code: Type.String({ description: 'Stable, for programs.' }),
      message: Type.String({ description: 'What happened, in plain words.' }),
      field: Type.Optional(
        Type.String({ description: 'The place in the request that is wrong, as `nodes[3].address`.' }),
      ),
      findings: Type.Optional(Type.Array(Finding, { description: 'Every finding of preflight.' })),
      next_steps: Type.Array(Type.String(), { description: 'What can be done next.' }),
      help: Type.Optional(
        Type.String({ description: 'Where the runbook says more, below the address of the service.' }),
      ),
      requestId: Type.String({ description: 'Also in the header X-Request-Id and in the log.' }),
    }),
  },
  { description: 'An error.' },
);
export type ErrorAnswer = Of<typeof ErrorAnswer>;

/** What a reader counts on in an error: a service of another release may leave out the rest. */
export type ErrorBody = Pick<ErrorAnswer['error'], 'code' | 'message'> & Partial<ErrorAnswer['error']>;
