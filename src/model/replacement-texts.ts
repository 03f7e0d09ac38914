/** What replacements say: why a slave waits or ended so, and what happened. What an audit also says of a slave stands in its table. */
import { acts } from './acts.ts';
import { auditReasonFor, auditReasons, auditStep } from './audit-texts.ts';
import type { Problem } from './expansion.ts';
import { problemFor } from './problems.ts';
import { reasonFor, reasons } from './reasons.ts';
import { stateWord } from './state-words.ts';
import {
  counted,
  type Facts,
  listed,
  nobody,
  plain,
  type Reader,
  read,
  type Said,
  type Text,
  text,
} from './text.ts';

/** What every reason knows: the slave that goes, its master, and the replacement. */
interface Named {
  readonly slave: string;
  readonly master: string;
  readonly replacement: string;
}

interface Row<F> {
  /** Whether nothing goes on by itself. */
  readonly needsPerson: boolean;
  readonly text: Text<F & Named>;
  /** null = nothing is to be done. */
  readonly nextStep: Text<F & Named> | null;
}
const waits = <F = unknown>(words: Text<F & Named>): Row<F> => ({
  needsPerson: false,
  text: words,
  nextStep: null,
});
const needs = <F = unknown>(words: Text<F & Named>, nextStep: Text<F & Named>): Row<F> => ({
  needsPerson: true,
  text: words,
  nextStep,
});

const orCancel: Text<Named> = {
  en: ({ replacement }, reader) => `Or cancel: ${acts.cancelReplacement(reader, replacement)}.`,
  zh: ({ replacement }, reader) => `也可以取消：${acts.cancelReplacement(reader, replacement)}。`,
};

interface Kept {
  readonly by: string;
  readonly why: string;
}
interface New {
  readonly new: string;
  readonly expansion: string;
}

