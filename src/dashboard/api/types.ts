import type { Plan, Topology } from '../../core/plan/plan.ts';
import type { ComparisonReport } from '../../model/comparison.ts';
import type { NodeTarget, Problem, StoredEvent } from '../../model/expansion.ts';
import type { Finding } from '../../model/finding.ts';
import type { Look } from '../../model/observation.ts';
import type { PolicyInput } from '../../model/policy.ts';
import type { Rehearsal } from '../../rehearsal/result.ts';

/** The shapes that the HTTP API answers with, where they are not the core's own. */

export interface Session {
  readonly role: 'viewer' | 'operator' | null;
  readonly name: string | null;
  readonly authRequired: boolean;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface EventPage {
  readonly items: readonly StoredEvent[];
  readonly nextAfter: number | null;
}

export interface Freeze {
  readonly frozen: boolean;
  readonly reason: string | null;
  readonly by: string | null;
  readonly since: number | null;
}

export type MasterInput =
  | string
  | { readonly address: string; readonly seenAs?: string; readonly credential?: string };

export interface NodeInput {
  readonly address: string;
  readonly seenAs?: string;
  readonly credential?: string;
  readonly overwriteData?: true;
  readonly repoint?: true;
}

export interface ExpansionRequest {
  readonly master: MasterInput;
  readonly nodes: readonly NodeInput[];
  readonly policy?: PolicyInput;
  readonly label?: string;
}

export interface Observation {
  readonly seq: number;
  readonly node: string;
  readonly at: number;
  readonly look: Look;
}

export interface ObservationPage {
  readonly items: readonly Observation[];
  readonly nextAfter: number | null;
}

/** How far a comparison is; what its engine does not know yet is absent or null. */
export interface ComparisonProgress {
  readonly activity?: string;
  readonly lookedAtKeys?: number;
  readonly estimatedKeys?: number | null;
  readonly differences?: number;
  readonly keysPerSecond?: number | null;
  readonly remainingSeconds?: number | null;
  readonly heldBy?: string | null;
}

/** A comparison as the API lists it. */
export interface Comparison {
  readonly id: string;
  readonly left: NodeTarget;
  readonly right: NodeTarget;
  readonly state: ComparisonState;
  readonly stateReason: string | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly requestedBy: string;
  readonly join?: { readonly expansionId: string; readonly node: string } | null;
  readonly spec?: Readonly<Record<string, unknown>> | null;
  readonly progress?: ComparisonProgress | null;
  readonly report: ComparisonReport | null;
  readonly problem?: Problem | null;
  readonly differencesTotal?: number;
}

type ComparisonState = 'pending' | 'running' | 'paused' | 'completed' | 'failed' | 'cancelled';

export type { Finding, Plan, Rehearsal, Topology };
