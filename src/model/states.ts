/** The states of everything that the service carries out, and which changes between them may happen. */

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
  // To paused only after the database came back at an older point.
  halted: ['running', 'paused', 'succeeded', 'failed', 'cancelled'],
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

/** Phases in which a node waits for a decision of a person. */
export const personPhases = ['failed', 'quarantined'] as const satisfies readonly JoinPhase[];
export type PersonPhase = (typeof personPhases)[number];

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

export const controlVerbs = ['pause', 'resume', 'cancel', 'approve', 'retry', 'skip'] as const;
export type ControlVerb = (typeof controlVerbs)[number];

export const campaignStates = [
  'pending',
  'running',
  'paused',
  'awaiting_approval',
  /** A member's expansion is halted, and no other may begin before a person has decided about it. */
  'halted',
  /** Begins no further member; those that run are run to their end. */
  'stopping',
  'succeeded',
  'failed',
  'cancelled',
] as const;
export type CampaignState = (typeof campaignStates)[number];

const endStates: readonly CampaignState[] = ['succeeded', 'failed', 'cancelled'];
export const campaignHasEnded = (state: CampaignState): boolean => endStates.includes(state);

const waitingStates: readonly CampaignState[] = ['paused', 'awaiting_approval', 'halted'];
/** States in which nothing begins until a person acts. */
export const campaignNeedsPerson = (state: CampaignState): boolean => waitingStates.includes(state);

export const memberStates = [
  'waiting',
  /** Its admission was decided on and stored; whether it has happened, the store of expansions tells. */
  'starting',
  'running',
  'succeeded',
  'failed',
  /** Preflight or another rule refused it when its turn came: nothing of it was begun. */
  'refused',
  'cancelled',
  /** The campaign ended before its turn came. */
  'not_begun',
] as const;
export type MemberState = (typeof memberStates)[number];

export const campaignVerbs = ['pause', 'resume', 'cancel', 'approve'] as const;
export type CampaignVerb = (typeof campaignVerbs)[number];

export const comparisonStates = ['pending', 'running', 'paused', 'completed', 'failed', 'cancelled'] as const;
export type ComparisonState = (typeof comparisonStates)[number];

const comparisonEndStates: readonly ComparisonState[] = ['completed', 'failed', 'cancelled'];
export const comparisonHasEnded = (state: ComparisonState): boolean => comparisonEndStates.includes(state);

export const auditStates = ['pending', 'running', 'completed', 'cancelled'] as const;
export type AuditState = (typeof auditStates)[number];
export const auditHasEnded = (state: AuditState): boolean => state === 'completed' || state === 'cancelled';

/** How far an audit is with one server. */
export const auditStateOfServers = ['waiting', 'catching_up', 'to_compare', 'comparing', 'judged'] as const;

export const auditVerdicts = ['whole', 'damaged', 'doubtful', 'not_judged'] as const;

export const guardStates = ['watching', 'ended'] as const;
/** How grave what a guard finds is. */
export const guardLevels = ['warning', 'error'] as const;

/** `safe`: the holder may make a dump. `expired`: its time was over before anybody ended it. */
export const holdStates = ['waiting', 'safe', 'ended', 'expired'] as const;
export type HoldState = (typeof holdStates)[number];
export const replacementStates = [
  'running',
  /** Nothing of it moves before a person has seen to what is named; it goes on by itself then. */
  'held',
  'succeeded',
  'failed',
  'cancelled',
] as const;
export type ReplacementState = (typeof replacementStates)[number];
export const replacementHasEnded = (state: ReplacementState): boolean =>
  state !== 'running' && state !== 'held';

/** The way of an old slave out: in this order, but for `putting_back`, which leads from a cancelled withdrawal to `kept`. */
export const pairPhases = [
  /** Its new node is being added. */
  'adding',
  'waiting',
  /** Others are asked whether it may go. */
  'withdrawing',
  'draining',
  'detaching',
  /** It follows its master no longer; others are asked before it counts as done. */
  'detached',
  /** It stays after all: others are asked to publish it again. */
  'putting_back',
  'done',
  'kept',
  'failed',
] as const;
export type PairPhase = (typeof pairPhases)[number];
const endPhases: readonly PairPhase[] = ['done', 'kept', 'failed'];
export const pairHasEnded = (phase: PairPhase): boolean => endPhases.includes(phase);
