import type { Join, Progress } from './expansion.ts';
import type { MasterTracker } from './master-tracker.ts';
import type { BinlogOffset } from './node-facts.ts';
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
    lagBytes: lagBytes(master.replication?.binlog, tracker.replication?.binlog, binlogFileSizeBytes),
  };
}

/** Bytes of binlog between two positions, summed over DBs (facts 2.3); null = a position or the file size is unknown. */
export function lagBytes(
  master: Readonly<Record<string, BinlogOffset>> | undefined,
  slave: Readonly<Record<string, BinlogOffset>> | undefined,
  binlogFileSizeBytes: number | null,
): number | null {
  if (!master || !slave) return null;
  let sum = 0;
  for (const [db, ahead] of Object.entries(master)) {
    const behind = slave[db];
    if (!behind) return null;
    if (ahead.file !== behind.file && binlogFileSizeBytes === null) return null;
    sum += (ahead.file - behind.file) * (binlogFileSizeBytes ?? 0) + ahead.offset - behind.offset;
  }
  return Math.max(0, sum);
}

export const sameProgress = (a: Join['progress'], b: Join['progress']): boolean =>
  a.receivedBytes === b.receivedBytes && a.lagBytes === b.lagBytes && a.snapshotBytes === b.snapshotBytes;