const replacementReasons = {
  new_joins: waits<{ readonly new: string; readonly expansion: string | null }>({
    en: ({ new: node, expansion }) =>
      `waits until ${node} is verified${expansion === null ? '' : ` (${expansion})`}`,
    zh: ({ new: node, expansion }) => `等待 ${node} 通过校验${expansion === null ? '' : `（${expansion}）`}`,
  }),
  new_halted: needs<New>(
    {
      en: ({ new: node, expansion }) =>
        `waits until ${node} is verified, and expansion ${expansion} does not go on without a person`,
      zh: ({ new: node, expansion }) => `等待 ${node} 通过校验，而扩容任务 ${expansion} 需要人工处理`,
    },
    {
      en: ({ expansion }, reader) => `See to the expansion, for example: ${acts.resume(reader, expansion)}.`,
      zh: ({ expansion }, reader) => `请处理该扩容任务，例如：${acts.resume(reader, expansion)}。`,
    },
  ),
  awaits_approval: needs<{ readonly by: string }>(
    {
      en: ({ by }) => `is not taken out before another person than ${by} has approved it`,
      zh: ({ by }) => `须由 ${by} 以外的人批准后才会下线`,
    },
    {
      en: (facts, reader) =>
        `Ask a colleague to approve it: ${acts.approveReplacement(reader, facts.replacement)}. ${orCancel.en(facts, reader)}`,
      zh: (facts, reader) =>
        `请由同事批准：${acts.approveReplacement(reader, facts.replacement)}。${orCancel.zh(facts, reader)}`,
    },
  ),
  turn: waits<{ readonly batchSize: number }>({
    en: ({ batchSize }) => `waits for its turn: ${counted(batchSize, 'slave')} at a time`,
    zh: ({ batchSize }) => `等待轮到它：每批 ${batchSize} 个从节点`,
  }),
  rests: waits<{ readonly until: number }>({
    en: ({ until }) => `waits until ${new Date(until).toISOString()}, as the rest between slaves asks for`,
    zh: ({ until }) => `按设定的间隔等待到 ${new Date(until).toISOString()}`,
  }),
  being_asked: waits(
    plain('waits for the answer of those who are asked before it goes on', '等待被询问方的答复'),
  ),
  has_readers: waits<{ readonly readers: number | null; readonly until: number }>({
    en: ({ readers, until }) =>
      `${readers === null ? 'does not list its clients' : `has ${counted(readers, 'client')}`}; it is detached at ${new Date(until).toISOString()} at the latest`,
    zh: ({ readers, until }) =>
      `${readers === null ? '无法列出客户端' : `还有 ${readers} 个客户端`}；最迟于 ${new Date(until).toISOString()} 断开`,
  }),
  detach_sent: waits(plain('was told to leave its master', '已下发断开命令')),
  reply_lost: waits<{ readonly settlesAt: number }>({
    en: ({ settlesAt }) =>
      `did not answer the command to leave its master; whether it obeyed shows by ${new Date(settlesAt).toISOString()}`,
    zh: ({ settlesAt }) => `未答复断开命令；是否已执行最迟于 ${new Date(settlesAt).toISOString()} 可知`,
  }),
  still_listed: waits({
    en: ({ master }) => `has left ${master}, which still lists it`,
    zh: ({ master }) => `已脱离 ${master}，但 ${master} 仍列着它`,
  }),
  unplaced: waits<{ readonly silent: readonly string[] }>({
    en: ({ silent, master }, reader) =>
      `is not detached: no answer from ${listed(silent, reader)}, and until one comes it cannot be told which of the slaves that ${master} lists would stay`,
    zh: ({ silent, master }, reader) =>
      `不予断开：${listed(silent, reader)} 没有应答，在其应答之前无法判断 ${master} 列出的从节点中哪些会保留`,
  }),
  too_few_verified: needs<{
    readonly verified: readonly string[];
    readonly keep: number;
  }>(
    {
      en: ({ verified, keep, master }, reader) =>
        `is not detached: ${master} would keep ${counted(verified.length, 'proven slave')} of ${keep}${verified.length === 0 ? '' : ` (${listed(verified, reader)})`}`,
      zh: ({ verified, keep, master }, reader) =>
        `不予断开：${master} 将只剩 ${verified.length} 个已证明完整的从节点${verified.length === 0 ? '' : `（${listed(verified, reader)}）`}，至少需要 ${keep} 个`,
    },
    {
      en: (facts, reader) =>
        `Have the other slaves proven: ${acts.startAudit(reader)}. Or add one: ${acts.startExpansion(reader)}. ${orCancel.en(facts, reader)}`,
      zh: (facts, reader) =>
        `请为其余从节点做巡检以证明其完整：${acts.startAudit(reader)}；或添加从节点：${acts.startExpansion(reader)}。${orCancel.zh(facts, reader)}`,
    },
  ),
  new_lost: needs<{ readonly new: string }>(
    {
      en: ({ new: node, master }) =>
        `is not detached: ${node}, which takes its place, is no longer a proven slave that ${master} lists and that is connected`,
      zh: ({ new: node, master }) =>
        `不予断开：接替它的 ${node} 已不再是 ${master} 在列、链路正常且已证明完整的从节点`,
    },
    {
      en: (facts, reader) => `Look at ${facts.new}. ${orCancel.en(facts, reader)}`,
      zh: (facts, reader) => `请检查 ${facts.new}。${orCancel.zh(facts, reader)}`,
    },
  ),
  own_slaves: needs<{ readonly slaves: number }>(
    {
      en: ({ slaves }) => `is not detached: it has ${counted(slaves, 'slave')} of its own`,
      zh: ({ slaves }) => `不予断开：它自己还有 ${slaves} 个从节点`,
    },
    {
      en: (facts, reader) =>
        `Move its slaves elsewhere, or ask again and permit it (withSlaves). ${orCancel.en(facts, reader)}`,
      zh: (facts, reader) =>
        `请先移走它的从节点，或重新发起并允许（withSlaves）。${orCancel.zh(facts, reader)}`,
    },
  ),
  refused: needs<{ readonly reply: string }>(
    {
      en: ({ reply }) => `refuses to leave its master: ${reply}`,
      zh: ({ reply }) => `拒绝脱离主节点：${reply}`,
    },
    {
      en: (facts, reader) =>
        `The service tries again every 10 s. Permit SLAVEOF to its login. ${orCancel.en(facts, reader)}`,
      zh: (facts, reader) => `服务每 10 秒重试一次。请允许其登录执行 SLAVEOF。${orCancel.zh(facts, reader)}`,
    },
  ),
  no_answer: needs<{ readonly met: string }>(
    {
      en: ({ met }) => `gives no answer (${met}), so it cannot be detached`,
      zh: ({ met }) => `没有应答（${met}），因此无法断开`,
    },
    {
      en: (facts, reader) => `Start it; the service goes on by itself. ${orCancel.en(facts, reader)}`,
      zh: (facts, reader) => `请启动它，服务会自动继续。${orCancel.zh(facts, reader)}`,
    },
  ),
  detached: waits({
    en: ({ master }) => `no longer follows ${master}, and is left as it is`,
    zh: ({ master }) => `已不再跟随 ${master}，保持原样`,
  }),
  attached_again: waits({
    en: ({ master }) => `follows ${master} again: somebody else attached it`,
    zh: ({ master }) => `又跟随了 ${master}：有人重新挂载了它`,
  }),
  cancelled: waits<Kept>({
    en: ({ master, by, why }) => `stays a slave of ${master}: ${by} cancelled: ${why}`,
    zh: ({ master, by, why }) => `仍是 ${master} 的从节点：由 ${by} 取消：${why}`,
  }),
  outcome_unknown: waits<Kept>({
    en: ({ by, why }) =>
      `did not answer, so it is not known whether it left its master; ${by} cancelled: ${why}`,
    zh: ({ by, why }) => `没有应答，是否已脱离主节点未知；由 ${by} 取消：${why}`,
  }),
  new_not_verified: waits<{ readonly new: string; readonly phase: string; readonly expansion: string }>({
    en: ({ master, new: node, phase, expansion }, reader) =>
      `stays a slave of ${master}: ${node} was not verified (${stateWord(phase, reader)}, ${expansion})`,
    zh: ({ master, new: node, phase, expansion }, reader) =>
      `仍是 ${master} 的从节点：${node} 未通过校验（${stateWord(phase, reader)}，${expansion}）`,
  }),
  new_refused: waits<{ readonly problem: Problem }>({
    en: ({ master, problem }, reader) =>
      `stays a slave of ${master}: its new node was refused: ${problemFor(problem, reader).text}`,
    zh: ({ master, problem }, reader) =>
      `仍是 ${master} 的从节点：新节点被拒绝：${problemFor(problem, reader).text}`,
  }),
  expansion_gone: waits<{ readonly expansion: string }>({
    en: ({ master, expansion }) => `stays a slave of ${master}: expansion ${expansion} is gone`,
    zh: ({ master, expansion }) => `仍是 ${master} 的从节点：扩容任务 ${expansion} 已不存在`,
  }),
};
type Code = keyof typeof replacementReasons;
type FactsOfReason<C extends Code> = (typeof replacementReasons)[C] extends Row<infer F> ? F : never;

