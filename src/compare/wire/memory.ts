/** Pieces are of two sizes, or larger: a short reply must not hold much. */
const fewBytes = 16 * 1024;
const manyBytes = 256 * 1024;
/** The largest piece that is kept, and what all pieces may take together. */
const largestKeptBytes = 2 * 1024 * 1024;
const mostKeptBytes = 16 * 1024 * 1024;

const kept: Buffer[] = [];
let keptBytes = 0;

/** Called with memory that is given back. Tests overwrite it there, so that whoever still uses it meets other bytes. */
export const memoryHooks: { onGivenBack: ((memory: Uint8Array) => void) | null } = { onGivenBack: null };

/**
 * Memory for what servers send, of so many bytes at least. What was given back is used again by all connections of this thread, also
 * of its later comparisons: new memory for each reply would keep the garbage collector at work.
 */
export function takeMemory(bytes = manyBytes): Buffer {
  const most = bytes > fewBytes ? Number.POSITIVE_INFINITY : fewBytes;
  for (let i = kept.length - 1; i >= 0; i--) {
    const memory = kept[i]!;
    if (memory.length < bytes || memory.length > most) continue;
    kept.splice(i, 1);
    keptBytes -= memory.length;
    return memory;
  }
  return Buffer.allocUnsafeSlow(bytes > fewBytes ? Math.max(bytes, manyBytes) : fewBytes);
}

/** Gives memory back. Nobody may use any part of it afterwards. */
export function giveMemoryBack({ buffer: memory }: Buffer): void {
  const { byteLength } = memory;
  memoryHooks.onGivenBack?.(new Uint8Array(memory));
  if (byteLength < fewBytes || byteLength > largestKeptBytes || keptBytes + byteLength > mostKeptBytes)
    return;
  kept.push(Buffer.from(memory, 0, byteLength));
  keptBytes += byteLength;
}
