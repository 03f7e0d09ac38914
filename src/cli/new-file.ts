import { closeSync, openSync, writeSync } from 'node:fs';
import { CliError } from './errors.ts';
import { exitCodes } from './exit-codes.ts';

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
      ({ files }) => files.notMade(path, (error as Error).message),
      [({ files }) => files.nameNew],
      exitCodes.failed,
    );
  }
}
