import { afterEach, expect, test } from 'vitest';
import { agentRoutes } from '../../src/api/routes/agents.ts';
import type { Look } from '../../src/model/observation.ts';
import {
  admin,
  fakeEngine,
  healthyNode,
  masterName,
  nodeName,
  type TestApi,
  testApi,
} from '../api/support.ts';
import { createMemoryAgents } from '../support/memory-agents.ts';
import { until } from '../support/until.ts';

let api: TestApi;
afterEach(() => api.app.close());

/** Routes whose bodies name nodes, or hold a report. All others take a reason, an address, a few words. */
const largeBodies = [
  '/v1/plans',
  '/v1/expansions',
  '/v1/rehearsals',
  '/v1/campaigns',
  '/v1/audits',
  '/v1/agents/reports',
];

test('only routes that need it read a large body', async () => {
  api = await testApi({
    tokens: [admin],
    api: { routes: [agentRoutes(createMemoryAgents({ reachable: () => {} }))] },
  });
  const { paths } = (await api.app.inject({ url: '/openapi.json' })).json() as {
    paths: Record<string, Record<string, unknown>>;
  };
  const reading = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => method !== 'get' && !largeBodies.includes(path))
      .map((method) => [method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'x')] as const),
  );
  expect(reading.length).toBeGreaterThan(10);
  for (const [method, url] of reading) {
    const response = await api.app.inject({
      method: method as 'POST',
      url,
      headers: { authorization: `Bearer ${admin.token}` },
      payload: { reason: 'x'.repeat(20_000) },
    });
    expect([method, url, response.statusCode]).toEqual([method, url, 413]);
  }
});

test('a body of a million wrong parts is refused by its first', async () => {
  api = await testApi();
  const refusal = async (nodes: readonly unknown[]) =>
    (
      await api.app.inject({ method: 'POST', url: '/v1/plans', payload: { master: masterName, nodes } })
    ).json().error.message;
  const many = Array.from({ length: 400_000 }, () => 1);
  expect(await refusal(many)).toBe(await refusal([1]));
  // Only far behind is something wrong.
  expect(await refusal([...many.slice(0, 2000).map(() => nodeName), 1])).toMatch(/nodes\[2000\]/);
});

test('requests look at no more than 200 servers at a time, all together', async () => {
  const engine = fakeEngine();
  const waiting: (() => void)[] = [];
  let most = 0;
  let now = 0;
  const slow: typeof engine = {
    ...engine,
    connect(target, credential) {
      const connection = engine.connect(target, credential);
      return {
        ...connection,
        async look(options): Promise<Look> {
          if (target.name === masterName) return connection.look(options);
          now += 1;
          most = Math.max(most, now);
          await new Promise<void>((resolve) => waiting.push(resolve));
          now -= 1;
          return healthyNode(target.name);
        },
      };
    },
  };
  api = await testApi({ admission: { engine: slow } });
  const plan = (first: number) =>
    api.app.inject({
      method: 'POST',
      url: '/v1/plans',
      payload: {
        master: masterName,
        nodes: Array.from({ length: 150 }, (_, n) => `10.0.1.${first}:${n + 1}`),
      },
    });
  const plans = [1, 2, 3].map(plan);
  let answered = 0;
  for (const each of plans) void each.then(() => (answered += 1));
  await until(() => now === 200);
  await until(() => {
    for (const go of waiting.splice(0)) go();
    return answered === 3;
  });
  expect((await Promise.all(plans)).map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
  expect([most, now]).toEqual([200, 0]);
});

test('whoever asks whether the service is ready while it is asked already gets the same answer', async () => {
  let asked = 0;
  let answer: () => void = () => {};
  const check = () => {
    asked += 1;
    return new Promise<void>((resolve) => {
      answer = resolve;
    });
  };
  api = await testApi({ api: { readiness: [{ name: 'database', check }] } });
  const asking = Array.from({ length: 50 }, () => api.app.inject({ url: '/readyz' }));
  const all = Promise.all(asking.map((each) => each.then(({ statusCode }) => statusCode)));
  await until(() => asked > 0);
  answer();
  expect(new Set(await all)).toEqual(new Set([200]));
  expect(asked).toBe(1);
});
