import type { CommandLineWords } from '../../model/command-line/index.ts';
import type { LogReport } from '../../model/full-sync-log.ts';
import type { CliContext } from '../context.ts';
import type { Entrances } from '../entrances.ts';
import { CliError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { printable, table } from '../format.ts';
import { printDocument } from '../session.ts';
import type { GlobalOptions } from '../settings.ts';

type Words = CommandLineWords['logs'];

/** Prints what log files tell of full syncs. 0 whenever the files could be read. */
export async function logs(
  entrances: Entrances,
  context: CliContext,
  options: GlobalOptions & { readonly masterLog?: readonly string[] },
  files: readonly string[],
): Promise<ExitCode> {
  const report = await entrances
    .logs(files, options.masterLog ?? [], context.reader)
    .catch((error: Error) => {
      throw new CliError(
        'log_unreadable',
        ({ logs: each }) => each.unreadable(error.message),
        [({ logs: each }) => each.give],
        exitCodes.failed,
      );
    });
  printDocument(options, context, report, () => reportLines(report, context.words.logs).map(printable));
  return exitCodes.succeeded;
}

function reportLines({ attempts, findings }: LogReport, words: Words): string[] {
  const lines = attempts.length === 0 ? [words.none] : attemptLines(attempts, words);
  if (findings.length > 0) lines.push('', ...findingLines(findings, words));
  return [...lines, '', words.times];
}

function attemptLines(attempts: LogReport['attempts'], words: Words): string[] {
  const rows = attempts.map(({ db, startedAt, endedAt, verdict, files }) => [
    startedAt.slice(0, 19).replace('T', ' '),
    endedAt?.slice(11, 19) ?? '-',
    db ?? '-',
    words.files(files.copied, files.listed),
    words.verdicts[verdict],
  ]);
  const [head, ...cells] = table([Object.values(words.columns), ...rows]);
  const lines = [head!];
  for (const [index, { cause, text, nextStep }] of attempts.entries()) {
    lines.push(cells[index]!);
    if (cause !== null) lines.push(`  ${words.cause(cause, text)}`, `  → ${nextStep}`);
  }
  return lines;
}

function findingLines(findings: LogReport['findings'], words: Words): string[] {
  return findings.flatMap(({ code, log, count, firstAt, text, line }) => [
    `${firstAt.slice(0, 19).replace('T', ' ')}  ${words.finding({ code, count, log, text })}`,
    `  ${line}`,
  ]);
}
