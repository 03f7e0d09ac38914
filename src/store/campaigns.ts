import type { Campaign, CampaignControl, CampaignState } from '../model/campaign.ts';
import type { EventInput } from '../model/events.ts';
import type { Lease, LeasedStore } from './leases.ts';
import type { Page } from './page.ts';
import type { Idempotency } from './store.ts';

export interface StoredCampaign extends Campaign {
  /** Asked for and not applied yet, oldest first. */
  readonly pendingControls: readonly CampaignControl[];
}

interface CampaignFilter {
  readonly states?: readonly CampaignState[];
  /** Matches the label, a master or a node. */
  readonly search?: string;
  readonly cursor?: string;
  /** 1 to 200. */
  readonly limit: number;
}

/** All methods throw StoreUnavailableError while the database cannot be reached. */
export interface CampaignStore extends LeasedStore {
  /**
   * Stores the campaign with its first events, due at once. With an idempotency key seen before and the same
   * fingerprint, returns the campaign of then (`replayed`). Throws IdempotencyConflictError.
   */
  accept(
    campaign: Campaign,
    events: readonly EventInput[],
    idempotency: Idempotency | null,
  ): Promise<{ readonly campaign: StoredCampaign; readonly replayed: boolean }>;
  /** The campaign accepted under this key, or null when the key is new. Throws IdempotencyConflictError. */
  acceptedUnder(idempotency: Idempotency): Promise<StoredCampaign | null>;
  get(id: string): Promise<StoredCampaign | null>;
  /** Newest first. */
  list(filter: CampaignFilter): Promise<Page<StoredCampaign>>;
  /** How many there are that have not ended, by state. */
  counts(): Promise<Readonly<Partial<Record<CampaignState, number>>>>;
  /**
   * Stores what changed between `before` and `after` (members compared by identity) and the events in one transaction,
   * drops the controls that were applied, and prolongs the lease. A control that still waits keeps the campaign due.
   * Throws FencedError.
   */
  save(
    lease: Lease,
    before: Campaign,
    after: Campaign,
    extra: {
      readonly events: readonly EventInput[];
      readonly appliedControls: readonly string[];
      /** Milliseconds from now when somebody should look again; null = only when rung for. */
      readonly lookAgainInMs: number | null;
    },
  ): Promise<void>;
  /** Records what an operator wants and makes the campaign due. The same id twice
   * while it waits counts once. Throws NotFoundError. */
  control(id: string, control: CampaignControl): Promise<void>;
}
