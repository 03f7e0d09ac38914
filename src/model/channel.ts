/** Channels: where people are told of incidents. */
import type { Topic } from './incident.ts';
import type { Language } from './text.ts';

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
