/** Reads below the folders that a pika.conf names, and nowhere else: links out of them are not followed. */
import { constants } from 'node:fs';
import { type FileHandle, open, readlink, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What cannot be read, in the words of the system. */
export const reasonOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code ?? (error as Error).message;

/**
 * Opens a file below `root`, which is a real path. Throws if it is a link, lies elsewhere after all, or is no regular file.
 */
export async function openBelow(root: string, name: string): Promise<FileHandle> {
  const path = join(root, name);
  // Not waiting: opening a pipe would wait for its writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw new Error('not a regular file');
    if (!(await realPathOf(file, path)).startsWith(root.endsWith('/') ? root : `${root}/`))
      throw new Error('lies outside of its folder');
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Of the file that is open, whatever lies at its path by now. */
async function realPathOf(file: FileHandle, path: string): Promise<string> {
  if (process.platform === 'linux') return readlink(`/proc/self/fd/${file.fd}`);
  return join(await realpath(dirname(path)), path.slice(dirname(path).length));
}
