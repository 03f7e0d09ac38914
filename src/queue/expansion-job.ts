import { type Expansion, isEnded, needsPerson } from '../model/expansion.ts';
import { makeProblem, problemFor } from '../model/problems.ts';
import { Refusal, refuse, refuseField } from '../model/refusal.ts';
import { refusedFinding } from '../model/refusals.ts';
import { anyControl, languages, nobody, type Reader } from '../model/text.ts';
import type { AtCrashPoint } from '../platform/crash-points.ts';
import type {
  ExpansionJobFailure,
  ExpansionJobProgress,
  ExpansionJobResult,
  JobFailureWords,
} from './producer.ts';

/** What the queue needs of the service: the same rules as every other entrance, and the database's truth. */
export interface EntranceParts {
  /** Checks who sent a job and what it asks for, and stores the expansion; the same key gives the same expansion. Throws Refusal. */
  expand(data: unknown, jobId: string, idempotencyKey: string): Promise<{ readonly expansion: Expansion }>;
  get(expansionId: string): Promise<Expansion | null>;
  /** Resolves after `ms`, or at once when the signal is aborted; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Called with an error on the way; the job is tried again. */
  onTrouble(jobId: string, error: unknown): void;
  /** Called after each durable step. Tests use it to kill the process. */
  readonly crashPoint?: AtCrashPoint;
}

/** A job as this module sees it. */
export interface EntranceJob {
  readonly id: string;
  readonly data: unknown;
  /** When it was added, milliseconds since the epoch. */
  readonly timestamp: number;
  updateProgress(progress: ExpansionJobProgress): Promise<void>;
}

/** Why a job has failed for good. The message is an ExpansionJobFailure as JSON. */
export class JobFailedError extends Error {
  readonly failure: ExpansionJobFailure;
  constructor(failure: ExpansionJobFailure) {
    super(JSON.stringify(failure));
    this.failure = failure;
  }
}

/** The worker is closing: the job is not over, another worker goes on with it. */
export class HandedOverError extends Error {}

const lookIntervalMs = 1000;
const idleLookIntervalMs = 3000;
const retryDelayMs = 5000;
/** Unexpected errors before an expansion exists; a database that is away counts as none. */
const maxUnexpected = 12;

/**
 * Sees one job through: has its payload accepted, reports progress, and returns when the expansion has succeeded.
 * Doing it twice, or again after a crash, is harmless: the key leads to the same expansion. Throws JobFailedError
 * when the payload is refused or the expansion did not succeed, HandedOverError when the signal is aborted.
 */
export async function seeThrough(
  job: EntranceJob,
  parts: EntranceParts,
  signal: AbortSignal,
): Promise<ExpansionJobResult> {
  let expansion = await accept(job, parts, signal);
  parts.crashPoint?.('after_job_accepted');
  let told = '';
  while (!isEnded(expansion.state)) {
    told = await tell(job, parts, progressOf(expansion), told);
    const idle = expansion.state === 'pending' || needsPerson(expansion.state);
    await pause(parts, idle ? idleLookIntervalMs : lookIntervalMs, signal);
    expansion = (await lookAgain(job, parts, expansion.id)) ?? expansion;
  }
  await tell(job, parts, progressOf(expansion), told);
  parts.crashPoint?.('before_job_end');
  if (expansion.state === 'succeeded') return resultOf(expansion);
  throw new JobFailedError(failureOf(expansion));
}

/**
 * BullMQ numbers jobs that have no id of their own, and starts from 1 again after Redis was emptied. So the key of such a job
 * holds the time at which it was added.
 */
export function idempotencyKeyOf(job: Pick<EntranceJob, 'id' | 'timestamp'>): string {
  return /^\d+$/.test(job.id) ? `job-${job.id}-${job.timestamp}` : job.id;
}

