import { describe, expect, it, vi } from 'vitest';
import { comparedBy, paceOf, sampledInstead } from '../../../src/core/plan/depth.ts';
import type { ComparisonReport } from '../../../src/model/comparison.ts';
import { note } from '../../../src/model/comparison-texts.ts';
import { autoSampledPerType, resolvePolicy } from '../../../src/model/policy.ts';
import type { ComparisonControl } from '../../../src/model/views/comparison.ts';
import type { Hear } from '../../../src/platform/postgres-listener.ts';
import type { ComparisonStore, StoredComparison } from '../../../src/store/comparisons.ts';
import type { News } from '../../../src/store/news.ts';
import { StoreUnavailableError } from '../../../src/store/store.ts';
import { type Ends, watchEnds } from '../../../src/work/comparison/ends.ts';
import { createCompare } from '../../../src/work/expansion/compare.ts';
import { nodeTarget } from '../../support/expansions.ts';

const equal = { verdict: 'equal', reason: null } as ComparisonReport;
const completed = { id: 'c', state: 'completed', report: equal } as StoredComparison;
const running = { ...completed, state: 'running', report: null } as StoredComparison;

/** A comparison of every key, whose store and doorbell answer as the test says: an error is thrown. */
function compareWith(
  create: readonly (StoredComparison | Error)[],
  get: readonly (StoredComparison | Error)[],
  ring: () => Promise<void>,
  ends?: Ends,
) {
  const asked = { create: 0, get: 0, waits: 0 };
  const answer = (answers: readonly (StoredComparison | Error)[], n: number) => {
    const given = answers[Math.min(n, answers.length - 1)]!;
    return given instanceof Error ? Promise.reject(given) : Promise.resolve(given);
  };
  const stop = new AbortController();
  const compare = createCompare({
    credentials: { get: () => null, names: [] },
    comparisons: {
      create: () => answer(create, asked.create++),
      get: () => answer(get, asked.get++),
    } as unknown as ComparisonStore,
    doorbell: { ring },
    ...(ends ? { ends } : {}),
    now: () => 0,
    sleep: async () => {
      asked.waits += 1;
    },
  });
  const run = () =>
    compare({
      id: 'c',
      expansionId: 'e',
      master: nodeTarget('127.0.0.1:1'),
      node: nodeTarget('127.0.0.1:2'),
      policy: comparedBy(resolvePolicy({ verify: { depth: 'full' } }).verify, undefined),
      fullSyncsRunning: false,
      signal: stop.signal,
    });
  return { run, asked, stop };
}

describe('a comparison of every key that a join waits for', () => {
  const away = new StoreUnavailableError('the database cannot be reached (made so by the test)');
  const rings = () => Promise.resolve();

  it('is waited for although the ring for it was lost', async () => {
    const { run } = compareWith([running], [running, completed], () => Promise.reject(new Error('no Redis')));
    expect(await run()).toEqual(equal);
  });

  it('is waited for over an absence of the database, which says nothing of the data', async () => {
    const { run, asked } = compareWith([away, away, running], [running, away, completed], rings);
    expect(await run()).toEqual(equal);
    expect(asked).toEqual({ create: 3, get: 3, waits: 5 });
  });

  it('is asked for again as soon as its end is told, and only then', async () => {
    let hear: Hear = () => undefined;
    const news: News = {
      watch(_, to) {
        hear = to;
        return { close: async () => undefined };
      },
    };
    const forever = (_: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    const { run, asked } = compareWith([running], [running, completed], rings, watchEnds(news, forever));
    const compared = run();
    await vi.waitUntil(() => asked.create === 1);
    hear('another');
    await new Promise(setImmediate);
    expect(asked.get).toBe(0);
    hear('c');
    await vi.waitUntil(() => asked.get === 1);
    hear('c');
    expect(await compared).toEqual(equal);
    expect(asked.get).toBe(2);
  });

  it('comes to no result when it is no longer waited for, or cannot be stored', async () => {
    const stopped = compareWith([away], [away], rings);
    stopped.stop.abort();
    expect(await stopped.run()).toMatchObject({ verdict: 'inconclusive', lookedAtKeys: 0 });
    const broken = compareWith([new Error('a defect')], [running], rings);
    expect(await broken.run()).toMatchObject({
      verdict: 'inconclusive',
      reason: 'the comparison could not be followed: a defect',
    });
  });
});

it('that auto chose becomes a sample where nobody begins it in the time that it may take', async () => {
  const because = note('full_chosen', {
    keys: 1e6,
    seconds: 10,
    measured: false,
    limitSeconds: 20,
    limitBy: 'share',
  });
  const chosen = { depth: 'full', because, limitMs: 20_000, assumedSeconds: 10 } as const;
  const { verify } = resolvePolicy({ verify: { depth: 'auto' } });
  let now = 0;
  let stored = {
    ...running,
    state: 'pending',
    startedAt: null,
    createdAt: 0,
    pendingControl: null,
  } as StoredComparison;
  const asked: [number, string][] = [];
  const report = await createCompare({
    credentials: { get: () => null, names: [] },
    comparisons: {
      create: async () => stored,
      get: async () => stored,
      control: async (_id: string, control: ComparisonControl) => {
        asked.push([now, control.verb]);
        stored = { ...stored, pendingControl: control };
      },
    } as unknown as ComparisonStore,
    doorbell: null,
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
  })({
    id: 'c',
    expansionId: 'e',
    master: nodeTarget('127.0.0.1:1'),
    node: nodeTarget('127.0.0.1:1'),
    policy: comparedBy(verify, chosen),
    fullSyncsRunning: false,
    signal: new AbortController().signal,
  });
  expect(asked).toEqual([[20_000, 'cancel']]);
  expect(report.depth).toBe('sample');
  const instead = sampledInstead(comparedBy(verify, chosen));
  expect(instead).toMatchObject({ depth: 'sample', samplePerType: autoSampledPerType });
  expect(instead.chosen).toMatchObject({ because: { code: 'full_waited', facts: { limitSeconds: 20 } } });
  expect(paceOf(chosen, report)).toBeNull();
});

describe('a sample, which is taken here', () => {
  /** Of two ports at which nothing listens. */
  async function sampled(pauseMs: number, stopAfter = Number.POSITIVE_INFINITY) {
    const stop = new AbortController();
    let now = 0;
    let waits = 0;
    const report = await createCompare({
      credentials: { get: () => null, names: [] },
      comparisons: null,
      doorbell: null,
      now: () => now,
      sleep: async () => {
        waits += 1;
        now += pauseMs;
        if (waits >= stopAfter) stop.abort();
      },
    })({
      id: 'c',
      expansionId: 'e',
      master: nodeTarget('127.0.0.1:1'),
      node: nodeTarget('127.0.0.1:1'),
      policy: comparedBy(resolvePolicy({}).verify, undefined),
      fullSyncsRunning: false,
      signal: stop.signal,
    });
    return { report, waits };
  }

  it('waits for a server that cannot be reached, and comes to no result when that lasts', async () => {
    const { report, waits } = await sampled(20_000);
    expect([report.verdict, waits]).toEqual(['inconclusive', 3]);
    expect(report.reason).toContain('cannot be reached (ECONNREFUSED)');
  });

  it('ends when it is no longer waited for', async () => {
    expect((await sampled(1, 2)).waits).toBe(2);
  });
});
