import { stateWord } from '../../model/state-words.ts';
import type { CliContext } from '../context.ts';
import type { Entrances } from '../entrances.ts';
import { CliError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { formatBytes, printable, table } from '../format.ts';
import { printDocument } from '../session.ts';
import type { GlobalOptions } from '../settings.ts';

/** What the tracker made of one slave of a recording. */
interface SlaveReplay {
  readonly fullSync: 'complete' | 'incomplete' | 'undecided';
  readonly cause: { readonly code: string; readonly text: string } | null;
  readonly because: readonly string[];
  readonly anomalies: readonly string[];
  readonly receivedBytes: number | null;
  readonly snapshotBytes: number | null;
  readonly phases: readonly (readonly [phase: string, atSeconds: number])[];
}

/** Prints per slave of the recording what the tracker makes of it. 0 whenever the file could be read through. */
export async function replay(
  entrances: Entrances,
  context: CliContext,
  options: GlobalOptions,
  file: string,
): Promise<ExitCode> {
  const result = await replayed(entrances, context, file);
  printDocument(options, context, result, () => replayLines(result, context));
  return exitCodes.succeeded;
}

async function replayed(
  entrances: Entrances,
  { reader }: CliContext,
  file: string,
): Promise<Readonly<Record<string, SlaveReplay>>> {
  try {
    return (await entrances.replay(file, reader)) as Readonly<Record<string, SlaveReplay>>;
  } catch (error) {
    throw new CliError(
      'recording_unreadable',
      ({ recordings }) => recordings.notReplayed(file, (error as Error).message),
      [({ recordings }) => recordings.form],
      exitCodes.failed,
    );
  }
}

function replayLines(
  result: Readonly<Record<string, SlaveReplay>>,
  { words: { recordings: words, logs }, reader }: CliContext,
): string[] {
  const slaves = Object.entries(result);
  if (slaves.length === 0) return [words.noSlave];
  const rows = slaves.map(([name, slave]) => [
    name,
    logs.verdicts[slave.fullSync],
    words.received(formatBytes(slave.receivedBytes), formatBytes(slave.snapshotBytes)),
    slave.anomalies.join(', ') || '-',
  ]);
  const [head, ...lines] = table([Object.values(words.columns), ...rows]);
  const parts = slaves.flatMap(([, { cause, because, phases }], index) => [
    lines[index]!,
    `  ${phases.map(([phase, at]) => words.phase(stateWord(phase, reader), `${at.toFixed(1)} s`)).join(' → ')}`,
    ...(cause ? [`  ${logs.cause(cause.code, cause.text)}`] : []),
    ...because.map((text) => `  ${text}`),
  ]);
  return [head!, ...parts].map(printable);
}
