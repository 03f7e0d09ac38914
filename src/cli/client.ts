import type { EventSourceMessage } from 'eventsource-parser';
import { parseSse } from '../client/sse.ts';
import type { CommandLineWords } from '../model/command-line/index.ts';
import { retryAfterMs } from '../model/retry-after.ts';
import { type Reader, toolHeader } from '../model/text.ts';
import type { ErrorBody } from '../model/views/error.ts';
import type { StoredEvent } from '../model/views/event.ts';
import { ApiError, CliError, messageOf, passesAfterMs, type Told, UnreachableError } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import type { Settings } from './settings.ts';

export interface ClientParts {
  /** For whom the service makes its texts. */
  readonly reader: Reader;
  /** For what it says itself. */
  readonly words: CommandLineWords;
  readonly fetch: typeof fetch;
  now(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface StreamOptions {
  /** Events after this seq. */
  readonly after: number;
  readonly signal: AbortSignal;
  /** Called when the connection is lost (with what happened) and when it is back (null). */
  readonly onConnection?: (lost: string | null) => void;
}

const requestTimeoutMs = 30_000;
/** The service sends something at least every 15 s; three times silent means that the connection is dead. */
const silenceLimitMs = 45_000;
const reconnectDelaysMs = [500, 1000, 2000, 4000, 8000, 10_000] as const;
/** A stream that ends sooner was of no use: the next one waits longer. */
const usefulStreamMs = 10_000;

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
type Query = Readonly<Record<string, string | number | undefined>>;

/** The REST API as functions. Every failure is a CliError that says what to do next. */
export class ApiClient {
  readonly settings: Settings;
  readonly #parts: ClientParts;

  constructor(settings: Settings, parts: ClientParts) {
    this.settings = settings;
    this.#parts = parts;
  }

  get<T>(path: string, query: Query = {}): Promise<T> {
    return this.#json<T>('GET', path + queryText(query));
  }

  /** A GET that is answered with status 503 where the answer is no: `field` is in it, and in no error. */
  async getAlsoNo<T>(path: string, field: keyof T & string, query: Query = {}): Promise<T> {
    try {
      return await this.get<T>(path, query);
    } catch (error) {
      const answer = error instanceof ApiError && error.status === 503 ? parsed(error.text) : null;
      if (typeof answer === 'object' && answer !== null && field in answer) return answer as T;
      throw error;
    }
  }

  /** A GET that is repeated, up to five times, while the service does not answer or wants to be left alone. */
  async getPatiently<T>(path: string, query: Query, signal: AbortSignal): Promise<T> {
    for (const delayMs of reconnectDelaysMs.slice(0, 5)) {
      try {
        return await this.get<T>(path, query);
      } catch (error) {
        const atLeastMs = passesAfterMs(error);
        if (atLeastMs === null || signal.aborted) throw error;
        await this.#parts.sleep(Math.max(delayMs, atLeastMs), signal);
      }
    }
    return this.get<T>(path, query);
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.#json<T>('PATCH', path, body);
  }

  delete<T>(path: string, body?: unknown): Promise<T> {
    return this.#json<T>('DELETE', path, body);
  }

  /** `timeoutMs`: how long the answer may take. */
  post<T>(path: string, body: unknown, timeoutMs = requestTimeoutMs): Promise<T> {
    return this.#json<T>('POST', path, body, {}, timeoutMs);
  }

  /**
   * A POST that may be sent again without doing it twice: after a lost connection it is repeated under the same
   * idempotency key, up to three times.
   */
  async postOnce<T>(
    path: string,
    body: unknown,
    idempotencyKey: string,
    timeoutMs = requestTimeoutMs,
  ): Promise<T> {
    const post = () => this.#json<T>('POST', path, body, { 'idempotency-key': idempotencyKey }, timeoutMs);
    for (const delayMs of reconnectDelaysMs.slice(0, 3)) {
      try {
        return await post();
      } catch (error) {
        if (!(error instanceof UnreachableError)) throw error;
        await this.#parts.sleep(delayMs);
      }
    }
    return post();
  }

  /** The body of an answer as text, piece by piece (JSON lines). */
  async *text(path: string, accept: string): AsyncGenerator<string> {
    const response = await this.#send('GET', path, { accept });
    const decoder = new TextDecoder();
    for await (const chunk of bodyOf(response)) yield decoder.decode(chunk, { stream: true });
  }

  /**
   * The messages of an event stream, for ever: a lost connection is made again, and goes on after the last event
   * that was received. Ends when the signal is aborted; throws ApiError when the service refuses.
   */
  async *stream(path: string, options: StreamOptions): AsyncGenerator<EventSourceMessage> {
    let lastSeq = options.after;
    let failures = 0;
    while (!options.signal.aborted) {
      const openedAt = this.#parts.now();
      let told = failures === 0;
      let atLeastMs = 0;
      let lost: string;
      try {
        for await (const message of this.#streamOnce(path, lastSeq, options.signal)) {
          if (!told) options.onConnection?.(null);
          told = true;
          if (message.id !== undefined) lastSeq = Number(message.id);
          yield message;
        }
        lost = this.#parts.words.connection.closed;
      } catch (error) {
        if (options.signal.aborted) return;
        if (error instanceof ApiError && passesAfterMs(error) === null) throw error;
        atLeastMs = passesAfterMs(error) ?? 0;
        lost = messageOf(error, this.#parts.words);
      }
      if (options.signal.aborted) return;
      options.onConnection?.(lost);
      if (this.#parts.now() - openedAt >= usefulStreamMs) failures = 0;
      const delayMs = reconnectDelaysMs[Math.min(failures, reconnectDelaysMs.length - 1)] as number;
      failures += 1;
      await this.#parts.sleep(Math.max(delayMs, atLeastMs), options.signal);
    }
  }

  async *#streamOnce(path: string, lastSeq: number, signal: AbortSignal): AsyncGenerator<EventSourceMessage> {
    const connection = new AbortController();
    const abort = () => connection.abort();
    signal.addEventListener('abort', abort, { once: true });
    try {
      const headers = { accept: 'text/event-stream', 'last-event-id': String(lastSeq) };
      const response = await this.#send(
        'GET',
        `${path}?after=${lastSeq}`,
        headers,
        undefined,
        connection.signal,
      );
      yield* parseSse(untilSilent(bodyOf(response), abort));
    } finally {
      signal.removeEventListener('abort', abort);
      connection.abort();
    }
  }

  async #json<T>(
    method: Method,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
    timeoutMs = requestTimeoutMs,
  ): Promise<T> {
    const response = await this.#send(
      method,
      path,
      { ...headers, accept: 'application/json' },
      body,
      AbortSignal.timeout(timeoutMs),
    );
    const text = await response.text();
    if (text === '') return undefined as T;
    try {
      return JSON.parse(text) as T;
    } catch {
      throw notTheService(this.settings);
    }
  }

