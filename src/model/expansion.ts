import type { AnomalyRecord } from './anomalies.ts';
import type { Capabilities } from './capabilities.ts';
import type { ComparisonReport } from './comparison.ts';
import type { CatchUp, Evidence } from './evidence.ts';
import type { Finding } from './finding.ts';
import type { Forecast, ForecastDrift, ForecastOutcome } from './forecast.ts';
import type { MasterTracker, SlaveTracker } from './full-sync.ts';
import type { HealthState } from './health.ts';
import type { Address, MasterIdentity } from './observation.ts';
import type { Policy } from './policy.ts';
import type { JoinTarget, NodeTarget } from './targets.ts';
import type { Facts } from './text.ts';

export type { JoinTarget, NodeTarget } from './targets.ts';

export const expansionStates = [
  'pending',
  'running',
  'paused',
  'awaiting_approval',
  'halted',
  'succeeded',
  'failed',
  'cancelled',
] as const;
export type ExpansionState = (typeof expansionStates)[number];

/** Every change of state that may happen; anything else is a defect. */
export const expansionTransitions: Readonly<Record<ExpansionState, readonly ExpansionState[]>> = {
  pending: ['running', 'paused', 'cancelled', 'failed'],
  running: ['paused', 'awaiting_approval', 'halted', 'succeeded', 'failed', 'cancelled'],
  paused: ['running', 'pending', 'cancelled', 'halted', 'failed'],
  awaiting_approval: ['running', 'paused', 'cancelled'],
  halted: ['running', 'succeeded', 'failed', 'cancelled'],
  succeeded: [],
  failed: [],
  cancelled: [],
};

export const joinPhases = [
  'waiting',
  'preflight',
  'attaching',
  'snapshotting',
  'transferring',
  'swapping',
  'catching_up',
  'verifying',
  'verified',
  'failed',
  'quarantined',
  'skipped',
  'cancelled',
] as const;
export type JoinPhase = (typeof joinPhases)[number];

const ended: readonly ExpansionState[] = ['succeeded', 'failed', 'cancelled'];
export const isEnded = (state: ExpansionState): boolean => ended.includes(state);

/** States in which nothing happens until a person acts. */
const needsPersonStates: readonly ExpansionState[] = ['paused', 'awaiting_approval', 'halted'];
export const needsPerson = (state: ExpansionState): boolean => needsPersonStates.includes(state);

const finalPhases: readonly JoinPhase[] = ['verified', 'skipped', 'cancelled'];
/** Phases after which the next batch may begin. */
export const isSettled = (phase: JoinPhase): boolean => finalPhases.includes(phase);

const activePhases: readonly JoinPhase[] = [
  'preflight',
  'attaching',
  'snapshotting',
  'transferring',
  'swapping',
  'catching_up',
  'verifying',
];
export const isActive = (phase: JoinPhase): boolean => activePhases.includes(phase);

/** A setting that is changed for the time of an expansion only. */
export type BorrowedName = 'throttle-bytes-per-second' | 'expire-logs-nums';

/** What the service does to a node; each is stored as an intent before it is done. */
export type NodeCommand =
  | { readonly kind: 'slaveof'; readonly master: Address; readonly force: boolean }
  | { readonly kind: 'slaveof_no_one' }
  | { readonly kind: 'clear_replication_id' }
  /** A setting that is borrowed, of a node or (with permission) of the master. */
  | { readonly kind: 'config_set'; readonly name: BorrowedName; readonly value: string }
  /** Writes the node's present settings to its file. */
  | { readonly kind: 'config_rewrite' };

export interface Intent {
  readonly id: string;
  readonly command: NodeCommand;
  /** Why, in plain words, for the log. */
  readonly reason: string;
  readonly savedAt: number;
  /** Epoch of the lease under which it was stored. */
  readonly epoch: number;
  readonly endedAt: number | null;
  /** The node's reply, or null while it is not known whether the act happened. */
  readonly outcome: 'ok' | 'refused' | 'unknown' | null;
  readonly reply: string | null;
}

export interface BorrowedSetting {
  readonly name: BorrowedName;
  /** Before the first change; put back at the end. */
  readonly old: string;
  /** Values that this service gave it, the newest last. Any other is somebody else's. */
  readonly given: readonly string[];
  /** Stored before it is sent; null = none is on its way. */
  readonly pending: { readonly id: string; readonly command: NodeCommand; readonly at: number } | null;
  readonly changes: number;
  readonly seen: string;
  readonly seenAt: number;
  /** When the server had last been restarted as of that look; absent = it is not watched, or the value was just set. */
  readonly lifeSeen?: number | null;
  /**
   * `restored`; `left` = somebody else has changed it meanwhile; `lost` = the server could not be reached to put it
   * back; `refused` = the server would not take a change.
   */
  readonly state: 'borrowed' | 'restored' | 'left' | 'lost' | 'refused';
  readonly restoringSince: number | null;
  /** Whether the file of the server was written once more after the old value was put back. */
  readonly fileWritten: boolean;
  /** Whether the server has read a changed value from its file, after a restart. */
  readonly inFile?: boolean;
}

export interface Attempt {
  readonly number: number;
  readonly kind: 'attach' | 'reattach';
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly outcome: 'verified' | 'failed' | 'abandoned' | null;
  /** Where a reattach stands; null for a plain attach that goes straight to SLAVEOF. */
  readonly step: 'detach' | 'await_unlisted' | 'clear_id' | 'slaveof' | 'syncing';
  /** When NO ONE was answered in this attempt (facts: wait 4 s at least after it). */
  readonly detachedAt: number | null;
  readonly intents: readonly Intent[];
  readonly tracker: SlaveTracker | null;
  readonly catchUp: CatchUp | null;
}

