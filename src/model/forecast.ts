/** What an expansion will probably cost, and what it did cost. */

/** A figure that is known by its bounds only. `confidence` is the share of cases that fall inside, 0 to 1. */
export interface ForecastRange {
  readonly low: number;
  readonly expected: number;
  readonly high: number;
  readonly confidence: number;
}

export interface NodeForecast {
  readonly node: string;
  /** The node's own `throttle-bytes-per-second`; null = not known. */
  readonly throttleBytesPerSecond: number | null;
  /** What it will probably copy at, with the others of its batch beside it. */
  readonly bytesPerSecond: ForecastRange | null;
  /** What bounds that rate, in plain words. */
  readonly limitedBy: string;
  readonly transferSeconds: ForecastRange | null;
  /** Disk while it syncs: the copy lies beside its old data until the swap. */
  readonly disk: { readonly oldBytes: number | null; readonly newBytes: ForecastRange | null };
}

export interface BatchForecast {
  /** Zero-based. */
  readonly batch: number;
  readonly nodes: readonly string[];
  /** After the start of the expansion. */
  readonly startSeconds: ForecastRange | null;
  readonly seconds: ForecastRange | null;
  /** Whether the master makes a dump for it, or one that lies there already is used. */
  readonly dump: 'new' | 'reused';
  /** Binlog that the master writes meanwhile. */
  readonly binlogBytes: ForecastRange | null;
}

export interface BinlogForecast {
  readonly writeBytesPerSecond: number | null;
  /** Written during the longest batch. */
  readonly duringBatchBytes: ForecastRange | null;
  /** What the master keeps by its own settings; null = they are not known. */
  readonly keptBytes: number | null;
  readonly keptFiles: number | null;
  /** What `expire-logs-nums` would have to be to keep what is written meanwhile; null = enough is kept, or not known. */
  readonly neededFiles: number | null;
  /** Whether the version spares the binlog from purging while a slave is in full sync. */
  readonly sparedDuringSync: boolean;
}

/** What an expansion will probably cost. */
export interface Forecast {
  readonly secondsPerNode: ForecastRange | null;
  readonly secondsTotal: ForecastRange | null;
  readonly bytesPerNode: ForecastRange | null;
  /** Bytes of the snapshot by DB; null = the version does not tell. */
  readonly snapshotBytesByDatabase: Readonly<Record<string, number>> | null;
  readonly nodes: readonly NodeForecast[];
  readonly batches: readonly BatchForecast[];
  readonly binlog: BinlogForecast;
  /** Extra disk on the master: what the dump keeps alive, and the binlog that may not be purged. */
  readonly masterDiskBytes: ForecastRange | null;
  /** Full syncs of before on which the rates rest. */
  readonly learntFrom: number;
  /** What the figures rest on, in plain words. */
  readonly basis: string;
}

/** One full sync that was proven complete, as it was measured. */
export interface MeasuredSync {
  readonly masterHost: string;
  readonly nodeHost: string;
  readonly bytes: number;
  /** While files came, bytes a second. */
  readonly bytesPerSecond: number;
  /** What the node was allowed at that time; null = not known. */
  readonly limitBytesPerSecond: number | null;
  /** Nodes that copied from the master at the same time, this one included. */
  readonly together: number;
  readonly transferSeconds: number;
  /** SLAVEOF to the first file, and the last file to "up". */
  readonly aroundSeconds: number;
  /** From the moment at which the node had caught up with the binlog to `verified`. */
  readonly verifySeconds: number;
  readonly at: number;
}

/** A forecast figure beside the real one. */
export interface Figure {
  readonly forecast: ForecastRange | null;
  /** null = not measured. */
  readonly real: number | null;
  /** (real - expected) / expected; null where one of them is not known. */
  readonly error: number | null;
}

/** What an expansion was, side by side with what had been forecast. */
export interface ForecastOutcome {
  /** First attach to last `verified` of each batch, with the pauses; waits for people and windows left out. */
  readonly secondsTotal: Figure;
  readonly nodes: readonly {
    readonly node: string;
    readonly transferSeconds: Figure;
    readonly bytesPerSecond: Figure;
    readonly bytes: Figure;
  }[];
}

export interface Rate {
  readonly range: ForecastRange | null;
  readonly limitedBy: string | null;
}

/** What has grown beyond the limit. */
export interface ForecastDrift {
  readonly at: number;
  /** Zero-based batch before which it was seen. */
  readonly batch: number;
  readonly text: string;
  readonly figures: readonly {
    readonly name: 'snapshot_bytes' | 'seconds_per_node' | 'write_bytes_per_second';
    readonly planned: number;
    readonly now: number;
  }[];
  /** The forecast as it would be now; an approval takes it over. */
  readonly forecast: Forecast;
}
