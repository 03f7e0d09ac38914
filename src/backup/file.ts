import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { RestoreError } from '../store/restore.ts';

/** Writes lines, packed with gzip, to a file that was not there and that only its owner reads. A file that did not become whole is removed. */
export async function writeLines(
  path: string,
  lines: AsyncIterable<string>,
  signal: AbortSignal,
): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await pipeline(Readable.from(ended(lines)), createGzip(), file.createWriteStream(), { signal });
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

async function* ended(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`;
}

/** The lines of such a file. Throws RestoreError where it is cut off or none, and the reason of the signal. */
export async function* linesIn(path: string, signal: AbortSignal): AsyncGenerator<string> {
  const packed = createReadStream(path);
  const plain = createGunzip();
  packed.once('error', (error) => plain.destroy(error));
  packed.pipe(plain);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  try {
    for await (const piece of plain) {
      signal.throwIfAborted();
      const lines = (rest + decoder.decode(piece as Buffer, { stream: true })).split('\n');
      rest = lines.pop()!;
      yield* lines;
    }
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code.startsWith('Z_') || code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      throw new RestoreError('backup_broken', `the backup is broken or cut off: ${(error as Error).message}`);
    throw error;
  } finally {
    packed.destroy();
    plain.destroy();
  }
  if (rest !== '')
    throw new RestoreError('backup_broken', 'the backup is broken or cut off: its last line is not whole');
}
