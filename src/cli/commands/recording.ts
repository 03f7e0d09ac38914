import { closeSync, openSync, writeSync } from 'node:fs';
import { CliError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import type { Session } from '../session.ts';
import { pathOf } from './look.ts';

export interface RecordingOptions {
  readonly out?: string;
  readonly hideAddresses?: boolean;
}

/** Writes what an expansion saw as a recording: to a new file, or to standard output. */
export async function recording(session: Session, id: string, options: RecordingOptions): Promise<ExitCode> {
  const query = options.hideAddresses ? '?addresses=hidden' : '';
  const lines = session.client.text(`${pathOf(id)}/recording${query}`, 'application/x-ndjson');
  const { out } = options;
  if (out === undefined) {
    for await (const text of lines) session.context.stdout.write(text);
    return exitCodes.succeeded;
  }
  await writeNewFile(out, lines);
  session.print({ file: out }, () => [
    `The recording is in ${out}. To judge it: pika-expander replay ${out}`,
  ]);
  return exitCodes.succeeded;
}

/** Writes what comes to a file that was not there. Throws CliError if there is one already. */
export async function writeNewFile(path: string, texts: AsyncGenerator<string>): Promise<void> {
  // The first text is there before the file is: a refusal leaves no empty file behind.
  const first = await texts.next();
  const file = newFile(path);
  try {
    if (!first.done) writeSync(file, first.value);
    for await (const text of texts) writeSync(file, text);
  } finally {
    closeSync(file);
  }
}

/** A file that only its owner reads. Throws CliError if there is one already. */
export function newFile(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (error) {
    throw new CliError(
      'file_not_made',
      `${path} cannot be made: ${(error as Error).message}`,
      ['Name a new file.'],
      exitCodes.failed,
    );
  }
}
