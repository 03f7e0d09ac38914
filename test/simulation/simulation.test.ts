import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { compiledSimulation, simulateMany, summary } from './many.ts';

const seeds = 250;

test(`promises 1 to 8 hold over ${seeds} seeds of faults in virtual time`, {
  timeout: 1_200_000,
}, async () => {
  const startedAt = performance.now();
  const reports = await simulateMany({
    from: 1,
    count: seeds,
    processes: Math.min(2, availableParallelism()),
    enough: (done) => done.some(({ violations }) => violations.length > 0),
  });
  console.log(summary(reports, (performance.now() - startedAt) / 1000));
  const broken = reports.find(({ violations }) => violations.length > 0);
  if (broken) console.log(broken.timeline);
  expect(
    reports.flatMap(({ seed, violations }) =>
      violations.map(({ promise, text }) => ({ seed, promise, text })),
    ),
    'replay a seed by: npm run simulate -- --seed N',
  ).toEqual([]);
  // The suite means nothing if nothing happens in it. A copy whose dump was replaced seldom comes out damaged: the node is
  // detached in the turn that sees it.
  const total = (count: (report: (typeof reports)[number]) => number): number =>
    reports.reduce((sum, report) => sum + count(report), 0);
  expect(total(({ nodesVerified }) => nodesVerified)).toBeGreaterThan(seeds / 2);
  expect(total(({ supersededCopies }) => supersededCopies)).toBeGreaterThan(seeds / 5);
  expect(total(({ damagedCopies }) => damagedCopies)).toBeGreaterThan(seeds / 100);
  expect(total(({ safeHolds }) => safeHolds)).toBeGreaterThan(seeds / 10);
  expect(total(({ fleet }) => fleet.detached)).toBeGreaterThan(seeds / 20);
  expect(total(({ fleet }) => fleet.judged)).toBeGreaterThan(seeds / 5);
});

test('the same seed gives the same run, to the last line', async () => {
  const { simulateSeed } = await compiledSimulation();
  for (const seed of [3, 11, 40]) {
    const [first, second] = [await simulateSeed(seed), await simulateSeed(seed)];
    expect(second.timeline()).toBe(first.timeline());
    expect(first.timeline().split('\n').length).toBeGreaterThan(50);
  }
});
