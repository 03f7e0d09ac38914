import { expect, it } from 'vitest';
import { deliverySays } from '../../src/model/webhook-texts.ts';
import { outcomeOf } from '../../src/notices/notifier.ts';

const failed = { delivered: false, error: deliverySays('connection_refused'), refused: false, pauseMs: null };
const second = 1000;
const hour = 3_600_000;

/** The pauses after each attempt, until the message is given up. */
function pauses(answer: Parameters<typeof outcomeOf>[0]): readonly number[] {
  const found: number[] = [];
  for (let attempt = 1; ; attempt += 1) {
    const { retryInMs } = outcomeOf(answer, attempt);
    if (retryInMs === null) return found;
    found.push(retryInMs);
  }
}

it('is tried for about a day, later each time', () => {
  const all = pauses(failed);
  expect(all.slice(0, 7).map((ms) => ms / second)).toEqual([5, 30, 120, 300, 600, 1800, 3600]);
  const hours = all.reduce((sum, ms) => sum + ms, 0) / hour;
  expect([hours > 23, hours < 25]).toEqual([true, true]);
});

it('is given up sooner where the receiver refuses it', () => {
  expect(pauses({ ...failed, refused: true })).toHaveLength(4);
});

it('waits as long as the receiver asks for, up to an hour', () => {
  expect(outcomeOf({ ...failed, pauseMs: 600_000 }, 1).retryInMs).toBe(600_000);
  expect(outcomeOf({ ...failed, pauseMs: 100 * hour }, 1).retryInMs).toBe(hour);
});
