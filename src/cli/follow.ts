import type { EventSourceMessage } from 'eventsource-parser';
import { isEnded, needsPerson } from '../model/expansion.ts';
import type { StoredEvent } from '../model/views/event.ts';
import type { ExpansionView, JoinView, ProgressMessage } from '../model/views/expansion.ts';
import { type ApiClient, storedEventOf } from './client.ts';
import { passesAfterMs } from './errors.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';

/** The news for a watcher while an expansion goes on. */
export interface FollowListener {
  /** Every event of the history, in order, once each. */
  onEvent(event: StoredEvent): void;
  /** The expansion as it is now, whenever something about it changed. */
  onChange(expansion: ExpansionView): void;
  /** The connection is lost (what happened) or back (null). */
  onConnection(lost: string | null): void;
}

export interface FollowOptions {
  readonly afterSeq: number;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Go on while the expansion waits for a person. */
  readonly waitForPerson: boolean;
  /** How long it must have waited for a person until that counts: a control just given takes effect soon after. */
  readonly settleMs: number;
  /** Longest time between two looks at the expansion while the stream is silent. */
  readonly refreshMs: number;
  now(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** However many events come, and however often the state changes, it is not read more often. */
const leastPauseMs = 500;

/** How watching ended; `detached` says nothing about the expansion. */
export type FollowEnd =
  | { readonly kind: 'ended' | 'needs_person'; readonly expansion: ExpansionView }
  | { readonly kind: 'detached'; readonly expansion: ExpansionView };

/**
 * Watches an expansion until it has ended, waits for a person, or the signal is aborted. The stream says when to
 * look; what is reported is always read from the expansion itself. Throws CliError when the service refuses.
 */
export async function follow(
  client: ApiClient,
  id: string,
  listener: FollowListener,
  options: FollowOptions,
): Promise<FollowEnd> {
  const path = `/v1/expansions/${encodeURIComponent(id)}`;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const watcher = new Watcher(listener, options.afterSeq, await client.get<ExpansionView>(path));
  const reading = watcher.read(
    client.stream(`${path}/events`, { ...streamOptions(listener, options), signal }),
  );
  reading.catch(() => stop.abort());
  try {
    const end = await watcher.untilOver(() => client.get<ExpansionView>(path), options, signal);
    stop.abort();
    await reading;
    if (end === null) return { kind: 'detached', expansion: watcher.expansion };
    await watcher.catchUp(client, `${path}/events`, options.signal);
    return { kind: end, expansion: watcher.expansion };
  } finally {
    stop.abort();
  }
}

/** 0, 1 or 4 as the expansion stands. */
export function exitCodeOf(expansion: ExpansionView): ExitCode {
  if (expansion.state === 'succeeded') return exitCodes.succeeded;
  return needsPerson(expansion.state) ? exitCodes.needsPerson : exitCodes.failed;
}

function streamOptions(listener: FollowListener, options: FollowOptions) {
  return { after: options.afterSeq, onConnection: (lost: string | null) => listener.onConnection(lost) };
}

class Watcher {
  expansion: ExpansionView;
  readonly #listener: FollowListener;
  #lastSeq: number;
  #stale = false;
  #wake: () => void = () => {};

  constructor(listener: FollowListener, afterSeq: number, expansion: ExpansionView) {
    this.#listener = listener;
    this.#lastSeq = afterSeq;
    this.expansion = expansion;
    listener.onChange(expansion);
  }

  async read(messages: AsyncIterable<EventSourceMessage>): Promise<void> {
    for await (const message of messages) {
      const event = storedEventOf(message);
      if (event) this.#take(event);
      else if (message.event === 'progress') this.#merge(JSON.parse(message.data) as ProgressMessage);
    }
  }

  /** null = the signal was aborted. */
  async untilOver(
    look: () => Promise<ExpansionView>,
    options: FollowOptions,
    signal: AbortSignal,
  ): Promise<'ended' | 'needs_person' | null> {
    let waitingSince: number | null = null;
    let pauseMs = leastPauseMs;
    let lookedAt = options.now();
    while (!signal.aborted) {
      if (isEnded(this.expansion.state)) return 'ended';
      waitingSince = needsPerson(this.expansion.state) ? (waitingSince ?? options.now()) : null;
      const waitedMs = waitingSince === null ? 0 : options.now() - waitingSince;
      if (waitingSince !== null && waitedMs >= options.settleMs && !options.waitForPerson)
        return 'needs_person';
      const settles = waitingSince !== null && waitedMs < options.settleMs;
      const waitMs = settles ? Math.min(options.refreshMs, options.settleMs - waitedMs) : options.refreshMs;
      await this.#somethingNew(waitMs, options, signal);
      const restMs = Math.min(pauseMs, lookedAt + pauseMs - options.now());
      if (restMs > 0) await options.sleep(restMs, signal);
      if (signal.aborted) return null;
      pauseMs = Math.max(leastPauseMs, await this.#refresh(look));
      lookedAt = options.now();
    }
    return null;
  }

  /** Reads the events that the stream had not brought yet when the expansion was over. */
  async catchUp(client: ApiClient, path: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      const query = { after: this.#lastSeq, limit: 200 };
      const page = await client.getPatiently<{ items: StoredEvent[] }>(path, query, signal);
      if (page.items.length === 0) return;
      for (const event of page.items) this.#take(event);
    }
  }

  #take(event: StoredEvent): void {
    if (event.seq <= this.#lastSeq) return;
    this.#lastSeq = event.seq;
    this.#listener.onEvent(event);
    this.#lookSoon();
  }

  #lookSoon(): void {
    this.#stale = true;
    this.#wake();
  }

  #merge(message: ProgressMessage): void {
    const news = new Map(message.joins.map((join) => [join.node, join]));
    const joins = this.expansion.joins.map((join): JoinView => {
      const { node: _, ...changed } = news.get(join.target.name) ?? { node: '' };
      return { ...join, ...changed };
    });
    this.expansion = { ...this.expansion, joins };
    this.#listener.onChange(this.expansion);
    if (message.state !== this.expansion.state) this.#lookSoon();
  }

  async #somethingNew(timeoutMs: number, options: FollowOptions, signal: AbortSignal): Promise<void> {
    if (this.#stale) return;
    const timer = new AbortController();
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([woken, options.sleep(timeoutMs, AbortSignal.any([signal, timer.signal]))]);
    timer.abort();
  }

  /** Returns how long the service wants to be left alone. */
  async #refresh(look: () => Promise<ExpansionView>): Promise<number> {
    this.#stale = false;
    try {
      this.expansion = await look();
      this.#listener.onChange(this.expansion);
      return 0;
    } catch (error) {
      // The stream reports a lost connection and finds it again; only a refusal for good ends the watch.
      const againInMs = passesAfterMs(error);
      if (againInMs === null) throw error;
      return againInMs;
    }
  }
}
