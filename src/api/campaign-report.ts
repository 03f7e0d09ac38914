import { measuredSync } from '../core/plan/learning.ts';
import type { CampaignMember } from '../model/campaign.ts';
import type { Expansion, Join } from '../model/expansion.ts';
import { readableBytes, readableSeconds } from '../model/quantities.ts';
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
) {
  const { startedAt, endedAt } = campaign;
  return {
    at: now,
    campaign: campaignSummary(campaign, now),
    tookSeconds: startedAt === null ? null : ((endedAt ?? now) - startedAt) / 1000,
    members: campaign.members.map((member) => {
      const expansion = expansions.get(member.expansion?.id ?? '') ?? null;
      return {
        ...memberView(member, now),
        nodes: member.nodes.map((node) => nodeOf(node, expansion)),
        tookSeconds: tookSeconds(member),
        forecastSeconds: member.expansion?.forecastSeconds ?? member.forecastSeconds,
      };
    }),
  };
}
export type CampaignReport = ReturnType<typeof campaignReport>;

function tookSeconds({ expansion }: CampaignMember): number | null {
  if (!expansion || expansion.startedAt === null || expansion.endedAt === null) return null;
  return (expansion.endedAt - expansion.startedAt) / 1000;
}

function nodeOf(node: string, expansion: Expansion | null) {
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
    problem: join?.problem ?? null,
  };
}

const anomaliesOf = (join: Join | null): readonly string[] => [
  ...new Set(join?.anomalies.map(({ code }) => code) ?? []),
];

/** The same for people: Markdown that can be read as it is, or put into a ticket. */
export function campaignReportText(report: CampaignReport): string {
  const { campaign, members } = report;
  const { progress, settings } = campaign;
  const failed = members.filter(({ problem, state }) => problem !== null || state === 'failed');
  return [
    `# Campaign ${cell(campaign.label ?? campaign.id)}`,
    '',
    `- Campaign: ${campaign.id}`,
    `- Result: **${words(campaign.state)}**${campaign.stateReason ? ` (${cell(campaign.stateReason)})` : ''}`,
    `- Asked for by ${cell(campaign.requestedBy)} (${campaign.via}) at ${time(campaign.acceptedAt)}`,
    `- Began: ${time(campaign.startedAt)}; ended: ${time(campaign.endedAt)}; took: ${seconds(report.tookSeconds)}`,
    `- Nodes verified: ${progress.nodesVerified} of ${progress.nodes}`,
    `- Members: ${countsText(progress.byState)}`,
    `- At most ${settings.maxRunning} at a time; stops after ${settings.stopAfterFailures} failed; ${settings.canaryApproval ? 'the rest needed an approval' : 'the rest needed no approval'}${campaign.approval ? `, given by ${cell(campaign.approval.by)}: ${cell(campaign.approval.reason)}` : ''}`,
    '',
    '| # | group | master | nodes verified | state | took | forecast | expansion |',
    '|--:|---|---|--:|---|--:|--:|---|',
    ...members.map(
      (member) =>
        `| ${member.index + 1} | ${member.group} | ${cell(member.master)} | ${member.nodesVerified} of ${member.nodes.length} | ${words(member.state)} | ${seconds(member.tookSeconds)} | ${seconds(member.forecastSeconds)} | ${member.expansionId ?? '-'} |`,
    ),
    ...(failed.length > 0 ? ['', '## What went wrong', '', ...failed.flatMap(problemLines)] : []),
    '',
    '## Nodes',
    '',
    '| master | node | phase | evidence | attempts | received | transfer | anomalies |',
    '|---|---|---|---|--:|--:|--:|---|',
    ...members.flatMap(({ master, nodes }) => nodes.map((node) => nodeLine(master, node))),
    '',
  ].join('\n');
}

type ReportMember = CampaignReport['members'][number];

function problemLines(member: ReportMember): readonly string[] {
  const { problem } = member;
  const text = problem?.text ?? member.reason ?? words(member.state);
  return [
    `- Member ${member.index + 1} (${cell(member.master)}): ${cell(text)}`,
    ...(problem?.nextSteps ?? []).map((step) => `  - ${cell(step)}`),
  ];
}

function nodeLine(master: string, node: ReportMember['nodes'][number]): string {
  const received = node.receivedBytes === null ? '-' : readableBytes(node.receivedBytes);
  return `| ${cell(master)} | ${cell(node.node)} | ${node.phase ? words(node.phase) : '-'} | ${node.verdict ? words(node.verdict) : '-'} | ${node.attempts} | ${received} | ${seconds(node.transferSeconds)} | ${node.anomalies.join(', ') || '-'} |`;
}

/** `4 succeeded, 1 failed`. */
function countsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${words(state)}`)
    .join(', ');
}

const words = (name: string): string => name.replaceAll('_', ' ');
const time = (at: number | null): string => (at === null ? '-' : new Date(at).toISOString());
const seconds = (count: number | null): string => (count === null ? '-' : readableSeconds(count));

/** A text that cannot break out of its place in the Markdown, nor become a link or markup. */
function cell(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/[\\`*_[\]<>|#]/g, '\\$&');
}
