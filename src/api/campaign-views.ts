import { concernedByRequests } from '../admission/concerned.ts';
import { isOn } from '../admission/may-act.ts';
import type { MemberRequest } from '../admission/request.ts';
import { campaignRemainingSeconds, memberRemainingSeconds } from '../core/campaign/remaining.ts';
import { type Campaign, type CampaignMember, memberStates, waitsForPerson } from '../model/campaign.ts';
import { campaignReasons, stopReasons } from '../model/campaign-texts.ts';
import type { PolicyInput } from '../model/policy.ts';
import { problemFor } from '../model/problems.ts';
import { reasonFor } from '../model/reasons.ts';
import { type Reader, type Said, saidFor } from '../model/text.ts';
import type { CampaignSummary, CampaignView, MemberView } from '../model/views/campaign.ts';
import type { Problem } from '../model/views/problem.ts';
import type { StoredCampaign } from '../store/campaigns.ts';

/** Whether another person than its requester must approve it: by the policy of a member, or by `rules` for its masters. */
export function needsOtherPerson(
  { members }: Pick<Campaign, 'members'>,
  rules: readonly string[] = [],
): boolean {
  const requests = members.map(({ request }) => request as MemberRequest);
  const { masters = [] } = concernedByRequests(requests);
  return (
    requests.some(({ policy }) => (policy as PolicyInput | undefined)?.fourEyes === true) ||
    masters.some((master) => isOn(rules, master))
  );
}

/** A campaign as it is shown in lists: where it stands, without its members. `rules`: where four eyes are needed. */
export function campaignSummary(
  campaign: StoredCampaign,
  now: number,
  reader: Reader,
  rules?: readonly string[],
): CampaignSummary {
  const { members: _members, pendingControls, stateReason, stop, ...shown } = campaign;
  return {
    ...shown,
    stateReason: saidFor(campaignReasons, stateReason, reader),
    stop: stop && { ...stop, reason: saidFor(stopReasons, stop.reason, reader) },
    needsPerson: waitsForPerson(campaign),
    fourEyes: needsOtherPerson(campaign, rules),
    pendingControls: pendingControls.map(({ id, verb, reason }) => ({ id, verb, reason })),
    remainingSeconds: rounded(campaignRemainingSeconds(campaign, now)),
    progress: progressOf(campaign),
  };
}

/** A campaign with its members. */
export function campaignView(
  campaign: StoredCampaign,
  now: number,
  reader: Reader,
  rules?: readonly string[],
): CampaignView {
  return {
    ...campaignSummary(campaign, now, reader, rules),
    members: campaign.members.map((member) => memberView(member, now, reader)),
  };
}

/** A member, with what is known of its expansion. What it will ask for stays inside. */
export function memberView(member: CampaignMember, now: number, reader: Reader): MemberView {
  const { index, group, master, nodes, label, state, stateSince, expansion } = member;
  const problem = member.problem && problemFor(member.problem, reader);
  return {
    index,
    group,
    master,
    nodes,
    label,
    state,
    stateSince,
    expansionId: expansion?.id ?? null,
    expansionState: expansion?.state ?? null,
    nodesVerified: expansion?.nodesVerified ?? 0,
    startedAt: expansion?.startedAt ?? null,
    endedAt: expansion?.endedAt ?? null,
    remainingSeconds: rounded(memberRemainingSeconds(member, now)),
    reason: problem ? problemReason(problem) : expansionReason(expansion, reader),
    problem: problem ?? (expansion?.problem ? problemFor(expansion.problem, reader) : null),
  };
}

/** A problem as the reason of a state. */
const problemReason = ({ code, facts = {}, text }: Omit<Problem, 'at'>): Said => ({ code, facts, text });

/** While it runs, what was said of its state when it began is no news. */
function expansionReason(expansion: CampaignMember['expansion'], reader: Reader): Said | null {
  if (expansion === null) return null;
  const reason = expansion.waitingFor ?? (expansion.state === 'running' ? null : expansion.stateReason);
  return reasonFor(reason, reader);
}

const rounded = (seconds: number | null): number | null => (seconds === null ? null : Math.ceil(seconds));

function progressOf({ members }: Campaign) {
  const sum = (of: (member: CampaignMember) => number): number =>
    members.reduce((total, member) => total + of(member), 0);
  return {
    members: members.length,
    byState: Object.fromEntries(
      memberStates.map((state) => [state, members.filter((member) => member.state === state).length]),
    ) as Record<CampaignMember['state'], number>,
    nodesVerified: sum(({ expansion }) => expansion?.nodesVerified ?? 0),
    nodes: sum(({ nodes }) => nodes.length),
  };
}
