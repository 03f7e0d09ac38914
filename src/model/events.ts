/**
 * What happens, by type: the facts of each event, how grave it is, and its words. Whoever shows, filters or counts events
 * reads this table.
 */
import { anomalyFor, anomalyTitle } from './anomalies.ts';
import { auditSummaryText } from './audit-report.ts';
import { auditReasonFor, verdictWord } from './audit-texts.ts';
import { type CampaignEventData, type CampaignEventType, campaignEvents } from './campaign-texts.ts';
import type { ComparisonReport } from './comparison.ts';
import { readVerdict } from './comparison-texts.ts';
import type { AnomalyRecord } from './evidence.ts';
import type { Attempt, BorrowedName, Control, Expansion, JoinPhase, Problem } from './expansion.ts';
import type { Finding } from './finding.ts';
import { findingFor } from './findings.ts';
import type { Figure, ForecastDrift } from './forecast.ts';
import { type GuardEventData, type GuardEventType, guardEvents } from './guard-texts.ts';
import type { HealthReading } from './health.ts';
import { type HoldEventData, type HoldEventType, holdEvents } from './hold-texts.ts';
import { problemFor } from './problems.ts';
import { readableBytes, readableSeconds } from './quantities.ts';
import { because, readReason } from './reasons.ts';
import {
  type ReplacementEventData,
  type ReplacementEventType,
  replacementEvents,
} from './replacement-texts.ts';
import { counted, type Facts, nobody, type Reader, read, type Said, type Text } from './text.ts';
import type { AuditCounts } from './views/audit.ts';

export const eventLevels = ['info', 'warning', 'error'] as const;
type Level = (typeof eventLevels)[number];

interface EventRow<D> {
  readonly level: Level | ((data: D) => Level);
  /** Whether a screen reader says it while it is only information; absent = it does not. */
  readonly aloud?: true;
  readonly text: Text<D & OfNode>;
}

interface OfNode {
  /** Empty = it is about no node. */
  readonly node: string;
}

const event = <D>(row: EventRow<D>): EventRow<D> => row;
/** The rows of events whose texts stand in a table of their own, with the levels of those that are no mere information. */
const leveled = <Rows>(
  texts: Readonly<Record<string, unknown>>,
  levels: Readonly<Record<string, unknown>>,
): Rows =>
  Object.fromEntries(
    Object.entries(texts).map(([type, text]) => [type, { level: levels[type] ?? 'info', text }]),
  ) as Rows;

/** Why something waits or is in its state, or what went wrong with it. */
const whyText = (why: Said | Problem, reader: Reader): string =>
  'nextSteps' in why ? problemFor(why, reader).text : readReason(why, reader);

/** Only the reason, and nothing before it. */
const itsReason: Text<{ readonly reason: Said }> = {
  en: ({ reason }, reader) => readReason(reason, reader),
  zh: ({ reason }, reader) => readReason(reason, reader),
};

interface StateEntered {
  readonly reason: Said;
  readonly problem?: Problem;
}
const stateEntered = (level: Level = 'info') => event<StateEntered>({ level, aloud: true, text: itsReason });

interface GivenUp {
  readonly code: string;
  readonly nextSteps: readonly string[];
  readonly problem: Problem;
}
const givenUp = event<GivenUp>({
  level: 'error',
  text: {
    en: ({ node, problem }, reader) => `${node}: ${problemFor(problem, reader).text}`,
    zh: ({ node, problem }, reader) => `${node}：${problemFor(problem, reader).text}`,
  },
});

/** Waits that somebody has asked for. */
const ofClock: readonly string[] = ['starts_at', 'master_rests'];

interface BatchEntered {
  readonly batch: number;
  readonly batchCount: number;
  readonly nodes: readonly string[];
}

interface HealthChanged {
  readonly level: number;
  readonly readings: readonly HealthReading[];
  /** The figure that is over its limit, or was. */
  readonly figure: HealthReading;
}
const percent = (share: number): string => `${Math.round(share * 100)} %`;
const figureText = ({ what, value, limit }: HealthReading, reader: Reader): string =>
  readReason(because('health_over_limit', { what, value, limit }), reader);