// biome-ignore lint/suspicious/noExplicitAny: a table holds rows of many different facts
const rows: Readonly<Record<string, Row<any>>> = replacementReasons;

/** Something of the table of replacements. */
export function replacementSays<C extends Code>(code: C, named: Named, facts: FactsOfReason<C>): Said {
  const all = { ...(facts as Facts), ...named };
  return { code, facts: all, text: rows[code]!.text.en(all, nobody) };
}

/** Whether nothing goes on by itself while a slave waits for this. */
export const waitsForPerson = ({ code }: Said): boolean => rows[code]?.needsPerson ?? false;

/** The same reason in the words of this reader. */
export function replacementReasonFor<R extends Said | null>(reason: R, reader: Reader): R {
  if (reason === null) return reason;
  const own = rows[reason.code];
  if (own !== undefined && 'replacement' in reason.facts)
    return { ...reason, text: read(own.text, reason.facts, reader, reason.text) };
  if (reason.code in replacementStateReasons)
    return {
      ...reason,
      text: read<unknown, string>(
        replacementStateReasons[reason.code as StateReason] as Text<unknown>,
        reason.facts,
        reader,
        reason.text,
      ),
    };
  return reason.code in reasons || !(reason.code in auditReasons)
    ? reasonFor(reason, reader)
    : auditReasonFor(reason, reader);
}

