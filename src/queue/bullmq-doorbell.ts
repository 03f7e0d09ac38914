import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
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
import {
  type Doorbell,
  type DoorbellAnswerer,
  type KindName,
  type Room,
  upTo,
  type WakeUpHandler,
} from './doorbell.ts';
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
  /** How much is worked on at the same time in this process. */
  readonly room?: Room;
  /** After how long without a sign of life another worker takes over a wake-up that nobody has begun to work on. */
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
const defaultRoom = upTo(256);
/** A wake-up that finds no room goes back to the queue after this time, where a worker with room may find it. */
const roomWithinMs = 1_000;
const askRoomEveryMs = 50;
/** Where the queue does not say so, a wake-up that was answered is taken to have left it. */
const goneWithinMs = 2_000;
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
 * The wake-up leaves the queue when its handler is called, so that the next one can come. What the handler's process does not
 * finish, because it dies, the reconciler finds. A handler that wants to be called again gets a new wake-up with that delay after
 * the old one has gone, rather than having the old one moved back: BullMQ 6.7 on PostgreSQL can take such a move for the end of
 * the job when several workers share the queue (taskforcesh/bullmq issue 4814).
 */
export function startDoorbellWorker(
  backend: QueueBackend,
  doorbell: Pick<Doorbell, 'ring'>,
  handler: WakeUpHandler,
  options: DoorbellWorkerOptions = {},
): DoorbellAnswerer {
  const closing = new AbortController();
  const { signal } = closing;
  // Every handler that runs listens to it, and there are as many as there is room for.
  setMaxListeners(0, signal);
  const trouble = (error: unknown) =>
    options.onTrouble?.(error instanceof Error ? error : new Error(String(error)));
  const name = options.name ?? 'expansion-wake-ups';
  const lockMs = options.lockMs ?? defaultLockMs;
  const room = options.room ?? defaultRoom;
  const workerOptions: WorkerOptions<unknown> = {
    connection: backend.forWorkers.connection,
    // One after the other: whoever waits for room keeps no second wake-up from others.
    concurrency: 1,
    lockDuration: lockMs,
    stalledInterval: Math.max(500, lockMs * locksPerLook),
    ...backend.forWorkers.asking,
    maxStalledCount: maxCrashes,
    runRetryDelay: askAgainAfterMs,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  };

  /** By id, what is worked on, and whether a ring came meanwhile. */
  const working = new Map<string, { rung: boolean; readonly done: Promise<void> }>();
  const call = async (id: string): Promise<number | null> => {
    try {
      return await handler(id, signal);
    } catch (error) {
      trouble(error);
      return retryAfterMs;
    }
  };
  const begin = (id: string, gone: Promise<void>): void => {
    const work = async (): Promise<void> => {
      const again = await call(id);
      // A ring that finds the old wake-up in the queue is merged with it.
      await Promise.race([gone, delay(goneWithinMs, undefined, { ref: false })]);
      const { rung } = working.get(id)!;
      working.delete(id);
      if (rung || again !== null) await doorbell.ring(id, rung ? 0 : again!).catch(trouble);
    };
    // In the next turn, when it is known under its id.
    working.set(id, { rung: false, done: Promise.resolve().then(work) });
  };
  let waitsForRoom = false;
  const roomCame = async (): Promise<boolean> => {
    const until = performance.now() + roomWithinMs;
    waitsForRoom = true;
    try {
      while (!signal.aborted && performance.now() < until) {
        if (room.take(working.size)) return true;
        await delay(askRoomEveryMs, undefined, { signal }).catch(() => undefined);
      }
      return false;
    } finally {
      waitsForRoom = false;
    }
  };
  /** Whether it is worked on here, which then goes on to what the ring was for. */
  const joins = (id: string): boolean => {
    const known = working.get(id);
    if (known) known.rung = true;
    return known !== undefined;
  };
  const beginsHere = (id: string): boolean => {
    if (waitsForRoom || signal.aborted || !room.take(working.size)) return false;
    begin(id, Promise.resolve());
    return true;
  };

  /** What to do when the wake-up has left the queue. */
  const onGone = new Map<string, () => void>();
  const handle = async ({ id: jobId, data: { id } }: Job<WakeUp>): Promise<number | null> => {
    if (joins(id)) return null;
    if (!(await roomCame())) return 0;
    // It may have been taken over meanwhile.
    if (joins(id)) return null;
    begin(id, new Promise((resolve) => onGone.set(jobId!, resolve)));
    return null;
  };
  const { factory } = backend.forWorkers;
  const worker: WakeUpWorker = new Worker(name, handle, workerOptions, factory);
  worker.on('error', trouble);

  const ringing = new Set<Promise<void>>();
  worker.on('completed', ({ id: jobId, data }, againInMs) => {
    onGone.get(jobId!)?.();
    onGone.delete(jobId!);
    if (againInMs === null) return;
    const rung = doorbell
      .ring(data.id, againInMs)
      .catch(trouble)
      .finally(() => ringing.delete(rung));
    ringing.add(rung);
  });

  return {
    ready: () => workerReady(worker, `the queue ${name} on ${backend.kind}`),
    async ring(id, delayMs = 0) {
      if (delayMs > 0 || !(joins(id) || beginsHere(id))) await doorbell.ring(id, delayMs);
    },
    isFull: () => waitsForRoom,
    takeOver(id) {
      if (!signal.aborted && !working.has(id)) begin(id, Promise.resolve());
    },
    async close() {
      closing.abort();
      await closeWorker(worker, backend.forWorkers);
      for (const gone of onGone.values()) gone();
      await Promise.all([...working.values()].map(({ done }) => done));
      await Promise.all(ringing);
    },
  };
}