export interface Progress {
  /** Size of the snapshot being copied; null = not known. */
  readonly snapshotBytes: number | null;
  readonly receivedBytes: number | null;
  readonly bytesPerSecond: number | null;
  readonly remainingSeconds: number | null;
  /** Bytes of binlog between the master's and the node's offset, summed over DBs; null = not known. */
  readonly lagBytes: number | null;
  /** The node did not answer at the last look; null or absent = it did. */
  readonly silent?: SilentNode | null;
}

/** A node that gives no answer: what was measured of it is of the time before. */
export interface SilentNode {
  /** `busy`: it takes connections and does not reply. `unreachable`: it cannot be reached, or something else answers. */
  readonly how: 'busy' | 'unreachable';
  readonly since: number;
  /** When the attempt ends if it stays so. */
  readonly attemptEndsAt: number;
}

export interface Problem {
  readonly code: string;
  /** From which text and next steps are made again for another reader; absent = an earlier release has stored it. */
  readonly facts?: Facts;
  readonly text: string;
  readonly nextSteps: readonly string[];
  readonly at: number;
}

export interface Join {
  readonly index: number;
  readonly target: JoinTarget;
  /** Zero-based; null until batches are formed. */
  readonly batch: number | null;
  readonly phase: JoinPhase;
  readonly phaseSince: number;
  /** Every phase entered, in order. */
  readonly phases: readonly { readonly phase: JoinPhase; readonly at: number; readonly attempt: number }[];
  readonly attempts: readonly Attempt[];
  readonly progress: Progress;
  /** What it waits for now, in plain words; null = nothing in particular. */
  readonly waitingFor: string | null;
  readonly anomalies: readonly AnomalyRecord[];
  readonly findings: readonly Finding[];
  readonly evidence: Evidence | null;
  readonly comparison: { readonly id: string; readonly report: ComparisonReport | null } | null;
  readonly problem: Problem | null;
  /** How many attaches are permitted; raised by `retry`. */
  readonly attemptsAllowed: number;
  /** Set while the node is being detached on its way out of the expansion; then it enters that phase. */
  readonly leaving: {
    readonly to: 'cancelled' | 'skipped' | 'failed' | 'quarantined';
    readonly since: number;
  } | null;
  /** Comparisons that came to no result in this attempt. */
  readonly inconclusiveComparisons: number;
  /** A setting that was changed for the time of the full sync; null = none was. */
  readonly borrowed: BorrowedSetting | null;
}

export interface Expansion {
  readonly id: string;
  readonly master: NodeTarget;
  readonly policy: Policy;
  readonly label: string | null;
  readonly requestedBy: string;
  readonly via: 'rest' | 'queue' | 'cli';
  readonly acceptedAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly state: ExpansionState;
  readonly stateSince: number;
  /** Why it is in this state, in plain words. */
  readonly stateReason: string | null;
  readonly capabilities: Capabilities | null;
  /** What the master showed at the first preflight, so that another server in its place is noticed. */
  readonly plannedMaster: MasterIdentity | null;
  /** What the plan promised, or what was approved since; null = nothing could be said. */
  readonly forecast: Forecast | null;
  /** What had grown too far when the forecast was made anew before a batch; null = nothing had. */
  readonly forecastDrift: ForecastDrift | null;
  /** What it was against what had been forecast; null until it has ended. */
  readonly forecastOutcome: ForecastOutcome | null;
  /** The loop that holds the copy back for the master's sake; null = nothing was measured. */
  readonly health: HealthState | null;
  /** A setting of the master that was changed, with permission, for the time of the expansion; null = none was. */
  readonly borrowed: BorrowedSetting | null;
  readonly masterTracker: MasterTracker;
  /** The master's binlog-file-size, to turn positions into bytes; null = not known. */
  readonly binlogFileSizeBytes: number | null;
  /** How many nodes are attached together, and why; null until the first preflight. */
  readonly batchSize: number | null;
  readonly batchSizeReason: string | null;
  readonly currentBatch: number;
  readonly batchCount: number | null;
  /** When the batch after this one may begin (pacing); null = at once. */
  readonly nextBatchNotBefore: number | null;
  /** Batches up to this one (zero-based) may begin; Infinity is stored as a large number. */
  readonly approvedThroughBatch: number;
  /** Pause or cancel asked for while a step could not be cut: applied at the next safe point. */
  readonly pendingControl: Control | null;
  readonly findings: readonly Finding[];
  readonly joins: readonly Join[];
  readonly problem: Problem | null;
  /** Id of the expansion on the same master for whose end this one waits. */
  readonly waitsFor: string | null;
  /** The campaign of which it is a member; absent = it was asked for on its own. */
  readonly campaignId?: string;
}

export const controlVerbs = ['pause', 'resume', 'cancel', 'approve', 'retry', 'skip'] as const;
export type ControlVerb = (typeof controlVerbs)[number];

export interface Control {
  readonly id: string;
  readonly verb: ControlVerb;
  /** The node, for retry and skip. */
  readonly node: string | null;
  readonly reason: string;
  readonly by: string;
  readonly at: number;
}

/** One line of the history of an expansion or a campaign. `type` is stable; `data` holds the facts. */
export interface EventInput {
  readonly type: string;
  readonly at: number;
  readonly node: string | null;
  readonly level: 'info' | 'warning' | 'error';
  /** One plain sentence for people. */
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface StoredEvent extends EventInput {
  /** Strictly rising over all expansions; the SSE id. */
  readonly seq: number;
  /** null = it is a campaign's. */
  readonly expansionId: string | null;
  /** Absent = it is an expansion's. */
  readonly campaignId?: string;
}
