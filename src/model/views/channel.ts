/** Channels and incidents as they are shown. */
import Type from 'typebox';
import { channelKinds, topics } from '../channel.ts';
import { languages } from '../text.ts';
import { Nullable, NullableTime, type Of, Time } from './schema.ts';

const QuietView = Type.Object({
  from: Type.String({ description: 'HH:MM on the clock of the time zone.' }),
  to: Type.String(),
  timeZone: Type.String(),
  breakThrough: Type.Array(Type.Enum([...topics]), { description: 'What is said all the same.' }),
});

/** A channel as it is shown: without its secret, and of its address only the server. */
export const ChannelView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  kind: Type.Enum([...channelKinds]),
  url: Type.String({ description: 'Only the server: path and query can hold a secret.' }),
  hasSecret: Type.Boolean({
    description: 'Whether messages are signed; of `email` whether there is a password.',
  }),
  topics: Type.Array(Type.Enum([...topics]), { description: 'What it is told of; empty = everything.' }),
  masters: Type.Array(Type.String(), {
    description: 'It is told of incidents of these masters alone; empty = of all.',
  }),
  language: Type.Enum([...languages]),
  repeatMinutes: Nullable(
    Type.Integer(),
    'What nobody acknowledges is said again after this time; null = it is not.',
  ),
  quiet: Nullable(QuietView),
  mail: Nullable(
    Type.Object({
      from: Type.String(),
      to: Type.Array(Type.String()),
      user: Nullable(Type.String(), 'The login; null = none.'),
    }),
    'Of the kind email.',
  ),
  createdBy: Type.String(),
  createdAt: Time('When it was made.'),
  last: Nullable(
    Type.Object({
      state: Type.Enum(['pending', 'delivered', 'failed']),
      attempts: Type.Integer(),
      createdAt: Time('When the message was made.'),
      endedAt: NullableTime('When it was delivered or given up.'),
      error: Nullable(Type.String(), 'Why the last attempt failed.'),
    }),
    'Its last message; null = there was none.',
  ),
});
export type ChannelView = Of<typeof ChannelView>;

export const NewChannel = Type.Object({
  ...ChannelView.properties,
  secret: Nullable(
    Type.String(),
    'Key of the signatures, where the service has made it. Shown this once, never again.',
  ),
});
export type NewChannel = Of<typeof NewChannel>;

export const ChannelTest = Type.Object({
  delivered: Type.Boolean(),
  error: Nullable(Type.String(), 'Why it was not delivered.'),
});
export type ChannelTest = Of<typeof ChannelTest>;

export const IncidentView = Type.Object({
  id: Type.String(),
  title: Type.String({ description: 'What it is about.' }),
  expansionId: Nullable(Type.String(), 'null = it is about something else.'),
  campaignId: Type.Optional(Type.String()),
  auditId: Type.Optional(Type.String()),
  guardId: Type.Optional(Type.String()),
  replacementId: Type.Optional(Type.String()),
  label: Nullable(Type.String()),
  openedAt: Time('When it began.'),
  changedAt: Time('When a problem came or went last.'),
  endedAt: NullableTime('When it was over; null = it is open.'),
  acknowledged: Nullable(
    Type.Object({
      by: Type.String(),
      at: Time('When.'),
      reason: Nullable(Type.String()),
    }),
    'Who has seen to it; null = nobody, or a problem has come since.',
  ),
  problems: Type.Array(
    Type.Object({
      topic: Type.Enum([...topics]),
      level: Type.Enum(['warning', 'error']),
      since: Time('Since when.'),
      master: Nullable(Type.String()),
      node: Nullable(Type.String()),
      until: Type.Enum(['over', 'acknowledged'], {
        description: '`acknowledged`: it is over when a person has acknowledged it.',
      }),
      text: Type.String(),
    }),
  ),
  moreProblems: Type.Integer({ description: 'Problems beyond those that are kept.' }),
});
export type IncidentView = Of<typeof IncidentView>;
