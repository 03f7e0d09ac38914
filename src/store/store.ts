import type { EventInput } from '../model/events.ts';
import type { Control, Expansion, ExpansionState } from '../model/expansion.ts';
import type { Look } from '../model/observation.ts';
import type { RefusalFacts } from '../model/refusals.ts';
import type { Slot, SlotLimits, SlotRefusal } from '../model/slots.ts';
import type { EventOwner, StoredEvent } from '../model/views/event.ts';
import type { ExpansionSummary } from '../model/views/expansion.ts';
import type { Observation } from '../model/views/observation.ts';
import type { Freeze } from '../model/views/service.ts';
import type { Lease, LeasedStore } from './leases.ts';
import type { Page } from './page.ts';

/** A node of the request is already part of an expansion that has not ended. */
export class NodeInUseError extends Error {
  readonly code = 'node_in_other_expansion';
  readonly uses: readonly { readonly node: string; readonly expansionId: string }[];
  constructor(uses: readonly { readonly node: string; readonly expansionId: string }[]) {
    super(`in use: ${uses.map((u) => `${u.node} by expansion ${u.expansionId}`).join(', ')}`);
    this.uses = uses;
  }
}

/** The global stop is on already: whoever set it, why, and since when stays as it is. */
export class AlreadyFrozenError extends Error {
  readonly code = 'already_frozen';
  readonly first: Freeze;
  constructor(first: Freeze) {
    super(`frozen already by ${first.by}: ${first.reason}`);
    this.first = first;
  }
}

/** There is no such thing (any more). */
export class NotFoundError extends Error {
  readonly code = 'not_found';
  readonly what: RefusalFacts<'not_found'>['what'];
  readonly id: string;
  constructor(what: NotFoundError['what'], id: string) {
    super(`there is no ${what} ${id}`);
    this.what = what;
    this.id = id;
  }
}

/** The same idempotency key came with another request body. */
export class IdempotencyConflictError extends Error {
  readonly code = 'idempotency_key_reused';
}

export interface ExpansionFilter {
  readonly states?: readonly ExpansionState[];
  /** Matches label, master or node names. */
  readonly search?: string;
  readonly master?: string;
  readonly cursor?: string;
  /** 1 to 200. */
  readonly limit: number;
}

interface EventFilter extends Readonly<Partial<Record<EventOwner, string>>> {
  readonly afterSeq: number;
  readonly limit: number;
  readonly types?: readonly string[];
  readonly node?: string;
}

export interface FreezeOrder {
  readonly reason: string;
  readonly by: string;
}

/** What is stored of an idempotency key, so that the same request counts once. */
export interface Idempotency {
  readonly key: string;
  readonly fingerprint: string;
}

/** What an expansion is part of: it is stored only while that is held. */
export interface Within {
  readonly of: 'campaign' | 'replacement';
  readonly lease: Lease;
}

/** A plan kept for reading. */
export interface StoredPlan {
  readonly id: string;
  readonly at: number;
  readonly doc: object;
}

export interface Orders {
  readonly freeze: Freeze;
  /** Expansions not ended for which a control waits. */
  readonly withControls: readonly string[];
}

/**
 * The truth. All methods throw StoreUnavailableError while the database cannot be reached. The caller cannot know whether the
 * database stored the change, so it must read again before it goes on.
 */
export interface Store extends LeasedStore {
  /** Checks the schema, applies missing migrations (one process at a time). */
  migrate(): Promise<void>;
  close(): Promise<void>;
  ping(): Promise<void>;

  /**
   * Stores the expansion (state pending) with its nodes locked against other expansions, and its first events.
   * With an idempotency key seen before and the same fingerprint, returns the expansion of then (`replayed`).
   * Throws NodeInUseError, IdempotencyConflictError; for an expansion within something else FencedError, and stores
   * nothing then, when the lease of that is no longer held.
   */
  accept(
    expansion: Expansion,
    events: readonly EventInput[],
    idempotency: Idempotency | null,
    within?: Within,
  ): Promise<{ readonly expansion: Expansion; readonly replayed: boolean }>;

  /**
   * The expansion accepted under this idempotency key, or null when the key is new: asked before preflight, so
   * that a repeated request is answered as the first was. Throws IdempotencyConflictError.
   */
  acceptedUnder(idempotency: Idempotency): Promise<Expansion | null>;

  /** Ids of expansions that are due and that no worker holds although one should: their worker has died, or no worker holds any. */
  unattended(limit: number): Promise<readonly string[]>;

