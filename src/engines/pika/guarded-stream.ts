import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { ReplyGuard, type ReplyLimits } from './reply-guard.ts';

/**
 * A connected socket behind a ReplyGuard: what the guard refuses is never passed on, and ends the connection.
 * It has the few socket methods that ioredis calls.
 */
export class GuardedStream extends Duplex {
  private readonly socket: Socket;
  private readonly guard: ReplyGuard;

  constructor(socket: Socket, limits: ReplyLimits) {
    super({ allowHalfOpen: false });
    this.socket = socket;
    this.guard = new ReplyGuard(limits);
    socket.on('data', (chunk: Buffer) => this.pass(chunk));
    socket.once('end', () => this.push(null));
    socket.once('error', (error) => this.destroy(error));
    socket.once('close', () => this.destroy());
  }

  private pass(chunk: Buffer): void {
    if (this.destroyed) return;
    try {
      this.guard.accept(chunk);
    } catch (error) {
      this.destroy(error as Error);
      return;
    }
    if (!this.push(chunk)) this.socket.pause();
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
