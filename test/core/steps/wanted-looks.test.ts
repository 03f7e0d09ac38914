import { expect, test } from 'vitest';
import { wantedLooks } from '../../../src/core/steps/wanted-looks.ts';
import { latestSizedAt } from '../../../src/core/sync/master-tracker.ts';
import { begin, isIn } from './played-expansion.ts';

test('the size of the master is read again after a second, and at once when the clock was set back further', async () => {
  const { comesTo } = await begin({ nodes: ['n1'] });
  const isCopying = isIn(0, 'transferring');
  const expansion = await comesTo(
    'its files',
    (now) => isCopying(now) && now.masterTracker.dumps.every(({ sstBytesAfter }) => sstBytesAfter !== null),
  );
  const sizedAt = latestSizedAt(expansion.masterTracker.samples)!;
  const asksSize = (now: number): boolean => wantedLooks(expansion, now)!.master.includes('sizes');
  expect([sizedAt + 100, sizedAt + 1000, sizedAt - 5000].map(asksSize)).toEqual([false, true, true]);
});
