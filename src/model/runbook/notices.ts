/** What to do about each thing that channels tell people of. */
import { acts } from '../acts.ts';
import type { Topic } from '../channel.ts';
import { plain } from '../text.ts';
import { type Advice, advice, steps } from './entry.ts';

const oneOf = (state: string, chapterEn: string, chapterZh: string): readonly [string, string] => [
  `Do as \`${state}\` says in the chapter “${chapterEn}”.`,
  `按“${chapterZh}”一章中 \`${state}\` 的说明处理。`,
];
const [halted, haltedZh] = oneOf('halted', 'States of an expansion', '扩容任务的状态');
const [quarantined, quarantinedZh] = oneOf(
  'quarantined',
  'Phases of a node that need a person',
  '需要人工处理的节点阶段',
);
const [failed, failedZh] = oneOf('failed', 'States of an expansion', '扩容任务的状态');
const [held, heldZh] = oneOf('held', 'States of a replacement that need a person', '需要人工处理的替换状态');

export const noticeAdvice: Readonly<Record<Topic, Advice>> = {
  halted: advice({
    title: plain('An expansion is halted', '扩容任务已停下'),
    means: plain('A person must decide about a node.', '需要人对某个节点作出决定。'),
    service: plain('It attaches no further node of this expansion.', '不再挂载该扩容任务的节点。'),
    steps: steps([halted], [haltedZh]),
    over: plain('The expansion is `running` again, or has ended.', '扩容任务重新为 `running`，或已结束。'),
  }),
  approval: advice({
    title: plain('Something waits for approval', '有任务等待批准'),
    means: plain(
      'The next batch, the rest after a canary, or a start waits for a person.',
      '下一批、金丝雀之后的其余部分，或开始操作等待人批准。',
    ),
    service: plain('It begins nothing before the approval.', '批准之前不开始。'),
    steps: {
      en: (_, reader) => [
        'Look at what was done so far, and at the masters.',
        `Approve: ${acts.approve(reader, 'ID')}, or ${acts.approveCampaign(reader, 'ID')}.`,
      ],
      zh: (_, reader) => [
        '查看已完成的部分和各主节点。',
        `批准：${acts.approve(reader, 'ID')}，或 ${acts.approveCampaign(reader, 'ID')}。`,
      ],
    },
    over: plain('It goes on, or was cancelled.', '已继续或已取消。'),
  }),
  failed: advice({
    title: plain('An expansion or a campaign has failed', '扩容任务或批量扩容失败'),
    means: plain('It has ended, and some nodes were not added.', '已结束，部分节点没有添加。'),
    service: plain('It does nothing further.', '不再有后续操作。'),
    steps: steps([failed], [failedZh]),
    over: plain('You have acknowledged it; what was left has been added.', '您已确认，且剩余部分已添加。'),
  }),
  node: advice({
    title: plain('A node is quarantined or has failed', '节点已隔离或失败'),
    means: plain(
      'The service gave the node up. It may hold partial data.',
      '本服务放弃了该节点，其数据可能不完整。',
    ),
    service: plain('It never reports the node usable.', '绝不将该节点报告为可用。'),
    steps: steps(
      ['Take the node from its readers.', quarantined],
      ['让读取方不再使用该节点。', quarantinedZh],
    ),
    over: plain(
      'The node is `verified`, was skipped, or was emptied.',
      '该节点为 `verified`、已跳过或已清空。',
    ),
  }),
  setting: advice({
    title: plain('A setting was not restored', '设置未能恢复'),
    means: plain(
      'The service changed a setting for the time of an expansion, and could not put the old value back.',
      '本服务在扩容期间改过某个设置，但未能恢复原值。',
    ),
    service: plain('It does not try again.', '不再重试。'),
    steps: steps(
      ['Run the command that the text names (CONFIG SET) on this server.', 'Acknowledge the incident.'],
      ['在该服务器上执行文字中给出的命令（CONFIG SET）。', '确认该事项。'],
    ),
    over: plain('CONFIG GET shows the old value.', 'CONFIG GET 显示原值。'),
  }),
  replacement: advice({
    title: plain('A replacement needs a person', '替换任务需要人工处理'),
    means: plain('Taking a slave out now would not be safe.', '此时下线该从节点不安全。'),
    service: plain('It detaches nothing.', '不断开任何节点。'),
    steps: steps([held], [heldZh]),
    over: plain('The replacement is `running` again, or has ended.', '替换重新为 `running`，或已结束。'),
  }),
  audit: advice({
    title: plain('An audit doubts a slave', '巡检对从节点存疑'),
    means: plain(
      'The slave is damaged, or something keeps it from being proven.',
      '该从节点已损坏，或某些情况使其无法得到证明。',
    ),
    service: plain('It changes nothing. It offers a repair.', '不做任何改动；给出修复方法。'),
    steps: steps(
      [
        'Take a damaged slave from its readers.',
        'Read the reason of the slave (pika-expander audits), and its entry in the chapters of the audit.',
      ],
      [
        '让读取方不再使用已损坏的从节点。',
        '阅读该从节点的原因（pika-expander audits），以及巡检各章中的条目。',
      ],
    ),
    over: plain('A new audit says `whole`.', '新的巡检结论为 `whole`。'),
  }),
  guard: advice({
    title: plain('A guard has found something', '值守发现问题'),
    means: plain('A master or a slave is not as it should be.', '某个主节点或从节点状态不正常。'),
    service: plain('It changes nothing, and says when it is over.', '不做任何改动；消失时会通知。'),
    steps: steps(
      ['Look: pika-expander guard show.', 'Read the entry of the code: /runbook/CODE.'],
      ['查看：pika-expander guard show。', '阅读该代码的条目：/runbook/CODE。'],
    ),
    over: plain('The guard says `guard.cleared`.', '值守发出 `guard.cleared`。'),
  }),
  frozen: advice({
    title: plain('Everything is frozen', '全部操作已冻结'),
    means: plain(
      'A person froze everything, or the database was restored or failed over.',
      '有人冻结了全部操作，或数据库经过恢复或主备切换。',
    ),
    service: plain('It attaches no node.', '不挂载任何节点。'),
    steps: steps(
      [
        'pika-expander list says who froze it, and why.',
        'If the reason is over: pika-expander unfreeze --reason "…".',
      ],
      ['pika-expander list 会说明冻结者和理由。', '若理由已不存在：pika-expander unfreeze --reason "…"。'],
    ),
    over: plain('The freeze is lifted.', '冻结已解除。'),
  }),
  unattended: advice({
    title: plain('No worker acts', '没有 worker 在工作'),
    means: plain('Expansions are due, and no worker takes them.', '有扩容任务到期而没有工作进程处理。'),
    service: plain(
      'Nothing is lost: a worker that starts takes them over.',
      '不会丢失：新启动的工作进程会接手。',
    ),
    steps: steps(
      ['See which workers run: pika-expander doctor.', 'Start one: pika-expander serve --role worker.'],
      ['查看哪些工作进程在运行：pika-expander doctor。', '启动一个：pika-expander serve --role worker。'],
    ),
    over: plain(
      'pika-expander doctor shows workers, and nothing due.',
      'pika-expander doctor 显示有工作进程，且没有到期任务。',
    ),
  }),
};
