import { QueueUnavailableError } from './errors.ts';

/** Resolves or rejects as `work` does; rejects with `tooLate()` when it takes longer. The work itself goes on. */
export async function inTime<T>(work: Promise<T>, ms: number, tooLate: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate()), ms);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}

/** Resolves as `work` does; throws QueueUnavailableError when it fails or takes longer. `what` names the queue. */
export async function withinTime<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  try {
    const tooLate = () => new QueueUnavailableError(`${what} did not answer within ${ms} ms`);
    return await inTime(work, ms, tooLate);
  } catch (error) {
    if (error instanceof QueueUnavailableError) throw error;
    throw new QueueUnavailableError(`${what} cannot be reached: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

const readyWithinMs = 30_000;

/**
 * Resolves when a worker of BullMQ takes jobs. On PostgreSQL, BullMQ 6.7 remembers a first connection that failed and
 * never tries again: such a worker would stay idle for ever, so whoever starts one must look.
 */
export async function workerReady(
  worker: { waitUntilReady(): Promise<unknown> },
  what: string,
): Promise<void> {
  await withinTime(worker.waitUntilReady(), readyWithinMs, what);
}
