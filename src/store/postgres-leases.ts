import { type Database, untilDue } from './database.ts';
import { FencedError, type Lease, type LeasedStore } from './leases.ts';

/** A table whose rows are worked on under a lease. */
export interface LeasedTable {
  readonly table: 'expansions' | 'comparisons' | 'campaigns' | 'audits' | 'guards' | 'holds' | 'replacements';
  /** What a row is called in messages. */
  readonly row: string;
  /** The condition of rows that have not ended. */
  readonly unended: string;
  /** The column that orders rows which are due at the same time. */
  readonly since: 'accepted_at' | 'created_at';
}

/** The condition of a row that this lease still holds, with `leaseValues` as its first parameters. */
export const heldBy = 'id = $1 and epoch = $2 and lease_owner = $3';
export const leaseValues = (lease: Lease): unknown[] => [lease.id, lease.epoch, lease.owner];

export const lostLease = ({ row }: Pick<LeasedTable, 'row'>, lease: Lease): FencedError =>
  new FencedError(`lease ${lease.epoch} of ${lease.owner} on ${row} ${lease.id} was lost`);

/** The part of a store that hands out leases on the rows of a table. */
export function createLeases(database: Database, of: LeasedTable): LeasedStore {
  const { table, unended, since } = of;
  const free = '(lease_owner is null or lease_until <= clock_timestamp())';
  const dueWith = async (condition: string, name: string, limit: number): Promise<readonly string[]> => {
    const rows = await database.query<{ id: string }>(
      `select id from ${table}
       where ${unended} and look_at <= clock_timestamp() and ${condition}
       order by look_at, ${since}, id limit $1`,
      [limit],
      name,
    );
    return rows.map(({ id }) => id);
  };
  return {
    async claim(id, owner, leaseMs) {
      const [row] = await database.query<{ epoch: number }>(
        `update ${table}
         set epoch = epoch + 1, lease_owner = $2, lease_until = clock_timestamp() + $3 * interval '1 millisecond'
         where id = $1 and ${unended} and ${free}
         returning epoch`,
        [id, owner, leaseMs],
        `claim_${table}`,
      );
      return row ? { id, owner, epoch: row.epoch, leaseMs } : null;
    },

    async renew(lease) {
      const rows = await database.query(
        `update ${table} set lease_until = clock_timestamp() + $4 * interval '1 millisecond'
         where ${heldBy} returning 1`,
        [...leaseValues(lease), lease.leaseMs],
        `renew_${table}`,
      );
      if (rows.length === 0) throw lostLease(of, lease);
    },

    async release(lease) {
      await database.query(
        `update ${table} set lease_owner = null, lease_until = null where ${heldBy}`,
        leaseValues(lease),
        `release_${table}`,
      );
    },

    due: (limit) => dueWith(free, `due_${table}`, limit),
    left: (limit) =>
      dueWith('lease_owner is not null and lease_until <= clock_timestamp()', `left_${table}`, limit),

    async held() {
      const [row] = await database.query<{ held: number }>(
        `select count(*)::integer as held from ${table} where ${unended} and lease_until > clock_timestamp()`,
        [],
        `held_${table}`,
      );
      return row?.held ?? 0;
    },

    async dueInMs() {
      return untilDue(
        database,
        `select min(greatest(look_at, lease_until)) as at from ${table} where ${unended} and look_at is not null`,
        `due_in_${table}`,
      );
    },
  };
}
