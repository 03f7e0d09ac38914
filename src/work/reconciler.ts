import { type Rounds, seldomMs, startRounds } from '../platform/rounds.ts';
import { sleep } from '../platform/sleep.ts';
import type { Doorbell } from '../queue/doorbell.ts';
import type { LeasedStore } from '../store/leases.ts';

export interface ReconcilerOptions {
  /** The store of what the doorbell rings for: expansions or comparisons. */
  readonly store: Pick<LeasedStore, 'due' | 'dueInMs'>;
  readonly doorbell: Pick<Doorbell, 'ring'>;
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

/**
 * Rings again for everything that is due and that nobody works on: wake-ups that were lost with the queue, in a
 * crash, or between two steps. It looks when the first thing is due. Any number of processes may run one; a ring too many finds
 * the lease taken.
 */
export function startReconciler(options: ReconcilerOptions): Reconciler {
  const { intervalMs, onTrouble } = options;
  const rounds: Rounds = startRounds({
    turn: (signal) => look(options, signal),
    pauseMs: intervalMs,
    retryMs: intervalMs,
    atMostMs: options.seldomMs ?? seldomMs,
    sleep,
    failed: (error) => onTrouble?.(error instanceof Error ? error : new Error(String(error))),
  });
  // Whoever made it due rings for it, too.
  const watch = options.watch?.(() => rounds.wake(intervalMs));
  return {
    async close() {
      await Promise.all([watch?.close(), rounds.close()]);
    },
  };
}

async function look(
  { store, doorbell, intervalMs }: ReconcilerOptions,
  signal: AbortSignal,
): Promise<number> {
  const inMs = await store.dueInMs();
  if (inMs > 0) return inMs + intervalMs;
  const ids = [...(await store.due(perLook))];
  const ringSome = async () => {
    for (let id = ids.shift(); id !== undefined && !signal.aborted; id = ids.shift()) await doorbell.ring(id);
  };
  await Promise.all(Array.from({ length: ringsAtOnce }, ringSome));
  return 0;
}
