/** What to do about each state of an expansion, and about each phase of a node that needs a person. */
import { acts } from '../acts.ts';
import type { ExpansionState, PersonPhase } from '../states.ts';
import { plain, type Reader, type Text } from '../text.ts';
import { type Advice, advice, steps } from './entry.ts';

const id = 'ID';
const node = 'NODE';

const lookAt = {
  en: `See what the service says: pika-expander show ${id}.`,
  zh: `查看本服务的说明：pika-expander show ${id}。`,
};

const byActs = (
  en: (reader: Reader) => readonly string[],
  zh: (reader: Reader) => readonly string[],
): Text<unknown, readonly string[]> => ({ en: (_, reader) => en(reader), zh: (_, reader) => zh(reader) });

export const stateAdvice: Readonly<Record<ExpansionState, Advice>> = {
  pending: advice({
    title: plain('Accepted and not begun', '已受理，尚未开始'),
    means: plain('The request is stored. No node was touched.', '请求已保存，尚未操作任何节点。'),
    service: plain(
      'It begins the expansion when a worker is free, its start time has come and no other expansion works on the master.',
      '当有空闲的工作进程、开始时间已到且没有其他扩容任务在该主节点上执行时，本服务会开始它。',
    ),
    steps: steps(
      [
        lookAt.en,
        'If the reason names another expansion, look at that one: it may wait for a person.',
        'If no reason is shown for a minute, see whether a worker runs: pika-expander doctor.',
      ],
      [
        lookAt.zh,
        '若原因中提到另一个扩容任务，请查看那个任务：它可能在等人处理。',
        '若一分钟后仍没有说明原因，请确认工作进程在运行：pika-expander doctor。',
      ],
    ),
    over: plain('The state is `running`.', '状态变为 `running`。'),
  }),
  running: advice({
    title: plain('At work', '进行中'),
    means: plain(
      'The service adds nodes, batch by batch. Each phase has an expected end and a bound.',
      '本服务正在逐批添加节点。每个阶段都有预计结束时间和最长时限。',
    ),
    service: plain(
      'It attaches a batch, proves each node, and only then begins the next batch. At a bound it decides by itself.',
      '挂载一批节点，逐个证实完整，之后才开始下一批；到达时限时自行作出判断。',
    ),
    steps: steps(
      ['Nothing to do.', 'Keep BGSAVE, backups and SLAVEOF by hand away from the master.'],
      ['无需操作。', '不要在该主节点上执行 BGSAVE、备份或手工 SLAVEOF。'],
    ),
    over: plain(
      'The state is `succeeded`: every node is `verified` or was skipped.',
      '状态变为 `succeeded`：所有节点均为 `verified` 或已跳过。',
    ),
  }),
  paused: advice({
    title: plain('Paused', '已暂停'),
    means: plain(
      'A person or a restore of the database paused the expansion. No further node is attached.',
      '有人暂停了扩容任务，或数据库恢复后本服务将其暂停。不会再挂载节点。',
    ),
    service: plain(
      'A pause takes effect when no node is under way. After that the service begins nothing.',
      '暂停在没有节点处于进行中时生效，之后不开始任何操作。',
    ),
    steps: byActs(
      (reader) => [
        lookAt.en,
        'The reason says who paused it, and why. After a restore look at the nodes first.',
        `Go on: ${acts.resume(reader, id)}. Or end it: ${acts.cancel(reader, id)}.`,
      ],
      (reader) => [
        lookAt.zh,
        '原因中写有暂停者和理由。若是数据库恢复后的暂停，请先查看各节点。',
        `继续：${acts.resume(reader, id)}；或结束：${acts.cancel(reader, id)}。`,
      ],
    ),
    over: plain('The state is `running` or `cancelled`.', '状态变为 `running` 或 `cancelled`。'),
  }),
  awaiting_approval: advice({
    title: plain('Waits for approval', '等待批准'),
    means: plain(
      'The policy asks a person before the next batch, after the canary, or before the start.',
      '策略要求在下一批之前、金丝雀之后或开始之前由人批准。',
    ),
    service: plain(
      'It attaches no node until somebody approves. Nothing is lost by waiting.',
      '批准之前不挂载节点；等待不会造成任何损失。',
    ),
    steps: byActs(
      (reader) => [
        lookAt.en,
        'Look at the nodes that were added, and at the load of the master.',
        `Go on: ${acts.approve(reader, id)}. Or end it: ${acts.cancel(reader, id)}.`,
        'If the reason asks for another person, the person who asked for the expansion cannot approve it.',
      ],
      (reader) => [
        lookAt.zh,
        '查看已添加的节点和主节点的负载。',
        `继续：${acts.approve(reader, id)}；或结束：${acts.cancel(reader, id)}。`,
        '若原因要求由其他人批准，则提交扩容任务的人不能批准。',
      ],
    ),
    over: plain('The state is `running`.', '状态变为 `running`。'),
  }),
  halted: advice({
    title: plain('Halted: a person must decide', '已停下：需要人工决定'),
    means: plain(
      'The service gave a node up: it has failed or is quarantined. No further node is attached.',
      '本服务放弃了某个节点：它已失败或被隔离。不会再挂载节点。',
    ),
    service: plain(
      'It waits for a decision about each such node. Nodes that are `verified` stay as they are.',
      '等待对每个这样的节点作出决定；已为 `verified` 的节点保持不变。',
    ),
    steps: byActs(
      (reader) => [
        lookAt.en,
        'Follow the next steps below the node: they name the cause, where the service knows it.',
        `When the cause is gone: ${acts.retry(reader, id, node)}.`,
        `To go on without the node: ${acts.skip(reader, id, node)}.`,
        `To end the expansion: ${acts.cancel(reader, id)}.`,
        'Let no client read from a node that is quarantined.',
      ],
      (reader) => [
        lookAt.zh,
        '按该节点下方的步骤处理：本服务知道原因时会写明。',
        `原因消除后：${acts.retry(reader, id, node)}。`,
        `不要该节点而继续：${acts.skip(reader, id, node)}。`,
        `结束扩容任务：${acts.cancel(reader, id)}。`,
        '不要让客户端从被隔离的节点读取。',
      ],
    ),
    over: plain(
      'The state is `running` again: no failed node waits for a decision.',
      '状态重新变为 `running`：没有失败的节点等待决定。',
    ),
  }),
  succeeded: advice({
    title: plain('Succeeded', '成功'),
    means: plain(
      'Every node is `verified`, or a person skipped it with a reason.',
      '所有节点均为 `verified`，或由人说明理由后跳过。',
    ),
    service: plain(
      'It has put borrowed settings back. It does nothing further.',
      '已恢复借用的设置，不再有后续操作。',
    ),
    steps: steps(
      [
        'Nothing to do.',
        'Let a guard watch the new slaves: pika-expander guard start MASTER.',
        `Keep the proof: pika-expander evidence ${id}.`,
      ],
      [
        '无需操作。',
        '建议用值守观察新的从节点：pika-expander guard start MASTER。',
        `保存证据：pika-expander evidence ${id}。`,
      ],
    ),
    over: plain('It is an end.', '这是终态。'),
  }),
  failed: advice({
    title: plain('Failed', '失败'),
    means: plain(
      'The expansion has ended, and at least one node is not `verified`.',
      '扩容任务已结束，至少有一个节点不是 `verified`。',
    ),
    service: plain(
      'It has put borrowed settings back. Nodes that are `verified` stay slaves.',
      '已恢复借用的设置；已为 `verified` 的节点保持为从节点。',
    ),
    steps: byActs(
      (reader) => [
        lookAt.en,
        'Remove the cause that the problem names.',
        `Ask again for the nodes that are left: ${acts.retryRest(reader, id)}.`,
      ],
      (reader) => [
        lookAt.zh,
        '消除问题中写明的原因。',
        `为剩余节点重新提交：${acts.retryRest(reader, id)}。`,
      ],
    ),
    over: plain(
      'A new expansion with the nodes that were left has `succeeded`.',
      '包含剩余节点的新扩容任务为 `succeeded`。',
    ),
  }),
  cancelled: advice({
    title: plain('Cancelled', '已取消'),
    means: plain('A person ended the expansion.', '有人结束了扩容任务。'),
    service: plain(
      'It has detached nodes that were in the middle of a full sync, and put borrowed settings back.',
      '已断开处于全量同步中途的节点，并恢复借用的设置。',
    ),
    steps: byActs(
      (reader) => [
        'Let no client read from a node that was in the middle of a full sync: it may hold partial data.',
        `Ask again for the nodes that are left: ${acts.retryRest(reader, id)}.`,
      ],
      (reader) => [
        '不要让客户端从全量同步中途的节点读取：其数据可能不完整。',
        `为剩余节点重新提交：${acts.retryRest(reader, id)}。`,
      ],
    ),
    over: plain('It is an end.', '这是终态。'),
  }),
};

