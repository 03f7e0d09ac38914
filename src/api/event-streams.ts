import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { hasAction } from '../admission/may-act.ts';
import { isBound } from '../model/access.ts';
import { eventFor } from '../model/events.ts';
import { refuse } from '../model/refusal.ts';
import type { Reader } from '../model/text.ts';
import type { StoredEvent } from '../model/views/event.ts';
import type { Log } from '../platform/log.ts';
import { withTimeLimit } from '../platform/time-limit.ts';
import { type Store, StoreUnavailableError } from '../store/store.ts';

import type { Proof } from './access.ts';
import { type About, createFeeds, type Follower } from './event-feed.ts';
import { reader } from './reader.ts';
import type { Sees } from './scopes.ts';

export interface EventStreamOptions {
  readonly store: Store;
  readonly log: Log;
  readonly now: () => number;
  /** Until when what the client of a stream proved counts, as is known now; 0 = it does not any more. Absent = it always does. */
  readonly countsUntil?: (proof: Proof) => Promise<number>;
  /** How often that is asked, besides by `endOfEnded`. */
  readonly proofEveryMs?: number;
  readonly maxStreams: number;
  readonly onOpenChanged: (open: number) => void;
  /** How often the service looks at the event table when no news comes. */
  readonly lookEveryMs?: number;
  readonly heartbeatMs?: number;
  /** A client that takes nothing for this long is let go. */
  readonly drainTimeoutMs?: number;
}

export interface StreamRequest {
  readonly about: About;
  /** The message between events, at most once a second; absent = none. */
  readonly progress?: Progressing<unknown>;
  /** Events after this seq are sent. */
  readonly afterSeq: number;
}

/** The progress of an expansion or a campaign; sent as a message without an id whenever it has changed. */
export interface Progressing<T> {
  /** Reads it from the database, once for all streams about the same; null = it is gone. */
  load(): Promise<T | null>;
  show(loaded: T): StreamProgress;
}

interface StreamProgress {
  readonly data: unknown;
  /** It changes without events. */
  readonly moves: boolean;
  /** It will not change any more. */
  readonly settled: boolean;
}

/**
 * Live events for browsers and programs (server-sent events). The event table is the source, so a client that
 * comes back with Last-Event-ID misses nothing, whichever process it comes back to.
 */
export interface EventStreams {
  /** Answers the request with a stream; resolves when the stream has ended. Throws Refusal when there are too many. */
  serve(request: FastifyRequest, reply: FastifyReply, wanted: StreamRequest): Promise<void>;
  /** Ends the streams of clients whose token or session has ended. */
  endOfEnded(): Promise<void>;
  /** Ends all streams; new ones are refused. */
  close(): Promise<void>;
}

const pageSize = 500;
const progressEveryMs = 1000;
/** Of what changes with events alone. */
const progressSeldomMs = 30_000;
const retryAfterMs = 2000;
/** A stream whose client has not taken so many new events reads them from the table later. */
const mostQueued = 2000;
/** For how long a stream lets time pass without looking at the clock. */
const tickMs = 5000;
const everything: Sees = async () => true;

