import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { KeySpace } from '../../src/compare/walk/key-space.ts';

const padded = (i: number, width: number) => String(i).padStart(width, '0');
const md5 = (i: number) => createHash('md5').update(String(i)).digest('hex');
const many = (count: number, name: (i: number) => string) => Array.from({ length: count }, (_, i) => name(i));

const keySpaces: Readonly<Record<string, readonly string[]>> = {
  'numbers of fixed width': many(100_000, (i) => `k:${padded(i, 9)}`),
  'numbers without padding': many(100_000, (i) => `user:${i}`),
  'hex digests behind a prefix': many(50_000, (i) => `session:${md5(i)}`),
  'two groups, one ten times the other': [
    ...many(90_000, (i) => `user:${padded(i, 8)}:profile`),
    ...many(10_000, (i) => `order:${i}`),
  ],
  'one crowded group between two small ones': [
    ...many(95_000, (i) => `m:${padded(i, 7)}`),
    ...many(2500, (i) => `a${i}`),
    ...many(2500, (i) => `z${md5(i)}`),
  ],
  'four hundred groups': many(100_000, (i) => `t${i % 400}:obj:${padded(i, 9)}`),
};

/** Numbers from 0 to 1 that are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}

/** Looks at `looks` points of sorted keys; returns the places of the keys found, ascending. */
function lookAt(keys: readonly Buffer[], looks: number, seed: number): number[] {
  const neighbours = 8;
  const space = new KeySpace(keys.slice(0, neighbours), keys.slice(-neighbours).reverse(), seeded(seed));
  const found = new Set<number>();
  while (found.size < looks && !space.exhausted) {
    for (const point of space.next(32)) {
      const place = firstAtOrAfter(keys, point.at);
      if (place < keys.length) found.add(place);
      const before = keys.slice(Math.max(0, place - neighbours), place).reverse();
      space.found(point, keys.slice(place, place + neighbours), before);
    }
  }
  return [...found].sort((a, b) => a - b);
}

function firstAtOrAfter(keys: readonly Buffer[], point: Buffer): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Buffer.compare(keys[middle]!, point) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

const sorted = (names: readonly string[]) =>
  names.map((name) => Buffer.from(name)).sort((a, b) => a.compare(b));

describe('start points of a sample', () => {
  for (const [name, names] of Object.entries(keySpaces)) {
    it(`lie evenly over all keys: ${name}`, () => {
      const keys = sorted(names);
      const places = lookAt(keys, 1000, 7);
      const twentieths = Array.from({ length: 20 }, () => 0);
      for (const place of places) twentieths[Math.floor((place / keys.length) * 20)]! += 1;
      const gaps = places.map((place, i) => place - (places[i - 1] ?? 0));
      expect(Math.min(...twentieths)).toBeGreaterThanOrEqual(20);
      expect(Math.max(...gaps) / keys.length).toBeLessThan(0.02);
    });
  }

  it('find every key of a small space, and then say that it is exhausted', () => {
    const keys = sorted(many(300, (i) => (i % 3 === 0 ? `a:${i}` : `b:${md5(i)}`)));
    expect(lookAt(keys, Number.POSITIVE_INFINITY, 3)).toHaveLength(300);
  });

  it('reach binary keys, and keys that begin with one another', () => {
    const keys = [
      Buffer.from([0]),
      Buffer.from([0, 0]),
      Buffer.from([0, 255]),
      Buffer.from([255, 0, 13, 10]),
    ];
    expect(lookAt(keys, Number.POSITIVE_INFINITY, 5)).toEqual([0, 1, 2, 3]);
  });
});
