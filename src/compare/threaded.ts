import { createRequire } from 'node:module';
import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Said } from '../model/text.ts';
import type { Checkpoint, ComparisonProgress, RunOptions, RunResult, RunState } from './run.ts';
import type { ComparisonSpec, Endpoint } from './spec.ts';
import { WireError, type WireErrorCode } from './wire/wire.ts';

/** What a thread is given. */
export interface ThreadTask {
  readonly left: Endpoint;
  readonly right: Endpoint;
  readonly spec: ComparisonSpec;
  readonly resume: RunState | null;
}

export type ThreadMessage =
  | { readonly kind: 'progress'; readonly progress: ComparisonProgress }
  | { readonly kind: 'checkpoint'; readonly checkpoint: Checkpoint }
  | {
      readonly kind: 'done';
      readonly report: RunResult['report'];
      readonly differences: RunResult['differences'];
      readonly fault: {
        readonly code: WireErrorCode;
        readonly server: string;
        readonly said: Said;
      } | null;
    };

/** Memory of a thread's JavaScript objects; what it reads lies outside of it and is bounded by itself. */
const mostHeapMegabytes = 128;
/** A thread costs as much as the comparison of some thousand keys: the next comparison may have it. */
const keptIdleMs = 5000;

/** How a thread says that it is over. */
const ends = ['error', 'exit'] as const;

/** Threads that have nothing to do, and how each is taken out. */
const idle = new Map<Worker, () => void>();

/** How a thread used its time until it was last looked at. */
interface Usage {
  readonly at: number;
  readonly until: EventLoopUtilization;
  readonly share: number;
}

const atWork = new Map<Worker, Usage>();
/** A look at shorter times says little. */
const lookedAtEveryMs = 1000;
/** Below this share of its time a thread waits for its servers. */
const littleToDo = 0.1;

/**
 * How many comparisons of this process wait for servers that are slow, far away, or protected by a cap: their threads had little to
 * do for a second at least. They need no core, so others may run beside them.
 */
export function comparisonsThatWait(): number {
  let count = 0;
  for (const [worker, seen] of atWork) {
    const usage = performance.now() - seen.at < lookedAtEveryMs ? seen : usageSince(worker, seen);
    atWork.set(worker, usage);
    if (usage.share < littleToDo) count += 1;
  }
  return count;
}

function usageSince(worker: Worker, { at, until: from }: Usage): Usage {
  const now = performance.now();
  const until = worker.performance.eventLoopUtilization();
  const { active } = worker.performance.eventLoopUtilization(until, from);
  return { at: now, until, share: active / (now - at) };
}

/**
 * Runs a comparison in a thread that it shares with no other meanwhile. Promises what `run` promises. Rejects when the thread breaks:
 * a kept thread that had broken before, and had not said so yet, is replaced once.
 */
export async function runInThread(options: RunOptions): Promise<RunResult> {
  const kept = takeKept();
  if (kept === null) return runIn(startThread(), options);
  let hasSpoken = false;
  kept.once('message', () => {
    hasSpoken = true;
  });
  try {
    return await runIn(kept, options);
  } catch (error) {
    if (hasSpoken) throw error;
    return runIn(startThread(), options);
  }
}

async function runIn(worker: Worker, options: RunOptions): Promise<RunResult> {
  const { left, right, spec, resume = null } = options;
  const onAbort = () => worker.postMessage('abort');
  // As long as nothing is known it is at work.
  atWork.set(worker, { at: performance.now(), until: worker.performance.eventLoopUtilization(), share: 1 });
  try {
    options.signal?.addEventListener('abort', onAbort, { once: true });
    worker.postMessage({ left, right, spec, resume } satisfies ThreadTask);
    if (options.signal?.aborted) onAbort();
    const result = await outcomeOf(worker, options);
    if (!options.signal?.aborted) keepThread(worker);
    return result;
  } finally {
    atWork.delete(worker);
    options.signal?.removeEventListener('abort', onAbort);
    if (!idle.has(worker)) await worker.terminate();
  }
}

function takeKept(): Worker | null {
  const [kept] = idle;
  if (kept === undefined) return null;
  const [worker, takeOut] = kept;
  takeOut();
  worker.ref();
  return worker;
}

/** It keeps no process alive. */
function keepThread(worker: Worker): void {
  const drop = () => {
    takeOut();
    void worker.terminate();
  };
  const timer = setTimeout(drop, keptIdleMs);
  const takeOut = () => {
    clearTimeout(timer);
    idle.delete(worker);
    for (const end of ends) worker.off(end, takeOut);
  };
  idle.set(worker, takeOut);
  for (const end of ends) worker.once(end, takeOut);
  timer.unref();
  worker.unref();
}

function startThread(): Worker {
  const worker = newThread();
  // An error while it is being ended concerns nobody, and must not end the process.
  worker.on('error', () => undefined);
  return worker;
}

/** The thread's file is TypeScript where this one is (tsx, vitest), which a thread has to be taught; else JavaScript. */
function newThread(): Worker {
  const options = { resourceLimits: { maxOldGenerationSizeMb: mostHeapMegabytes } };
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./thread.js', import.meta.url), options);
  const resolved = pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm/api'));
  const loader = new URL('./index.mjs', resolved).href;
  const file = new URL('./thread.ts', import.meta.url).href;
  const start = `import('${loader}').then((tsx) => { tsx.register(); return import('${file}'); });`;
  return new Worker(start, { ...options, eval: true });
}

function outcomeOf(worker: Worker, options: RunOptions): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error) => reject(error);
    const onExit = (code: number) =>
      reject(new Error(`the thread of a comparison ended with code ${code} and no result`));
    const onMessage = (message: ThreadMessage) => {
      if (message.kind === 'progress') options.onProgress?.(message.progress);
      else if (message.kind === 'checkpoint') options.onCheckpoint?.(message.checkpoint);
      else {
        const { fault } = message;
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        resolve({ ...message, fault: fault && new WireError(fault.code, fault.server, fault.said) });
      }
    };
    worker.on('message', onMessage).once('error', onError).once('exit', onExit);
  });
}
