/** The headings of the runbook, and what holds for all entries of a chapter. */
import type { Severity } from '../finding.ts';
import { plain, type Text } from '../text.ts';
import type { AuditVerdict } from '../views/audit.ts';

export interface ChapterWords {
  readonly title: Text;
  readonly about: Text;
}

export const runbookWords = {
  title: plain('Runbook', '运维手册'),
  about: plain(
    'What each word of the service means, what the service does, what you do, and how you know that it is over.',
    '本服务的每个代码：含义、本服务的处理、您的操作，以及如何确认已恢复。',
  ),
  code: plain('code', '代码'),
  means: plain('What it means', '含义'),
  service: plain('What the service does', '本服务的处理'),
  steps: plain('What you do', '您的操作'),
  over: plain('How you know that it is over', '如何确认已恢复'),
  other: plain('中文', 'English'),
};

export const chapterWords = {
  state: {
    title: plain('States of an expansion', '扩容任务的状态'),
    about: plain(
      '`paused`, `awaiting_approval` and `halted` need a person.',
      '`paused`、`awaiting_approval` 和 `halted` 需要人工处理。',
    ),
  },
  phase: {
    title: plain('Phases of a node that need a person', '需要人工处理的节点阶段'),
    about: plain(
      'In all other phases the service goes on by itself, or the node has ended.',
      '在其他阶段，本服务会自动继续，或该节点已结束。',
    ),
  },
  anomaly: {
    title: plain('Anomalies of a full sync', '全量同步的异常'),
    about: plain(
      'A named symptom with its cause. A diagnosis ranks the possible causes.',
      '有名称的症状及其原因；诊断会按可能性列出原因。',
    ),
  },
  problem: {
    title: plain('Problems', '问题'),
    about: plain(
      'Why a node, an expansion or a comparison has ended badly, where it is neither an anomaly nor a finding.',
      '节点、扩容任务或数据比对失败的原因（异常和检查结果之外）。',
    ),
  },
  guard: {
    title: plain('Findings of a guard', '值守发现的问题'),
    about: plain(
      'A guard also says what an audit says of a slave: see the verdicts of an audit.',
      '值守也会给出与巡检相同的代码：见巡检结论。',
    ),
  },
  hold: {
    title: plain('States of a hold', '占用的状态'),
    about: plain(
      'A hold keeps a master free of full syncs, so that a backup may make its dump.',
      '占用使主节点在一段时间内不开始全量同步，以便备份做快照。',
    ),
  },
  campaign: {
    title: plain('States of a campaign that need a person', '需要人工处理的批量扩容状态'),
    about: plain('Expansions of many masters under one request.', '一次请求中对多个主节点的扩容。'),
  },
  replacement: {
    title: plain('States of a replacement that need a person', '需要人工处理的替换状态'),
    about: plain('Slaves that go, some of them for new slaves.', '下线的从节点，其中一些由新的从节点接替。'),
  },
  notice: {
    title: plain('What channels tell people of', '通知渠道告知的事项'),
    about: plain(
      'Each notice links to its entry here, where the service knows its own address (`PIKA_EXPANDER_PUBLIC_URL`).',
      '本服务知道自己的地址（`PIKA_EXPANDER_PUBLIC_URL`）时，每条通知都链接到这里的条目。',
    ),
  },
  alert: {
    title: plain('Alerts of Prometheus', 'Prometheus 告警'),
    about: plain(
      'The rules lie in deploy/prometheus. Each alert links to its entry here.',
      '规则在 deploy/prometheus 中；每条告警都链接到这里的条目。',
    ),
  },
} satisfies Readonly<Record<string, ChapterWords>>;

