/** What is worked on when a bell rings. */
export type KindName = 'expansion' | 'comparison' | 'campaign' | 'audit' | 'guard' | 'hold' | 'replacement';

/**
 * Wake-ups for workers. Never the truth: the reconciler puts a lost wake-up back, and a doubled wake-up finds the lease
 * taken. This folder is the only place that knows BullMQ.
 */
export interface Doorbell {
  /** Asks for a worker to look at it, after `delayMs`. Rings for the same id are merged. */
  ring(id: string, delayMs?: number): Promise<void>;
  /** For what is due and nobody works on: rings also where a wake-up is with a worker, which may be dead. */
  ringAgain(id: string): Promise<void>;
  ping(): Promise<void>;
  /** How many processes answer it now. */
  workers(): Promise<number>;
  close(): Promise<void>;
}

export interface DoorbellWorker {
  /** Resolves when wake-ups are being taken. Throws QueueUnavailableError when none ever will be. */
  ready(): Promise<void>;
  /** Stops taking new wake-ups; resolves when the running handlers have returned. */
  close(): Promise<void>;
}

/** How much this process works on at the same time. */
export interface Room {
  /** Whether one more may begin beside so many, which it then does. Where it may not, it is asked again a moment later. */
  take(working: number): boolean;
}

/** @param more how many may be worked on beside them just now */
export const upTo = (most: number, more: () => number = () => 0): Room => ({
  take: (working) => working < most + more(),
});

/** Answers wake-ups. */
export interface DoorbellAnswerer extends DoorbellWorker {
  /**
   * As `Doorbell.ring`; but where this process has room for it, and no other wake-up waits for that room, it works on it at once,
   * and no other process hears of it.
   */
  ring(id: string, delayMs?: number): Promise<void>;
  /** Whether a wake-up waits for room here. */
  isFull(): boolean;
  /** Works on it now, whatever room there is, unless this process does already. */
  takeOver(id: string): void;
}

/**
 * Called for a wake-up. Resolves with the milliseconds after which to be called again, or null when there is
 * nothing to do until the next ring.
 */
export type WakeUpHandler = (id: string, signal: AbortSignal) => Promise<number | null>;

/** A worker and what runs beside it, closed together. */
export function alongside<T extends DoorbellWorker>(worker: T, beside: { close(): Promise<void> }): T {
  return {
    ...worker,
    async close() {
      await Promise.all([worker.close(), beside.close()]);
    },
  };
}
