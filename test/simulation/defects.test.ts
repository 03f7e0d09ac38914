import { beforeAll, expect, test } from 'vitest';
import { type DefectName, defects } from './defects.ts';
import { compiledSimulation } from './many.ts';
import type { SeedOptions, SeedResult } from './simulate.ts';

/** A guard that is taken out must be missed within so many seeds. */
const withinSeeds = 1000;

/** Each seed costs: the search begins where a seed found it last. Another seed may, after a change. */
const searchedFrom: Partial<Record<DefectName, number>> = {
  no_proof: 154,
  no_fence: 196,
  no_copy_bound: 105,
  no_data_check: 172,
  no_bytes_rule: 735,
  no_single_snapshot: 661,
  no_master_lock: 53,
  no_freeze: 28,
  no_hold: 4,
  no_keep_verified: 10,
  hold_of_then: 361,
  wait_without_end: 29,
  identity_by_port: 9,
  identity_by_run_id: 12,
  dump_of_then: 388,
  no_version_pairs: 4,
  remedy_without_end: 15,
  cause_by_first_match: 36,
};

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
  no_hold: ['hold'],
  hold_of_then: ['hold'],
  no_keep_verified: ['keep'],
  no_proof: ['keep'],
  identity_by_port: ['identity'],
  identity_by_run_id: ['identity'],
  dump_of_then: ['healthy'],
  no_version_pairs: ['version'],
  remedy_without_end: ['remedy'],
  cause_by_first_match: ['cause'],
  wait_without_end: ['6'],
};

let simulateSeed: (seed: number, options: SeedOptions) => Promise<SeedResult>;
beforeAll(async () => {
  ({ simulateSeed } = await compiledSimulation());
});

test.each(Object.keys(defects) as DefectName[])(
  'a service with %s is found out within 1,000 seeds',
  { timeout: 900_000 },
  async (defect) => {
    // Without a guard other promises may break earlier: a node whose bytes nobody counts may copy without an end.
    const isBroken = ({ promise }: { readonly promise: string }) => brokenPromise[defect].includes(promise);
    const from = searchedFrom[defect] ?? 1;
    for (let seed = from; seed < from + withinSeeds; seed += 1) {
      const { violations } = await simulateSeed(seed, { defect });
      const found = violations.find(isBroken);
      if (found === undefined) continue;
      console.log(`${defect}: seed ${seed}: ${found.text}`);
      return;
    }
    expect.fail(`${withinSeeds} seeds were run and nothing was noticed`);
  },
);
