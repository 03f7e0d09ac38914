import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { giveMemoryBack, takeMemory } from '../../src/compare/wire/memory.ts';
import { assertAccepted, sameBytes, WireConnection, type WireOptions } from '../../src/compare/wire/wire.ts';
import { CommandWriter } from '../../src/resp/writer.ts';
import { type Answer, bulk, type FakeServer, fakeServer } from './fake-server.ts';
import { until } from './servers.ts';

let server: FakeServer | null = null;
let connection: WireConnection | null = null;
afterEach(async () => {
  connection?.close();
  await server?.stop();
});

async function connected(answer: Answer, more: Partial<WireOptions> = {}): Promise<WireConnection> {
  server = await fakeServer(answer);
  connection = await WireConnection.open({ ...server.endpoint, timeoutMs: 30_000, ...more });
  return connection;
}

const commands = (...names: readonly string[]) => {
  const writer = new CommandWriter();
  for (const name of names) writer.add(name);
  return Buffer.from(writer.toBuffer());
};

/** Writes pieces for as long as the socket takes them. */
function flood(socket: Socket, piece: Buffer): void {
  const more = () => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', more);
  more();
}

it.each([0, 1, 63, 64, 65, 1000])('an error is found among replies with %i minuses', (minuses) => {
  const values = [`${'-'.repeat(minuses)}`, '\n-', '\r-'].map(bulk).join('');
  const replies = (text: string) => {
    const bytes = Buffer.from(text);
    return { bytes, totalBytes: bytes.length, digest: null };
  };
  const check = (text: string) => () => assertAccepted('a server', 'HGETALL', replies(text));
  expect(check(values)).not.toThrow();
  for (const text of [`${values}-NOPERM no\r\n`, `${values}-NOPERM no\r\n${values}`, '-NOPERM no\r\n'])
    expect(check(text)).toThrow('NOPERM');
});

describe('a connection', () => {
  it('keeps no more of a reply than it is told to, and digests all of it', async () => {
    const large = 'x'.repeat(9_000_000);
    const other = `${large.slice(0, -1)}y`;
    const wire = await connected(([name, text]) =>
      bulk(name === 'ECHO' ? text! : name === 'A' ? large : other),
    );
    const [first, second, third] = [
      await wire.sendBytes(commands('A'), 1),
      await wire.sendBytes(commands('A'), 1),
      await wire.sendBytes(commands('B'), 1),
    ];
    expect(first.totalBytes).toBe(bulk(large).length);
    expect(first.bytes.length).toBeLessThanOrEqual(64 * 1024);
    expect([sameBytes(first, second), sameBytes(first, third)]).toEqual([true, false]);
    const whole = await wire.sendBytes(commands('A'), 1, 16_000_000);
    expect([whole.digest, whole.bytes.length, sameBytes(whole, first)]).toEqual([
      null,
      whole.totalBytes,
      true,
    ]);
  });

  it.each([0, 1, 2, 3])(
    'finds the end of a batch wherever it is cut, %i bytes at a time first',
    async (first) => {
      const text = `\x1e${'v'.repeat(40)}`;
      const pieces: string[] = [];
      const wire = await connected(([name, mark], socket) => {
        pieces.push(name === 'ECHO' ? bulk(mark!) : bulk(text));
        if (name !== 'ECHO') return null;
        const all = pieces.splice(0).join('');
        const cuts = Array.from(all, (_, at) => all.slice(at, at + 1));
        socket.setNoDelay(true);
        for (const byte of [all.slice(0, first), ...cuts.slice(first)]) socket.write(byte, 'latin1');
        return null;
      });
      for (let i = 0; i < 3; i++) {
        const { bytes } = await wire.sendBytes(commands('A'), 1);
        expect(bytes.toString('latin1')).toBe(bulk(text));
      }
    },
  );

  it('takes no text for the end of a batch that only looks like it', async () => {
    const wire = await connected(([name, mark]) => (name === 'ECHO' ? `+${mark}\r\n` : bulk('a value')));
    const { bytes, totalBytes } = await wire.sendBytes(commands('A', 'A'), 2);
    expect([bytes.toString(), totalBytes]).toEqual([bulk('a value').repeat(2), 2 * bulk('a value').length]);
  });

  it('gives up a server that sends on and on', async () => {
    const wire = await connected(
      ([name], socket) => {
        if (name === 'A') flood(socket, Buffer.alloc(100_000, 'x'));
        return null;
      },
      { mostReplyBytes: 50_000_000 },
    );
    await expect(wire.sendBytes(commands('A'), 1)).rejects.toMatchObject({
      code: 'garbled',
      message: expect.stringContaining('sent more than 50000000 bytes'),
    });
    expect(wire.receivedBytes).toBeLessThan(52_000_000);
  });

  it('gives up a server that sends a byte now and then', async () => {
    let dripping: NodeJS.Timeout | undefined;
    const wire = await connected(
      (_, socket) => {
        dripping ??= setInterval(() => socket.write('$'), 20);
        return null;
      },
      { timeoutMs: 300 },
    );
    await expect(wire.sendBytes(commands('A'), 1)).rejects.toMatchObject({ code: 'timeout' });
    clearInterval(dripping);
  });

  it.each([
    ['a length of two gigabytes that never come', `$2147483647\r\n`, 'timeout'],
    ['a length that is no number', '$many\r\n', 'garbled'],
    ['arrays in arrays without end', '*1\r\n'.repeat(10_000), 'timeout'],
    ['bytes of another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'garbled'],
  ])('gives up a server that answers a call with %s', async (_, answer, code) => {
    const wire = await connected(() => answer, { timeoutMs: 300 });
    await expect(wire.call('PING')).rejects.toMatchObject({ code });
  });

  it('waits for a command that takes long, as long as another connection is answered', async () => {
    let waiting: Socket | null = null;
    let pings = 0;
    const wire = await connected(
      ([name], socket) => {
        if (name === 'LONG') waiting = socket;
        if (name !== 'PING') return null;
        pings += 1;
        return '+PONG\r\n';
      },
      { timeoutMs: 1000 },
    );
    wire.allowsLongCommands = true;
    const reply = wire.call('LONG');
    await until(async () => pings >= 2);
    waiting!.write('+DONE\r\n');
    expect(String(await reply)).toBe('DONE');
  });

  it('does not wait for a command of a server that answers nobody', async () => {
    const wire = await connected(() => null, { timeoutMs: 100 });
    wire.allowsLongCommands = true;
    await expect(wire.call('LONG')).rejects.toMatchObject({ code: 'timeout' });
  });
});

describe('memory of replies', () => {
  const megabyte = 1024 * 1024;

  it('is used again once it was given back, by any part of it', () => {
    const memory = takeMemory(megabyte);
    giveMemoryBack(memory.subarray(7, 9));
    expect(takeMemory(megabyte).buffer).toBe(memory.buffer);
    expect(takeMemory(megabyte).buffer).not.toBe(memory.buffer);
  });

  it('is little for a short reply, also where much is free', () => {
    giveMemoryBack(takeMemory(megabyte));
    expect(takeMemory(100).length).toBeLessThan(megabyte / 32);
  });

  it('is not kept where it is large', () => {
    const memory = takeMemory(3 * megabyte);
    giveMemoryBack(memory);
    expect(takeMemory(3 * megabyte).buffer).not.toBe(memory.buffer);
  });

  it('is overwritten in tests once it was given back, kept or not', () => {
    for (const bytes of [100, megabyte, 3 * megabyte]) {
      const memory = takeMemory(bytes).fill('x');
      giveMemoryBack(memory);
      expect(memory.includes('x')).toBe(false);
    }
  });
});
