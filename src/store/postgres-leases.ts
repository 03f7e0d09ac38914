import type { Queryable } from './database.ts';
import { FencedError, type Lease } from './store.ts';

export function lostLease(lease: Lease): FencedError {
  return new FencedError(`lease ${lease.epoch} of ${lease.owner} on expansion ${lease.expansionId} was lost`);
}

/** `Store.lockMaster` on PostgreSQL, within one transaction. */
export async function lockMaster(
  client: Queryable,
  lease: Lease,
  keys: readonly string[],
): Promise<true | { heldBy: string }> {
  const held = await client.query(
    'select 1 from expansions where id = $1 and epoch = $2 and lease_owner = $3 for update',
    [lease.expansionId, lease.epoch, lease.owner],
  );
  if (held.length === 0) throw lostLease(lease);
  // In one order everywhere, so that two expansions that share keys wait for each other and never in a ring.
  const taken = await client.query<{ key: string }>(
    `insert into master_locks (key, expansion_id)
     select k, $1 from unnest($2::text[]) as k order by k
     on conflict (key) do nothing returning key`,
    [lease.expansionId, [...new Set(keys)]],
  );
  const [other] = await client.query<{ expansion_id: string }>(
    'select expansion_id from master_locks where key = any ($1::text[]) and expansion_id <> $2 order by key limit 1',
    [keys, lease.expansionId],
  );
  if (!other) return true;
  await client.query('delete from master_locks where key = any ($1::text[]) and expansion_id = $2', [
    taken.map((row) => row.key),
    lease.expansionId,
  ]);
  return { heldBy: other.expansion_id };
}
