/** The right to act on one expansion, comparison, campaign, audit, guard, hold or replacement, until it ends or somebody with a higher epoch takes over. */
export interface Lease {
  readonly id: string;
  readonly owner: string;
  readonly epoch: number;
  readonly leaseMs: number;
}

/** The lease was lost: another worker has a higher epoch. Stop acting at once. */
export class FencedError extends Error {
  readonly code = 'fenced';
}

/** Work that is done under a lease. Time is the database's. All methods throw StoreUnavailableError. */
export interface LeasedStore {
  /**
   * Takes the lease if it is free or has run out; raises the epoch. null = somebody holds it, or the work has ended or
   * does not exist. The holder may be the same owner: two sessions of one process must not act together either.
   */
  claim(id: string, owner: string, leaseMs: number): Promise<Lease | null>;
  /** Prolongs the lease. Throws FencedError if it was lost. */
  renew(lease: Lease): Promise<void>;
  release(lease: Lease): Promise<void>;
  /** Ids of what has not ended, is due for a look, and whose lease is free or has run out. For the reconciler. */
  due(limit: number): Promise<readonly string[]>;
  /** Milliseconds until something is due; 0 = something is, Infinity = nothing will be without a change that is told of (news.ts). */
  dueInMs(): Promise<number>;
  /** How many somebody works on: their lease is held, and has not run out. */
  held(): Promise<number>;
  /** Those that are due whose lease ran out: their worker died in the middle of its work. */
  left(limit: number): Promise<readonly string[]>;
}
