import type { Expansion, Join, JoinTarget, NodeTarget } from '../../model/expansion.ts';
import type { Policy } from '../../model/policy.ts';
import { newMasterTracker } from '../sync/master-tracker.ts';
import { noProgress } from './progress.ts';

/** An accepted request as it enters the store: pending, nothing done yet. */
export function newExpansion(request: {
  readonly id: string;
  readonly master: NodeTarget;
  readonly nodes: readonly JoinTarget[];
  readonly policy: Policy;
  readonly label: string | null;
  readonly requestedBy: string;
  readonly via: Expansion['via'];
  readonly now: number;
  /** When it may begin at the earliest, milliseconds since the epoch; absent = at once. */
  readonly startAt?: number;
}): Expansion {
  return {
    id: request.id,
    master: request.master,
    policy: request.policy,
    label: request.label,
    requestedBy: request.requestedBy,
    via: request.via,
    acceptedAt: request.now,
    ...(request.startAt === undefined ? {} : { startAt: request.startAt }),
    startedAt: null,
    endedAt: null,
    state: 'pending',
    stateSince: request.now,
    stateReason: null,
    capabilities: null,
    plannedMaster: null,
    forecast: null,
    forecastDrift: null,
    forecastOutcome: null,
    health: null,
    borrowed: null,
    masterTracker: newMasterTracker(),
    binlogFileSizeBytes: null,
    batchSize: null,
    batchSizeReason: null,
    currentBatch: 0,
    batchCount: null,
    nextBatchNotBefore: null,
    approvedThroughBatch: request.policy.fourEyes ? -1 : 0,
    pendingControl: null,
    findings: [],
    joins: request.nodes.map((target, index) => newJoin(target, index, request)),
    problem: null,
    waitsFor: null,
  };
}

function newJoin(
  target: JoinTarget,
  index: number,
  request: { readonly policy: Policy; readonly now: number },
): Join {
  return {
    index,
    target,
    batch: null,
    phase: 'waiting',
    phaseSince: request.now,
    phases: [{ phase: 'waiting', at: request.now, attempt: 0 }],
    attempts: [],
    progress: noProgress,
    waitingFor: null,
    anomalies: [],
    findings: [],
    evidence: null,
    comparison: null,
    problem: null,
    attemptsAllowed: request.policy.maxAttempts,
    leaving: null,
    inconclusiveComparisons: 0,
    borrowed: null,
  };
}
