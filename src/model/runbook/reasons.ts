/** What each reason asks of a person: most ask nothing. */
import type { ReasonCode } from '../reasons.ts';
import { plain, type Text } from '../text.ts';

/**
 * `person`: a person must act. `asked`: a person asked for it. `line`: another work or the clock comes first. `away`: a
 * server gives no answer, or too little. `step`: the step that is under way. `bound`: what happens at the bound. `told`:
 * why something was done, and what came of it.
 */
export const reasonGroups = ['person', 'away', 'line', 'asked', 'step', 'bound', 'told'] as const;
export type ReasonGroup = (typeof reasonGroups)[number];

interface GroupWords {
  readonly title: Text;
  readonly means: Text;
  readonly service: Text;
  readonly step: Text;
  readonly over: Text;
}

export const groupWords: Readonly<Record<ReasonGroup, GroupWords>> = {
  person: {
    title: plain('A person must act', '需要人工处理'),
    means: plain('Nothing goes on before somebody decides.', '在有人作出决定之前不会继续。'),
    service: plain('It waits, however long it takes.', '一直等待，不限时间。'),
    step: plain(
      'Look at the expansion (`pika-expander show ID`) and decide: resume, approve, retry, skip or cancel.',
      '查看扩容任务（`pika-expander show ID`）并作出决定：继续、批准、重试、跳过或取消。',
    ),
    over: plain('The state is `running` or an end.', '状态变为 `running` 或某个终态。'),
  },
  away: {
    title: plain('A server gives no answer', '服务器没有应答'),
    means: plain(
      'The service cannot read what it needs from a server.',
      '本服务无法从服务器读到所需的信息。',
    ),
    service: plain(
      'It asks again at every look, and gives up at `nodeDownTimeoutMs` or `masterBusyTimeoutMs`.',
      '每次查看时再次询问，到 `nodeDownTimeoutMs` 或 `masterBusyTimeoutMs` 时放弃。',
    ),
    step: plain(
      'Look at the server: does it run, does it answer a PING from the machine of the service, is its login right?',
      '查看该服务器：进程是否在运行、从本服务所在机器 PING 是否有应答、登录凭据是否正确。',
    ),
    over: plain('The next look has an answer, and the reason is gone.', '下一次查看得到应答，该原因消失。'),
  },
  line: {
    title: plain('It waits for its turn', '等待轮到'),
    means: plain(
      'Another work, a limit, a person’s hold or the clock comes first.',
      '其他工作、限额、他人的占用或时间在先。',
    ),
    service: plain('It goes on by itself.', '之后自动继续。'),
    step: plain(
      'Nothing to do. If it lasts longer than you expect, look at what the reason names.',
      '无需操作。若等待比预期更久，请查看原因中写明的对象。',
    ),
    over: plain('The reason is gone, and the next step begins.', '该原因消失，下一步开始。'),
  },
  asked: {
    title: plain('A person asked for it', '由人要求'),
    means: plain('The words name who asked, and why.', '文字中写有提出者和理由。'),
    service: plain('It did what was asked.', '已按要求执行。'),
    step: plain('Nothing to do. Ask that person if it surprises you.', '无需操作。若感到意外，请询问此人。'),
    over: plain('It is a record.', '这是记录。'),
  },
  step: {
    title: plain('A step is under way', '步骤进行中'),
    means: plain('The expansion does its work.', '扩容任务正在正常执行。'),
    service: plain('It goes on by itself. Each step has a bound.', '自动继续。每一步都有最长时限。'),
    step: plain('Nothing to do.', '无需操作。'),
    over: plain('The next step begins.', '下一步开始。'),
  },
  bound: {
    title: plain('What happens at the bound', '到达时限时的处理'),
    means: plain(
      'The service names what it does if nothing changes until the bound.',
      '若到时限仍无变化，本服务将如此处理。',
    ),
    service: plain('It acts at the bound by itself.', '到时限时自动处理。'),
    step: plain(
      'Nothing to do. You can look for the cause before the bound.',
      '无需操作；也可以在时限之前先查找原因。',
    ),
    over: plain(
      'The node makes progress: each progress moves the bound.',
      '节点有进展：每次进展都会推后时限。',
    ),
  },
  told: {
    title: plain('Why something was done, and what came of it', '操作的原因与结果'),
    means: plain('It is a record of the timeline.', '这是时间线上的记录。'),
    service: plain('It has acted already.', '已经处理。'),
    step: plain('Nothing to do.', '无需操作。'),
    over: plain('It is a record.', '这是记录。'),
  },
};

