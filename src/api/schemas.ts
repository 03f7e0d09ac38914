import Type from 'typebox';
import { patterns } from '../model/invalid-fields.ts';
import { ErrorAnswer } from '../model/views/error.ts';

export const strict = { additionalProperties: false } as const;

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
    all.map((status) => [status, { ...ErrorAnswer, description: meanings[status] ?? 'An error.' }]),
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

export const CancelBody = Type.Object(
  {
    ...ReasonBody.properties,
    cancelMembers: Type.Optional(
      Type.Boolean({
        description:
          'Cancel the expansions of running members as well; nodes that are not verified are detached. Default: false.',
      }),
    ),
  },
  { ...strict },
);
