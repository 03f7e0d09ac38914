import type { FileHandle } from 'node:fs/promises';

/** The bytes before the place that was read to: other bytes there mean that the file was truncated and has grown again. */
const witnessBytes = 64;

/** Follows a file that somebody else writes to. */
export class Tail {
  readonly handle: FileHandle;
  #at: number;
  #witness: Buffer = Buffer.alloc(0);

  /** `at`: where to begin. */
  constructor(handle: FileHandle, at: number) {
    this.handle = handle;
    this.#at = at;
  }

  /** How far it has been read. */
  get at(): number {
    return this.#at;
  }

  /** What is between counts as read. */
  skipTo(at: number): void {
    this.#at = at;
    this.#witness = Buffer.alloc(0);
  }

  /**
   * What came next, as much as fits into `buffer` at most, and nothing at the end of the file; it is valid until the buffer
   * is used again. null = the file was truncated: it is read from its beginning on.
   */
  async read(buffer: Buffer): Promise<Buffer | null> {
    const known = this.#witness.length;
    const { bytesRead } = await this.handle.read(buffer, 0, buffer.length, this.#at - known);
    if (bytesRead < known || !buffer.subarray(0, known).equals(this.#witness)) {
      this.skipTo(0);
      return null;
    }
    const piece = buffer.subarray(known, bytesRead);
    this.#at += piece.length;
    this.#witness = Buffer.from(buffer.subarray(Math.max(0, bytesRead - witnessBytes), bytesRead));
    return piece;
  }
}
