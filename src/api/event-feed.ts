import type { EventOwner, StoredEvent } from '../model/views/event.ts';
import { type Rounds, seldomMs, startRounds } from '../platform/rounds.ts';
import { sleep } from '../platform/sleep.ts';
import type { Store } from '../store/store.ts';

/** Whose events; null = everybody's. */
export type About = Readonly<Partial<Record<EventOwner, string>>> | null;

/** Who is given new events. */
export interface Follower {
  readonly about: About;
  /** New events, in their order, each once. Those of before the feed was ready are not among them. */
  take(events: readonly StoredEvent[]): void;
  /** From now on no new event passes it by. */
  ready(): void;
  /** The database could not be asked; it is asked again. */
  trouble(error: unknown): void;
}

export interface Feeds {
  /** Whether the follower is given every new event by now. */
  isReady(follower: Follower): boolean;
  join(follower: Follower): void;
  leave(follower: Follower): void;
  close(): Promise<void>;
}

const pageSize = 500;
/** News that come together are read together. */
const togetherMs = 10;
const retryMs = 2000;

/**
 * New events, read once for all who follow the same, as soon as somebody tells of them. Where news got lost, the events come when
 * the next ones are told of, and at the latest after `lookEveryMs`.
 */
export function createFeeds(store: Store, lookEveryMs = seldomMs): Feeds {
  const feeds = new Map<string, Feed>();
  let started: { close(): Promise<unknown> } | null = null;

  function start(): { close(): Promise<unknown> } {
    let last: number | null = null;
    const looks = startRounds({
      async turn() {
        const seq = await store.lastSeq();
        if (last !== null && seq !== last) for (const feed of feeds.values()) feed.look();
        last = seq;
        return lookEveryMs;
      },
      pauseMs: 0,
      atMostMs: lookEveryMs,
      retryMs,
      sleep,
      failed: (error) => {
        for (const feed of feeds.values()) feed.trouble(error);
      },
    });
    const watch = store.watchEvents((owner) => {
      for (const feed of feeds.values()) if (owner === null || feed.isAbout(owner)) feed.look();
    });
    return { close: () => Promise.all([watch.close(), looks.close()]) };
  }

  const keyOf = ({ about }: Follower): string => JSON.stringify(about);
  return {
    isReady: (follower) => feeds.get(keyOf(follower))?.isReady ?? false,
    join(follower) {
      started ??= start();
      const key = keyOf(follower);
      const feed = feeds.get(key) ?? new Feed(store, follower.about);
      feeds.set(key, feed);
      feed.followers.add(follower);
    },
    leave(follower) {
      const key = keyOf(follower);
      const feed = feeds.get(key);
      feed?.followers.delete(follower);
      if (feed?.followers.size !== 0) return;
      feeds.delete(key);
      void feed.close();
    },
    async close() {
      await Promise.all([started?.close(), ...[...feeds.values()].map((feed) => feed.close())]);
    },
  };
}

/** The new events of one thing, or of all. */
class Feed {
  readonly followers = new Set<Follower>();
  readonly #store: Store;
  readonly #about: About;
  readonly #owner: string | null;
  readonly #rounds: Rounds;
  /** Up to where it has read; null = it is not known yet where new events begin. */
  #position: number | null = null;

  constructor(store: Store, about: About) {
    this.#store = store;
    this.#about = about;
    this.#owner = Object.values(about ?? {})[0] ?? null;
    this.#rounds = startRounds({
      turn: () => this.#read(),
      pauseMs: togetherMs,
      atMostMs: Number.POSITIVE_INFINITY,
      retryMs,
      sleep,
      failed: (error) => this.trouble(error),
    });
  }

  get isReady(): boolean {
    return this.#position !== null;
  }

  isAbout(owner: string): boolean {
    return this.#owner === null || this.#owner === owner;
  }

  look(): void {
    this.#rounds.wake();
  }

  trouble(error: unknown): void {
    for (const follower of this.followers) follower.trouble(error);
  }

  close(): Promise<void> {
    return this.#rounds.close();
  }

  async #read(): Promise<number> {
    if (this.#position === null) {
      this.#position = await this.#store.lastSeq();
      for (const follower of this.followers) follower.ready();
      return Number.POSITIVE_INFINITY;
    }
    const events = await this.#store.events({
      ...this.#about,
      afterSeq: this.#position,
      limit: pageSize,
    });
    this.#position = events.at(-1)?.seq ?? this.#position;
    if (events.length > 0) for (const follower of this.followers) follower.take(events);
    return events.length < pageSize ? Number.POSITIVE_INFINITY : 0;
  }
}
