import { type IQueueBackend, RedisQueueBackend } from 'bullmq';
import type { BullmqConnection } from './connection.ts';
import { inTime } from './in-time.ts';

/** A connection that is being made for longer has no server. */
const connectedWithinMs = 1_000;

/**
 * Closes a worker of BullMQ. BullMQ 6.7 would wait for ever for the end of its blocked connection while that has no socket, because it
 * waits for an event that does not come then: such a worker is cut off, and the jobs that could not be marked as done come again. Where
 * the connection is lost right after it was looked at, the wait is not prevented.
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
  try {
    const tooLate = () => new Error('it is still being made');
    const { status } = await inTime(backend.blockingConnection.client, connectedWithinMs, tooLate);
    return status !== 'ready';
  } catch {
    return true;
  }
}

/** Closes a queue of BullMQ; one whose Redis does not answer is cut off, or its goodbye would wait for a reply. */
export async function closeQueue(
  queue: { readonly backend: { close(force?: boolean): Promise<void> } },
  backend: Pick<BullmqConnection, 'answers'>,
): Promise<void> {
  await queue.backend.close(!(await backend.answers()));
}
