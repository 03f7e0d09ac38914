import type { CampaignPlan } from '../admission/campaign.ts';
import type { CampaignView } from '../api/campaign-views.ts';
import type { AnomalyRecord } from '../model/anomalies.ts';
import type { Capabilities } from '../model/capabilities.ts';
import type { ComparisonReport } from '../model/comparison.ts';
import type { Evidence } from '../model/evidence.ts';
import type {
  Attempt,
  Expansion,
  ExpansionState,
  Join,
  JoinPhase,
  NodeTarget,
  Problem,
  Progress,
} from '../model/expansion.ts';
import type { Finding } from '../model/finding.ts';
import type { Forecast } from '../model/forecast.ts';
import type { PolicyInput } from '../model/policy.ts';
import type { Rehearsal } from '../rehearsal/result.ts';

/** The answers of the REST API, as far as the command line reads them. */
export interface TargetRequest {
  readonly address: string;
  readonly seenAs?: string;
  readonly credential?: string;
}

export interface JoinTargetRequest extends TargetRequest {
  readonly overwriteData?: true;
  readonly repoint?: true;
}

export interface ExpansionRequest {
  readonly master: TargetRequest;
  readonly nodes: readonly JoinTargetRequest[];
  readonly policy?: PolicyInput;
  readonly label?: string;
}

export interface PlanView {
  readonly id: string;
  readonly at: number;
  readonly master: NodeTarget;
  readonly capabilities: Capabilities | null;
  readonly findings: readonly Finding[];
  readonly acceptable: boolean;
  readonly batchSize: number | null;
  readonly batchSizeReason: string | null;
  readonly batches: readonly (readonly string[])[];
  readonly waitsFor: string | null;
  readonly topology: TopologyView | null;
  readonly forecast: ForecastView | null;
}

export interface TopologyView {
  readonly master: {
    readonly name: string;
    readonly version: string | null;
    readonly role: string | null;
    readonly sstBytes: number | null;
  };
  readonly slaves: readonly { readonly ip: string; readonly port: number; readonly lag: unknown }[];
}

export type ForecastView = Forecast;
export type RehearsalView = { readonly plan: PlanView } & Rehearsal;

type AttemptView = Omit<Attempt, 'tracker'>;
/** The fields of a join that the command line reads; the answer holds more. */
export type JoinView = Pick<
  Join,
  'target' | 'batch' | 'phase' | 'progress' | 'waitingFor' | 'anomalies' | 'problem'
>;
/** The fields of an expansion that the command line reads; the answer holds more. */
export type ExpansionView = Pick<
  Expansion,
  | 'id'
  | 'master'
  | 'label'
  | 'requestedBy'
  | 'acceptedAt'
  | 'startedAt'
  | 'endedAt'
  | 'state'
  | 'stateReason'
  | 'currentBatch'
  | 'batchCount'
  | 'problem'
> &
  Partial<Pick<Expansion, 'forecast' | 'forecastDrift' | 'forecastOutcome' | 'health' | 'borrowed'>> & {
    readonly joins: readonly JoinView[];
  };

export interface PageView<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface EvidenceView {
  readonly expansionId: string;
  readonly master: NodeTarget;
  readonly nodes: readonly NodeEvidenceView[];
}

export interface NodeEvidenceView {
  readonly node: string;
  readonly phase: JoinPhase;
  readonly evidence: Evidence | null;
  readonly anomalies: readonly AnomalyRecord[];
  readonly attempts: readonly AttemptView[];
  readonly comparison: { readonly id: string; readonly report: ComparisonReport | null } | null;
}

/** The data of an SSE message of the type `progress`. */
export interface ProgressMessage {
  readonly state: ExpansionState;
  readonly joins: readonly {
    readonly node: string;
    readonly phase: JoinPhase;
    readonly progress: Progress;
    readonly waitingFor?: string | null;
  }[];
}

export type { CampaignView };
export type CampaignSummaryView = Omit<CampaignView, 'members'>;
export type CampaignMemberView = CampaignView['members'][number];
export type CampaignPlanView = CampaignPlan;

export interface FreezeView {
  readonly frozen: boolean;
  readonly reason: string | null;
  readonly by: string | null;
  readonly since: number | null;
}

export interface ComparisonView {
  readonly id: string;
  readonly left: NodeTarget;
  readonly right: NodeTarget;
  readonly state: 'pending' | 'running' | 'paused' | 'completed' | 'failed' | 'cancelled';
  readonly stateReason: string | null;
  readonly progress: ComparisonProgressView | null;
  readonly report: ComparisonReport | null;
  readonly problem: Problem | null;
  readonly differencesTotal: number;
  /** What was asked of it and is not done yet. */
  readonly pendingControl: { readonly verb: string; readonly reason: string } | null;
}

/** Fields that the comparison has not told yet are absent. */
interface ComparisonProgressView {
  readonly activity?: string;
  readonly lookedAtKeys?: number;
  readonly estimatedKeys?: number | null;
  readonly differences?: number;
  readonly keysPerSecond?: number | null;
  readonly remainingSeconds?: number | null;
  /** Why reading pauses just now. */
  readonly heldBy?: string | null;
}
