/** Tokens that are made while the service runs. */
import Type from 'typebox';
import { actions, roles } from '../access.ts';
import { Nullable, NullableTime, type Of, Time } from './schema.ts';

const Rules = (whose: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 300 }), {
    minItems: 1,
    maxItems: 100,
    description: `${whose}: host names, \`*.pika.example\`, IP addresses, \`10.0.0.0/8\`, each with \`:port\` if you like.`,
  });

/** What a token is bound to. */
const ScopeView = Type.Object(
  {
    masters: Type.Optional(Rules('Masters that it may act on')),
    nodes: Type.Optional(Rules('Nodes that it may act on; of an agent: the servers that it may speak for')),
    actions: Type.Optional(
      Type.Array(Type.Enum([...actions]), {
        minItems: 1,
        maxItems: actions.length,
        description: 'Of the actions of its role; `read` stays with a role that has it.',
      }),
    ),
  },
  {
    additionalProperties: false,
    description: 'If only one list of addresses is given, it counts for masters and nodes.',
  },
);

export const TokenView = Type.Object({
  id: Type.String(),
  name: Type.String({ description: 'The name of the requester in events and logs.' }),
  role: Type.Enum([...roles]),
  scope: ScopeView,
  state: Type.Enum(['living', 'expired', 'revoked']),
  createdAt: Time('When it was made.'),
  createdBy: Type.String(),
  rotatedAt: NullableTime('When it last got another text.'),
  rotatedBy: Nullable(Type.String()),
  oldUntil: NullableTime('Until when the text before that counts; null = it does not.'),
  expiresAt: NullableTime('When it ends; null = not by itself.'),
  revokedAt: NullableTime('When it was revoked.'),
  revokedBy: Nullable(Type.String()),
  revokeReason: Nullable(Type.String()),
});
export type TokenView = Of<typeof TokenView>;

export const NewToken = Type.Object({
  ...TokenView.properties,
  token: Type.String({ description: 'Its text; shown this once.' }),
});
export type NewToken = Of<typeof NewToken>;

const day = 86_400_000;

export const TokenRequest = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 63,
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$',
      description: 'The name of the requester in events and logs; two persons have two names.',
      examples: ['ann'],
    }),
    role: Type.Enum([...roles]),
    scope: Type.Optional(ScopeView),
    expiresInMs: Type.Optional(
      Type.Integer({
        minimum: 60_000,
        maximum: 3650 * day,
        description: 'Left out = it does not end by itself.',
        examples: [90 * day],
      }),
    ),
  },
  { additionalProperties: false },
);
export type TokenRequest = Of<typeof TokenRequest>;
