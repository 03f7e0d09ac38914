import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type Bounds, Incoming } from '../../resp/reader.ts';

/**
 * The largest honest reply is INFO rocksdb: 20 KB per DB on 3.5.4, 40 KB on 4.0.1 (recordings 24), with at most
 * 8 DBs and a handful of instances.
 */
const replyBounds: Bounds = {
  maxBytes: 8 * 1024 * 1024,
  maxLineBytes: 64 * 1024,
  maxElements: 100_000,
};

/**
 * A connected socket that passes on whole replies within bounds: ioredis has none of its own. What exceeds them, or is no
 * reply, is never passed on, and ends the connection. It has the few socket methods that ioredis calls.
 */
export class GuardedStream extends Duplex {
  private readonly socket: Socket;
  private readonly incoming = new Incoming(replyBounds);

  constructor(socket: Socket) {
    super({ allowHalfOpen: false });
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.pass(chunk));
    socket.once('end', () => this.push(null));
    socket.once('error', (error) => this.destroy(error));
    socket.once('close', () => this.destroy());
  }

  private pass(chunk: Buffer): void {
    if (this.destroyed) return;
    try {
      this.incoming.push(chunk, (reply) => {
        const start = reply.position;
        reply.skip();
        if (!this.push(reply.buffer.subarray(start, reply.position))) this.socket.pause();
      });
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.socket.write(chunk, encoding, done);
  }

  /** One packet for commands that were written together. */
  override _writev(
    chunks: { chunk: Buffer; encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ): void {
    this.socket.write(
      Buffer.concat(chunks.map(({ chunk, encoding }) => Buffer.from(chunk as never, encoding))),
      done,
    );
  }

  override _final(done: () => void): void {
    this.socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.socket.destroy();
    done(error);
  }

  setNoDelay(on?: boolean): this {
    this.socket.setNoDelay(on);
    return this;
  }

  setKeepAlive(on?: boolean, delayMs?: number): this {
    this.socket.setKeepAlive(on, delayMs);
    return this;
  }

  setTimeout(): this {
    return this;
  }
}
