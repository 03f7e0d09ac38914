import type { Reply } from './reply.ts';

/** What the server does with bytes that are no command: it answers with this text and closes. */
export class ProtocolError extends Error {}

const newline = 0x0a;
const star = 0x2a;
const maxWords = 1024 * 1024;
const maxBulkBytes = 512 * 1024 * 1024;
const maxLineBytes = 64 * 1024;

/** Reads commands, multibulk or inline, from bytes that may be split anywhere. Words are binary strings. */
export class CommandParser {
  private parts: Buffer[] = [];
  private held = 0;
  /** Fewer bytes than this cannot complete the command that is under way. */
  private needed = 1;

  /** The commands that these bytes complete. Throws ProtocolError on what cannot be a command. */
  push(bytes: Buffer): string[][] {
    this.parts.push(bytes);
    this.held += bytes.length;
    if (this.held < this.needed) return [];
    const buffer = this.parts.length === 1 ? this.parts[0]! : Buffer.concat(this.parts);
    const commands: string[][] = [];
    let offset = 0;
    this.needed = 1;
    while (offset < buffer.length) {
      const parsed = buffer[offset] === star ? multibulk(buffer, offset) : inline(buffer, offset);
      if ('needed' in parsed) {
        this.needed = parsed.needed - offset;
        break;
      }
      if (parsed.words.length > 0) commands.push(parsed.words);
      offset = parsed.end;
    }
    const rest = buffer.subarray(offset);
    this.parts = rest.length === 0 ? [] : [rest];
    this.held = rest.length;
    return commands;
  }
}

type Parsed = { readonly words: string[]; readonly end: number } | { readonly needed: number };

function inline(buffer: Buffer, start: number): Parsed {
  const end = buffer.indexOf(newline, start);
  if (end === -1) return incompleteLine(buffer, start);
  const words = buffer.toString('latin1', start, end).trim().split(/\s+/);
  return { words: words[0] === '' ? [] : words, end: end + 1 };
}

function incompleteLine(buffer: Buffer, start: number): Parsed {
  if (buffer.length - start > maxLineBytes)
    throw new ProtocolError('ERR Protocol error: too big inline request');
  return { needed: buffer.length + 1 };
}

function multibulk(buffer: Buffer, start: number): Parsed {
  const line = buffer.indexOf(newline, start);
  if (line === -1) return incompleteLine(buffer, start);
  const count = wholeNumber(buffer, start + 1, line);
  if (count === undefined || count > maxWords)
    throw new ProtocolError('ERR Protocol error: invalid multibulk length');
  const words: string[] = [];
  let offset = line + 1;
  for (let i = 0; i < count; i++) {
    const end = buffer.indexOf(newline, offset);
    if (end === -1) return incompleteLine(buffer, offset);
    if (buffer[offset] !== 0x24) throw new ProtocolError("ERR Protocol error: expected '$'");
    const length = wholeNumber(buffer, offset + 1, end);
    if (length === undefined || length < 0 || length > maxBulkBytes)
      throw new ProtocolError('ERR Protocol error: invalid bulk length');
    const next = end + 1 + length + 2;
    if (buffer.length < next) return { needed: next };
    words.push(buffer.toString('latin1', end + 1, end + 1 + length));
    offset = next;
  }
  return { words, end: offset };
}

function wholeNumber(buffer: Buffer, start: number, end: number): number | undefined {
  const text = buffer.toString('latin1', start, end).trimEnd();
  return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
}

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
