/** The Redis protocol (RESP2), read: by whoever asks a server, and by whoever plays a server. */

/** An error reply, as a value: `-ERR text`. */
export class ErrorReply {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
  toString(): string {
    return this.message;
  }
}

export type Reply = Buffer | number | null | ErrorReply | readonly Reply[];

/** Where a bulk string's bytes lie in a buffer. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const asterisk = 0x2a;
const dollar = 0x24;
const colon = 0x3a;
const minus = 0x2d;
const plus = 0x2b;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;

/** What is wrong with bytes: the mark that begins a value, a line, the length of a string or the count of an array. */
export type ProtocolFault = 'mark' | 'line' | 'length' | 'count';

/** What was read is not the Redis protocol, or not a reply of the kind that the command has (`fault` null). */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly fault: ProtocolFault | null;
  constructor(message: string, fault: ProtocolFault | null = null) {
    super(message);
    this.fault = fault;
  }
}

/** The bytes of a string reply. Throws ProtocolError where it is none. */
export function bytesIn(reply: Reply | undefined): Buffer {
  if (Buffer.isBuffer(reply)) return reply;
  throw new ProtocolError(`a reply holds ${nameOf(reply)} in the place of a string`);
}

/** The items of an array reply. Throws ProtocolError where it is none. */
export function itemsIn(reply: Reply | undefined): readonly Reply[] {
  if (Array.isArray(reply)) return reply;
  throw new ProtocolError(`a reply holds ${nameOf(reply)} in the place of an array`);
}

/** An array reply of strings alone. Throws ProtocolError where it is none. */
export const stringsIn = (reply: Reply | undefined): readonly Buffer[] => itemsIn(reply).map(bytesIn);

/** A reply that is a number, or a string that spells one. Throws ProtocolError where it is none. */
export function numberIn(reply: Reply | undefined): number {
  const value = typeof reply === 'number' ? reply : Number(bytesIn(reply).toString('latin1') || 'nothing');
  if (Number.isFinite(value)) return value;
  throw new ProtocolError('a reply holds a string in the place of a number');
}

/** A reply that counts something. Throws ProtocolError where it does not. */
export function countIn(reply: Reply | undefined): number {
  const count = numberIn(reply);
  if (Number.isInteger(count) && count >= 0) return count;
  throw new ProtocolError(`a reply holds ${count} in the place of a count`);
}

function nameOf(reply: Reply | undefined): string {
  if (reply === null || reply === undefined) return 'nothing';
  if (reply instanceof ErrorReply) return `the error "${reply.message}"`;
  return Array.isArray(reply) ? 'an array' : typeof reply === 'number' ? 'a number' : 'a string';
}

/** Arrays inside arrays: no reply that is asked for goes deeper than an entry of a stream. */
const deepestNesting = 8;

/** Reads values one after another from a buffer that holds them whole. Throws ProtocolError where it does not. */
export class ReplyReader {
  readonly buffer: Buffer;
  position: number;

  constructor(buffer: Buffer, position = 0) {
    this.buffer = buffer;
    this.position = position;
  }

  get done(): boolean {
    return this.position >= this.buffer.length;
  }

  next(): Reply {
    return this.#next(0);
  }

  #next(depth: number): Reply {
    const mark = this.buffer[this.position];
    switch (mark) {
      case dollar:
        return this.#string();
      case colon:
        return this.#headerNumber();
      case plus:
        return this.#line();
      case minus:
        return new ErrorReply(this.#line().toString());
      case asterisk: {
        const count = this.#headerNumber();
        if (count < 0) return null;
        if (depth >= deepestNesting) throw new ProtocolError('a reply nests too deep');
        const items: Reply[] = [];
        for (let i = 0; i < count; i++) items.push(this.#next(depth + 1));
        return items;
      }
      default:
        throw broken(mark);
    }
  }

  /** The length of an array that begins here, or the error in its place. */
  array(): number | ErrorReply {
    const mark = this.buffer[this.position];
    if (mark === minus) return new ErrorReply(this.#line().toString());
    if (mark !== asterisk) throw broken(mark);
    return this.#headerNumber();
  }

  /** The place of the bulk string that begins here; null = nil. */
  bulk(): Span | null {
    if (this.buffer[this.position] !== dollar) throw broken(this.buffer[this.position]);
    const string = this.#string();
    return string && { start: this.position - 2 - string.length, end: this.position - 2 };
  }

  #string(): Buffer | null {
    const length = this.#headerNumber();
    if (length < 0) return null;
    const start = this.position;
    if (start + length + 2 > this.buffer.length)
      throw new ProtocolError('a reply ends in the middle of a string');
    this.position = start + length + 2;
    return this.buffer.subarray(start, start + length);
  }

  /** Passes over these bytes, where they come next. */
  passes(expected: Buffer): boolean {
    const { buffer, position } = this;
    for (let i = 0; i < expected.length; i++) if (buffer[position + i] !== expected[i]) return false;
    this.position += expected.length;
    return true;
  }

  /** Passes over one reply. */
  skip(): void {
    const after = endOfReplies(this.buffer, this.position, this.buffer.length, 1);
    if (after === null) throw new ProtocolError('a reply is not whole');
    this.position = after;
  }

  #headerNumber(): number {
    const value = numberAt(this.buffer, this.position + 1, this.buffer.length);
    if (Number.isNaN(value)) throw broken(undefined);
    this.position = afterNumber;
    return value;
  }

