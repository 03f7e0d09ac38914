import { createServer, type Server, type Socket } from 'node:net';
import type { Endpoint } from '../../src/compare/compare.ts';
import { CommandParser } from '../../src/simulator/resp.ts';

/** Answers a command, as bytes; null = with silence. */
export type Answer = (command: readonly string[], socket: Socket) => string | null;

export interface FakeServer {
  readonly endpoint: Endpoint;
  stop(): Promise<void>;
}

/** A server that speaks the protocol well enough to be asked anything, and answers whatever a test wants. */
export async function fakeServer(answer: Answer): Promise<FakeServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    const commands = new CommandParser();
    socket.on('data', (bytes: Buffer) => {
      for (const command of commands.push(bytes)) {
        const text = answer(command, socket);
        if (text !== null) socket.write(text, 'latin1');
      }
    });
  });
  const port = await listen(server);
  return {
    endpoint: { address: { host: '127.0.0.1', port }, credential: null },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
}

export const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;
export const array = (...items: readonly string[]): string => `*${items.length}\r\n${items.join('')}`;

const redisInfo = (name: string) =>
  [
    'redis_version:7.0.15',
    `run_id:${name}`,
    'process_id:1',
    'role:master',
    'master_repl_offset:5',
    'used_memory_dataset:100',
    'db0:keys=3,expires=1,avg_ttl=0',
  ].join('\r\n');

const pikaInfo = (name: string) =>
  [
    'pika_version:4.0.1',
    `run_id:${name}`,
    'process_id:1',
    'role:master',
    'db0:binlog_offset=0 5,safety_purge=none',
    'instance0_estimate_num_keys:3',
  ].join('\r\n');

/** What a well-behaved server of two strings, a hash and an expiry says, as far as a comparison gets with it. */
export function soundAnswer(kind: 'redis' | 'pika', name: string): Answer {
  const info = bulk(kind === 'redis' ? redisInfo(name) : pikaInfo(name));
  return ([command, ...args]) => {
    switch (command!.toUpperCase()) {
      case 'INFO':
        return info;
      case 'ECHO':
        return bulk(args[0]!);
      case 'PING':
        return '+PONG\r\n';
      case 'SELECT':
        return '+OK\r\n';
      case 'SCAN':
        return array(bulk('0'), array(bulk('a'), bulk('b'), bulk('h')));
      case 'MGET':
        return array(...args.map((key) => (key === 'h' ? '$-1\r\n' : bulk(`value of ${key}`))));
      case 'EXISTS':
        return `:${args.length}\r\n`;
      case 'TYPE':
        return args[0] === 'h' ? '+hash\r\n' : '+string\r\n';
      case 'GET':
        return bulk(`value of ${args[0]}`);
      case 'STRLEN':
        return ':10\r\n';
      case 'HLEN':
        return ':1\r\n';
      case 'HGETALL':
        return array(bulk('f'), bulk('v'));
      case 'PEXPIRETIME':
      case 'TTL':
        return ':-1\r\n';
      case 'PKSCANRANGE':
      case 'PKRSCANRANGE':
        return array(bulk(''), rangeOf(args[0]!));
      default:
        return `-ERR unknown command '${command}'\r\n`;
    }
  };
}

function rangeOf(type: string): string {
  if (type === 'string_with_value')
    return array(bulk('a'), bulk('value of a'), bulk('b'), bulk('value of b'));
  return type === 'string' ? array(bulk('a'), bulk('b')) : type === 'hash' ? array(bulk('h')) : array();
}
