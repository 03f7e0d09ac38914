import { expect, it } from 'vitest';
import { Pace, systemClock } from '../../src/compare/pace.ts';
import { Portion } from '../../src/compare/portion.ts';
import { PieceSizes } from '../../src/compare/walk/pieces.ts';

it('a piece of a large collection is asked for with the same size on both sides, whichever asks first', () => {
  const portion = new Portion(new Pace({ maxOpsPerSecond: null, maxBytesPerSecond: null }, systemClock), 500);
  const sizes = new PieceSizes(portion);
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
