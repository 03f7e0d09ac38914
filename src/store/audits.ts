import type { EventInput } from '../model/events.ts';
import type { NodeTarget } from '../model/targets.ts';
import type { StoredAuditDoc, StoredAuditServer } from '../model/views/audit.ts';
import type { Lease, LeasedStore } from './leases.ts';
import type { Page } from './page.ts';

/** Who wants an audit to end before its time. */
export type AuditCancel = NonNullable<StoredAuditDoc['cancel']>;

export interface StoredAudit {
  readonly doc: StoredAuditDoc;
  /** In order of their index. */
  readonly servers: readonly StoredAuditServer[];
}

/** A slave that an expansion proved whole. */
export interface ProvenSlave {
  readonly slave: NodeTarget;
  readonly wholeAt: NonNullable<StoredAuditServer['wholeAt']>;
}

/** All methods throw StoreUnavailableError while the database cannot be reached. */
export interface AuditStore extends LeasedStore {
  /** Stores it with the servers at which it begins; it is due at once. */
  create(audit: StoredAudit): Promise<void>;
  get(id: string): Promise<StoredAudit | null>;
  /** Newest first, without their servers. */
  list(filter: {
    readonly cursor?: string;
    /** 1 to 200. */
    readonly limit: number;
  }): Promise<Page<StoredAuditDoc>>;
  /**
   * Stores the document, these servers and the events in one transaction and prolongs the lease. Returns who wants the audit to end,
   * if anybody does. Throws FencedError.
   */
  save(
    lease: Lease,
    doc: StoredAuditDoc,
    servers: readonly { readonly server: StoredAuditServer; readonly master: NodeTarget | null }[],
    /** Milliseconds from now when somebody should look again. */
    lookAgainInMs: number,
    events?: readonly EventInput[],
  ): Promise<AuditCancel | null>;
  /** Records who wants it to end, and makes it due. Of several the first counts. Throws NotFoundError. */
  cancel(id: string, cancel: AuditCancel): Promise<void>;
  /** The masters of the expansions that are stored, each once, with the address of its newest expansion. */
  knownMasters(limit: number): Promise<readonly NodeTarget[]>;
  /** Nodes that an expansion of this master verified, each with its last proof, the latest first. */
  provenOf(master: NodeTarget, limit: number): Promise<readonly ProvenSlave[]>;
  /** When audits last found these slaves of this master whole, in the order of `slaves`; null = never. */
  lastWhole(
    slaves: readonly NodeTarget[],
    master: NodeTarget,
  ): Promise<readonly StoredAuditServer['wholeAt'][]>;
}