interface Commanded {
  readonly command: string;
  /** null = none came. */
  readonly reply: string | null;
  /** `seen`: nobody heard the reply, and the node shows that it happened. */
  readonly outcome: 'ok' | 'refused' | 'unknown' | 'seen';
}

// ----------------------------------------------------------------------------------------- borrowed settings

interface OfSetting {
  readonly server: string;
  readonly setting: BorrowedName;
  readonly old: string;
}

const valueText = (setting: BorrowedName, value: string): string =>
  setting === 'throttle-bytes-per-second' ? `${readableBytes(Number(value))}/s` : value;

const settingChanged = event<OfSetting & { readonly from: string; readonly to: string; readonly why: Said }>({
  level: 'info',
  text: {
    en: ({ server, setting, from, to, old, why }, reader) =>
      `${server}: ${setting} from ${valueText(setting, from)} to ${valueText(setting, to)} (${readReason(why, reader)}; it was ${old} before the expansion)`,
    zh: ({ server, setting, from, to, old, why }, reader) =>
      `${server}：${setting} 从 ${valueText(setting, from)} 改为 ${valueText(setting, to)}（${readReason(why, reader)}；扩容之前为 ${old}）`,
  },
});

const settingRestored = event<Omit<OfSetting, 'old'> & { readonly value: string }>({
  level: 'info',
  text: {
    en: ({ server, setting, value }) => `${server}: ${setting} is ${value} again`,
    zh: ({ server, setting, value }) => `${server}：${setting} 已恢复为 ${value}`,
  },
});

const settingLeft = event<OfSetting & { readonly seen: string }>({
  level: 'warning',
  text: {
    en: ({ server, setting, seen, old }) =>
      `${server}: somebody else has set ${setting} to ${seen} meanwhile; the service leaves it so (it was ${old} before the expansion)`,
    zh: ({ server, setting, seen, old }) =>
      `${server}：期间有人将 ${setting} 设为 ${seen}，保持不变（扩容之前为 ${old}）`,
  },
});

const settingLost = event<OfSetting & { readonly of: 'master' | 'node' }>({
  level: 'error',
  text: {
    en: ({ server, setting, old, of }) =>
      `${server}: the service could not restore ${setting} (the ${of} does not answer). Restore it yourself: CONFIG SET ${setting} ${old}`,
    zh: ({ server, setting, old, of }) =>
      `${server}：${setting} 未能恢复（${of === 'master' ? '主节点' : '节点'}没有应答）。请手动执行：CONFIG SET ${setting} ${old}`,
  },
});

const settingRefused = event<OfSetting & { readonly seen: string; readonly reply: string }>({
  level: ({ seen, old }) => (seen === old ? 'warning' : 'error'),
  text: {
    en: ({ server, setting, seen, old, reply }) =>
      `${server} answered CONFIG SET ${setting} with: ${reply}. It stays at ${valueText(setting, seen)}.${seen === old ? '' : ` Restore it yourself: CONFIG SET ${setting} ${old}`}`,
    zh: ({ server, setting, seen, old, reply }) =>
      `${server} 对 CONFIG SET ${setting} 的应答：${reply}。其值仍为 ${valueText(setting, seen)}。${seen === old ? '' : `请手动执行：CONFIG SET ${setting} ${old}`}`,
  },
});

// ------------------------------------------------------------------------------------------------- campaigns

const campaignLevels: { readonly [T in CampaignEventType]?: Level } = {
  'campaign.member_refused': 'error',
  'campaign.member_delayed': 'warning',
  'campaign.member_halted': 'error',
  'campaign.member_failed': 'error',
  'campaign.member_cancelled': 'error',
  'campaign.halted': 'error',
  'campaign.stopping': 'error',
  'campaign.failed': 'error',
};

