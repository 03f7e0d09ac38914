/** What is measured of a master while nodes copy from it. */
export type { HealthReading, HealthState } from './views/health.ts';

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
