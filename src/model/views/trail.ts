/** The trail: who asked the service for what, and what came of it. */
import Type from 'typebox';
import { Nullable, type Of, PageOf, Time } from './schema.ts';

/** What an act came through. */
const trailWays = ['rest', 'cli', 'dashboard', 'queue', 'service'] as const;

export const TrailEntry = Type.Object({
  v: Type.Integer({ description: 'Version of the shape.' }),
  seq: Type.Integer({ description: 'Its number: 1, 2, 3 and so on, without a gap.' }),
  at: Time('When it was done.'),
  act: Type.String({
    description:
      'What was asked for: method and route (`POST /v1/freeze`), `job`, `start`, or `entries_lost` where entries could not be kept.',
    examples: ['POST /v1/freeze'],
  }),
  object: Nullable(Type.String(), 'The id of what it concerns.'),
  who: Type.Object({
    name: Nullable(Type.String(), 'Name of the token; null = nobody was signed in.'),
    role: Nullable(Type.String()),
  }),
  by: Type.Object({
    kind: Type.Enum(['token', 'session', 'person', 'signature', 'none', 'service'], {
      description: 'What proved who it is; `person`: the identity provider.',
    }),
    id: Nullable(Type.String(), 'Of a session or a stored token; never the secret itself.'),
  }),
  from: Type.Object({
    address: Nullable(Type.String()),
    client: Nullable(Type.String(), 'What the client calls itself, cut.'),
    via: Type.Enum(trailWays),
    requestId: Nullable(Type.String()),
  }),
  outcome: Type.Object({
    status: Nullable(Type.Integer(), 'HTTP status of the answer.'),
    code: Nullable(Type.String(), 'Code of the refusal; null = it was done.'),
  }),
  asked: Type.Unknown({ description: 'The request, without secrets, cut where it is long.' }),
  before: Type.Unknown({ description: 'What stood before, where a stored thing changed.' }),
  after: Type.Unknown({ description: 'What stands since.' }),
  times: Type.Integer({ description: 'How many such requests the entry stands for.' }),
  hash: Type.String({ description: 'SHA-256 over the hash before it and the canonical JSON of the rest.' }),
});
export type TrailEntry = Of<typeof TrailEntry>;

/** As it is given to be written: the store numbers and links it. */
export type NewTrailEntry = Omit<TrailEntry, 'v' | 'seq' | 'hash'>;

export const TrailHead = Type.Object({
  format: Type.String(),
  seq: Type.Integer({ description: 'Number of the newest entry; 0 = there is none.' }),
  hash: Type.String({ description: 'Hash of the newest entry.' }),
  at: Time('When the head was signed.'),
  signature: Type.Object({
    algorithm: Type.Literal('ed25519'),
    keyId: Type.String(),
    publicKey: Type.String({ description: 'SPKI, DER, base64.' }),
    value: Type.String(),
  }),
});
export type TrailHead = Of<typeof TrailHead>;

export const TrailPage = PageOf(TrailEntry);
