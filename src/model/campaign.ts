/** Campaigns: expansions of many masters under one request, a canary group first, then the rest. */
import { campaignReason } from './campaign-texts.ts';
import type { Expansion } from './expansion.ts';
import {
  type CampaignVerb,
  campaignHasEnded,
  campaignNeedsPerson,
  type ExpansionState,
  isActive,
  isEnded,
  type MemberState,
  needsPerson,
} from './states.ts';
import type { CampaignCore, CampaignSettings, MemberCore } from './views/campaign.ts';
import type { Problem } from './views/problem.ts';

export {
  type CampaignState,
  type CampaignVerb,
  campaignHasEnded,
  campaignStates,
  campaignVerbs,
  type MemberState,
  memberStates,
} from './states.ts';
export type { CampaignAct, CampaignSettings, MemberGroup } from './views/campaign.ts';

const lostStates: readonly MemberState[] = ['failed', 'refused', 'cancelled'];
/** Whether the member was begun, or was to begin, and has not become what it should: what `stopAfterFailures` counts. */
export const hasFailed = (member: CampaignMember): boolean => lostStates.includes(member.state);

const atWorkStates: readonly MemberState[] = ['starting', 'running'];
export const isAtWork = (member: CampaignMember): boolean => atWorkStates.includes(member.state);
export const isOver = (member: CampaignMember): boolean => member.state !== 'waiting' && !isAtWork(member);

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

export interface CampaignMember extends MemberCore {
  /** The expansion's request, to be admitted like any other when its turn comes. */
  readonly request: unknown;
  /** Expected seconds as they were forecast when the campaign was accepted; null = not known. */
  readonly forecastSeconds: number | null;
  /** null until it has begun. */
  readonly expansion: MemberExpansion | null;
  /** Admissions that came to nothing for a reason that may pass. */
  readonly failedTries: number;
  /** When its admission may be tried again; null = at once. */
  readonly notBefore: number | null;
}

export interface Campaign extends CampaignCore {
  readonly members: readonly CampaignMember[];
}

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
