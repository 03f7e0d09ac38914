import type { Doorbell } from '../queue/doorbell.ts';

export interface ReconcilerOptions {
  /** The store of what the doorbell rings for: expansions or comparisons. */
  readonly store: { due(limit: number): Promise<readonly string[]> };
  readonly doorbell: Pick<Doorbell, 'ring'>;
  /** Time between two looks. */
  readonly intervalMs: number;
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
 * crash, or between two steps. Any number of processes may run one; a ring too many finds the lease taken.
 */
export function startReconciler(options: ReconcilerOptions): Reconciler {
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();

  const next = () => {
    if (closed) return;
    timer = setTimeout(() => {
      looking = look(options, isClosed).then(next);
    }, options.intervalMs);
  };
  const isClosed = () => closed;
  looking = look(options, isClosed).then(next);

  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await looking;
    },
  };
}

async function look(
  { store, doorbell, onTrouble }: ReconcilerOptions,
  isClosed: () => boolean,
): Promise<void> {
  try {
    const ids = [...(await store.due(perLook))];
    const ringSome = async () => {
      for (let id = ids.shift(); id !== undefined && !isClosed(); id = ids.shift()) await doorbell.ring(id);
    };
    await Promise.all(Array.from({ length: ringsAtOnce }, ringSome));
  } catch (error) {
    onTrouble?.(error instanceof Error ? error : new Error(String(error)));
  }
}