export function createEventStreams(options: EventStreamOptions): EventStreams {
  const heartbeatMs = options.heartbeatMs ?? 15_000;
  const drainTimeoutMs = options.drainTimeoutMs ?? 60_000;
  const proofEveryMs = options.proofEveryMs ?? 1000;
  const { store, now } = options;
  const open = new Set<Stream>();
  const feeds = createFeeds(store, options.lookEveryMs);
  const loaded = new Map<string, { readonly at: number; readonly answer: Promise<unknown> }>();
  let closed = false;

  async function sendEvent(stream: Stream, event: StoredEvent): Promise<void> {
    if (event.seq <= stream.afterSeq) return;
    stream.afterSeq = event.seq;
    if (!(await stream.sees(event))) return;
    stream.newsAt = now();
    await stream.send(eventText(event, stream.reader));
  }

  /** Sends all that is stored after the stream's position. */
  async function catchUp(stream: Stream, { about }: StreamRequest): Promise<void> {
    for (;;) {
      const events = await store.events({ ...about, afterSeq: stream.afterSeq, limit: pageSize });
      for (const event of events) {
        await sendEvent(stream, event);
        if (stream.ended) return;
      }
      if (events.length < pageSize) return;
    }
  }

  /** What the feed gave meanwhile comes after what the table holds. */
  async function sendNew(stream: Stream, wanted: StreamRequest): Promise<void> {
    while (!stream.ended) {
      if (stream.isBehind) {
        if (!feeds.isReady(stream)) return;
        stream.isBehind = false;
        stream.queue.length = 0;
        try {
          await catchUp(stream, wanted);
        } catch (error) {
          stream.isBehind = true;
          throw error;
        }
      }
      const event = stream.queue.shift();
      if (event !== undefined) await sendEvent(stream, event);
      else if (!stream.isBehind) return;
    }
  }

  /** One answer for all streams about the same. */
  function loadOnce(stream: Stream, load: () => Promise<unknown>): Promise<unknown> {
    const key = JSON.stringify(stream.about);
    const last = loaded.get(key);
    const isNew =
      last !== undefined && last.at >= stream.newsAt && Math.abs(now() - last.at) < progressEveryMs;
    if (isNew) return last.answer;
    const asked = { at: now(), answer: load() };
    loaded.set(key, asked);
    asked.answer.catch(() => {
      if (loaded.get(key) === asked) loaded.delete(key);
    });
    return asked.answer;
  }

  async function sendProgress(stream: Stream, { load, show }: Progressing<unknown>): Promise<void> {
    const sinceMs = now() - stream.progressAt;
    const isDue = stream.moves || stream.newsAt >= stream.progressAt || sinceMs >= progressSeldomMs;
    if (sinceMs < progressEveryMs || !isDue) return;
    const progress = await loadOnce(stream, load);
    if (progress === null) return;
    stream.progressAt = now();
    const { data, moves, settled } = show(progress);
    stream.moves = moves;
    stream.settled = settled;
    const text = `event: progress\ndata: ${JSON.stringify(data)}\n\n`;
    if (text === stream.lastProgress) return;
    stream.lastProgress = text;
    await stream.send(text);
  }

  async function turn(stream: Stream, wanted: StreamRequest): Promise<number> {
    try {
      if (!(await counts(stream))) {
        stream.end();
        return 0;
      }
      await sendNew(stream, wanted);
      if (wanted.progress && !stream.settled) await sendProgress(stream, wanted.progress);
      if (now() - stream.lastSentAt >= heartbeatMs) await stream.send(': still here\n\n');
      const isMoving = stream.moves || stream.newsAt >= stream.progressAt;
      return wanted.progress && !stream.settled && isMoving ? progressEveryMs : Math.min(tickMs, heartbeatMs);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      await stream.trouble();
      return retryAfterMs;
    }
  }

  async function counts(stream: Stream): Promise<boolean> {
    const { proof } = stream;
    if (proof === null || options.countsUntil === undefined) return true;
    if (performance.now() - stream.provenAt >= proofEveryMs) {
      stream.until = await options.countsUntil(proof);
      stream.provenAt = performance.now();
    }
    return now() < stream.until;
  }

  return {
    async serve(request, reply, wanted) {
      const { maxStreams } = options;
      const caller = request.caller?.name ?? '';
      const proof = request.caller?.proof ?? null;
      if (closed) throw refuse('stopping', {});
      if (open.size >= maxStreams) throw refuse('too_many_streams', { most: maxStreams, caller: null });
      // One token, shared by many or stolen, leaves half of the places to the others.
      const own = [...open].filter((stream) => stream.caller === caller).length;
      if (request.caller && !hasAction(request.caller, 'steer') && own >= maxStreams / 2)
        throw refuse('too_many_streams', { most: own, caller });
      const headers = reply.getHeaders();
      const bound = request.caller && isBound(request.caller) ? request.caller : null;
      const sees = bound === null ? everything : request.server.seenBy(bound);
      reply.hijack();
      const stream = new Stream(reply.raw, wanted, reader(request), drainTimeoutMs, now, {
        caller,
        proof,
        sees,
      });
      open.add(stream);
      feeds.join(stream);
      options.onOpenChanged(open.size);
      try {
        reply.raw.writeHead(200, {
          ...(headers as Record<string, string>),
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-cache, no-transform',
          connection: 'keep-alive',
          // Tells nginx to pass every event on at once.
          'x-accel-buffering': 'no',
        });
        await stream.send(`retry: ${retryAfterMs}\n\n`);
        while (!stream.ended) {
          const waitMs = await turn(stream, wanted);
          await stream.wait(Math.min(waitMs, Math.max(0, stream.until - now()), proofEveryMs));
        }
      } catch (error) {
        options.log.warn({ err: error, requestId: request.id }, 'an event stream was cut off by an error');
      } finally {
        stream.end();
        open.delete(stream);
        feeds.leave(stream);
        if (open.size === 0) loaded.clear();
        options.onOpenChanged(open.size);
      }
    },
    async endOfEnded() {
      await Promise.all(
        [...open].map(async (stream) => {
          stream.provenAt = Number.NEGATIVE_INFINITY;
          if (!(await counts(stream))) stream.end();
        }),
      );
    },
    async close() {
      closed = true;
      for (const stream of open) stream.end();
      await feeds.close();
    },
  };
}

