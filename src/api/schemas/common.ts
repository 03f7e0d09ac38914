import Type, { type TSchema } from 'typebox';
import { patterns } from '../../model/invalid-fields.ts';

export const strict = { additionalProperties: false } as const;

/** Milliseconds since the epoch. */
export const Time = (description: string) =>
  Type.Number({ description: `${description} Milliseconds since the epoch.` });

export const Nullable = <T extends TSchema>(schema: T, description?: string) =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description });

export const NullableTime = (description: string) => Nullable(Time(description));

export const PageOf = <T extends TSchema>(item: T) =>
  Type.Object({
    items: Type.Array(item),
    nextCursor: Nullable(
      Type.String(),
      'Pass it as `cursor` for the next page; null = this was the last one.',
    ),
  });

export const Finding = Type.Object({
  code: Type.String({ description: 'Stable.' }),
  severity: Type.Enum(['error', 'warning', 'info']),
  node: Nullable(Type.String(), 'The node it is about; null = the master or the request as a whole.'),
  text: Type.String(),
  nextStep: Type.String(),
  facts: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});

export const Problem = Type.Object({
  code: Type.String(),
  text: Type.String(),
  nextSteps: Type.Array(Type.String()),
  at: Time('When it was found.'),
});

/** The one shape of every error. */
const ErrorResponse = Type.Object(
  {
    error: Type.Object({
      code: Type.String({ description: 'Stable, for programs.' }),
      message: Type.String({ description: 'What happened, in plain words.' }),
      field: Type.Optional(
        Type.String({ description: 'The place in the request that is wrong, as `nodes[3].address`.' }),
      ),
      findings: Type.Optional(Type.Array(Finding, { description: 'Every finding of preflight.' })),
      next_steps: Type.Array(Type.String(), { description: 'What can be done next.' }),
      requestId: Type.String({ description: 'Also in the header X-Request-Id and in the log.' }),
    }),
  },
  { description: 'An error.' },
);

const meanings: Readonly<Record<number, string>> = {
  400: 'The request is malformed; `field` names the place.',
  401: 'No valid token or session.',
  403: 'The token may not do this, or the request comes from a foreign page.',
  404: 'There is no such thing.',
  409: 'It does not fit the present state.',
  413: 'The body is too large.',
  415: 'The body is not JSON.',
  422: 'Preflight refuses it; `findings` holds every finding.',
  429: 'Too many requests.',
  503: 'The database cannot be reached, or the service is overloaded.',
};

/** Response schemas for the errors that a route can answer with, besides those that every route can. */
export function errorResponses<const S extends number>(...statuses: readonly S[]) {
  const all = [...new Set<number>([401, 403, 429, 503, ...statuses])].sort((a, b) => a - b);
  return Object.fromEntries(
    all.map((status) => [status, { ...ErrorResponse, description: meanings[status] ?? 'An error.' }]),
  );
}

export const IdParams = Type.Object({
  id: Type.String({
    minLength: 1,
    maxLength: 80,
    pattern: patterns.id,
    description: 'Id of the expansion.',
  }),
});

export const NodeParams = Type.Object({
  id: IdParams.properties.id,
  node: Type.String({
    minLength: 3,
    maxLength: 320,
    description: 'The node as the request named it: `host:port`.',
  }),
});

export const Limit = (maximum: number, fallback: number) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum, description: `Default ${fallback}.` }));

export const AfterSeq = Type.Optional(
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Only what has a higher seq.' }),
);

/** Why somebody steers: mandatory, and kept with who asked. */
export const ReasonBody = Type.Object(
  {
    reason: Type.String({
      minLength: 1,
      maxLength: 1000,
      pattern: patterns.not_blank,
      description: 'Why; kept in the history with who asked.',
      examples: ['switch maintenance until 04:00'],
    }),
  },
  { ...strict },
);

export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: patterns.visible,
      description:
        'A repeated request under the same key is answered with what the first one started, and starts nothing.',
    }),
  ),
});
