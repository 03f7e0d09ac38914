import { describe, expect, it } from 'vitest';
import { areAll, ListedStrings, ListedValues } from '../../src/resp/strings.ts';
import { CommandWriter } from '../../src/resp/writer.ts';

const bulk = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
const texts = ['a', '', 'two\r\nlines', '$1\r\na', 'x'.repeat(200), 'zero\0'];
const encoded = Buffer.from(texts.map(bulk).join(''));
const textsIn = (listed: ListedStrings) => listed.all().map(String);

describe('listed strings', () => {
  it('are those of the reply, each by itself or some of them', () => {
    const listed = ListedStrings.upToEnd(encoded, 0, texts.length)!;
    expect(listed.count).toBe(texts.length);
    expect(textsIn(listed)).toEqual(texts);
    expect(textsIn(listed.pick([1, 4]))).toEqual([texts[1], texts[4]]);
    expect(textsIn(listed.firstOfPairs())).toEqual([texts[0], texts[2], texts[4]]);
    expect(textsIn(ListedStrings.of(texts.map((text) => Buffer.from(text))))).toEqual(texts);
    expect(texts.map((_, i) => listed.lastByte(i))).toEqual(
      texts.map((text) => Buffer.from(text).at(-1) ?? null),
    );
  });

  it('are none where there are fewer or more of them, or something else, or too many to be there', () => {
    expect(ListedStrings.upToEnd(encoded, 0, texts.length - 1)).toBeNull();
    expect(ListedStrings.upToEnd(encoded, 0, texts.length + 1)).toBeNull();
    for (let cut = 1; cut < encoded.length; cut++)
      expect(ListedStrings.upToEnd(encoded.subarray(0, encoded.length - cut), 0, texts.length)).toBeNull();
    for (const count of [-1, 1.5, Number.NaN, 1e9])
      expect(ListedStrings.upToEnd(encoded, 0, count), `${count}`).toBeNull();
    for (const text of [':1\r\n', '$-1\r\n', '*1\r\n', '-ERR no\r\n'])
      expect(ListedStrings.upToEnd(Buffer.from(text), 0, 1), text).toBeNull();
    expect(textsIn(ListedStrings.upToEnd(Buffer.alloc(0), 0, 0)!)).toEqual([]);
  });

  it('are arguments of a command as they are', () => {
    const listed = ListedStrings.upToEnd(encoded, 0, texts.length)!;
    const expected = (some: readonly string[]) => new CommandWriter().add('MGET', ...some).toBuffer();
    const written = (some: ListedStrings) =>
      new CommandWriter()
        .header(some.count + 1)
        .argument('MGET')
        .strings(some)
        .toBuffer();
    expect(written(listed)).toEqual(expected(texts));
    expect(written(listed.pick([0, 3, 4]))).toEqual(expected([texts[0]!, texts[3]!, texts[4]!]));
    const everySecond = new CommandWriter().header(4).argument('MGET').strings(listed, 2);
    expect(everySecond.toBuffer()).toEqual(expected([texts[0]!, texts[2]!, texts[4]!]));
  });
});

describe('listed values', () => {
  const values = (...each: readonly (string | null)[]) => {
    const bytes = Buffer.from(each.map((text) => (text === null ? '$-1\r\n' : bulk(text))).join(''));
    return new ListedValues(bytes, 0, each.length);
  };

  it('are the same, or not, and nil is no empty string', () => {
    const long = 'x'.repeat(300);
    const left = values('a', '', null, 'b', long, null);
    const right = values('a', null, '', 'c', `${long.slice(1)}y`, null);
    const all = [0, 1, 2, 3, 4, 5];
    expect(all.map((i) => left.isNil(i))).toEqual([false, false, true, false, false, true]);
    expect(all.map((i) => left.isSame(i, right))).toEqual([true, false, false, false, false, true]);
    expect(all.every((i) => left.isSame(i, values('a', '', null, 'b', long, null)))).toBe(true);
  });

  it('are refused where there are fewer or more, or something else', () => {
    const bytes = Buffer.from(`${bulk('a')}$-1\r\n${bulk('b')}`);
    for (const count of [0, 1, 2, 4, 1e9])
      expect(() => new ListedValues(bytes, 0, count), `${count}`).toThrow();
    for (let cut = 1; cut < bytes.length; cut++)
      expect(() => new ListedValues(bytes.subarray(0, bytes.length - cut), 0, 3), `${cut}`).toThrow();
    for (const text of [':1\r\n', '*0\r\n', '-ERR\r\n', '$-2\r\n', ':-1\r\n'])
      expect(() => new ListedValues(Buffer.from(text), 0, 1), text).toThrow();
  });
});

it('one reply so many times, and nothing else', () => {
  for (const times of [0, 1, 1023, 1024, 1025, 5000]) {
    const bytes = Buffer.from(`*9\r\n${':1\r\n'.repeat(times)}`);
    expect(areAll(bytes, 4, ':1\r\n', times)).toBe(true);
    expect(areAll(bytes, 4, ':1\r\n', times + 1)).toBe(false);
    if (times > 0) bytes[bytes.length - 3] = 0x32;
    expect(areAll(bytes, 4, ':1\r\n', times)).toBe(times === 0);
  }
});
