/** How long a campaign will still take, as far as forecasts tell. */
import {
  type Campaign,
  type CampaignMember,
  campaignHasEnded,
  isAtWork,
  isOver,
} from '../../model/campaign.ts';
import { needsPerson } from '../../model/expansion.ts';

/** Seconds that this member will still be at work; null = not known. */
export function memberRemainingSeconds(member: CampaignMember, now: number): number | null {
  if (isOver(member)) return 0;
  const { expansion } = member;
  const expected = expansion?.forecastSeconds ?? member.forecastSeconds;
  if (expected === null) return null;
  if (expansion === null || expansion.startedAt === null) return expected;
  if (needsPerson(expansion.state)) return null;
  const left = expected - (now - expansion.startedAt) / 1000;
  // A forecast that was overrun says nothing of what is left.
  return left > 0 ? left : null;
}

/** Seconds of work until the campaign has ended if nothing fails, waits for people left out; null = not known. */
export function campaignRemainingSeconds(campaign: Campaign, now: number): number | null {
  if (campaignHasEnded(campaign.state)) return 0;
  const stopping = campaign.stop !== null;
  const canaries = workOf(campaign, 'canary', now, stopping);
  const rest = workOf(campaign, 'rest', now, stopping);
  if (canaries === null || rest === null) return null;
  const { maxRunning } = campaign.settings;
  // The rest begins when the last canary has ended; members that run already are never cut.
  const canariesTake = spanOf(canaries, maxRunning);
  return canariesTake + spanOf(rest, maxRunning);
}

function workOf(
  campaign: Campaign,
  group: CampaignMember['group'],
  now: number,
  stopping: boolean,
): readonly number[] | null {
  const open = campaign.members.filter(
    (member) => member.group === group && !isOver(member) && (!stopping || isAtWork(member)),
  );
  const work = open
    .toSorted((a, b) => Number(isAtWork(b)) - Number(isAtWork(a)) || a.index - b.index)
    .map((member) => memberRemainingSeconds(member, now));
  return work.every((seconds) => seconds !== null) ? work : null;
}

/** When the last of these has ended, if they begin in this order and at most `atATime` work together. */
function spanOf(work: readonly number[], atATime: number): number {
  const freeAt = Array.from({ length: Math.max(1, Math.min(atATime, work.length)) }, () => 0);
  for (const seconds of work) {
    const first = freeAt.indexOf(Math.min(...freeAt));
    freeAt[first] = freeAt[first]! + seconds;
  }
  return Math.max(...freeAt);
}
