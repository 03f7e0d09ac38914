/** The report of a campaign as people read it. */
import { markdownText as cell, markdownTime as time } from './markdown.ts';
import { readableBytes, readableSeconds } from './quantities.ts';
import { memberName, stateWord } from './state-words.ts';
import type { Reader, Text } from './text.ts';
import type { CampaignReport } from './views/campaign.ts';

/** Markdown that can be read as it is, or put into a ticket. */
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
      `| ${member.index + 1} | ${groupWord(member.group, reader)} | ${cell(member.master)} | ${member.nodesVerified} ${{ en: 'of', zh: '/' }[reader.language]} ${member.nodes.length} | ${stateWord(member.state, reader)} | ${seconds(member.tookSeconds)} | ${seconds(member.forecastSeconds)} | ${member.expansionId ?? '-'} |`,
  ),
];

const nodeLines = (members: readonly ReportMember[], reader: Reader): readonly string[] => [
  '|---|---|---|---|--:|--:|--:|---|',
  ...members.flatMap(({ master, nodes }) => nodes.map((node) => nodeLine(master, node, reader))),
];

const groupWord = (group: ReportMember['group'], { language }: Reader): string =>
  ({ en: group, zh: { canary: '金丝雀', rest: '其余' }[group] })[language];

function problemSection(title: string, members: readonly ReportMember[], reader: Reader): readonly string[] {
  const failed = members.filter(({ problem, state }) => problem !== null || state === 'failed');
  if (failed.length === 0) return [];
  return ['', `## ${title}`, '', ...failed.flatMap((member) => problemLines(member, reader))];
}

function problemLines(member: ReportMember, reader: Reader): readonly string[] {
  const { problem, index, master } = member;
  const text = problem?.text ?? member.reason?.text ?? stateWord(member.state, reader);
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
    .map(
      ([state, count]) =>
        ({ en: `${count} ${stateWord(state, reader)}`, zh: `${stateWord(state, reader)} ${count}` })[
          reader.language
        ],
    )
    .join({ en: ', ', zh: '，' }[reader.language]);

const seconds = (count: number | null): string => (count === null ? '-' : readableSeconds(count));