/** What to do next; null = nothing. */
export function replacementStep(reason: Said, reader: Reader): string | null {
  const own = rows[reason.code];
  if (own !== undefined && 'replacement' in reason.facts)
    return own.nextStep === null
      ? null
      : read<Facts, string | null>(own.nextStep, reason.facts, reader, null);
  return reason.code in reasons ? null : auditStep(reason, '', reader);
}

interface Counts {
  readonly done: number;
  readonly kept: number;
  readonly failed: number;
}
const countsText: Text<Counts> = {
  en: ({ done, kept, failed }) =>
    [
      `${counted(done, 'slave')} taken out`,
      ...(kept > 0 ? [`${kept} kept`] : []),
      ...(failed > 0 ? [`${failed} failed`] : []),
    ].join(', '),
  zh: ({ done, kept, failed }) =>
    [
      `已下线 ${done} 个从节点`,
      ...(kept > 0 ? [`保留 ${kept} 个`] : []),
      ...(failed > 0 ? [`失败 ${failed} 个`] : []),
    ].join('，'),
};

/** Why a replacement is in its state. */
const replacementStateReasons = {
  replacement_runs: plain<unknown>('goes on', '正在进行'),
  replacement_ended: text<Counts>(countsText),
};
type StateReason = keyof typeof replacementStateReasons;

export const replacementRuns: Said = { code: 'replacement_runs', facts: {}, text: 'goes on' };
export const replacementEnded = (counts: Counts): Said => ({
  code: 'replacement_ended',
  facts: { ...counts },
  text: countsText.en(counts, nobody),
});

export interface ItsReason {
  readonly reason: Said;
}
const withReason = (en: string, zh: string) =>
  text<ItsReason & { readonly old: string }>({
    en: ({ old, reason }, reader) => `${en}: ${old} ${replacementReasonFor(reason, reader).text}`,
    zh: ({ old, reason }, reader) => `${zh}：${old} ${replacementReasonFor(reason, reader).text}`,
  });
const entered = text<ItsReason>({
  en: ({ reason }, reader) => replacementReasonFor(reason, reader).text,
  zh: ({ reason }, reader) => replacementReasonFor(reason, reader).text,
});

