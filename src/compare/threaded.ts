import { createRequire } from 'node:module';
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

/** Runs a comparison in a thread of its own. Promises what `run` promises. */
export async function runInThread(options: RunOptions): Promise<RunResult> {
  const { left, right, spec, resume = null } = options;
  const worker = startThread({ left, right, spec, resume });
  const onAbort = () => worker.postMessage('abort');
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.signal?.aborted) onAbort();
  try {
    return await outcomeOf(worker, options);
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
    await worker.terminate();
  }
}

/** The thread's file is TypeScript where this one is (tsx, vitest), which a thread has to be taught; else JavaScript. */
function startThread(task: ThreadTask): Worker {
  const options = { workerData: task, resourceLimits: { maxOldGenerationSizeMb: mostHeapMegabytes } };
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./thread.js', import.meta.url), options);
  const resolved = pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm/api'));
  const loader = new URL('./index.mjs', resolved).href;
  const file = new URL('./thread.ts', import.meta.url).href;
  const start = `import('${loader}').then((tsx) => { tsx.register(); return import('${file}'); });`;
  return new Worker(start, { ...options, eval: true });
}

function outcomeOf(worker: Worker, options: RunOptions): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: ThreadMessage) => {
      if (message.kind === 'progress') options.onProgress?.(message.progress);
      else if (message.kind === 'checkpoint') options.onCheckpoint?.(message.checkpoint);
      else {
        const { fault } = message;
        resolve({ ...message, fault: fault && new WireError(fault.code, fault.server, fault.said) });
      }
    });
    worker.once('error', reject);
    worker.once('exit', (code) =>
      reject(new Error(`the thread of a comparison ended with code ${code} and no result`)),
    );
  });
}
