import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { hasAction } from '../admission/may-act.ts';
import { isBound } from '../model/access.ts';
import { eventFor } from '../model/events.ts';
import { refuse } from '../model/refusal.ts';
import type { Reader } from '../model/text.ts';
import type { EventOwner, StoredEvent } from '../model/views/event.ts';
import type { Log } from '../platform/log.ts';
import { withTimeLimit } from '../platform/time-limit.ts';
import { type Store, StoreUnavailableError } from '../store/store.ts';

import type { Proof } from './access.ts';
import { reader } from './reader.ts';
import type { Sees } from './scopes.ts';

export interface EventStreamOptions {
  readonly store: Store;
  readonly log: Log;
  readonly now: () => number;
  /** Whether what the client of a stream proved still counts; absent = it always does. */
  readonly stillCounts?: (proof: Proof) => Promise<boolean>;
  readonly maxStreams: number;
  readonly onOpenChanged: (open: number) => void;
  /** How often the service looks at the event table when no news comes. */
  readonly lookEveryMs?: number;
  readonly heartbeatMs?: number;
  /** A client that takes nothing for this long is let go. */
  readonly drainTimeoutMs?: number;
}

export interface StreamRequest {
  /** Whose events; null = everybody's. */
  readonly about: Readonly<Partial<Record<EventOwner, string>>> | null;
  /** The message between events, at most once a second; absent = none. */
  readonly progress?: () => Promise<StreamProgress | null>;
  /** Events after this seq are sent. */
  readonly afterSeq: number;
}

/** The progress of an expansion; sent as a message without an id whenever it has changed. */
interface StreamProgress {
  readonly data: unknown;
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
/** Between two looks for one stream, however often news come. */
const lookPauseMs = 500;
const progressEveryMs = 1000;
const retryAfterMs = 2000;
/** How often it is asked whether the client's token and session still count. */
const proofEveryMs = 1000;
const everything: Sees = async () => true;

export function createEventStreams(options: EventStreamOptions): EventStreams {
  const lookEveryMs = options.lookEveryMs ?? 5000;
  const heartbeatMs = options.heartbeatMs ?? 15_000;
  const drainTimeoutMs = options.drainTimeoutMs ?? 60_000;
  const { store, now } = options;
  const open = new Set<Stream>();
  let watch: ReturnType<Store['watchEvents']> | null = null;
  let closed = false;

  const onNews = (owner: string | null) => {
    for (const stream of open) if (owner === null || stream.isAbout(owner)) stream.look();
  };

  /** Sends all that is stored after the stream's position. */
  async function catchUp(stream: Stream, wanted: StreamRequest): Promise<void> {
    for (;;) {
      const events = await store.events({
        ...wanted.about,
        afterSeq: stream.afterSeq,
        limit: pageSize,
      });
      for (const event of events) {
        stream.afterSeq = event.seq;
        if (!(await stream.sees(event))) continue;
        await stream.send(eventText(eventFor(event, stream.reader)));
        if (stream.ended) return;
      }
      if (events.length < pageSize) return;
    }
  }

  async function sendProgress(
    stream: Stream,
    progressOf: NonNullable<StreamRequest['progress']>,
  ): Promise<void> {
    if (now() - stream.progressAt < progressEveryMs) return;
    const progress = await progressOf();
    if (progress === null) return;
    stream.progressAt = now();
    stream.settled = progress.settled;
    const text = `event: progress\ndata: ${JSON.stringify(progress.data)}\n\n`;
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
      const sinceMs = performance.now() - stream.lookedAt;
      if (stream.news && sinceMs < lookPauseMs) return lookPauseMs - sinceMs;
      if (stream.news || sinceMs >= lookEveryMs) {
        stream.news = false;
        stream.lookedAt = performance.now();
        await catchUp(stream, wanted);
      }
      if (wanted.progress && !stream.settled) await sendProgress(stream, wanted.progress);
      if (now() - stream.lastSentAt >= heartbeatMs) await stream.send(': still here\n\n');
      return wanted.progress && !stream.settled ? Math.min(progressEveryMs, lookEveryMs) : lookEveryMs;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      stream.news = true;
      await stream.send(': the database cannot be reached; events follow when it is back\n\n');
      return retryAfterMs;
    }
  }

  const counts = async ({ proof }: Stream): Promise<boolean> =>
    proof === null || options.stillCounts === undefined || (await options.stillCounts(proof));

  return {
    async serve(request, reply, wanted) {
      const { maxStreams } = options;
      const caller = request.caller?.name ?? '';
      const proof = request.caller?.proof ?? null;
      const until = proof?.until ?? Number.POSITIVE_INFINITY;
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
      watch ??= store.watchEvents(onNews);
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
        while (!stream.ended && now() < until)
          await stream.wait(Math.min(await turn(stream, wanted), until - now(), proofEveryMs));
      } catch (error) {
        options.log.warn({ err: error, requestId: request.id }, 'an event stream was cut off by an error');
      } finally {
        stream.end();
        open.delete(stream);
        options.onOpenChanged(open.size);
      }
    },
    async endOfEnded() {
      await Promise.all(
        [...open].map(async (stream) => {
          if (!(await counts(stream))) stream.end();
        }),
      );
    },
    async close() {
      closed = true;
      for (const stream of open) stream.end();
      await watch?.close();
    },
  };
}

/** One connection: writes no faster than the client reads, and waits between two looks at the table. */
class Stream {
  readonly reader: Reader;
  /** Name of the token. */
  readonly caller: string;
  /** What its client proved; null = nothing is asked for. */
  readonly proof: Proof | null;
  /** Which events its client may see. */
  readonly sees: Sees;
  afterSeq: number;
  /** Whether there can be events that were not looked for. */
  news = true;
  /** When it was last looked, on the clock of the process. */
  lookedAt = Number.NEGATIVE_INFINITY;
  progressAt = 0;
  lastProgress = '';
  /** The work has ended and its last progress was sent. */
  settled = false;
  lastSentAt: number;
  readonly #owner: string | null;
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
    this.sees = of.sees;
    this.#raw = raw;
    this.#owner = Object.values(about ?? {})[0] ?? null;
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

  isAbout(owner: string): boolean {
    return this.#owner === null || this.#owner === owner;
  }

  look(): void {
    this.news = true;
    this.wake();
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

function eventText(event: StoredEvent): string {
  return `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