const ofCampaigns = leveled<{ readonly [T in CampaignEventType]: EventRow<CampaignEventData<T>> }>(
  campaignEvents,
  campaignLevels,
);

// ---------------------------------------------------------------------------------------------------- audits

interface AuditOver {
  readonly counts: AuditCounts;
}
const auditLevel = ({ counts }: AuditOver): Level =>
  counts.damaged + counts.doubtful + counts.notJudged + counts.mastersNotRead > 0 ? 'warning' : 'info';

// ---------------------------------------------------------------------------------------------------- guards

const guardLevels: { readonly [T in GuardEventType]?: EventRow<GuardEventData<T>>['level'] } = {
  'guard.found': ({ level }) => level,
  'guard.audit_skipped': 'warning',
};

const ofGuards = leveled<{ readonly [T in GuardEventType]: EventRow<GuardEventData<T>> }>(
  guardEvents,
  guardLevels,
);

// ----------------------------------------------------------------------------------------------------- holds

const holdLevels: { readonly [T in HoldEventType]?: Level } = {
  'hold.unsafe': 'warning',
  'hold.expired': 'warning',
};

const ofHolds = leveled<{ readonly [T in HoldEventType]: EventRow<HoldEventData<T>> }>(
  holdEvents,
  holdLevels,
);
// ---------------------------------------------------------------------------------------------- replacements

const replacementLevels: { readonly [T in ReplacementEventType]?: Level } = {
  'replacement.expansion_refused': 'error',
  'replacement.kept': 'warning',
  'replacement.slave_failed': 'error',
  'replacement.held': 'warning',
  'replacement.failed': 'error',
};

const ofReplacements = leveled<{ readonly [T in ReplacementEventType]: EventRow<ReplacementEventData<T>> }>(
  replacementEvents,
  replacementLevels,
);

// ------------------------------------------------------------------------------------------------- the table

