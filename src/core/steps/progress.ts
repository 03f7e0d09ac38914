import type { Progress, SilentNode } from '../../model/expansion.ts';
import type { FullSyncPass, MasterTracker, SlaveTracker } from '../../model/full-sync.ts';
import { bytesBetween } from '../../model/observation.ts';
import { clocksApartMs } from '../sync/agent-sight.ts';
import { receivedInPass } from '../sync/full-sync-pass.ts';
import { lastPass, transferRate } from '../sync/tracker.ts';

export const noProgress: Progress = {
  snapshotBytes: null,
  receivedBytes: null,
  bytesPerSecond: null,
  remainingSeconds: null,
  lagBytes: null,
  files: null,
  silent: null,
};

/** How long a node may give no answer. Milliseconds. */
export interface SilenceLimits {
  readonly unreachableMs: number;
  readonly busyMs: number;
}

function silenceOf(
  { unreachableSince, busySince }: SlaveTracker,
  { unreachableMs, busyMs }: SilenceLimits,
): SilentNode | null {
  if (unreachableSince !== null)
    return { how: 'unreachable', since: unreachableSince, attemptEndsAt: unreachableSince + unreachableMs };
  return busySince === null ? null : { how: 'busy', since: busySince, attemptEndsAt: busySince + busyMs };
}

/** Over all databases, by their attempts in the node's log since this pass began. */
function filesOf(
  { sight }: SlaveTracker,
  { startedAt }: FullSyncPass,
): NonNullable<Progress['files']> | null {
  const attempts = sight?.server.attempts.filter((each) => each.startedAt >= startedAt - clocksApartMs) ?? [];
  const latest = [...new Map(attempts.map((each) => [each.db, each.files])).values()];
  if (latest.length === 0) return null;
  return latest.reduce((sum, { listed, copied }) => ({
    copied: sum.copied + copied,
    listed: sum.listed === null || listed === null ? null : sum.listed + listed,
  }));
}

/**
 * The progress of a node; null wherever it is not known. A node that does not answer has no rate, no remaining time and
 * no lag. A node whose master does not answer has no lag. Earlier figures say nothing of now.
 */
export function progressOf(
  tracker: SlaveTracker,
  master: MasterTracker,
  binlogFileSizeBytes: number | null,
  limits: SilenceLimits,
): Progress {
  const wait = lastPass(tracker);
  const received = wait ? receivedInPass(wait) : null;
  const silent = silenceOf(tracker, limits);
  const rate = silent === null ? transferRate(tracker) : null;
  const lagKnown = silent === null && master.silentSince === null;
  const snapshot = wait?.snapshotBytes ?? null;
  const copying = wait !== null && wait.endedAt === null;
  const left = snapshot !== null && received !== null ? snapshot - received : null;
  // With more than the snapshot's size there is no saying when it ends, if ever.
  const remaining =
    copying && rate !== null && rate > 1024 && left !== null && left >= 0 ? left / rate : null;
  return {
    snapshotBytes: snapshot,
    receivedBytes: received,
    bytesPerSecond: rate === null ? null : Math.round(rate),
    remainingSeconds: remaining === null ? null : Math.ceil(remaining),
    lagBytes: lagKnown
      ? bytesBetween(master.replication?.binlog, tracker.replication?.binlog, binlogFileSizeBytes)
      : null,
    files: wait ? filesOf(tracker, wait) : null,
    silent,
  };
}
