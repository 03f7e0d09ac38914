import type { ChaosOptions } from './run.ts';

type Form = Omit<ChaosOptions, 'seed' | 'tell' | 'sabotage' | 'onOutput' | 'signal'>;

/** What the design asks for. */
export const fullForm: Form = {
  expansions: 100,
  nodesPerExpansion: 6,
  workers: 3,
  lanes: 6,
  transferMs: [1000, 3000],
  gapMs: [2000, 8000],
  faults: 'to the end',
  unreachableMs: 30_000,
  stoppedMs: 18_000,
  limitMs: 60 * 60_000,
};

/** A few expansions and every kind of fault, for `npm test`. */
export const quickForm: Form = {
  expansions: 4,
  nodesPerExpansion: 3,
  workers: 3,
  lanes: 3,
  transferMs: [1000, 2000],
  gapMs: [200, 800],
  faults: 'each once',
  unreachableMs: 5000,
  stoppedMs: 16_000,
  limitMs: 5 * 60_000,
};
