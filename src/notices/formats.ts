/**
 * What each service takes, how it is signed, and what its answers mean. Everything is sent as plain text: foreign texts such as
 * labels can neither format a message nor call people.
 */
import { createHmac } from 'node:crypto';
import type { ChannelKind } from '../model/channel.ts';
import type { NoticeText } from '../model/notice.ts';
import type { Language } from '../model/text.ts';

/** A message as a service takes it over HTTP. */
export interface ServiceRequest {
  readonly url: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface ToService {
  readonly url: string;
  /** null = the messages are not signed. */
  readonly secret: string | null;
  readonly language: Language;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What a service says in its answer. */
interface ServiceAnswer {
  /** The error that it names; null = it took the message. */
  readonly code: string | null;
  readonly words: string;
  /** For how long it wants no further message; null = it does not say. */
  readonly pauseMs: number | null;
}

/** Kinds that are spoken to in their own way. */
export type ServiceKind = Exclude<ChannelKind, 'email' | 'generic'>;

interface Service {
  readonly request: (text: NoticeText, to: ToService) => ServiceRequest;
  /** `body`: of an answer with a status of success. */
  readonly answer: (body: string) => ServiceAnswer;
}

const minuteMs = 60_000;

const hmac = (key: string, text: string): string => createHmac('sha256', key).update(text).digest('base64');

/** Cuts a text to so many bytes of UTF-8. JSON may make it twice as long: the limits of whole bodies leave room for that. */
export function clipped(text: string, mostBytes: number): string {
  if (Buffer.byteLength(text) <= mostBytes) return text;
  const sign = '…';
  let bytes = Buffer.byteLength(sign);
  let kept = '';
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > mostBytes) break;
    kept += character;
  }
  return kept + sign;
}

const whole = ({ title, lines }: NoticeText): string => [title, ...lines].join('\n');
/** `<@name>` and `<at …>` call people. */
const withoutTags = (text: string): string => text.replaceAll('<', '‹');

/** Answers of the form `{"errcode": 0, "errmsg": "ok"}`, and how long to wait after those that say “too often”. */
function answerOf(
  body: string,
  codeNames: readonly string[],
  wordsName: string,
  pauses: Readonly<Record<string, number>>,
): ServiceAnswer {
  const said = jsonOf(body);
  const code = codeNames.map((name) => said?.[name]).find((value) => typeof value === 'number');
  // A page of a proxy is no answer of the service.
  if (said === null || code === undefined) return { code: '?', words: body, pauseMs: null };
  const { [wordsName]: named } = said;
  const words = typeof named === 'string' ? named : '';
  return { code: code === 0 ? null : String(code), words, pauseMs: pauses[String(code)] ?? null };
}

function jsonOf(body: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

export const services: Readonly<Record<ServiceKind, Service>> = {
  // An incoming webhook. Its secret is its address; it answers `ok`, or the name of an error with a status of its own.
  slack: {
    request: (text, { url }) => ({
      url,
      body: {
        // `<!channel>` and links are made of these three characters.
        text: clipped(
          whole(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
          30_000,
        ),
        mrkdwn: false,
        link_names: false,
        unfurl_links: false,
      },
    }),
    answer: (body) => ({ code: body.trim() === 'ok' ? null : '?', words: body, pauseMs: null }),
  },

  // A custom robot. The signature is over the milliseconds and the secret, under the secret, and stands in the address.
  // At most 20 messages a minute; who sends more is not heard for 10 minutes.
  dingtalk: {
    request: (text, { url, secret, now }) => {
      const signed = new URL(url);
      if (secret !== null) {
        signed.searchParams.set('timestamp', String(now));
        signed.searchParams.set('sign', hmac(secret, `${now}\n${secret}`));
      }
      return {
        url: signed.href,
        body: {
          msgtype: 'text',
          text: { content: clipped(whole(text), 9000) },
          at: { atMobiles: [], isAtAll: false },
        },
      };
    },
    answer: (body) =>
      answerOf(body, ['errcode'], 'errmsg', { '130101': 10 * minuteMs, '90030': 10 * minuteMs }),
  },

  // A custom bot. The signature is over nothing, under the seconds and the secret, and stands in the body.
  feishu: {
    request: (text, { url, secret, language, now }) => {
      const timestamp = String(Math.floor(now / 1000));
      const lines = clipped(withoutTags(text.lines.slice(0, 60).join('\n')), 7500).split('\n');
      return {
        url,
        body: {
          ...(secret === null ? {} : { timestamp, sign: hmac(`${timestamp}\n${secret}`, '') }),
          msg_type: 'post',
          content: {
            post: {
              [{ en: 'en_us', zh: 'zh_cn' }[language]]: {
                title: clipped(withoutTags(text.title), 900),
                content: lines.map((line) => [{ tag: 'text', text: line }]),
              },
            },
          },
        },
      };
    },
    answer: (body) => answerOf(body, ['code', 'StatusCode'], 'msg', { '11232': minuteMs, '9499': minuteMs }),
  },

  // A robot of a group. Its secret is the key in its address. A text has 2,048 bytes at most; 20 messages a minute.
  wecom: {
    request: (text, { url }) => ({
      url,
      body: { msgtype: 'text', text: { content: clipped(withoutTags(whole(text)), 2048) } },
    }),
    answer: (body) => answerOf(body, ['errcode'], 'errmsg', { '45009': minuteMs, '45033': minuteMs }),
  },
};
