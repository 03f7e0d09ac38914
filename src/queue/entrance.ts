import {
  type BackendFactory,
  DelayedError,
  type IQueueBackend,
  type Job,
  UnrecoverableError,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import { type EntranceParts, HandedOverError, JobFailedError, seeThrough } from './expansion-job.ts';
import { type ExpansionJobProgress, type ExpansionJobResult, expansionQueueName } from './producer.ts';

/** Where the queue is: as handed to BullMQ's classes. Blocking reads need `maxRetriesPerRequest: null` on Redis. */
export interface EntranceBackend {
  // biome-ignore-start lint/suspicious/noExplicitAny: each of BullMQ's backends has its own type of connection.
  readonly connection: any;
  /** Absent = Redis. */
  readonly factory?: BackendFactory<IQueueBackend, any>;
  // biome-ignore-end lint/suspicious/noExplicitAny: see above.
}

export interface QueueEntrance {
  /** Resolves when jobs are being taken. */
  ready(): Promise<void>;
  /** Hands running jobs over: another worker finds them within half a minute. */
  close(): Promise<void>;
}

/**
 * Jobs wait in this process until their expansion has ended; one is only a promise and a query per second.
 */
const maxJobsAtOnce = 1000;
/** A job whose worker died is found after the lock's time and one more check. */
const lockMs = 15_000;
const stalledCheckMs = 5000;
/** A job may outlive any number of crashes: whether it is over stands in the database. */
const maxCrashes = 1_000_000;

/**
 * Takes jobs from the queue `expansions`. A job stays active while its expansion goes on, rather than going back
 * to the delayed ones between two looks: BullMQ 6.7 on PostgreSQL can then report a delayed job as completed
 * when several workers share the queue (taskforcesh/bullmq issue 4814).
 */
export function openQueueEntrance(backend: EntranceBackend, parts: EntranceParts): QueueEntrance {
  const closing = new AbortController();
  const options: WorkerOptions = {
    connection: backend.connection,
    concurrency: maxJobsAtOnce,
    lockDuration: lockMs,
    stalledInterval: stalledCheckMs,
    maxStalledCount: maxCrashes,
  };
  const process = (job: Job) => workOn(job, parts, closing.signal);
  const worker = backend.factory
    ? new Worker(expansionQueueName, process, options, backend.factory)
    : new Worker(expansionQueueName, process, options);
  worker.on('error', (error) => parts.onTrouble('-', error));
  return {
    ready: async () => {
      await worker.waitUntilReady();
    },
    close: async () => {
      closing.abort();
      await worker.close();
    },
  };
}

async function workOn(job: Job, parts: EntranceParts, closing: AbortSignal): Promise<ExpansionJobResult> {
  const { id = '', data, timestamp } = job;
  const updateProgress = (progress: ExpansionJobProgress) => job.updateProgress(progress);
  try {
    return await seeThrough({ id, data, timestamp, updateProgress }, parts, closing);
  } catch (error) {
    if (error instanceof JobFailedError) throw new UnrecoverableError(error.message);
    // Thrown without moving the job, this leaves it active: its lock runs out and another worker takes it.
    if (error instanceof HandedOverError) throw new DelayedError();
    throw error;
  }
}
