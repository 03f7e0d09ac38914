import type { Evidence } from '../model/evidence.ts';
import type { ExpansionState, JoinPhase } from '../model/expansion.ts';
import type { Finding } from '../model/finding.ts';
import type { Language, Said } from '../model/text.ts';

/** The BullMQ queue on which other programs ask for expansions. */
export const expansionQueueName = 'expansions';

/** What to hand to `Queue.add`: `queue.add(job.name, job.data, job.opts)`. */
export interface ExpansionJob<Request> {
  readonly name: 'expansion';
  readonly data: Request;
  readonly opts: {
    readonly jobId: string;
    readonly attempts: 1;
    readonly removeOnComplete: { readonly age: number };
    readonly removeOnFail: { readonly age: number };
  };
}

/** How far an expansion is: the progress of its job. */
export interface ExpansionJobProgress {
  readonly expansionId: string;
  readonly state: ExpansionState;
  /** Why it is in this state; its text is in English. */
  readonly stateReason: Said | null;
  /** Nothing happens until somebody acts (halted, awaiting approval, paused). */
  readonly needsPerson: boolean;
  /** Zero-based. */
  readonly currentBatch: number;
  readonly batchCount: number | null;
  readonly nodes: readonly {
    readonly node: string;
    readonly phase: JoinPhase;
    readonly receivedBytes: number | null;
    readonly snapshotBytes: number | null;
    readonly bytesPerSecond: number | null;
    readonly remainingSeconds: number | null;
  }[];
}

/** The return value of the job after the expansion succeeded; else a part of the job's failure. */
export interface ExpansionJobResult {
  readonly expansionId: string;
  readonly state: ExpansionState;
  readonly master: string;
  readonly label: string | null;
  /** Milliseconds since the epoch. */
  readonly acceptedAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly nodes: readonly {
    readonly node: string;
    readonly phase: JoinPhase;
    readonly attempts: number;
    readonly verdict: Evidence['verdict'] | null;
    readonly anomalies: readonly string[];
  }[];
}

/** A failure in one language. */
export interface JobFailureWords {
  readonly message: string;
  readonly next_steps: readonly string[];
  readonly findings?: readonly Finding[];
}

/** What a failed job's `failedReason` holds, as JSON, in English; the codes are those of the REST API. */
export interface ExpansionJobFailure extends JobFailureWords {
  readonly code: string;
  /** The place in the payload that is wrong. */
  readonly field?: string;
  /** Set where an expansion was accepted and did not succeed. */
  readonly result?: ExpansionJobResult;
  /** The same in the other languages. */
  readonly translations?: Readonly<Partial<Record<Language, JobFailureWords>>>;
}

const weekSeconds = 7 * 86_400;

/**
 * The job for a request. The key makes it happen once: a second job under the same key gets the same expansion.
 * Throws RangeError for a key that BullMQ does not take as a job id.
 */
export function makeExpansionJob<Request>(request: Request, idempotencyKey: string): ExpansionJob<Request> {
  if (!isJobId(idempotencyKey))
    throw new RangeError(
      `"${idempotencyKey}" cannot be a job id: give 1 to 128 characters, not only digits, and none of them a colon.`,
    );
  return {
    name: 'expansion',
    data: request,
    opts: {
      jobId: idempotencyKey,
      attempts: 1,
      removeOnComplete: { age: weekSeconds },
      removeOnFail: { age: weekSeconds },
    },
  };
}

const isJobId = (key: string): boolean => /^[^:]{1,128}$/.test(key) && !/^\d+$/.test(key);

/**
 * Reads a failed job's `failedReason`, in a language of the service; null when it did not come from this service (BullMQ's
 * own failures).
 */
export function parseJobFailure(
  failedReason: string | undefined,
  language: Language = 'en',
): ExpansionJobFailure | null {
  try {
    const failure = JSON.parse(failedReason ?? '') as ExpansionJobFailure | null;
    return typeof failure?.code === 'string' ? { ...failure, ...failure.translations?.[language] } : null;
  } catch {
    return null;
  }
}