  #line(): Buffer {
    const after = afterLine(this.buffer, this.position, this.buffer.length);
    if (after === null) throw new ProtocolError('a reply ends in the middle of a line', 'line');
    const text = this.buffer.subarray(this.position + 1, after - 2);
    this.position = after;
    return text;
  }
}

function broken(byte: number | undefined): ProtocolError {
  return new ProtocolError(
    byte === undefined ? 'a reply is not whole' : `unexpected byte 0x${byte.toString(16)} in a reply`,
    'mark',
  );
}

/** Digits of the greatest number of 64 bits. */
const mostDigits = 19;

/** Where the line ends that `numberAt` read last. To return both would cost an object for each string that is read. */
let afterNumber = 0;

/** The number whose line begins at `at`; NaN = the line goes on beyond `end`. */
function numberAt(buffer: Buffer, at: number, end: number): number {
  const negative = buffer[at] === minus;
  const first = negative ? at + 1 : at;
  let to = first;
  let value = 0;
  let byte = buffer[to]!;
  while (byte >= 0x30 && byte <= 0x39) {
    value = value * 10 + byte - 0x30;
    to += 1;
    byte = buffer[to]!;
  }
  if (
    byte !== carriageReturn ||
    to + 1 >= end ||
    buffer[to + 1] !== lineFeed ||
    to === first ||
    to - first > mostDigits
  )
    return unfinished(buffer, at, first, Math.min(to, end), end);
  afterNumber = to + 2;
  return negative ? -value : value;
}

/** NaN for a line of digits that goes on beyond `end`. Throws ProtocolError for what is no such line. */
function unfinished(buffer: Buffer, at: number, first: number, to: number, end: number): number {
  const mayGoOn = to === end || (to + 1 === end && buffer[to] === carriageReturn && to > first);
  if (mayGoOn && to - first <= mostDigits) return Number.NaN;
  throw new ProtocolError(
    'a reply announces what is no number',
    buffer[at - 1] === asterisk ? 'count' : 'length',
  );
}

/** How many elements the array has that begins at `at`, and where its first element is; null = no array begins there. */
export function arrayLengthAt(
  bytes: Buffer,
  at: number,
): { readonly length: number; readonly first: number } | null {
  if (bytes[at] !== asterisk) return null;
  const length = numberAt(bytes, at + 1, bytes.length);
  return length >= 0 ? { length, first: afterNumber } : null;
}

/** Where the string ends that begins at `at`, with its line end; -1 = there is no whole string. */
export function afterString(bytes: Buffer, at: number): number {
  if (bytes[at] !== dollar) return -1;
  const length = numberAt(bytes, at + 1, bytes.length);
  if (!(length >= 0)) return -1;
  const end = afterNumber + length;
  return bytes[end] === carriageReturn && bytes[end + 1] === lineFeed ? end + 2 : -1;
}

/** Where `count` strings end that begin at `at`; -1 = there are not so many whole strings. */
export function afterStrings(bytes: Buffer, at: number, count: number): number {
  let after = at;
  for (let i = 0; i < count && after >= 0; i++) after = afterString(bytes, after);
  return after;
}

/** Where the line of text ends that begins at `at`; null = beyond `end`. */
function afterLine(buffer: Buffer, at: number, end: number): number | null {
  let after = afterFeed(buffer, at, end);
  while (after !== null && buffer[after - 2] !== carriageReturn) after = afterFeed(buffer, after, end);
  return after;
}

function afterFeed(buffer: Buffer, at: number, end: number): number | null {
  const feed = buffer.indexOf(lineFeed, at);
  return feed >= 0 && feed < end ? feed + 1 : null;
}

