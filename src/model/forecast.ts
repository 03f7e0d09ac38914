/** What an expansion will probably cost, and what it did cost. */

export type {
  BatchForecast,
  BinlogForecast,
  Figure,
  Forecast,
  ForecastDrift,
  ForecastOutcome,
  ForecastRange,
  NodeForecast,
} from './views/forecast.ts';

/** One full sync that was proven complete, as it was measured. */
export interface MeasuredSync {
  readonly masterHost: string;
  readonly masterPort: number;
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
  /** How long its comparison of every key took, as a share of what is assumed; null = there was none, or it says too little. */
  readonly pace: number | null;
  readonly at: number;
}
