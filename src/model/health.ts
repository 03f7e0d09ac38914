/** What is measured of a master while nodes copy from it. */

/** What was measured since the last time; null = not measured. */
export interface HealthSample {
  readonly masterLatencyP99Ms: number | null;
  /** The most that this process was late with an answer; it is taken off the latency already. */
  readonly ownDelayMs?: number;
  readonly slaveLagBytes: number | null;
  readonly commandsPerSecond: number | null;
  /** What the user's own endpoint says; `failed` = it gave no number. */
  readonly endpoint: number | 'failed' | null;
}

export interface HealthReading {
  readonly what: 'master_latency_ms' | 'slave_lag_bytes' | 'commands_per_second' | 'endpoint';
  readonly value: number;
  readonly limit: number;
  /** Of `master_latency_ms`: what was taken off because this process was late itself. Absent = it was not. */
  readonly ownDelayMs?: number;
}

export interface HealthState {
  /** Share of the bandwidth that may be used now, above 0 and up to 1. */
  readonly level: number;
  readonly changedAt: number;
  readonly calmSince: number | null;
  /** The level at which a figure went over its limit last; above it, it goes up in small steps. */
  readonly ceiling: number;
  readonly readings: readonly HealthReading[];
  /** The figure that is furthest over its limit; null = all are within. */
  readonly over: HealthReading | null;
}
