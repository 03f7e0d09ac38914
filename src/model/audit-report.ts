/** The report of an audit as people read it. */
import { verdictWord } from './audit-texts.ts';
import { markdownText as cell, markdownTime as time } from './markdown.ts';
import { stateWord } from './state-words.ts';
import { counted, type Reader, type Text } from './text.ts';
import type { Audit, AuditCounts, AuditServer, AuditVerdict } from './views/audit.ts';

/** What an audit came to, in one line. */
export const auditSummaryText: Text<AuditCounts> = {
  en: (counts, reader) =>
    [
      `${counted(counts.masters, 'master')}, ${counted(counts.slaves, 'slave')}: ${verdictCounts(counts, reader)}`,
      ...(counts.mastersNotRead > 0 ? [`${counted(counts.mastersNotRead, 'master')} could not be read`] : []),
      ...(counts.leftOut > 0 ? [`${counted(counts.leftOut, 'slave')} left out`] : []),
      ...(counts.open > 0 ? [`${counted(counts.open, 'server')} open`] : []),
    ].join('; '),
  zh: (counts, reader) =>
    [
      `${counts.masters} 个主节点，${counts.slaves} 个从节点：${verdictCounts(counts, reader)}`,
      ...(counts.mastersNotRead > 0 ? [`${counts.mastersNotRead} 个主节点无法读取`] : []),
      ...(counts.leftOut > 0 ? [`${counts.leftOut} 个从节点未纳入`] : []),
      ...(counts.open > 0 ? [`${counts.open} 个服务器尚未判断`] : []),
    ].join('；'),
};

function verdictCounts(counts: AuditCounts, reader: Reader): string {
  const all = { damaged: 'damaged', doubtful: 'doubtful', not_judged: 'notJudged', whole: 'whole' } as const;
  const parts = Object.entries(all).map(
    ([verdict, name]) =>
      ({
        en: `${counts[name]} ${verdictWord(verdict as AuditVerdict, reader)}`,
        zh: `${verdictWord(verdict as AuditVerdict, reader)} ${counts[name]}`,
      })[reader.language],
  );
  return parts.join({ en: ', ', zh: '，' }[reader.language]);
}

/** Markdown that can be read as it is, or put into a ticket. */
export const auditReportText = (audit: Audit, reader: Reader): string =>
  reportText[reader.language](audit, reader);

const reportText: Text<Audit> = {
  en: (audit, reader) =>
    [
      `# Audit ${audit.id}`,
      '',
      `- ${auditSummaryText.en(audit.counts, reader)}`,
      `- State: **${stateWord(audit.state, reader)}**${audit.cancel ? `, ended by ${cell(audit.cancel.by)}: ${cell(audit.cancel.reason)}` : ''}`,
      `- Asked for by ${cell(audit.requestedBy)} at ${time(audit.createdAt)}; ended: ${time(audit.endedAt)}`,
      `- Data compared: ${audit.spec.depth}`,
      '',
      ...sections(audit, reader),
      '',
      '| master | slave | version | verdict | why |',
      ...slaveLines(audit, reader),
      '',
    ].join('\n'),
  zh: (audit, reader) =>
    [
      `# 巡检 ${audit.id}`,
      '',
      `- ${auditSummaryText.zh(audit.counts, reader)}`,
      `- 状态：**${stateWord(audit.state, reader)}**${audit.cancel ? `，由 ${cell(audit.cancel.by)} 结束：${cell(audit.cancel.reason)}` : ''}`,
      `- 发起人：${cell(audit.requestedBy)}，${time(audit.createdAt)}；结束：${time(audit.endedAt)}`,
      `- 数据比对：${audit.spec.depth}`,
      '',
      ...sections(audit, reader),
      '',
      '| 主节点 | 从节点 | 版本 | 结论 | 原因 |',
      ...slaveLines(audit, reader),
      '',
    ].join('\n'),
};

/** Since when a damage can be, for this reader; empty = not known. `time`: how times are written where it is read. */
export const wholeAtText: Text<Pick<AuditServer, 'wholeAt'> & { readonly time: (at: number) => string }> = {
  en: ({ wholeAt, time }) =>
    wholeAt === null
      ? ''
      : `It was proven whole at ${time(wholeAt.at)} (${wholeAt.by}), so the damage is younger.`,
  zh: ({ wholeAt, time }) =>
    wholeAt === null ? '' : `${time(wholeAt.at)} 曾被证实完整（${wholeAt.by}），损坏发生在此之后。`,
};

/** What is not whole, with the next step, the damaged slaves first. */
function sections({ servers }: Audit, reader: Reader): readonly string[] {
  const verdicts: readonly AuditVerdict[] = ['damaged', 'doubtful', 'not_judged'];
  return verdicts.flatMap((verdict) => {
    const found = servers.filter((server) => server.verdict === verdict);
    if (found.length === 0) return [];
    const title = verdictWord(verdict, reader);
    return [
      `## ${title.charAt(0).toUpperCase()}${title.slice(1)}`,
      '',
      ...found.flatMap((server) => [
        `- ${cell(server.target.name)}: ${cell(server.reason?.text ?? '')}`,
        ...(verdict === 'damaged' && server.wholeAt
          ? [`  - ${cell(wholeAtText[reader.language]({ ...server, time }, reader))}`]
          : []),
        ...server.examples.map(({ db, type, key, kind }) => `  - db${db} ${type} ${cell(key)}: ${kind}`),
        ...server.findings
          .filter(({ severity }) => severity === 'error')
          .map(({ text, nextStep }) => `  - ${cell(text)} ${cell(nextStep)}`),
        ...(server.nextStep === null ? [] : [`  - ${cell(server.nextStep)}`]),
      ]),
      '',
    ];
  });
}

const slaveLines = ({ servers }: Audit, reader: Reader): readonly string[] => [
  '|---|---|---|---|---|',
  ...servers
    .filter(({ master, verdict }) => master !== null || verdict !== null)
    .map((server) => {
      const master = server.master === null ? '-' : servers[server.master]!.target.name;
      const verdict = server.verdict === null ? '-' : verdictWord(server.verdict, reader);
      return `| ${cell(master)} | ${cell(server.target.name)} | ${cell(server.version ?? '-')} | ${verdict} | ${cell(server.reason?.text ?? '-')} |`;
    }),
];
