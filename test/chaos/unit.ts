import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

export interface UnitOptions {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly restartAfterMs: number;
  /** Each piece of what it prints. */
  readonly onOutput?: (text: string) => void;
  readonly onPid?: () => void;
}

/** A process that is started again whenever it ends, as systemd would with `Restart=always`. */
export interface Unit {
  readonly name: string;
  /** null = it is not running now. */
  readonly pid: number | null;
  readonly starts: number;
  /** The last that it printed. */
  readonly output: string;
  /** No-op while it is not running. */
  signal(signal: NodeJS.Signals): void;
  /** Keeps it from being started again until the returned function is called. */
  hold(): () => void;
  /** SIGTERM, and SIGKILL when that has not ended it within `withinMs`. Exit code, or null when it had to be killed. */
  stop(withinMs: number): Promise<number | null>;
}

const keptOutput = 20_000;

export function startUnit(options: UnitOptions): Unit {
  const { command, env } = options;
  let child: ChildProcess | null = null;
  let output = '';
  let starts = 0;
  let stopping = false;
  let held = 0;
  let timer: NodeJS.Timeout | undefined;

  const keep = (piece: Buffer): void => {
    const text = String(piece);
    output = (output + text).slice(-keptOutput);
    options.onOutput?.(text);
  };
  const start = (): void => {
    if (stopping || held > 0 || child !== null) return;
    starts += 1;
    const [program, ...args] = command;
    const started = spawn(program, args, {
      env: env as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    started.stdout.on('data', keep);
    started.stderr.on('data', keep);
    started.once('error', (error) => keep(Buffer.from(`${error.message}\n`)));
    started.once('close', () => {
      child = null;
      options.onPid?.();
      if (!stopping) timer = setTimeout(start, options.restartAfterMs);
    });
    options.onPid?.();
  };
  start();

  return {
    name: options.name,
    get pid() {
      return child?.pid ?? null;
    },
    get starts() {
      return starts;
    },
    get output() {
      return output;
    },
    signal: (signal) => void child?.kill(signal),
    hold() {
      held += 1;
      return () => {
        held -= 1;
        start();
      };
    },
    async stop(withinMs) {
      stopping = true;
      clearTimeout(timer);
      const running = child;
      if (running === null) return null;
      const closed = once(running, 'close').then(([code]) => code as number | null);
      running.kill('SIGTERM');
      // A process that was stopped by a fault hears nothing until it goes on.
      running.kill('SIGCONT');
      const inTime = await Promise.race([closed, delay(withinMs, 'late' as const, { ref: false })]);
      if (inTime !== 'late') return inTime;
      running.kill('SIGKILL');
      await closed;
      return null;
    },
  };
}
