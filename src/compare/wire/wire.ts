import { createHash, type Hash, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Credential } from '../../engines/engine.ts';
import { AccessRefused, connectToNode } from '../../engines/node-access.ts';
import { faultSays } from '../../model/comparison-texts.ts';
import { codeOfDenial, needsNoPassword } from '../../model/error-replies.ts';
import { type Address, formatAddress } from '../../model/observation.ts';
import type { Said } from '../../model/text.ts';
import type { Network } from '../../platform/network.ts';
import { ErrorReply, endOfReplies, ProtocolError, type Reply, ReplyReader } from '../../resp/reader.ts';
import { type Argument, CommandWriter } from '../../resp/writer.ts';
import { giveMemoryBack, takeMemory } from './memory.ts';

export type WireErrorCode =
  | 'unreachable'
  | 'timeout'
  | 'closed'
  | 'denied'
  | 'loading'
  | 'garbled'
  | 'refused'
  | 'changed'
  | 'aborted';

/** A server could not be read. The message names the server, and says what happened. */
export class WireError extends Error {
  readonly code: WireErrorCode;
  readonly server: string;
  readonly said: Said;
  constructor(code: WireErrorCode, server: string, said: Said) {
    super(`${server}: ${said.text}`);
    this.code = code;
    this.server = server;
    this.said = said;
  }
}

export interface WireOptions {
  readonly address: Address;
  readonly credential: Credential | null;
  /** Longest silence of a server that owes a reply. Milliseconds. */
  readonly timeoutMs: number;
  /** Replies to one batch beyond this many bytes are no answer any more. */
  readonly mostReplyBytes?: number;
  readonly signal?: AbortSignal | undefined;
  /** The network of the connections; absent = the real network. */
  readonly network?: Network;
}

/**
 * The replies to one batch, as bytes. If there are more bytes than may be kept, `bytes` holds the beginning and
 * `digest` the SHA-256 of all. This is enough to say whether two sides answered alike, whatever the size.
 */
export interface RawReplies {
  readonly bytes: Buffer;
  readonly totalBytes: number;
  readonly digest: Buffer | null;
}

export function sameBytes(a: RawReplies, b: RawReplies): boolean {
  if (a.totalBytes !== b.totalBytes) return false;
  return a.digest || b.digest ? digestOf(a).equals(digestOf(b)) : a.bytes.equals(b.bytes);
}

const digestOf = (replies: RawReplies): Buffer =>
  replies.digest ?? createHash('sha256').update(replies.bytes).digest();

/** Replies to a batch beyond this many bytes are digested in place of kept, unless the batch says otherwise. */
export const usuallyKeptBytes = 4 * 1024 * 1024;
/** No batch asks for more: a server that sends on and on does not answer it. */
const mostReplyBytes = 2 * 1024 ** 3;
/** A single command may take so long, on a server that answers others meanwhile. */
const longestCommandMs = 600_000;
/** A reply that comes slower than this, after twice the time limit, does not come. */
const fewestBytesPerSecond = 1000;
const headBytes = 64 * 1024;
const nothing = Buffer.alloc(0);
const oneCommand = new CommandWriter();
/** What a mark begins with, behind its header. It is found much faster than the `$` of a header, of which replies are full. */
const rareByte = '\x1e';
/** After this silence a batch is looked at reply by reply: its end mark may have been answered by an error. */
const silenceBeforeCountingMs = 250;

interface Batch {
  readonly commands: number;
  readonly keptBytes: number;
  /** When its first bytes came; null = none has. */
  beganAt: number | null;
  /** The encoded reply to the ECHO that ends the batch; null = one small reply, found by reading it. */
  readonly mark: Buffer | null;
  readonly resolve: (replies: RawReplies) => void;
  readonly reject: (error: Error) => void;
  buffer: Buffer;
  length: number;
  total: number;
  head: Buffer | null;
  hash: Hash | null;
  searchedTo: number;
}

/**
 * One connection to a server of the Redis protocol, for reading much at little cost.
 *
 * A batch of commands is sent in one write and ended by an ECHO of a random mark. One search for the mark finds the
 * replies, which are otherwise left alone. Batches may follow one another without waiting. The kept part of a reply is
 * bounded (see RawReplies). Every failure is a WireError, which closes the connection.
 */
