import { measuredSync } from '../core/plan/learning.ts';
import type { CampaignMember } from '../model/campaign.ts';
import type { Expansion, Join } from '../model/expansion.ts';
import { problemFor } from '../model/problems.ts';
import type { Reader } from '../model/text.ts';
import type { CampaignReport } from '../model/views/campaign.ts';
import type { StoredCampaign } from '../store/campaigns.ts';
import { campaignSummary, memberView } from './campaign-views.ts';

/**
 * What became of a campaign, member by member and node by node. `expansions` are those of its members by their ids, as far
 * as they are still stored.
 */
export function campaignReport(
  campaign: StoredCampaign,
  expansions: ReadonlyMap<string, Expansion>,
  now: number,
  reader: Reader,
  fourEyesRules?: readonly string[],
): CampaignReport {
  const { startedAt, endedAt } = campaign;
  return {
    at: now,
    campaign: campaignSummary(campaign, now, reader, fourEyesRules),
    tookSeconds: startedAt === null ? null : ((endedAt ?? now) - startedAt) / 1000,
    members: campaign.members.map((member) => {
      const expansion = expansions.get(member.expansion?.id ?? '') ?? null;
      return {
        ...memberView(member, now, reader),
        nodes: member.nodes.map((node) => nodeOf(node, expansion, reader)),
        tookSeconds: tookSeconds(member),
        forecastSeconds: member.expansion?.forecastSeconds ?? member.forecastSeconds,
      };
    }),
  };
}

function tookSeconds({ expansion }: CampaignMember): number | null {
  if (!expansion || expansion.startedAt === null || expansion.endedAt === null) return null;
  return (expansion.endedAt - expansion.startedAt) / 1000;
}

function nodeOf(node: string, expansion: Expansion | null, reader: Reader) {
  const join = expansion?.joins.find(({ target }) => target.name === node) ?? null;
  const measured = expansion && join ? measuredSync(expansion, join) : null;
  return {
    node,
    phase: join?.phase ?? null,
    attempts: join?.attempts.length ?? 0,
    verdict: join?.evidence?.verdict ?? null,
    anomalies: anomaliesOf(join),
    receivedBytes: measured?.bytes ?? join?.progress.receivedBytes ?? null,
    transferSeconds: measured?.transferSeconds ?? null,
    problem: join?.problem ? problemFor(join.problem, reader) : null,
  };
}

const anomaliesOf = (join: Join | null): readonly string[] => [
  ...new Set(join?.anomalies.map(({ code }) => code) ?? []),
];
