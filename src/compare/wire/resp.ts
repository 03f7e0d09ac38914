/** The Redis protocol (RESP2), as far as a comparison needs it: commands written once, replies read from whole buffers. */

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

export type Argument = string | number | Buffer;

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

/** A pipeline of commands being written, in one growing buffer. */
export class CommandWriter {
  #buffer = Buffer.allocUnsafe(16_384);
  #length = 0;
  #commands = 0;

  get commands(): number {
    return this.#commands;
  }

  get bytes(): number {
    return this.#length;
  }

  add(...parts: readonly Argument[]): this {
    this.header(parts.length);
    for (const part of parts) this.argument(part);
    return this;
  }

  /** Begins a command of `parts` arguments, which must follow by `argument` or `verbatim`. */
  header(parts: number): this {
    this.#commands += 1;
    this.#text(`*${parts}\r\n`);
    return this;
  }

  argument(part: Argument): this {
    if (typeof part === 'number') return this.argument(String(part));
    if (typeof part === 'string') {
      const length = Buffer.byteLength(part);
      this.#text(`$${length}\r\n`);
      this.#reserve(length + 2);
      this.#length += this.#buffer.write(part, this.#length, 'utf8');
    } else {
      this.#text(`$${part.length}\r\n`);
      this.#reserve(part.length + 2);
      part.copy(this.#buffer, this.#length);
      this.#length += part.length;
    }
    this.#buffer[this.#length++] = carriageReturn;
    this.#buffer[this.#length++] = 0x0a;
    return this;
  }

  /** Arguments already in protocol form: the bulk strings of a reply are the bulk strings of a command. */
  verbatim(encoded: Buffer): this {
    this.#reserve(encoded.length);
    encoded.copy(this.#buffer, this.#length);
    this.#length += encoded.length;
    return this;
  }

  /** The bytes written so far; valid until the next `reset`. */
  toBuffer(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  reset(): this {
    this.#length = 0;
    this.#commands = 0;
    return this;
  }

  #text(text: string): void {
    this.#reserve(text.length);
    this.#length += this.#buffer.write(text, this.#length, 'latin1');
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

/** What was read is not the Redis protocol, or not a reply of the kind that the command has. */
export class ProtocolError extends Error {}

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

/** Arrays inside arrays: no reply that a comparison asks for goes deeper than an entry of a stream. */
const deepestNesting = 8;

/** Reads replies one after another from a buffer that holds them whole. Throws ProtocolError where it does not. */
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
      case dollar: {
        const span = this.bulk();
        return span && this.buffer.subarray(span.start, span.end);
      }
      case colon:
        return this.#headerNumber();
      case plus:
        return Buffer.from(this.#line());
      case minus:
        return new ErrorReply(this.#line());
      case asterisk: {
        const count = this.#headerNumber();
        if (count < 0) return null;
        if (depth >= deepestNesting) throw new ProtocolError('a reply nests too deep');
        const items: Reply[] = [];
        for (let i = 0; i < count; i++) items.push(this.#next(depth + 1));
        return items;
      }
      default:
        throw this.#broken(mark);
    }
  }

  /** The length of an array that begins here, or the error in its place. */
  array(): number | ErrorReply {
    const mark = this.buffer[this.position];
    if (mark === minus) return new ErrorReply(this.#line());
    if (mark !== asterisk) throw this.#broken(mark);
    return this.#headerNumber();
  }

  /** The place of the bulk string that begins here; null = nil. */
  bulk(): Span | null {
    if (this.buffer[this.position] !== dollar) throw this.#broken(this.buffer[this.position]);
    const length = this.#headerNumber();
    if (length < 0) return null;
    const start = this.position;
    const end = start + length;
    if (end + 2 > this.buffer.length) throw new ProtocolError('a reply ends in the middle of a string');
    this.position = end + 2;
    return { start, end };
  }

  /** Passes over one reply. */
  skip(): void {
    const after = endOfReplies(this.buffer, this.position, this.buffer.length, 1);
    if (after === null) throw new ProtocolError('a reply is not whole');
    this.position = after;
  }

  #headerNumber(): number {
    const { buffer } = this;
    let at = this.position + 1;
    let sign = 1;
    if (buffer[at] === minus) {
      sign = -1;
      at += 1;
    }
    let value = 0;
    for (;;) {
      const byte = buffer[at];
      if (byte === carriageReturn) break;
      if (byte === undefined || byte < 0x30 || byte > 0x39) throw this.#broken(byte);
      value = value * 10 + (byte - 0x30);
      at += 1;
    }
    this.position = at + 2;
    return sign * value;
  }

  #line(): string {
    const end = this.buffer.indexOf('\r\n', this.position);
    if (end < 0) throw new ProtocolError('a reply ends in the middle of a line');
    const text = this.buffer.toString('latin1', this.position + 1, end);
    this.position = end + 2;
    return text;
  }

  #broken(byte: number | undefined): ProtocolError {
    return new ProtocolError(
      byte === undefined ? 'a reply is not whole' : `unexpected byte 0x${byte.toString(16)} in a reply`,
    );
  }
}

/**
 * Where `count` replies that begin at `start` end, or null while they are not whole yet.
 * Throws ProtocolError at bytes that no reply can begin with.
 */
export function endOfReplies(buffer: Buffer, start: number, end: number, count: number): number | null {
  let at = start;
  let left = count;
  while (left > 0) {
    if (at >= end) return null;
    const mark = buffer[at];
    const lineEnd = buffer.indexOf('\r\n', at);
    if (lineEnd < 0 || lineEnd + 2 > end) return null;
    left -= 1;
    if (mark === dollar) {
      const length = lengthIn(buffer, at + 1, lineEnd);
      at = length < 0 ? lineEnd + 2 : lineEnd + 2 + length + 2;
      if (at > end) return null;
    } else if (mark === asterisk) {
      left += Math.max(0, lengthIn(buffer, at + 1, lineEnd));
      at = lineEnd + 2;
    } else if (mark === colon || mark === plus || mark === minus) {
      at = lineEnd + 2;
    } else {
      throw new ProtocolError(`unexpected byte 0x${(mark ?? 0).toString(16)} in a reply`);
    }
  }
  return at;
}

function lengthIn(buffer: Buffer, start: number, end: number): number {
  const length = Number(buffer.toString('latin1', start, end) || 'nothing');
  if (Number.isSafeInteger(length)) return length;
  throw new ProtocolError('a length in a reply is no number');
}
