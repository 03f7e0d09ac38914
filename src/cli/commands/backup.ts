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
    `The backup is in ${file}: ${made.rows} rows of ${made.tables} tables${made.verified ? '; restored elsewhere, it holds the same' : ''}.`,
    'It holds secrets of webhooks and the key of the service: keep it as you keep the database.',
  ]);
  return exitCodes.succeeded;
}

export async function restore(
  entrances: Entrances,
  context: CliContext,
  options: PlaceFlags & { readonly replace?: boolean; readonly mark?: boolean },
  file: string | undefined,
): Promise<ExitCode> {
  const place = placeOf(options);
  if ((file === undefined) !== (options.mark === true))
    throw new UsageError('Give a file to restore, or --mark after other means have restored the database.');
  if (file === undefined) {
    await told('mark', entrances.markRestored(place));
    printDocument(options, context, { marked: true }, () => ['The database is marked as restored.', next]);
    return exitCodes.succeeded;
  }
  const done = await told(
    'restore',
    entrances.restore(file, { ...place, replace: options.replace === true }),
  );
  printDocument(options, context, { file, ...done }, () => [
    `Restored ${done.rows} rows of ${done.tables} tables, as they were at ${formatTime(done.madeAt)}.`,
    next,
  ]);
  return exitCodes.succeeded;
}

const next =
  'Start the service: it freezes everything and pauses what was open. Look at the nodes, resume or cancel each, then lift the freeze.';

const placeOf = ({ dataDir, config }: PlaceFlags) => ({
  ...(dataDir === undefined ? {} : { dataDir }),
  ...(config === undefined ? {} : { configFile: config }),
});

const steps: Readonly<Record<string, string>> = {
  backup_broken: 'Use another backup.',
  backup_newer: 'Use the version of pika-expander that made the backup, or a newer one.',
  database_in_use: 'Stop every process of the service first.',
  database_holds_expansions: 'Name another database, or give --replace: what it holds is gone then.',
  EEXIST: 'Name a new file.',
};

async function told<T>(what: string, done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (error) {
    const { message, code, nextSteps, problems } = error as Error & {
      readonly code?: string;
      readonly nextSteps?: readonly string[];
      readonly problems?: readonly string[];
    };
    const step = steps[code ?? ''];
    throw new CliError(
      code ?? `${what}_failed`,
      problems?.join(' ') ?? message,
      nextSteps ?? (step === undefined ? ['See docs/backup.md.'] : [step]),
      exitCodes.failed,
    );
  }
}
