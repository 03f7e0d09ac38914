import type { EventInput } from '../model/events.ts';
import type { Expansion, Join } from '../model/expansion.ts';
import type { Database, Queryable } from './database.ts';
import {
  docOf,
  type ExpansionDoc,
  eventsJson,
  hasEnded,
  lockedAddresses,
  searchText,
} from './expansion-rows.ts';
import { storableText, toJson } from './json.ts';
import { masterKey } from './master-key.ts';
import { holdCampaign } from './postgres-campaigns.ts';
import { holdReplacement } from './postgres-replacements.ts';
import { type Idempotency, IdempotencyConflictError, NodeInUseError, type Within } from './store.ts';
import { type Stored, stamp, upgrade } from './upgrades.ts';

export type ExpansionRow = { doc: Stored<ExpansionDoc>; joins: Stored<Join>[] };

export const expansionColumns = `e.doc, (
  select coalesce(jsonb_agg(j.doc order by j.position), '[]') from joins j where j.expansion_id = e.id
) as joins`;

export function expansionOf(row: ExpansionRow): Expansion {
  return { ...upgrade('expansion', row.doc), joins: row.joins.map((join) => upgrade('join', join)) };
}

interface Accepted {
  readonly expansion: Expansion;
  readonly replayed: boolean;
}

/** The lock that was in the way is gone at the second look. */
class LocksMovedError extends Error {}

const triesAtMost = 5;
const holders = { campaign: holdCampaign, replacement: holdReplacement };

/** `Store.accept` on PostgreSQL. */
export async function acceptExpansion(
  database: Database,
  expansion: Expansion,
  events: readonly EventInput[],
  idempotency: Idempotency | null,
  within: Within | null,
): Promise<Accepted> {
  for (let tries = 1; ; tries++) {
    try {
      return await database.transaction((client) => accept(client, expansion, events, idempotency, within));
    } catch (error) {
      if (!(error instanceof LocksMovedError) || tries === triesAtMost) throw error;
    }
  }
}

async function accept(
  client: Queryable,
  expansion: Expansion,
  events: readonly EventInput[],
  idempotency: Idempotency | null,
  within: Within | null,
): Promise<Accepted> {
  if (within) await holders[within.of](client, within.lease);
  const inserted = await client.query(
    `insert into expansions (id, state, master_key, doc, search_text, accepted_at, ended, look_at, idempotency_key, fingerprint)
     values ($1, $2, $3, $4, $5, $6, $7, clock_timestamp(), $8, $9)
     on conflict (idempotency_key) do nothing returning 1`,
    [
      expansion.id,
      expansion.state,
      masterKey(expansion.master.address),
      toJson(stamp('expansion', docOf(expansion))),
      storableText(searchText(expansion)),
      expansion.acceptedAt,
      hasEnded(expansion),
      idempotency?.key ?? null,
      idempotency?.fingerprint ?? null,
    ],
  );
  if (inserted.length === 0 && idempotency) {
    const earlier = await acceptedUnder(client, idempotency);
    if (earlier) return { expansion: earlier, replayed: true };
    throw new LocksMovedError();
  }
  await lockNodes(client, expansion);
  await client.query(
    `insert into joins (expansion_id, position, doc)
     select $1, (j.doc ->> 'index')::integer, j.doc from jsonb_array_elements($2::jsonb) as j (doc)`,
    [expansion.id, toJson(expansion.joins.map((join) => stamp('join', join)))],
  );
  await client.query('select append_events($1, $2)', [expansion.id, eventsJson(events)]);
  return { expansion: JSON.parse(toJson(expansion)) as Expansion, replayed: false };
}

/** Throws NodeInUseError, or LocksMovedError when the expansion that was in the way has ended meanwhile. */
async function lockNodes(client: Queryable, expansion: Expansion): Promise<void> {
  const wanted = lockedAddresses(expansion);
  // In one order everywhere, so that two requests that share nodes wait for each other and never in a ring.
  const addresses = [...wanted.keys()].sort();
  const locked = await client.query(
    `insert into node_locks (address, node, expansion_id)
     select l.address, l.node, $1 from unnest($2::text[], $3::text[]) with ordinality as l (address, node, position)
     order by l.position
     on conflict (address) do nothing returning 1`,
    [expansion.id, addresses, addresses.map((address) => wanted.get(address))],
  );
  if (locked.length === addresses.length) return;
  const holders = await client.query<{ address: string; expansion_id: string }>(
    'select address, expansion_id from node_locks where address = any ($1::text[]) and expansion_id <> $2',
    [addresses, expansion.id],
  );
  const uses = holders.map((row) => ({ node: wanted.get(row.address)!, expansionId: row.expansion_id }));
  throw uses.length > 0 ? new NodeInUseError(distinct(uses)) : new LocksMovedError();
}

export async function acceptedUnder(client: Queryable, idempotency: Idempotency): Promise<Expansion | null> {
  const [row] = await client.query<ExpansionRow & { fingerprint: string }>(
    `select ${expansionColumns}, e.fingerprint from expansions e where e.idempotency_key = $1`,
    [idempotency.key],
  );
  if (!row) return null;
  if (row.fingerprint === idempotency.fingerprint) return expansionOf(row);
  throw new IdempotencyConflictError(
    `idempotency key ${idempotency.key} was used before, by expansion ${row.doc.id}, with another request`,
  );
}

function distinct(uses: readonly { readonly node: string; readonly expansionId: string }[]) {
  return [...new Map(uses.map((use) => [`${use.node} ${use.expansionId}`, use])).values()];
}
