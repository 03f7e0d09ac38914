import { noProgress } from '../../../core/steps/progress.ts';
import { isActive, type JoinPhase, type Progress } from '../../../model/expansion.ts';
import type { JoinView } from '../../../model/views/expansion.ts';

const afterTheCopy: readonly JoinPhase[] = ['swapping', 'catching_up', 'verifying', 'verified'];

/**
 * How much of the snapshot has come, 0 to 1; null = not known. The snapshot's size is sampled, so once the copy is
 * over what came can be a little below or above it: then it is all of it.
 */
export function shareOf(join: JoinView): number | null {
  if (afterTheCopy.includes(join.phase)) return 1;
  const { receivedBytes, snapshotBytes } = join.progress;
  return snapshotBytes && receivedBytes !== null ? Math.min(1, receivedBytes / snapshotBytes) : null;
}

/**
 * What is measured now, and means something now. A node at rest keeps the bytes that it received, but has no rate, rest or
 * lag. While it copies, the binlog that the master has written tells nothing of it: the dump is newer. Once it has copied,
 * its last rate is of the past. Of a node that does not answer nothing is known.
 */
export function measuredNow(join: Pick<JoinView, 'phase' | 'progress'>): Progress {
  const { progress, phase } = join;
  const { receivedBytes, snapshotBytes } = progress;
  if (!isActive(phase)) return { ...noProgress, receivedBytes, snapshotBytes };
  const answers = !progress.silent;
  const copies = answers && phase === 'transferring';
  return {
    ...progress,
    bytesPerSecond: copies ? progress.bytesPerSecond : null,
    remainingSeconds: copies ? progress.remainingSeconds : null,
    lagBytes: answers && hasLag(phase) ? progress.lagBytes : null,
  };
}

/** Whether a lag means something in this phase. */
export const hasLag = (phase: JoinPhase): boolean => phase === 'catching_up' || phase === 'verifying';
