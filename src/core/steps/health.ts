/**
 * The throttle's loop: while a figure of the master's health is over its limit, less is copied; while all are well under
 * theirs, more again. Pure: figures and the time come in.
 */
import type { HealthReading, HealthSample, HealthState } from '../../model/health.ts';
import type { HealthPolicy } from '../../model/policy.ts';

/** Begins low: how much the master bears is not known yet. */
export const newHealth = (now: number): HealthState => ({
  level: 0.25,
  changedAt: now,
  calmSince: null,
  ceiling: 1,
  readings: [],
  over: null,
});

const leastLevel = 0.02;
/** A change must show in the figures before the next. */
const downEveryMs = 500;
const upEveryMs = 1000;
/** Aims here, so that a small rise does not cross the limit. */
const aim = 0.93;

/** One step of the loop. */
export function stepHealth(
  state: HealthState,
  sample: HealthSample,
  policy: HealthPolicy,
  now: number,
): HealthState {
  const readings = readingsOf(sample, policy);
  if (readings.length === 0) return { ...state, readings, over: null };
  const worst = readings.reduce((a, b) => (b.value / b.limit > a.value / a.limit ? b : a));
  const ratio = worst.value / worst.limit;
  const seen = { ...state, readings, over: ratio > 1 ? worst : null };
  if (ratio > 1) return down(seen, ratio, now);
  if (ratio > aim) return { ...seen, calmSince: null };
  return up({ ...seen, calmSince: state.calmSince ?? now }, ratio, now);
}

function readingsOf(sample: HealthSample, policy: HealthPolicy): HealthReading[] {
  const readings: HealthReading[] = [];
  const add = (
    what: HealthReading['what'],
    value: number | null,
    limit: number | null,
    more: Pick<HealthReading, 'ownDelayMs'> = {},
  ): void => {
    if (value !== null && limit !== null) readings.push({ what, value, limit, ...more });
  };
  const { ownDelayMs = 0 } = sample;
  const late = ownDelayMs >= 1 ? { ownDelayMs: Math.round(ownDelayMs) } : {};
  add('master_latency_ms', sample.masterLatencyP99Ms, policy.masterLatencyMs, late);
  add('slave_lag_bytes', sample.slaveLagBytes, policy.slaveLagBytes);
  add('commands_per_second', sample.commandsPerSecond, policy.commandsPerSecond);
  const { endpoint } = policy;
  // An endpoint that gives no figure counts as over its limit: it is there to hold copies back.
  if (endpoint && sample.endpoint === 'failed') add('endpoint', endpoint.limit * 1.01 + 1, endpoint.limit);
  else if (endpoint) add('endpoint', sample.endpoint as number | null, endpoint.limit);
  return readings;
}

function down(state: HealthState, ratio: number, now: number): HealthState {
  if (now - state.changedAt < downEveryMs) return { ...state, calmSince: null };
  const factor = Math.min(0.95, Math.max(0.5, aim / ratio));
  return {
    ...state,
    calmSince: null,
    ceiling: state.level,
    level: Math.max(leastLevel, state.level * factor),
    changedAt: now,
  };
}

/**
 * Small steps near the level at which the limit was crossed last, since it is likely to be crossed there again; large ones
 * elsewhere. So a master that has recovered gets from the least level to the whole within 40 s of calm.
 */
function up(state: HealthState, ratio: number, now: number): HealthState {
  if (state.level >= 1 || now - state.changedAt < upEveryMs) return state;
  if (state.calmSince === null || now - state.calmSince < upEveryMs) return state;
  const near = state.level >= state.ceiling * 0.85 && state.level <= state.ceiling * 1.15;
  const factor = Math.min(near ? 1.03 : 1.25, Math.max(1.01, aim / Math.max(ratio, 0.01)));
  return { ...state, level: Math.min(1, state.level * factor), changedAt: now };
}
