import { once } from 'node:events';
import { constants } from 'node:os';
import closeWithGrace from 'close-with-grace';

const cleanUpWithinMs = 9000;

/** Rejects with the reason once it is aborted. */
export async function whenTold(told: AbortSignal): Promise<never> {
  if (!told.aborted) await once(told, 'abort');
  throw told.reason;
}

/**
 * Work of a command that must leave nothing behind: a signal aborts it, and ends the process once it has cleaned up. The exit code is
 * the work's own where it comes to a good end all the same, else 128 and the signal's number.
 */
export async function untilTold<T>(work: (told: AbortSignal) => Promise<T>): Promise<T> {
  const told = new AbortController();
  const working = work(told.signal);
  const grace = closeWithGrace(
    {
      delay: cleanUpWithinMs,
      logger: false,
      skip: ['SIGHUP', 'beforeExit', 'uncaughtException', 'unhandledRejection'],
    },
    async ({ signal }) => {
      told.abort();
      process.exit(
        await working.then(
          (code) => (typeof code === 'number' ? code : 0),
          () => 128 + constants.signals[signal ?? 'SIGHUP'],
        ),
      );
    },
  );
  // A terminal that is closed says so twice, and means one.
  const onHangup = () => told.signal.aborted || grace.close();
  process.on('SIGHUP', onHangup);
  try {
    return await working;
  } finally {
    // Else the process ends in a moment, and nobody is to say why.
    if (told.signal.aborted) await new Promise<never>(() => {});
    process.off('SIGHUP', onHangup);
    grace.uninstall();
  }
}
