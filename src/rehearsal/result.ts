/** What a rehearsal tells. */
import type { ExpansionState, JoinPhase } from '../model/expansion.ts';

export interface PlayedNode {
  readonly node: string;
  readonly batch: number | null;
  readonly phase: JoinPhase;
  readonly attempts: number;
  /** Seconds after the start; the last one ends with the run. */
  readonly phases: readonly { readonly phase: JoinPhase; readonly atSeconds: number }[];
  readonly anomalies: readonly string[];
  /** The truth of the model: keys of the master that the node will never have. */
  readonly lostKeys: number;
}

export interface PlayedRun {
  readonly state: ExpansionState | 'unfinished';
  readonly stateReason: string | null;
  readonly seconds: number;
  readonly dumps: number;
  readonly nodes: readonly PlayedNode[];
}

export type FaultName = 'node_dies' | 'nightly_bgsave' | 'master_restarts';

export interface FaultRun extends PlayedRun {
  readonly fault: FaultName;
  readonly text: string;
}

export interface BurstNode {
  readonly node: string;
  /** What INFO replication says at the end. */
  readonly says: 'up' | 'syncing' | 'dead';
  /** Seconds after the start at which it first said `master_link_status:up`; null = never. */
  readonly upAtSeconds: number | null;
  readonly lostKeys: number;
  /** Share of the master's keys that it will never have, 0 to 1. */
  readonly lostShare: number;
}

export interface BurstRun {
  readonly gapSeconds: number;
  readonly seconds: number;
  readonly dumps: number;
  readonly nodes: readonly BurstNode[];
}

export interface Rehearsal {
  readonly planId: string;
  readonly version: string;
  /** What was played, and what was not. */
  readonly assumptions: readonly string[];
  readonly predicted: PlayedRun;
  readonly faults: readonly FaultRun[];
  readonly burst: BurstRun;
  /** Real time that the rehearsal took. */
  readonly tookMs: number;
}