  get(id: string): Promise<Expansion | null>;
  list(filter: ExpansionFilter): Promise<Page<Expansion>>;
  /** The same as lists show them: whole documents are not read of what has ended. */
  summaries(filter: ExpansionFilter): Promise<Page<ExpansionSummary>>;
  /** In order of seq. An event that becomes visible later never has a lower seq than one already returned. */
  events(filter: EventFilter): Promise<readonly StoredEvent[]>;
  /**
   * Reports events of any process, once they can be read: the id of the expansion, campaign, audit, guard, hold or replacement. null = events of
   * anybody may have been missed (at the beginning, and after a lost connection). News can also get lost: whoever needs
   * every event looks now and then as well. Never throws.
   */
  watchEvents(onNews: (owner: string | null) => void): { close(): Promise<void> };
  /** The highest seq stored so far, over all events; 0 when there is none. */
  lastSeq(): Promise<number>;
  observations(filter: {
    expansionId: string;
    node?: string;
    afterSeq: number;
    limit: number;
  }): Promise<readonly Observation[]>;
  /** Which of these names or addresses belong to expansions not ended; `node` is the text that was asked for. */
  nodesInUse(
    addresses: readonly string[],
  ): Promise<readonly { readonly node: string; readonly expansionId: string }[]>;
  /** Expansions not ended on this master, oldest first; without those that are to begin at a later time. */
  onMaster(masterKey: string): Promise<readonly { readonly id: string; readonly state: ExpansionState }[]>;

  /** The expansion on this master that ended last, of those that had begun; null = there is none. */
  lastOnMaster(masterKey: string): Promise<{ readonly id: string; readonly endedAt: number } | null>;

  /**
   * Records a control; the worker applies it. Does not judge whether it fits the state. Makes the expansion due, so
   * that the control is seen even if nobody rings. The same control id twice counts once. Throws NotFoundError.
   */
  addControl(expansionId: string, control: Control): Promise<void>;
  /** Controls not applied yet, oldest first. */
  pendingControls(expansionId: string): Promise<readonly Control[]>;
  /** What people have asked for: one question for all expansions that a worker holds. */
  orders(): Promise<Orders>;

  /**
   * Only one expansion per master runs at a time. True if this expansion holds or now gets the master under all the
   * given keys (address, run id); else the id of the expansion that holds it. Released when the expansion ends.
   */
  lockMaster(lease: Lease, keys: readonly string[]): Promise<true | { readonly heldBy: string }>;
  /**
   * Counts the full syncs of all expansions. It always notes the full syncs that this expansion has under way (`held`). Of the
   * full syncs that it wants to begin (`wanted`, in order) it notes as many as the limits allow. It gives back everything
   * else that the expansion held. Released when the expansion ends. Throws FencedError.
   */
  syncSlots(
    lease: Lease,
    request: {
      readonly held: readonly Slot[];
      readonly wanted: readonly Slot[];
      readonly limits: SlotLimits;
    },
  ): Promise<{
    readonly refused: readonly SlotRefusal[];
    /** Slots of all other expansions. */
    readonly others: readonly Slot[];
  }>;
  /**
   * Stores what changed between `before` and `after` (joins compared by identity), the events, and marks
   * controls as applied, in one transaction; prolongs the lease. Throws FencedError if the lease's epoch is not the
   * row's, or the lease was released. When `after` has ended, the nodes and the master are unlocked.
   * With a control still waiting, the expansion stays due whatever `lookAgainInMs` says.
   */
  save(
    lease: Lease,
    before: Expansion,
    after: Expansion,
    extra: {
      readonly events: readonly EventInput[];
      readonly observations?: readonly { readonly node: string; readonly look: Look }[];
      readonly appliedControls?: readonly string[];
      /** Milliseconds from now when somebody should look again; null = only when rung for. */
      readonly lookAgainInMs: number | null;
    },
  ): Promise<void>;
  /** The global stop, on and off. The history of every expansion that has not ended shows both. */
  /** Throws AlreadyFrozenError: a second order would take the place of the first one's reason and person. */
  freeze(order: FreezeOrder): Promise<Freeze>;
  unfreeze(order: FreezeOrder): Promise<Freeze>;
  freezeState(): Promise<Freeze>;

  /** Of each requester the newest `plansOfEach` are kept, for at most 30 days. */
  savePlan(plan: StoredPlan, requestedBy: string): Promise<void>;
  getPlan(id: string): Promise<StoredPlan | null>;
  /** Those that this requester had made, the newest first, at most `limit`. */
  plansOf(requestedBy: string, limit: number): Promise<readonly StoredPlan[]>;
}

/** A plan of 150 nodes has 130 KB. */
export const plansOfEach = 200;

/** The database cannot be reached, or cannot store; the caller tries again later. What it was asked for may have happened. */
export class StoreUnavailableError extends Error {
  readonly code = 'database_unavailable';
  readonly diskFull: boolean;
  constructor(message: string, options: ErrorOptions & { readonly diskFull?: boolean } = {}) {
    super(message, options);
    this.diskFull = options.diskFull ?? false;
  }
}
