import { measuredSync } from '../core/plan/learning.ts';
import type { CampaignMember } from '../model/campaign.ts';
import type { Expansion, Join } from '../model/expansion.ts';
import { problemFor } from '../model/problems.ts';
import { readableBytes, readableSeconds } from '../model/quantities.ts';
import { memberName, stateWord } from '../model/state-words.ts';
import type { Reader, Text } from '../model/text.ts';
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
): CampaignReport {
  const { startedAt, endedAt } = campaign;
  return {
    at: now,
    campaign: campaignSummary(campaign, now, reader),
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

/** The same for people: Markdown that can be read as it is, or put into a ticket. */
export const campaignReportText = (report: CampaignReport, reader: Reader): string =>
  reportText[reader.language](report, reader);

const reportText: Text<CampaignReport> = {
  en: (report, reader) => {
    const { campaign, members } = report;
    const { progress, settings, approval } = campaign;
    const given = approval ? `, given by ${cell(approval.by)}: ${cell(approval.reason)}` : '';
    return [
      `# Campaign ${cell(campaign.label ?? campaign.id)}`,
      '',
      `- Campaign: ${campaign.id}`,
      `- Result: **${stateWord(campaign.state, reader)}**${campaign.stateReason ? ` (${cell(campaign.stateReason.text)})` : ''}`,
      `- Asked for by ${cell(campaign.requestedBy)} (${campaign.via}) at ${time(campaign.acceptedAt)}`,
      `- Began: ${time(campaign.startedAt)}; ended: ${time(campaign.endedAt)}; took: ${seconds(report.tookSeconds)}`,
      `- Nodes verified: ${progress.nodesVerified} of ${progress.nodes}`,
      `- Members: ${countsText(progress.byState, reader)}`,
      `- At most ${settings.maxRunning} at a time; stops after ${settings.stopAfterFailures} failed; ${settings.canaryApproval ? 'the rest needed an approval' : 'the rest needed no approval'}${given}`,
      '',
      '| # | group | master | nodes verified | state | took | forecast | expansion |',
      ...memberLines(members, reader),
      ...problemSection('What went wrong', members, reader),
      '',
      '## Nodes',
      '',
      '| master | node | phase | evidence | attempts | received | transfer | anomalies |',
      ...nodeLines(members, reader),
      '',
    ].join('\n');
  },
  zh: (report, reader) => {
    const { campaign, members } = report;
    const { progress, settings, approval } = campaign;
    const given = approval ? `，由 ${cell(approval.by)} 批准：${cell(approval.reason)}` : '';
    return [
      `# 批量扩容 ${cell(campaign.label ?? campaign.id)}`,
      '',
      `- 批量扩容：${campaign.id}`,
      `- 结果：**${stateWord(campaign.state, reader)}**${campaign.stateReason ? `（${cell(campaign.stateReason.text)}）` : ''}`,
      `- 发起人：${cell(campaign.requestedBy)}（${campaign.via}），${time(campaign.acceptedAt)}`,
      `- 开始：${time(campaign.startedAt)}；结束：${time(campaign.endedAt)}；用时：${seconds(report.tookSeconds)}`,
      `- 已校验节点：${progress.nodesVerified} / ${progress.nodes}`,
      `- 成员：${countsText(progress.byState, reader)}`,
      `- 同时最多 ${settings.maxRunning} 个；失败 ${settings.stopAfterFailures} 个后停止；其余成员${settings.canaryApproval ? '需要批准' : '无需批准'}${given}`,
      '',
      '| # | 分组 | 主节点 | 已校验节点 | 状态 | 用时 | 预测 | 扩容任务 |',
      ...memberLines(members, reader),
      ...problemSection('出现的问题', members, reader),
      '',
      '## 节点',
      '',
      '| 主节点 | 节点 | 阶段 | 证据 | 尝试 | 已接收 | 传输 | 异常 |',
      ...nodeLines(members, reader),
      '',
    ].join('\n');
  },
};

type ReportMember = CampaignReport['members'][number];

const memberLines = (members: readonly ReportMember[], reader: Reader): readonly string[] => [
  '|--:|---|---|--:|---|--:|--:|---|',
  ...members.map(
    (member) =>
      `| ${member.index + 1} | ${groupWord(member.group, reader)} | ${cell(member.master)} | ${member.nodesVerified} ${reader.language === 'zh' ? '/' : 'of'} ${member.nodes.length} | ${stateWord(member.state, reader)} | ${seconds(member.tookSeconds)} | ${seconds(member.forecastSeconds)} | ${member.expansionId ?? '-'} |`,
  ),
];

const nodeLines = (members: readonly ReportMember[], reader: Reader): readonly string[] => [
  '|---|---|---|---|--:|--:|--:|---|',
  ...members.flatMap(({ master, nodes }) => nodes.map((node) => nodeLine(master, node, reader))),
];

const groupWord = (group: ReportMember['group'], { language }: Reader): string =>
  language === 'zh' ? { canary: '金丝雀', rest: '其余' }[group] : group;

function problemSection(title: string, members: readonly ReportMember[], reader: Reader): readonly string[] {
  const failed = members.filter(({ problem, state }) => problem !== null || state === 'failed');
  if (failed.length === 0) return [];
  return ['', `## ${title}`, '', ...failed.flatMap((member) => problemLines(member, reader))];
}

function problemLines(member: ReportMember, reader: Reader): readonly string[] {
  const { problem, index, master } = member;
  const text = problem?.text ?? member.reason ?? stateWord(member.state, reader);
  const name = memberName({ member: index, master: cell(master) }, reader);
  return [
    `- ${name.charAt(0).toUpperCase()}${name.slice(1)}: ${cell(text)}`,
    ...(problem?.nextSteps ?? []).map((step) => `  - ${cell(step)}`),
  ];
}

function nodeLine(master: string, node: ReportMember['nodes'][number], reader: Reader): string {
  const received = node.receivedBytes === null ? '-' : readableBytes(node.receivedBytes);
  const word = (state: string | null): string => (state === null ? '-' : stateWord(state, reader));
  return `| ${cell(master)} | ${cell(node.node)} | ${word(node.phase)} | ${word(node.verdict)} | ${node.attempts} | ${received} | ${seconds(node.transferSeconds)} | ${node.anomalies.join(', ') || '-'} |`;
}

/** `4 succeeded, 1 failed`. */
const countsText = (counts: Readonly<Record<string, number>>, reader: Reader): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([state, count]) =>
      reader.language === 'zh'
        ? `${stateWord(state, reader)} ${count}`
        : `${count} ${stateWord(state, reader)}`,
    )
    .join(reader.language === 'zh' ? '，' : ', ');

const time = (at: number | null): string => (at === null ? '-' : new Date(at).toISOString());
const seconds = (count: number | null): string => (count === null ? '-' : readableSeconds(count));

/** A text that cannot break out of its place in the Markdown, nor become a link or markup. */
function cell(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/[\\`*_[\]<>|#]/g, '\\$&');
}
