import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { hasEnded } from './ended.ts';
import { until } from './until.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The compiled program, for tests that start many processes: from source each start costs twice the time. */
export interface BuiltProgram {
  /** Arguments of node before those of the program. */
  readonly entry: readonly string[];
  remove(): Promise<void>;
}

/** Compiles the program into a folder of its own, so that tests need no earlier build and disturb none. */
export async function buildProgram(): Promise<BuiltProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'pika-expander-built-'));
  const dist = join(folder, 'dist');
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  await promisify(execFile)(
    tsc,
    ['-p', 'tsconfig.build.json', '--noCheck', '--declaration', 'false', '--outDir', dist],
    { cwd: root },
  );
  const { files } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { files: string[] };
  for (const name of ['node_modules', 'package.json', ...files.filter((name) => name !== 'dist')])
    await symlink(join(root, name), join(folder, name));
  return {
    entry: [join(dist, 'cli', 'main.js')],
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

const fromSource = ['--import', 'tsx', 'src/cli/main.ts'];

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
  /** Default: from source. */
  readonly program?: BuiltProgram;
  /** Further arguments of node, such as limits of memory. */
  readonly nodeArgs?: readonly string[];
  /** How many files it may have open; default: as many as this process. */
  readonly openFiles?: number;
}

/** Runs `pika-expander serve` on a free port, as an operator starts it. */
export function startServiceProcess(options: ServiceProcessOptions): ServiceProcess {
  const { env, flags = [], nodeArgs = [], program } = options;
  const args = [...nodeArgs, ...(program?.entry ?? fromSource), 'serve', ...flags];
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
