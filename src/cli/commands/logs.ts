import type { LogReport } from '../../model/full-sync-log.ts';
import type { CliContext } from '../context.ts';
import type { Entrances } from '../entrances.ts';
import { CliError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { printable, table } from '../format.ts';
import { printDocument } from '../session.ts';
import type { GlobalOptions } from '../settings.ts';

/** Prints what log files tell of full syncs. 0 whenever the files could be read. */
export async function logs(
  entrances: Entrances,
  context: CliContext,
  options: GlobalOptions & { readonly masterLog?: readonly string[] },
  files: readonly string[],
): Promise<ExitCode> {
  const report = await entrances.logs(files, options.masterLog ?? []).catch((error: Error) => {
    throw new CliError(
      'log_unreadable',
      error.message,
      [
        'Give the INFO log of a Pika (pika.INFO in its log-path), packed by gzip or not, or the folder that holds it.',
      ],
      exitCodes.failed,
    );
  });
  printDocument(options, context, report, () => reportLines(report).map(printable));
  return exitCodes.succeeded;
}

function reportLines({ attempts, findings }: LogReport): string[] {
  const lines =
    attempts.length === 0 ? ['The log tells of no full sync of this server.'] : attemptLines(attempts);
  if (findings.length > 0) lines.push('', ...findingLines(findings));
  return [...lines, '', 'Times are those of the server’s own clock and time zone.'];
}

function attemptLines(attempts: LogReport['attempts']): string[] {
  const rows = attempts.map(({ db, startedAt, endedAt, verdict, files }) => [
    startedAt.slice(0, 19).replace('T', ' '),
    endedAt?.slice(11, 19) ?? '-',
    db ?? '-',
    `${files.copied} of ${files.listed ?? '?'}`,
    verdict,
  ]);
  const [head, ...cells] = table([['STARTED', 'ENDED', 'DB', 'FILES', 'VERDICT'], ...rows]);
  const lines = [head!];
  for (const [index, { cause, text, nextStep }] of attempts.entries()) {
    lines.push(cells[index]!);
    if (cause !== null) lines.push(`  ${cause}: ${text}`, `  → ${nextStep}`);
  }
  return lines;
}

function findingLines(findings: LogReport['findings']): string[] {
  return findings.flatMap(({ code, log, count, firstAt, text, line }) => [
    `${firstAt.slice(0, 19).replace('T', ' ')}  ${code}${count > 1 ? ` (${count} lines)` : ''}, log of the ${log}: ${text}`,
    `  ${line}`,
  ]);
}
