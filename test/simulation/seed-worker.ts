/** A process that runs seeds as they are handed to it; started by `many.ts`. */
import type { SeedOrder, SeedReport } from './many.ts';
import { simulateSeed } from './simulate.ts';

process.on('message', (order: SeedOrder) => {
  simulateSeed(order.seed, { defect: order.defect }).then(
    (result) => {
      const { timeline, ...rest } = result;
      const report: SeedReport = { ...rest, timeline: result.violations.length > 0 ? timeline() : null };
      process.send!(report);
    },
    (error) => {
      console.error(`seed ${order.seed} could not be run to its end:`, error);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));
