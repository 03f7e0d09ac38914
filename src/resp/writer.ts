import type { ListedStrings } from './strings.ts';

export type Argument = string | number | Buffer;

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
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

  /** The same command for each of the keys from one place to another, which stand between the other arguments. */
  addEach(
    keys: ListedStrings,
    before: readonly Argument[],
    after: readonly Argument[] = [],
    from = 0,
    to = keys.count,
  ): this {
    if (from >= to) return this;
    const first = this.#length;
    for (const part of after) this.argument(part);
    const tailEnd = this.#length;
    this.#text(`*${before.length + 1 + after.length}\r\n`);
    for (const part of before) this.argument(part);
    const between = Buffer.from(this.#buffer.subarray(first, this.#length));
    const head = between.length - (tailEnd - first);
    this.#buffer.copyWithin(first, tailEnd, this.#length);
    this.#length = first + head;
    for (let i = from; i < to; i++) {
      this.#verbatimPart(keys.bytes, keys.starts[i]!, keys.ends[i]!);
      this.#verbatimPart(between, 0, between.length);
    }
    this.#length -= head;
    this.#commands += to - from;
    return this;
  }

  /** These strings as arguments. */
  strings(listed: ListedStrings): this {
    const { bytes, starts, ends, count, encoded } = listed;
    if (encoded) return this.#verbatim(encoded);
    for (let i = 0; i < count; i++) this.#verbatimPart(bytes, starts[i]!, ends[i]!);
    return this;
  }

  /** Begins a command of `parts` arguments, which must follow by `argument` or `strings`. */
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

  /** The bytes written so far; valid until the next `reset`. */
  toBuffer(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  reset(): this {
    this.#length = 0;
    this.#commands = 0;
    return this;
  }

  /** Arguments already in protocol form: the bulk strings of a reply are the bulk strings of a command. */
  #verbatim(encoded: Buffer): this {
    this.#reserve(encoded.length);
    encoded.copy(this.#buffer, this.#length);
    this.#length += encoded.length;
    return this;
  }

  #verbatimPart(bytes: Buffer, start: number, end: number): this {
    if (end - start > fewBytes) return this.#verbatim(bytes.subarray(start, end));
    this.#reserve(end - start);
    const buffer = this.#buffer;
    let to = this.#length;
    for (let from = start; from < end; from++) buffer[to++] = bytes[from]!;
    this.#length = to;
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
