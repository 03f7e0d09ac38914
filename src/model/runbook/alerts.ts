/** The alerts of Prometheus: what each means, and what to do. `scripts/alerts.ts` has their expressions. */
import { plain } from '../text.ts';
import { type Advice, advice, steps } from './entry.ts';

export const alertNames = [
  'PikaExpanderGone',
  'PikaExpanderDatabaseDown',
  'PikaExpanderHalted',
  'PikaExpanderNodeQuarantined',
  'PikaExpanderWaitsForPerson',
  'PikaExpanderFrozen',
  'PikaExpanderNoWorker',
  'PikaExpanderLooksLate',
  'PikaExpanderGuardError',
  'PikaExpanderAnomaly',
  'PikaExpanderAgentSilent',
  'PikaExpanderTrailLost',
  'PikaExpanderFailing',
] as const;
export type AlertName = (typeof alertNames)[number];

export const alertAdvice: Readonly<Record<AlertName, Advice>> = {
  PikaExpanderGone: advice({
    title: plain('No process of the service gives figures', '没有任何服务进程提供指标'),
    means: plain(
      'Prometheus has read no figures of the service for 5 minutes: no process runs, or Prometheus cannot reach it.',
      'Prometheus 已有 5 分钟没有读到本服务的指标：没有进程在运行，或 Prometheus 无法访问。',
    ),
    service: plain(
      'It does nothing while no process runs. Full syncs that run go on without it. What was accepted waits in the database.',
      '没有进程运行时不做任何事；进行中的全量同步不依赖它，已受理的任务保存在数据库中。',
    ),
    steps: steps(
      [
        'Look at the processes and the end of their logs: systemctl status, docker compose ps, kubectl get pods.',
        'Start the service. Its last line says what keeps it from starting.',
      ],
      [
        '查看进程及其日志末尾：systemctl status、docker compose ps、kubectl get pods。',
        '启动服务；若无法启动，最后一行会说明原因。',
      ],
    ),
    over: plain(
      'The figure pika_expander_database_up is there again.',
      '重新出现指标 pika_expander_database_up。',
    ),
  }),
  PikaExpanderDatabaseDown: advice({
    title: plain('The database gives no answer', '数据库没有应答'),
    means: plain('A process of the service cannot read PostgreSQL.', '某个服务进程无法读取 PostgreSQL。'),
    service: plain(
      'It attaches no node, because it stores each intent before it acts. It goes on by itself when the database is back.',
      '不挂载节点，因为每次操作之前都要先保存意图；数据库恢复后自动继续。',
    ),
    steps: steps(
      [
        'Look at PostgreSQL: does it run, has its disk room, has it free connections?',
        'After a failover to a standby read docs/backup.md, “Failover”.',
      ],
      [
        '查看 PostgreSQL：是否在运行、磁盘是否有空间、连接数是否用尽。',
        '若切换到了备库，请阅读 docs/backup.md 的 “Failover”。',
      ],
    ),
    over: plain('/readyz answers 200.', '/readyz 返回 200。'),
  }),
  PikaExpanderHalted: advice({
    title: plain('An expansion is halted', '有扩容任务已停下'),
    means: plain('A person must decide about a node.', '需要人对某个节点作出决定。'),
    service: plain('It attaches no further node of this expansion.', '不再挂载该扩容任务的节点。'),
    steps: steps(
      [
        'Look: pika-expander list --state halted.',
        'Then do as the state `halted` says, in the chapter of states.',
      ],
      ['查看：pika-expander list --state halted。', '然后按“扩容任务的状态”一章中 `halted` 的说明处理。'],
    ),
    over: plain('No expansion is `halted`.', '没有扩容任务处于 `halted`。'),
  }),
  PikaExpanderNodeQuarantined: advice({
    title: plain('A node may hold partial data', '有节点的数据可能不完整'),
    means: plain('A node of an expansion that goes on is quarantined.', '进行中的扩容任务里有节点被隔离。'),
    service: plain('It never reports this node usable.', '绝不将该节点报告为可用。'),
    steps: steps(
      [
        'Take the node from its readers at once.',
        'Then do as the phase `quarantined` says, in the chapter of phases.',
      ],
      ['立即让读取方不再使用该节点。', '然后按“需要人工处理的节点阶段”一章中 `quarantined` 的说明处理。'],
    ),
    over: plain(
      'No node of an open expansion is `quarantined`.',
      '未结束的扩容任务中没有节点处于 `quarantined`。',
    ),
  }),
  PikaExpanderWaitsForPerson: advice({
    title: plain('An expansion has waited for a person for an hour', '有扩容任务已等待人工处理一小时'),
    means: plain('It is paused, or waits for approval.', '它已暂停，或正在等待批准。'),
    service: plain('It waits, however long it takes.', '一直等待，不限时间。'),
    steps: steps(
      ['Look: pika-expander list --state paused,awaiting_approval.', 'Resume, approve or cancel it.'],
      ['查看：pika-expander list --state paused,awaiting_approval。', '继续、批准或取消它。'],
    ),
    over: plain('No expansion is paused or waits for approval.', '没有扩容任务处于暂停或等待批准。'),
  }),
  PikaExpanderFrozen: advice({
    title: plain('Everything has been frozen for an hour', '全部操作已冻结一小时'),
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
    over: plain('The figure pika_expander_frozen is 0.', '指标 pika_expander_frozen 为 0。'),
  }),
  PikaExpanderNoWorker: advice({
    title: plain('Expansions are due, and no worker takes them', '有扩容任务到期而没有工作进程处理'),
    means: plain(
      'For 5 minutes no worker has held expansions that are due. Their worker has died, or no worker holds any expansion.',
      '5 分钟以来，到期的扩容任务没有工作进程处理：处理它们的工作进程已退出，或没有任何工作进程在处理任务。',
    ),
    service: plain(
      'Nothing is lost: a worker that starts takes them over.',
      '不会丢失：新启动的工作进程会接手。',
    ),
    steps: steps(
      [
        'See which workers run: pika-expander doctor, and the logs of the workers.',
        'Start one more: pika-expander serve --role worker.',
      ],
      [
        '查看哪些工作进程在运行：pika-expander doctor，以及工作进程的日志。',
        '再启动一个：pika-expander serve --role worker。',
      ],
    ),
    over: plain(
      'The figure pika_expander_expansions_unattended is 0.',
      '指标 pika_expander_expansions_unattended 为 0。',
    ),
  }),
  PikaExpanderLooksLate: advice({
    title: plain('Workers look too late', '工作进程的查看过晚'),
    means: plain(
      'One look in twenty at an expansion comes more than 1 s late: the worker or the database is overloaded.',
      '每二十次查看中有一次晚于计划 1 s 以上：工作进程或数据库过载。',
    ),
    service: plain(
      'It judges by the time of each look, so it stays right. It only notices later.',
      '按每次查看的实际时间判断，因此结论仍然正确，只是发现得更晚。',
    ),
    steps: steps(
      [
        'Look at the CPU of the workers and at the database.',
        'Start more workers, on another machine if the CPU is full.',
      ],
      ['查看工作进程的 CPU 和数据库。', '启动更多工作进程；若 CPU 已满，请放到其他机器上。'],
    ),
    over: plain('19 of 20 looks come less than 1 s late.', '二十次查看中有十九次的延迟小于 1 s。'),
  }),
  PikaExpanderGuardError: advice({
    title: plain('A guard finds an error', '值守发现错误'),
    means: plain(
      'A master or a slave that a guard watches is not as it should be. The label `code` says what.',
      '值守的主节点或从节点状态不正常；标签 `code` 说明是什么。',
    ),
    service: plain('It changes nothing.', '不做任何改动。'),
    steps: steps(
      ['Look: pika-expander guard show.', 'Do as the entry of the code says: /runbook/CODE.'],
      ['查看：pika-expander guard show。', '按该代码的条目处理：/runbook/CODE。'],
    ),
    over: plain('The guard says `guard.cleared`.', '值守发出 `guard.cleared`。'),
  }),
  PikaExpanderAnomaly: advice({
    title: plain('A full sync shows an anomaly', '全量同步出现异常'),
    means: plain(
      'Something went wrong in a full sync. The label `code` says what. Often the service helps itself.',
      '某次全量同步出现异常；标签 `code` 说明是什么。通常本服务会自行处理。',
    ),
    service: plain('It does what the entry of the anomaly says.', '按该异常的条目处理。'),
    steps: steps(
      ['Nothing at once. Read the entry of the code: /runbook/CODE.'],
      ['无需立即处理。请阅读该代码的条目：/runbook/CODE。'],
    ),
    over: plain('No further anomaly for 15 minutes.', '15 分钟内没有新的异常。'),
  }),
  PikaExpanderAgentSilent: advice({
    title: plain('An agent is silent', '有代理程序没有上报'),
    means: plain('An agent beside Pika servers sends no reports.', 'Pika 服务器旁的某个代理程序没有上报。'),
    service: plain(
      'It goes on without the facts of this agent, unless the policy has `requireAgent`.',
      '在没有该代理程序数据的情况下继续，除非策略设置了 `requireAgent`。',
    ),
    steps: steps(
      [
        'Look: pika-expander agents.',
        'Start the agent on this host, or see in its log why it cannot report.',
      ],
      ['查看：pika-expander agents。', '在该主机上启动代理程序，或从其日志查明无法上报的原因。'],
    ),
    over: plain('The agent is shown as reporting.', '该代理程序显示为正常上报。'),
  }),
  PikaExpanderTrailLost: advice({
    title: plain('Entries of the trail were lost', '操作记录有丢失'),
    means: plain(
      'Acts were carried out, and could not be written into the trail.',
      '操作已执行，但未能写入操作记录。',
    ),
    service: plain('Its log has each of these entries.', '日志中有每一条丢失的记录。'),
    steps: steps(
      [
        'See why the database did not take them: its disk, its load.',
        'Keep the log of the service of that time.',
      ],
      ['查明数据库为何没有接收：磁盘、负载。', '保存当时的服务日志。'],
    ),
    over: plain('No entry was lost for 15 minutes.', '15 分钟内没有记录丢失。'),
  }),
  PikaExpanderFailing: advice({
    title: plain('The API fails', 'API 持续出错'),
    means: plain(
      'More than one request in twenty is answered with a status of 500 or more.',
      '超过二十分之一的请求返回 500 及以上状态。',
    ),
    service: plain('Workers go on with what was accepted.', '工作进程继续执行已受理的任务。'),
    steps: steps(
      ['Look at /readyz, then for the requestId of an answer in the log.'],
      ['查看 /readyz，再用应答中的 requestId 在日志中查找。'],
    ),
    over: plain('Less than one request in twenty fails.', '出错的请求少于二十分之一。'),
  }),
};
