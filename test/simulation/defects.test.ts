import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { type DefectName, defects } from './defects.ts';
import { type SeedReport, simulateMany } from './many.ts';

/** A guard that is taken out must be missed within so many seeds. */
const withinSeeds = 1000;

/** Which promise is broken without it. */
const brokenPromise: Readonly<Record<DefectName, readonly string[]>> = {
  no_fence: ['7', '6', '1', '2'],
  no_bytes_rule: ['5'],
  no_copy_bound: ['6'],
  no_data_check: ['5'],
  no_single_snapshot: ['5'],
  no_batch_gate: ['1'],
  no_master_lock: ['1'],
  no_freeze: ['freeze'],
};

test.each(Object.keys(defects) as DefectName[])(
  'a service with %s is found out within 1,000 seeds',
  { timeout: 900_000 },
  async (defect) => {
    // Without a guard other promises may break earlier: a node whose bytes nobody counts may copy without an end.
    const isBroken = ({ promise }: { readonly promise: string }) => brokenPromise[defect].includes(promise);
    const isFound = ({ violations }: SeedReport) => violations.some(isBroken);
    const reports = await simulateMany({
      from: 1,
      count: withinSeeds,
      processes: Math.min(2, availableParallelism()),
      defect,
      enough: (done) => done.some(isFound),
    });
    const found = reports.find(isFound);
    expect(found, `${withinSeeds} seeds were run and nothing was noticed`).toBeDefined();
    console.log(`${defect}: seed ${found!.seed}: ${found!.violations.find(isBroken)!.text}`);
  },
);
