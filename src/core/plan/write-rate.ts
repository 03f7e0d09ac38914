/** How fast a master writes, from two looks at its binlog positions. */
import { type BinlogOffset, bytesBetween } from '../../model/observation.ts';

export interface WriteRate {
  /** Bytes of binlog a second, all DBs together. */
  readonly bytesPerSecond: number;
  readonly byDatabase: Readonly<Record<string, number>>;
  /** Time between the two looks. Milliseconds. */
  readonly overMs: number;
}

export interface OffsetsSeen {
  readonly at: number;
  readonly binlog: Readonly<Record<string, BinlogOffset>>;
}

/** Shorter than this, one batch of writes or one late reply would pass for a rate. */
const shortestMs = 500;

/** null = the looks are too close together, a position is missing, or the file size is unknown and needed. */
export function writeRate(
  first: OffsetsSeen,
  last: OffsetsSeen,
  binlogFileSizeBytes: number | null,
): WriteRate | null {
  const overMs = last.at - first.at;
  const names = Object.keys(last.binlog);
  if (overMs < shortestMs || names.length === 0) return null;
  const byDatabase: Record<string, number> = {};
  for (const name of names) {
    const from = first.binlog[name];
    const to = last.binlog[name];
    if (!from || !to) return null;
    const bytes = bytesBetween({ [name]: to }, { [name]: from }, binlogFileSizeBytes);
    if (bytes === null) return null;
    byDatabase[name] = (bytes * 1000) / overMs;
  }
  const bytesPerSecond = Object.values(byDatabase).reduce((sum, rate) => sum + rate, 0);
  return { bytesPerSecond, byDatabase, overMs };
}
