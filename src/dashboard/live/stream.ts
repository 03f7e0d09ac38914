import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { EventPage, StoredEvent } from '../../model/views/event.ts';
import { ApiError, call, forThisPage, refusalOf } from '../api/client.ts';

export type StreamStatus = 'connecting' | 'live' | 'reconnecting' | 'closed';

export interface StreamListener {
  /** New events, at most once per animation frame. They can hold events of earlier calls. */
  onEvents(events: readonly StoredEvent[]): void;
  onProgress(data: unknown): void;
  onStatus(status: StreamStatus): void;
}

/** No byte for this long (the service sends a sign of life more often) = the connection is dead. */
const silenceMs = 45_000;
/** The most that the service gives at once. */
const pageSize = 1000;
const longestWaitMs = 8_000;
/** A stream that ends sooner was of no use: the next one waits longer. */
const usefulMs = 10_000;

/**
 * Follows the events under `path` until stopped: first all events from the beginning, then each event as it comes. After every
 * break it reads the events since its last event as pages, and opens the stream after them. So it misses no event, whatever
 * a proxy does to Last-Event-ID.
 */
export class LiveStream {
  readonly #path: string;
  readonly #listener: StreamListener;
  readonly #stop = new AbortController();
  #lastSeq: number | null;
  #buffer: StoredEvent[] = [];
  #progress: unknown = null;
  #flushing = false;
  #broken = false;
  #wake: () => void = () => {};

  /** `afterSeq` null = only what happens from now on. */
  constructor(path: string, afterSeq: number | null, listener: StreamListener) {
    this.#path = path;
    this.#lastSeq = afterSeq;
    this.#listener = listener;
  }

  /** Runs until `stop`; never rejects. */
  async run(): Promise<void> {
    window.addEventListener('online', this.#hurry);
    let failures = 0;
    this.#tell('connecting');
    while (!this.#stop.signal.aborted) {
      const startedAt = Date.now();
      const end = await this.#once();
      if (this.#stop.signal.aborted || end === 'gone') break;
      failures = Date.now() - startedAt >= usefulMs ? 0 : failures + 1;
      this.#broken = true;
      this.#tell('reconnecting');
      await this.#pause(Math.max(end.againInMs, Math.min(longestWaitMs, 125 * 2 ** failures)));
    }
    window.removeEventListener('online', this.#hurry);
    this.#tell('closed');
  }

  stop(): void {
    this.#stop.abort();
    this.#wake();
  }

  #hurry = (): void => this.#wake();

  #tell(status: StreamStatus): void {
    if (!this.#stop.signal.aborted || status === 'closed') this.#listener.onStatus(status);
  }

  /** Returns how long the service wants to be left alone once the stream has ended. */
  async #once(): Promise<{ readonly againInMs: number } | 'gone'> {
    try {
      if (this.#broken) await this.#readPages();
      const response = await this.#open();
      this.#tell('live');
      await this.#read(response);
      return { againInMs: 0 };
    } catch (error) {
      if (!(error instanceof ApiError)) return { againInMs: 0 };
      return [401, 403, 404].includes(error.status) ? 'gone' : { againInMs: error.retryAfterMs };
    }
  }

  async #readPages(): Promise<void> {
    if (this.#lastSeq === null) return;
    for (;;) {
      const query = `after=${this.#lastSeq}&limit=${pageSize}`;
      const page = await call<EventPage>(`${this.#path}?${query}`, { signal: this.#stop.signal });
      for (const event of page.items) this.#take(event);
      if (page.items.length < pageSize) return;
    }
  }

  async #open(): Promise<Response> {
    const response = await fetch(this.#path, {
      credentials: 'same-origin',
      cache: 'no-store',
      signal: this.#stop.signal,
      headers: {
        ...forThisPage(),
        accept: 'text/event-stream',
        ...(this.#lastSeq === null ? {} : { 'last-event-id': String(this.#lastSeq) }),
      },
    });
    if (!response.ok || response.body === null) throw refusalOf(response, '');
    return response;
  }

  async #read(response: Response): Promise<void> {
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    // Not the browser's EventSource, which delivers only messages whose names are known beforehand. An event log shows
    // every type, also a type that a newer service has and this page has not.
    const parser = createParser({ onEvent: (message) => this.#message(message) });
    let silence: ReturnType<typeof setTimeout> | undefined;
    try {
      for (;;) {
        silence = setTimeout(() => void reader.cancel().catch(() => {}), silenceMs);
        const { done, value } = await reader.read();
        clearTimeout(silence);
        if (done) return;
        parser.feed(decoder.decode(value, { stream: true }));
      }
    } finally {
      clearTimeout(silence);
    }
  }

  #message(message: EventSourceMessage): void {
    if (message.event === 'progress') {
      this.#progress = JSON.parse(message.data);
      this.#scheduleFlush();
      return;
    }
    if (message.id !== undefined) this.#take(JSON.parse(message.data) as StoredEvent);
  }

  #take(event: StoredEvent): void {
    if (typeof event.seq !== 'number' || (this.#lastSeq !== null && event.seq <= this.#lastSeq)) return;
    this.#lastSeq = event.seq;
    this.#buffer.push(event);
    this.#scheduleFlush();
  }

  /** One re-rendering per frame, however fast events come; a hidden page has no frames. */
  #scheduleFlush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    if (document.hidden) setTimeout(this.#flush, 200);
    else requestAnimationFrame(this.#flush);
  }

  #flush = (): void => {
    this.#flushing = false;
    if (this.#stop.signal.aborted) return;
    const events = this.#buffer;
    const progress = this.#progress;
    this.#buffer = [];
    this.#progress = null;
    if (events.length > 0) this.#listener.onEvents(events);
    if (progress !== null) this.#listener.onProgress(progress);
  };

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
