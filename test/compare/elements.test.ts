import { describe, expect, it } from 'vitest';
import { Elements } from '../../src/compare/judge/elements.ts';
import { array, bulk } from './fake-server.ts';

const left = new Elements();
const right = new Elements();

function areSame(a: readonly string[], b: readonly string[], stringsEach: 1 | 2 = 1): boolean {
  const taken = [
    left.take(Buffer.from(array(...a.map(bulk)), 'latin1'), 0, stringsEach),
    right.take(Buffer.from(array(...b.map(bulk)), 'latin1'), 0, stringsEach),
  ];
  expect(taken).toEqual([true, true]);
  return left.areSameInAnyOrder(right);
}

describe('two arrays in any order', () => {
  it.each<readonly [string, readonly string[], readonly string[], 1 | 2]>([
    ['the same members in another order', ['a', 'bc', ''], ['', 'a', 'bc'], 1],
    ['none at all', [], [], 1],
    ['the same fields in another order', ['f', '1', 'g', '2'], ['g', '2', 'f', '1'], 2],
    ['members that look like protocol', ['$1\r\na', 'b'], ['b', '$1\r\na'], 1],
  ])('are the same with %s', (_, a, b, stringsEach) => {
    expect(areSame(a, b, stringsEach)).toBe(true);
  });

  it.each<readonly [string, readonly string[], readonly string[], 1 | 2]>([
    ['one other member', ['a', 'b'], ['b', 'c'], 1],
    ['values that changed places', ['f', '1', 'g', '2'], ['f', '2', 'g', '1'], 2],
    ['a member more often', ['a', 'a', 'b'], ['a', 'b', 'b'], 1],
    ['bytes that changed places', ['ab', 'cd'], ['ad', 'cb'], 1],
    ['a member less', ['a', 'b'], ['a'], 1],
  ])('are not the same with %s', (_, a, b, stringsEach) => {
    expect(areSame(a, b, stringsEach)).toBe(false);
  });

  it('are the same, or not, whatever their number', () => {
    for (const count of [1, 2, 3, 100, 512, 1024]) {
      const members = Array.from({ length: count }, (_, i) => `member ${i}`);
      const other = [...members.slice(count >> 1), ...members.slice(0, count >> 1)];
      expect(areSame(members, other)).toBe(true);
      expect(areSame(members, [...other.slice(1), 'member x'])).toBe(false);
    }
  });

  it('are not taken apart where they are cut, or hold something else, or too much', () => {
    const whole = Buffer.from(array(bulk('a'), bulk('b')));
    for (let bytes = 0; bytes < whole.length; bytes++)
      expect(left.take(whole.subarray(0, bytes), 0, 1), `${bytes} bytes`).toBe(false);
    for (const text of [array(':1\r\n'), array('$-1\r\n'), array(array(bulk('a'))), '*-1\r\n', '-ERR no\r\n'])
      expect(left.take(Buffer.from(text), 0, 1), text).toBe(false);
    expect(left.take(Buffer.from(array(bulk('a'))), 0, 2)).toBe(false);
    expect(left.take(Buffer.from(array(...Array(1025).fill(bulk('a')))), 0, 1)).toBe(false);
  });
});
