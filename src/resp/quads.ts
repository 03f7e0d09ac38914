/** More bytes are compared quicker by native code. */
const manyBytes = 1024;

/**
 * Bytes that are looked at four at a time. One by one takes three times as long, and so does a call of native code where they are
 * few. A place is where something begins and the place behind its end.
 */
export class Quads {
  readonly bytes: Buffer;
  readonly #view: DataView;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Whether another place holds the same bytes. */
  areSame(from: number, to: number, other: Quads, otherFrom: number, otherTo: number): boolean {
    const length = to - from;
    if (length !== otherTo - otherFrom) return false;
    if (length > manyBytes) return this.bytes.compare(other.bytes, otherFrom, otherTo, from, to) === 0;
    if (length < 4) return this.#areSameFew(from, to, other, otherFrom);
    const [left, right] = [this.#view, other.#view];
    const last = to - 4;
    for (let at = from, there = otherFrom; at < last; at += 4, there += 4)
      if (left.getInt32(at, true) !== right.getInt32(there, true)) return false;
    return left.getInt32(last, true) === right.getInt32(otherTo - 4, true);
  }

  #areSameFew(from: number, to: number, other: Quads, otherFrom: number): boolean {
    for (let at = from, there = otherFrom; at < to; at++, there++)
      if (this.bytes[at] !== other.bytes[there]) return false;
    return true;
  }

  /** Tells most places apart that hold other bytes. At least 4 bytes. */
  hash(from: number, to: number): number {
    const view = this.#view;
    const last = to - 4;
    let hash = to - from;
    for (let at = from; at < last; at += 4) hash = mixed(hash, view.getInt32(at, true));
    hash = mixed(hash, view.getInt32(last, true));
    return hash ^ (hash >>> 15);
  }

  /** Copies a place to another one, where there is room for it. At least 4 bytes. */
  copy(from: number, to: number, target: Quads, place: number): void {
    const [source, view] = [this.#view, target.#view];
    const last = to - 4;
    let there = place;
    for (let at = from; at < last; at += 4, there += 4) view.setInt32(there, source.getInt32(at, true), true);
    view.setInt32(place + last - from, source.getInt32(last, true), true);
  }
}

const mixed = (hash: number, quad: number): number =>
  Math.imul(((hash << 5) | (hash >>> 27)) ^ quad, 0x27220a95);
