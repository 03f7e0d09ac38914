import { Quads } from '../../resp/quads.ts';
import { ProtocolError, ReplyReader } from '../../resp/reader.ts';
import { areAll, ListedStrings } from '../../resp/strings.ts';
import type { CommandWriter } from '../../resp/writer.ts';
import type { Named } from './pagers.ts';

/** Members as they lie in a reply: names, or names and values by turns. They are asked for and compared by these bytes. */
export class ListedMembers {
  readonly count: number;
  readonly #strings: ListedStrings;
  readonly #haveValues: boolean;

  /** @param at the place of the array. Throws ProtocolError where it is no array of whole strings that ends with the reply. */
  constructor(bytes: Buffer, at: number, type: Named) {
    const reader = new ReplyReader(bytes, at);
    const length = reader.array();
    const strings = typeof length === 'number' ? ListedStrings.upToEnd(bytes, reader.position, length) : null;
    this.#haveValues = type !== 'set';
    // What is no string must not become part of a command.
    if (strings === null || (this.#haveValues && strings.count % 2 !== 0))
      throw new ProtocolError('a piece of a collection is no array of members');
    this.count = strings.count / (this.#haveValues ? 2 : 1);
    this.#strings = strings;
  }

  /** Writes the command that asks for all of them by name. */
  ask(writer: CommandWriter, command: string, key: Buffer): CommandWriter {
    return writer
      .header(this.count + 2)
      .argument(command)
      .argument(key)
      .strings(this.#strings, this.#haveValues ? 2 : 1);
  }

  /** Whether the answer to the question holds them all, with the same values. */
  areIn(answer: Buffer): boolean {
    const head = `*${this.count}\r\n`;
    if (answer.toString('latin1', 0, head.length) !== head) return false;
    return this.#haveValues
      ? this.#valuesAreAt(answer, head.length)
      : areAll(answer, head.length, ':1\r\n', this.count);
  }

  #valuesAreAt(answer: Buffer, place: number): boolean {
    const { bytes, starts, ends } = this.#strings;
    const listed = new Quads(bytes);
    const answered = new Quads(answer);
    let from = place;
    for (let i = 1; i < starts.length; i += 2) {
      const to = from + ends[i]! - starts[i]!;
      if (to > answer.length || !listed.areSame(starts[i]!, ends[i]!, answered, from, to)) return false;
      from = to;
    }
    return from === answer.length;
  }
}
