import { Quads } from './quads.ts';
import { afterString, ProtocolError } from './reader.ts';

const lineFeed = 0x0a;
/** `$0`, a line end, nothing, and a line end. */
const fewestBytesEach = 6;

/**
 * Bulk strings as they lie in a reply. They can be written into a command as they are; a Buffer is made only of one that is
 * needed by itself. Holds as long as the memory of the reply.
 */
export class ListedStrings {
  readonly bytes: Buffer;
  /** Where each begins in `bytes`, header included. */
  readonly starts: Int32Array;
  /** Where each ends, line end included. */
  readonly ends: Int32Array;
  /** Where all of them lie, one behind the other; null = there is something between them. */
  readonly encoded: Buffer | null;

  private constructor(bytes: Buffer, starts: Int32Array, ends: Int32Array, encoded: Buffer | null) {
    this.bytes = bytes;
    this.starts = starts;
    this.ends = ends;
    this.encoded = encoded;
  }

  /** The strings from one place to the end; null = there are not just so many whole strings. */
  static upToEnd(bytes: Buffer, from: number, count: number): ListedStrings | null {
    if (!(count >= 0 && count <= (bytes.length - from) / fewestBytesEach)) return null;
    const places = new Int32Array(count + 1);
    let at = from;
    for (let i = 0; i < count; i++) {
      places[i] = at;
      at = afterString(bytes, at);
      if (at < 0) return null;
    }
    if (at !== bytes.length) return null;
    places[count] = at;
    return new ListedStrings(bytes, places.subarray(0, count), places.subarray(1), bytes.subarray(from));
  }

  static of(strings: readonly Buffer[]): ListedStrings {
    const parts = strings.flatMap((each) => [Buffer.from(`$${each.length}\r\n`), each, Buffer.from('\r\n')]);
    return ListedStrings.upToEnd(Buffer.concat(parts), 0, strings.length)!;
  }

  get count(): number {
    return this.starts.length;
  }

  /** The bytes of one string. */
  get(i: number): Buffer {
    return this.bytes.subarray(this.bytes.indexOf(lineFeed, this.starts[i]) + 1, this.ends[i]! - 2);
  }

  /** null = the string is empty. */
  lastByte(i: number): number | null {
    const end = this.ends[i]!;
    return end - this.starts[i]! > fewestBytesEach ? this.bytes[end - 3]! : null;
  }

  all(): Buffer[] {
    return Array.from(this.starts, (_, i) => this.get(i));
  }

  /** Some of them, by their places among all. */
  pick(places: readonly number[]): ListedStrings {
    if (places.length === this.count) return this;
    const take = (from: Int32Array) => Int32Array.from(places, (i) => from[i]!);
    return new ListedStrings(this.bytes, take(this.starts), take(this.ends), null);
  }

  /** The first one of each two. */
  firstOfPairs(): ListedStrings {
    const starts = new Int32Array(this.count >> 1);
    const ends = new Int32Array(starts.length);
    for (let i = 0; i < starts.length; i++) {
      starts[i] = this.starts[2 * i]!;
      ends[i] = this.ends[2 * i]!;
    }
    return new ListedStrings(this.bytes, starts, ends, null);
  }
}

const nil = Buffer.from('$-1\r\n');

function isNilAt(bytes: Buffer, at: number): boolean {
  for (let i = 0; i < nil.length; i++) if (bytes[at + i] !== nil[i]) return false;
  return true;
}

/** The values of an array as they lie in a reply: strings, or nil. */
export class ListedValues {
  readonly #quads: Quads;
  readonly #places: Int32Array;

  /** @param from the place of the first one. Throws ProtocolError where there are not so many, or more. */
  constructor(bytes: Buffer, from: number, count: number) {
    const most = (bytes.length - from) / nil.length;
    this.#quads = new Quads(bytes);
    this.#places = new Int32Array(count <= most ? count + 1 : 0);
    let at = count <= most ? from : -1;
    for (let i = 0; i < count && at >= 0; i++) {
      this.#places[i] = at;
      at = isNilAt(bytes, at) ? at + nil.length : afterString(bytes, at);
    }
    if (at !== bytes.length) throw new ProtocolError('a reply is no array of values');
    this.#places[count] = at;
  }

  /** No string is as short as nil. */
  isNil(i: number): boolean {
    return this.#places[i + 1]! - this.#places[i]! === nil.length;
  }

  isSame(i: number, other: ListedValues): boolean {
    const [places, others] = [this.#places, other.#places];
    return this.#quads.areSame(places[i]!, places[i + 1]!, other.#quads, others[i]!, others[i + 1]!);
  }
}

/** Replies of which many follow one another, each again and again. */
const repeated = new Map<string, Buffer>();
const repetitions = 1024;

/** Whether the bytes from `at` to the end are this reply so many times. */
export function areAll(bytes: Buffer, at: number, reply: string, times: number): boolean {
  if (bytes.length - at !== times * reply.length) return false;
  const known = repeated.get(reply);
  const expected = known ?? Buffer.from(reply.repeat(repetitions), 'latin1');
  if (!known) repeated.set(reply, expected);
  for (let from = at; from < bytes.length; from += expected.length) {
    const length = Math.min(expected.length, bytes.length - from);
    if (expected.compare(bytes, from, from + length, 0, length) !== 0) return false;
  }
  return true;
}