export const events = {
  'expansion.accepted': event<{
    master: string;
    nodes: readonly string[];
    requestedBy: string;
    via: Expansion['via'];
    policy: Expansion['policy'];
    planId: string;
    waitsFor: string | null;
    retryOf?: string;
    campaignId?: string;
    replacementId?: string;
  }>({
    level: 'info',
    aloud: true,
    text: {
      en: ({ nodes, master, requestedBy, via }) =>
        `Accepted: ${counted(nodes.length, 'node')} to become ${nodes.length === 1 ? 'a slave' : 'slaves'} of ${master}, asked for by ${requestedBy} (${via}).`,
      zh: ({ nodes, master, requestedBy, via }) =>
        `已受理：${nodes.length} 个节点将成为 ${master} 的从节点，由 ${requestedBy}（${via}）发起。`,
    },
  }),
  'preflight.finding': event<{ code: string; nextStep: string; facts: Facts; finding: Finding }>({
    level: ({ finding }) => (finding.severity === 'error' ? 'error' : 'warning'),
    text: {
      en: ({ finding }, reader) => findingFor(finding, reader).text,
      zh: ({ finding }, reader) => findingFor(finding, reader).text,
    },
  }),
  'expansion.waiting': event<{ reason: Said; expansionId?: string }>({
    level: ({ expansionId, reason }) =>
      expansionId === undefined && !ofClock.includes(reason.code) ? 'warning' : 'info',
    aloud: true,
    text: itsReason,
  }),
  'expansion.pending': stateEntered(),
  'expansion.running': stateEntered(),
  'expansion.paused': stateEntered(),
  'expansion.awaiting_approval': stateEntered(),
  'expansion.halted': stateEntered('error'),
  'expansion.succeeded': stateEntered(),
  'expansion.failed': stateEntered('error'),
  'expansion.cancelled': stateEntered(),

  'control.applied': event<{ control: Control }>({
    level: 'info',
    text: {
      en: ({ control: { by, verb, node, reason } }) =>
        `${by} asked to ${verb}${node === null ? '' : ` ${node}`}: ${reason}`,
      zh: ({ control: { by, verb, node, reason } }) =>
        `${by} 要求${controlWords[verb]}${node === null ? '' : ` ${node}`}：${reason}`,
    },
  }),
  'control.refused': event<{ control: Control; problem: Problem }>({
    level: 'warning',
    text: {
      en: ({ control: { by, verb }, problem }, reader) =>
        `${verb} by ${by} was not applied: ${problemFor(problem, reader).text}`,
      zh: ({ control: { by, verb }, problem }, reader) =>
        `${by} 要求的${controlWords[verb]}未执行：${problemFor(problem, reader).text}`,
    },
  }),
  'freeze.on': event<{ by: string; reason: string }>({
    level: 'warning',
    text: {
      en: ({ by, reason }) =>
        `${by} has frozen everything: ${reason}. No node is attached until the freeze is lifted`,
      zh: ({ by, reason }) => `${by} 冻结了全部操作：${reason}。解除冻结之前不会挂载任何节点`,
    },
  }),
  'freeze.lifted': event<{ by: string; reason: string }>({
    level: 'info',
    text: {
      en: ({ by, reason }) => `${by} has lifted the freeze: ${reason}`,
      zh: ({ by, reason }) => `${by} 解除了冻结：${reason}`,
    },
  }),

  'batch.started': event<BatchEntered>({
    level: 'info',
    aloud: true,
    text: {
      en: ({ batch, batchCount, nodes }) => `batch ${batch + 1} of ${batchCount}: ${nodes.join(', ')}`,
      zh: ({ batch, batchCount, nodes }) => `第 ${batch + 1}/${batchCount} 批：${nodes.join('、')}`,
    },
  }),
  'batch.finished': event<BatchEntered & { verified: number }>({
    level: 'info',
    aloud: true,
    text: {
      en: ({ batch, batchCount, verified, nodes }) =>
        `batch ${batch + 1} of ${batchCount} is done: ${verified} of ${nodes.length} verified`,
      zh: ({ batch, batchCount, verified, nodes }) =>
        `第 ${batch + 1}/${batchCount} 批已完成：${nodes.length} 个节点中 ${verified} 个通过校验`,
    },
  }),
  'batch.next': event<BatchEntered>({
    level: 'info',
    aloud: true,
    text: {
      en: ({ batch, batchCount, nodes }) =>
        `next is batch ${batch + 1} of ${batchCount}: ${nodes.join(', ')}`,
      zh: ({ batch, batchCount, nodes }) => `接下来是第 ${batch + 1}/${batchCount} 批：${nodes.join('、')}`,
    },
  }),

  'node.phase': event<{ from: JoinPhase; to: JoinPhase; attempt: number; why: Said | Problem }>({
    level: ({ why }) => ('nextSteps' in why ? 'error' : 'info'),
    text: {
      en: ({ node, why }, reader) => `${node}: ${whyText(why, reader)}`,
      zh: ({ node, why }, reader) => `${node}：${whyText(why, reader)}`,
    },
  }),
  'node.waiting': event<{ reason: Said }>({
    level: 'info',
    text: {
      en: ({ node, reason }, reader) => `${node} waits: ${readReason(reason, reader)}`,
      zh: ({ node, reason }, reader) => `${node} 正在等待：${readReason(reason, reader)}`,
    },
  }),
  'node.attempt': event<{ attempt: number; of: number; kind: Attempt['kind'] }>({
    level: 'info',
    text: {
      en: ({ node, attempt, of }) => `${node}: attempt ${attempt} of ${of} begins`,
      zh: ({ node, attempt, of }) => `${node}：开始第 ${attempt}/${of} 次尝试`,
    },
  }),
  'node.foreign_attach': event<{ master: string }>({
    level: 'warning',
    text: {
      en: ({ node, master }) =>
        `${node}: somebody else has attached it to ${master} meanwhile. The service detaches it and syncs it again`,
      zh: ({ node, master }) => `${node}：期间有人将其挂载到 ${master}。本服务将其断开并重新同步`,
    },
  }),
  'node.command': event<Commanded>({
    level: ({ outcome }) => (outcome === 'refused' ? 'error' : outcome === 'unknown' ? 'warning' : 'info'),
    text: {
      en: ({ node, command, reply, outcome }) => {
        if (outcome === 'seen') return `${node}: the node shows that ${command} happened`;
        if (outcome === 'unknown')
          return `${node}: no reply to ${command}; the service asks the node whether it happened`;
        return `${node}: ${command} -> ${reply}`;
      },
      zh: ({ node, command, reply, outcome }) => {
        if (outcome === 'seen') return `${node}：节点显示 ${command} 已执行`;
        if (outcome === 'unknown') return `${node}：${command} 没有应答；将向节点确认是否已执行`;
        return `${node}：执行 ${command}，应答 ${reply}`;
      },
    },
  }),
  'node.anomaly': event<{
    code: AnomalyRecord['code'];
    remedy: AnomalyRecord['remedy'];
    cause: string;
    nextSteps: readonly string[];
    recordings: readonly string[];
    facts: Facts;
    anomaly: AnomalyRecord;
  }>({
    level: ({ remedy }) => (remedy === 'wait' ? 'warning' : 'error'),
    text: {
      en: ({ node, anomaly }, reader) =>
        `${node}: ${anomalyTitle(anomaly.code, reader)}. ${anomalyFor(anomaly, reader).text}`,
      zh: ({ node, anomaly }, reader) =>
        `${node}：${anomalyTitle(anomaly.code, reader)}。${anomalyFor(anomaly, reader).text}`,
    },
  }),
  'node.remedy': event<{ code: AnomalyRecord['code']; attempt: number; of: number; cause: string | null }>({
    level: 'warning',
    text: {
      en: ({ node, attempt, of, code }, reader) =>
        `${node}: the service detaches it and attaches it again (attempt ${attempt} of ${of}), because: ${anomalyTitle(code, reader).toLowerCase()}`,
      zh: ({ node, attempt, of, code }, reader) =>
        `${node}：断开并重新挂载（第 ${attempt}/${of} 次尝试），原因：${anomalyTitle(code, reader)}`,
    },
  }),
  'node.compared': event<Compared>({
    level: ({ verdict, outlivesOnly }) =>
      verdict === 'inconclusive' || outlivesOnly ? 'warning' : verdict === 'different' ? 'error' : 'info',
    text: {
      en: (facts, reader) => `${facts.node}: ${comparedEn(facts, reader)}`,
      zh: (facts, reader) => `${facts.node}：${comparedZh(facts, reader)}`,
    },
  }),
  'node.published': event({
    level: 'info',
    text: {
      en: ({ node }) => `${node} is published: all who are asked after the proof agreed`,
      zh: ({ node }) => `${node} 已发布：校验通过后被询问的各方均已同意`,
    },
  }),
  'node.verified': event<{
    attempts: number;
    receivedBytes: number | null;
    snapshotBytes: number | null;
    tookMs: number;
  }>({
    level: 'info',
    aloud: true,
    text: { en: ({ node }) => `${node} is verified`, zh: ({ node }) => `${node} 通过校验` },
  }),
  'node.failed': givenUp,
  'node.quarantined': givenUp,
  'node.detached': event<{ reason: Said }>({
    level: 'info',
    text: {
      en: ({ node, reason }, reader) => `${node}: ${readReason(reason, reader)}`,
      zh: ({ node, reason }, reader) => `${node}：${readReason(reason, reader)}`,
    },
  }),

  'health.over': event<HealthChanged>({
    level: 'warning',
    text: {
      en: ({ figure, level }, reader) =>
        `${figureText(figure, reader)}: down to ${percent(level)} of the bandwidth, and no batch begins`,
      zh: ({ figure, level }, reader) =>
        `${figureText(figure, reader)}：降至带宽的 ${percent(level)}，暂不开始新批次`,
    },
  }),
  'health.calm': event<HealthChanged>({
    level: 'info',
    text: {
      en: ({ figure, level }, reader) =>
        `${figureText(figure, reader)}, within it again: at ${percent(level)} of the bandwidth`,
      zh: ({ figure, level }, reader) =>
        `${figureText(figure, reader)}，已回到限度之内：使用带宽的 ${percent(level)}`,
    },
  }),
  'forecast.drift': event<Pick<ForecastDrift, 'figures' | 'batch'>>({
    level: 'warning',
    text: {
      en: ({ figures, batch }, reader) =>
        `${readReason(because('forecast_drifted', { figures }), reader)}; batch ${batch + 1} waits for approval`,
      zh: ({ figures, batch }, reader) =>
        `${readReason(because('forecast_drifted', { figures }), reader)}；第 ${batch + 1} 批等待批准`,
    },
  }),
  'forecast.compared': event<{ secondsTotal: Known<Figure> }>({
    level: 'info',
    text: {
      en: ({ secondsTotal: { forecast, real } }) =>
        `it took ${readableSeconds(real)}; the forecast was ${readableSeconds(forecast.expected)} (${readableSeconds(forecast.low)} to ${readableSeconds(forecast.high)})`,
      zh: ({ secondsTotal: { forecast, real } }) =>
        `实际用时 ${readableSeconds(real)}；预计 ${readableSeconds(forecast.expected)}（${readableSeconds(forecast.low)} 至 ${readableSeconds(forecast.high)}）`,
    },
  }),

  'node.setting': settingChanged,
  'node.setting_restored': settingRestored,
  'node.setting_left': settingLeft,
  'node.setting_lost': settingLost,
  'node.setting_refused': settingRefused,
  'master.setting': settingChanged,
  'master.setting_restored': settingRestored,
  'master.setting_left': settingLeft,
  'master.setting_lost': settingLost,
  'master.setting_refused': settingRefused,

  'audit.started': event<{ requestedBy: string; masters: number; depth: string }>({
    level: 'info',
    text: {
      en: ({ masters, depth, requestedBy }) =>
        `The audit of ${counted(masters, 'master')} begins (depth ${depth}), asked for by ${requestedBy}`,
      zh: ({ masters, depth, requestedBy }) =>
        `开始巡检 ${masters} 个主节点（深度 ${depth}），由 ${requestedBy} 发起`,
    },
  }),
  'audit.slave_judged': event<{ master: string; verdict: 'damaged' | 'doubtful'; reason: Said }>({
    level: ({ verdict }) => (verdict === 'damaged' ? 'error' : 'warning'),
    text: {
      en: ({ node, verdict, reason }, reader) =>
        `${node} is ${verdictWord(verdict, reader)}: ${auditReasonFor(reason, reader).text}`,
      zh: ({ node, verdict, reason }, reader) =>
        `${node} ${verdictWord(verdict, reader)}：${auditReasonFor(reason, reader).text}`,
    },
  }),
  'audit.ended': event<AuditOver>({
    level: auditLevel,
    text: {
      en: ({ counts }, reader) => `The audit has ended: ${auditSummaryText.en(counts, reader)}`,
      zh: ({ counts }, reader) => `巡检已结束：${auditSummaryText.zh(counts, reader)}`,
    },
  }),
  'audit.cancelled': event<AuditOver & { by: string; reason: string }>({
    level: auditLevel,
    text: {
      en: ({ by, reason, counts }, reader) =>
        `${by} ended the audit: ${reason}. ${auditSummaryText.en(counts, reader)}`,
      zh: ({ by, reason, counts }, reader) =>
        `${by} 结束了巡检：${reason}。${auditSummaryText.zh(counts, reader)}`,
    },
  }),

  ...ofCampaigns,
  ...ofGuards,
  ...ofHolds,
  ...ofReplacements,
};

