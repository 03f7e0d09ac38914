import { type Rounds, seldomMs, startRounds } from '../platform/rounds.ts';
import { sleep } from '../platform/sleep.ts';
import type { Doorbell } from '../queue/doorbell.ts';
import type { LeasedStore } from '../store/leases.ts';

export interface ReconcilerOptions {
  /** The store of what the doorbell rings for: expansions or comparisons. */
  readonly store: Pick<LeasedStore, 'due' | 'dueInMs'>;
  readonly doorbell: Pick<Doorbell, 'ring'>;
  /** What a dead worker left in the middle of its work; absent = it waits in line like everything else. */
  readonly left?: {
    find(limit: number): Promise<readonly string[]>;
    takeOver(id: string): void;
  };
  /** Whether what was rung for waits for room in this process: then what is due waits in the same line, and is seldom rung for. */
  readonly isFull?: () => boolean;
  /** How long a wake-up has, before it is taken for lost; also the time between two looks. */
  readonly intervalMs: number;
  /** Between two looks where nothing is due; absent = seldom. */
  readonly seldomMs?: number;
  /** Calls `hear` where something may have become due, which was told so. */
  readonly watch?: (hear: () => void) => { close(): Promise<void> };
  /** Called when a look failed; the next look comes all the same. */
  readonly onTrouble?: (error: Error) => void;
}

export interface Reconciler {
  /** Stops; resolves when no look is under way any more. */
  close(): Promise<void>;
}

const perLook = 1000;
const ringsAtOnce = 16;
/** What was rung for and stays due waits in the queue, or its ring was lost: it is rung for again after 1, 2, 4 … 32, 32 … looks. */
const mostLooksBetweenRings = 32;
/** A ring that was lost while the process had no room is made up for after so many looks, or by a process that has room. */
const looksWhileFull = 8;

/**
 * Rings again for everything that is due and that nobody works on: wake-ups that were lost with the queue, in a
 * crash, or between two steps. It looks when the first thing is due. Any number of processes may run one; a ring too many finds
 * the lease taken.
 */
export function startReconciler(options: ReconcilerOptions): Reconciler {
  const { store, doorbell, left, isFull = () => false, intervalMs, onTrouble } = options;
  /** By id, what stays due: how many looks lie between its rings now, and how many are to go. */
  let rung = new Map<string, { readonly every: number; readonly inLooks: number }>();
  const rounds: Rounds = startRounds({
    turn: look,
    pauseMs: intervalMs,
    retryMs: intervalMs,
    atMostMs: options.seldomMs ?? seldomMs,
    sleep,
    failed: (error) => onTrouble?.(error instanceof Error ? error : new Error(String(error))),
  });
  // Whoever made it due rings for it, too.
  const watch = options.watch?.(() => rounds.wake(intervalMs));

  async function look(signal: AbortSignal): Promise<number> {
    const inMs = await store.dueInMs();
    if (inMs > 0) rung = new Map();
    if (inMs > 0) return inMs + intervalMs;
    const due = await store.due(perLook);
    const taken = new Set(left && due.length > 0 ? await left.find(perLook) : []);
    // In an order of its own: others take them over at the same time, and each gets a share.
    for (const id of shuffled([...taken])) if (!signal.aborted) left?.takeOver(id);
    await ring(
      due.filter((id) => !taken.has(id)),
      signal,
    );
    return 0;
  }

  async function ring(ids: readonly string[], signal: AbortSignal): Promise<void> {
    const first = isFull()
      ? { every: looksWhileFull, inLooks: looksWhileFull - 1 }
      : { every: 1, inLooks: 0 };
    const waits = new Map(ids.map((id) => [id, rung.get(id) ?? first]));
    const now = ids.filter((id) => waits.get(id)!.inLooks === 0);
    rung = new Map(
      [...waits].map(([id, { every, inLooks }]) => [
        id,
        inLooks > 0
          ? { every, inLooks: inLooks - 1 }
          : { every: Math.min(2 * every, mostLooksBetweenRings), inLooks: every - 1 },
      ]),
    );
    const ringSome = async () => {
      for (let id = now.shift(); id !== undefined && !signal.aborted; id = now.shift())
        await doorbell.ring(id);
    };
    await Promise.all(Array.from({ length: ringsAtOnce }, ringSome)).catch((error: unknown) => {
      // The queue is away, and may come back empty.
      rung = new Map();
      throw error;
    });
  }

  return {
    async close() {
      await Promise.all([watch?.close(), rounds.close()]);
    },
  };
}

const shuffled = (ids: readonly string[]): readonly string[] =>
  ids
    .map((id) => ({ id, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ id }) => id);
