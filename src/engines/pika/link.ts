import type { Socket } from 'node:net';
import type { Address } from '../../model/observation.ts';
import {
  type Bounds,
  ErrorReply,
  Incoming,
  ProtocolError,
  type Reply as Read,
  type ReplyReader,
} from '../../resp/reader.ts';
import { CommandWriter } from '../../resp/writer.ts';
import { type Access, AccessRefused, connectToNode, type Network } from '../node-access.ts';

/**
 * The largest honest reply is INFO rocksdb: 20 KB per DB on 3.5.4, 40 KB on 4.0.1 (recordings 24), with at most
 * 8 DBs and a handful of instances.
 */
const replyBounds: Bounds = {
  maxBytes: 8 * 1024 * 1024,
  maxLineBytes: 64 * 1024,
  maxElements: 100_000,
};

/** Why a link did not come about, or ended. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** One reply: a value, or the error that the node sent in its place. */
export type Reply = { readonly value: unknown } | { readonly error: string };

export type Command = readonly [string, ...(string | number)[]];

/**
 * One TCP connection to one node, used until its first fault and then thrown away. It never reconnects, resends or
 * queues, so a reply can never be taken for the reply to another command.
 */
export interface Link {
  /** IP address of the other end; null = it is not known, as in simulated networks. */
  readonly connectedTo: string | null;
  /** Whether commands can still be sent. */
  readonly usable: boolean;
  /** Sends the commands together and waits for all replies, in order. Rejects with a LinkError or a ProtocolError. */
  send(commands: readonly Command[]): Promise<Reply[]>;
  /** Ends the connection at once; what was still awaited rejects. */
  destroy(): void;
}

/**
 * Connects; rejects with AccessRefused, or with a LinkError whose code is that of the socket (ECONNREFUSED, ENOTFOUND, …).
 */
export function openLink(
  address: Address,
  signal: AbortSignal,
  access: Access,
  network?: Network,
): Promise<Link> {
  return new Promise((resolve, reject) => {
    const socket = connectToNode(address, access, network);
    const abort = () => {
      socket.destroy();
      reject(new LinkError('ETIMEDOUT', 'no connection within the limit'));
    };
    const fail = (error: NodeJS.ErrnoException) => {
      signal.removeEventListener('abort', abort);
      reject(
        error instanceof AccessRefused
          ? error
          : new LinkError(error.code ?? 'ECONNFAILED', connectText(error)),
      );
    };
    socket.once('error', fail);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    socket.once('connect', () => {
      signal.removeEventListener('abort', abort);
      // At once, not after an await: the next error of the socket may come before that, and must find a listener.
      resolve(overSocket(socket));
      socket.off('error', fail);
    });
  });
}

/** With several addresses of one name Node reports an AggregateError with an empty message. */
function connectText(error: NodeJS.ErrnoException): string {
  const causes = error instanceof AggregateError ? error.errors.map((cause: Error) => cause.message) : [];
  return error.message || causes.join('; ') || 'the connection failed';
}

interface Awaited {
  readonly replies: Reply[];
  readonly count: number;
  readonly resolve: (replies: Reply[]) => void;
  readonly reject: (fault: Error) => void;
}

function overSocket(socket: Socket): Link {
  const incoming = new Incoming(replyBounds);
  const awaited: Awaited[] = [];
  let fault: Error | null = null;
  const end = (error: Error) => {
    fault ??= error;
    socket.destroy();
    for (const each of awaited.splice(0)) each.reject(fault);
  };
  const take = (value: ReplyReader) => {
    const [first] = awaited;
    if (!first) throw new ProtocolError('the node sent a reply that nobody asked for');
    first.replies.push(replyOf(value.next()));
    if (first.replies.length < first.count) return;
    awaited.shift();
    first.resolve(first.replies);
  };
  socket.on('data', (bytes: Buffer) => {
    if (fault) return;
    try {
      incoming.push(bytes, take);
    } catch (error) {
      end(error as Error);
    }
  });
  socket.on('error', (error: NodeJS.ErrnoException) =>
    end(new LinkError(error.code ?? 'ECLOSED', error.message)),
  );
  socket.once('close', () => end(new LinkError('ECLOSED', 'the node closed the connection')));
  return {
    connectedTo: socket.remoteAddress ?? null,
    get usable() {
      return fault === null;
    },
    send(commands) {
      return new Promise((resolve, reject) => {
        if (fault) return reject(fault);
        if (commands.length === 0) return resolve([]);
        awaited.push({ replies: [], count: commands.length, resolve, reject });
        const writer = new CommandWriter();
        for (const command of commands) writer.add(...command);
        socket.write(writer.toBuffer());
      });
    },
    destroy() {
      end(new LinkError('ECLOSED', 'the connection was given up'));
    },
  };
}

function replyOf(read: Read): Reply {
  return read instanceof ErrorReply ? { error: firstLine(read.message) } : { value: plain(read) };
}

function plain(read: Read): unknown {
  if (Buffer.isBuffer(read)) return read.toString();
  return Array.isArray(read) ? read.map(plain) : read;
}

/** Text of a node is shown to people: one line, printable, short. */
export function firstLine(text: string): string {
  const line = text.split(/[\r\n]/, 1)[0] ?? '';
  return line.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}
