import { afterString, afterStrings, ProtocolError, ReplyReader } from '../../resp/reader.ts';
import type { CommandWriter } from '../../resp/writer.ts';
import type { Named } from './pagers.ts';

/** Members as they lie in a reply: names, or names and values by turns. They are asked for and compared by these bytes. */
export class ListedMembers {
  readonly count: number;
  readonly #bytes: Buffer;
  readonly #from: number;
  readonly #end: number;
  readonly #haveValues: boolean;

  /** @param at the place of the array. Throws ProtocolError where it is no array of whole strings that ends with the reply. */
  constructor(bytes: Buffer, at: number, type: Named) {
    const reader = new ReplyReader(bytes, at);
    const strings = reader.array();
    this.#bytes = bytes;
    this.#from = reader.position;
    this.#haveValues = type !== 'set';
    this.count = Number(strings) / (this.#haveValues ? 2 : 1);
    this.#end = Number.isInteger(this.count) ? afterStrings(bytes, this.#from, Number(strings)) : -1;
    // What is no string must not become part of a command.
    if (this.#end !== bytes.length) throw new ProtocolError('a piece of a collection is no array of members');
  }

  /** Writes the command that asks for all of them by name. */
  ask(writer: CommandWriter, command: string, key: Buffer): CommandWriter {
    writer
      .header(this.count + 2)
      .argument(command)
      .argument(key);
    if (!this.#haveValues) return writer.verbatim(this.#bytes.subarray(this.#from, this.#end));
    for (let at = this.#from; at < this.#end; ) {
      const value = afterString(this.#bytes, at);
      writer.verbatimPart(this.#bytes, at, value);
      at = afterString(this.#bytes, value);
    }
    return writer;
  }

  /** Whether the answer to the question holds them all, with the same values. */
  areIn(answer: Buffer): boolean {
    const head = `*${this.count}\r\n`;
    if (answer.toString('latin1', 0, head.length) !== head) return false;
    return this.#haveValues
      ? this.#valuesAreAt(answer, head.length)
      : areOnes(answer, head.length, this.count);
  }

  #valuesAreAt(answer: Buffer, place: number): boolean {
    const bytes = this.#bytes;
    let to = place;
    for (let at = this.#from; at < this.#end; ) {
      const value = afterString(bytes, at);
      at = afterString(bytes, value);
      for (let from = value; from < at; from++) if (bytes[from] !== answer[to++]) return false;
    }
    return to === answer.length;
  }
}

const one = Buffer.from(':1\r\n');

function areOnes(answer: Buffer, at: number, count: number): boolean {
  if (answer.length !== at + count * one.length) return false;
  for (let i = at; i < answer.length; i++) if (answer[i] !== one[(i - at) % one.length]) return false;
  return true;
}
