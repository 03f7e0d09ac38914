import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { writeNewFile } from '../new-file.ts';
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
  session.print({ file: out }, () => [session.context.words.recordings.written(out)]);
  return exitCodes.succeeded;
}