export const groupOfReason: Readonly<Record<ReasonCode, ReasonGroup>> = {
  frozen: 'line',
  master_held: 'line',
  paused_by: 'person',
  resumed_by: 'asked',
  cancelled_by: 'asked',
  skipped_by: 'asked',
  approved_by: 'asked',
  retry_asked_by: 'asked',
  restored: 'person',
  failed_over: 'person',
  expansion_paused: 'person',
  expansion_does_not_run: 'person',
  batch_needs_approval: 'person',
  start_needs_other_person: 'person',
  canary_needs_approval: 'person',
  accepted: 'line',
  waits_for_end_of: 'line',
  starts_at: 'line',
  waits_for_turn: 'line',
  expansion_on_master: 'line',
  batches_formed: 'told',
  nothing_begun: 'told',
  halted_because_of: 'person',
  halt_over: 'told',
  ended: 'told',
  pause_between_batches: 'line',
  canary_rests: 'line',
  master_rests: 'line',
  no_window_ever: 'person',
  window_opens: 'line',
  ports_tried: 'told',
  held_by_webhook: 'line',
  held_by_connector: 'line',
  answer_comes_later: 'line',
  hooks_being_asked: 'line',
  several: 'told',
  forecast_drifted: 'line',
  health_over_limit: 'line',
  command_rate_unknown: 'step',
  latency_unknown: 'step',
  endpoint_unknown: 'step',
  retention_being_raised: 'step',
  verified_first: 'line',
  dump_first: 'line',
  slots_total: 'line',
  slots_of_node_host: 'line',
  slots_of_master_host: 'line',
  master_says_too_little: 'away',
  server_silent: 'away',
  master_silent: 'away',
  master_not_answering: 'away',
  node_silent: 'away',
  node_may_be_opening: 'step',
  master_at_work: 'line',
  master_being_looked_at: 'step',
  full_syncs_go_on: 'line',
  other_hold_first: 'line',
  back_in_line: 'line',
  checked_again: 'step',
  being_attached: 'step',
  tries_by_itself: 'step',
  attempt_begins: 'step',
  dump_offered: 'step',
  only_new_dump_helps: 'told',
  dump_would_harm: 'line',
  new_dump_awaited: 'step',
  no_file_yet: 'bound',
  then_cause_decides: 'bound',
  then_attached: 'bound',
  then_done_again: 'bound',
  then_person: 'bound',
  then_left_attached: 'bound',
  copying: 'step',
  opening: 'step',
  catching_up: 'step',
  comparing: 'step',
  verified: 'told',
  old_connection_closing: 'step',
  still_listed: 'step',
  throttle_being_set: 'step',
  emptiness_being_asked: 'step',
  act_unknown: 'step',
  slaveof_may_still_happen: 'step',
  database_too_slow: 'away',
  follow_not_allowed: 'told',
  findings: 'told',
  rules_missing: 'told',
  rolled_back: 'told',
  not_begun_rolled_back: 'told',
  detached_by_policy: 'told',
  master_is_another: 'told',
  sync_did_not_end: 'told',
  detached_from: 'told',
  not_detached: 'told',
  must_leave_master: 'told',
  remembers_id: 'told',
  full_sync_begins: 'told',
  must_not_stay_half_synced: 'told',
  seen_on_node: 'told',
  not_seen_on_node: 'told',
  not_seen_done_again: 'told',
  not_sent: 'told',
  share_of_bandwidth: 'told',
  share_changed: 'told',
  copy_over: 'told',
  nobody_synced: 'told',
  master_restarted: 'told',
  binlog_would_be_purged: 'told',
};