async function accept(job: EntranceJob, parts: EntranceParts, signal: AbortSignal): Promise<Expansion> {
  const key = idempotencyKeyOf(job);
  if (anyControl.test(key))
    throw new JobFailedError(
      refusalJson(refuseField('control_character', 'id', { value: JSON.stringify(key) })),
    );
  for (let unexpected = 0; ; ) {
    if (signal.aborted) throw new HandedOverError();
    try {
      const { expansion } = await parts.expand(job.data, job.id, key);
      return expansion;
    } catch (error) {
      if (error instanceof Refusal && !error.passes) throw new JobFailedError(refusalJson(error));
      parts.onTrouble(job.id, error);
      if (!isPassing(error)) unexpected += 1;
      if (unexpected >= maxUnexpected)
        throw new JobFailedError(refusalJson(refuse('internal_error', { inLog: `job ${job.id}` })));
      await pause(parts, retryDelayMs, signal);
    }
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof Refusal || (error as { code?: unknown })?.code === 'database_unavailable';
}

async function pause(parts: EntranceParts, ms: number, signal: AbortSignal): Promise<void> {
  await parts.sleep(ms, signal);
  if (signal.aborted) throw new HandedOverError();
}

/** null = could not be read now; the expansion goes on all the same. */
async function lookAgain(job: EntranceJob, parts: EntranceParts, id: string): Promise<Expansion | null> {
  try {
    return await parts.get(id);
  } catch (error) {
    parts.onTrouble(job.id, error);
    return null;
  }
}

/** Reports progress where it changed. A report that fails is none that matters: the next look makes another. */
async function tell(
  job: EntranceJob,
  parts: EntranceParts,
  progress: ExpansionJobProgress,
  told: string,
): Promise<string> {
  const text = JSON.stringify(progress);
  if (text === told) return told;
  try {
    await job.updateProgress(progress);
    return text;
  } catch (error) {
    parts.onTrouble(job.id, error);
    return told;
  }
}

function progressOf(expansion: Expansion): ExpansionJobProgress {
  return {
    expansionId: expansion.id,
    state: expansion.state,
    stateReason: expansion.stateReason,
    needsPerson: needsPerson(expansion.state),
    currentBatch: expansion.currentBatch,
    batchCount: expansion.batchCount,
    nodes: expansion.joins.map(({ target, phase, progress }) => ({
      node: target.name,
      phase,
      receivedBytes: progress.receivedBytes,
      snapshotBytes: progress.snapshotBytes,
      bytesPerSecond: progress.bytesPerSecond,
      remainingSeconds: progress.remainingSeconds,
    })),
  };
}

function resultOf(expansion: Expansion): ExpansionJobResult {
  return {
    expansionId: expansion.id,
    state: expansion.state,
    master: expansion.master.name,
    label: expansion.label,
    acceptedAt: expansion.acceptedAt,
    startedAt: expansion.startedAt,
    endedAt: expansion.endedAt,
    nodes: expansion.joins.map((join) => ({
      node: join.target.name,
      phase: join.phase,
      attempts: join.attempts.length,
      verdict: join.evidence?.verdict ?? null,
      anomalies: [...new Set(join.anomalies.map((anomaly) => anomaly.code))],
    })),
  };
}

function failureOf(expansion: Expansion): ExpansionJobFailure {
  const { id, state, problem, stateReason, endedAt } = expansion;
  const code = state === 'cancelled' ? 'expansion_cancelled' : 'expansion_failed';
  const failed = makeProblem(code, { id, why: problem ?? stateReason }, endedAt ?? 0);
  const words = (reader: Reader) => {
    const { text, nextSteps } = problemFor(failed, reader);
    return { message: text, next_steps: nextSteps };
  };
  return { code, ...inEachLanguage(words), result: resultOf(expansion) };
}

function refusalJson(refusal: Refusal): ExpansionJobFailure {
  const { code, field, findings } = refusal;
  const words = (reader: Reader) => {
    const { message, nextSteps } = refusal.read(reader);
    return {
      message,
      next_steps: nextSteps,
      ...(findings && { findings: findings.map((finding) => refusedFinding(finding, reader)) }),
    };
  };
  return { code, ...(field === null ? {} : { field }), ...inEachLanguage(words) };
}

/** Nobody says for whom a job fails. */
function inEachLanguage(words: (reader: Reader) => JobFailureWords) {
  const [first, ...others] = languages.map((language) => [language, words({ ...nobody, language })] as const);
  return { ...first![1], translations: Object.fromEntries(others) };
}
