import type { Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test } from 'vitest';
import { createPikaEngine } from '../../../src/engines/pika/engine.ts';
import type { Look } from '../../../src/model/observation.ts';
import { bulk, type TcpNode, type TcpNodeOptions, tcpNode } from './tcp-node.ts';

const nodes: TcpNode[] = [];

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.close()));
});

/** One look at a node that misbehaves; the connection is closed whatever happens. */
async function lookAt(options: TcpNodeOptions, timeoutMs = 20_000) {
  const node = await tcpNode(options);
  nodes.push(node);
  const connection = createPikaEngine().connect(node.target, null);
  try {
    return await connection.look({
      sections: ['server', 'replication', 'stats', 'lastsave', 'sizes', 'config', 'data', 'keys'],
      timeoutMs,
    });
  } finally {
    connection.close();
  }
}

/** Writes the same bytes for as long as they are taken. */
function pourInto(socket: Socket, chunk: string): void {
  const bytes = Buffer.from(chunk.repeat(Math.ceil(65_536 / chunk.length)));
  const more = () => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on('drain', more);
  more();
}

const collectGarbage: () => void = (() => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc');
})();

function memoryInUse(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Garbage and closed sockets go when the engine of JavaScript likes; what the product keeps never goes. */
async function expectLittleKept(before: number, seen: Look): Promise<void> {
  await Promise.all(nodes.splice(0).map((node) => node.close()));
  await expect
    .poll(() => memoryInUse() - before, { timeout: 60_000, interval: 50 })
    .toBeLessThan(4 * 1024 * 1024);
  expect(JSON.stringify(seen).length).toBeLessThan(1000);
}

const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('\r\n');

/** What a 3.5.4 says at least, and more. */
const infoWith = (more: string): string =>
  bulk(`pika_version:3.5.4\r\nrole:master\r\nis_bgsaving:No\r\n${more}\r\n`);

describe('a server that is no Pika ends a look as garbled, at once and for little memory', () => {
  const answers: [string, string][] = [
    ['garbage', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['binary garbage', '\x00\x01\x02\xff\xfe'],
    ['a bulk of 2 GB', '$2147483648\r\n'],
    ['an array of 2 billion elements', '*2000000000\r\n'],
    ['nested arrays that each announce many elements', '*30000\r\n'.repeat(5000)],
    ['a length that is no number', '$abc\r\n'],
    ['a negative length', '$-5\r\n'],
    ['RESP3', '%1\r\n+a\r\n+b\r\n'],
    ['a redirect', '-MOVED 3999 127.0.0.1:6381\r\n'],
    ['an integer in place of text', ':5\r\n'],
    ['an integer that is no number', ':five\r\n'],
    ['nothing in place of text', '$-1\r\n'],
    ['an array in place of text', '*1\r\n$1\r\nx\r\n'],
    ['an unknown command', '-ERR unknown command "info"\r\n'],
    ['an empty text', bulk('')],
    ['the INFO of a Redis', bulk('# Server\r\nredis_version:7.2.4\r\nrole:master\r\n')],
    ['an INFO with wrong types', bulk('pika_version:\r\nprocess_id:many\r\nrole:banana\r\n')],
    ['an INFO of 1.2 million characters', infoWith('x'.repeat(1_200_000))],
    ['an INFO with 10,000 slaves', infoWith(lines(10_000, (i) => `slave${i}:ip=10.0.0.1,port=1,lag=`))],
    ['an INFO with 1,000 DBs', infoWith(lines(1000, (i) => `db${i}:binlog_offset=0 0`))],
    ['sizes of 1,000 DBs', infoWith(lines(1000, () => 'strings_total_sst_files_size:1'))],
  ];

  test.each(answers)('%s', async (_name, answer) => {
    const before = memoryInUse();
    const seen = await lookAt({ answer: () => answer });
    expect(seen.kind).toBe('garbled');
    expect((seen as { message: string }).message).toMatch(/^[\x20-\x7e]{10,}$/);
    await expectLittleKept(before, seen);
  });

  test.each([
    ['an endless bulk string', '$8000000\r\n', 'x'],
    ['an endless line', '+', 'x'],
    ['endless arrays', '', '*1\r\n'],
    ['endless replies that nobody asked for', '', '+OK\r\n'],
  ])('%s', async (_name, head, endless) => {
    const before = memoryInUse();
    const sockets: Socket[] = [];
    const seen = await lookAt(
      {
        answer: (words, socket) => {
          if (words[1] === 'server') {
            sockets.push(socket);
            socket.write(head);
            pourInto(socket, endless);
          }
          return null;
        },
      },
      20_000,
    );
    expect(seen.kind).toBe('garbled');
    // What the service read, and what the kernel holds for both ends.
    const taken = sockets.map((socket) => socket.bytesWritten - socket.writableLength);
    expect(Math.max(...taken)).toBeLessThan(64 * 1024 * 1024);
    await expectLittleKept(before, seen);
  });

  test('a bulk string that never ends after an announced honest length is no reply either', async () => {
    const seen = await lookAt(
      {
        answer: (words, socket) => {
          if (words[1] === 'server') {
            socket.write('$100\r\n');
            pourInto(socket, 'x');
          }
          return null;
        },
      },
      20_000,
    );
    expect(seen.kind).toBe('garbled');
  });
});

test.each([
  ['Redis 7.0.15', 'redis_version:7.0.15\r\n'],
  ['Valkey 8.0.1', 'redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1\r\n'],
])('%s in the place of a Pika is named', async (name, versions) => {
  const info: Readonly<Record<string, string>> = {
    server: `# Server\r\n${versions}`,
    replication: '# Replication\r\nrole:master\r\nconnected_slaves:0\r\n',
  };
  const seen = await lookAt({ answer: ([, section]) => bulk(info[section ?? ''] ?? '# Nothing\r\n') });
  expect(seen).toMatchObject({
    kind: 'garbled',
    message: expect.stringContaining(`names a ${name} and no Pika`),
  });
});

describe('a server that takes its time ends a look as busy', () => {
  test('one byte now and then', async () => {
    const timers: NodeJS.Timeout[] = [];
    const seen = await lookAt(
      {
        onConnection: (socket) => {
          socket.write('$100000\r\n');
          timers.push(setInterval(() => socket.writable && socket.write('x'), 20));
        },
      },
      300,
    );
    for (const timer of timers) clearInterval(timer);
    expect(seen.kind).toBe('busy');
  });

  test('bytes before anything was asked', async () => {
    const seen = await lookAt(
      { onConnection: (socket) => socket.write('+hello\r\n+hello\r\n'), answer: () => null },
      300,
    );
    expect(['garbled', 'busy', 'unreachable']).toContain(seen.kind);
    expect(seen.kind).not.toBe('answered');
  });

  test('many looks at a silent node leave nothing behind', async () => {
    const node = await tcpNode({ answer: () => null });
    nodes.push(node);
    const connection = createPikaEngine().connect(node.target, null);
    for (let index = 0; index < 20; index += 1)
      // Long enough to connect on a busy machine: a look that has not connected is no word of the node.
      expect((await connection.look({ sections: ['server'], timeoutMs: 250 })).kind).toBe('busy');
    connection.close();
    await expect.poll(() => node.openSockets()).toBe(0);
  });
});
