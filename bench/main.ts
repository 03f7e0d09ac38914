/**
 * `npm run bench [name …]`: prints each figure with its goal and whether it is reached, and the machine. The exit code is 1 where
 * one is not reached. docs/performance.md holds what was printed last.
 */

import { benchAge } from './age.ts';
import { benchComparisonTypes } from './comparison-types.ts';
import { benchExpansion } from './expansion.ts';
import { printEnd, printMachine } from './figures.ts';
import { benchGuards } from './guards.ts';
import { benchHistory } from './history.ts';
import { benchLive } from './live.ts';
import { benchLoad } from './load.ts';
import { benchQuestions } from './questions.ts';
import { benchScheduling } from './scheduling.ts';
import { benchStart } from './start.ts';
import { benchUnderWrites } from './under-writes.ts';
import { benchWorkers } from './workers.ts';

const benches: Readonly<Record<string, () => Promise<void>>> = {
  expansion: benchExpansion,
  scheduling: benchScheduling,
  'under-writes': benchUnderWrites,
  live: benchLive,
  load: benchLoad,
  workers: benchWorkers,
  guards: benchGuards,
  history: benchHistory,
  age: benchAge,
  start: benchStart,
  questions: benchQuestions,
  comparison: async () => {
    await import('./comparison.ts');
  },
  'comparison-types': benchComparisonTypes,
};

printMachine();
const wanted = process.argv.slice(2);
for (const [name, run] of Object.entries(benches)) {
  if (wanted.length === 0 || wanted.includes(name)) await run();
}
process.exit(printEnd() ? 0 : 1);
