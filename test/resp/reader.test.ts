import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ErrorReply,
  endOfReplies,
  Incoming,
  ProtocolError,
  type Reply,
  ReplyReader,
} from '../../src/resp/reader.ts';

const bounds = { maxBytes: 8 * 1024 * 1024, maxLineBytes: 64 * 1024, maxElements: 100_000 };

const bulkOf = (length: number): string => `$${length}\r\n${'x'.repeat(length)}\r\n`;

function encode(reply: Reply): Buffer {
  if (reply === null) return Buffer.from('$-1\r\n');
  if (typeof reply === 'number') return Buffer.from(`:${reply}\r\n`);
  if (reply instanceof ErrorReply) return Buffer.from(`-${reply.message}\r\n`);
  if (Buffer.isBuffer(reply))
    return Buffer.concat([Buffer.from(`$${reply.length}\r\n`), reply, Buffer.from('\r\n')]);
  return Buffer.concat([Buffer.from(`*${reply.length}\r\n`), ...reply.map(encode)]);
}

const scalar = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.integer(),
  fc.constant(null),
  fc.constant(new ErrorReply('ERR no')),
);
const anyReply: fc.Arbitrary<Reply> = fc.oneof(
  scalar,
  fc.array(fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })), { maxLength: 5 }),
);

describe('replies', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(anyReply, (reply) => {
        const reader = new ReplyReader(encode(reply));
        expect(reader.next()).toEqual(reply);
        expect(reader.done).toBe(true);
      }),
    );
  });

  it('are known to be whole exactly when their last byte is there', () => {
    fc.assert(
      fc.property(fc.array(anyReply, { minLength: 1, maxLength: 4 }), (replies) => {
        const bytes = Buffer.concat(replies.map(encode));
        for (let end = 0; end < bytes.length; end++)
          expect(endOfReplies(bytes, 0, end, replies.length)).toBeNull();
        expect(endOfReplies(bytes, 0, bytes.length, replies.length)).toBe(bytes.length);
      }),
    );
  });

  it('come out of bytes that are cut anywhere', () => {
    fc.assert(
      fc.property(
        fc.array(anyReply, { maxLength: 8 }),
        fc.array(fc.nat(40), { maxLength: 20 }),
        (replies, cuts) => {
          const bytes = Buffer.concat(replies.map(encode));
          const seen: Reply[] = [];
          const incoming = new Incoming(bounds);
          let at = 0;
          for (const length of [...cuts, bytes.length]) {
            incoming.push(bytes.subarray(at, at + length), (value) => seen.push(value.next()));
            at = Math.min(bytes.length, at + length);
          }
          expect(seen).toEqual(replies);
        },
      ),
    );
  });

  it('are bounded each by itself: many of them are no long one', () => {
    const incoming = new Incoming(bounds);
    const megabyte = encode(Buffer.alloc(1024 * 1024, 'x'));
    let seen = 0;
    for (let index = 0; index < 20; index += 1) incoming.push(megabyte, () => (seen += 1));
    expect(seen).toBe(20);
  });

  it.each([
    ['a string that is too long', '$2147483648\r\n', 'length'],
    ['a length that is no number', '$abc\r\n', 'length'],
    ['a length without digits', '$\r\n', 'length'],
    ['a negative length', '$-5\r\n', 'length'],
    ['digits without end', `$${'1'.repeat(20)}`, 'length'],
    ['an array of too many elements', '*2000000000\r\n', 'count'],
    ['arrays that announce too many elements together', '*30000\r\n'.repeat(5), 'count'],
    ['an integer that is no number', ':five\r\n', 'length'],
    ['a line without end', `+${'x'.repeat(70_000)}`, 'line'],
    ['many values that are too long together', `*9\r\n${bulkOf(1024 * 1024).repeat(8)}`, 'length'],
    ['the protocol of others', 'HTTP/1.1 400 Bad Request\r\n', 'mark'],
    ['the next protocol', '%1\r\n', 'mark'],
    ['a line that ends otherwise', ':5\r5', 'length'],
  ])('are refused at the first byte that is wrong: %s', (_name, text, fault) => {
    const incoming = new Incoming(bounds);
    expect(() => {
      for (const at of Array.from({ length: Math.ceil(text.length / 65_536) }, (_, index) => index * 65_536))
        incoming.push(Buffer.from(text.slice(at, at + 65_536)), () => undefined);
    }).toThrow(expect.objectContaining({ name: 'ProtocolError', fault }));
  });

  it('that nest too deep are refused, however few bytes that takes', () => {
    const incoming = new Incoming(bounds);
    const nested = Buffer.from(`${'*1\r\n'.repeat(50_000)}:1\r\n`);
    expect(() => incoming.push(nested, (value) => value.next())).toThrow('nests too deep');
  });

  it('that are none are refused', () => {
    expect(() => new ReplyReader(Buffer.from('HTTP/1.1 400 Bad Request\r\n')).next()).toThrow(ProtocolError);
  });
});
