import type { Campaign, CampaignMember } from '../model/campaign.ts';

/** How both stores (PostgreSQL, and the store in memory for tests) lay a campaign out in rows. */
export type CampaignDoc = Omit<Campaign, 'members'>;

export function campaignDocOf(campaign: Campaign): CampaignDoc {
  const { members: _, pendingControls: __, ...doc } = campaign as Campaign & { pendingControls?: unknown };
  return doc;
}

/** Whether something besides the members changed. */
export function campaignChanged(before: Campaign, after: Campaign): boolean {
  const keys = Object.keys(campaignDocOf(after)) as (keyof CampaignDoc)[];
  return keys.some((key) => before[key] !== after[key]);
}

/** The members that are not the same objects as before. */
export function changedMembers(before: Campaign, after: Campaign): readonly CampaignMember[] {
  return after.members.filter((member, at) => member !== before.members[at]);
}

/** The text in which `search` looks. */
export function campaignSearchText(campaign: Campaign): string {
  const names = campaign.members.flatMap(({ master, nodes, label }) => [master, ...nodes, label ?? '']);
  return [campaign.id, campaign.label ?? '', ...names].join('\n').toLowerCase();
}
