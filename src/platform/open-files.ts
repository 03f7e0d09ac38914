import type { Log } from './log.ts';

let found: number | undefined;

/** What this process may hold open at a time: files and connections together. It costs a report of all that the process is. */
const mostOpenFiles = (): number => (found ??= readMostOpenFiles());

function readMostOpenFiles(): number {
  const report = process.report?.getReport() as unknown as {
    userLimits?: Record<string, { soft?: unknown }>;
  };
  const soft = report?.userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : usualLimit;
}

/** Where the system sets none, or does not tell. */
const usualLimit = 4096;
/** The database, the queue, log and program files. */
const keptForOthers = 60;

/**
 * A part of what may be open, for one kind of connection. Two kinds share the whole: clients of the API, and nodes that
 * are looked at.
 */
export const shareOfOpenFiles = (share: number, most: number): number =>
  Math.max(8, Math.min(most, Math.floor((mostOpenFiles() - keptForOthers) * share)));

const codes: readonly unknown[] = ['EMFILE', 'ENFILE'];

/** Whether an error says that nothing more can be opened: it passes when something is closed. */
export const isOutOfFiles = (error: unknown): boolean =>
  codes.includes((error as { code?: unknown } | null)?.code);

const sayAgainAfterMs = 30_000;

/**
 * Handles errors that nobody caught. Those of a process that may open nothing more are said once in a while and lived
 * with; any other is `fatal`.
 */
export function outliveOutOfFiles(log: Log, now: () => number, fatal: (error: unknown) => void): () => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  const take = (error: unknown): void => {
    if (!isOutOfFiles(error)) {
      fatal(error);
      return;
    }
    if (now() - saidAt < sayAgainAfterMs) return;
    saidAt = now();
    log.error(
      { err: error, mostOpenFiles: mostOpenFiles() },
      'this process has as many files and connections open as it may; what needs another one fails until some are closed. Raise the limit of open files (ulimit -n, LimitNOFILE) and start it again',
    );
  };
  process.on('uncaughtException', take);
  process.on('unhandledRejection', take);
  return () => {
    process.off('uncaughtException', take);
    process.off('unhandledRejection', take);
  };
}
