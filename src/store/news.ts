import type { Hear } from '../platform/postgres-listener.ts';
import type { Database, Queryable } from './database.ts';

/**
 * What the processes tell each other through the database, so that nobody has to ask it again and again:
 * - `events`: events that can be read now; with the id of whom they are about.
 * - `due`: work whose turn comes earlier than before; with the name of its table.
 * - `trail`: an entry of the trail.
 * - `deliveries`: deliveries to webhooks that were made.
 * - `incidents`: a channel, a freeze, or what a person said of an incident.
 * - `access`: a token or a session that has ended.
 * - `comparisons`: a comparison that has ended; with its id.
 */
export type Topic = 'events' | 'due' | 'trail' | 'deliveries' | 'incidents' | 'access' | 'comparisons';

/**
 * News of any process, once what they tell of can be read. null = news may have been missed (at the beginning, and after a lost
 * connection). News can also get lost, so whoever needs all of them looks now and then as well. Never throws.
 */
export interface News {
  watch(topic: Topic, hear: Hear): { close(): Promise<void> };
}

const channelOf = (topic: Topic): string => `pika_expander_${topic}`;

export const newsOf = (database: Pick<Database, 'listen'>): News => ({
  watch: (topic, hear) => database.listen(channelOf(topic), hear),
});

/** Tells everybody, at the end of the transaction. */
export async function tellOf(client: Queryable, topic: Topic): Promise<void> {
  await client.query('select pg_notify($1, $2)', [channelOf(topic), '']);
}
