import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SortedMap } from '../../src/simulator/sorted-map.ts';

const key = fc.integer({ min: 0, max: 2_000 }).map((n) => `k${n}`);
const steps = fc.array(fc.tuple(fc.constantFrom('set', 'set', 'set', 'delete', 'fork'), key, fc.nat()), {
  maxLength: 1_500,
});

const content = <V>(map: SortedMap<V>): [string, V][] => {
  const found: [string, V][] = [];
  map.scan('', (name, value) => {
    found.push([name, value]);
    return true;
  });
  return found;
};

const sorted = (model: Map<string, number>): [string, number][] =>
  [...model].sort(([a], [b]) => (a < b ? -1 : 1));

describe('a sorted map', () => {
  test('holds what a plain map holds, in order, and forks do not see later writes', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const map = new SortedMap<number>();
        const model = new Map<string, number>();
        const forks: [SortedMap<number>, [string, number][]][] = [];
        for (const [what, name, value] of given) {
          if (what === 'fork') forks.push([map.fork(), sorted(model)]);
          else if (what === 'delete') expect(map.delete(name)).toBe(model.delete(name));
          else {
            map.set(name, value);
            model.set(name, value);
          }
        }
        expect(content(map)).toEqual(sorted(model));
        expect(map.size).toBe(model.size);
        for (const [fork, then] of forks) expect(content(fork)).toEqual(then);
      }),
      { numRuns: 60 },
    );
  });

  test('scans from any key upward and downward, and finds positions', () => {
    fc.assert(
      fc.property(fc.uniqueArray(key, { minLength: 1, maxLength: 900 }), key, (names, start) => {
        const map = new SortedMap<true>();
        for (const name of names) map.set(name, true);
        const ordered = [...names].sort();
        const up: string[] = [];
        const down: string[] = [];
        map.scan(start, (name) => up.push(name) > 0);
        map.scanDown(start, (name) => down.push(name) > 0);
        expect(up).toEqual(ordered.filter((name) => name >= start));
        expect(down).toEqual(ordered.filter((name) => name <= start).reverse());
        expect(map.keyAt(ordered.length - 1)).toBe(ordered.at(-1));
        expect(map.get(start)).toBe(names.includes(start) ? true : undefined);
      }),
      { numRuns: 60 },
    );
  });

  test('writes to a fork stay there', () => {
    const map = new SortedMap<number>();
    for (let i = 0; i < 1_000; i++) map.set(`k${i}`, i);
    const fork = map.fork();
    fork.set('k5', -5);
    fork.delete('k6');
    expect([map.get('k5'), map.get('k6'), fork.get('k5'), fork.get('k6')]).toEqual([5, 6, -5, undefined]);
  });
});