export const phaseAdvice: Readonly<Record<PersonPhase, Advice>> = {
  failed: advice({
    title: plain('The node has failed', '节点失败'),
    means: plain(
      'The service could not add the node. It is no slave that you can use.',
      '本服务未能添加该节点，它不是可用的从节点。',
    ),
    service: plain(
      'It does as `onFailure` says: halt and ask a person (the default), skip the node, or detach the nodes of the batch.',
      '按 `onFailure` 处理：停下并请人决定（默认）、跳过该节点，或断开本批节点。',
    ),
    steps: byActs(
      (reader) => [
        'Read the problem of the node and its next steps.',
        `When the cause is gone: ${acts.retry(reader, id, node)}. Or: ${acts.skip(reader, id, node)}.`,
      ],
      (reader) => [
        '阅读该节点的问题及其处理步骤。',
        `原因消除后：${acts.retry(reader, id, node)}；或：${acts.skip(reader, id, node)}。`,
      ],
    ),
    over: plain('The node is `verified` or `skipped`.', '该节点为 `verified` 或 `skipped`。'),
  }),
  quarantined: advice({
    title: plain('The node may hold partial data', '节点的数据可能不完整'),
    means: plain(
      'A full sync did not end whole. The node may look healthy (link up, lag 0) and still lack data of the master.',
      '全量同步没有完整结束。该节点可能看似正常（连接正常、延迟为 0），却缺少主节点的数据。',
    ),
    service: plain(
      'It never reports the node usable, and never uses it again by itself. Where the copy still ran, it has detached the node.',
      '绝不将其报告为可用，也不会自行再次使用；若复制仍在进行，已断开该节点。',
    ),
    steps: byActs(
      (reader) => [
        'Take the node from its readers: proxies, Sentinel, DNS.',
        'Read the anomaly, the likely cause and the next steps of the node.',
        `When the cause is gone: ${acts.retry(reader, id, node)}. The node gets a new full sync.`,
        `To leave it out: ${acts.skip(reader, id, node)}. Its data stay untrusted: empty the node before you use it.`,
      ],
      (reader) => [
        '让读取方不再使用该节点：代理、Sentinel、DNS。',
        '阅读该节点的异常、可能的原因和处理步骤。',
        `原因消除后：${acts.retry(reader, id, node)}，该节点会重新全量同步。`,
        `放弃该节点：${acts.skip(reader, id, node)}。它的数据仍不可信：再次使用前请清空。`,
      ],
    ),
    over: plain('The node is `verified`, or it was emptied.', '该节点为 `verified`，或已被清空。'),
  }),
};
