/** What happens to a hold, in words. */
import { readReason } from './reasons.ts';
import { type Said, type Text, text } from './text.ts';

const clock = (at: number): string => new Date(at).toISOString();

/** Events of holds by their type; the facts are the event's data. */
export const holdEvents = {
  'hold.asked': text<{
    readonly by: string;
    readonly reason: string;
    readonly master: string;
    readonly until: number;
  }>({
    en: ({ by, reason, master, until }) =>
      `${by} asks to hold ${master} until ${clock(until)}: ${reason}. No further full sync begins there`,
    zh: ({ by, reason, master, until }) =>
      `${by} 要求占用 ${master} 至 ${clock(until)}：${reason}。期间不再开始新的全量同步`,
  }),
  'hold.safe': text<{ readonly master: string }>({
    en: ({ master }) => `A dump of ${master} is safe now: no full sync is under way there`,
    zh: ({ master }) => `现在可以安全地对 ${master} 做快照：没有全量同步在进行`,
  }),
  'hold.unsafe': text<{ readonly master: string; readonly reason: Said }>({
    en: ({ master, reason }, reader) =>
      `A dump of ${master} is no longer safe: ${readReason(reason, reader)}`,
    zh: ({ master, reason }, reader) => `对 ${master} 做快照不再安全：${readReason(reason, reader)}`,
  }),
  'hold.extended': text<{ readonly by: string; readonly until: number }>({
    en: ({ by, until }) => `Extended by ${by} until ${clock(until)}`,
    zh: ({ by, until }) => `由 ${by} 延长至 ${clock(until)}`,
  }),
  'hold.ended': text<{ readonly by: string; readonly reason: string; readonly master: string }>({
    en: ({ by, reason, master }) => `${by} has ended the hold of ${master}: ${reason}`,
    zh: ({ by, reason, master }) => `${by} 结束了对 ${master} 的占用：${reason}`,
  }),
  'hold.expired': text<{ readonly master: string }>({
    en: ({ master }) => `The time of the hold of ${master} is over`,
    zh: ({ master }) => `对 ${master} 的占用已到期`,
  }),
};
export type HoldEventType = keyof typeof holdEvents;
export type HoldEventData<Type extends HoldEventType> =
  (typeof holdEvents)[Type] extends Text<infer F> ? F : never;
