/** Channels: where people are told of incidents. */
import { type Language, plain, type Text } from './text.ts';

/** What people can be told of. */
export const topicTexts = {
  halted: plain('An expansion is halted', '扩容任务已停下'),
  approval: plain('Something waits for approval', '有任务等待批准'),
  failed: plain('An expansion or a campaign has failed', '扩容任务或批量扩容失败'),
  node: plain('A node is quarantined or has failed', '节点已隔离或失败'),
  setting: plain('A setting was not restored', '设置未能恢复'),
  replacement: plain('A replacement needs a person', '替换任务需要人工处理'),
  audit: plain('An audit doubts a slave', '巡检对从节点存疑'),
  guard: plain('A guard has found something', '值守发现问题'),
  frozen: plain('Everything is frozen', '全部操作已冻结'),
  unattended: plain('No worker acts', '没有 worker 在工作'),
} as const satisfies Readonly<Record<string, Text>>;
export type Topic = keyof typeof topicTexts;
export const topics = Object.keys(topicTexts) as readonly Topic[];

export const channelKinds = ['slack', 'dingtalk', 'feishu', 'wecom', 'email', 'generic'] as const;
export type ChannelKind = (typeof channelKinds)[number];

/** Hours in which only some topics get through. */
export interface QuietHours {
  /** `HH:MM` on the clock of the time zone. */
  readonly from: string;
  readonly to: string;
  readonly timeZone: string;
  /** What is said all the same. */
  readonly breakThrough: readonly Topic[];
}

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** The login; null = none. The password is the secret of the channel. */
  readonly user: string | null;
}

/** A channel without its address and its secret. */
export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly kind: ChannelKind;
  /** What it is told of; empty = everything. */
  readonly topics: readonly Topic[];
  /** Servers whose incidents it is told of, as in scopes of tokens; empty = all. */
  readonly masters: readonly string[];
  readonly language: Language;
  /** What nobody has acknowledged is said again after this time; null = it is not. */
  readonly repeatMinutes: number | null;
  readonly quiet: QuietHours | null;
  /** Of a channel of the kind email; null = it is none. */
  readonly mail: Mail | null;
  readonly createdBy: string;
  readonly createdAt: number;
}

export const defaultRepeatMinutes = 30;
/** What breaks through quiet hours unless the channel says something else. */
export const defaultBreakThrough: readonly Topic[] = ['halted', 'unattended'];
