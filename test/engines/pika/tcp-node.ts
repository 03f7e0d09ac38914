import { createServer, type Server, type Socket } from 'node:net';
import type { NodeTarget } from '../../../src/model/expansion.ts';
import { CommandParser } from '../../../src/simulator/resp.ts';

/** One command as a node received it. */
type Words = readonly string[];

/** What a tiny node does with a command: bytes to send, or null for silence. */
export type Answer = (words: Words, socket: Socket, connection: number) => string | Buffer | null;

/** A TCP server on a free loopback port that speaks as its answers say. */
export interface TcpNode {
  readonly target: NodeTarget;
  /** Every command received, over all connections. */
  readonly received: Words[];
  /** Connections accepted so far. */
  readonly connections: () => number;
  readonly openSockets: () => number;
  /** Ends every open connection, as Pika does with idle ones. */
  hangUp(): void;
  close(): Promise<void>;
}

export interface TcpNodeOptions {
  readonly answer?: Answer;
  /** Called for each connection before anything is read. */
  readonly onConnection?: (socket: Socket, connection: number) => void;
}

export async function tcpNode(options: TcpNodeOptions): Promise<TcpNode> {
  const received: Words[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    const connection = connections;
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    options.onConnection?.(socket, connection);
    const commands = new CommandParser();
    socket.on('data', (bytes: Buffer) => {
      for (const words of commands.push(bytes)) {
        received.push(words);
        const reply = options.answer?.(words, socket, connection) ?? null;
        if (reply !== null && !socket.destroyed) socket.write(reply);
      }
    });
  });
  await listen(server);
  const { port } = server.address() as { port: number };
  const address = { host: '127.0.0.1', port };
  return {
    target: { name: `127.0.0.1:${port}`, address, seenAs: address, credential: null },
    received,
    connections: () => connections,
    openSockets: () => sockets.size,
    hangUp: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

const listen = (server: Server): Promise<void> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve()));

export const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
const array = (...items: string[]): string => `*${items.length}\r\n${items.join('')}`;
export const strings = (...items: string[]): string => array(...items.map(bulk));

/** A healthy 3.5.4 with two keys in db1, unless `replies` says otherwise; keys are commands joined by blanks. */
export function pika354(replies: Readonly<Record<string, string | null>> = {}): Answer {
  const known: Record<string, string> = {
    'INFO server': bulk(
      '# Server\r\npika_version:3.5.4\r\nprocess_id:77\r\ntcp_port:9221\r\nuptime_in_seconds:9\r\nrun_id:ab\r\n',
    ),
    'INFO replication': bulk(
      '# Replication(MASTER)\r\nrole:master\r\nReplicationID:abc\r\nconnected_slaves:0\r\ndb0:binlog_offset=1 2,safety_purge=none\r\ndb1:binlog_offset=0 0,safety_purge=none\r\n',
    ),
    'INFO stats': bulk(
      '# Stats\r\ninstantaneous_ops_per_sec:3\r\ntotal_commands_processed:5\r\ntotal_net_repl_input_bytes:10\r\ntotal_net_repl_output_bytes:20\r\nis_bgsaving:No\r\nis_scaning_keyspace:No\r\nis_compact:No\r\n',
    ),
    'INFO rocksdb': bulk(
      '# RocksDB\r\n#strings_RocksDB\r\nstrings_estimate_num_keys:2\r\nstrings_total_sst_files_size:1000\r\n',
    ),
    'INFO data': bulk('# Data\r\ndb_size:4096\r\nlog_size:100\r\ndb_fatal:0\r\n'),
    LASTSAVE: ':1795331743\r\n',
    'CONFIG GET databases': strings('databases', '2'),
    'CONFIG GET binlog-file-size': strings('binlog-file-size', '104857600'),
    'CONFIG GET throttle-bytes-per-second': strings('throttle-bytes-per-second', '207200000'),
    'CONFIG GET expire-logs-nums': strings('expire-logs-nums', '10'),
    'CONFIG GET expire-logs-days': strings('expire-logs-days', '7'),
    'CONFIG GET slave-read-only': strings('slave-read-only', 'yes'),
    'CONFIG GET masterauth': strings('masterauth', 'geheim'),
    'CONFIG GET requirepass': strings('requirepass', ''),
    PING: '+PONG\r\n',
  };
  let db = 0;
  return (words) => {
    const line = words.join(' ');
    const scripted = replies[line] ?? replies[words[0]!];
    if (scripted !== undefined) return scripted;
    if (line in replies) return null;
    if (words[0] === 'SELECT') {
      if (Number(words[1]) > 1) return "-ERR invalid DB index for 'select DB index is out of range'\r\n";
      db = Number(words[1]);
      return '+OK\r\n';
    }
    if (words[0] === 'SCAN') return db === 1 ? array(bulk('1'), strings('k')) : array(bulk('0'), strings());
    if (words[0] === 'CONFIG') return known[line] ?? '*0\r\n';
    return known[line] ?? `-ERR unknown command "${words[0]?.toLowerCase()}"\r\n`;
  };
}