/** One connection: writes no faster than the client reads, and waits for what the feed gives it. */
class Stream implements Follower {
  readonly about: About;
  readonly reader: Reader;
  /** Name of the token. */
  readonly caller: string;
  /** What its client proved; null = nothing is asked for. */
  readonly proof: Proof | null;
  /** Which events its client may see. */
  readonly sees: Sees;
  /** New events that were not sent yet. */
  readonly queue: StoredEvent[] = [];
  afterSeq: number;
  /** Whether there can be events that are in the table alone. */
  isBehind = true;
  until: number;
  /** When it was last asked whether the proof counts, on the clock of the process. */
  provenAt = performance.now();
  progressAt = 0;
  /** When the last event was sent. */
  newsAt = 0;
  /** Whether its progress changes without events. */
  moves = true;
  lastProgress = '';
  /** The work has ended and its last progress was sent. */
  settled = false;
  lastSentAt: number;
  readonly #raw: ServerResponse;
  readonly #drainTimeoutMs: number;
  readonly #now: () => number;
  #wake: (() => void) | null = null;
  #woken = false;

  constructor(
    raw: ServerResponse,
    { about, afterSeq }: StreamRequest,
    forWhom: Reader,
    drainTimeoutMs: number,
    now: () => number,
    of: { readonly caller: string; readonly proof: Proof | null; readonly sees: Sees },
  ) {
    this.caller = of.caller;
    this.proof = of.proof;
    this.until = of.proof?.until ?? Number.POSITIVE_INFINITY;
    this.about = about;
    this.sees = of.sees;
    this.#raw = raw;
    this.reader = forWhom;
    this.afterSeq = afterSeq;
    this.#drainTimeoutMs = drainTimeoutMs;
    this.#now = now;
    this.lastSentAt = now();
    raw.on('close', () => this.wake());
    // A broken connection also closes; without this the error would end the process.
    raw.on('error', () => this.wake());
  }

  get ended(): boolean {
    return this.#raw.destroyed || this.#raw.writableEnded;
  }

  take(events: readonly StoredEvent[]): void {
    if (this.isBehind) return;
    if (this.queue.length + events.length > mostQueued) {
      this.isBehind = true;
      this.queue.length = 0;
    } else this.queue.push(...events);
    this.wake();
  }

  ready(): void {
    this.wake();
  }

  async trouble(): Promise<void> {
    await this.send(': the database cannot be reached; events follow when it is back\n\n');
  }

  async send(text: string): Promise<void> {
    if (this.ended) return;
    this.lastSentAt = this.#now();
    if (this.#raw.write(text)) return;
    try {
      await withTimeLimit(this.#drainTimeoutMs, null, (signal) =>
        Promise.race([once(this.#raw, 'drain', { signal }), once(this.#raw, 'close', { signal })]),
      );
    } catch {
      this.#raw.destroy();
    }
  }

  /** Until `ms` have passed, somebody wakes it, or the connection ends. */
  async wait(ms: number): Promise<void> {
    if (this.ended) return;
    if (!this.#woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#wake = null;
    this.#woken = false;
  }

  wake(): void {
    this.#woken = true;
    this.#wake?.();
  }

  end(): void {
    if (!this.ended) this.#raw.end();
    this.wake();
  }
}

/** The texts of an event, made once for all streams of a language and a tool. */
const madeTexts = new WeakMap<StoredEvent, Map<string, string>>();

function eventText(event: StoredEvent, { language, tool }: Reader): string {
  const made = madeTexts.get(event) ?? new Map<string, string>();
  madeTexts.set(event, made);
  const key = `${language} ${tool}`;
  const text =
    made.get(key) ??
    `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(eventFor(event, { language, tool }))}\n\n`;
  made.set(key, text);
  return text;
}
