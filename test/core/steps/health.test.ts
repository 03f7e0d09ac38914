import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newHealth, stepHealth } from '../../../src/core/steps/health.ts';
import type { HealthSample, HealthState } from '../../../src/model/health.ts';
import { type HealthPolicy, noHealthLimits } from '../../../src/model/policy.ts';
import { overLimit } from '../../../src/model/reasons.ts';

const well: HealthSample = {
  masterLatencyP99Ms: null,
  slaveLagBytes: null,
  commandsPerSecond: null,
  endpoint: null,
};
const limits = (given: Partial<HealthPolicy>): HealthPolicy => ({ ...noHealthLimits, ...given });
const latency = limits({ masterLatencyMs: 20 });
const at = (ms: number): HealthSample => ({ ...well, masterLatencyP99Ms: ms });

/** Steps a quarter of a second apart. */
function steps(samples: readonly HealthSample[], policy: HealthPolicy, from = newHealth(0)): HealthState[] {
  const states: HealthState[] = [];
  samples.forEach((sample, i) => {
    states.push(stepHealth(states.at(-1) ?? from, sample, policy, (i + 1) * 250));
  });
  return states;
}
const last = (samples: readonly HealthSample[], policy: HealthPolicy, from?: HealthState): HealthState =>
  steps(samples, policy, from).at(-1)!;

describe('the throttle by health', () => {
  test('begins at a quarter, and goes up step by step while all is well', () => {
    expect(newHealth(0).level).toBe(0.25);
    const levels = steps(Array(80).fill(at(2)), latency).map(({ level }) => level);
    expect(levels).toEqual([...levels].sort((a, b) => a - b));
    const rises = levels.filter((level, i) => i > 0 && level > levels[i - 1]!);
    expect(rises.length).toBeGreaterThan(3);
    expect(levels.at(-1)).toBe(1);
  });

  test('goes down at once when a limit is crossed, further while it stays so, and never to nothing', () => {
    const full = { ...newHealth(0), level: 1 };
    const levels = steps(Array(60).fill(at(60)), latency, full).map(({ level }) => level);
    expect(levels[1]).toBe(0.5);
    expect(levels.at(-1)).toBeGreaterThan(0);
    expect(levels.at(-1)).toBeLessThan(0.05);
  });

  test('stays where it is just below the limit', () => {
    expect(last(Array(40).fill(at(19.5)), latency).level).toBe(0.25);
  });

  test('goes up in small steps near the level at which the limit was crossed', () => {
    const crossed = last([at(21)], latency, { ...newHealth(-1000), level: 0.8 });
    const after = steps(Array(9).fill(at(2)), latency, crossed).map(({ level }) => level);
    expect(after[0]).toBeLessThan(0.8);
    expect(Math.max(...after.map((level, i) => level / (after[i - 1] ?? level)))).toBeLessThanOrEqual(1.03);
  });

  test.each([
    ['master_latency_ms', { masterLatencyMs: 20 }, { masterLatencyP99Ms: 25 }, 25, 20],
    ['slave_lag_bytes', { slaveLagBytes: 1000 }, { slaveLagBytes: 5000 }, 5000, 1000],
    ['commands_per_second', { commandsPerSecond: 300 }, { commandsPerSecond: 301 }, 301, 300],
    ['endpoint', { endpoint: { url: 'http://h/', limit: 5 } }, { endpoint: 9 }, 9, 5],
  ] as const)('%s is watched, with value and limit', (what, policy, sample, value, limit) => {
    const { over, readings } = last([{ ...well, ...sample }], limits(policy));
    expect(over).toEqual({ what, value, limit });
    expect(readings).toEqual([over]);
    expect(overLimit(over!).text).toContain(`is ${value}, its limit ${limit}`);
  });

  test('an endpoint that gives no number counts as over its limit', () => {
    const policy = limits({ endpoint: { url: 'http://h/', limit: 0 } });
    expect(last([{ ...well, endpoint: 'failed' }], policy).over?.what).toBe('endpoint');
  });

  test('of several figures the one that is furthest over its limit is named', () => {
    const policy = limits({ masterLatencyMs: 20, commandsPerSecond: 100 });
    const { over, readings } = last([{ ...well, masterLatencyP99Ms: 22, commandsPerSecond: 900 }], policy);
    expect(over?.what).toBe('commands_per_second');
    expect(readings).toHaveLength(2);
  });

  test('a master that has recovered gets all of the bandwidth back within 40 s, from the least level too', () => {
    const hurt = last(Array(200).fill(at(60)), latency, { ...newHealth(0), level: 1 });
    expect(hurt.level).toBe(0.02);
    const after = steps(Array(160).fill(at(2)), latency, { ...hurt, changedAt: 0 });
    expect(after.at(-1)!.level).toBe(1);
  });

  test('a delay of this process itself stands beside the latency from which it was taken', () => {
    const { readings } = last([{ ...at(5), ownDelayMs: 80.4 }], latency);
    expect(readings).toEqual([{ what: 'master_latency_ms', value: 5, limit: 20, ownDelayMs: 80 }]);
    expect(last([{ ...at(5), ownDelayMs: 0.3 }], latency).readings[0]).not.toHaveProperty('ownDelayMs');
  });

  test('what has no limit is not watched', () => {
    expect(last([{ ...well, slaveLagBytes: 1e12, endpoint: 99 }], latency)).toMatchObject({
      over: null,
      readings: [],
    });
  });

  test('whatever is measured, the level stays between a fiftieth and all', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 200 }), (values) => {
        for (const { level } of steps(values.map(at), latency)) {
          expect(level).toBeGreaterThanOrEqual(0.02);
          expect(level).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});
