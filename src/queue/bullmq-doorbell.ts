import { setMaxListeners } from 'node:events';
import {
  ErrorCode,
  type IQueueBackend,
  type Job,
  type JobProgress,
  Queue,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import { closeQueue, closeWorker } from './close.ts';
import type { QueueBackend } from './connection.ts';
import type { Doorbell, DoorbellWorker, KindName, WakeUpHandler } from './doorbell.ts';
import { withinTime, workerReady } from './in-time.ts';

/** The doorbells there are: each has its own queue, and workers that answer it. */
type DoorbellName = `${KindName}-wake-ups`;

export interface DoorbellOptions {
  readonly name?: DoorbellName;
  /** Called with errors in the background, which need no action. */
  readonly onTrouble?: (error: Error) => void;
  /** How long a ring may take before it is given up. */
  readonly replyWithinMs?: number;
}

export interface DoorbellWorkerOptions extends DoorbellOptions {
  /** Wake-ups handled at the same time in this process. */
  readonly concurrency?: number;
  /** After how long without a sign of life another worker takes over a wake-up. */
  readonly lockMs?: number;
}

interface WakeUp {
  readonly id: string;
}

type WakeUpQueue = Queue<
  WakeUp,
  number | null,
  string,
  WakeUp,
  number | null,
  string,
  IQueueBackend,
  unknown
>;
type WakeUpWorker = Worker<WakeUp, number | null, string, IQueueBackend, JobProgress, unknown>;

const defaultReplyWithinMs = 3_000;
const defaultConcurrency = 256;
const defaultLockMs = 10_000;
/** Wake-ups of dead workers are looked for once in so many locks: the reconciler rings for them before (`ringAgain`). */
const locksPerLook = 3;
/** A handler that threw is called again after this time. */
const retryAfterMs = 2_000;
/** A wake-up may outlive any number of crashes: the database knows whether there is work. */
const maxCrashes = 1_000_000;
/** After how long BullMQ asks again when the server was away. */
const askAgainAfterMs = 1_000;
/** Nobody reads the queue's own events; the history of an expansion is in the store. */
const eventsKept = 100;

/** Rings through BullMQ. There is at most one wake-up per id in the queue. */
export function openDoorbell(backend: QueueBackend, options: DoorbellOptions = {}): Doorbell {
  const name = options.name ?? 'expansion-wake-ups';
  const { connection, factory } = backend.forProducers;
  const queueOptions = {
    connection,
    streams: { events: { maxLen: eventsKept } },
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
  };
  const queue: WakeUpQueue = new Queue(name, queueOptions, factory);
  queue.on('error', (error) => options.onTrouble?.(error));
  const replyWithinMs = options.replyWithinMs ?? defaultReplyWithinMs;
  const inTime = <T>(work: Promise<T>) =>
    withinTime(work, replyWithinMs, `the queue ${name} on ${backend.kind}`);

  return {
    ring: (id, delayMs = 0) => inTime(ring(queue, id, delayMs)),
    ringAgain: (id) => inTime(ringAgain(queue, id)),
    async ping() {
      await inTime(queue.getWaitingCount());
    },
    workers: () => inTime(queue.getWorkersCount()),
    close: () => closeQueue(queue, backend.forProducers),
  };
}

/**
 * Adds a wake-up. If a wake-up is there already and the new wake-up is due at once, the present wake-up moves forward. A
 * wake-up whose handler is running stays as it is, because the handler sees the store.
 */
async function ring(queue: WakeUpQueue, id: string, delayMs: number, jobId = jobIdOf(id)): Promise<void> {
  const wakeUp: WakeUp = { id };
  const add = () => queue.add('wake-up', wakeUp, { jobId, delay: Math.max(0, Math.round(delayMs)) });
  await add();
  if (delayMs > 0) return;
  const state = await queue.getJobState(jobId);
  if (state === 'delayed') await bringForward(queue, jobId);
  if (state !== 'completed' && state !== 'failed') return;
  // Left over, against the rules of removal; it would keep every later wake-up of this id out.
  await queue.remove(jobId);
  await add();
}

/**
 * The wake-up of a dead worker counts as running until BullMQ looks for such wake-ups. A second one beside it does not
 * wait for that; where the first is alive after all, one of them finds the lease taken.
 */
async function ringAgain(queue: WakeUpQueue, id: string): Promise<void> {
  await ring(queue, id, 0);
  const isRunning = (await queue.getJobState(jobIdOf(id))) === 'active';
  if (isRunning) await ring(queue, id, 0, `again-${jobIdOf(id)}`);
}

async function bringForward(queue: WakeUpQueue, jobId: string): Promise<void> {
  const job = await queue.getJob(jobId);
  await job?.promote().catch((error: unknown) => {
    // Its time came, or another ring was quicker: the wake-up is on its way.
    const { code } = error as { code?: number };
    if (code !== ErrorCode.JobNotExist && code !== ErrorCode.JobNotInState) throw error;
  });
}

/** BullMQ takes no colon in an id, and no id of digits alone. */
function jobIdOf(id: string): string {
  return `for-${id.replaceAll(':', '_')}`;
}

/**
 * Calls `handler` for every wake-up, many at a time. Closing aborts the handlers' signals and waits for them.
 *
 * A handler that wants to be called again gets a new wake-up with that delay after the old one has gone, rather than
 * having the old one moved back: BullMQ 6.7 on PostgreSQL can take such a move for the end of the job when several
 * workers share the queue (taskforcesh/bullmq issue 4814). What is lost between the two steps the reconciler finds.
 */
export function startDoorbellWorker(
  backend: QueueBackend,
  doorbell: Pick<Doorbell, 'ring'>,
  handler: WakeUpHandler,
  options: DoorbellWorkerOptions = {},
): DoorbellWorker {
  const closing = new AbortController();
  // Every handler that runs listens to it, and there are as many as `concurrency` allows.
  setMaxListeners(0, closing.signal);
  const trouble = (error: unknown) =>
    options.onTrouble?.(error instanceof Error ? error : new Error(String(error)));
  const name = options.name ?? 'expansion-wake-ups';
  const lockMs = options.lockMs ?? defaultLockMs;
  const workerOptions: WorkerOptions<unknown> = {
    connection: backend.forWorkers.connection,
    concurrency: options.concurrency ?? defaultConcurrency,
    lockDuration: lockMs,
    stalledInterval: Math.max(500, lockMs * locksPerLook),
    ...backend.forWorkers.asking,
    maxStalledCount: maxCrashes,
    runRetryDelay: askAgainAfterMs,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  };

  const running = new Set<Promise<number | null>>();
  const call = async (id: string): Promise<number | null> => {
    if (closing.signal.aborted) return 0;
    try {
      return await handler(id, closing.signal);
    } catch (error) {
      trouble(error);
      return retryAfterMs;
    }
  };
  const handle = (job: Job<WakeUp>): Promise<number | null> => {
    const called = call(job.data.id).finally(() => running.delete(called));
    running.add(called);
    return called;
  };
  const { factory } = backend.forWorkers;
  const worker: WakeUpWorker = new Worker(name, handle, workerOptions, factory);
  worker.on('error', trouble);

  const ringing = new Set<Promise<void>>();
  worker.on('completed', ({ data }, againInMs) => {
    if (againInMs === null) return;
    const rung = doorbell
      .ring(data.id, againInMs)
      .catch(trouble)
      .finally(() => ringing.delete(rung));
    ringing.add(rung);
  });

  return {
    ready: () => workerReady(worker, `the queue ${name} on ${backend.kind}`),
    async close() {
      closing.abort();
      await Promise.all(running);
      await closeWorker(worker, backend.forWorkers);
      await Promise.all(ringing);
    },
  };
}
