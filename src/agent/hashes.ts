import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

/** What a file is, whatever its name: with another size or time it is hashed again. */
export interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

/** Two listings of the longest kind, a master's and a node's; of more files the oldest hashes are forgotten. */
const keptHashes = 200_000;
const pieceBytes = 256 * 1024;

export interface HasherParts {
  readonly bytesPerSecond: number;
  sleep(ms: number): Promise<void>;
}

/** Hashes files one after another, no faster than it may, and remembers the hashes. */
export class Hasher {
  readonly #parts: HasherParts;
  readonly #known = new Map<string, string>();
  readonly #waiting = new Map<string, () => Promise<FileHandle>>();
  #working: Promise<void> | null = null;
  #stopped = false;

  constructor(parts: HasherParts) {
    this.#parts = parts;
  }

  /** sha256 of the file; null = not known yet, and from now on it is on the list: `open` opens it when its turn comes. */
  hashOf(file: FileIdentity, open: () => Promise<FileHandle>): string | null {
    const key = keyOf(file);
    const known = this.#known.get(key);
    if (known !== undefined || this.#stopped) return known ?? null;
    this.#waiting.set(key, open);
    this.#working ??= this.#work().finally(() => {
      this.#working = null;
    });
    return null;
  }

  /** sha256 of a file that may be gone; null = it was not hashed in time. */
  known(file: FileIdentity): string | null {
    return this.#known.get(keyOf(file)) ?? null;
  }

  /** Forgets what nobody asks for any more. */
  forget(): void {
    this.#known.clear();
    this.#waiting.clear();
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#working;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting.clear();
    await this.#working;
  }

  async #work(): Promise<void> {
    for (let next = this.#first(); next; next = this.#first()) {
      const [key, open] = next;
      // What vanished or changed meanwhile is asked for again under what it has become.
      const hash = await this.#hash(key, open).catch(() => null);
      this.#waiting.delete(key);
      if (hash === null) continue;
      this.#known.set(key, hash);
      if (this.#known.size > keptHashes) this.#known.delete(this.#known.keys().next().value!);
    }
  }

  #first(): [string, () => Promise<FileHandle>] | undefined {
    return this.#waiting.entries().next().value;
  }

  async #hash(key: string, open: () => Promise<FileHandle>): Promise<string | null> {
    const file = await open();
    try {
      const hash = createHash('sha256');
      const buffer = Buffer.allocUnsafe(pieceBytes);
      const startedAt = performance.now();
      for (let at = 0; !this.#stopped; ) {
        const { bytesRead } = await file.read(buffer, 0, pieceBytes, at);
        if (bytesRead === 0) break;
        hash.update(buffer.subarray(0, bytesRead));
        at += bytesRead;
        const dueMs = (at / this.#parts.bytesPerSecond) * 1000 - (performance.now() - startedAt);
        if (dueMs > 0) await this.#parts.sleep(dueMs);
      }
      if (this.#stopped || keyOf(await file.stat({ bigint: true })) !== key) return null;
      return hash.digest('hex');
    } finally {
      await file.close();
    }
  }
}

const keyOf = ({ dev, ino, size, mtimeNs }: FileIdentity): string => `${dev}:${ino}:${size}:${mtimeNs}`;
