import { passesAfterMs } from './errors.ts';
import { cutTo, printable } from './format.ts';
import type { Session } from './session.ts';

export interface Awaited<T> {
  /** Where the service shows it. */
  readonly path: string;
  readonly isOver: (now: T) => boolean;
  /** One line for a terminal. */
  readonly progress: (now: T) => string;
  /** What holds it up; null = nothing. Said where there is no terminal. */
  readonly heldUp?: (now: T) => string | null;
  /** Said to who stops waiting: what goes on, and the command that shows it. */
  readonly goesOn: string;
}

const pollMs = 1000;

/** Asks each second until it is over. null = the person stopped waiting, and has been told what goes on. */
export async function awaitEnd<T>(session: Session, started: T, awaited: Awaited<T>): Promise<T | null> {
  const { client, context } = session;
  const interrupted = new AbortController();
  const undo = context.onInterrupt(() => interrupted.abort());
  const show = await progressOf(session, awaited);
  try {
    let now = started;
    let againInMs = pollMs;
    while (!awaited.isOver(now) && !interrupted.signal.aborted) {
      await context.sleep(againInMs, interrupted.signal);
      againInMs = pollMs;
      try {
        now = await client.get<T>(awaited.path);
      } catch (error) {
        // It goes on, whether or not the service answers now.
        const leastMs = passesAfterMs(error);
        if (leastMs === null) throw error;
        againInMs = Math.max(pollMs, leastMs);
      }
      show.line(now);
    }
    show.close();
    if (awaited.isOver(now)) return now;
    context.stderr.write(`\n${context.words.expansion.stoppedWaiting(awaited.goesOn)}\n`);
    return null;
  } finally {
    show.close();
    undo();
  }
}

/** A line that moves on a terminal; elsewhere nothing is shown before the result but what holds it up. */
async function progressOf<T>({ context, options }: Session, { progress, heldUp }: Awaited<T>) {
  if (options.json || options.plain || !context.stdout.isTTY) {
    let told: string | null = null;
    return {
      line(now: T) {
        const reason = heldUp?.(now) ?? null;
        if (reason !== null && reason !== told) context.stderr.write(`${printable(reason)}\n`);
        told = reason;
      },
      close: () => {},
    };
  }
  const { createLogUpdate } = await import('log-update');
  const draw = createLogUpdate(context.stdout as NodeJS.WritableStream);
  return {
    line: (now: T) => draw(cutTo(progress(now), (context.stdout.columns ?? 80) - 1)),
    close: () => draw.clear(),
  };
}
