/** Why a webhook's receiver did not take a delivery. */
import { type Facts, type FactsArgument, plain, type Said, saidBy, type TextTable, text } from './text.ts';

export const deliveryTexts = {
  answered: text<{
    readonly status: number | null;
    /** The beginning of the answer behind a colon, or nothing. */
    readonly quoted: string;
  }>({
    en: ({ status, quoted }) => `answered ${status}${quoted}`,
    zh: ({ status, quoted }) => `返回 ${status}${quoted}`,
  }),
  /** Its HTTP status is that of a success, and its body says that it is none. */
  refused: text<{ readonly code: string; readonly quoted: string }>({
    en: ({ code, quoted }) => `refused with code ${code}${quoted}`,
    zh: ({ code, quoted }) => `拒绝，错误码 ${code}${quoted}`,
  }),
  answered_no: plain('answered no', '回答了“否”'),
  no_answer: text<{ readonly seconds: number }>({
    en: ({ seconds }) => `no answer within ${seconds} s`,
    zh: ({ seconds }) => `${seconds} 秒内没有应答`,
  }),
  cut_off: plain('cut off because the service was stopped', '因服务停止而中断'),
  connection_refused: plain('connection refused', '连接被拒绝'),
  name_not_resolved: plain('its name cannot be resolved', '无法解析其主机名'),
  forbidden_address: text<{ readonly host: string; readonly addresses: readonly string[] }>({
    en: ({ host, addresses }) => `${host} leads to ${addresses.join(', ')}, where no events are sent`,
    zh: ({ host, addresses }) => `${host} 指向 ${addresses.join('、')}，不向这些地址发送事件`,
  }),
  private_address: text<{ readonly host: string; readonly addresses: readonly string[] }>({
    en: ({ host, addresses }) =>
      `${host} leads to ${addresses.join(', ')}, a private address; the service asks it only if PIKA_EXPANDER_OUTGOING names it`,
    zh: ({ host, addresses }) =>
      `${host} 指向内部地址 ${addresses.join('、')}；只有 PIKA_EXPANDER_OUTGOING 列出它，服务才会访问`,
  }),
  connection_failed: text<{ readonly detail: string }>({
    en: ({ detail }) => `the connection failed (${detail})`,
    zh: ({ detail }) => `连接失败（${detail}）`,
  }),
} satisfies TextTable;

export type DeliveryCode = keyof typeof deliveryTexts;

export const deliverySays = <Code extends DeliveryCode>(
  code: Code,
  ...[facts]: FactsArgument<typeof deliveryTexts, Code>
): Said<Code> => saidBy(deliveryTexts, code, (facts ?? {}) as Facts);
