import { type IQueueBackend, RedisQueueBackend } from 'bullmq';
import type { BullmqConnection } from './connection.ts';

/**
 * Closes a worker of BullMQ whose handlers have returned. BullMQ 6.7 would wait for ever for the end of its blocked connection while
 * that has no socket, because it waits for an event that does not come then: such a worker is cut off, and the jobs that could not be
 * marked as done come again.
 */
export async function closeWorker(
  worker: { readonly backend: IQueueBackend; close(force?: boolean): Promise<void> },
  backend: Pick<BullmqConnection, 'answers'>,
): Promise<void> {
  const cutOff = !(await backend.answers()) || (await hasLostRedis(worker.backend));
  await worker.close(cutOff);
}

/** Whether its blocked connection has not come back yet, though Redis answers others. */
async function hasLostRedis(backend: IQueueBackend): Promise<boolean> {
  if (!(backend instanceof RedisQueueBackend) || backend.blockingConnection === undefined) return false;
  const { status } = await backend.blockingConnection.client;
  return status !== 'ready';
}

/** Closes a queue of BullMQ; one whose Redis does not answer is cut off, or its goodbye would wait for a reply. */
export async function closeQueue(
  queue: { readonly backend: { close(force?: boolean): Promise<void> } },
  backend: Pick<BullmqConnection, 'answers'>,
): Promise<void> {
  await queue.backend.close(!(await backend.answers()));
}
