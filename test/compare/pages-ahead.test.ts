import { describe, expect, it } from 'vitest';
import { Pace, systemClock } from '../../src/compare/pace.ts';
import { Portion } from '../../src/compare/portion.ts';
import { PageSizes, PagesAhead } from '../../src/compare/walk/pages-ahead.ts';

it('a page is asked for with the same size on both sides, whichever asks first', () => {
  const pace = new Pace({ maxOpsPerSecond: null, maxBytesPerSecond: null }, systemClock);
  const portion = new Portion({ kind: 'redis', pace }, 500);
  const sizes = new PageSizes(portion);
  const left = [sizes.of(0)];
  portion.saw(32, 320);
  left.push(sizes.of(1));
  const right = [sizes.of(0)];
  portion.saw(128, 1280);
  right.push(sizes.of(1), sizes.of(2));
  left.push(sizes.of(2));
  expect(right).toEqual(left);
  expect(left[2]).toBeGreaterThan(left[0]!);
});

describe('pages ahead', () => {
  const place = (n: number) => Buffer.from([n]);

  /** Page n begins at n; `last` is the last one. Every answer comes when it is told to. */
  function pages(mostAhead: number, last = 100) {
    const asked: number[] = [];
    const answers: (() => void)[] = [];
    const ahead = new PagesAhead<number>(
      () => mostAhead,
      (from, number) => {
        asked.push(number);
        return new Promise((resolve) => answers.push(() => resolve(from[0]!)));
      },
      (page) => (page < last ? place(page + 1) : null),
    );
    const answerAll = async () => {
      while (answers.length > 0) {
        answers.shift()!();
        await new Promise(setImmediate);
      }
    };
    return { ahead, asked, answerAll };
  }

  it('are asked for one after the other, more at a time while the walk goes on where they begin', async () => {
    const { ahead, asked, answerAll } = pages(3);
    for (const [n, mostAsked] of [
      [0, 2],
      [1, 4],
      [2, 6],
      [3, 7],
    ] as const) {
      const page = ahead.take(place(n), n);
      await answerAll();
      expect(await page).toBe(n);
      expect(asked).toEqual(Array.from({ length: mostAsked }, (_, i) => i));
    }
  });

  it('are not used, and fewer at a time, after the walk went on somewhere else', async () => {
    const { ahead, asked, answerAll } = pages(3);
    for (let n = 0; n < 4; n++) {
      const page = ahead.take(place(n), n);
      await answerAll();
      await page;
    }
    asked.length = 0;
    const page = ahead.take(place(50), 4);
    await answerAll();
    expect(await page).toBe(50);
    expect(asked).toEqual([4, 5]);
  });

  it('end where a page tells no next one, and an answer to a page that is not used asks for nothing', async () => {
    const { ahead, asked, answerAll } = pages(3, 1);
    const first = ahead.take(place(0), 0);
    const other = ahead.take(place(1), 1);
    await answerAll();
    expect([await first, await other]).toEqual([0, 1]);
    expect(asked).toEqual([0, 1]);
  });

  it('leave what fails to whoever takes it', async () => {
    const ahead = new PagesAhead<number>(
      () => 3,
      (_, number) => (number === 0 ? Promise.resolve(0) : Promise.reject(new Error('gone'))),
      (page) => place(page + 1),
    );
    await ahead.take(place(0), 0);
    await new Promise(setImmediate);
    await expect(ahead.take(place(1), 1)).rejects.toThrow('gone');
  });
});