/** What each type of event holds. */
export type EventMap = {
  readonly [T in keyof typeof events]: (typeof events)[T] extends EventRow<infer D> ? D : never;
};
export type EventType = keyof EventMap;
export const eventTypes = Object.keys(events) as EventType[];

type Events = {
  readonly [T in EventType]: {
    readonly type: T;
    readonly at: number;
    /** null = it is about no node. */
    readonly node: string | null;
    readonly level: Level;
    readonly text: string;
    readonly data: EventMap[T] & Facts;
  };
};
/** An event as this release stores it. */
export type EventInput = Events[EventType];

type Known<T> = { readonly [K in keyof T]: NonNullable<T[K]> };

const controlWords: Readonly<Record<Control['verb'], string>> = {
  pause: '暂停',
  resume: '恢复',
  cancel: '取消',
  approve: '批准',
  retry: '重试',
  skip: '跳过',
};

interface Compared
  extends Pick<ComparisonReport, 'verdict' | 'lookedAtKeys' | 'share' | 'smallestLossFound'> {
  /** A text alone = an earlier release has stored it. */
  readonly reason: Said | string | null;
  readonly differences: number;
  /** Whether nothing differs but keys that live longer on the node. */
  readonly outlivesOnly: boolean;
}
const shareOf = (share: number | null): string | null =>
  share === null ? null : `${(share * 100).toFixed(2)} %`;