export class WireConnection {
  readonly name: string;
  readonly #socket: Socket;
  readonly #options: WireOptions;
  readonly #timeoutMs: number;
  readonly #secret = randomBytes(12).toString('hex');
  readonly #waiting: Batch[] = [];
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.#fail(new WireError('aborted', this.name, faultSays('told_to_stop')));
  #batchNumber = 0;
  #failure: WireError | null = null;
  #silence: NodeJS.Timeout | null = null;
  #lastDataAt = 0;
  /** When another connection was answered last, while this one waits. */
  #aliveAt = 0;
  #asking = false;
  /**
   * Whether a command may take longer than the time limit as long as the server answers others. Pika carries out each
   * connection's commands by a thread of its own, and 4.x walks all keys for one range of a type that few of them have.
   */
  allowsLongCommands = false;
  /** Bytes received since the connection was made. */
  receivedBytes = 0;
  /** Commands sent since the connection was made, ECHO marks included. */
  sentCommands = 0;

  private constructor(options: WireOptions, onConnect: () => void, onFail: (error: WireError) => void) {
    this.name = formatAddress(options.address);
    this.#options = options;
    this.#timeoutMs = options.timeoutMs;
    this.#signal = options.signal;
    const readBuffer = takeMemory();
    const { address, credential } = options;
    this.#socket = connectToNode(address, { asked: address, credential }, options.network, {
      onread: {
        buffer: readBuffer,
        callback: (bytes) => {
          this.#receive(readBuffer.subarray(0, bytes));
          return true;
        },
      },
    });
    let connected = false;
    const connectTimer = setTimeout(() => {
      fail(new WireError('timeout', this.name, faultSays('no_connection', { ms: options.timeoutMs })));
    }, options.timeoutMs);
    const fail = (error: WireError) => {
      clearTimeout(connectTimer);
      this.#fail(error);
      if (!connected) onFail(error);
    };
    this.#socket.once('connect', () => {
      connected = true;
      clearTimeout(connectTimer);
      onConnect();
    });
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      const cause = error.code ?? error.message;
      if (error instanceof AccessRefused)
        fail(new WireError('denied', this.name, faultSays('not_allowed', error.notAllowed)));
      else if (connected)
        fail(new WireError('closed', this.name, faultSays('connection_broke', { met: cause })));
      else fail(new WireError('unreachable', this.name, faultSays('cannot_be_reached', { met: cause })));
    });
    this.#socket.on('close', () => {
      fail(new WireError('closed', this.name, faultSays('server_closed')));
      giveMemoryBack(readBuffer);
    });
    if (options.signal?.aborted) this.#onAbort();
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Connects and logs in. Throws WireError: unreachable, timeout, denied, loading, aborted. */
  static async open(options: WireOptions): Promise<WireConnection> {
    const connection = await new Promise<WireConnection>((resolve, reject) => {
      const made: WireConnection = new WireConnection(options, () => resolve(made), reject);
    });
    try {
      await connection.#login(options.credential);
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  /**
   * Sends commands, and resolves with their replies as bytes, of which up to `keptBytes` are kept. Give the bytes back by
   * `release`.
   */
  sendBytes(bytes: Buffer, commands: number, keptBytes = usuallyKeptBytes): Promise<RawReplies> {
    const text = `${rareByte}${this.#secret}${this.#batchNumber++}`;
    const mark = `$${text.length}\r\n${text}\r\n`;
    const echo = Buffer.from(`*2\r\n$4\r\nECHO\r\n${mark}`, 'latin1');
    return this.#enqueue([bytes, echo], commands, Buffer.from(mark, 'latin1'), keptBytes);
  }

  /** Sends one command whose reply is small, and resolves with the reply; an error reply is a value. */
  async call(...parts: readonly Argument[]): Promise<Reply> {
    const command = Buffer.from(
      oneCommand
        .reset()
        .add(...parts)
        .toBuffer(),
    );
    const replies = await this.#enqueue([command], 1, null);
    return new ReplyReader(replies.bytes).next();
  }

  /** As `call`, but an error reply throws: denied, loading or refused. */
  async must(...parts: readonly Argument[]): Promise<Reply> {
    const reply = await this.call(...parts);
    if (reply instanceof ErrorReply) throw errorFromReply(this.name, String(parts[0]), reply);
    return reply;
  }

  /** Lets the memory of replies that are no longer needed be used again. */
  release(replies: RawReplies): void {
    if (replies.digest === null) giveMemoryBack(replies.bytes);
  }

  close(): void {
    this.#fail(new WireError('closed', this.name, faultSays('closed_here')));
  }

  async #login(credential: Credential | null): Promise<void> {
    if (credential?.password == null) return;
    const reply =
      credential.username === null
        ? await this.call('AUTH', credential.password)
        : await this.call('AUTH', credential.username, credential.password);
    if (!(reply instanceof ErrorReply)) return;
    if (needsNoPassword(reply.message)) return;
    throw new WireError('denied', this.name, faultSays('login_refused', { met: reply.message }));
  }

  #enqueue(
    parts: readonly Buffer[],
    commands: number,
    mark: Buffer | null,
    keptBytes = usuallyKeptBytes,
  ): Promise<RawReplies> {
    return new Promise((resolve, reject) => {
      if (this.#failure) {
        reject(this.#failure);
        return;
      }
      this.#waiting.push({
        commands,
        keptBytes,
        beganAt: null,
        mark,
        resolve,
        reject,
        buffer: mark ? nothing : Buffer.allocUnsafeSlow(4096),
        length: 0,
        total: 0,
        head: null,
        hash: null,
        searchedTo: 0,
      });
      this.sentCommands += commands + (mark ? 1 : 0);
      this.#socket.cork();
      for (const part of parts) this.#socket.write(part);
      this.#socket.uncork();
      this.#watchSilence();
    });
  }

  #receive(chunk: Buffer): void {
    this.#lastDataAt = Date.now();
    this.receivedBytes += chunk.length;
    let rest = chunk;
    while (rest.length > 0) {
      const batch = this.#waiting[0];
      if (!batch) {
        this.#fail(new WireError('garbled', this.name, faultSays('unasked_bytes')));
        return;
      }
      this.#append(batch, rest);
      const most = this.#options.mostReplyBytes ?? mostReplyBytes;
      if (batch.total > most) {
        this.#fail(new WireError('garbled', this.name, faultSays('too_many_bytes', { most })));
        return;
      }
      const end = this.#endOf(batch);
      if (end === null) return;
      const surplus = batch.length - end.after;
      this.#waiting.shift();
      batch.resolve(finished(batch, end.replies));
      rest = rest.subarray(rest.length - surplus);
    }
  }

  #append(batch: Batch, bytes: Buffer): void {
    if (batch.length + bytes.length > batch.buffer.length) this.#makeRoom(batch, bytes.length);
    bytes.copy(batch.buffer, batch.length);
    batch.length += bytes.length;
    batch.total += bytes.length;
    batch.beganAt ??= this.#lastDataAt;
  }

  #makeRoom(batch: Batch, bytes: number): void {
    const needed = batch.length + bytes;
    if (needed <= batch.keptBytes) {
      const grown = takeMemory(Math.min(batch.keptBytes, Math.max(needed, batch.buffer.length * 2)));
      batch.buffer.copy(grown, 0, 0, batch.length);
      giveMemoryBack(batch.buffer);
      batch.buffer = grown;
      return;
    }
    batch.head ??= Buffer.from(batch.buffer.subarray(0, Math.min(headBytes, batch.length)));
    batch.hash ??= createHash('sha256');
    const kept = Math.min(batch.length, batch.mark ? batch.mark.length - 1 : 0);
    batch.hash.update(batch.buffer.subarray(0, batch.length - kept));
    batch.buffer.copyWithin(0, batch.length - kept, batch.length);
    batch.length = kept;
    batch.searchedTo = 0;
    if (kept + bytes > batch.buffer.length) {
      const grown = Buffer.allocUnsafeSlow(kept + bytes);
      batch.buffer.copy(grown, 0, 0, kept);
      batch.buffer = grown;
    }
  }

  #endOf(batch: Batch): { readonly replies: number; readonly after: number } | null {
    if (batch.mark === null) return this.#endByCounting(batch, 1, 0);
    const { mark } = batch;
    const header = mark.indexOf(rareByte);
    const at = batch.buffer.subarray(0, batch.length).indexOf(mark.subarray(header), batch.searchedTo);
    batch.searchedTo = Math.max(0, batch.length - mark.length + 1);
    const replies = at - header;
    // A server that answers ECHO otherwise is met by counting.
    if (replies < 0 || batch.buffer.compare(mark, 0, header, replies, at) !== 0) return null;
    return { replies, after: replies + mark.length };
  }

  /** Where so many replies end, and what else was answered after them. */
  #endByCounting(batch: Batch, replies: number, more: number): { replies: number; after: number } | null {
    try {
      const end = endOfReplies(batch.buffer, 0, batch.length, replies);
      const after = end === null ? null : endOfReplies(batch.buffer, end, batch.length, more);
      return end === null || after === null ? null : { replies: end, after };
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#fail(new WireError('garbled', this.name, faultSays('not_this_protocol', { met: error.message })));
      return null;
    }
  }

  #watchSilence(): void {
    if (this.#silence) return;
    this.#lastDataAt = Date.now();
    this.#silence = setInterval(
      () => this.#afterSilence(),
      Math.min(silenceBeforeCountingMs, this.#timeoutMs),
    );
  }

  #afterSilence(): void {
    const batch = this.#waiting[0];
    if (!batch) {
      if (this.#silence) clearInterval(this.#silence);
      this.#silence = null;
      return;
    }
    const silentMs = Date.now() - this.#lastDataAt;
    if (Date.now() - Math.max(this.#lastDataAt, this.#aliveAt) >= this.#timeoutMs) {
      if (this.allowsLongCommands && silentMs < longestCommandMs) void this.#askOtherwise();
      else this.#fail(new WireError('timeout', this.name, faultSays('silent', { ms: silentMs })));
      return;
    }
    if (this.#trickles(batch)) {
      const said = faultSays('trickles', { bytes: batch.total, ms: Date.now() - batch.beganAt! });
      this.#fail(new WireError('timeout', this.name, said));
      return;
    }
    if (silentMs < silenceBeforeCountingMs || batch.mark === null || batch.hash) return;
    const end = this.#endByCounting(batch, batch.commands, 1);
    if (end === null || end.after !== batch.length) return;
    this.#waiting.shift();
    batch.resolve(finished(batch, end.replies));
  }

  /** Asks over another connection whether the server answers at all. */
  async #askOtherwise(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const other = await WireConnection.open(this.#options);
      await other.must('PING').finally(() => other.close());
      this.#aliveAt = Date.now();
    } catch {
      const silentMs = Date.now() - this.#lastDataAt;
      if (silentMs >= this.#timeoutMs)
        this.#fail(new WireError('timeout', this.name, faultSays('silent', { ms: silentMs })));
    } finally {
      this.#asking = false;
    }
  }

  #trickles(batch: Batch): boolean {
    if (batch.beganAt === null) return false;
    const forMs = Date.now() - batch.beganAt;
    return forMs > 2 * this.#timeoutMs && batch.total < (forMs / 1000) * fewestBytesPerSecond;
  }

  #fail(error: WireError): void {
    if (this.#failure) return;
    this.#failure = error;
    if (this.#silence) clearInterval(this.#silence);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#socket.destroy();
    for (const batch of this.#waiting.splice(0)) batch.reject(error);
  }
}

function finished(batch: Batch, end: number): RawReplies {
  const part = batch.buffer.subarray(0, end);
  if (batch.hash === null) return { bytes: part, totalBytes: end, digest: null };
  const totalBytes = batch.total - (batch.length - end);
  return { bytes: batch.head ?? part, totalBytes, digest: batch.hash.update(part).digest() };
}

/** What an error reply to `command` means for the comparison. */
export function errorFromReply(server: string, command: string, reply: ErrorReply): WireError {
  const said = faultSays('answered', { command, met: reply.message });
  if (codeOfDenial(reply.message) !== null) return new WireError('denied', server, said);
  if (/^LOADING|^BUSY|^MASTERDOWN/i.test(reply.message)) return new WireError('loading', server, said);
  return new WireError('refused', server, said);
}

/** A reply that is no error. Throws what the error means for the comparison. */
export function accepted(server: string, command: string, reply: Reply): Exclude<Reply, ErrorReply> {
  if (reply instanceof ErrorReply) throw errorFromReply(server, command, reply);
  return reply;
}

/**
 * Throws where a reply to a batch is an error that a comparison must not take for data: both sides may refuse a command
 * with the same words. Of digested replies it looks at the first only.
 */
export function assertAccepted(
  server: string,
  command: string,
  replies: RawReplies,
  mayRefuse: (error: ErrorReply) => boolean = () => false,
): void {
  const { bytes } = replies;
  if (bytes[0] !== minus && (replies.digest !== null || !mayHoldError(bytes))) return;
  const reader = new ReplyReader(bytes);
  do {
    const failed = bytes[reader.position] === minus ? (reader.next() as ErrorReply) : null;
    if (failed && !mayRefuse(failed)) throw errorFromReply(server, command, failed);
    if (replies.digest !== null) return;
    if (!failed) reader.skip();
  } while (!reader.done);
}

const minus = 0x2d;
const lineFeed = 0x0a;
const errorAfterReply = Buffer.from('\r\n-');
const mostMinuses = 64;

/** Whether a line begins with a minus. Line ends are many and a minus mostly rare, so that is what is looked for first. */
function mayHoldError(bytes: Buffer): boolean {
  let at = bytes.indexOf(minus);
  for (let i = 0; at >= 0 && i < mostMinuses; i++) {
    if (bytes[at - 1] === lineFeed) return true;
    at = bytes.indexOf(minus, at + 1);
  }
  return at >= 0 && bytes.indexOf(errorAfterReply, at - 2) >= 0;
}
