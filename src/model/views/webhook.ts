import Type from 'typebox';
import { hookSteps } from '../hook-steps.ts';
import { Nullable, NullableTime, type Of, Time } from './schema.ts';

export const WebhookKind = Type.Enum(['notify', 'veto', 'trail'], {
  description:
    '`notify` is told of events; `veto` is asked at `steps`, and holds each until it answers 2xx; `trail` is told of each entry of the trail.',
});
export type WebhookKind = Of<typeof WebhookKind>;

/** A webhook as it is shown: without its secret. */
export const WebhookView = Type.Object({
  id: Type.String(),
  kind: WebhookKind,
  url: Type.String({ description: 'Without what its query holds.' }),
  types: Type.Array(Type.String(), {
    description: 'Event types to be told of; empty = all. Others than `notify` have none.',
  }),
  steps: Type.Array(Type.Enum(hookSteps), { description: 'What a veto is asked about. Of others empty.' }),
  answerWithinMs: Nullable(
    Type.Integer(),
    'How long a veto that answered 202 may take until it is asked again; null = it is no veto.',
  ),
  createdBy: Type.String(),
  createdAt: Time('When it was made.'),
});
export type WebhookView = Of<typeof WebhookView>;

export const NewWebhook = Type.Object({
  ...WebhookView.properties,
  secret: Type.String({ description: 'Key of the signatures. Shown this once, never again.' }),
});

export const Delivery = Type.Object({
  id: Type.String(),
  type: Type.String(),
  eventSeq: Nullable(Type.Integer(), 'The event or entry told of; null = the question of a veto.'),
  payload: Type.Unknown({ description: 'The body as it was sent; of a `trail` null for viewers.' }),
  state: Type.Enum(['pending', 'delivered', 'failed']),
  attempts: Type.Integer(),
  createdAt: Time('When it was made.'),
  nextAttemptAt: NullableTime('When it is tried next; null once it is delivered or given up.'),
  endedAt: NullableTime('When it was delivered or given up.'),
  lastStatus: Nullable(Type.Integer(), 'HTTP status of the last answer.'),
  lastError: Nullable(Type.String()),
  lastTookMs: Nullable(Type.Number()),
});
export type DeliveryView = Of<typeof Delivery>;

/** A question to a veto that it did not answer at once, or its answer. */
export const HookQuestionView = Type.Object({
  id: Type.String(),
  webhookId: Type.String(),
  state: Type.Enum(['waiting', 'yes', 'no']),
  payload: Type.Unknown({ description: 'The body as it was sent.' }),
  askedAt: Time('When it was asked last.'),
  times: Type.Integer({ description: 'How often it was asked.' }),
  until: NullableTime('Until when its answer is waited for; then it is asked again.'),
  answeredAt: NullableTime('When it was answered.'),
  answeredBy: Nullable(Type.String(), 'Who answered; null = nobody has.'),
  reason: Nullable(Type.String(), 'What was said with the answer. For operators.'),
});
export type HookQuestionView = Of<typeof HookQuestionView>;
