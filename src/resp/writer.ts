import { Quads } from './quads.ts';
import type { ListedStrings } from './strings.ts';

export type Argument = string | number | Buffer;

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
/** More bytes are quicker copied as a part of their own. */
const fewBytes = 64;

/** A pipeline of commands being written, in one growing buffer. */
export class CommandWriter {
  #buffer = Buffer.allocUnsafe(16_384);
  #quads = new Quads(this.#buffer);
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
    const between = new Quads(Buffer.from(this.#buffer.subarray(first, this.#length)));
    const head = between.bytes.length - (tailEnd - first);
    this.#buffer.copyWithin(first, tailEnd, this.#length);
    this.#length = first + head;
    const { starts, ends } = keys;
    const strings = new Quads(keys.bytes);
    for (let i = from; i < to; i++) {
      this.#verbatimPart(strings, starts[i]!, ends[i]!);
      this.#verbatimPart(between, 0, between.bytes.length);
    }
    this.#length -= head;
    this.#commands += to - from;
    return this;
  }

  /** These strings as arguments, or every second one of them, beginning with the first. */
  strings(listed: ListedStrings, every: 1 | 2 = 1): this {
    const { bytes, starts, ends, count, encoded } = listed;
    if (encoded && every === 1) return this.#verbatim(encoded);
    const quads = new Quads(bytes);
    for (let i = 0; i < count; i += every) this.#verbatimPart(quads, starts[i]!, ends[i]!);
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

  /** Such a part has at least 4 bytes. */
  #verbatimPart(part: Quads, start: number, end: number): void {
    if (end - start > fewBytes) {
      this.#verbatim(part.bytes.subarray(start, end));
      return;
    }
    this.#reserve(end - start);
    part.copy(start, end, this.#quads, this.#length);
    this.#length += end - start;
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
    this.#quads = new Quads(grown);
  }
}
