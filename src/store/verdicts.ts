import type { JoinPhase } from '../model/states.ts';
import type { Said } from '../model/text.ts';
import type { Address, NodeTarget } from '../model/views/targets.ts';

/** The last that is known of a node. */
export interface LastVerdicts {
  /** Of expansions, or that it was withdrawn since; null = none touched it. */
  readonly ofExpansion: {
    readonly phase: JoinPhase | 'withdrawn';
    readonly at: number;
    /** Id of the expansion, or of the operation that withdrew it. */
    readonly by: string;
    readonly target: NodeTarget;
    readonly master: NodeTarget;
  } | null;
  /** Of audits; null = none judged it. */
  readonly ofAudit: {
    readonly verdict: 'whole' | 'damaged';
    readonly at: number;
    readonly by: string;
    readonly target: NodeTarget;
    /** `host:port` of the master in the one spelling of addresses. */
    readonly ofMaster: string;
  } | null;
  /** What the guards that are on have found last that makes its proof void; null = nothing. */
  readonly unproven: { readonly since: number; readonly by: string; readonly reason: Said } | null;
}

/** All methods throw StoreUnavailableError while the database cannot be reached. */
export interface VerdictStore {
  /** Of the node at this address, as requests name it. */
  lastOf(node: Address): Promise<LastVerdicts>;
  /** Keeps that a node is taken out: what proved it before counts no longer. */
  withdraw(node: NodeTarget, master: NodeTarget, by: string, at: number): Promise<void>;
}
