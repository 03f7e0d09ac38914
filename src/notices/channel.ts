/** What requests for channels may say, and channels as they are shown. */
import { randomBytes } from 'node:crypto';
import { isTimeZone } from '../core/plan/windows.ts';
import type { Topic } from '../model/channel.ts';
import {
  type ChannelKind,
  defaultBreakThrough,
  defaultRepeatMinutes,
  type QuietHours,
} from '../model/channel.ts';
import { refuseField } from '../model/refusal.ts';
import { type Language, type Reader, readSaid } from '../model/text.ts';
import type { ChannelView } from '../model/views/channel.ts';
import { deliveryTexts } from '../model/webhook-texts.ts';
import { parseMailUrl, parseOutgoingUrl, shownUrl } from '../net/url.ts';
import { isScopeRule } from '../platform/server-rules.ts';
import type { LastNotice, StoredChannel } from '../store/channels.ts';

export interface ChannelRequest {
  readonly name: string;
  readonly kind: ChannelKind;
  readonly url: string;
  readonly secret?: string | null;
  readonly user?: string | null;
  readonly from?: string;
  readonly to?: readonly string[];
  readonly topics?: readonly Topic[];
  readonly masters?: readonly string[];
  readonly language?: Language;
  readonly repeatMinutes?: number | null;
  readonly quiet?: (Omit<QuietHours, 'breakThrough'> & Partial<Pick<QuietHours, 'breakThrough'>>) | null;
}

/** What can be changed of a channel: everything but its kind. */
export type ChannelChange = Partial<Omit<ChannelRequest, 'kind'>>;

type Made = Pick<StoredChannel, 'id' | 'createdBy' | 'createdAt'>;

const signing: readonly ChannelKind[] = ['dingtalk', 'feishu', 'generic', 'email'];

/**
 * Checks a request and makes the channel. `generic` gets a secret where the request has none. Throws Refusal that names the field.
 */
export function newChannel(request: ChannelRequest, made: Made, allowed: readonly string[]): StoredChannel {
  const { name, kind, topics = [], masters = [], language = 'en', quiet = null } = request;
  const { repeatMinutes = defaultRepeatMinutes } = request;
  for (const [at, entry] of masters.entries())
    if (!isScopeRule(entry)) throw refuseField('not_a_server_rule', `masters[${at}]`, { value: entry });
  if (quiet !== null && !isTimeZone(quiet.timeZone))
    throw refuseField('no_time_zone', 'quiet.timeZone', { value: quiet.timeZone });
  return {
    ...made,
    name,
    kind,
    url: addressOf(request, allowed),
    secret: secretOf(request),
    topics: [...new Set(topics)],
    masters: [...new Set(masters)],
    language,
    repeatMinutes,
    quiet: quiet === null ? null : { ...quiet, breakThrough: quiet.breakThrough ?? defaultBreakThrough },
    mail: mailOf(request),
  };
}

/** The channel with what a request changes. Throws Refusal that names the field. */
export function changedChannel(
  channel: StoredChannel,
  change: ChannelChange,
  allowed: readonly string[],
): StoredChannel {
  const { id, createdBy, createdAt, mail, ...others } = channel;
  // Who may change a channel does not know its password, and must not be able to have it sent to a server of their own.
  const moves = change.url !== undefined && change.url !== channel.url;
  if (channel.kind === 'email' && channel.secret !== null && moves && change.secret === undefined)
    throw refuseField('secret_of_other_address', 'secret', {});
  const changed = { ...others, ...mail, ...change };
  // A key that the service made would be shown to nobody.
  const secret = channel.kind === 'generic' ? (changed.secret ?? channel.secret) : changed.secret;
  return newChannel({ ...changed, secret: secret ?? null }, { id, createdBy, createdAt }, allowed);
}

function addressOf({ kind, url }: ChannelRequest, allowed: readonly string[]): string {
  if (kind !== 'email') return parseOutgoingUrl(url, allowed).href;
  parseMailUrl(url, allowed);
  return url;
}

function secretOf({ kind, url, user, secret }: ChannelRequest): string | null {
  if (kind === 'generic') return secret ?? `chsec_${randomBytes(32).toString('base64url')}`;
  if (secret == null) return null;
  if (!signing.includes(kind)) throw refuseField('secret_without_use', 'secret', { kind });
  if (kind === 'email' && user == null) throw refuseField('needed_by_email', 'user', {});
  if (kind === 'email' && url.startsWith('smtp+plain:')) throw refuseField('login_in_clear', 'secret', {});
  return secret;
}

function mailOf({ kind, from, to, user = null, secret }: ChannelRequest): StoredChannel['mail'] {
  if (kind !== 'email') {
    for (const [field, value] of Object.entries({ from, to, user }))
      if (value != null) throw refuseField('of_email_only', field, {});
    return null;
  }
  if (from === undefined) throw refuseField('needed_by_email', 'from', {});
  if (to === undefined || to.length === 0) throw refuseField('needed_by_email', 'to', {});
  if (user !== null && secret == null) throw refuseField('needed_by_email', 'secret', {});
  checkMailAddress(from, 'from');
  for (const [at, address] of to.entries()) checkMailAddress(address, `to[${at}]`);
  return { from, to: [...new Set(to)], user };
}

/** Bare addresses alone: no names, groups or lists, in which more could hide. */
function checkMailAddress(text: string, field: string): void {
  if (!/^[^\s@<>(),;:"\\[\]\p{C}]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/u.test(text))
    throw refuseField('not_a_mail_address', field, { value: text });
}

/** A channel as it is shown. Only operators see the words of what its service answered. */
export function shownChannel(
  { secret, url, ...channel }: StoredChannel,
  last: LastNotice | null,
  reader: Reader,
  seesAnswers: boolean,
): ChannelView {
  return {
    ...channel,
    url: shownUrl(url),
    hasSecret: secret !== null,
    last: last === null ? null : { ...last, error: errorText(last, reader, seesAnswers) },
  };
}

function errorText({ error }: LastNotice, reader: Reader, seesAnswers: boolean): string | null {
  if (error === null) return null;
  const isQuoted = 'quoted' in error.facts && !seesAnswers;
  return readSaid(
    deliveryTexts,
    isQuoted ? { ...error, facts: { ...error.facts, quoted: '' }, text: error.code } : error,
    reader,
  );
}