/** Bounds of one value. What exceeds them is refused before anything is allocated for it. */
export interface Bounds {
  /** Bytes of a whole value, headers included. */
  readonly maxBytes: number;
  /** Bytes of one line. */
  readonly maxLineBytes: number;
  /** Elements that all arrays of one value may announce together. */
  readonly maxElements: number;
  /** Whether a line without a mark is a value, as a server takes a command that a person types. */
  readonly inline?: boolean;
}

const unbounded: Bounds = {
  maxBytes: Number.POSITIVE_INFINITY,
  maxLineBytes: Number.POSITIVE_INFINITY,
  maxElements: Number.POSITIVE_INFINITY,
};

/** Looks for the end of values in bytes that are still coming. Asked again, it goes on behind what it has seen. */
class EndSearch {
  readonly #bounds: Bounds;
  /** Bytes seen. */
  #seen = 0;
  /** Values still to come; arrays add their elements. */
  #left: number;
  #elements = 0;
  /** Bytes that the values have at the least. */
  needed = 1;

  constructor(count: number, bounds: Bounds) {
    this.#left = count;
    this.#bounds = bounds;
  }

  /** Where the values end that begin at `start`; null = beyond `end`. Throws ProtocolError at what no value can be. */
  in(buffer: Buffer, start: number, end: number): number | null {
    while (this.#left > 0) {
      const at = start + this.#seen;
      const bytes = (at < end ? this.#afterNext(buffer, at, end) : at + 1) - start;
      const most = this.#bounds.maxBytes;
      if (bytes > most)
        throw new ProtocolError(`a reply announces ${bytes} bytes; more than ${most} are not read`, 'length');
      this.needed = bytes;
      if (start + bytes > end) return null;
      this.#seen = bytes;
      this.#left -= 1;
    }
    return start + this.#seen;
  }

  /** Where the string, number, line or header of an array ends that begins at `at`, at the earliest. */
  #afterNext(buffer: Buffer, at: number, end: number): number {
    const mark = buffer[at];
    if (this.#bounds.inline && this.#seen === 0 && mark !== asterisk)
      return this.#bounded(at, afterFeed(buffer, at, end) ?? end + 1);
    if (mark === plus || mark === minus) return this.#bounded(at, afterLine(buffer, at, end) ?? end + 1);
    if (mark !== dollar && mark !== asterisk && mark !== colon) throw broken(mark);
    const announced = numberAt(buffer, at + 1, end);
    if (Number.isNaN(announced)) return end + 1;
    const after = afterNumber;
    if (mark === colon) return after;
    if (announced < -1)
      throw new ProtocolError('a reply announces a negative length', mark === dollar ? 'length' : 'count');
    if (announced < 0) return after;
    if (mark === dollar) return after + announced + 2;
    this.#announce(announced);
    return after;
  }

  #announce(elements: number): void {
    const most = this.#bounds.maxElements;
    this.#elements += elements;
    this.#left += elements;
    if (this.#elements > most)
      throw new ProtocolError(
        `a reply announces ${this.#elements} elements; more than ${most} are not read`,
        'count',
      );
  }

  #bounded(at: number, after: number): number {
    const most = this.#bounds.maxLineBytes;
    if (after - at > most) throw new ProtocolError(`a line of a reply is longer than ${most} bytes`, 'line');
    return after;
  }
}

/**
 * Where `count` values that begin at `start` end, or null while they are not whole yet.
 * Throws ProtocolError at bytes that no value can begin with.
 */
export const endOfReplies = (buffer: Buffer, start: number, end: number, count: number): number | null =>
  new EndSearch(count, unbounded).in(buffer, start, end);

/** Puts values together from bytes that may be cut anywhere. It keeps no more than the value under way. */
export class Incoming {
  readonly #bounds: Bounds;
  #parts: Buffer[] = [];
  #held = 0;
  #search: EndSearch;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
    this.#search = new EndSearch(1, bounds);
  }

  /** Calls `take` with a reader at each value that these bytes complete. Throws ProtocolError, and is of no use afterwards. */
  push(bytes: Buffer, take: (value: ReplyReader) => void): void {
    this.#parts.push(bytes);
    this.#held += bytes.length;
    if (this.#held < this.#search.needed) return;
    const buffer = this.#parts.length === 1 ? bytes : Buffer.concat(this.#parts, this.#held);
    let start = 0;
    for (;;) {
      const end = this.#search.in(buffer, start, buffer.length);
      if (end === null) break;
      take(new ReplyReader(buffer, start));
      start = end;
      this.#search = new EndSearch(1, this.#bounds);
    }
    this.#held = buffer.length - start;
    this.#parts = this.#held === 0 ? [] : [buffer.subarray(start)];
  }
}
