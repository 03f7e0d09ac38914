/** Campaigns: expansions of many masters under one request, a canary group first, then the rest. */
import { campaignReason } from './campaign-texts.ts';
import {
  type Expansion,
  type ExpansionState,
  isActive,
  isEnded,
  needsPerson,
  type Problem,
} from './expansion.ts';
import type { Said } from './text.ts';

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
const campaignNeedsPerson = (state: CampaignState): boolean => waitingStates.includes(state);

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

const lostStates: readonly MemberState[] = ['failed', 'refused', 'cancelled'];
/** Whether the member was begun, or was to begin, and has not become what it should: what `stopAfterFailures` counts. */
export const hasFailed = (member: CampaignMember): boolean => lostStates.includes(member.state);

const atWorkStates: readonly MemberState[] = ['starting', 'running'];
export const isAtWork = (member: CampaignMember): boolean => atWorkStates.includes(member.state);
export const isOver = (member: CampaignMember): boolean => member.state !== 'waiting' && !isAtWork(member);

export type MemberGroup = 'canary' | 'rest';

/** What a campaign knows of a member's expansion: as it was at the last look. */
export interface MemberExpansion {
  readonly id: string;
  readonly state: ExpansionState;
  readonly stateReason: Expansion['stateReason'];
  /** What keeps its next node from beginning while none is at work: a slot, a window, the freeze; null = nothing. */
  readonly waitingFor: Expansion['joins'][number]['waitingFor'];
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly nodesVerified: number;
  /** Expected seconds of the whole; null = not known. */
  readonly forecastSeconds: number | null;
  readonly problem: Problem | null;
}

export interface CampaignMember {
  /** Its place in the request, and in the order in which members begin. */
  readonly index: number;
  readonly group: MemberGroup;
  /** `host:port` as the request gave it. */
  readonly master: string;
  readonly nodes: readonly string[];
  readonly label: string | null;
  /** The expansion's request, to be admitted like any other when its turn comes. */
  readonly request: unknown;
  readonly state: MemberState;
  readonly stateSince: number;
  /** Expected seconds as they were forecast when the campaign was accepted; null = not known. */
  readonly forecastSeconds: number | null;
  /** null until it has begun. */
  readonly expansion: MemberExpansion | null;
  readonly problem: Problem | null;
  /** Admissions that came to nothing for a reason that may pass. */
  readonly failedTries: number;
  /** When its admission may be tried again; null = at once. */
  readonly notBefore: number | null;
}

export interface CampaignSettings {
  /** Members at work at the same time; the limits on full syncs hold besides. */
  readonly maxRunning: number;
  /** With so many members failed no further one begins. A canary's failure is always enough. */
  readonly stopAfterFailures: number;
  /** Whether a person must approve the rest once the canaries have succeeded. */
  readonly canaryApproval: boolean;
}

/** Who asked for something, and why. */
export interface CampaignAct {
  readonly by: string;
  readonly reason: string;
  readonly at: number;
}

export interface Campaign {
  readonly id: string;
  readonly label: string | null;
  readonly requestedBy: string;
  readonly via: Expansion['via'];
  readonly acceptedAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly state: CampaignState;
  readonly stateSince: number;
  /** Why it is in this state, or what holds it up. */
  readonly stateReason: Said | null;
  readonly settings: CampaignSettings;
  /** null = it is not paused. */
  readonly paused: CampaignAct | null;
  /** The approval of the rest; null = none was given. */
  readonly approval: CampaignAct | null;
  /** Set once no further member may begin; never taken back. */
  readonly stop: {
    readonly cause: 'failures' | 'cancel';
    readonly reason: Said;
    /** null = the campaign stopped by itself. */
    readonly by: string | null;
    readonly at: number;
    /** Whether the expansions of running members are to be cancelled as well; null = they are run to their end. */
    readonly cancelMembers: CampaignAct | null;
  } | null;
  readonly members: readonly CampaignMember[];
}

export const campaignVerbs = ['pause', 'resume', 'cancel', 'approve'] as const;
export type CampaignVerb = (typeof campaignVerbs)[number];

export interface CampaignControl {
  readonly id: string;
  readonly verb: CampaignVerb;
  readonly reason: string;
  readonly by: string;
  readonly at: number;
  /** Of `cancel`: cancel the expansions of running members as well. */
  readonly cancelMembers: boolean;
}

/** The deterministic key under which a member is admitted: whoever tries again gets the expansion of the first time. */
export const memberKey = (campaignId: string, index: number): string =>
  // The blanks keep it apart from what a request can give: no header carries them.
  `campaign ${campaignId} ${index}`;

/** A campaign as it enters the store. */
export function newCampaign(request: {
  readonly id: string;
  readonly label: string | null;
  readonly requestedBy: string;
  readonly via: Campaign['via'];
  readonly at: number;
  readonly settings: CampaignSettings;
  readonly members: readonly Pick<
    CampaignMember,
    'group' | 'master' | 'nodes' | 'label' | 'request' | 'forecastSeconds'
  >[];
}): Campaign {
  const { id, label, requestedBy, via, at, settings } = request;
  return {
    id,
    label,
    requestedBy,
    via,
    acceptedAt: at,
    startedAt: null,
    endedAt: null,
    state: 'pending',
    stateSince: at,
    stateReason: campaignReason('accepted'),
    settings,
    paused: null,
    approval: null,
    stop: null,
    members: request.members.map((member, index) => ({
      ...member,
      index,
      state: 'waiting',
      stateSince: at,
      expansion: null,
      problem: null,
      failedTries: 0,
      notBefore: null,
    })),
  };
}

/** What a campaign keeps of an expansion. */
export function memberExpansionOf(expansion: Expansion): MemberExpansion {
  const atWork = expansion.joins.some(({ phase }) => isActive(phase) && phase !== 'preflight');
  const held = expansion.joins.find(({ waitingFor }) => waitingFor !== null);
  return {
    id: expansion.id,
    state: expansion.state,
    stateReason: expansion.stateReason,
    waitingFor: atWork || isEnded(expansion.state) ? null : (held?.waitingFor ?? null),
    startedAt: expansion.startedAt,
    endedAt: expansion.endedAt,
    nodesVerified: expansion.joins.filter((join) => join.phase === 'verified').length,
    forecastSeconds: expansion.forecast?.secondsTotal?.expected ?? null,
    problem: expansion.problem ?? expansion.joins.find((join) => join.problem !== null)?.problem ?? null,
  };
}

/** Whether a person must act before anything of this campaign goes on: nothing may begin, and nothing that runs moves. */
export function waitsForPerson(campaign: Campaign): boolean {
  if (campaignHasEnded(campaign.state)) return false;
  const running = campaign.members.filter(isAtWork);
  const allStuck = running.every(
    ({ expansion, state }) => state === 'running' && expansion !== null && needsPerson(expansion.state),
  );
  if (!allStuck) return false;
  if (campaignNeedsPerson(campaign.state)) return true;
  const canBegin =
    campaign.stop === null &&
    running.length < campaign.settings.maxRunning &&
    campaign.members.some(({ state }) => state === 'waiting');
  return running.length > 0 && !canBegin;
}
