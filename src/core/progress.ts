import type { Progress } from './expansion.ts';
import type { MasterTracker } from './master-tracker.ts';
import { bytesBetween } from './node-facts.ts';
import { lastWait, type SlaveTracker, transferRate } from './tracker.ts';
import { receivedInWait } from './wait.ts';

export const noProgress: Progress = {
  snapshotBytes: null,
  receivedBytes: null,
  bytesPerSecond: null,
  remainingSeconds: null,
  lagBytes: null,
};

/** What can be said of a node's way now; null wherever it is not known. */
export function progressOf(
  tracker: SlaveTracker,
  master: MasterTracker,
  binlogFileSizeBytes: number | null,
): Progress {
  const wait = lastWait(tracker);
  const received = wait ? receivedInWait(wait) : null;
  const rate = transferRate(tracker);
  const snapshot = wait?.snapshotBytes ?? null;
  const copying = wait !== null && wait.endedAt === null;
  const remaining =
    copying && rate !== null && rate > 1024 && snapshot !== null && received !== null
      ? Math.max(0, (snapshot - received) / rate)
      : null;
  return {
    snapshotBytes: snapshot,
    receivedBytes: received,
    bytesPerSecond: rate === null ? null : Math.round(rate),
    remainingSeconds: remaining === null ? null : Math.ceil(remaining),
    lagBytes: bytesBetween(master.replication?.binlog, tracker.replication?.binlog, binlogFileSizeBytes),
  };
}
