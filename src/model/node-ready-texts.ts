/** Why a node is not ready for readers. */
import { guardReasonFor } from './guard-texts.ts';
import { stateWord } from './state-words.ts';
import {
  type Facts,
  type FactsArgument,
  type Reader,
  type Said,
  saidBy,
  saidFor,
  type TextTable,
  text,
} from './text.ts';

interface Named {
  readonly node: string;
}

const nodeReadyTexts = {
  never_proven: text<Named>({
    en: ({ node }) => `No expansion and no audit of this service has proven ${node}.`,
    zh: ({ node }) => `本服务的扩容任务和巡检均未证明过 ${node}。`,
  }),
  in_expansion: text<Named & { readonly expansion: string; readonly phase: string }>({
    en: ({ node, expansion, phase }, reader) =>
      `Expansion ${expansion} works on ${node} (${stateWord(phase, reader)}).`,
    zh: ({ node, expansion, phase }, reader) =>
      `扩容任务 ${expansion} 正在处理 ${node}（${stateWord(phase, reader)}）。`,
  }),
  left_unproven: text<Named & { readonly expansion: string; readonly phase: string }>({
    en: ({ node, expansion, phase }, reader) =>
      `Expansion ${expansion} left ${node} unproven (${stateWord(phase, reader)}).`,
    zh: ({ node, expansion, phase }, reader) =>
      `扩容任务 ${expansion} 结束时 ${node} 未通过校验（${stateWord(phase, reader)}）。`,
  }),
  withdrawn: text<Named & { readonly by: string }>({
    en: ({ node, by }) => `${by} takes ${node} out.`,
    zh: ({ node, by }) => `${by} 正在将 ${node} 下线。`,
  }),
  found_damaged: text<Named & { readonly audit: string }>({
    en: ({ node, audit }) => `Audit ${audit} found ${node} damaged.`,
    zh: ({ node, audit }) => `巡检 ${audit} 发现 ${node} 已损坏。`,
  }),
  no_longer_proven: text<{ readonly reason: Said }>({
    en: ({ reason }, reader) => guardReasonFor(reason, reader).text,
    zh: ({ reason }, reader) => guardReasonFor(reason, reader).text,
  }),
  of_other_master: text<Named & { readonly proven: string; readonly master: string }>({
    en: ({ node, proven, master }) => `${node} was proven as a slave of ${proven}, not of ${master}.`,
    zh: ({ node, proven, master }) => `${node} 是作为 ${proven} 而非 ${master} 的从节点通过校验的。`,
  }),
  gives_no_answer: text<Named & { readonly kind: string }>({
    en: ({ node, kind }) => `${node} gives no usable answer to INFO (${kind}).`,
    zh: ({ node, kind }) => `${node} 未对 INFO 给出可用的应答（${kind}）。`,
  }),
  is_no_slave: text<Named>({
    en: ({ node }) => `${node} is a master now.`,
    zh: ({ node }) => `${node} 现在是主节点。`,
  }),
  follows_another: text<Named & { readonly follows: string }>({
    en: ({ node, follows }) => `${node} follows ${follows} now.`,
    zh: ({ node, follows }) => `${node} 现在跟随 ${follows}。`,
  }),
  has_no_link: text<Named & { readonly states: readonly string[] }>({
    en: ({ node, states }) =>
      `The link of ${node} to its master is down${states.length === 0 ? '' : ` (${states.join(', ')})`}.`,
    zh: ({ node, states }) =>
      `${node} 与主节点的连接已断开${states.length === 0 ? '' : `（${states.join('、')}）`}。`,
  }),
} satisfies TextTable;

export type NodeReadyCode = keyof typeof nodeReadyTexts;
export const nodeReadyCodes = Object.keys(nodeReadyTexts) as readonly NodeReadyCode[];

export const notReady = <Code extends NodeReadyCode>(
  code: Code,
  ...[facts]: FactsArgument<typeof nodeReadyTexts, Code>
): Said<Code> => saidBy(nodeReadyTexts, code, facts as Facts);

/** The same in the words of this reader. */
export const nodeReadyFor = (reason: Said | null, reader: Reader): Said | null =>
  saidFor(nodeReadyTexts, reason, reader);
