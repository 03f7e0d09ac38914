/** What to do about states of holds, campaigns and replacements. */
import { acts } from '../acts.ts';
import type { CampaignState, HoldState, ReplacementState } from '../states.ts';
import { plain, type Reader, type Text } from '../text.ts';
import { type Advice, advice, steps } from './entry.ts';

const nothingToDo = steps(['Nothing to do.'], ['无需操作。']);
const anEnd = plain('It is an end.', '这是终态。');
const byActs = (
  en: (reader: Reader) => readonly string[],
  zh: (reader: Reader) => readonly string[],
): Text<unknown, readonly string[]> => ({ en: (_, reader) => en(reader), zh: (_, reader) => zh(reader) });

export const holdAdvice: Readonly<Record<HoldState, Advice>> = {
  waiting: advice({
    title: plain('No dump is safe yet', '暂时不能做快照'),
    means: plain(
      'The master is held, and a full sync or another dump still runs there.',
      '主节点已被占用，但其上仍有全量同步或快照在进行。',
    ),
    service: plain(
      'It begins no further full sync at this master. It lets full syncs that run go on to their end.',
      '不在该主节点上开始新的全量同步；进行中的全量同步继续到结束。',
    ),
    steps: steps(
      ['Make no dump yet. Look at `waitingFor`: pika-expander hold show ID --wait.'],
      ['暂时不要做快照。查看 `waitingFor`：pika-expander hold show ID --wait。'],
    ),
    over: plain('The state is `safe`.', '状态变为 `safe`。'),
  }),
  safe: advice({
    title: plain('A dump is safe now', '现在可以做快照'),
    means: plain('No full sync is under way at the master.', '主节点上没有全量同步在进行。'),
    service: plain(
      'It keeps further full syncs away until the hold is over.',
      '在占用结束之前不开始新的全量同步。',
    ),
    steps: byActs(
      (reader) => ['Make the dump.', `End the hold after it: ${acts.endHold(reader, 'ID')}.`],
      (reader) => ['请做快照。', `完成后结束占用：${acts.endHold(reader, 'ID')}。`],
    ),
    over: plain('The state is `ended`.', '状态变为 `ended`。'),
  }),
  ended: advice({
    title: plain('Ended', '已结束'),
    means: plain('A person or a program ended the hold.', '有人或程序结束了占用。'),
    service: plain('It begins full syncs at this master again.', '重新开始该主节点上的全量同步。'),
    steps: nothingToDo,
    over: anEnd,
  }),
  expired: advice({
    title: plain('Its time is over', '已到期'),
    means: plain(
      'Nobody ended the hold before its time was over. A dump that still runs is no longer kept from full syncs.',
      '占用在有人结束之前到期。仍在进行的快照不再受保护。',
    ),
    service: plain('It begins full syncs at this master again.', '重新开始该主节点上的全量同步。'),
    steps: byActs(
      (reader) => [
        'See whether the backup still runs or has died.',
        'If the dump was still being made or copied, throw it away, and ask for a longer hold next time.',
        `The holds that are on: ${acts.listHolds(reader)}.`,
      ],
      (reader) => [
        '请确认备份仍在进行还是已经中断。',
        '若快照仍在生成或复制，请丢弃它，下次申请更长的占用。',
        `当前的占用：${acts.listHolds(reader)}。`,
      ],
    ),
    over: plain('The next backup ended its hold before it expired.', '下一次备份在占用到期之前将其结束。'),
  }),
};

type CampaignForPerson = Extract<
  CampaignState,
  'paused' | 'awaiting_approval' | 'halted' | 'stopping' | 'failed'
>;

