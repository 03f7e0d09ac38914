import type { EventInput } from '../model/events.ts';
import type { HeldBy } from '../model/hold.ts';
import type { HoldState } from '../model/states.ts';
import type { StoredHoldDoc } from '../model/views/hold.ts';
import type { Lease, LeasedStore } from './leases.ts';
import type { Page } from './page.ts';

export interface StoredHold {
  readonly doc: StoredHoldDoc;
  /** As of the clock of the database: nobody has to note that its time is over. */
  readonly state: HoldState;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** Milliseconds until then by the clock of the database, never below 0. */
  readonly leftMs: number;
  /** Under which its master is known (`serverKeys`). */
  readonly keys: readonly string[];
}

/** A hold that keeps full syncs from beginning. */
export type ActiveHold = HeldBy & Pick<StoredHold, 'keys'>;

/** Which of these holds keeps full syncs of the master of these keys from beginning; null = none. */
export function heldByOf(holds: readonly ActiveHold[], keys: readonly string[]): HeldBy | null {
  const found = holds.find((hold) => hold.keys.some((key) => keys.includes(key)));
  if (found === undefined) return null;
  const { keys: _, ...heldBy } = found;
  return heldBy;
}

/** What became of a change that only an active hold takes. */
export type HoldChange =
  | { readonly outcome: 'stored' }
  /** It is over: ended by somebody, or by its time. */
  | { readonly outcome: 'over' }
  /** Another hold of the master is safe at this moment; nothing was stored. */
  | { readonly outcome: 'other_first'; readonly other: HeldBy };

/**
 * Holds, and what they are beside: an expansion stores what it is about to do, and asks for holds afterwards; a hold is
 * stored, and asks for full syncs afterwards. So of the two at least one sees the other. All methods throw
 * StoreUnavailableError while the database cannot be reached.
 */
export interface HoldStore extends LeasedStore {
  /** Stores it, active for `forMs` from now on; it is due at once. */
  create(
    hold: Pick<StoredHold, 'doc' | 'keys'> & { readonly forMs: number },
    events: (until: number) => readonly EventInput[],
  ): Promise<void>;
  get(id: string): Promise<StoredHold | null>;
  /** Newest first; `active`: only those that are. */
  list(filter: {
    readonly cursor?: string;
    /** 1 to 200. */
    readonly limit: number;
    readonly active?: boolean;
  }): Promise<Page<StoredHold>>;
  /** Those that are active now, the oldest first. */
  active(): Promise<readonly ActiveHold[]>;
  /** Expansions that work on the master of these keys. */
  expansionsOn(keys: readonly string[]): Promise<readonly string[]>;
  /** Adds keys, and prolongs the lease. Throws FencedError. */
  addKeys(lease: Lease, keys: readonly string[]): Promise<void>;
  /**
   * Stores document, state and events, and prolongs the lease. Of the holds of one master only one is `safe` at a time.
   * Throws FencedError.
   */
  save(
    lease: Lease,
    doc: StoredHoldDoc,
    state: 'waiting' | 'safe',
    events: readonly EventInput[],
  ): Promise<HoldChange>;
  /** Notes that its time is over; does nothing where it is not, or was ended before. Throws FencedError. */
  expire(lease: Lease, events: readonly EventInput[]): Promise<boolean>;
  /** From now on it lasts `forMs`. False = it is over. */
  extend(id: string, forMs: number, events: (until: number) => readonly EventInput[]): Promise<boolean>;
  /** False = it is over already. */
  end(
    id: string,
    by: NonNullable<StoredHoldDoc['end']> & { readonly at: number },
    events: readonly EventInput[],
  ): Promise<boolean>;
}
