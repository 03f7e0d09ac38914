import { describe, expect, it } from 'vitest';
import { smallestLossFound, smallestLossOverall } from '../../src/compare/judge/statistics.ts';

describe('the smallest loss that a sample finds with 99 % probability', () => {
  it('is one that the sample would miss in one of a hundred cases', () => {
    for (const looks of [1, 10, 100, 1000, 50_000])
      expect((1 - smallestLossFound(looks)!) ** looks).toBeCloseTo(0.01, 10);
    expect(smallestLossFound(1000)).toBeCloseTo(0.0046, 4);
  });

  it('is unknown when nothing was looked at', () => {
    expect(smallestLossFound(0)).toBeNull();
    expect(smallestLossOverall([{ looks: 0, complete: false }])).toBeNull();
  });

  it('is that of the type least looked at', () => {
    const strata = [
      { looks: 1000, complete: false },
      { looks: 50, complete: false },
      { looks: 3, complete: true },
    ];
    expect(smallestLossOverall(strata)).toBe(smallestLossFound(50));
    expect(smallestLossOverall([{ looks: 3, complete: true }])).toBe(0);
  });
});
