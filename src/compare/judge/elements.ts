import { Quads } from '../../resp/quads.ts';
import { afterString, arrayLengthAt } from '../../resp/reader.ts';

/** A reply of more elements is not taken apart here. */
const mostElements = 1024;

/**
 * The elements of one array of strings, as they lie in a reply: strings, or pairs of them (fields with their values). Two
 * arrays are compared by these bytes, so that no string has to be made of them.
 */
export class Elements {
  readonly #starts = new Int32Array(mostElements + 1);
  #quads = new Quads(Buffer.alloc(0));
  #count = 0;
  #from = 0;
  /** Where the array ends in the reply. */
  end = 0;

  /** Takes the array that begins at `at`. Returns false where there is none, or where it holds too much. */
  take(bytes: Buffer, at: number, stringsEach: 1 | 2): boolean {
    const strings = arrayLengthAt(bytes, at);
    if (strings === null || strings.length % stringsEach !== 0) return false;
    const count = strings.length / stringsEach;
    if (count > mostElements) return false;
    let to = strings.first;
    for (let i = 0; i < count; i++) {
      this.#starts[i] = to;
      for (let part = 0; part < stringsEach && to >= 0; part++) to = afterString(bytes, to);
      if (to < 0) return false;
    }
    this.#starts[count] = to;
    if (this.#quads.bytes !== bytes) this.#quads = new Quads(bytes);
    this.#count = count;
    this.#from = at;
    this.end = to;
    return true;
  }

  /** Whether the other array has the same bytes. */
  areSame(other: Elements): boolean {
    return this.#quads.areSame(this.#from, this.end, other.#quads, other.#from, other.end);
  }

  /** Whether the other array has the same elements, each as often, in whatever order. */
  areSameInAnyOrder(other: Elements): boolean {
    const count = this.#count;
    if (count !== other.#count || this.end - this.#from !== other.end - other.#from) return false;
    const mask = tableFor(count) - 1;
    table.fill(0, 0, mask + 1);
    for (let i = 0; i < count; i++) {
      const hash = this.#hash(i);
      let slot = hash & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = i + 1;
      hashes[slot] = hash;
    }
    for (let i = 0; i < count; i++) if (!this.#strikeOut(other, i, mask)) return false;
    return true;
  }

  /** Finds an element of the other array among those that were not found before. */
  #strikeOut(other: Elements, i: number, mask: number): boolean {
    const [from, to] = [other.#starts[i]!, other.#starts[i + 1]!];
    const hash = other.#hash(i);
    for (let slot = hash & mask; table[slot] !== 0; slot = (slot + 1) & mask) {
      const own = table[slot]! - 1;
      if (own < 0 || hashes[slot] !== hash) continue;
      if (!this.#quads.areSame(this.#starts[own]!, this.#starts[own + 1]!, other.#quads, from, to)) continue;
      table[slot] = struckOut;
      return true;
    }
    return false;
  }

  /** Equal hashes cost time, and nothing else. */
  #hash(i: number): number {
    return this.#quads.hash(this.#starts[i]!, this.#starts[i + 1]!);
  }
}

const struckOut = -1;
const table = new Int32Array(4 * mostElements);
/** Of the elements in the table, at the same places. */
const hashes = new Int32Array(table.length);

/** A power of two that leaves at least half of the places free. */
function tableFor(count: number): number {
  let size = 4;
  while (size < 2 * count) size *= 2;
  return size;
}