export const campaignAdvice: Readonly<Record<CampaignForPerson, Advice>> = {
  paused: advice({
    title: plain('The campaign is paused', '批量扩容已暂停'),
    means: plain('A person paused it, or the database was restored.', '有人暂停了它，或数据库经过恢复。'),
    service: plain(
      'It begins no further member. Members at work go on.',
      '不再开始新的成员；进行中的成员继续。',
    ),
    steps: byActs(
      (reader) => [`Go on: ${acts.resumeCampaign(reader, 'ID')}.`],
      (reader) => [`继续：${acts.resumeCampaign(reader, 'ID')}。`],
    ),
    over: plain('The state is `running`.', '状态变为 `running`。'),
  }),
  awaiting_approval: advice({
    title: plain('The canaries have succeeded; the rest waits', '金丝雀已成功，其余等待批准'),
    means: plain('A person must approve the other members.', '其余成员需要人批准。'),
    service: plain('It begins no further member.', '不再开始新的成员。'),
    steps: byActs(
      (reader) => [
        'Look at the masters of the canaries: load, latency, errors of their clients.',
        `Go on: ${acts.approveCampaign(reader, 'ID')}.`,
      ],
      (reader) => [
        '查看金丝雀所在的主节点：负载、延迟、客户端错误。',
        `继续：${acts.approveCampaign(reader, 'ID')}。`,
      ],
    ),
    over: plain('The state is `running`.', '状态变为 `running`。'),
  }),
  halted: advice({
    title: plain('A member is halted', '有成员已停下'),
    means: plain(
      'An expansion of the campaign waits for a decision about a node.',
      '批量扩容中的某个扩容任务等待对节点作出决定。',
    ),
    service: plain(
      'It begins no further member, and goes on by itself after the decision.',
      '不再开始新的成员；作出决定后自动继续。',
    ),
    steps: steps(
      ['Look at the expansion that the reason names, and do as `halted` of expansions says.'],
      ['查看原因中写明的扩容任务，按扩容任务 `halted` 的说明处理。'],
    ),
    over: plain('The state is `running`.', '状态变为 `running`。'),
  }),
  stopping: advice({
    title: plain('No further member begins', '不再开始新的成员'),
    means: plain(
      'Too many members have failed, a canary has failed, or a person cancelled the campaign.',
      '失败的成员过多、金丝雀失败，或有人取消了批量扩容。',
    ),
    service: plain(
      'It runs the members at work to their end, and then ends the campaign.',
      '进行中的成员执行到结束，之后结束批量扩容。',
    ),
    steps: byActs(
      (reader) => [
        'Look at the members that failed.',
        `To end those at work too: ${acts.cancelMembers(reader, 'ID')}.`,
      ],
      (reader) => ['查看失败的成员。', `如需同时取消进行中的成员：${acts.cancelMembers(reader, 'ID')}。`],
    ),
    over: plain('The state is `failed` or `cancelled`.', '状态变为 `failed` 或 `cancelled`。'),
  }),
  failed: advice({
    title: plain('The campaign has failed', '批量扩容失败'),
    means: plain('At least one member has not succeeded.', '至少有一个成员没有成功。'),
    service: plain(
      'It does nothing further. Members that succeeded stay as they are.',
      '不再有后续操作；成功的成员保持不变。',
    ),
    steps: steps(
      [
        'Look at the report: pika-expander campaign show ID.',
        'Remove the causes, and start a new campaign with the members that are left.',
      ],
      ['查看报告：pika-expander campaign show ID。', '消除原因，然后用剩余的成员新建批量扩容。'],
    ),
    over: plain(
      'A new campaign with these members has `succeeded`.',
      '包含这些成员的新批量扩容为 `succeeded`。',
    ),
  }),
};

type ReplacementForPerson = Extract<ReplacementState, 'held' | 'failed'>;

export const replacementAdvice: Readonly<Record<ReplacementForPerson, Advice>> = {
  held: advice({
    title: plain('The replacement needs a person', '替换需要人工处理'),
    means: plain(
      'A gate is closed: taking the slave out now would not be safe.',
      '条件不满足：此时下线该从节点不安全。',
    ),
    service: plain(
      'It detaches nothing, and goes on by itself when the gate opens.',
      '不断开任何节点；条件满足后自动继续。',
    ),
    steps: byActs(
      (reader) => [
        'Do what the reason of the slave says.',
        `Or cancel: ${acts.cancelReplacement(reader, 'ID')}. Slaves that were not detached stay.`,
      ],
      (reader) => [
        '按该从节点的原因处理。',
        `也可以取消：${acts.cancelReplacement(reader, 'ID')}，尚未断开的从节点会保留。`,
      ],
    ),
    over: plain('The state is `running`.', '状态变为 `running`。'),
  }),
  failed: advice({
    title: plain('The replacement has failed', '替换失败'),
    means: plain(
      'At least one slave was kept, because its new node was not verified, or it failed.',
      '至少有一个从节点被保留：其新节点未通过校验，或它自身失败。',
    ),
    service: plain(
      'It does nothing further. Slaves that were kept serve on.',
      '不再有后续操作；保留的从节点继续服务。',
    ),
    steps: byActs(
      (reader) => [
        'Read the reason of each slave that was kept.',
        `Remove the cause, and ask again: ${acts.startReplacement(reader)}.`,
      ],
      (reader) => ['阅读每个保留的从节点的原因。', `消除原因后重新发起：${acts.startReplacement(reader)}。`],
    ),
    over: plain('A new replacement has `succeeded`.', '新的替换为 `succeeded`。'),
  }),
};
