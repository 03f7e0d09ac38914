export type Argument = string | number | Buffer;

const dollar = 0x24;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const lineEnd = Buffer.from('\r\n');
/** Of the length of a buffer. */
const mostDigits = 16;
/** More bytes are quicker copied as a part of their own. */
const fewBytes = 64;

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

  /** The same command for each of the keys, which stand between the other arguments. */
  addEach(keys: readonly Buffer[], before: readonly Argument[], after: readonly Argument[] = []): this {
    const first = this.#length;
    this.#text(`*${before.length + 1 + after.length}\r\n`);
    for (const part of before) this.argument(part);
    const head = Buffer.from(this.#buffer.subarray(first, this.#length));
    this.#length = first;
    for (const part of after) this.argument(part);
    const tail = Buffer.from(this.#buffer.subarray(first, this.#length));
    this.#length = first;
    for (const key of keys) {
      this.verbatimPart(head, 0, head.length);
      this.#announce(key.length);
      this.verbatimPart(key, 0, key.length);
      this.verbatimPart(lineEnd, 0, lineEnd.length);
      this.verbatimPart(tail, 0, tail.length);
    }
    this.#commands += keys.length;
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
    this.#buffer[this.#length++] = lineFeed;
    return this;
  }

  /** Arguments already in protocol form: the bulk strings of a reply are the bulk strings of a command. */
  verbatim(encoded: Buffer): this {
    this.#reserve(encoded.length);
    encoded.copy(this.#buffer, this.#length);
    this.#length += encoded.length;
    return this;
  }

  /** A part of the same, mostly one argument. */
  verbatimPart(bytes: Buffer, start: number, end: number): this {
    if (end - start > fewBytes) return this.verbatim(bytes.subarray(start, end));
    this.#reserve(end - start);
    const buffer = this.#buffer;
    let to = this.#length;
    for (let from = start; from < end; from++) buffer[to++] = bytes[from]!;
    this.#length = to;
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

  /** `$length` and its line end, digit by digit. */
  #announce(length: number): void {
    this.#reserve(mostDigits + 3);
    let digits = 1;
    for (let rest = length; rest >= 10; rest = Math.floor(rest / 10)) digits += 1;
    const buffer = this.#buffer;
    buffer[this.#length] = dollar;
    let rest = length;
    for (let at = this.#length + digits; at > this.#length; at--) {
      buffer[at] = 0x30 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    this.#length += digits + 1;
    buffer[this.#length++] = carriageReturn;
    buffer[this.#length++] = lineFeed;
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
