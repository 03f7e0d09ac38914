import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { hasEnded } from './ended.ts';
import { until } from './until.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface ServiceProcess {
  readonly child: ChildProcess;
  /** What it wrote to stdout and stderr so far. */
  output(): string;
  errors(): string;
  /** How it ended, once it has. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Where its API listens, once it does. Throws, with what it said, when it ends before. */
  url(): Promise<string>;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
}

export interface ServiceProcessOptions {
  /** Beside PATH and HOME its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  /** From `builtProgram`. */
  readonly program: string;
  /** Further arguments of node, such as limits of memory. */
  readonly nodeArgs?: readonly string[];
  /** How many files it may have open; default: as many as this process. */
  readonly openFiles?: number;
}

/** Runs `pika-expander serve` on a free port, as an operator starts it. */
export function startServiceProcess(options: ServiceProcessOptions): ServiceProcess {
  const { env, flags = [], nodeArgs = [], program } = options;
  const args = [...nodeArgs, program, 'serve', ...flags];
  const limited = ['-c', `ulimit -n ${options.openFiles} && exec "$0" "$@"`, process.execPath, ...args];
  const [command, all] =
    options.openFiles === undefined ? ([process.execPath, args] as const) : (['sh', limited] as const);
  const child = spawn(command, all, {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PIKA_EXPANDER_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }));
  return {
    child,
    output: () => output,
    errors: () => errors,
    ended,
    async url() {
      const said = () => `serve said: ${output}${errors}`;
      const address = () => /is running.* at (http:\/\/[^"\s]+)/.exec(output)?.[1];
      await until(() => address() !== undefined || hasEnded(child), { withinMs: 120_000, what: said });
      const found = address();
      if (found === undefined) throw new Error(`it did not start; ${said()}`);
      return found;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
