import { beforeEach, describe, expect, it } from 'vitest';
import { cached } from '../../../src/work/expansion/cached.ts';

describe('what the database said of all expansions', () => {
  let now: number;
  /** Ends the questions in the order in which they were asked. */
  let answers: { resolve(value: string): void; reject(error: Error): void }[];
  let asked: number;
  const clock = { now: () => now, sleep: () => Promise.reject(new Error('nobody sleeps here')) };
  const ask = () =>
    new Promise<string>((resolve, reject) => {
      asked += 1;
      answers.push({ resolve, reject });
    });
  const answer = (value: string) => answers.shift()!.resolve(value);

  beforeEach(() => {
    now = 1_800_000_000_000;
    answers = [];
    asked = 0;
  });

  it('is asked for once, however many want to know it at the same time', async () => {
    const { now: fresh } = cached(ask, 300, clock);
    const all = [fresh(), fresh(), fresh()];
    answer('a');
    expect(await Promise.all(all)).toEqual(['a', 'a', 'a']);
    now += 299;
    expect(await fresh()).toBe('a');
    expect(asked).toBe(1);
  });

  it('is asked for anew before a command once it is older, also if the clock went back', async () => {
    const { now: fresh } = cached(ask, 300, clock);
    const first = fresh();
    answer('a');
    await first;
    for (const [ms, value] of [
      [300, 'b'],
      [-10_000, 'c'],
    ] as const) {
      now += ms;
      const next = fresh();
      answer(value);
      expect(await next).toBe(value);
    }
  });

  it('does not hold up a look that may take what was known last', async () => {
    const freeze = cached(ask, 300, clock);
    const first = freeze.known();
    answer('a');
    expect(await first).toBe('a');
    now += 400;
    expect(await freeze.known()).toBe('a');
    expect(asked).toBe(2);
    answer('b');
    await freeze.now();
    expect(await freeze.known()).toBe('b');
  });

  it('is waited for when nothing was known for long: an old answer is none', async () => {
    const freeze = cached(ask, 300, clock);
    const first = freeze.known();
    answer('a');
    await first;
    now += 5000;
    const late = freeze.known();
    answer('b');
    expect(await late).toBe('b');
  });

  it('is asked for again after a question that failed, and the failure is told to who waited', async () => {
    const { now: fresh } = cached(ask, 300, clock);
    const first = fresh();
    answers.shift()!.reject(new Error('away'));
    await expect(first).rejects.toThrow('away');
    const second = fresh();
    answer('a');
    expect(await second).toBe('a');
  });
});
