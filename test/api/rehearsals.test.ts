import { afterEach, describe, expect, test } from 'vitest';
import { healthyMaster, masterName, nodeName, type TestApi, testApi } from './support.ts';

let api: TestApi;
afterEach(() => api.app.close());

const rehearse = () =>
  api.app.inject({
    method: 'POST',
    url: '/v1/rehearsals',
    payload: { master: masterName, nodes: [nodeName] },
  });

describe('POST /v1/rehearsals', () => {
  test('plays the plan: the plain run, three faults and the burst, and touches nothing', async () => {
    api = await testApi();
    const sizes = { sstBytes: 400_000_000, liveSstBytes: null, memtableBytes: 0, estimatedKeys: 1000 };
    api.engine.set(masterName, healthyMaster({ facts: { sizes } }));
    const answer = await rehearse();
    expect(answer.statusCode).toBe(200);
    const body = answer.json();
    expect(body.predicted).toMatchObject({ state: 'succeeded', dumps: 1 });
    expect(body.predicted.nodes).toMatchObject([{ node: nodeName, phase: 'verified', lostKeys: 0 }]);
    expect(body.faults.map((run: { fault: string }) => run.fault)).toEqual([
      'node_dies',
      'nightly_bgsave',
      'master_restarts',
    ]);
    expect(body.burst.nodes).toHaveLength(1);
    expect(body.plan.forecast.secondsTotal.expected).toBeGreaterThan(0);
    expect((await api.store.list({ limit: 10 })).items).toEqual([]);
  }, 300_000);

  test('plays a plan that was made before, without asking any server again', async () => {
    api = await testApi();
    const sizes = { sstBytes: 400_000_000, liveSstBytes: null, memtableBytes: 0, estimatedKeys: 1000 };
    api.engine.set(masterName, healthyMaster({ facts: { sizes } }));
    const payload = { master: masterName, nodes: [nodeName], policy: { maxAttempts: 2 } };
    const { id } = (await api.app.inject({ method: 'POST', url: '/v1/plans', payload })).json();
    api.engine.set(masterName, { kind: 'unreachable', at: 0, code: 'ECONNREFUSED', message: 'gone' });
    const play = () => api.app.inject({ method: 'POST', url: `/v1/plans/${id}/rehearsal`, payload: {} });
    const first = await play();
    expect(first.statusCode).toBe(200);
    expect(first.json()).toMatchObject({
      planId: id,
      plan: { id, policy: { maxAttempts: 2 } },
      predicted: { state: 'succeeded' },
    });
    // How far a run comes within its real time is the machine's business; test/rehearsal plays without that limit.
    const { plan, assumptions, version } = first.json();
    expect((await play()).json()).toMatchObject({ plan, assumptions, version });
  }, 300_000);

  test('of a plan that is not there says so', async () => {
    api = await testApi();
    const answer = await api.app.inject({
      method: 'POST',
      url: '/v1/plans/plan_none/rehearsal',
      payload: {},
    });
    expect(answer.statusCode).toBe(404);
    expect(answer.json().error.code).toBe('no_such_plan');
  });

  test('of a master that does not tell its size is refused, with the reason', async () => {
    api = await testApi();
    const answer = await rehearse();
    expect(answer.statusCode).toBe(422);
    expect(answer.json().error).toMatchObject({ code: 'cannot_be_rehearsed' });
  });
});
