import type { Log } from '../platform/log.ts';
import type { EndedRecords, Forgotten } from '../store/ended.ts';
import { type Again, again } from './again.ts';

export interface PruningOptions {
  readonly ended: EndedRecords;
  readonly keepDays: number;
  readonly now: () => number;
  readonly sleep: Again['sleep'];
  readonly log: Pick<Log, 'info' | 'warn'>;
}

const everyMs = 3_600_000;
/** Small portions, so that no statement runs long beside the work. */
const atOnce = 20;
const dayMs = 86_400_000;

/**
 * Once an hour deletes what ended longer ago than it is to be kept. Any number of processes may do so side by side. A
 * failure is logged and tried again an hour later: nothing waits for it.
 */
export function startPruning(options: PruningOptions): { close(): Promise<void> } {
  return again({
    everyMs,
    sleep: options.sleep,
    turn: (signal) => forgetAll(options, signal),
    failed: (error) =>
      options.log.warn(
        { err: error },
        'what ended long ago could not be deleted; it is tried again in an hour',
      ),
  });
}

async function forgetAll({ ended, keepDays, now, log }: PruningOptions, signal: AbortSignal): Promise<void> {
  const endedBefore = now() - keepDays * dayMs;
  const total = {
    expansions: 0,
    campaigns: 0,
    comparisons: 0,
    audits: 0,
    guards: 0,
    holds: 0,
    replacements: 0,
  };
  for (let more = true; more && !signal.aborted; ) {
    const gone: Forgotten = await ended.forget(endedBefore, atOnce);
    for (const kind of [
      'expansions',
      'campaigns',
      'comparisons',
      'audits',
      'guards',
      'holds',
      'replacements',
    ] as const)
      total[kind] += gone[kind];
    more = Object.values(gone).some((count) => count > 0);
  }
  const { expansions, campaigns, comparisons, audits, guards, holds, replacements } = total;
  if (expansions + campaigns + comparisons + audits + guards + holds + replacements === 0) return;
  log.info(
    total,
    `deleted what ended more than ${keepDays} days ago: ${expansions} expansions, ${campaigns} campaigns, ${comparisons} comparisons, ${audits} audits, ${guards} guards, ${holds} holds, ${replacements} replacements`,
  );
}
