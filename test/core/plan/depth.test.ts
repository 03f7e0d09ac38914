import { describe, expect, test } from 'vitest';
import { smallestLossFound } from '../../../src/compare/judge/statistics.ts';
import { chooseDepth, comparedBy, type DepthGrounds, paceOf } from '../../../src/core/plan/depth.ts';
import type { ChosenDepth, ComparisonReport } from '../../../src/model/comparison.ts';
import { note } from '../../../src/model/comparison-texts.ts';
import { autoSampledPerType, resolvePolicy } from '../../../src/model/policy.ts';

const { verify: policy } = resolvePolicy();
const minute = 60_000;

/** Ten million small keys take 100 s at the assumed pace; half of the copy of ten minutes is 300 s. */
const grounds: DepthGrounds = {
  policy,
  size: { keys: 10_000_000, bytes: 1e9 },
  copyMs: 10 * minute,
  pace: null,
};
const chosen = (change: Partial<DepthGrounds> = {}) => chooseDepth({ ...grounds, ...change });
const limited = (change: Partial<DepthGrounds['policy']>) => ({ policy: { ...policy, ...change } });

describe('depth auto', () => {
  test('takes every key where that fits into the share of the copy, and stops it there', () => {
    expect(chosen()).toMatchObject({
      depth: 'full',
      limitMs: 5 * minute,
      assumedSeconds: 100,
      because: {
        code: 'full_chosen',
        facts: { keys: 10_000_000, seconds: 100, limitSeconds: 300, limitBy: 'share', measured: false },
      },
    });
  });

  test.each<readonly [string, Partial<DepthGrounds>, string]>([
    ['the copy was short', { copyMs: 3 * minute }, 'share'],
    ['the longest time is short', limited({ fullTimeMs: minute }), 'time'],
    ['large values take their time', { size: { keys: 1000, bytes: 60e9 } }, 'share'],
    ['earlier comparisons of this master were slow', { pace: 4 }, 'share'],
    ['a cap of keys makes it slow', limited({ maxOpsPerSecond: 20_000 }), 'share'],
    ['a cap of bytes makes it slow', limited({ maxBytesPerSecond: 1e6 }), 'share'],
  ])('takes a sample where %s', (_, change, limitBy) => {
    const choice = chosen(change);
    expect(choice).toMatchObject({ depth: 'sample', limitMs: null, because: { code: 'sample_chosen' } });
    expect(choice?.because.facts).toMatchObject({ limitBy, measured: 'pace' in change });
  });

  test.each<readonly [string, Partial<DepthGrounds>]>([
    ['earlier comparisons of this master were fast', { copyMs: 3 * minute, pace: 0.5 }],
    ['the policy gives a larger share', { copyMs: 3 * minute, ...limited({ fullShare: 1 }) }],
  ])('takes every key where %s', (_, change) => {
    expect(chosen(change)?.depth).toBe('full');
  });

  test('takes every key where a sample takes as long, however short the copy was', () => {
    const few = { size: { keys: 1_000_000, bytes: 1e8 }, copyMs: 500 };
    expect(chosen(few)).toMatchObject({ depth: 'full', because: { facts: { limitBy: 'sample' } } });
    expect(chosen({ ...few, copyMs: null })?.depth).toBe('full');
    expect(chosen({ ...few, ...limited({ fullTimeMs: 5000 }) })?.depth).toBe('sample');
  });

  test('takes a sample of a version that does not tell its size', () => {
    expect(chosen({ size: null })).toMatchObject({ depth: 'sample', because: { code: 'size_not_told' } });
  });

  test('is open before the copy where its time decides, and only there', () => {
    expect(chosen({ copyMs: null })).toBeNull();
    expect(chosen({ copyMs: null, ...limited({ fullTimeMs: minute }) })?.depth).toBe('sample');
  });
});

describe('the policy by which a node is compared', () => {
  test('is that of the request, where it names the depth', () => {
    for (const depth of ['counts', 'sample', 'full'] as const)
      expect(comparedBy({ ...policy, depth }, chosen()!)).toEqual({ ...policy, depth });
  });

  test('has what auto chose, with a sample that finds a loss of 0.1 %', () => {
    const choice = chosen()!;
    expect(comparedBy(policy, choice)).toMatchObject({ depth: 'full', chosen: choice });
    expect(comparedBy(policy, undefined)).toMatchObject({
      depth: 'sample',
      samplePerType: autoSampledPerType,
    });
    expect(comparedBy({ ...policy, samplePerType: 40_000 }, undefined).samplePerType).toBe(40_000);
    // Of the keys of a type, a sample on Pika counts 40 % as independent looks.
    expect(smallestLossFound(Math.floor(autoSampledPerType * 0.4))).toBeLessThanOrEqual(0.001);
    expect(smallestLossFound(Math.floor((autoSampledPerType - 10) * 0.4))).toBeGreaterThan(0.001);
  });
});

describe('the pace of a comparison', () => {
  const full: ChosenDepth = {
    depth: 'full',
    because: note('size_not_told'),
    limitMs: 1,
    assumedSeconds: 100,
  };
  const report = (change: Partial<ComparisonReport>) =>
    ({ depth: 'full', verdict: 'equal', startedAt: 0, endedAt: 50_000, ...change }) as ComparisonReport;
  const cut = note('full_cut', {
    keys: 250,
    estimatedKeys: 1000,
    ms: 60_000,
    limitSeconds: 60,
    sampled: true,
  });

  test('is its time beside the assumed time', () => {
    expect(paceOf(full, report({}))).toBe(0.5);
  });

  test('of a comparison that was cut is the time that it would have taken', () => {
    const said = { reason: null, notes: [cut] };
    expect(paceOf(full, report({ depth: 'sample', endedAt: 90_000, said }))).toBeCloseTo(2.4);
  });

  test('of a comparison that was cut counts the members of collections, as the estimate does', () => {
    const facts = {
      keys: 50,
      entries: 500,
      estimatedKeys: 1000,
      ms: 60_000,
      limitSeconds: 60,
      sampled: true,
    };
    const said = { reason: null, notes: [note('full_cut', facts)] };
    expect(paceOf(full, report({ depth: 'sample', endedAt: 90_000, said }))).toBeCloseTo(1.2);
  });

  test.each<readonly [string, ChosenDepth | undefined, ComparisonReport | null]>([
    ['a request that named the depth', undefined, report({})],
    ['a sample', { ...full, depth: 'sample' }, report({ depth: 'sample' })],
    ['a comparison under way', full, null],
    ['a comparison without a result', full, report({ verdict: 'inconclusive' })],
    ['a very short comparison', full, report({ endedAt: 1000 })],
    ['an empty master', { ...full, assumedSeconds: 0 }, report({})],
  ])('is not known of %s', (_, choice, found) => {
    expect(paceOf(choice, found)).toBeNull();
  });
});
