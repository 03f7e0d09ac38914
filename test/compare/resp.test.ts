import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CommandWriter,
  ErrorReply,
  endOfReplies,
  ProtocolError,
  type Reply,
  ReplyReader,
} from '../../src/compare/wire/resp.ts';

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

  it('that are none are refused', () => {
    expect(() => new ReplyReader(Buffer.from('HTTP/1.1 400 Bad Request\r\n')).next()).toThrow(ProtocolError);
  });
});

describe('commands', () => {
  it('take the bulk strings of a reply as they are', () => {
    const keys = [Buffer.from('a'), Buffer.from([0, 13, 10, 36])];
    const encoded = Buffer.concat(keys.map(encode));
    const verbatim = new CommandWriter().header(3).argument('MGET').verbatim(encoded).toBuffer();
    expect(verbatim).toEqual(new CommandWriter().add('MGET', ...keys).toBuffer());
  });
});
