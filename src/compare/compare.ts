import type { ComparisonReport } from '../model/comparison.ts';
import { type RunOptions, type RunResult, run } from './run.ts';
import { isShort } from './spec.ts';
import { runInThread } from './threaded.ts';

export type { Checkpoint, ComparisonProgress, RunState } from './run.ts';
export {
  type ComparisonSpec,
  defaultSpec,
  type Endpoint,
  isShort,
  resolveSpec,
  specFromPolicy,
} from './spec.ts';

export type CompareOptions = Omit<RunOptions, 'resume' | 'onCheckpoint'>;

/**
 * Compares the data of two servers and reports. Never throws for a server's fault. If a server cannot be reached,
 * hangs, dies, is loading, refuses the login, or is restarted or re-pointed meanwhile, the verdict is `inconclusive`,
 * with the reason. `equal` needs keys; two servers without keys are `empty`. Depth full runs in another thread.
 */
export async function compareNodes(options: CompareOptions): Promise<ComparisonReport> {
  return (await runWhereItBelongs(options)).report;
}

/** Depth full mostly keeps a processor busy for long. Then it does not share the caller's event loop. */
export function runWhereItBelongs(options: RunOptions): Promise<RunResult> {
  const ownTime = options.clock !== undefined || options.random !== undefined;
  return options.spec.depth === 'full' && !isShort(options.spec) && !ownTime
    ? runInThread(options)
    : run(options);
}
