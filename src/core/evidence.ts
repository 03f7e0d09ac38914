/** One rule of "verified", whether it holds, and the facts that show it. */
export interface EvidenceRule {
  /** Stable: full_sync_seen, bytes_received, single_snapshot, role_and_link, listed_by_master, offset_passed, data_agrees, stable. */
  readonly rule: string;
  readonly holds: boolean | null;
  /** One plain sentence. */
  readonly text: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly at: number;
}

export interface Evidence {
  readonly verdict: 'verified' | 'not_verified' | 'undecided';
  readonly at: number;
  readonly attempt: number;
  readonly rules: readonly EvidenceRule[];
}
