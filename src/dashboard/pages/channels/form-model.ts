import type { Topic } from '../../../model/channel.ts';
import { type ChannelKind, defaultBreakThrough, defaultRepeatMinutes } from '../../../model/channel.ts';
import type { Language } from '../../../model/text.ts';
import type { ChannelView } from '../../../model/views/channel.ts';

/** A channel as a person fills it in. */
export interface ChannelForm {
  readonly name: string;
  readonly kind: ChannelKind;
  /** Of a channel that exists: empty = it stays. The service shows neither. */
  readonly url: string;
  readonly secret: string;
  readonly user: string;
  readonly from: string;
  readonly to: string;
  readonly language: Language;
  readonly topics: readonly Topic[];
  readonly masters: string;
  /** null = what nobody acknowledges is not said again. */
  readonly repeatMinutes: number | null;
  readonly isQuiet: boolean;
  readonly quietFrom: string;
  readonly quietTo: string;
  readonly timeZone: string;
  readonly breakThrough: readonly Topic[];
}

/** The kinds whose messages are signed, or that have a password. */
export const withSecret: readonly ChannelKind[] = ['dingtalk', 'feishu', 'email'];

/** The form of a new channel. */
export const newForm = (language: Language): ChannelForm => ({
  name: '',
  kind: 'slack',
  url: '',
  secret: '',
  user: '',
  from: '',
  to: '',
  language,
  topics: [],
  masters: '',
  repeatMinutes: defaultRepeatMinutes,
  isQuiet: false,
  quietFrom: '22:00',
  quietTo: '08:00',
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  breakThrough: defaultBreakThrough,
});

/** The form of a channel that exists. */
export function formOf({
  name,
  kind,
  language,
  topics,
  masters,
  repeatMinutes,
  quiet,
  mail,
}: ChannelView): ChannelForm {
  return {
    ...newForm(language),
    name,
    kind,
    topics,
    masters: masters.join(', '),
    repeatMinutes,
    ...(quiet === null
      ? {}
      : {
          isQuiet: true,
          quietFrom: quiet.from,
          quietTo: quiet.to,
          timeZone: quiet.timeZone,
          breakThrough: quiet.breakThrough,
        }),
    ...(mail === null ? {} : { user: mail.user ?? '', from: mail.from, to: mail.to.join(', ') }),
  };
}

const listOf = (text: string): readonly string[] => text.split(/[\s,，]+/).filter((entry) => entry !== '');

/** What a form asks the service for. */
function settingsOf(form: ChannelForm): Readonly<Record<string, unknown>> {
  const { name, kind, url, secret, user, from, to, language, topics, masters, repeatMinutes } = form;
  const { isQuiet, quietFrom, quietTo, timeZone, breakThrough } = form;
  return {
    name: name.trim(),
    language,
    topics,
    masters: listOf(masters),
    repeatMinutes,
    quiet: isQuiet ? { from: quietFrom, to: quietTo, timeZone: timeZone.trim(), breakThrough } : null,
    ...(url.trim() === '' ? {} : { url: url.trim() }),
    ...(withSecret.includes(kind) && secret !== '' ? { secret } : {}),
    ...(kind === 'email'
      ? { from: from.trim(), to: listOf(to), user: user.trim() === '' ? null : user.trim() }
      : {}),
  };
}

/** The request that makes a channel. */
export const creation = (form: ChannelForm): object => ({
  kind: form.kind,
  url: form.url.trim(),
  ...settingsOf(form),
});

/** The request that changes a channel: what the form says differently; null = nothing. */
export function changes(channel: ChannelView, form: ChannelForm): object | null {
  const before = settingsOf(formOf(channel));
  const changed = Object.entries(settingsOf(form)).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name]),
  );
  if (changed.length === 0) return null;
  const after = Object.fromEntries(changed);
  // A password without a login is of no use.
  return after.user === null && channel.hasSecret ? { ...after, secret: null } : after;
}
