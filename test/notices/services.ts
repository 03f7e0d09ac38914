import { webcrypto } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Small doubles of the services, made from their documents and without a line of the sender. Each checks what it gets as the
 * service does, and answers as the service answers.
 */
export type Checked = 'slack' | 'dingtalk' | 'feishu' | 'wecom' | 'generic';

export interface Taken {
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: IncomingMessage['headers'];
}

type Verdict = { readonly status: number; readonly body: string; readonly headers?: Record<string, string> };

export const secrets = { dingtalk: 'SEC6b1a', feishu: 'fs-secret-1', generic: 'generic-secret-1' } as const;

/** HMAC-SHA256 in Base64, with Web Crypto. */
async function mac(key: string, text: string): Promise<string> {
  const bytes = (value: string) => new TextEncoder().encode(value);
  // Web Crypto takes no empty message key, but an empty message.
  const made = await webcrypto.subtle.importKey('raw', bytes(key), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
  ]);
  const signed = await webcrypto.subtle.sign('HMAC', made, bytes(text));
  return btoa(String.fromCharCode(...new Uint8Array(signed)));
}

const hour = 3_600_000;
const json = (body: object): Verdict => ({ status: 200, body: JSON.stringify(body) });

export class Service {
  readonly kind: Checked;
  /** The messages that it took, in their order. */
  readonly taken: Taken[] = [];
  /** Every request, also those that it refused. */
  asked = 0;
  /** Answers instead of its check, for as long as it is set; `hang` = with nothing. */
  answer: Verdict | 'hang' | null = null;
  readonly #server: Server;

  constructor(kind: Checked) {
    this.kind = kind;
    this.#server = createServer((request, response) => void this.#handle(request, response));
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  /** The address as the service would give it out. */
  get url(): string {
    const origin = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return {
      slack: `${origin}/services/T0000/B0000/slackSecretPath`,
      dingtalk: `${origin}/robot/send?access_token=dingSecretToken`,
      feishu: `${origin}/open-apis/bot/v2/hook/feishuSecretPath`,
      wecom: `${origin}/cgi-bin/webhook/send?key=wecomSecretKey`,
      generic: `${origin}/hook`,
    }[this.kind];
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked += 1;
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const raw = Buffer.concat(pieces);
    if (this.answer === 'hang') return;
    const verdict = this.answer ?? (await this.#check(request, raw));
    response.writeHead(verdict.status, { 'content-type': 'application/json', ...verdict.headers });
    response.end(verdict.body);
  }

  async #check({ url: path = '', headers, method }: IncomingMessage, raw: Buffer): Promise<Verdict> {
    if (method !== 'POST') return { status: 405, body: '' };
    const body = JSON.parse(raw.toString()) as Record<string, unknown>;
    const url = new URL(path, this.url);
    const take = (text: string): void => {
      this.taken.push({ text, body, headers });
    };
    return checks[this.kind]({ url, headers, raw, body, take });
  }
}

interface Asked {
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly raw: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: what came in
  readonly body: any;
  readonly take: (text: string) => void;
}

const checks: Readonly<Record<Checked, (asked: Asked) => Promise<Verdict>>> = {
  async slack({ url, body, take }) {
    if (url.pathname !== '/services/T0000/B0000/slackSecretPath') return { status: 404, body: 'no_service' };
    if (typeof body.text !== 'string' || body.text === '') return { status: 400, body: 'no_text' };
    if (body.text.length > 40_000) return { status: 400, body: 'msg_too_long' };
    // What Slack shows: tags call people, entities are characters.
    if (/<[!@#]/.test(body.text)) return { status: 400, body: 'it calls people' };
    take(body.text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'));
    return { status: 200, body: 'ok' };
  },

  async dingtalk({ url, raw, body, take }) {
    if (url.searchParams.get('access_token') !== 'dingSecretToken')
      return json({ errcode: 300001, errmsg: 'token is not exist' });
    const timestamp = url.searchParams.get('timestamp') ?? '';
    const expected = await mac(secrets.dingtalk, `${timestamp}\n${secrets.dingtalk}`);
    if (!/^\d{13}$/.test(timestamp) || Math.abs(Date.now() - Number(timestamp)) > hour)
      return json({ errcode: 310000, errmsg: 'invalid timestamp' });
    if (url.searchParams.get('sign') !== expected) return json({ errcode: 310000, errmsg: 'sign not match' });
    if (raw.length > 20_000) return json({ errcode: 460101, errmsg: 'message too long' });
    if (body.msgtype !== 'text') return json({ errcode: 400013, errmsg: 'not a text' });
    if (body.at?.isAtAll !== false) return json({ errcode: 400014, errmsg: 'it calls everybody' });
    take(body.text.content);
    return json({ errcode: 0, errmsg: 'ok' });
  },

  async feishu({ url, raw, body, take }) {
    if (url.pathname !== '/open-apis/bot/v2/hook/feishuSecretPath')
      return json({ code: 19001, msg: 'param invalid: incoming webhook access token invalid' });
    const { timestamp, sign } = body;
    const isNow = /^\d{10}$/.test(timestamp) && Math.abs(Date.now() / 1000 - Number(timestamp)) < 3600;
    const expected = await mac(`${timestamp}\n${secrets.feishu}`, '');
    if (!isNow || sign !== expected)
      return json({
        code: 19021,
        msg: 'sign match fail or timestamp is not within one hour from current time',
      });
    if (raw.length > 20_480) return json({ code: 9499, msg: 'Bad Request' });
    const post = body.content?.post?.zh_cn ?? body.content?.post?.en_us;
    if (body.msg_type !== 'post' || post === undefined) return json({ code: 9499, msg: 'Bad Request' });
    const parts = post.content.flat() as { readonly tag: string; readonly text: string }[];
    if (parts.some(({ tag, text }) => tag !== 'text' || /<at\b/.test(text)))
      return json({ code: 9499, msg: 'it calls people' });
    take([post.title, ...parts.map(({ text }) => text)].join('\n'));
    return json({ StatusCode: 0, StatusMessage: 'success', code: 0, data: {}, msg: 'success' });
  },

  async wecom({ url, body, take }) {
    if (url.searchParams.get('key') !== 'wecomSecretKey')
      return json({ errcode: 93000, errmsg: 'invalid webhook url' });
    if (body.msgtype !== 'text') return json({ errcode: 40008, errmsg: 'invalid message type' });
    const { content } = body.text;
    if (Buffer.byteLength(content) > 2048)
      return json({ errcode: 40058, errmsg: 'content exceeds max length' });
    if (/<@/.test(content)) return json({ errcode: 40058, errmsg: 'it calls people' });
    take(content);
    return json({ errcode: 0, errmsg: 'ok' });
  },

  async generic({ headers, raw, body, take }) {
    const timestamp = String(headers['pika-expander-timestamp']);
    const signed = await mac(secrets.generic, `${timestamp}.${raw.toString()}`);
    const hex = Buffer.from(signed, 'base64').toString('hex');
    const isNow = Math.abs(Date.now() / 1000 - Number(timestamp)) < 300;
    if (!isNow || headers['pika-expander-signature'] !== `sha256=${hex}`)
      return { status: 401, body: 'bad signature' };
    take(`${body.title}\n${body.text}`);
    return { status: 204, body: '' };
  },
};
