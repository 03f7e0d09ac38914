import { FencedError, type Lease, type LeasedStore } from '../../src/store/leases.ts';

/** What each row holds of its lease. */
export interface LeasedRow {
  epoch: number;
  owner: string | null;
  leaseUntil: number;
  /** When somebody should look; null = when rung for. */
  lookAt: number | null;
}

export const unclaimed: LeasedRow = { epoch: 0, owner: null, leaseUntil: 0, lookAt: 0 };

/** The leases on rows in memory, with the same outcomes as those on PostgreSQL. */
export function createMemoryLeases<R extends LeasedRow>(
  what: string,
  rows: ReadonlyMap<string, R>,
  {
    isOpen,
    oldestFirst,
    now,
    reachable,
  }: {
    readonly isOpen: (row: R) => boolean;
    readonly oldestFirst: (a: R, b: R) => number;
    readonly now: () => number;
    readonly reachable: () => void;
  },
): { fenced(lease: Lease): R; readonly leases: LeasedStore } {
  const isHeld = (row: R): boolean => row.owner !== null && row.leaseUntil > now();
  const fenced = (lease: Lease): R => {
    const row = rows.get(lease.id);
    if (row && row.epoch === lease.epoch && row.owner === lease.owner) return row;
    throw new FencedError(`lease ${lease.epoch} of ${lease.owner} on ${what} ${lease.id} was lost`);
  };
  const leases: LeasedStore = {
    async claim(id, owner, leaseMs) {
      reachable();
      const row = rows.get(id);
      if (!row || !isOpen(row) || isHeld(row)) return null;
      row.epoch += 1;
      row.owner = owner;
      row.leaseUntil = now() + leaseMs;
      return { id, owner, epoch: row.epoch, leaseMs };
    },
    async renew(lease) {
      reachable();
      fenced(lease).leaseUntil = now() + lease.leaseMs;
    },
    async release(lease) {
      reachable();
      const row = rows.get(lease.id);
      if (row?.epoch === lease.epoch && row.owner === lease.owner) row.owner = null;
    },
    async due(limit) {
      reachable();
      return [...rows]
        .filter(([, row]) => isOpen(row) && row.lookAt !== null && row.lookAt <= now() && !isHeld(row))
        .sort(([, a], [, b]) => a.lookAt! - b.lookAt! || oldestFirst(a, b))
        .slice(0, limit)
        .map(([id]) => id);
    },
    async held() {
      reachable();
      return [...rows.values()].filter((row) => isOpen(row) && isHeld(row)).length;
    },
    async dueInMs() {
      reachable();
      const dueAt = [...rows.values()]
        .filter((row) => isOpen(row) && row.lookAt !== null)
        .map((row) => Math.max(row.lookAt!, row.owner === null ? 0 : row.leaseUntil));
      return Math.max(0, Math.min(...dueAt) - now());
    },
    async left(limit) {
      const all = await leases.due(Number.POSITIVE_INFINITY);
      return all.filter((id) => rows.get(id)!.owner !== null).slice(0, limit);
    },
  };
  return { fenced, leases };
}
