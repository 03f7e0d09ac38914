// `npm run bench [name …]`: prints ratios measured in one run; machines differ, ratios less so.
import { benchExpansion } from './expansion.ts';
import { benchGuards } from './guards.ts';
import { benchHistory } from './history.ts';
import { benchLoad } from './load.ts';
import { benchScheduling } from './scheduling.ts';
import { benchUnderWrites } from './under-writes.ts';

const benches: Readonly<Record<string, () => Promise<void>>> = {
  expansion: benchExpansion,
  scheduling: benchScheduling,
  'under-writes': benchUnderWrites,
  load: benchLoad,
  guards: benchGuards,
  history: benchHistory,
  comparison: async () => {
    await import('./comparison.ts');
  },
};

const wanted = process.argv.slice(2);
for (const [name, run] of Object.entries(benches)) {
  if (wanted.length === 0 || wanted.includes(name)) await run();
}
process.exit(0);
