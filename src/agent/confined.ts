/** Reads below the folders that a pika.conf names, and nowhere else: links below them are not followed. */
import { constants, type Dirent } from 'node:fs';
import { type FileHandle, lstat, open, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';

/** Why something cannot be read, as the system says it. */
export const reasonOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code ?? (error as Error).message;

/**
 * An open folder. What lies in it is reached through the open folder and not by its path, so it does not matter who
 * replaces what by a link meanwhile.
 */
export class OpenFolder {
  readonly #handle: FileHandle;
  readonly #path: string;

  private constructor(handle: FileHandle, path: string) {
    this.#handle = handle;
    // Only Linux leads from an open folder to what lies in it.
    this.#path = process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : path;
  }

  /** A folder of the configuration may itself be reached through links. */
  static async at(path: string): Promise<OpenFolder> {
    return OpenFolder.#open(await realpath(path));
  }

  static async #open(path: string): Promise<OpenFolder> {
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
    return new OpenFolder(await open(path, flags), path);
  }

  /** A folder in it; ELOOP or ENOTDIR for a link. */
  folder(name: string): Promise<OpenFolder> {
    return OpenFolder.#open(join(this.#path, name));
  }

  /** A regular file in it, to be read; ELOOP for a link. */
  async file(name: string): Promise<FileHandle> {
    // Not waiting: opening a pipe would wait for its writer.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(join(this.#path, name), flags);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw new Error('not a regular file');
  }

  entries(): Promise<Dirent[]> {
    return readdir(this.#path, { withFileTypes: true });
  }

  /** Of the folder itself. */
  async stat(): Promise<{ readonly ino: bigint; readonly mtimeNs: bigint }> {
    return this.#handle.stat({ bigint: true });
  }

  /** Of a file in it; of a link itself. */
  lstat(name: string) {
    return lstat(join(this.#path, name), { bigint: true });
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** Opens a folder for the time of `work`. */
export async function within<T>(
  opening: Promise<OpenFolder>,
  work: (folder: OpenFolder) => Promise<T>,
): Promise<T> {
  const folder = await opening;
  try {
    return await work(folder);
  } finally {
    await folder.close();
  }
}
