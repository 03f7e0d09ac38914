import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CliProcess } from '../../src/cli/context.ts';
import type { Entrances } from '../../src/cli/entrances.ts';
import { run } from '../../src/cli/run.ts';

export interface Ran {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

const noEntrances: Entrances = {
  serve: () => Promise.reject(new Error('not started in tests')),
  backup: () => Promise.reject(new Error('nothing is backed up in tests')),
  restore: () => Promise.reject(new Error('nothing is restored in tests')),
  markRestored: () => Promise.reject(new Error('nothing is restored in tests')),
  demo: () => Promise.reject(new Error('not started in tests')),
  simulate: () => Promise.reject(new Error('not started in tests')),
  replay: () => Promise.reject(new Error('not replayed in tests')),
  verifyEvidence: () => Promise.reject(new Error('nothing is verified in tests')),
  verifyTrail: () => Promise.reject(new Error('nothing is verified in tests')),
  record: () => Promise.reject(new Error('nothing is recorded in tests')),
  logs: () => Promise.reject(new Error('no logs in tests')),
  agent: () => Promise.reject(new Error('no agent runs in tests')),
  agentReport: () => Promise.reject(new Error('no agent runs in tests')),
};

export interface HarnessOptions {
  readonly env?: Record<string, string>;
  readonly files?: Record<string, string>;
  readonly entrances?: Partial<Entrances>;
  readonly isTTY?: boolean;
}

/** One command line with its own streams, files and environment; time-outs of the program pass at once. */
export class Harness {
  out = '';
  err = '';
  #interrupt: () => void = () => {};
  #clock = 0;
  readonly #options: HarnessOptions;

  constructor(options: HarnessOptions = {}) {
    this.#options = options;
  }

  async run(...args: string[]): Promise<Ran> {
    const entrances = { ...noEntrances, ...this.#options.entrances };
    const exitCode = await run(args, this.#context(), entrances);
    return { exitCode, out: this.out, err: this.err };
  }

  /** Milliseconds that the program has waited. */
  get waitedMs(): number {
    return this.#clock;
  }

  pressCtrlC(): void {
    this.#interrupt();
  }

  #context(): CliProcess {
    const { files = {}, env = {}, isTTY = false } = this.#options;
    const stdin = Object.assign(new PassThrough(), { isTTY });
    return {
      stdout: { write: (text) => (this.out += text), isTTY, columns: 120, rows: 40 },
      stderr: { write: (text) => (this.err += text), isTTY },
      stdin,
      env,
      homeDirectory: '/home/op',
      fetch: (...args) => fetch(...args),
      readFile: (path) => {
        const text = files[path];
        if (text === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
        return text;
      },
      now: () => this.#clock,
      sleep: (ms, signal) => this.#sleep(ms, signal),
      onInterrupt: (callback) => {
        this.#interrupt = callback;
        return () => {
          this.#interrupt = () => {};
        };
      },
    };
  }

  /** Moves the program's clock at once; yields for real so that sockets get their turn. */
  async #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await sleep(Math.min(ms, 20), undefined, signal ? { signal } : {}).catch(() => {});
    this.#clock += ms;
  }
}

/** The JSON objects of an output of JSON lines. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Resolves when the condition holds; fails after 30 s. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