function comparedEn(
  { verdict, reason, differences, lookedAtKeys, share, smallestLossFound: loss }: Compared,
  reader: Reader,
): string {
  const looked = shareOf(share) ?? 'an unknown share';
  if (verdict === 'empty') return 'Both nodes hold no keys.';
  if (verdict === 'inconclusive')
    return `The comparison came to no result: ${reason === null ? 'unknown reason' : readVerdict(reason, reader)}.`;
  if (verdict === 'different')
    return `${counted(differences, 'difference')} among ${counted(lookedAtKeys, 'key')} (${looked}).`;
  return `${lookedAtKeys} keys (${looked}) agree by type, value and TTL${
    loss === null ? '' : `; a loss of ${(loss * 100).toPrecision(2)} % would have been found`
  }.`;
}

function comparedZh(
  { verdict, reason, differences, lookedAtKeys, share, smallestLossFound: loss }: Compared,
  reader: Reader,
): string {
  const looked = shareOf(share) ?? '比例未知';
  if (verdict === 'empty') return '两个节点都没有 key。';
  if (verdict === 'inconclusive')
    return `比对没有结果：${reason === null ? '原因未知' : readVerdict(reason, reader)}。`;
  if (verdict === 'different') return `${lookedAtKeys} 个 key（${looked}）中有 ${differences} 处差异。`;
  return `${lookedAtKeys} 个 key（${looked}）的类型、值和 TTL 一致${
    loss === null ? '' : `；${(loss * 100).toPrecision(2)} % 的丢失即可发现`
  }。`;
}

