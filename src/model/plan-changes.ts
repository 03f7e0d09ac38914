/** What has changed since a plan was made: a row per kind of change. */
import { batchReasons } from './batch-reasons.ts';
import type { Finding } from './finding.ts';
import { findingFor } from './findings.ts';
import { type DriftFigures, grownWords } from './forecast-texts.ts';
import { because, readReason } from './reasons.ts';
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
  text,
} from './text.ts';

interface Slaves {
  readonly come: readonly string[];
  readonly gone: readonly string[];
}

interface OtherBatches {
  readonly before: readonly (readonly string[])[];
  readonly now: readonly (readonly string[])[];
  /** Why a batch has its size now. */
  readonly why: Said;
}

const planChanges = {
  finding: text<{ finding: Finding }>({
    en: ({ finding }, reader) => findingFor(finding, reader).text,
    zh: ({ finding }, reader) => findingFor(finding, reader).text,
  }),
  slaves: text<Slaves>({
    en: ({ come, gone }, reader) =>
      [
        ...(come.length > 0 ? [`The master has new slaves: ${listed(come, reader)}.`] : []),
        ...(gone.length > 0 ? [`The master no longer lists ${listed(gone, reader)}.`] : []),
      ].join(' '),
    zh: ({ come, gone }, reader) =>
      [
        ...(come.length > 0 ? [`主节点有了新的从节点：${listed(come, reader)}。`] : []),
        ...(gone.length > 0 ? [`主节点不再列出 ${listed(gone, reader)}。`] : []),
      ].join(''),
  }),
  batches: text<OtherBatches>({
    en: ({ before, now, why }, reader) =>
      `The nodes would be attached in ${counted(now.length, 'batch', 'batches')} (${sizes(now)}) in place of ${before.length} (${sizes(before)}). ${readSaid(batchReasons, why, reader)}`,
    zh: ({ before, now, why }, reader) =>
      `节点将分为 ${now.length} 批（${sizes(now)}），而不是 ${before.length} 批（${sizes(before)}）。${readSaid(batchReasons, why, reader)}`,
  }),
  waits_for: text<{ expansion: string }>({
    en: (facts, reader) => readReason(because('waits_for_end_of', facts), reader),
    zh: (facts, reader) => readReason(because('waits_for_end_of', facts), reader),
  }),
  forecast: text<{ figures: DriftFigures }>({
    en: ({ figures }, reader) => `The forecast has grown: ${grownWords(figures, reader)}.`,
    zh: ({ figures }, reader) => `预测有所增长：${grownWords(figures, reader)}。`,
  }),
  other_release: plain(
    'An earlier release of the service made the plan, and did not keep all of it.',
    '该计划由旧版本的服务生成，没有保存全部内容。',
  ),
};

const sizes = (batches: readonly (readonly string[])[]): string =>
  batches.map((nodes) => nodes.length).join(' + ');

export const planChange = <Code extends keyof typeof planChanges>(
  code: Code,
  ...[facts]: FactsArgument<typeof planChanges, Code>
): Said<Code> => saidBy(planChanges, code, (facts ?? {}) as Facts);

const shown = 5;

/** What has changed, in the words of this reader; of many changes the first. */
export function changesText(changes: readonly Said[], reader: Reader): string {
  const texts = changes.slice(0, shown).map((change) => readSaid(planChanges, change, reader));
  const more = changes.length - texts.length;
  return {
    en: texts.join(' ') + (more > 0 ? ` And ${counted(more, 'more change')}.` : ''),
    zh: texts.join('') + (more > 0 ? `另有 ${more} 项变化。` : ''),
  }[reader.language];
}
