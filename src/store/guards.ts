import type { EventInput } from '../model/events.ts';
import type { StoredGuardDoc, StoredGuardMaster } from '../model/views/guard.ts';
import type { Lease, LeasedStore } from './leases.ts';
import type { Page } from './page.ts';

/** What a person asks of a guard. */
export type GuardAsk = NonNullable<StoredGuardDoc['end']> & {
  /** Name of the slave that is no longer guarded; null = the guard ends. */
  readonly forget: string | null;
};

export interface StoredGuard {
  readonly doc: StoredGuardDoc;
  /** In order of their index. */
  readonly masters: readonly StoredGuardMaster[];
}

/** Servers at work in expansions and replacements, in the one spelling of addresses (`masterKey`). */
export interface AtWork {
  readonly nodes: ReadonlySet<string>;
  readonly masters: ReadonlySet<string>;
}

/** All methods throw StoreUnavailableError while the database cannot be reached. */
export interface GuardStore extends LeasedStore {
  /** Stores it with its masters; it is due at once. */
  create(guard: StoredGuard, events: readonly EventInput[]): Promise<void>;
  get(id: string): Promise<StoredGuard | null>;
  /** Newest first, without their masters. */
  list(filter: {
    readonly cursor?: string;
    /** 1 to 200. */
    readonly limit: number;
  }): Promise<Page<StoredGuardDoc>>;
  /** How many have not ended. */
  unended(): Promise<number>;
  /**
   * Stores the document, these masters and the events in one transaction, and prolongs the lease.
   * `seen`: how many asks the document answers. Returns the asks that are left. Throws FencedError.
   */
  save(
    lease: Lease,
    doc: StoredGuardDoc,
    change: {
      readonly masters: readonly StoredGuardMaster[];
      readonly events: readonly EventInput[];
      readonly seen: number;
    },
  ): Promise<readonly GuardAsk[]>;
  /** Records what is asked, and makes the guard due. Throws NotFoundError. */
  ask(id: string, ask: GuardAsk): Promise<void>;
  /**
   * What expansions and replacements work on, or worked on after that time (milliseconds since the epoch), and masters that
   * are held for a dump.
   */
  atWork(endedAfter: number): Promise<AtWork>;
}