  async #send(
    method: Method,
    path: string,
    headers: Record<string, string>,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<Response> {
    const response = await this.#fetch(path, {
      method,
      redirect: 'manual',
      headers: {
        ...headers,
        'accept-language': this.#parts.reader.language,
        [toolHeader]: 'cli',
        ...(this.settings.token === null ? {} : { authorization: `Bearer ${this.settings.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
    if (!response.ok) throw await toApiError(response, this.settings, this.#parts.now());
    return response;
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    try {
      return await this.#parts.fetch(this.settings.url + path, init);
    } catch (error) {
      throw toUnreachable(error, this.settings, init.method !== 'GET');
    }
  }
}

/** Reads an event of the stream; messages without an id (progress) are not events. */
export function storedEventOf(message: EventSourceMessage): StoredEvent | null {
  return message.id === undefined ? null : (JSON.parse(message.data) as StoredEvent);
}

function queryText(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}

function bodyOf(response: Response): AsyncIterable<Uint8Array> {
  return (response.body ?? []) as AsyncIterable<Uint8Array>;
}

async function* untilSilent(
  chunks: AsyncIterable<Uint8Array>,
  onSilence: () => void,
): AsyncGenerator<Uint8Array> {
  let timer = setTimeout(onSilence, silenceLimitMs);
  try {
    for await (const chunk of chunks) {
      clearTimeout(timer);
      timer = setTimeout(onSilence, silenceLimitMs);
      yield chunk;
    }
  } finally {
    clearTimeout(timer);
  }
}

/** `acts`: the request asked for a change, so that it matters whether the service received it. */
function toUnreachable(error: unknown, settings: Settings, acts: boolean): CliError {
  const name = (error as Error).name;
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  const code = cause?.code ?? name;
  const { url, urlSource } = settings;
  const lookAtHealth = ({ connection }: CommandLineWords): string => connection.lookAtHealth(url);
  if (code === 'ECONNREFUSED')
    return new UnreachableError(
      ({ connection }) => connection.nothingListens(url, urlSource),
      [({ connection }) => connection.startIt, ({ connection }) => connection.elsewhere],
    );
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new UnreachableError(
      ({ connection }) => connection.notResolved(url, urlSource),
      [({ connection }) => connection.checkSpelling],
    );
  if (code.startsWith('HPE_') || cause?.message?.includes('HTTP/1.1 protocol') === true)
    return notTheService(settings);
  if (name === 'TimeoutError')
    return new UnreachableError(
      ({ connection }) => connection.tooLate(url, urlSource),
      [({ connection }) => (acts ? connection.perhapsDone : connection.tryAgain), lookAtHealth],
    );
  const why = cause?.message || code || (error as Error).message;
  return new UnreachableError(({ connection }) => connection.failed(url, urlSource, why), [lookAtHealth]);
}

const notTheService = ({ url, urlSource }: Settings): CliError =>
  new CliError(
    'not_the_service',
    ({ connection }) => connection.notTheService(url, urlSource),
    [({ connection }) => connection.checkAddress],
    exitCodes.failed,
  );

async function toApiError(response: Response, settings: Settings, now: number): Promise<CliError> {
  const text = await response.text().catch(() => '');
  const body = errorBodyOf(text);
  if (body === null && response.status < 500) return notTheService(settings);
  const { status } = response;
  const message: Told = body?.message ?? (({ connection }) => connection.http(settings.url, status));
  const known: ErrorBody = body ?? { code: `http_${status}`, message: '' };
  return new ApiError(
    status,
    message,
    known.help?.startsWith('/') ? { ...known, help: settings.url + known.help } : known,
    nextStepsOf(status, known, settings),
    retryAfterMs(response.headers.get('retry-after'), now),
    text,
  );
}

function errorBodyOf(text: string): ErrorBody | null {
  const body = (parsed(text) as { error?: ErrorBody } | null)?.error;
  return typeof body?.code === 'string' && typeof body.message === 'string' ? body : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function nextStepsOf(status: number, body: ErrorBody, settings: Settings): readonly Told[] {
  const given = body.next_steps ?? [];
  if (status === 401)
    return [
      settings.token === null
        ? ({ connection }) => connection.giveToken
        : ({ connection }) => connection.unknownToken,
    ];
  if (status >= 500 && given.length === 0) return [({ connection }) => connection.lookAtHealth(settings.url)];
  return given;
}