/** Events of replacements by their type; the facts are the event's data. */
export const replacementEvents = {
  'replacement.accepted': text<{
    readonly master: string;
    readonly old: readonly string[];
    readonly new: readonly string[];
    readonly requestedBy: string;
    readonly why: string;
  }>({
    en: ({ master, old, new: nodes, requestedBy, why }, reader) =>
      `Accepted: ${listed(old, reader)} to be taken from ${master}${nodes.length === 0 ? '' : `, and ${listed(nodes, reader)} to be added before`}; ${requestedBy}: ${why}`,
    zh: ({ master, old, new: nodes, requestedBy, why }, reader) =>
      `已受理：${nodes.length === 0 ? '' : `先添加 ${listed(nodes, reader)}，再`}将 ${listed(old, reader)} 从 ${master} 下线；${requestedBy}：${why}`,
  }),
  'replacement.expansion_started': text<{ readonly expansionId: string }>({
    en: ({ expansionId }) => `Expansion ${expansionId} adds the new nodes`,
    zh: ({ expansionId }) => `扩容任务 ${expansionId} 开始添加新节点`,
  }),
  'replacement.expansion_refused': text<{ readonly problem: Problem }>({
    en: ({ problem }, reader) => `The new nodes are not added: ${problemFor(problem, reader).text}`,
    zh: ({ problem }, reader) => `未添加新节点：${problemFor(problem, reader).text}`,
  }),
  'replacement.new_verified': text<{ readonly old: string; readonly new: string }>({
    en: ({ old, new: node }) => `${node} is verified; ${old} can go`,
    zh: ({ old, new: node }) => `${node} 已通过校验，${old} 可以下线`,
  }),
  'replacement.withdrawn': text<{ readonly old: string }>({
    en: ({ old }) => `${old} may go; the service waits until it has no reader`,
    zh: ({ old }) => `${old} 可以下线；等待其客户端离开`,
  }),
  'replacement.drained': text<{
    readonly old: string;
    readonly readers: number | null;
    readonly inTime: boolean;
  }>({
    en: ({ old, readers, inTime }) =>
      inTime
        ? `${old} has no client any more`
        : `The time for readers is over; ${old} ${readers === null ? 'does not list its clients' : `still has ${counted(readers, 'client')}`}`,
    zh: ({ old, readers, inTime }) =>
      inTime
        ? `${old} 已没有客户端`
        : `等待客户端的时间已到；${old} ${readers === null ? '无法列出客户端' : `仍有 ${readers} 个客户端`}`,
  }),
  'replacement.detaching': text<{ readonly old: string; readonly verified: readonly string[] }>({
    en: ({ old, verified }, reader) =>
      `${old} is told to leave its master, which keeps ${counted(verified.length, 'proven slave')}: ${listed(verified, reader)}`,
    zh: ({ old, verified }, reader) =>
      `向 ${old} 下发断开命令；主节点还有 ${verified.length} 个已证明完整的从节点：${listed(verified, reader)}`,
  }),
  'replacement.detached': text<{ readonly old: string; readonly master: string; readonly byOthers: boolean }>(
    {
      en: ({ old, master, byOthers }) =>
        `${old} no longer follows ${master}${byOthers ? '; somebody else detached it' : ''}`,
      zh: ({ old, master, byOthers }) => `${old} 已不再跟随 ${master}${byOthers ? '；由他人断开' : ''}`,
    },
  ),
  'replacement.done': text<{ readonly old: string }>({
    en: ({ old }) => `${old} is taken out, and left as it is`,
    zh: ({ old }) => `${old} 已下线，保持原样`,
  }),
  'replacement.kept': withReason('Kept', '保留'),
  'replacement.slave_failed': withReason('Failed', '失败'),
  'replacement.cancel_asked': text<{ readonly by: string; readonly why: string }>({
    en: ({ by, why }) => `${by} cancelled: ${why}`,
    zh: ({ by, why }) => `由 ${by} 取消：${why}`,
  }),
  'replacement.approved': text<{ readonly by: string; readonly why: string }>({
    en: ({ by, why }) => `${by} approved that its slaves go: ${why}`,
    zh: ({ by, why }) => `${by} 已批准下线：${why}`,
  }),
  'replacement.running': entered,
  'replacement.held': text<ItsReason & { readonly old: string }>({
    en: ({ old, reason }, reader) => `Needs a person: ${old} ${replacementReasonFor(reason, reader).text}`,
    zh: ({ old, reason }, reader) => `需要人工处理：${old} ${replacementReasonFor(reason, reader).text}`,
  }),
  'replacement.succeeded': entered,
  'replacement.failed': entered,
  'replacement.cancelled': entered,
};
export type ReplacementEventType = keyof typeof replacementEvents;
export type ReplacementEventData<Type extends ReplacementEventType> =
  (typeof replacementEvents)[Type] extends Text<infer F> ? F : never;
