/**
 * Runs the simulation over many seeds, or one seed with its timeline:
 *   npm run simulate -- --seeds 10000 [--from 1] [--processes 2]
 *   npm run simulate -- --seed 42
 *   npm run simulate -- --seeds 1000 --defect no_fence
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type DefectName, defects } from '../test/simulation/defects.ts';
import { simulateMany, summary } from '../test/simulation/many.ts';
import { simulateSeed } from '../test/simulation/simulate.ts';

const options = {
  seed: { type: 'string' },
  seeds: { type: 'string', default: '10000' },
  from: { type: 'string', default: '1' },
  processes: { type: 'string', default: String(availableParallelism()) },
  defect: { type: 'string' },
} as const;

function given() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\nThe options: ${Object.keys(options).join(', ')}.`);
    process.exit(2);
  }
}

const values = given();

const shownTimelines = 3;
const startedAt = performance.now();

function defectNamed(name: string | undefined): DefectName | undefined {
  if (name === undefined || name in defects) return name as DefectName | undefined;
  throw new Error(`there is no defect ${name}; there are ${Object.keys(defects).join(', ')}`);
}

async function one(seed: number, defect: DefectName | undefined): Promise<boolean> {
  const result = await simulateSeed(seed, { defect });
  console.log(result.timeline());
  for (const { promise, text } of result.violations) console.log(`\nBROKEN promise ${promise}: ${text}`);
  return result.violations.length === 0;
}

async function many(defect: DefectName | undefined): Promise<boolean> {
  const count = Number(values.seeds);
  let done = 0;
  let broken = 0;
  const reports = await simulateMany({
    from: Number(values.from),
    count,
    processes: Number(values.processes),
    defect,
    onReport(report) {
      done += 1;
      if (done % 500 === 0) console.log(`${done} of ${count} seeds after ${seconds().toFixed(0)} s`);
      if (report.violations.length === 0) return;
      broken += 1;
      console.log(`\nSEED ${report.seed}`);
      if (broken <= shownTimelines) console.log(report.timeline);
      for (const { promise, text } of report.violations)
        console.log(`SEED ${report.seed} broke promise ${promise}: ${text}`);
      console.log(`replay: npm run simulate -- --seed ${report.seed}${defect ? ` --defect ${defect}` : ''}`);
    },
  });
  console.log(`\n${summary(reports, seconds())}`);
  return broken === 0;
}

const seconds = (): number => (performance.now() - startedAt) / 1000;

async function main(): Promise<boolean> {
  const defect = defectNamed(values.defect);
  return values.seed === undefined ? await many(defect) : await one(Number(values.seed), defect);
}

main().then(
  (kept) => process.exit(kept ? 0 : 1),
  (error) => {
    console.error(error);
    process.exit(2);
  },
);
