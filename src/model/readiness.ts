/** What /readyz says of each part that the service needs. It is public, so it names no detail: those are in the log. */
import { plain, type TextTable, text } from './text.ts';

export const readinessTexts = {
  in_order: plain('in order', '正常'),
  does_not_answer: plain(
    'It cannot be used now. The log of the service says why.',
    '目前无法使用，原因见服务日志。',
  ),
  no_answer_in_time: text<{ readonly seconds: number }>({
    en: ({ seconds }) => `It gave no answer within ${seconds} s.`,
    zh: ({ seconds }) => `${seconds} 秒内没有应答。`,
  }),
} satisfies TextTable;

export type ReadinessCode = keyof typeof readinessTexts;
export const readinessCodes = Object.keys(readinessTexts) as readonly ReadinessCode[];