// biome-ignore lint/suspicious/noExplicitAny: each type has facts of its own
const rows: Readonly<Record<string, EventRow<any>>> = events;

/** An event as it is stored, with its words in English. */
export function makeEvent<T extends EventType>(
  type: T,
  { at, node = null }: { readonly at: number; readonly node?: string | null },
  data: EventMap[T],
): Events[T] {
  const { level, text } = rows[type]!;
  return {
    type,
    at,
    node,
    level: typeof level === 'function' ? level(data) : level,
    text: text.en({ ...(data as Facts), node: node ?? '' }, nobody),
    data,
  } as Events[T];
}

/** What was stored may have a type of another release: such an event keeps its words. */
interface StoredWords {
  readonly type: string;
  readonly node: string | null;
  readonly text: string;
  readonly data: Facts;
}

/** The same event in the words of this reader. */
export const eventFor = <E extends StoredWords>(event: E, reader: Reader): E => ({
  ...event,
  text: read(rows[event.type]?.text, { ...event.data, node: event.node ?? '' }, reader, event.text),
});

/** Whether a screen reader says this event. */
export const isSaidAloud = ({
  type,
  level,
}: Pick<StoredWords, 'type'> & { readonly level: Level }): boolean =>
  level !== 'info' || rows[type]?.aloud === true;
