import { Incoming, ProtocolError, type ProtocolFault, type ReplyReader } from '../resp/reader.ts';
import type { Reply } from './reply.ts';

const asterisk = 0x2a;

const bounds = {
  maxBytes: 512 * 1024 * 1024,
  maxLineBytes: 64 * 1024,
  maxElements: 1024 * 1024,
  inline: true,
};

/** Reads commands, multibulk or inline, from bytes that may be split anywhere. Words are binary strings. */
export class CommandParser {
  readonly #incoming = new Incoming(bounds);

  /** The commands that these bytes complete. Throws ProtocolError on what cannot be a command. */
  push(bytes: Buffer): string[][] {
    const commands: string[][] = [];
    this.#incoming.push(bytes, (value) => {
      const words = value.buffer[value.position] === asterisk ? multibulk(value) : inline(value);
      if (words.length > 0) commands.push(words);
    });
    return commands;
  }
}

function inline({ buffer, position }: ReplyReader): string[] {
  const line = buffer.toString('latin1', position, buffer.indexOf('\n', position)).trim();
  return line === '' ? [] : line.split(/\s+/);
}

function multibulk(value: ReplyReader): string[] {
  const words: string[] = [];
  for (let left = Number(value.array()); left > 0; left -= 1) {
    const span = value.bulk();
    if (span === null) throw new ProtocolError('a word of a command is nothing', 'length');
    words.push(value.buffer.toString('latin1', span.start, span.end));
  }
  return words;
}

/** What a server says of bytes that are no command, before it closes the connection. */
export const complaints: Readonly<Record<ProtocolFault, string>> = {
  mark: "expected '$'",
  line: 'too big inline request',
  length: 'invalid bulk length',
  count: 'invalid multibulk length',
};

/** A reply as it goes over the wire, as a binary string. */
export function encodeReply(reply: Reply): string {
  if (typeof reply === 'string') return `$${reply.length}\r\n${reply}\r\n`;
  if (typeof reply === 'number') return `:${reply}\r\n`;
  if (reply === null) return '$-1\r\n';
  if ('status' in reply) return `+${reply.status}\r\n`;
  if ('error' in reply) return `-${reply.error}\r\n`;
  let text = `*${reply.length}\r\n`;
  for (const each of reply) text += encodeReply(each);
  return text;
}
