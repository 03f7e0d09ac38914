import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CommandLineWords, commandLine } from '../model/command-line/index.ts';
import type { Language, Reader } from '../model/text.ts';

interface TextOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** The process that a command runs in: all that it touches outside of its arguments. Tests bring their own. */
export interface CliProcess {
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  readonly fetch: typeof fetch;
  readFile(path: string): string;
  now(): number;
  /** Resolves after `ms`, or at once when the signal is aborted; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls back on Ctrl-C instead of ending the process; returns how to undo it. */
  onInterrupt(callback: () => void): () => void;
}

/** What every command gets. */
export interface CliContext extends CliProcess {
  /** Who reads: the language that was asked for, and the command line as the tool. */
  readonly reader: Reader;
  /** Its own texts in that language. */
  readonly words: CommandLineWords;
}

/** The same process, speaking this language. */
export const speaking = (language: Language, own: CliProcess): CliContext => ({
  ...own,
  reader: { language, tool: 'cli' },
  words: commandLine[language],
});

/** A user that the system does not know may have none: then that of containers, in which nobody else can put a file. */
function homeDirectory(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}

/** A real process. */
export function processContext(): CliProcess {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: process.env,
    homeDirectory: homeDirectory(),
    fetch: (...args) => fetch(...args),
    readFile: (path) => readFileSync(path === '-' ? 0 : path, 'utf8'),
    now: () => Date.now(),
    sleep: async (ms, signal) => {
      await sleep(ms, undefined, signal ? { signal } : {}).catch(() => {});
    },
    onInterrupt: (callback) => {
      process.on('SIGINT', callback);
      return () => process.off('SIGINT', callback);
    },
  };
}
