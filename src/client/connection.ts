/** One service, spoken to over `fetch`. */
import type { EventSourceMessage } from 'eventsource-parser';
import { retryAfterMs } from '../model/retry-after.ts';
import type { Language } from '../model/text.ts';
import { ApiError, type ErrorBody, NoAnswerError } from './errors.ts';
import { parseSse } from './sse.ts';

export interface ClientOptions {
  /** Address of the service, as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** A token, or what gives one for each request. */
  readonly token?: string | (() => string | Promise<string>);
  /** Of the texts; default: English. */
  readonly language?: Language;
  /** How long an answer may take; default: 30 s. */
  readonly timeoutMs?: number;
  /** Default: that of the platform. */
  readonly fetch?: typeof fetch;
}

export interface Call {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

const defaultTimeoutMs = 30_000;
/** The service sends something at least every 15 s; three times silent means that the connection is dead. */
const silenceLimitMs = 45_000;
const pausesMs = [500, 1000, 2000, 4000, 8000, 10_000] as const;

export class Connection {
  readonly url: string;
  readonly #options: ClientOptions;

  /** Throws TypeError where the address is none. */
  constructor(options: ClientOptions) {
    const { origin, pathname, protocol } = new URL(options.url);
    if (protocol !== 'http:' && protocol !== 'https:')
      throw new TypeError(`${options.url} is not http or https`);
    this.url = `${origin}${pathname}`.replace(/\/+$/, '');
    this.#options = options;
  }

  /** The answer: JSON as data, anything else as text, and nothing as undefined. Throws ApiError and NoAnswerError. */
  async call(call: Call): Promise<unknown> {
    const limit = AbortSignal.timeout(this.#options.timeoutMs ?? defaultTimeoutMs);
    const response = await this.#send({
      ...call,
      signal: call.signal === undefined ? limit : AbortSignal.any([limit, call.signal]),
    });
    const text = await response.text().catch((error: unknown) => {
      throw new NoAnswerError(this.url, error);
    });
    const json = response.headers.get('content-type')?.startsWith('application/json') === true;
    if (response.ok) return text === '' ? undefined : json ? JSON.parse(text) : text;
    const body = parsed(text);
    // A probe that says no: the answer is of the same shape as a yes.
    if (response.status === 503 && body !== null && !('error' in body)) return body;
    throw this.#refused(response, body);
  }

  /** The same call up to three times more while no answer comes. */
  async callAgain(call: Call): Promise<unknown> {
    for (const pauseMs of pausesMs.slice(0, 3)) {
      try {
        return await this.call(call);
      } catch (error) {
        if (!(error instanceof NoAnswerError) || call.signal?.aborted) throw error;
        await pause(pauseMs, call.signal);
      }
    }
    return this.call(call);
  }

  /**
   * The messages of an event stream. A lost connection is made again, and goes on after the last event. Ends when the
   * signal is aborted; throws ApiError where the service refuses for good.
   */
  async *messages(path: string, after: number, signal?: AbortSignal): AsyncGenerator<EventSourceMessage> {
    let last = after;
    for (let failures = 0; !signal?.aborted; failures += 1) {
      let waitMs: number = pausesMs[Math.min(failures, pausesMs.length - 1)]!;
      try {
        for await (const message of this.#stream(path, last, signal)) {
          if (message.id !== undefined) last = Number(message.id);
          failures = 0;
          yield message;
        }
      } catch (error) {
        if (signal?.aborted) return;
        if (error instanceof ApiError && !error.passes) throw error;
        if (error instanceof ApiError) waitMs = Math.max(waitMs, error.retryAfterMs);
      }
      await pause(waitMs, signal);
    }
  }

  async *#stream(path: string, after: number, signal?: AbortSignal): AsyncGenerator<EventSourceMessage> {
    const connection = new AbortController();
    const dead = () => connection.abort();
    let timer = setTimeout(dead, silenceLimitMs);
    try {
      const response = await this.#send(
        {
          method: 'GET',
          path,
          signal: signal === undefined ? connection.signal : AbortSignal.any([connection.signal, signal]),
        },
        { accept: 'text/event-stream', 'last-event-id': String(after) },
      );
      if (!response.ok) throw this.#refused(response, parsed(await response.text().catch(() => '')));
      const alive = async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          clearTimeout(timer);
          timer = setTimeout(dead, silenceLimitMs);
          yield chunk;
        }
      };
      yield* parseSse(alive((response.body ?? []) as AsyncIterable<Uint8Array>));
    } finally {
      clearTimeout(timer);
      connection.abort();
    }
  }

  async #send(
    { method, path, body, idempotencyKey, signal }: Call,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const { token, language = 'en', fetch: send = fetch } = this.#options;
    const given = typeof token === 'function' ? await token() : token;
    try {
      return await send(this.url + path, {
        method,
        redirect: 'manual',
        headers: {
          accept: 'application/json',
          'accept-language': language,
          ...(given === undefined ? {} : { authorization: `Bearer ${given}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      throw new NoAnswerError(this.url, error);
    }
  }

  #refused(response: Response, answer: Readonly<Record<string, unknown>> | null): ApiError {
    const body = answer?.error as ErrorBody | undefined;
    const known =
      typeof body?.code === 'string'
        ? body
        : {
            code: `http_${response.status}`,
            message: `What answers at ${this.url} says HTTP ${response.status}, and does not speak like pika-expander.`,
          };
    return new ApiError(response.status, known, {
      help: known.help === undefined ? null : this.url + known.help,
      retryAfterMs: retryAfterMs(response.headers.get('retry-after'), Date.now()),
    });
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Ends early, and without a fault, when the signal is aborted. */
function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end, { once: true });
    if (signal?.aborted) end();
  });
}
