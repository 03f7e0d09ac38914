import type { StoredEvent } from '../../model/views/event.ts';

/**
 * The events of one expansion in the order of their numbers, each once, whatever is delivered twice.
 * Readers subscribe; `items` is replaced, never changed in place, so that it can be compared by identity.
 */
export class EventLog {
  items: readonly StoredEvent[] = [];
  #listeners = new Set<() => void>();

  get lastSeq(): number {
    return this.items.at(-1)?.seq ?? 0;
  }

  /** Adds what is new in `events` (rising seq) and returns just that. */
  add(events: readonly StoredEvent[]): readonly StoredEvent[] {
    let last = this.lastSeq;
    const fresh: StoredEvent[] = [];
    for (const event of events) {
      if (event.seq <= last) continue;
      fresh.push(event);
      last = event.seq;
    }
    if (fresh.length === 0) return fresh;
    this.items = [...this.items, ...fresh];
    for (const listener of this.#listeners) listener();
    return fresh;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = (): readonly StoredEvent[] => this.items;
}
