/** What a master keeps of its binlog, against what it writes while nodes copy. Pure. */
import type { Capabilities } from '../../model/capabilities.ts';
import type { ConfigFacts } from '../../model/observation.ts';

/** `expire-logs-days` counts only beyond ten files (pika_stable_log.cc PurgeFiles; pika-facts 3.3). */
const filesKeptWhateverTheirAge = 10;
const defaultBinlogFileBytes = 104_857_600;
/** Where it is not known how long a full sync takes, what is kept should last for this long. */
const unknownSyncSeconds = 86_400;
/** The present file is not whole, and the forecast not exact. */
const spareFiles = 2;

const fileBytesOf = (config: ConfigFacts | undefined): number =>
  config?.binlogFileSizeBytes ?? defaultBinlogFileBytes;

/** What the master's own settings keep of the binlog, at this write rate. */
export function keptBinlog(
  config: ConfigFacts | undefined,
  databases: number,
  writeBytesPerSecond: number | null,
): { readonly bytes: number | null; readonly files: number | null } {
  const { expireLogsNums: nums, expireLogsDays: days } = config ?? {};
  if (nums == null) return { bytes: null, files: null };
  const fileBytes = fileBytesOf(config);
  const byAge =
    days == null || writeBytesPerSecond === null
      ? Number.POSITIVE_INFINITY
      : Math.max(filesKeptWhateverTheirAge, (days * 86_400 * writeBytesPerSecond) / databases / fileBytes);
  const files = Math.floor(Math.min(nums, byAge));
  return { files, bytes: files * fileBytes * databases };
}

/** Up to 3.4 the state `full syncing` is never set on the master, so nothing spares its binlog (pika-facts 2.3). */
export const sparesBinlog = (capabilities: Capabilities): boolean =>
  capabilities.family !== '3.3' && capabilities.family !== '3.4';

export interface BinlogNeed {
  /** null = not known how long a full sync takes. */
  readonly writtenBytes: number | null;
  readonly writeBytesPerSecond: number;
  readonly keptBytes: number;
  /** What `expire-logs-nums` would have to be, all writes taken as of one DB. */
  readonly files: number;
}

/**
 * More binlog is written during a full sync than is kept; null = it suffices, or it is not known. Where the version
 * does not tell how long a full sync takes (up to 3.4 none tells its size), what is kept should last a day.
 */
export function binlogNeed(
  config: ConfigFacts | undefined,
  databases: number,
  writes: { readonly bytesPerSecond: number; readonly duringSync: number | null } | null,
): BinlogNeed | null {
  if (writes === null || writes.bytesPerSecond <= 0) return null;
  const kept = keptBinlog(config, databases, writes.bytesPerSecond).bytes;
  const needed = writes.duringSync ?? writes.bytesPerSecond * unknownSyncSeconds;
  if (kept === null || needed <= kept) return null;
  return {
    writtenBytes: writes.duringSync,
    writeBytesPerSecond: writes.bytesPerSecond,
    keptBytes: kept,
    files: Math.ceil(needed / fileBytesOf(config)) + spareFiles,
  };
}
