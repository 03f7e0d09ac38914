/** The rules of "verified" (docs/verified.md), and what was found of each. */
import type { BinlogOffset } from './observation.ts';

export const ruleNames = [
  'full_sync_seen',
  'bytes_received',
  'single_snapshot',
  'role_and_link',
  'listed_by_master',
  'offset_passed',
  'data_agrees',
  'stable',
] as const;

export type RuleName = (typeof ruleNames)[number];

/** One rule of "verified", whether it holds, and the facts that show it. */
export interface EvidenceRule {
  readonly rule: RuleName;
  /** null = could not be told. Only `true` counts for the verdict. */
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

/** What the catch-up and stability rules rest on; kept by the join. */
export interface CatchUp {
  /** The master's offsets at one moment after the node came up, and that moment. */
  readonly target: Readonly<Record<string, BinlogOffset>>;
  readonly targetAt: number;
  /** When the node's own offsets were first seen at or past the target; null = not yet. */
  readonly passedAt: number | null;
  readonly passedOffsets: Readonly<Record<string, BinlogOffset>> | null;
  /** Looks in a row that held after the data agreed. */
  readonly stableLooks: number;
  readonly stableSince: number | null;
  /** The node's offsets at the last look, and when they last moved. */
  readonly ownOffsets: Readonly<Record<string, BinlogOffset>>;
  readonly movedAt: number;
}
