/** A handle by which an event can be taken back. */
export interface Scheduled {
  readonly at: number;
  cancelled: boolean;
}

interface Entry extends Scheduled {
  readonly order: number;
  readonly run: () => void;
}

/** Events in virtual time: nothing happens unless somebody calls `advanceTo`. Equal times run in order of scheduling. */
export interface Clock {
  /** Milliseconds since the epoch, virtual. */
  now(): number;
  /** Runs `run` at `at`, or at the next advance if that is past. */
  at(at: number, run: () => void): Scheduled;
  after(delayMs: number, run: () => void): Scheduled;
  /** When the next event is due; null = none. */
  nextAt(): number | null;
  /** Runs all that is due up to `target` and sets the time to it. Never goes back; does nothing inside an event. */
  advanceTo(target: number): void;
  /** `listener` is called whenever something is scheduled before all that was due until then. */
  onEarlier(listener: () => void): void;
}

const before = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

export function createClock(start: number): Clock {
  const heap: Entry[] = [];
  let now = start;
  let orders = 0;
  let advancing = false;
  const earlierListeners: (() => void)[] = [];

  const push = (entry: Entry): void => {
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (before(heap[parent]!, entry)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = entry;
    if (index === 0 && !advancing) for (const listener of earlierListeners) listener();
  };

  const pop = (): void => {
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (before(last, heap[child]!)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
  };

  const dropCancelled = (): void => {
    while (heap.length > 0 && heap[0]!.cancelled) pop();
  };

  const at = (time: number, run: () => void): Scheduled => {
    const entry: Entry = { at: Math.max(time, now), order: orders++, run, cancelled: false };
    push(entry);
    return entry;
  };

  return {
    now: () => now,
    at,
    after: (delayMs, run) => at(now + delayMs, run),
    nextAt() {
      dropCancelled();
      return heap[0]?.at ?? null;
    },
    advanceTo(target) {
      if (advancing) return;
      advancing = true;
      try {
        for (;;) {
          dropCancelled();
          const next = heap[0];
          if (next === undefined || next.at > target) break;
          pop();
          now = next.at;
          next.run();
        }
        now = Math.max(now, target);
      } finally {
        advancing = false;
      }
    },
    onEarlier: (listener) => void earlierListeners.push(listener),
  };
}
