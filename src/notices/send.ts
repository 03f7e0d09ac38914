/** Sends one message to a channel, and says what came of it. */

import type { Channel } from '../model/channel.ts';
import { problemText } from '../model/incident.ts';
import type { Notice, NoticeText } from '../model/notice.ts';
import type { Reader, Said } from '../model/text.ts';
import { deliverySays } from '../model/webhook-texts.ts';
import { type MailOptions, sendMail } from '../net/mail.ts';
import { askOutside, type OutgoingAnswer, type WayOut } from '../net/outgoing.ts';
import { requestOf, whyNoAnswer } from '../net/send.ts';
import { hideSecrets } from '../platform/secrets.ts';
import { namesServer } from '../platform/server-rules.ts';
import { withTimeLimit } from '../platform/time-limit.ts';
import type { StoredChannel } from '../store/channels.ts';
import { services } from './formats.ts';

/** One message, in the language of its channel. */
export interface OutgoingNotice {
  /** The same for every attempt. */
  readonly id: string;
  readonly text: NoticeText;
  /** For programs; null = a test. */
  readonly notice: Notice | null;
}

export interface NoticeAnswer {
  readonly delivered: boolean;
  readonly error: Said | null;
  /** Whether the receiver answered, and wants it never. */
  readonly refused: boolean;
  /** For how long the receiver wants no further message; null = it does not say. */
  readonly pauseMs: number | null;
}

export type SendNotice = (
  channel: StoredChannel,
  notice: OutgoingNotice,
  signal: AbortSignal,
) => Promise<NoticeAnswer>;

export interface SendNoticeOptions extends MailOptions {
  /** From the first byte out to the last byte in. */
  readonly timeoutMs: number;
  readonly now: () => number;
  readonly wayOut: WayOut;
}

const delivered: NoticeAnswer = { delivered: true, error: null, refused: false, pauseMs: null };
const tooOftenMs = 60_000;

/** Makes the function that sends one message. It never takes longer than the limit, and never rejects. */
export function createNoticeSender(options: SendNoticeOptions): SendNotice {
  return async (channel, notice, signal) => {
    const hide = hideSecrets(secretsOf(channel));
    try {
      return await withTimeLimit(options.timeoutMs, signal, (limited) =>
        channel.kind === 'email'
          ? byMail(options, channel, notice, limited)
          : byHttp(options, channel, notice, limited, hide),
      );
    } catch (error) {
      const said = whyFailed(error as NodeJS.ErrnoException, options.timeoutMs, hide);
      const { responseCode } = error as { readonly responseCode?: number };
      // 5xx of SMTP is for good, whereas 4xx may pass.
      return { delivered: false, error: said, refused: (responseCode ?? 0) >= 500, pauseMs: null };
    }
  };
}

/** What a service may repeat in its answer. */
function secretsOf({ url, secret }: StoredChannel): readonly string[] {
  const { pathname, search, searchParams } = new URL(url);
  return [
    secret ?? '',
    pathname.length > 1 ? pathname + search : '',
    ...pathname.split('/'),
    ...searchParams.values(),
  ].filter((text) => text.length >= 8);
}

async function byHttp(
  { now, wayOut }: SendNoticeOptions,
  channel: StoredChannel,
  notice: OutgoingNotice,
  signal: AbortSignal,
  hide: (text: string) => string,
): Promise<NoticeAnswer> {
  const { kind, url, secret, language } = channel;
  const at = now();
  if (kind === 'generic' || kind === 'email') {
    const payload = payloadOf(channel, notice);
    const request = requestOf(
      { url, secret: secret ?? '', deliveryId: notice.id, type: 'notice', payload },
      at,
    );
    return statusOf(await askOutside(wayOut, request, signal), hide) ?? delivered;
  }
  const service = services[kind];
  const { url: signedUrl, body } = service.request(notice.text, { url, secret, language, now: at });
  const text = JSON.stringify(body);
  const answer = await askOutside(
    wayOut,
    {
      method: 'POST',
      url: signedUrl,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(text),
        'user-agent': 'pika-expander',
      },
      body: text,
    },
    signal,
  );
  const failed = statusOf(answer, hide);
  if (failed !== null) return failed;
  const { code, words, pauseMs } = service.answer(answer.text);
  if (code === null) return delivered;
  const error = deliverySays('refused', { code, quoted: quoted(words, hide) });
  return { delivered: false, error, refused: pauseMs === null, pauseMs };
}

/** null = a success, as far as HTTP says. */
function statusOf(
  { status, text, retryAfterMs }: OutgoingAnswer,
  hide: (text: string) => string,
): NoticeAnswer | null {
  if (status >= 200 && status < 300) return null;
  const isTooOften = status === 429;
  return {
    delivered: false,
    error: deliverySays('answered', { status, quoted: quoted(text, hide) }),
    refused: status >= 400 && status < 500 && !isTooOften && status !== 408,
    pauseMs: retryAfterMs ?? (isTooOften ? tooOftenMs : null),
  };
}

const quoted = (text: string, hide: (text: string) => string): string =>
  text === '' ? '' : `: ${hide(text).slice(0, 300)}`;

async function byMail(
  { wayOut, ca }: SendNoticeOptions,
  { id: channelId, url, secret, mail }: StoredChannel,
  { id, text, notice }: OutgoingNotice,
  signal: AbortSignal,
): Promise<NoticeAnswer> {
  const item = notice !== null && notice.summary === null ? notice.items[0] : undefined;
  // The first mail of an incident; the others answer it.
  const first = item === undefined ? null : `${item.incidentId}.${channelId}`;
  const isFirst = item?.news === 'opened';
  await sendMail(
    wayOut,
    {
      url,
      user: mail!.user,
      password: secret,
      from: mail!.from,
      to: mail!.to,
      subject: `${first === null || isFirst ? '' : 'Re: '}[pika-expander] ${text.subject}`,
      text: [text.title, '', ...text.lines, ''].join('\n'),
      id: isFirst ? first! : id,
      answers: isFirst ? null : first,
    },
    signal,
    ca === undefined ? {} : { ca },
  );
  return delivered;
}

interface MailError extends NodeJS.ErrnoException {
  readonly responseCode?: number;
  readonly response?: string;
}

function whyFailed(error: MailError, timeoutMs: number, hide: (text: string) => string): Said {
  if (error.responseCode !== undefined)
    return deliverySays('answered', {
      status: error.responseCode,
      quoted: quoted(error.response ?? '', hide),
    });
  return whyNoAnswer(error, timeoutMs);
}

/** What a program gets. */
function payloadOf({ language }: Channel, { id, text, notice }: OutgoingNotice): object {
  const reader: Reader = { language, tool: 'rest' };
  return {
    type: notice === null ? 'test' : 'notice',
    id,
    title: text.title,
    text: text.lines.join('\n'),
    summary: notice?.summary ?? null,
    moreItems: notice?.moreItems ?? 0,
    items: (notice?.items ?? []).map(({ owner, ownerId, problems, ...item }) => ({
      ...item,
      ...(owner === 'service' ? {} : { [owner]: ownerId }),
      problems: problems.map(({ key: _key, said, ...problem }) => ({
        ...problem,
        code: said.type,
        node: said.node,
        text: problemText({ said }, reader),
      })),
    })),
  };
}

/** Whether a channel that is bound to masters is told of this one, as requests name it. */
export function namesMaster(rules: readonly string[], master: string): boolean {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(master) ?? [];
  return host !== '' && namesServer(rules, { host: host.replace(/^\[|\]$/g, ''), port: Number(port) });
}
