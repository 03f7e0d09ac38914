interface Chunk<V> {
  readonly keys: string[];
  readonly values: V[];
  readonly owner: object;
}

const chunkLimit = 256;

/**
 * A map in byte order of its keys (binary strings), cheap to fork: a fork shares chunks of keys until one
 * side writes to them. So a snapshot of a million keys costs some thousand pointers.
 */
export class SortedMap<V> {
  private chunks: Chunk<V>[] = [];
  private owner: object = {};
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** A map with the same content; writes to either are not seen by the other. */
  fork(): SortedMap<V> {
    const copy = new SortedMap<V>();
    copy.chunks = this.chunks.slice();
    copy.count = this.count;
    this.owner = {};
    return copy;
  }

  get(key: string): V | undefined {
    const chunk = this.chunks[this.chunkFor(key)];
    if (chunk === undefined) return undefined;
    const index = lowerBound(chunk.keys, key);
    return chunk.keys[index] === key ? chunk.values[index] : undefined;
  }

  has(key: string): boolean {
    const chunk = this.chunks[this.chunkFor(key)];
    return chunk !== undefined && chunk.keys[lowerBound(chunk.keys, key)] === key;
  }

  set(key: string, value: V): void {
    if (this.chunks.length === 0) this.chunks.push({ keys: [], values: [], owner: this.owner });
    const position = Math.min(this.chunkFor(key), this.chunks.length - 1);
    const chunk = this.writable(position);
    const index = lowerBound(chunk.keys, key);
    if (chunk.keys[index] === key) {
      chunk.values[index] = value;
      return;
    }
    chunk.keys.splice(index, 0, key);
    chunk.values.splice(index, 0, value);
    this.count++;
    if (chunk.keys.length > chunkLimit) this.split(position, index === chunk.keys.length - 1);
  }

  delete(key: string): boolean {
    const position = this.chunkFor(key);
    if (position >= this.chunks.length) return false;
    const found = lowerBound(this.chunks[position]!.keys, key);
    if (this.chunks[position]!.keys[found] !== key) return false;
    const chunk = this.writable(position);
    chunk.keys.splice(found, 1);
    chunk.values.splice(found, 1);
    if (chunk.keys.length === 0) this.chunks.splice(position, 1);
    this.count--;
    return true;
  }

  /** Calls `visit` in order from the first key >= `start` until it returns false. The map must not change meanwhile. */
  scan(start: string, visit: (key: string, value: V) => boolean): void {
    let position = this.chunkFor(start);
    let index = position < this.chunks.length ? lowerBound(this.chunks[position]!.keys, start) : 0;
    for (; position < this.chunks.length; position++, index = 0) {
      const { keys, values } = this.chunks[position]!;
      for (; index < keys.length; index++) if (!visit(keys[index]!, values[index]!)) return;
    }
  }

  /** As `scan`, downward from the last key <= `start`; undefined = from the end. */
  scanDown(start: string | undefined, visit: (key: string, value: V) => boolean): void {
    for (let position = this.chunks.length - 1; position >= 0; position--) {
      const { keys, values } = this.chunks[position]!;
      if (start !== undefined && keys[0]! > start) continue;
      for (let index = keys.length - 1; index >= 0; index--) {
        if (start !== undefined && keys[index]! > start) continue;
        if (!visit(keys[index]!, values[index]!)) return;
      }
    }
  }

  /** The key at a position in order, 0 to size - 1. */
  keyAt(position: number): string | undefined {
    let left = position;
    for (const chunk of this.chunks) {
      if (left < chunk.keys.length) return chunk.keys[left];
      left -= chunk.keys.length;
    }
    return undefined;
  }

  clear(): void {
    this.chunks = [];
    this.count = 0;
  }

  /** Index of the chunk that may hold `key`: the last one whose first key is <= key, at least 0. */
  private chunkFor(key: string): number {
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.chunks[middle]!.keys[0]! <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  private writable(position: number): Chunk<V> {
    const chunk = this.chunks[position]!;
    if (chunk.owner === this.owner) return chunk;
    const copy = { keys: chunk.keys.slice(), values: chunk.values.slice(), owner: this.owner };
    this.chunks[position] = copy;
    return copy;
  }

  /** Keys that come in order leave full chunks behind; others are split in the middle. */
  private split(position: number, appended: boolean): void {
    const chunk = this.chunks[position]!;
    const at = appended ? chunk.keys.length - 1 : chunk.keys.length >> 1;
    const tail = { keys: chunk.keys.splice(at), values: chunk.values.splice(at), owner: this.owner };
    this.chunks.splice(position + 1, 0, tail);
  }
}

/** Index of the first key >= `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
