import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Said } from '../model/text.ts';
import type { Checkpoint, ComparisonProgress, RunOptions, RunResult, RunState } from './run.ts';
import type { ComparisonSpec, Endpoint } from './spec.ts';
import { WireError, type WireErrorCode } from './wire/wire.ts';

/** What a thread is told of one of its comparisons. */
export type ThreadTask = { readonly id: number } & (
  | {
      readonly kind: 'begin';
      readonly left: Endpoint;
      readonly right: Endpoint;
      readonly spec: ComparisonSpec;
      readonly resume: RunState | null;
    }
  | { readonly kind: 'abort' }
);

/** What it says of it. */
export type ThreadMessage = { readonly id: number } & (
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
    }
);

/** Memory of a thread's JavaScript objects; what it reads lies outside of it and is bounded by itself. */
const mostHeapMegabytes = 128;
/** A thread costs as much as the comparison of some thousand keys: the next comparison may have it. */
const keptIdleMs = 5000;
/** A look at shorter times says little. */
const lookedAtEveryMs = 200;
/** Below this share of its time a thread waits for its servers. */
const littleToDo = 0.1;
/** So many comparisons share a thread where they mostly wait. */
const mostInThread = 8;

const threads = new Set<Thread>();

/**
 * How many comparisons of this process wait for servers that are slow, far away, or protected by a cap, and need no core: of threads
 * that have little to do all of them, of the others all but one.
 */
export function comparisonsThatWait(): number {
  let count = 0;
  for (const thread of threads) count += thread.waiting;
  return count;
}

/**
 * Runs a comparison in a thread, which it shares only with comparisons that mostly wait. Promises what `run` promises. Rejects when
 * the thread breaks while it has it for itself: another thread may have broken before, or by another comparison, so that this one
 * goes on once from its last checkpoint in a thread of its own.
 */
export async function runInThread(options: RunOptions): Promise<RunResult> {
  let resume = options.resume ?? null;
  const onCheckpoint = (checkpoint: Checkpoint) => {
    resume = checkpoint.state;
    options.onCheckpoint?.(checkpoint);
  };
  const [thread = new Thread()] = [...threads].filter((each) => each.hasRoom).toSorted(byUse);
  try {
    return await thread.run({ ...options, onCheckpoint });
  } catch (error) {
    if (thread.isOfOne) throw error;
    return new Thread(1).run({ ...options, resume });
  }
}

/** The fullest first: a thread that is not needed ends, and each takes some 12 MB. */
const byUse = (a: Thread, b: Thread): number => b.running - a.running;

/** A thread, and the comparisons that it carries out side by side. */
class Thread {
  readonly #worker = newThread();
  readonly #mostAtOnce: number;
  readonly #running = new Map<number, (message: ThreadMessage | Error) => void>();
  #begun = 0;
  /** How it used its time until it was last looked at. */
  #seen = { until: this.#worker.performance.eventLoopUtilization(), share: 1 };
  #takesMore = true;
  #idle: NodeJS.Timeout | null = null;

  constructor(mostAtOnce = mostInThread) {
    this.#mostAtOnce = mostAtOnce;
    threads.add(this);
    this.#worker
      .on('message', (message: ThreadMessage) => this.#running.get(message.id)?.(message))
      .on('error', (error) => this.#break(error))
      .on('exit', (code) =>
        this.#break(new Error(`the thread of a comparison ended with code ${code} and no result`)),
      );
  }

  get running(): number {
    return this.#running.size;
  }

  /** Whether it was begun for the only comparison that it has had. */
  get isOfOne(): boolean {
    return this.#begun === 1;
  }

  /** Whether another comparison would be no later in it than in a thread of its own. */
  get hasRoom(): boolean {
    const { size } = this.#running;
    return this.#takesMore && (size === 0 || (size < this.#mostAtOnce && !this.#isBusy()));
  }

  get waiting(): number {
    const { size } = this.#running;
    return size === 0 || !this.#isBusy() ? size : size - 1;
  }

  async run({ left, right, spec, resume = null, signal, ...hears }: RunOptions): Promise<RunResult> {
    this.#begun += 1;
    const id = this.#begun;
    const tell = (task: ThreadTask) => this.#worker.postMessage(task);
    const onAbort = () => {
      // What it was busy with may not have come to its end.
      this.#takesMore = false;
      tell({ kind: 'abort', id });
    };
    clearTimeout(this.#idle ?? undefined);
    this.#worker.ref();
    // As long as nothing is known it is busy.
    this.#seen = { until: this.#worker.performance.eventLoopUtilization(), share: 1 };
    try {
      const outcome = this.#outcomeOf(id, hears);
      tell({ kind: 'begin', id, left, right, spec, resume });
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted) onAbort();
      return await outcome;
    } finally {
      this.#running.delete(id);
      signal?.removeEventListener('abort', onAbort);
      if (this.#running.size === 0) await this.#rest();
    }
  }

  /** It keeps no process alive. */
  async #rest(): Promise<void> {
    const end = async () => {
      threads.delete(this);
      await this.#worker.terminate();
    };
    if (!this.#takesMore) return end();
    this.#idle = setTimeout(end, keptIdleMs).unref();
    this.#worker.unref();
  }

  #break(error: Error): void {
    threads.delete(this);
    this.#takesMore = false;
    clearTimeout(this.#idle ?? undefined);
    for (const hear of this.#running.values()) hear(error);
  }

  #isBusy(): boolean {
    const { until: from } = this.#seen;
    const until = this.#worker.performance.eventLoopUtilization();
    const { active, idle } = this.#worker.performance.eventLoopUtilization(until, from);
    // A thread that is only being loaded has not begun to count.
    if (active + idle >= lookedAtEveryMs) this.#seen = { until, share: active / (active + idle) };
    return this.#seen.share >= littleToDo;
  }

  #outcomeOf(id: number, hears: Pick<RunOptions, 'onProgress' | 'onCheckpoint'>): Promise<RunResult> {
    return new Promise((resolve, reject) => {
      this.#running.set(id, (message) => {
        if (message instanceof Error) reject(message);
        else if (message.kind === 'progress') hears.onProgress?.(message.progress);
        else if (message.kind === 'checkpoint') hears.onCheckpoint?.(message.checkpoint);
        else {
          const { fault, report, differences } = message;
          resolve({
            report,
            differences,
            fault: fault && new WireError(fault.code, fault.server, fault.said),
          });
        }
      });
    });
  }
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
