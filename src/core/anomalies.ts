/** A named symptom of a full sync gone wrong, and what is known about it. */
export const anomalyCodes = [
  'snapshot_superseded',
  'hung_in_full_sync',
  'died_on_partial_database',
  'full_sync_skipped',
  'refused_for_good',
  'master_unreachable',
  'master_still_syncing',
  'up_but_not_listed',
  'up_but_incomplete',
  'sync_loop',
  'node_restarted',
  'master_restarted',
  'foreign_change',
  'node_unreachable',
] as const;
export type AnomalyCode = (typeof anomalyCodes)[number];

export type Remedy = 'wait' | 'reattach' | 'quarantine' | 'halt';

export interface AnomalyRecord {
  readonly code: AnomalyCode;
  readonly at: number;
  readonly attempt: number;
  /** What was seen, with its numbers. */
  readonly text: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly remedy: Remedy;
}

export interface AnomalyDescription {
  readonly title: string;
  readonly cause: string;
  readonly versions: string;
  /** Numbers of the recordings in test/recordings that show it. */
  readonly recordings: readonly string[];
  readonly remedy: Remedy;
  readonly nextSteps: readonly string[];
}
