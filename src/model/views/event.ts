import Type from 'typebox';
import { type EventType, eventLevels, eventTypes } from '../events.ts';
import { Facts, Nullable, type Of, SeqPageOf, Time } from './schema.ts';

/** One line of the history of an expansion, a campaign, an audit, a guard, a hold or a replacement. */
const StoredEvent = Type.Object({
  seq: Type.Integer({ description: 'Strictly rising over all events; the id of the event in a stream.' }),
  expansionId: Nullable(Type.String(), 'null = it is about something else.'),
  campaignId: Type.Optional(
    Type.String({ description: 'The campaign that it is about; absent = it is about none.' }),
  ),
  auditId: Type.Optional(
    Type.String({ description: 'The audit that it is about; absent = it is about none.' }),
  ),
  guardId: Type.Optional(
    Type.String({ description: 'The guard that it is about; absent = it is about none.' }),
  ),
  holdId: Type.Optional(
    Type.String({ description: 'The hold that it is about; absent = it is about none.' }),
  ),
  replacementId: Type.Optional(
    Type.String({ description: 'The replacement that it is about; absent = it is about none.' }),
  ),
  type: Type.Unsafe<EventType | (string & {})>({
    type: 'string',
    description:
      'Stable, for programs. Another release may have stored a type that this release does not know.',
    examples: eventTypes,
  }),
  at: Time('When it happened.'),
  node: Nullable(Type.String()),
  level: Type.Enum(eventLevels),
  text: Type.String({ description: 'One plain sentence for people.' }),
  data: Facts,
});
export type StoredEvent = Of<typeof StoredEvent>;

/** The field that names whom an event is about. */
export type EventOwner = keyof typeof StoredEvent.properties & `${string}Id`;

export const EventPage = SeqPageOf(StoredEvent);
export type EventPage = Of<typeof EventPage>;
