import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '../../src/resp/reader.ts';
import type { Reply } from '../../src/simulator/reply.ts';
import { CommandParser, encodeReply } from '../../src/simulator/resp.ts';

const encode = (words: readonly string[]): Buffer =>
  Buffer.from(
    `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`,
    'latin1',
  );

const binaryWord = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const commands = fc.array(fc.array(binaryWord, { minLength: 1, maxLength: 6 }), {
  minLength: 1,
  maxLength: 8,
});

describe('commands arrive whole wherever the bytes are split', () => {
  test('multibulk with binary words', () => {
    fc.assert(
      fc.property(commands, fc.array(fc.nat(40), { maxLength: 60 }), (given, cuts) => {
        const bytes = Buffer.concat(given.map(encode));
        const parser = new CommandParser();
        const parsed: string[][] = [];
        let at = 0;
        for (const length of cuts) {
          parsed.push(...parser.push(bytes.subarray(at, at + length)));
          at = Math.min(bytes.length, at + length);
        }
        parsed.push(...parser.push(bytes.subarray(at)));
        expect(parsed).toEqual(given);
      }),
      { numRuns: 300 },
    );
  });

  test('inline and multibulk mixed, byte by byte', () => {
    const parser = new CommandParser();
    const bytes = Buffer.concat([
      Buffer.from('PING\r\n'),
      encode(['SET', 'a b', '1\r\n2']),
      Buffer.from('\r\nGET  x\n'),
    ]);
    const parsed = [...bytes].flatMap((byte) => parser.push(Buffer.from([byte])));
    expect(parsed).toEqual([['PING'], ['SET', 'a b', '1\r\n2'], ['GET', 'x']]);
  });
});

describe('what cannot be a command ends the connection', () => {
  test.each([
    ['*x\r\n', 'a count that is no number'],
    ['*2\r\n$3\r\nGET\r\n+x\r\n', 'a word without length'],
    ['*1\r\n$2147483648\r\n', 'a length of 2 GB'],
    ['*1\r\n$-5\r\n', 'a negative length'],
  ])('%j: %s', (bytes) => {
    expect(() => new CommandParser().push(Buffer.from(bytes))).toThrow(ProtocolError);
  });

  test('an endless inline line', () => {
    const parser = new CommandParser();
    expect(() => {
      for (let i = 0; i < 100; i++) parser.push(Buffer.alloc(4096, 0x41));
    }).toThrow(ProtocolError);
  });
});

test('replies are written as the protocol says', () => {
  const replies: readonly [Reply, string][] = [
    ['a\r\nb', '$4\r\na\r\nb\r\n'],
    [7, ':7\r\n'],
    [null, '$-1\r\n'],
    [{ status: 'OK' }, '+OK\r\n'],
    [{ error: 'ERR x' }, '-ERR x\r\n'],
    [['a', [1, null]], '*2\r\n$1\r\na\r\n*2\r\n:1\r\n$-1\r\n'],
  ];
  for (const [reply, text] of replies) expect(encodeReply(reply)).toBe(text);
});
