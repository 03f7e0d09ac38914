/** Bounds of one reply. A server that exceeds one of them is cut off before the reply is kept in memory. */
export interface ReplyLimits {
  /** Bytes of one whole reply, headers included. */
  readonly maxReplyBytes: number;
  /** Bytes of a header, status or error line. */
  readonly maxLineBytes: number;
  /** Elements that all arrays of one reply may announce together. */
  readonly maxElements: number;
}

/**
 * The largest honest reply is INFO rocksdb: 20 KB per DB on 3.5.4, 40 KB on 4.0.1 (recordings 24), with at most
 * 8 DBs and a handful of instances.
 */
export const defaultReplyLimits: ReplyLimits = {
  maxReplyBytes: 8 * 1024 * 1024,
  maxLineBytes: 64 * 1024,
  maxElements: 100_000,
};

/** What the server sent is no reply of a Pika. */
export class GarbledReply extends Error {
  override readonly name = 'GarbledReply';
}

const [CR, LF] = [13, 10];
const typeBytes: ReadonlySet<number> = new Set(Buffer.from('+-:$*'));

/**
 * Follows the structure of a RESP2 stream without keeping any of it. So lengths are judged before a client library
 * allocates for them: ioredis has no limits of its own. Feed it every chunk first; it throws a GarbledReply at the
 * first byte that no Pika would send.
 */
export class ReplyGuard {
  private readonly limits: ReplyLimits;
  /** Text of the line being read, type byte included; only the first bytes of it are kept. */
  private line = '';
  private lineBytes = 0;
  private afterCr = false;
  /** Bytes of a bulk string (with its CRLF) still to come. */
  private bulkLeft = 0;
  /** Values still to come for the reply being read; nested arrays just add theirs. */
  private left = 1;
  private replyBytes = 0;
  private elements = 0;

  constructor(limits: ReplyLimits = defaultReplyLimits) {
    this.limits = limits;
  }

  accept(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) at = this.bulkLeft > 0 ? this.skipBulk(chunk, at) : this.readLine(chunk, at);
  }

  private skipBulk(chunk: Uint8Array, at: number): number {
    const taken = Math.min(this.bulkLeft, chunk.length - at);
    this.bulkLeft -= taken;
    this.count(taken);
    if (this.bulkLeft === 0) this.endValue();
    return at + taken;
  }

  private readLine(chunk: Uint8Array, start: number): number {
    for (let at = start; at < chunk.length; at += 1) {
      const byte = chunk[at] as number;
      this.count(1);
      if (this.lineBytes === 0 && !typeBytes.has(byte))
        throw new GarbledReply(`a reply begins with byte ${byte}, which is no reply type`);
      if (this.afterCr && byte === LF) {
        this.endLine();
        return at + 1;
      }
      this.afterCr = byte === CR;
      this.lineBytes += 1;
      if (this.lineBytes > this.limits.maxLineBytes)
        throw new GarbledReply(`a line of a reply is longer than ${this.limits.maxLineBytes} bytes`);
      if (this.line.length < 24) this.line += String.fromCharCode(byte);
    }
    return chunk.length;
  }

  private endLine(): void {
    const header = this.line.replace(/\r$/, '');
    this.line = '';
    this.lineBytes = 0;
    this.afterCr = false;
    if (header[0] === '$') this.beginBulk(lengthOf(header));
    else if (header[0] === '*') this.beginArray(lengthOf(header));
    else if (header[0] === ':' && !/^:[+-]?\d{1,20}$/.test(header))
      throw new GarbledReply('an integer reply is no number');
    else this.endValue();
  }

  private beginBulk(length: number): void {
    if (length < 0) {
      this.endValue();
      return;
    }
    if (this.replyBytes + length > this.limits.maxReplyBytes)
      throw new GarbledReply(
        `a reply announces ${length} bytes; more than ${this.limits.maxReplyBytes} are not read`,
      );
    this.bulkLeft = length + 2;
  }

  private beginArray(length: number): void {
    this.elements += Math.max(0, length);
    if (this.elements > this.limits.maxElements)
      throw new GarbledReply(
        `a reply announces ${this.elements} elements; more than ${this.limits.maxElements} are not read`,
      );
    this.left += Math.max(0, length);
    this.endValue();
  }

  private endValue(): void {
    this.left -= 1;
    if (this.left > 0) return;
    this.left = 1;
    this.replyBytes = 0;
    this.elements = 0;
  }

  private count(bytes: number): void {
    this.replyBytes += bytes;
    if (this.replyBytes > this.limits.maxReplyBytes)
      throw new GarbledReply(`a reply is longer than ${this.limits.maxReplyBytes} bytes`);
  }
}

function lengthOf(header: string): number {
  if (!/^[$*](?:-1|\d{1,15})$/.test(header))
    throw new GarbledReply('a reply announces a length that is no number');
  return Number(header.slice(1));
}
