import { setMaxListeners } from 'node:events';
import {
  DelayedError,
  type IQueueBackend,
  type Job,
  type JobProgress,
  UnrecoverableError,
  Worker,
} from 'bullmq';
import { closeWorker } from './close.ts';
import type { BullmqConnection } from './connection.ts';
import { type EntranceParts, HandedOverError, JobFailedError, seeThrough } from './expansion-job.ts';
import { workerReady } from './in-time.ts';
import { type ExpansionJobProgress, type ExpansionJobResult, expansionQueueName } from './producer.ts';

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

export interface EntranceTimes {
  /** A job whose worker died is found after this time and one or two checks. */
  readonly lockMs: number;
  readonly checkMs: number;
}

const defaultTimes: EntranceTimes = { lockMs: 15_000, checkMs: 10_000 };
/** For jobs whose producer says nothing about it. */
const keptAfterEnd = { age: 7 * 86_400, count: 10_000 };
/** A job may outlive any number of crashes: the database knows whether it has ended. */
const maxCrashes = 1_000_000;

/**
 * Takes jobs from the queue `expansions`. A job stays active while its expansion goes on, rather than going back
 * to the delayed ones between two looks: BullMQ 6.7 on PostgreSQL can then report a delayed job as completed
 * when several workers share the queue (taskforcesh/bullmq issue 4814).
 */
export function openQueueEntrance(
  backend: BullmqConnection,
  parts: EntranceParts,
  { lockMs, checkMs }: EntranceTimes = defaultTimes,
): QueueEntrance {
  const closing = new AbortController();
  // Every waiting job listens to it.
  setMaxListeners(0, closing.signal);
  const options = {
    connection: backend.connection,
    concurrency: maxJobsAtOnce,
    lockDuration: lockMs,
    stalledInterval: checkMs,
    maxStalledCount: maxCrashes,
    ...backend.asking,
    removeOnComplete: keptAfterEnd,
    removeOnFail: keptAfterEnd,
  };
  const process = (job: Job) => workOn(job, parts, closing.signal);
  const worker: Worker<unknown, ExpansionJobResult, string, IQueueBackend, JobProgress, unknown> = new Worker(
    expansionQueueName,
    process,
    options,
    backend.factory,
  );
  worker.on('error', (error) => parts.onTrouble('-', error));
  return {
    ready: () => workerReady(worker, `the queue ${expansionQueueName}`),
    close: async () => {
      closing.abort();
      await closeWorker(worker, backend);
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
