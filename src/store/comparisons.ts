import type { ComparisonReport, Difference } from '../model/comparison.ts';
import type { ComparisonState, Problem } from '../model/expansion.ts';
import type { Said } from '../model/text.ts';
import type {
  Comparison,
  ComparisonControl,
  ComparisonProgress,
  StoredDifference,
} from '../model/views/comparison.ts';
import type { Lease, LeasedStore } from './leases.ts';
import type { Page } from './page.ts';

/**
 * Where comparisons live: each is a row with a cursor, so that it goes on where it was, on another worker. What a
 * cursor holds is the comparison engine's own affair; here it is JSON.
 */
export type NewComparison = Pick<
  Comparison,
  'id' | 'join' | 'left' | 'right' | 'spec' | 'requestedBy' | 'createdAt'
>;

export interface StoredComparison extends Comparison {
  /** How far it has come; null = at the beginning. */
  readonly cursor: unknown;
}

interface ComparisonFilter {
  readonly states?: readonly ComparisonState[];
  readonly expansionId?: string;
  readonly cursor?: string;
  /** 1 to 200. */
  readonly limit: number;
}

/** The changes since the last save; absent fields stay as they are. */
export interface ComparisonChange {
  readonly state?: ComparisonState;
  readonly stateReason?: Said | null;
  /** Milliseconds since the epoch. */
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly cursor?: unknown;
  readonly progress?: ComparisonProgress;
  readonly report?: ComparisonReport;
  readonly problem?: Problem | null;
  /** Found since the last save; counted once, because they are stored together with the cursor. */
  readonly differences?: readonly Difference[];
  /** How many were found in all, where not all of them are listed; absent = those listed are all. */
  readonly differencesTotal?: number;
  /** The pending control, which this change obeys. A control that came in between stays pending. */
  readonly appliedControl?: ComparisonControl;
  /** Milliseconds from now when somebody should look again; null = only when rung for; absent = at once if the lease runs out. */
  readonly lookAgainInMs?: number | null;
}

/** All methods throw StoreUnavailableError while the database cannot be reached. */
export interface ComparisonStore extends LeasedStore {
  /** Stores it in state pending, due at once. If the id exists already, returns the existing comparison. */
  create(comparison: NewComparison): Promise<StoredComparison>;
  get(id: string): Promise<StoredComparison | null>;
  /** Newest first. */
  list(filter: ComparisonFilter): Promise<Page<StoredComparison>>;
  /**
   * Stores the change in one transaction and prolongs the lease. Returns the pending control, if there is one: the
   * worker that saves often needs no other poll. Throws FencedError.
   */
  save(lease: Lease, change: ComparisonChange): Promise<ComparisonControl | null>;
  /** Records what an operator wants; the latest one counts; the comparison becomes due. Throws NotFoundError. */
  control(id: string, control: ComparisonControl): Promise<void>;
  /** In the order found, at most `limit`. */
  differences(
    id: string,
    filter: { readonly afterSeq: number; readonly limit: number },
  ): Promise<readonly StoredDifference[]>;
}
