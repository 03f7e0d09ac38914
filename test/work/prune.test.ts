import { expect, it } from 'vitest';
import type { EndedRecords, Forgotten } from '../../src/store/ended.ts';
import { startPruning } from '../../src/work/prune.ts';
import { until } from '../support/until.ts';

const nothing: Forgotten = {
  expansions: 0,
  campaigns: 0,
  comparisons: 0,
  audits: 0,
  guards: 0,
  holds: 0,
  replacements: 0,
};
const day = 86_400_000;

it('asks in portions until nothing is left, says what went, and comes again an hour later, also after a failure', async () => {
  const answers: (Forgotten | Error)[] = [
    { expansions: 20, campaigns: 1, comparisons: 0, audits: 4, guards: 1, holds: 2, replacements: 3 },
    { expansions: 3, campaigns: 0, comparisons: 2, audits: 0, guards: 0, holds: 0, replacements: 0 },
    nothing,
    new Error('the database is away'),
    nothing,
  ];
  const asked: number[] = [];
  const slept: number[] = [];
  let given = 0;
  const said: string[] = [];
  const pruning = startPruning({
    ended: {
      async forget(endedBefore) {
        asked.push(endedBefore);
        const answer = answers.shift() ?? nothing;
        if (answer instanceof Error) throw answer;
        return answer;
      },
      async giveBack() {
        given += 1;
      },
    } as Partial<EndedRecords> as EndedRecords,
    store: {} as never,
    keep: { endedDays: 30, looksDays: null, guardEventsDays: null },
    now: () => 1_800_000_000_000,
    sleep: (ms, signal) => {
      if (ms < 1000) return Promise.resolve();
      slept.push(Math.round(ms / 1000));
      if (slept.length < 3) return Promise.resolve();
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
    },
    log: {
      info: (_: unknown, text: string) => void said.push(text),
      warn: (_: unknown, text: string) => void said.push(text),
    } as never,
  });
  await until(() => slept.length === 3);
  await pruning.close();
  expect(asked).toEqual(Array(5).fill(1_800_000_000_000 - 30 * day));
  expect(slept).toEqual([3600, 3600, 3600]);
  expect(given).toBe(1);
  expect(said).toEqual([
    'deleted what ended more than 30 days ago: 23 expansions, 1 campaigns, 2 comparisons, 4 audits, 1 guards, 2 holds, 3 replacements',
    'what is old could not be deleted; it is tried again in an hour',
  ]);
});
