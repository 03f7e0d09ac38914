/**
 * Why something waits, or is in its state: one row per reason, with its facts and its words in every language. Reasons
 * are compared by code and facts, never by their words.
 */
import { anomalyTitle } from './anomalies.ts';
import { batchReasons } from './batch-reasons.ts';
import { causeText } from './causes.ts';
import { connectorTexts } from './connector-texts.ts';
import { type EvidenceRule, ruleFor } from './evidence.ts';
import type { Finding } from './finding.ts';
import { type MasterWork, masterWorkText } from './findings/settings.ts';
import { findingFor } from './findings.ts';
import { driftText } from './forecast-texts.ts';
import type { HealthReading } from './health.ts';
import type { HeldBy } from './hold.ts';
import { type AskedStep, stepText } from './hook-steps.ts';
import { type NotAllowed, notAllowedText } from './not-allowed.ts';
import type { Silence } from './observation.ts';
import { readableBytes } from './quantities.ts';
import { stateWord } from './state-words.ts';
import {
  counted,
  type Facts,
  type FactsArgument,
  listed,
  plain,
  type Reader,
  readSaid,
  type Said,
  saidBy,
  saidFor,
  sameFacts,
  type Text,
  text,
} from './text.ts';
import { deliveryTexts } from './webhook-texts.ts';

/** The same reason in the words of this reader. */
export const reasonFor = <R extends Said | null>(reason: R, reader: Reader): R =>
  saidFor(reasons, reason, reader);

/** How a reason reads inside another text. Reasons of tables that this one does not know come with their own words. */
export const readReason = (reason: Said, reader: Reader): string => readSaid(reasons, reason, reader);

type NodesWithPhase = readonly { readonly node: string; readonly phase: string }[];
interface Asked {
  readonly by: string;
  readonly why: string;
}

const asked = (en: string, zh: string): Text<Asked> => ({
  en: ({ by, why }) => `${en} by ${by}: ${why}`,
  zh: ({ by, why }) => `${by} ${zh}：${why}`,
});

const all = (reasons: readonly Said[], reader: Reader, between: string): string =>
  reasons.map((reason) => readReason(reason, reader)).join(between);

const withPhases = (nodes: NodesWithPhase, reader: Reader): string =>
  nodes
    .map(
      ({ node, phase }) =>
        ({ en: `${node} (${stateWord(phase, reader)})`, zh: `${node}（${stateWord(phase, reader)}）` })[
          reader.language
        ],
    )
    .join({ en: ', ', zh: '、' }[reader.language]);

/** What a server does instead of answering: always the same words for the same kind. */
const silence: Readonly<Record<Silence['kind'], { readonly en: string; readonly zh: string }>> = {
  busy: { en: 'does not reply in time', zh: '没有及时响应' },
  unreachable: { en: 'cannot be reached', zh: '无法连接' },
  denied: { en: 'refuses the login', zh: '拒绝登录' },
  garbled: { en: 'does not speak like a Pika', zh: '的应答不像 Pika' },
};

/** What a server without an answer does, for this reader. `with`: what the service met; null = leave it out. */
export const silenceIn = (
  { kind, met }: { readonly kind: Silence['kind']; readonly met: string | null },
  { language }: Reader,
): string => (met === null ? silence[kind][language] : `${silence[kind][language]} (${met})`);

const rate = (bytesPerSecond: number): string => `${readableBytes(bytesPerSecond)}/s`;
const clock = (at: number): string => new Date(at).toISOString();
const rounded = (n: number): string => (n >= 100 ? Math.round(n) : Math.round(n * 10) / 10).toString();

interface FullSyncsRunning {
  readonly running: number;
  readonly host: string | null;
  /** Expansions to which they belong, the own one left out. */
  readonly expansions: readonly string[];
}

const syncsRun = ({ running }: FullSyncsRunning): string =>
  `${counted(running, 'full sync')} already ${running === 1 ? 'runs' : 'run'}`;

const byWhom = ({ expansions }: FullSyncsRunning, { language }: Reader): string => {
  if (expansions.length === 0) return '';
  const ids = expansions.slice(0, 3).join(', ');
  const more = expansions.length > 3;
  return {
    en: `: expansion ${ids}${more ? ' and others' : ''}`,
    zh: `：扩容任务 ${ids}${more ? ' 等' : ''}`,
  }[language];
};

