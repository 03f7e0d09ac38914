/** Reads below the folders that a pika.conf names, and nowhere else: links below them are not followed. */
import { constants, type Dirent } from 'node:fs';
import { type FileHandle, lstat, open, opendir, realpath } from 'node:fs/promises';
import { join } from 'node:path';

/** Why something cannot be read, as the system says it. */
export const reasonOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code ?? (error as Error).message;

const notRegular = (): Error => new Error('not a regular file');

const isLinkOrFile = (mode: bigint): boolean =>
  [constants.S_IFREG, constants.S_IFLNK].includes(Number(mode) & constants.S_IFMT);

/** The text of a regular file of the operator, which may be a link. Throws if it is none, or longer. */
export async function readRegular(path: string, longest: number): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw notRegular();
    const { bytesRead, buffer } = await file.read(Buffer.alloc(longest + 1), 0, longest + 1, 0);
    if (bytesRead > longest) throw new Error(`longer than ${longest} bytes`);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

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
    // Whoever opens a pipe or a device does something to it.
    const { mode } = await this.lstat(name);
    if (!isLinkOrFile(mode)) throw notRegular();
    // Should it be replaced meanwhile, opening it waits for nobody.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(join(this.#path, name), flags);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw notRegular();
  }

  /** What lies in it; of more than `most` things as many as that. */
  async entries(most: number): Promise<Dirent[]> {
    const found: Dirent[] = [];
    for await (const entry of await opendir(this.#path, { bufferSize: 1024 })) {
      if (found.length >= most) break;
      found.push(entry);
    }
    return found;
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
