import type { EventInput } from '../model/events.ts';
import type { StoredReplacement } from '../model/views/replacement.ts';
import type { Lease, LeasedStore } from './leases.ts';
import type { Page } from './page.ts';
import type { Idempotency } from './store.ts';

/** Who wants a replacement to end before its time. */
export type ReplacementCancel = NonNullable<StoredReplacement['cancel']>;

export type ReplacementApproval = NonNullable<StoredReplacement['approval']>;

/** Another replacement works on the slaves of this master, and has not ended. */
export class MasterInReplacementError extends Error {
  readonly code = 'master_in_replacement';
  readonly id: string;
  constructor(id: string) {
    super(`replacement ${id} works on the slaves of this master`);
    this.id = id;
  }
}

export interface KeptReplacement {
  readonly doc: StoredReplacement;
  /** What a person asked, whether or not the worker has seen it. */
  readonly asked: StoredReplacement['cancel'];
  readonly approved: StoredReplacement['approval'];
}

/** All methods throw StoreUnavailableError while the database cannot be reached. */
export interface ReplacementStore extends LeasedStore {
  /**
   * Stores it with its first events, due at once. With an idempotency key seen before and the same fingerprint, returns the
   * replacement of then (`replayed`). Throws IdempotencyConflictError and MasterInReplacementError.
   */
  accept(
    doc: StoredReplacement,
    events: readonly EventInput[],
    idempotency: Idempotency | null,
  ): Promise<{ readonly doc: StoredReplacement; readonly replayed: boolean }>;
  /** The replacement accepted under this key, or null when the key is new. Throws IdempotencyConflictError. */
  acceptedUnder(idempotency: Idempotency): Promise<StoredReplacement | null>;
  get(id: string): Promise<KeptReplacement | null>;
  /** Newest first. */
  list(filter: {
    readonly cursor?: string;
    /** 1 to 200. */
    readonly limit: number;
  }): Promise<Page<StoredReplacement>>;
  /** Stores the document and the events in one transaction and prolongs the lease. Throws FencedError. */
  save(
    lease: Lease,
    doc: StoredReplacement,
    events: readonly EventInput[],
    /** Milliseconds from now when somebody should look again; null = only when rung for. */
    lookAgainInMs: number | null,
  ): Promise<void>;
  /** Records who wants it to end, and makes it due. Of several the first counts. Throws NotFoundError. */
  cancel(id: string, cancel: ReplacementCancel): Promise<void>;
  /** Records who approved it, and makes it due. Of several the first counts. Throws NotFoundError. */
  approve(id: string, approval: ReplacementApproval): Promise<void>;
}
