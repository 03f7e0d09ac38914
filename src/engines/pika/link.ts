import type { Socket } from 'node:net';
import { AbstractConnector, Redis, ReplyError } from 'ioredis';
import type { Address } from '../../model/observation.ts';
import type { Network } from '../../platform/network.ts';
import { ProtocolError } from '../../resp/reader.ts';
import { type Access, AccessRefused, connectToNode } from '../node-access.ts';
import { GuardedStream } from './guarded-stream.ts';

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

/** The same link to a server that knows commands under names of its own. */
export function underNames(link: Link, names: Readonly<Record<string, string>> | undefined): Link {
  if (names === undefined) return link;
  const named = ([name, ...args]: Command): Command => [names[name.toLowerCase()] ?? name, ...args];
  return {
    connectedTo: link.connectedTo,
    get usable() {
      return link.usable;
    },
    send: (commands) => link.send(commands.map(named)),
    destroy: () => link.destroy(),
  };
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
      noteOwnEnd(socket);
      signal.removeEventListener('abort', abort);
      // At once, not after an await: the next error of the socket may come before that, and must find a listener.
      resolve(overStream(new GuardedStream(socket), socket.remoteAddress ?? null));
      socket.off('error', fail);
    });
  });
}

/** The ends of this process' links, as the servers at the other end list them. */
const ownEnds = new Set<string>();

function noteOwnEnd(socket: Socket): void {
  const { localAddress = '', localPort = 0 } = socket;
  const end = `${localAddress.replace(/^::ffff:/, '')} ${localPort}`;
  ownEnds.add(end);
  socket.once('close', () => ownEnds.delete(end));
}

/** Whether a connection that a server lists is a link of this process. */
export const isOwnEnd = (ip: string, port: number): boolean =>
  ownEnds.has(`${ip.replace(/^::ffff:/, '')} ${port}`);

/** With several addresses of one name Node reports an AggregateError with an empty message. */
function connectText(error: NodeJS.ErrnoException): string {
  const causes = error instanceof AggregateError ? error.errors.map((cause: Error) => cause.message) : [];
  return error.message || causes.join('; ') || 'the connection failed';
}

async function overStream(stream: GuardedStream, connectedTo: string | null): Promise<Link> {
  let fault: Error | null = null;
  const end = (error: Error) => {
    fault ??= error;
    stream.destroy();
  };
  stream.on('error', end);
  stream.once('close', () => end(new LinkError('ECLOSED', 'the node closed the connection')));
  const redis = new Redis({
    Connector: connectorOf(stream),
    protocol: 2,
    disableClientInfo: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    lazyConnect: true,
  });
  // A reply that nobody asked for comes as an error event too: such a stream cannot be trusted any further.
  redis.on('error', (error: Error) => end(new ProtocolError(firstLine(error.message))));
  await redis.connect().catch((error: Error) => end(error));
  if (fault) throw asFault(fault);
  return {
    connectedTo,
    get usable() {
      return fault === null && redis.status === 'ready';
    },
    async send(commands) {
      const replies = await exchange(redis, stream, commands);
      return replies.map((reply) => settledReply(reply, () => asFault(fault)));
    },
    destroy() {
      end(new LinkError('ECLOSED', 'the connection was given up'));
      redis.disconnect();
    },
  };
}

/** ioredis takes its connection from here; it is asked once. */
function connectorOf(stream: GuardedStream) {
  return class extends AbstractConnector {
    constructor() {
      super(0);
    }
    async connect() {
      return stream as never;
    }
    override disconnect(): void {
      stream.destroy();
    }
  };
}

function exchange(redis: Redis, stream: GuardedStream, commands: readonly Command[]) {
  stream.cork();
  const replies = commands.map(([name, ...args]) => redis.call(name, ...args.map(String)));
  stream.uncork();
  return Promise.allSettled(replies);
}

function settledReply(result: PromiseSettledResult<unknown>, fault: () => Error): Reply {
  if (result.status === 'fulfilled') return { value: result.value };
  if (result.reason instanceof ReplyError) return { error: firstLine((result.reason as Error).message) };
  throw fault();
}

function asFault(error: Error | null): Error {
  if (error instanceof ProtocolError || error instanceof LinkError) return error;
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return new LinkError(code ?? 'ECLOSED', error?.message ?? 'the node closed the connection');
}

/** Text of a node is shown to people: one line, printable, short. */
export function firstLine(text: string): string {
  const line = text.split(/[\r\n]/, 1)[0] ?? '';
  return line.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}
