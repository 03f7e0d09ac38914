import { expect, it } from 'vitest';
import { Quads } from '../../src/resp/quads.ts';

const lengths = [...Array.from({ length: 40 }, (_, i) => i), 1023, 1024, 1025, 5000];
/** No two bytes near one another are the same. */
const bytesOf = (length: number) => Buffer.from(Array.from({ length }, (_, i) => (7 * i) % 251));

it('two places are the same only where every byte is, wherever they lie', () => {
  for (const length of lengths) {
    const text = bytesOf(length);
    const left = new Quads(Buffer.concat([Buffer.from('___'), text, Buffer.from('_')]).subarray(1));
    const right = Buffer.concat([Buffer.from('_'), text, Buffer.from('__')]);
    const other = new Quads(right);
    expect(left.areSame(2, 2 + length, other, 1, 1 + length), `${length} bytes`).toBe(true);
    expect(left.areSame(2, 3 + length, other, 1, 1 + length)).toBe(false);
    for (let at = 0; at < length; at++) {
      right[1 + at]! ^= 0x80;
      if (left.areSame(2, 2 + length, other, 1, 1 + length))
        expect.fail(`byte ${at} of ${length} is another`);
      right[1 + at]! ^= 0x80;
    }
  }
});

it('the hash of a place depends on its bytes alone, and on each of them', () => {
  for (const length of lengths.filter((each) => each >= 4)) {
    const bytes = Buffer.concat([Buffer.from('__'), bytesOf(length), Buffer.from('_')]);
    const quads = new Quads(bytes);
    const hash = quads.hash(2, 2 + length);
    expect(new Quads(bytesOf(length)).hash(0, length)).toBe(hash);
    for (let at = 2; at < 2 + length; at++) {
      bytes[at]! ^= 1;
      if (quads.hash(2, 2 + length) === hash) expect.fail(`byte ${at} of ${length} does not count`);
      bytes[at]! ^= 1;
    }
  }
});

it('few places have one hash, also where they differ in a few bytes, and of its last bits', () => {
  const texts = Array.from({ length: 4096 }, (_, i) => `$30\r\n${'v'.repeat(24)}${100_000 + i}\r\n`);
  const hashes = texts.map((text) => new Quads(Buffer.from(text)).hash(0, text.length));
  expect(new Set(hashes).size).toBeGreaterThan(4090);
  expect(new Set(hashes.map((hash) => hash & 0xfff)).size).toBeGreaterThan(2000);
});

it('a place is copied, and nothing beside it', () => {
  for (const length of lengths.filter((each) => each >= 4)) {
    const target = Buffer.alloc(length + 3, '_');
    new Quads(Buffer.concat([Buffer.from('x'), bytesOf(length)])).copy(1, 1 + length, new Quads(target), 2);
    expect(target).toEqual(Buffer.concat([Buffer.from('__'), bytesOf(length), Buffer.from('_')]));
  }
});
