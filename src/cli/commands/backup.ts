import type { CommandLineWords } from '../../model/command-line/index.ts';
import type { CliContext } from '../context.ts';
import type { Entrances } from '../entrances.ts';
import { CliError, UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { formatTime } from '../format.ts';
import { printDocument } from '../session.ts';
import type { GlobalOptions } from '../settings.ts';

interface PlaceFlags extends GlobalOptions {
  readonly dataDir?: string;
}

export async function backup(
  entrances: Entrances,
  context: CliContext,
  options: PlaceFlags & { readonly verify?: boolean },
  file: string,
): Promise<ExitCode> {
  const made = await told(
    'backup',
    entrances.backup(file, { ...placeOf(options), verify: options.verify === true }),
  );
  printDocument(options, context, { file, ...made }, () => [
    context.words.backups.written({ file, ...made }),
    context.words.backups.keepIt,
  ]);
  return exitCodes.succeeded;
}

export async function restore(
  entrances: Entrances,
  context: CliContext,
  options: PlaceFlags & { readonly replace?: boolean; readonly mark?: boolean },
  file: string | undefined,
): Promise<ExitCode> {
  const words = context.words.backups;
  const place = placeOf(options);
  if ((file === undefined) !== (options.mark === true))
    throw new UsageError(({ backups }) => backups.fileOrMark);
  if (file === undefined) {
    await told('mark', entrances.markRestored(place));
    printDocument(options, context, { marked: true }, () => [words.marked, words.next]);
    return exitCodes.succeeded;
  }
  const done = await told(
    'restore',
    entrances.restore(file, { ...place, replace: options.replace === true }),
  );
  printDocument(options, context, { file, ...done }, () => [
    words.restored(done.rows, done.tables, formatTime(done.madeAt)),
    words.next,
  ]);
  return exitCodes.succeeded;
}

const placeOf = ({ dataDir, config }: PlaceFlags) => ({
  ...(dataDir === undefined ? {} : { dataDir }),
  ...(config === undefined ? {} : { configFile: config }),
});

async function told<T>(what: keyof CommandLineWords['backups']['failed'], done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (error) {
    const { message, code, nextSteps, problems } = error as Error & {
      readonly code?: string;
      readonly nextSteps?: readonly string[];
      readonly problems?: readonly string[];
    };
    throw new CliError(
      code ?? `${what}_failed`,
      ({ backups }) => backups.failed[what](problems?.join(' ') ?? message),
      nextSteps ?? [({ backups }) => backups.steps[code as keyof typeof backups.steps] ?? backups.see],
      exitCodes.failed,
    );
  }
}
