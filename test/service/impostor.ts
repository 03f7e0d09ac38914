import { connect, createServer, type Socket } from 'node:net';
import { bulk } from '../engines/pika/tcp-node.ts';

/** How a server that is no longer a Pika behaves on each connection. */
export type Behaviour = (socket: Socket) => void;

/** Stands in front of a node: passes everything on, until it is told to answer by itself. */
export interface Impostor {
  /** `host:port` for the service. */
  readonly address: string;
  /** Cuts every connection, and behaves like this from then on. */
  turn(behaviour: Behaviour): void;
  /** Passes on everything but commands that match: a connection that sends one meets this behaviour. */
  turnAt(command: RegExp, behaviour: Behaviour): void;
  close(): Promise<void>;
}

export async function standInFrontOf(node: string): Promise<Impostor> {
  const [host, port] = node.split(':') as [string, string];
  const sockets = new Set<Socket>();
  let behaviour: Behaviour | null = null;
  let trap: { readonly command: RegExp; readonly behaviour: Behaviour } | null = null;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((socket) => {
    keep(socket);
    if (behaviour !== null) return behaviour(socket);
    const onward = keep(connect(Number(port), host));
    const pass = (chunk: Buffer) => {
      if (trap === null || !trap.command.test(chunk.toString('latin1'))) return void onward.write(chunk);
      socket.off('data', pass);
      onward.unpipe(socket);
      trap.behaviour(socket);
      // It behaves so from this very command on.
      socket.emit('data', chunk);
    };
    socket.on('data', pass);
    onward.pipe(socket);
    socket.once('close', () => onward.destroy());
    onward.once('close', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cutAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    address: `127.0.0.1:${(server.address() as { port: number }).port}`,
    turn(next) {
      behaviour = next;
      cutAll();
    },
    turnAt(command, next) {
      trap = { command, behaviour: next };
    },
    close: () =>
      new Promise((resolve) => {
        cutAll();
        server.close(() => resolve());
      }),
  };
}

/** The same to every command. */
const answer =
  (text: string): Behaviour =>
  (socket) =>
    socket.on('data', (chunk: Buffer) => {
      const commands = chunk.toString('latin1').match(/\*\d+\r\n/g)?.length ?? 1;
      socket.write(text.repeat(commands), 'latin1');
    });

/** Writes for as long as bytes are taken. */
const pour =
  (head: string, endless: string): Behaviour =>
  (socket) => {
    const bytes = Buffer.from(endless.repeat(Math.ceil(65_536 / endless.length)));
    const more = () => {
      while (!socket.destroyed && socket.write(bytes));
    };
    socket.once('data', () => {
      socket.write(head);
      socket.on('drain', more);
      more();
    });
  };

const trickle =
  (head: string, everyMs: number): Behaviour =>
  (socket) => {
    socket.write(head);
    const timer = setInterval(() => socket.write('x'), everyMs);
    socket.once('close', () => clearInterval(timer));
  };

const manySlaves = Array.from({ length: 20_000 }, (_, i) => `slave${i}:ip=10.0.0.1,port=1,lag=`).join('\r\n');

/** What the service must live through, and the word by which it tells what it met. */
export const behaviours: readonly (readonly [name: string, Behaviour, RegExp])[] = [
  ['garbage', answer('HTTP/1.1 400 Bad Request\r\n\r\n'), /does not speak like a Pika/],
  ['an endless bulk string', pour('$1000000\r\n', 'x'), /does not speak like a Pika/],
  ['endless replies', pour('', '+OK\r\n'), /does not speak like a Pika/],
  ['a header of 2 GB', answer('$2147483648\r\n'), /does not speak like a Pika.*announces 2147483663 bytes/],
  ['wrong types in INFO', answer(bulk('pika_version:\r\nprocess_id:many\r\nrole:banana\r\n')), /INFO/],
  [
    '20,000 slaves in INFO',
    answer(bulk(`pika_version:3.5.4\r\nis_bgsaving:No\r\nrole:master\r\n${manySlaves}`)),
    /20000 slaves/,
  ],
  ['a redirect', answer('-MOVED 3999 127.0.0.1:6381\r\n'), /redirect/],
  ['a refused login', answer('-NOAUTH Authentication required.\r\n'), /refuses the login/],
];

/** Only when its data are asked for; what comes slowly or without end is known by its time limits (test/compare). */
export const whenCompared: Behaviour = answer('HTTP/1.1 400 Bad Request\r\n\r\n');
export const dataCommand = /PKSCANRANGE|SCAN|MGET|ECHO/i;

export const closeAtOnce: Behaviour = (socket) => socket.destroy();
export const neverAnswer: Behaviour = () => undefined;

/** Looks like a node that is busy with opening its database. */
export const oneByteASecond: Behaviour = trickle('$100000\r\n', 1000);