export const sharedWords = {
  withVersions: (cause: string, versions: string): Text =>
    plain(`${cause} Versions: ${versions}.`, `${cause}版本：${versions}。`),
  remedy: (remedy: string, underWay: readonly string[]): Text =>
    plain(
      [`${remedy.charAt(0).toUpperCase()}${remedy.slice(1)}.`, ...underWay].join(' '),
      [`${remedy}。`, ...underWay].join(''),
    ),
  problemService: plain(
    'It has given the step up, and changes nothing further there before a person decides.',
    '已放弃该步骤；在有人作出决定之前不再改动。',
  ),
  problemOver: plain(
    'The node is `verified`, or what you asked for again has succeeded.',
    '该节点为 `verified`，或重新提交的操作已成功。',
  ),
  guardService: plain(
    'It says so (`guard.found`), and says when it is over (`guard.cleared`). It changes nothing.',
    '发出 `guard.found`，消失时发出 `guard.cleared`；不做任何改动。',
  ),
};

interface SharedChapter extends ChapterWords {
  readonly service: Text;
  readonly over: Text;
}

export const severityWords: Readonly<Record<Severity, SharedChapter>> = {
  error: {
    title: plain('Findings that forbid the expansion (error)', '禁止扩容的检查结果（error）'),
    about: plain(
      'With such a finding the plan is not good, and the service accepts no expansion. Before a batch, it keeps the node back.',
      '存在此类结果时计划不通过，本服务不受理扩容；在某批次之前出现时，不挂载该节点。',
    ),
    service: plain('It touches no node that the finding concerns.', '不操作该结果涉及的节点。'),
    over: plain(
      'A new plan no longer lists the finding: pika-expander plan with the same servers.',
      '新的计划不再列出该结果：用相同的服务器执行 pika-expander plan。',
    ),
  },
  warning: {
    title: plain('Findings to think about (warning)', '需要注意的检查结果（warning）'),
    about: plain(
      'The expansion can go on. Read each of these findings before you start it.',
      '可以继续扩容；开始之前请逐条阅读。',
    ),
    service: plain('It goes on, and keeps its promises.', '继续执行，并遵守其承诺。'),
    over: plain(
      'A new plan no longer lists the finding, or you know that it does not matter here.',
      '新的计划不再列出该结果，或您确认它在此无关紧要。',
    ),
  },
  info: {
    title: plain('Findings to know (info)', '供参考的检查结果（info）'),
    about: plain('Nothing is wrong.', '没有问题。'),
    service: plain('It takes the fact into account.', '会考虑这一情况。'),
    over: plain('Nothing has to be over.', '无需等待其消失。'),
  },
};

export const verdictWords: Readonly<Record<AuditVerdict, SharedChapter>> = {
  damaged: {
    title: plain('Audit: damaged', '巡检结论：损坏'),
    about: plain(
      'The slave lacks data, or holds other data than its master.',
      '该从节点缺少数据，或数据与主节点不同。',
    ),
    service: plain('It changes nothing. It offers a repair.', '不做任何改动；给出修复方法。'),
    over: plain('A new audit says `whole`.', '新的巡检结论为 `whole`。'),
  },
  doubtful: {
    title: plain('Audit: doubtful', '巡检结论：存疑'),
    about: plain('Something keeps the slave from being proven.', '某些情况使该从节点无法得到证明。'),
    service: plain('It changes nothing.', '不做任何改动。'),
    over: plain('A new audit says `whole`.', '新的巡检结论为 `whole`。'),
  },
  not_judged: {
    title: plain('Audit: not judged', '巡检结论：未判断'),
    about: plain('The audit could not look at the slave.', '巡检未能查看该从节点。'),
    service: plain('It changes nothing.', '不做任何改动。'),
    over: plain('A new audit has a verdict.', '新的巡检给出结论。'),
  },
  whole: {
    title: plain('Audit: whole', '巡检结论：完整'),
    about: plain('The slave holds the data of its master.', '该从节点持有主节点的数据。'),
    service: plain('It changes nothing.', '不做任何改动。'),
    over: plain('Nothing has to be over.', '无需等待其消失。'),
  },
};
