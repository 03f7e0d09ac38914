import { expect, test } from 'vitest';
import { resolvePolicy } from '../../../src/model/policy.ts';
import { createHealthProbe } from '../../../src/work/expansion/health-probe.ts';
import type { Observer } from '../../../src/work/expansion/observer.ts';
import { newExpansion } from '../../support/expansions.ts';

const watched = {
  ...newExpansion({
    policy: { health: { masterLatencyMs: 50, endpoint: { url: 'http://figure', limit: 3 } } },
  }),
  state: 'running' as const,
};

/** A master whose PINGs are answered when told, and the probe that sends them. */
function probing() {
  let now = 1000;
  const pings: ((ms: number | null) => void)[] = [];
  const figures: ((value: number | null) => void)[] = [];
  let asked = 0;
  const observer = {
    connection: () => {
      asked += 1;
      return { ping: () => new Promise<number | null>((resolve) => pings.push(resolve)) };
    },
  } as unknown as Observer;
  const clock = { now: () => now, sleep: async () => undefined };
  const probe = createHealthProbe(observer, clock, () => new Promise((resolve) => figures.push(resolve)));
  return {
    pings,
    figures,
    connections: () => asked,
    pass: (ms: number) => (now += ms),
    sample: () => probe.sample(watched, null)!,
  };
}

test('a sample waits for no answer, and one that is awaited took that long at least', async () => {
  const { pings, pass, sample } = probing();
  expect(sample()).toMatchObject({ masterLatencyP99Ms: null, endpoint: null });
  pass(700);
  expect(sample().masterLatencyP99Ms).toBe(700);
  pass(700);
  expect(sample().masterLatencyP99Ms).toBe(1400);
  expect(pings).toHaveLength(1);
});

test('one PING follows the other, and the highest of the last seconds counts', async () => {
  const { pings, figures, connections, pass, sample } = probing();
  sample();
  for (const ms of [3, 9, 5, 4]) {
    pings.at(-1)!(ms);
    await Promise.resolve().then(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
  }
  figures[0]!(2);
  await new Promise((resolve) => setImmediate(resolve));
  expect(pings).toHaveLength(4);
  // A closed session is asked for no further connection: it would never be closed.
  expect(connections()).toBe(1);
  expect(sample()).toMatchObject({ masterLatencyP99Ms: 9, endpoint: 2 });
  pass(10_000);
  expect(sample().masterLatencyP99Ms).toBe(10_000);
});

test('what this process was late itself is not the latency of the master', async () => {
  let now = 1000;
  const pings: ((ms: number) => void)[] = [];
  const observer = {
    connection: () => ({ ping: () => new Promise<number>((resolve) => pings.push(resolve)) }),
  } as unknown as Observer;
  const clock = {
    now: () => now,
    sleep: async () => undefined,
    lateSince: (time: number) => (time < 1500 ? 380 : 0),
  };
  const probe = createHealthProbe(observer, clock, null);
  probe.sample(watched, null);
  now = 1400;
  expect(probe.sample(watched, null)).toMatchObject({ masterLatencyP99Ms: 20 });
  pings[0]!(400);
  await new Promise((resolve) => setImmediate(resolve));
  expect(probe.sample(watched, null)).toMatchObject({ masterLatencyP99Ms: 20, ownDelayMs: 380 });
});

test('nothing is sent where the policy watches nothing', () => {
  const { pings } = probing();
  const probe = createHealthProbe({} as Observer, { now: () => 0, sleep: async () => undefined }, null);
  expect(probe.sample({ ...watched, policy: resolvePolicy() }, null)).toBeNull();
  expect(pings).toHaveLength(0);
});