/** In general, what a reason says whose words depend on its facts. */
export const reasonsInGeneral: Partial<Readonly<Record<ReasonCode, Text>>> = {
  master_held: plain(
    'somebody holds the master, for example for a backup: no further full sync begins',
    '主节点被占用，例如正在备份：不开始新的全量同步',
  ),
  restored: plain(
    'the database was restored from a backup: look at the nodes, then resume or cancel',
    '数据库从备份恢复：请先查看各节点，再继续或取消',
  ),
  failed_over: plain(
    'the database failed over to a standby: look at the nodes, then resume or cancel',
    '数据库切换到备库：请先查看各节点，再继续或取消',
  ),
  starts_at: plain('it begins at the time that the request asks for', '按请求的时间开始'),
  pause_between_batches: plain("the policy's pause between batches goes on", '处于策略规定的批次间隔中'),
  canary_rests: plain('the wait after the canary goes on', '处于金丝雀之后的等待中'),
  master_rests: plain('the master rests after another expansion', '另一个扩容任务结束后主节点处于间隔期'),
  window_opens: plain(
    'the next time window of the policy has not opened yet',
    '策略的下一个时间窗口尚未打开',
  ),
  held_by_webhook: plain('a webhook answered that the step must wait', '某个 webhook 答复该步骤须暂缓'),
  answer_comes_later: plain('a webhook has not answered its question yet', '某个 webhook 尚未回答问题'),
  hooks_being_asked: plain('the service asks those who may hold the step', '正在询问可暂缓该步骤的各方'),
  several: plain('several reasons hold at once', '同时有多个原因'),
  findings: plain(
    'the check before the step found something: see the findings',
    '操作前的检查有发现：见各项检查结果',
  ),
  rules_missing: plain('rules of evidence do not hold yet: see the evidence', '部分证据规则尚不成立：见证据'),
  nothing_begun: plain('the expansion ended before anything was begun', '扩容任务在开始任何操作之前结束'),
  forecast_drifted: plain(
    'the plan no longer holds: the forecast of today differs too much from the accepted one',
    '计划不再成立：当前预测与受理时相差过大',
  ),
  health_over_limit: plain(
    'a figure of the health of the master is over its limit',
    '主节点的某项健康指标超过上限',
  ),
  back_in_line: plain('the node is back in line, for the reason that follows', '节点重新排队，原因见后文'),
  batches_formed: plain('the nodes were split into batches', '节点已分批'),
  server_silent: plain('a server gives no answer', '某服务器没有应答'),
  master_silent: plain('the master gives no answer', '主节点没有应答'),
  node_silent: plain('the node gives no answer', '节点没有应答'),
  master_at_work: plain(
    'the master is busy: a full sync or a dump that is not of this expansion runs there',
    '主节点正忙：其上有不属于本扩容任务的全量同步或快照',
  ),
  other_hold_first: plain('another hold of this master is before this one', '该主节点的另一个占用在先'),
  tries_by_itself: plain(
    'something is wrong, and the node tries again by itself',
    '出现异常，节点会自行重试',
  ),
  held_by_connector: plain('a connector holds the node', '某个连接器暂缓了该节点'),
  no_file_yet: plain(
    'no file of the dump has come: the dump fails, or port + 10001 of the master cannot be reached',
    '没有收到快照的任何文件：主节点的快照失败，或无法连接主节点的端口 + 10001',
  ),
  not_sent: plain('a command was not sent', '命令未发送'),
  binlog_would_be_purged: plain(
    'without the change, the binlog that nodes still need would be purged',
    '若不调整，节点仍需要的 binlog 会被清除',
  ),
};