type HealthFigure = HealthReading['what'];

const healthFigures: Readonly<Record<HealthFigure, { readonly en: string; readonly zh: string }>> = {
  master_latency_ms: {
    en: 'the latency of the master (p99 of its probes, ms)',
    zh: '主节点的延迟（探测的 p99，毫秒）',
  },
  slave_lag_bytes: {
    en: 'the lag of a slave that was there before (bytes)',
    zh: '原有从节点的复制延迟（字节）',
  },
  commands_per_second: {
    en: 'the command rate of the master (per second)',
    zh: '主节点的命令速率（每秒）',
  },
  endpoint: { en: "the operator's own figure", zh: '运维自定义指标' },
};

/** The moment as a person at that place reads it: `Mon 23 Nov 22:00 (Europe/Berlin)`. */
function timeAt(at: number, timeZone: string, { language }: Reader): string {
  const shown = new Intl.DateTimeFormat({ en: 'en-GB', zh: 'zh-CN' }[language], {
    timeZone,
    weekday: 'short',
    day: '2-digit',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(at);
  return `${shown.replace(/,/g, '')} (${timeZone})`;
}

export const reasons = {
  // -------------------------------------------------------------------------- what people have asked for
  frozen: text<{ reason: string }>({
    en: ({ reason }) => `everything is frozen: ${reason}`,
    zh: ({ reason }) => `全部操作已冻结：${reason}`,
  }),
  master_held: text<HeldBy>({
    en: ({ hold, by, why, until }) =>
      `${by} holds the master until ${clock(until)} (${why}; hold ${hold}): no further full sync begins`,
    zh: ({ hold, by, why, until }) =>
      `主节点由 ${by} 占用至 ${clock(until)}（${why}；占用 ${hold}）：不开始新的全量同步`,
  }),
  paused_by: asked('paused', '已暂停'),
  resumed_by: asked('resumed', '已恢复'),
  cancelled_by: asked('cancelled', '已取消'),
  skipped_by: asked('skipped', '已跳过'),
  approved_by: text<Asked & { batch: number }>({
    en: ({ batch, by, why }) => `batch ${batch} approved by ${by}: ${why}`,
    zh: ({ batch, by, why }) => `${by} 已批准第 ${batch} 批：${why}`,
  }),
  retry_asked_by: asked('retry requested', '要求重试'),
  restored: text<{ restoredAt: number; madeAt: number | null }>({
    en: ({ restoredAt, madeAt }) =>
      `the database was restored at ${clock(restoredAt)}${madeAt === null ? '' : ` from a backup of ${clock(madeAt)}`}: look at its nodes, since more may have happened to them than stands here. Then resume or cancel it`,
    zh: ({ restoredAt, madeAt }) =>
      `数据库已于 ${clock(restoredAt)} 恢复${madeAt === null ? '' : `，备份时间 ${clock(madeAt)}`}：请先查看各节点，它们的实际进展可能超出此处的记录，然后恢复或取消任务`,
  }),
  failed_over: text<{ at: number }>({
    en: ({ at }) =>
      `the database failed over to a standby at ${clock(at)}, and its last writes may be lost: look at its nodes, since more may have happened to them than stands here. Then resume or cancel it`,
    zh: ({ at }) =>
      `数据库已于 ${clock(at)} 切换到备库，最后的写入可能已丢失：请先查看各节点，它们的实际进展可能超出此处的记录，然后恢复或取消任务`,
  }),
  expansion_paused: plain('the expansion is paused', '扩容任务已暂停'),
  expansion_does_not_run: plain('the expansion does not run', '扩容任务未在运行'),
  batch_needs_approval: text<{ batch: number; of: number }>({
    en: ({ batch, of }) => `batch ${batch} of ${of} waits for approval`,
    zh: ({ batch, of }) => `第 ${batch}/${of} 批等待批准`,
  }),

  start_needs_other_person: text<{ by: string }>({
    en: ({ by }) => `the start waits for approval by another person than ${by}`,
    zh: ({ by }) => `开始前等待 ${by} 以外的人批准`,
  }),
  canary_needs_approval: text<{ canary: number; left: number }>({
    en: ({ canary, left }) =>
      `the canary (${counted(canary, 'node')}) is done; the other ${counted(left, 'node')} ${left === 1 ? 'waits' : 'wait'} for approval`,
    zh: ({ canary, left }) => `金丝雀（${canary} 个节点）已完成；其余 ${left} 个节点等待批准`,
  }),

  // ------------------------------------------------------------------------------- the expansion's course
  accepted: plain('Accepted; a worker will begin it.', '已受理；工作进程将开始执行。'),
  waits_for_end_of: text<{ expansion: string }>({
    en: ({ expansion }) => `Waits for the end of expansion ${expansion} on the same master.`,
    zh: ({ expansion }) => `等待同一主节点上的扩容任务 ${expansion} 结束。`,
  }),
  starts_at: text<{ at: number }>({
    en: ({ at }) => `begins at ${clock(at)}, as the request asks`,
    zh: ({ at }) => `按请求于 ${clock(at)} 开始`,
  }),
  waits_for_turn: text<{ expansion: string }>({
    en: ({ expansion }) => `waits for its turn: expansion ${expansion} is at work on this master`,
    zh: ({ expansion }) => `等待轮到：扩容任务 ${expansion} 正在此主节点上执行`,
  }),
  expansion_on_master: text<{ expansion: string }>({
    en: ({ expansion }) => `expansion ${expansion} is at work on this master`,
    zh: ({ expansion }) => `扩容任务 ${expansion} 正在此主节点上执行`,
  }),
  batches_formed: text<{ nodes: number; batches: number; batchSize: number; why: Said }>({
    en: ({ nodes, batches, batchSize, why }, reader) =>
      `${counted(nodes, 'node')} in ${counted(batches, 'batch', 'batches')}${batches > 1 ? ` of up to ${batchSize}` : ''}. ${readSaid(batchReasons, why, reader)}`,
    zh: ({ nodes, batches, batchSize, why }, reader) =>
      `${nodes} 个节点分为 ${batches} 批${batches > 1 ? `，每批最多 ${batchSize} 个` : ''}。${readSaid(batchReasons, why, reader)}`,
  }),
  nothing_begun: text<{ because: Said }>({
    en: ({ because }, reader) => `${readReason(because, reader)}; nothing was begun`,
    zh: ({ because }, reader) => `${readReason(because, reader)}；尚未开始任何操作`,
  }),
  halted_because_of: text<{ nodes: NodesWithPhase }>({
    en: ({ nodes }, reader) =>
      `halted because of ${withPhases(nodes, reader)}: retry or skip, or cancel the expansion`,
    zh: ({ nodes }, reader) => `因 ${withPhases(nodes, reader)}而停止：请重试或跳过，或取消扩容任务`,
  }),
  halt_over: plain('resumed: no failed node waits for a decision', '已恢复：没有失败的节点需要处理'),
  ended: text<{ verified: number; of: number; skipped: number; bad: NodesWithPhase }>({
    en: ({ verified, of, skipped, bad }, reader) =>
      `${verified} of ${counted(of, 'node')} verified${skipped > 0 ? `, ${skipped} skipped` : ''}${bad.length > 0 ? `; ${withPhases(bad, reader)}` : ''}`,
    zh: ({ verified, of, skipped, bad }, reader) =>
      `${of} 个节点中 ${verified} 个通过校验${skipped > 0 ? `，${skipped} 个跳过` : ''}${bad.length > 0 ? `；${withPhases(bad, reader)}` : ''}`,
  }),

  // ---------------------------------------------------------------- what keeps the next node from its turn
  pause_between_batches: text<{ endsAt: number }>({
    en: ({ endsAt }) => `the policy's pause between batches ends at ${clock(endsAt)}`,
    zh: ({ endsAt }) => `策略规定的批次间隔于 ${clock(endsAt)} 结束`,
  }),
  canary_rests: text<{ endsAt: number }>({
    en: ({ endsAt }) => `the wait after the canary ends at ${clock(endsAt)}`,
    zh: ({ endsAt }) => `金丝雀之后的等待于 ${clock(endsAt)} 结束`,
  }),
  master_rests: text<{ until: number; expansion: string }>({
    en: ({ until, expansion }) =>
      `the master rests until ${clock(until)}, since expansion ${expansion} ended on it`,
    zh: ({ until, expansion }) => `扩容任务 ${expansion} 在此主节点上结束后，需间隔至 ${clock(until)}`,
  }),
  no_window_ever: plain('no time window of the policy ever opens', '策略中的时间窗口永远不会打开'),
  window_opens: text<{ at: number; timeZone: string }>({
    en: ({ at, timeZone }, reader) => `the next time window opens at ${timeAt(at, timeZone, reader)}`,
    zh: ({ at, timeZone }, reader) => `下一个时间窗口于 ${timeAt(at, timeZone, reader)} 打开`,
  }),
  ports_tried: text<{
    /** Of the master, its own port first. */
    reached: readonly number[];
    notReached: readonly number[];
    /** Nodes whose agents reached all of them. */
    byAgents: number;
    nodes: number;
  }>({
    en: ({ reached, notReached, byAgents, nodes }, reader) => {
      const not = notReached.length === 0 ? '' : `, and not ${listed(notReached.map(String), reader)}`;
      const agents =
        byAgents === 0 ? '' : ` So did the agents beside ${byAgents} of ${counted(nodes, 'node')}.`;
      const rest =
        byAgents < nodes
          ? ` That proves nothing of the way from the ${byAgents === 0 ? '' : 'other '}nodes: an agent beside a node tries it.`
          : '';
      return `From here the service reached port ${listed(reached.map(String), reader)} of the master${not}.${agents}${rest}`;
    },
    zh: ({ reached, notReached, byAgents, nodes }, reader) => {
      const not = notReached.length === 0 ? '' : `，连不上 ${listed(notReached.map(String), reader)}`;
      const agents = byAgents === 0 ? '' : `${nodes} 个节点中有 ${byAgents} 个节点旁的代理程序也能连上。`;
      const rest =
        byAgents < nodes
          ? `这不能说明${byAgents === 0 ? '' : '其余'}节点到主节点的情况：节点旁的代理程序会试连。`
          : '';
      return `本服务从所在机器能连上主节点的端口 ${listed(reached.map(String), reader)}${not}。${agents}${rest}`;
    },
  }),
  held_by_webhook: text<
    AskedStep & {
      url: string;
      webhookId: string;
      /** What the receiver answered, or why there was no answer. */
      said: Said;
      askedAgainSeconds: number;
    }
  >({
    en: (facts, reader) =>
      `${facts.url} holds ${stepText(facts, reader)}: ${readSaid(deliveryTexts, facts.said, reader)} (webhook ${facts.webhookId}). ` +
      'Operators find the words of its answer in the deliveries of the webhook. ' +
      `The service asks again every ${facts.askedAgainSeconds} s. To go on without this webhook, delete it.`,
    zh: (facts, reader) =>
      `${facts.url} 暂缓了${stepText(facts, reader)}：${readSaid(deliveryTexts, facts.said, reader)}（webhook ${facts.webhookId}）。` +
      '操作员可在该 webhook 的投递记录中查看其回复内容。' +
      `每 ${facts.askedAgainSeconds} 秒再次询问；如需跳过，请删除该 webhook。`,
  }),
  held_by_connector: text<{
    connector: string;
    node: string;
    /** What it waits for, or what it met. */
    said: readonly Said[];
    askedAgainSeconds: number;
  }>({
    en: ({ connector, node, said, askedAgainSeconds }, reader) =>
      `${node} is held by the connector ${connector}: ${said.map((each) => readSaid(connectorTexts, each, reader)).join('; ')}. ` +
      `The service asks again after ${askedAgainSeconds} s. To go on without this connector, take it out of the file that PIKA_EXPANDER_CONNECTORS names, and start the service again.`,
    zh: ({ connector, node, said, askedAgainSeconds }, reader) =>
      `${node} 被连接器 ${connector} 暂缓：${said.map((each) => readSaid(connectorTexts, each, reader)).join('；')}。` +
      `${askedAgainSeconds} 秒后再次询问；如需跳过，请从 PIKA_EXPANDER_CONNECTORS 所指文件中移除该连接器，并重启服务。`,
  }),
  answer_comes_later: text<AskedStep & { url: string; webhookId: string; questionId: string; until: number }>(
    {
      en: (facts, reader) =>
        `${facts.url} holds ${stepText(facts, reader)} until it has answered question ${facts.questionId} (webhook ${facts.webhookId}). ` +
        `The service asks again at ${clock(facts.until)}. An operator can answer in its place; to go on without this webhook, delete it.`,
      zh: (facts, reader) =>
        `${facts.url} 尚未回答问题 ${facts.questionId}，${stepText(facts, reader)}暂缓（webhook ${facts.webhookId}）。` +
        `将于 ${clock(facts.until)} 再次询问；操作员可代为回答，如需跳过，请删除该 webhook。`,
    },
  ),
  hooks_being_asked: text<AskedStep>({
    en: (facts, reader) => `the service asks those who may hold ${stepText(facts, reader)}`,
    zh: (facts, reader) => `正在询问可暂缓${stepText(facts, reader)}的各方`,
  }),
  several: text<{ reasons: readonly Said[] }>({
    en: ({ reasons }, reader) => all(reasons, reader, ' '),
    zh: ({ reasons }, reader) => all(reasons, reader, ''),
  }),
  forecast_drifted: driftText,
  health_over_limit: text<{ what: HealthFigure; value: number; limit: number }>({
    en: ({ what, value, limit }) =>
      `${healthFigures[what].en} is ${rounded(value)}, its limit ${rounded(limit)}`,
    zh: ({ what, value, limit }) => `${healthFigures[what].zh}为 ${rounded(value)}，上限 ${rounded(limit)}`,
  }),
  command_rate_unknown: plain('the command rate of the master is being measured', '正在测量主节点的命令速率'),
  latency_unknown: plain('the latency of the master is being measured', '正在测量主节点的延迟'),
  endpoint_unknown: plain("the operator's own figure is being read", '正在读取运维自定义指标'),
  retention_being_raised: text<{ setting: string; master: string }>({
    en: ({ setting, master }) => `${setting} of ${master} is being raised`,
    zh: ({ setting, master }) => `正在调高 ${master} 的 ${setting}`,
  }),
  verified_first: text<{ nodes: readonly string[] }>({
    en: ({ nodes }) => `${nodes.join(', ')} must be verified first`,
    zh: ({ nodes }) => `${nodes.join('、')} 须先通过校验`,
  }),
  dump_first: text<{ node: string }>({
    en: ({ node }) => `the dump that ${node} asked for must be finished, so that it can be shared`,
    zh: ({ node }) => `须等 ${node} 请求的快照完成，以便共用`,
  }),
  slots_total: text<FullSyncsRunning>({
    en: (facts, reader) =>
      `${syncsRun(facts)}, the limit of this service (slots.total)${byWhom(facts, reader)}`,
    zh: (facts, reader) =>
      `已有 ${facts.running} 个全量同步在运行，达到本服务的上限 (slots.total)${byWhom(facts, reader)}`,
  }),
  slots_of_node_host: text<FullSyncsRunning>({
    en: (facts, reader) =>
      `${syncsRun(facts)} to nodes on ${facts.host}, the limit for one host (slots.perNodeHost)${byWhom(facts, reader)}`,
    zh: (facts, reader) =>
      `主机 ${facts.host} 上的节点已有 ${facts.running} 个全量同步在运行，达到单台主机的上限 (slots.perNodeHost)${byWhom(facts, reader)}`,
  }),
  slots_of_master_host: text<FullSyncsRunning>({
    en: (facts, reader) =>
      `${syncsRun(facts)} from masters on ${facts.host}, the limit for one host (slots.perMasterHost)${byWhom(facts, reader)}`,
    zh: (facts, reader) =>
      `主机 ${facts.host} 上的主节点已有 ${facts.running} 个全量同步在运行，达到单台主机的上限 (slots.perMasterHost)${byWhom(facts, reader)}`,
  }),

  // ------------------------------------------------------------------------------------ servers that are away
  master_says_too_little: text<{ master: string }>({
    en: ({ master }) => `the INFO of ${master} lacks fields that every master shows`,
    zh: ({ master }) => `${master} 的 INFO 缺少主节点应有的字段`,
  }),
  server_silent: text<{ server: string; kind: Silence['kind']; met: string | null }>({
    en: (facts, reader) => `${facts.server} ${silenceIn(facts, reader)}`,
    zh: (facts, reader) => `${facts.server} ${silenceIn(facts, reader)}`,
  }),
  master_silent: text<{ kind: Silence['kind'] }>({
    en: ({ kind }, reader) => `the master ${silenceIn({ kind, met: null }, reader)}`,
    zh: ({ kind }, reader) => `主节点${silenceIn({ kind, met: null }, reader)}`,
  }),
  master_not_answering: plain('the master does not answer', '主节点没有应答'),
  node_silent: text<{ kind: Silence['kind'] }>({
    en: ({ kind }, reader) => `the node ${silenceIn({ kind, met: null }, reader)}`,
    zh: ({ kind }, reader) => `节点${silenceIn({ kind, met: null }, reader)}`,
  }),
  node_may_be_opening: plain(
    'the node does not reply (it may be opening its database)',
    '节点没有应答（可能正在打开数据库）',
  ),

  // --------------------------------------------------------------------------------- what a master is at
  master_at_work: text<{ work: readonly MasterWork[] }>({
    en: ({ work }, reader) =>
      `the master is busy: ${work.map((each) => masterWorkText(each, reader)).join('; ')}`,
    zh: ({ work }, reader) => `主节点正忙：${work.map((each) => masterWorkText(each, reader)).join('；')}`,
  }),

  master_being_looked_at: plain('the service looks at the master', '正在查看主节点'),
  full_syncs_go_on: text<{ syncs: readonly { readonly node: string; readonly expansion: string }[] }>({
    en: ({ syncs }) =>
      `full syncs go on: ${syncs.map(({ node, expansion }) => `${node} (${expansion})`).join(', ')}`,
    zh: ({ syncs }) =>
      `全量同步正在进行：${syncs.map(({ node, expansion }) => `${node}（${expansion}）`).join('、')}`,
  }),
  other_hold_first: text<HeldBy>({
    en: ({ hold, by, until }) => `hold ${hold} of ${by} is before this one, until ${clock(until)} at most`,
    zh: ({ hold, by, until }) => `${by} 的占用 ${hold} 在先，最迟至 ${clock(until)}`,
  }),

  // ------------------------------------------------------------------------------------ the steps of an attempt
  back_in_line: text<{ because: Said }>({
    en: ({ because }, reader) => `back in line: ${readReason(because, reader)}`,
    zh: ({ because }, reader) => `重新排队：${readReason(because, reader)}`,
  }),
  checked_again: plain('the service checks the node once more before it changes anything', '操作前再次检查'),
  being_attached: plain('being attached', '正在挂载'),
  tries_by_itself: text<{ cause: { readonly code: string; readonly text: string } | null }>({
    en: ({ cause }, reader) =>
      `${cause === null ? 'Something is wrong.' : causeText(cause, reader)} The node tries again by itself.`,
    zh: ({ cause }, reader) => `${cause === null ? '出现异常。' : causeText(cause, reader)}节点会自行重试。`,
  }),
  attempt_begins: text<{ attempt: number }>({
    en: ({ attempt }) => `attempt ${attempt} begins`,
    zh: ({ attempt }) => `开始第 ${attempt} 次尝试`,
  }),
  dump_offered: plain('the master makes or offers its dump', '主节点正在生成或提供快照'),
  only_new_dump_helps: plain(
    'only a new dump of the master can help, and the policy permits to ask for it (mayAskForDump)',
    '只有主节点重新做快照才有帮助，且策略允许这样做 (mayAskForDump)',
  ),
  dump_would_harm: plain(
    'the master can be asked for a new dump only when no other slave copies the present one',
    '须等没有其他从节点复制当前快照时，才能让主节点重新做快照',
  ),
  new_dump_awaited: plain(
    'the master makes the new dump that it was asked for',
    '主节点正在按要求重新做快照',
  ),
  no_file_yet: text<{ since: number; until: number }>({
    en: ({ since, until }) =>
      `no file has come since ${clock(since)}: the dump of the master fails, or the node cannot reach port + 10001 of the master; the service decides at ${clock(until)}`,
    zh: ({ since, until }) =>
      `自 ${clock(since)} 起没有收到任何文件：主节点的快照失败，或节点无法连接主节点的端口 + 10001；服务将在 ${clock(until)} 作出判断`,
  }),
  then_cause_decides: text<{ anomaly: string }>({
    en: ({ anomaly }, reader) =>
      `the service says “${anomalyTitle(anomaly, reader)}”. It looks for the cause, and copies again only where a copy can help; else it asks a person`,
    zh: ({ anomaly }, reader) =>
      `本服务将判定“${anomalyTitle(anomaly, reader)}”。随后查找原因：仅在重新复制有用时再复制一次，否则请人处理`,
  }),
  then_attached: plain('the service attaches the node', '本服务将挂载该节点'),
  then_done_again: plain(
    'the service looks at the node and sends the command again if it did not happen',
    '本服务将查看该节点；如命令未生效则重新发送',
  ),
  then_person: plain('the service gives the node up and asks a person', '本服务将放弃该节点并请人处理'),
  then_left_attached: plain(
    'the service leaves the node as it is, and says so',
    '本服务将保留该节点的现状，并予以说明',
  ),
  copying: plain('the snapshot is being copied', '正在复制快照'),
  opening: plain('the node opens the new database', '节点正在打开新数据库'),
  catching_up: plain('the node is up and catches up with the binlog', '节点已连接，正在追赶 binlog'),
  comparing: plain('the data are being compared with the master', '正在与主节点比对数据'),
  verified: plain('verified: its full sync is proven complete', '校验通过：全量同步已证实完整'),
  old_connection_closing: plain(
    'the previous connection must close first (4.5 s after SLAVEOF NO ONE)',
    '须先等旧连接关闭（SLAVEOF NO ONE 之后 4.5 秒）',
  ),
  still_listed: plain(
    'the master still lists the previous connection of the node (for up to 180 s)',
    '主节点仍列出该节点的旧条目（失效条目最多保留 180 秒）',
  ),
  throttle_being_set: plain('the service sets its throttle', '正在设置其限速'),
  emptiness_being_asked: plain('the service checks that the node is still empty', '正在确认该节点是否仍为空'),
  act_unknown: text<{ command: string }>({
    en: ({ command }) => `it is not known yet whether ${command} happened`,
    zh: ({ command }) => `尚不清楚 ${command} 是否已执行`,
  }),
  slaveof_may_still_happen: plain(
    'it is not known yet whether its SLAVEOF will still happen',
    '尚不清楚其 SLAVEOF 是否仍会执行',
  ),
  database_too_slow: plain(
    'the database answers too slowly to be certain that this worker may still act',
    '数据库响应过慢，无法确定此工作进程是否仍可操作',
  ),
  follow_not_allowed: text<{ notAllowed: NotAllowed }>({
    en: ({ notAllowed }, reader) => notAllowedText.en(notAllowed, reader),
    zh: ({ notAllowed }, reader) => notAllowedText.zh(notAllowed, reader),
  }),
  findings: text<{ findings: readonly Finding[] }>({
    en: ({ findings }, reader) => findings.map((finding) => findingFor(finding, reader).text).join(' '),
    zh: ({ findings }, reader) => findings.map((finding) => findingFor(finding, reader).text).join(''),
  }),
  rules_missing: text<{ rules: readonly Omit<EvidenceRule, 'at'>[] }>({
    en: ({ rules }, reader) => rules.map((rule) => ruleFor(rule, reader).text).join(' '),
    zh: ({ rules }, reader) => rules.map((rule) => ruleFor(rule, reader).text).join(''),
  }),

  // ------------------------------------------------------------------------------------- leaving the expansion
  rolled_back: plain('rolled back: another node of its batch failed', '已回滚：同批的另一个节点失败'),
  not_begun_rolled_back: plain('not begun: the expansion is rolled back', '未开始：扩容任务已回滚'),
  detached_by_policy: plain(
    'detached, because the policy goes on without it',
    '已断开，因为策略规定跳过它继续',
  ),
  master_is_another: plain(
    'it is detached: another server answers as its master',
    '正在断开：主节点地址上应答的是另一台服务器',
  ),
  sync_did_not_end: plain('it is detached: its full sync did not end', '正在断开：其全量同步没有结束'),
  detached_from: text<{ master: string }>({
    en: ({ master }) => `detached from ${master}`,
    zh: ({ master }) => `已与 ${master} 断开`,
  }),
  not_detached: text<{ master: string }>({
    en: ({ master }) =>
      `the service cannot reach it, and so could not detach it from ${master}; if it comes back, it attaches by itself`,
    zh: ({ master }) => `无法连接，未能与 ${master} 断开；若恢复运行，它会自行重新挂载`,
  }),

  // ------------------------------------------------------------------- why a command is sent, and what came of it
  must_leave_master: plain('the node must leave its present master first', '节点须先脱离当前主节点'),
  remembers_id: plain(
    'the node remembers a replication id, which could refuse or skip the full sync',
    '节点记有 replication id，可能导致全量同步被拒绝或跳过',
  ),
  full_sync_begins: plain('the full sync begins', '开始全量同步'),
  must_not_stay_half_synced: plain(
    'the node leaves the expansion and must not stay half synced',
    '节点退出扩容任务，不能停留在同步一半的状态',
  ),

  seen_on_node: plain('seen on the node', '已在节点上看到'),
  not_seen_on_node: plain('not seen on the node', '未在节点上看到'),
  not_seen_done_again: plain('not seen on the node; it is done again', '未在节点上看到；将再次执行'),
  not_sent: text<{ because: Said }>({
    en: ({ because }, reader) => `not sent: ${readReason(because, reader)}`,
    zh: ({ because }, reader) => `未发送：${readReason(because, reader)}`,
  }),

  // ------------------------------------------------------------------------------ why a setting is changed
  share_of_bandwidth: plain('its share of the bandwidth', '其带宽份额'),
  share_changed: plain('its share has changed', '其份额已变化'),
  copy_over: plain('the copy is over: put back', '复制已结束：恢复原值'),
  nobody_synced: plain('no node is being synced: put back', '没有节点在同步：恢复原值'),
  master_restarted: plain('the master was restarted', '主节点已重启'),
  binlog_would_be_purged: text<{ writeBytesPerSecond: number; writtenBytes: number | null }>({
    en: ({ writeBytesPerSecond, writtenBytes }) =>
      `at ${rate(writeBytesPerSecond)} of writes ${
        writtenBytes === null ? 'for up to a day' : `and up to ${readableBytes(writtenBytes)} in a full sync`
      } the binlog that nodes still need would be purged`,
    zh: ({ writeBytesPerSecond, writtenBytes }) =>
      `按 ${rate(writeBytesPerSecond)} 的写入${
        writtenBytes === null ? '持续至多一天' : `且一次全量同步期间至多写入 ${readableBytes(writtenBytes)}`
      }，节点仍需要的 binlog 会被清除`,
  }),
};

export type ReasonCode = keyof typeof reasons;
export type Reason = Said<ReasonCode>;

/** Makes a reason. */
export const because = <Code extends ReasonCode>(
  code: Code,
  ...[facts]: FactsArgument<typeof reasons, Code>
): Reason => saidBy(reasons, code, (facts ?? {}) as Facts);

/** Several reasons as one; null = there is none. */
export const inOne = (reasons: readonly Reason[]): Reason | null =>
  reasons.length > 1 ? because('several', { reasons }) : (reasons[0] ?? null);

/** Whether two reasons say the same. */
export const sameReason = (a: Said | null, b: Said | null): boolean =>
  a === b || (a !== null && b !== null && a.code === b.code && sameFacts(a.facts, b.facts));

/** A figure of the master's health that is over its limit; as exact as it is shown, so that less is no other reason. */
export const overLimit = ({ what, value, limit }: HealthReading): Reason =>
  because('health_over_limit', { what, value: Number(rounded(value)), limit });
