import { grantSlots, type Slot } from '../model/slots.ts';
import type { Queryable } from './database.ts';
import type { Lease } from './leases.ts';
import { heldBy, type LeasedTable, leaseValues, lostLease } from './postgres-leases.ts';
import type { Store } from './store.ts';

export const expansionLeases: LeasedTable = {
  table: 'expansions',
  row: 'expansion',
  unended: 'not ended',
  since: 'accepted_at',
};

/** Taken by whoever counts slots, so that two workers never both take the last one. */
const slotsLock = 1885957730;

/** `Store.syncSlots` on PostgreSQL, within one transaction. */
export async function syncSlots(
  client: Queryable,
  lease: Lease,
  request: Parameters<Store['syncSlots']>[1],
): ReturnType<Store['syncSlots']> {
  await client.query('select pg_advisory_xact_lock($1)', [slotsLock]);
  const fence = await client.query(`select 1 from expansions where ${heldBy}`, leaseValues(lease));
  if (fence.length === 0) throw lostLease(expansionLeases, lease);
  const others = await client.query<Slot & Record<string, unknown>>(
    `select expansion_id as "expansionId", position, node_host as "nodeHost", master_host as "masterHost"
     from sync_slots where expansion_id <> $1 order by since, expansion_id, position`,
    [lease.id],
  );
  const { slots, refused } = grantSlots(others, request.held, request.wanted, request.limits);
  await client.query('delete from sync_slots where expansion_id = $1 and position <> all ($2::integer[])', [
    lease.id,
    slots.map((slot) => slot.position),
  ]);
  await client.query(
    `insert into sync_slots (expansion_id, position, node_host, master_host)
     select $1, s.position, s.node_host, s.master_host
     from unnest($2::integer[], $3::text[], $4::text[]) as s (position, node_host, master_host)
     on conflict (expansion_id, position) do nothing`,
    [
      lease.id,
      slots.map((slot) => slot.position),
      slots.map((slot) => slot.nodeHost),
      slots.map((slot) => slot.masterHost),
    ],
  );
  return { refused, others };
}

/** `Store.lockMaster` on PostgreSQL, within one transaction. */
export async function lockMaster(
  client: Queryable,
  lease: Lease,
  keys: readonly string[],
): Promise<true | { heldBy: string }> {
  const held = await client.query(`select 1 from expansions where ${heldBy} for update`, leaseValues(lease));
  if (held.length === 0) throw lostLease(expansionLeases, lease);
  // In one order everywhere, so that two expansions that share keys wait for each other and never in a ring.
  const taken = await client.query<{ key: string }>(
    `insert into master_locks (key, expansion_id)
     select k, $1 from unnest($2::text[]) as k order by k
     on conflict (key) do nothing returning key`,
    [lease.id, [...new Set(keys)]],
  );
  const [other] = await client.query<{ expansion_id: string }>(
    'select expansion_id from master_locks where key = any ($1::text[]) and expansion_id <> $2 order by key limit 1',
    [keys, lease.id],
  );
  if (!other) return true;
  await client.query('delete from master_locks where key = any ($1::text[]) and expansion_id = $2', [
    taken.map((row) => row.key),
    lease.id,
  ]);
  return { heldBy: other.expansion_id };
}
