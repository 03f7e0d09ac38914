import type { BullmqConnection } from './connection.ts';

/**
 * Closes a worker of BullMQ whose handlers have returned. With Redis away, BullMQ 6.7 would wait for ever for its
 * blocked connection to end (it waits for an event that a connection without a socket does not send); it is cut off
 * then, and the jobs that could not be marked as done come again.
 */
export async function closeWorker(
  worker: { close(force?: boolean): Promise<void> },
  backend: Pick<BullmqConnection, 'answers'>,
): Promise<void> {
  await worker.close(!(await backend.answers()));
}

/** Closes a queue of BullMQ; one whose Redis does not answer is cut off, or its goodbye would wait for a reply. */
export async function closeQueue(
  queue: { readonly backend: { close(force?: boolean): Promise<void> } },
  backend: Pick<BullmqConnection, 'answers'>,
): Promise<void> {
  await queue.backend.close(!(await backend.answers()));
}
