import type { EventInput } from '../model/events.ts';
import { type Expansion, isEnded, type Join } from '../model/expansion.ts';
import type { Facts } from '../model/text.ts';
import type { EventOwner } from '../model/views/event.ts';
import { ExpansionSummary, JoinSummary } from '../model/views/expansion.ts';
import type { Queryable } from './database.ts';
import { toJson } from './json.ts';
import { addressKey, masterKey } from './master-key.ts';
import { stamp, upgrade } from './upgrades.ts';

/** How both stores (PostgreSQL, and the store in memory for tests) lay an expansion out in rows. */

/** The expansion's own document: everything but the joins, which have rows of their own. */
export type ExpansionDoc = Omit<Expansion, 'joins'>;

export function docOf(expansion: Expansion): ExpansionDoc {
  const { joins: _, ...doc } = expansion;
  return doc;
}

const joinFields = Object.keys(JoinSummary.properties) as readonly (keyof JoinSummary)[];
const fields = Object.keys(ExpansionSummary.properties) as readonly (keyof ExpansionSummary)[];

const picked = (from: object, names: readonly string[]): object =>
  Object.fromEntries(names.map((name) => [name, (from as Readonly<Record<string, unknown>>)[name]]));

/** An expansion as lists show it. */
export const summaryOf = (expansion: Expansion): ExpansionSummary => ({
  ...(picked(expansion, fields) as ExpansionSummary),
  master: { name: expansion.master.name },
  policy: { fourEyes: expansion.policy.fourEyes },
  joins: expansion.joins.map((join) => ({
    ...(picked(join, joinFields) as JoinSummary),
    target: { name: join.target.name },
    progress: hasEnded(expansion) ? null : join.progress,
  })),
});

/**
 * The condition of expansions that have been due for longer than $1 milliseconds, and that no worker holds although one should: their
 * worker has died, or no worker holds any. What nobody has taken waits while workers are at work on others.
 */
export const isUnattended = `not ended and look_at < clock_timestamp() - $1 * interval '1 millisecond'
  and (lease_until is null or lease_until < clock_timestamp() - $1 * interval '1 millisecond')
  and (lease_owner is not null or not exists (select 1 from expansions where not ended and lease_until > clock_timestamp()))`;

/** Whether something besides the joins changed. */
export function docChanged(before: Expansion, after: Expansion): boolean {
  const keys = Object.keys(after) as (keyof Expansion)[];
  return keys.some((key) => key !== 'joins' && before[key] !== after[key]);
}

/** The joins that are not the same objects as before. */
export function changedJoins(before: Expansion, after: Expansion): readonly Join[] {
  return after.joins.filter((join, at) => join !== before.joins[at]);
}

/** Events as they are stored: the version of their shape is in their data. */
export const eventsJson = (events: readonly Omit<EventInput, 'at'>[]): string =>
  toJson(events.map((event) => ({ ...event, data: stamp('event', event.data) })));

/** By the field of an event that names whom it is about, its column. */
export const eventOwners: Readonly<Record<EventOwner, string>> = {
  expansionId: 'expansion_id',
  campaignId: 'campaign_id',
  auditId: 'audit_id',
  guardId: 'guard_id',
  holdId: 'hold_id',
  replacementId: 'replacement_id',
};

/** As SQL, an object with the owner of an event, without those that it does not have. */
export const ownerOf = `jsonb_strip_nulls(jsonb_build_object(${Object.entries(eventOwners)
  .map(([field, column]) => `'${field}', ${column}`)
  .join(', ')}))`;

/** Within the transaction that stores what they tell, so each is stored once. */
export async function appendEvents(
  client: Queryable,
  owner: EventOwner,
  id: string,
  events: readonly EventInput[],
): Promise<void> {
  if (events.length === 0) return;
  await client.query('select append_events_of($1, $2, $3)', [eventOwners[owner], id, eventsJson(events)]);
}

/** An event that was stored, in the shape of today. */
export function eventOf<E extends { readonly data: Facts }>(stored: E): E {
  const { v, ...data } = stored.data as { readonly v?: number };
  return upgrade<E>('event', { ...stored, data, ...(v === undefined ? {} : { v }) });
}

/** Everything under which a node of the request may be named or reached, with the node's name. */
export function lockedAddresses(expansion: Expansion): ReadonlyMap<string, string> {
  const locked = new Map<string, string>();
  for (const { target } of expansion.joins) {
    for (const key of [addressKey(target.name), masterKey(target.address), masterKey(target.seenAs)]) {
      if (!locked.has(key)) locked.set(key, target.name);
    }
  }
  return locked;
}

/** The text in which `search` looks. */
export function searchText(expansion: Expansion): string {
  const names = expansion.joins.map((join) => join.target.name);
  return [expansion.id, expansion.label ?? '', expansion.master.name, ...names].join('\n').toLowerCase();
}

export const hasEnded = (expansion: Pick<Expansion, 'state'>): boolean => isEnded(expansion.state);

/** Page position of the newest-first lists: time and id of the last item. */
export function encodeCursor(position: { readonly at: number; readonly id: string }): string {
  return Buffer.from(JSON.stringify([position.at, position.id])).toString('base64url');
}

/** null for a text that is no cursor of ours: the list then starts at the beginning. */
export function decodeCursor(
  cursor: string | undefined,
): { readonly at: number; readonly id: string } | null {
  if (!cursor) return null;
  try {
    const [at, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [unknown, unknown];
    const ours = Number.isSafeInteger(at) && typeof id === 'string' && !id.includes('\0');
    return ours ? { at: at as number, id } : null;
  } catch {
    return null;
  }
}
