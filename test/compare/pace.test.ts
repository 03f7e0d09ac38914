import { describe, expect, it } from 'vitest';
import { type Clock, Pace } from '../../src/compare/pace.ts';

/** A clock that only waiting moves. */
function virtualClock(): Clock {
  let now = 1_000_000;
  return {
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
  };
}

describe('a cap', () => {
  for (const piece of [1, 7, 50, 400]) {
    it(`is kept within 5 % when ${piece} keys are asked for at a time`, async () => {
      const clock = virtualClock();
      const pace = new Pace({ maxOpsPerSecond: 1000, maxBytesPerSecond: null }, clock);
      const startedAt = clock.now();
      let keys = 0;
      while (clock.now() - startedAt < 20_000) {
        await pace.turn();
        pace.spent('left', { ops: piece });
        keys += piece;
      }
      const perSecond = (keys - piece) / ((clock.now() - startedAt) / 1000);
      expect(perSecond).toBeGreaterThan(950);
      expect(perSecond).toBeLessThan(1050);
    });
  }

  it('of bytes counts what came back, and the tighter of two caps holds', async () => {
    const clock = virtualClock();
    const pace = new Pace({ maxOpsPerSecond: 1_000_000, maxBytesPerSecond: 10_000 }, clock);
    const startedAt = clock.now();
    for (let i = 0; i < 100; i++) {
      await pace.turn();
      pace.spent('left', { ops: 10, bytes: 1000 });
      pace.spent('right', { ops: 10, bytes: 1000 });
    }
    expect((99 * 1000) / ((clock.now() - startedAt) / 1000)).toBeCloseTo(10_000, -3);
  });

  it('of bytes is kept for each server by itself', async () => {
    const clock = virtualClock();
    const pace = new Pace({ maxOpsPerSecond: null, maxBytesPerSecond: 10_000 }, clock);
    const startedAt = clock.now();
    for (let i = 0; i < 100; i++) {
      await pace.turn();
      pace.spent(i < 50 ? 'left' : 'right', { bytes: 1000 });
    }
    await pace.turn();
    expect(50_000 / ((clock.now() - startedAt) / 2000)).toBeCloseTo(10_000, -3);
  });

  it('makes single questions small enough to be kept smoothly', () => {
    const pace = new Pace({ maxOpsPerSecond: 100, maxBytesPerSecond: 100_000 }, virtualClock());
    expect(pace.largestPage).toBeLessThanOrEqual(10);
    expect(pace.largestReply).toBeLessThanOrEqual(10_000);
  });
});
