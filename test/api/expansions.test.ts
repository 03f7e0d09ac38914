import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ControlVerb, Expansion } from '../../src/model/expansion.ts';
import type { AccessToken } from '../../src/platform/config.ts';
import { slaveOf } from '../core/plan/preflight-support.ts';
import {
  bearer,
  fakeEngine,
  goodRequest,
  healthyMaster,
  healthyNode,
  masterName,
  nodeName,
  operator,
  stored,
  type TestApi,
  testApi,
} from './support.ts';

let api: TestApi;
beforeEach(async () => {
  api = await testApi();
});
afterEach(() => api.app.close());

const post = (url: string, payload: object, headers: Record<string, string> = {}) =>
  api.app.inject({ method: 'POST', url, payload, headers });
const get = async (url: string) => (await api.app.inject({ url })).json();
const nodes = (count: number, from = 2) => Array.from({ length: count }, (_, i) => `10.0.0.${from + i}:9221`);

describe('POST /v1/plans', () => {
  test('says what would happen, and does nothing', async () => {
    const response = await post('/v1/plans', { master: masterName, nodes: nodes(3) });
    expect(response.statusCode).toBe(200);
    const plan = response.json();
    expect(plan).toMatchObject({
      acceptable: true,
      batchSize: 1,
      waitsFor: null,
      master: { name: masterName },
    });
    expect(plan.batches).toEqual([['10.0.0.2:9221'], ['10.0.0.3:9221'], ['10.0.0.4:9221']]);
    expect(plan.findings.map((finding: { code: string }) => finding.code)).toContain('version_has_bug');
    expect(await stored(api.store)).toEqual({ expansions: 0, events: 0 });
    expect(await get(`/v1/plans/${plan.id}`)).toEqual(plan);
    expect(api.engine.open()).toBe(0);
  });

  test('asks the nodes alone whether they know SLAVEOF', async () => {
    await post('/v1/plans', goodRequest);
    const asked = api.engine.looks.filter(({ sections }) => sections.includes('slaveof'));
    expect(new Set(asked.map(({ address }) => address))).toEqual(new Set(goodRequest.nodes));
  });

  test('a request with errors is still answered with its plan', async () => {
    api.engine.set(nodeName, { kind: 'unreachable', at: 0, code: 'ECONNREFUSED', message: 'refused' });
    const plan = (await post('/v1/plans', goodRequest)).json();
    expect(plan.acceptable).toBe(false);
    expect(plan.findings).toContainEqual(
      expect.objectContaining({ code: 'node_unreachable', node: nodeName }),
    );
  });
});

test('the plans of the caller are listed, the newest first', async () => {
  const first = (await post('/v1/plans', goodRequest)).json();
  const second = (await post('/v1/plans', { ...goodRequest, nodes: goodRequest.nodes.slice(0, 1) })).json();
  expect(await get('/v1/plans')).toEqual({
    items: [second, first].map(({ id, at, master, batches, acceptable }) => ({
      id,
      at,
      master: master.name,
      nodes: batches.flat(),
      batches: batches.length,
      acceptable,
    })),
    nextCursor: null,
  });
});

test('a plan reads in the language and the words of who asks for it', async () => {
  api.engine.set(nodeName, healthyNode(nodeName, { facts: { holdsKeys: true } }));
  const { id } = (await post('/v1/plans', goodRequest)).json();
  const read = await api.app.inject({
    url: `/v1/plans/${id}`,
    headers: { 'accept-language': 'zh-CN,zh;q=0.9', 'pika-expander-tool': 'cli' },
  });
  const { findings, capabilities } = read.json();
  const { text, nextStep } = findings.find(({ code }: { code: string }) => code === 'holds_data');
  expect(text).toContain('中有 key');
  expect(nextStep).toContain(`请改用 ${nodeName},overwrite-data`);
  expect(capabilities.reasons.reusesDump).toContain('快照');
});

describe('POST /v1/expansions', () => {
  test('accepts, stores, and wakes a worker', async () => {
    const response = await post('/v1/expansions', { ...goodRequest, label: 'autumn' });
    expect(response.statusCode).toBe(202);
    const expansion = response.json();
    expect(response.headers.location).toBe(`/v1/expansions/${expansion.id}`);
    expect(expansion).toMatchObject({ state: 'pending', label: 'autumn', via: 'rest', waitsFor: null });
    expect(expansion.joins).toHaveLength(1);
    expect(expansion.joins[0]).toMatchObject({
      phase: 'waiting',
      target: { name: nodeName, overwriteData: false },
    });
    expect(expansion.id).toMatch(/^exp_[a-z0-9]+$/);
    expect(api.doorbell.rings).toEqual([expansion.id]);
    expect(await get(`/v1/expansions/${expansion.id}`)).toEqual(expansion);
    const { items } = await get(`/v1/expansions/${expansion.id}/events`);
    expect(items[0]).toMatchObject({ type: 'expansion.accepted', data: { requestedBy: 'local' } });
  });

  test('a time at which to begin is kept, and an expansion of that time keeps nobody waiting', async () => {
    const startAt = api.clock.now + 3_600_000;
    const later = (await post('/v1/expansions', { ...goodRequest, startAt })).json();
    expect(later).toMatchObject({ state: 'pending', startAt, waitsFor: null });
    const now = (await post('/v1/expansions', { master: masterName, nodes: ['10.0.0.9:9221'] })).json();
    expect([now.waitsFor, now.startAt]).toEqual([null, undefined]);
    const planned = (await post('/v1/plans', { master: masterName, nodes: ['10.0.0.8:9221'] })).json();
    const third = (await post('/v1/expansions', { planId: planned.id, startAt })).json();
    expect([third.startAt, third.waitsFor]).toEqual([startAt, null]);
  });

  test.each([
    ['seconds', 1000],
    ['another year', 0.1],
  ])('a time that nobody can mean is refused: %s', async (_, by) => {
    const startAt = Math.round(api.clock.now / by);
    const { error } = (await post('/v1/expansions', { ...goodRequest, startAt })).json();
    expect([error.code, error.field]).toEqual(['validation_failed', 'startAt']);
  });

  test('the working memory of the worker stays inside', async () => {
    const { id } = (await post('/v1/expansions', goodRequest)).json();
    for (const url of [`/v1/expansions/${id}`, '/v1/expansions', `/v1/expansions/${id}/evidence`]) {
      expect(JSON.stringify(await get(url))).not.toMatch(/tracker/i);
    }
  });

  test('is safe in the database even when no worker could be woken', async () => {
    api.doorbell.fail(new Error('Redis is away'));
    const response = await post('/v1/expansions', goodRequest);
    expect(response.statusCode).toBe(202);
    expect(await api.store.due(10)).toEqual([response.json().id]);
  });

  test('refused by preflight: 422 with every finding, nothing stored', async () => {
    api.engine.set('10.0.0.2:9221', { kind: 'unreachable', at: 0, code: 'ECONNREFUSED', message: 'refused' });
    api.engine.set('10.0.0.3:9221', healthyNode('10.0.0.3:9221', { facts: { holdsKeys: true } }));
    api.engine.set('10.0.0.4:9221', healthyNode('10.0.0.4:9221', { replication: slaveOf('10.9.9.9', 9221) }));
    const response = await post('/v1/expansions', { master: masterName, nodes: nodes(3) });
    expect(response.statusCode).toBe(422);
    const { error } = response.json();
    expect(error.code).toBe('preflight_failed');
    const codes = error.findings.map((finding: { code: string }) => finding.code);
    expect(codes).toEqual(expect.arrayContaining(['node_unreachable', 'holds_data', 'already_slave_of']));
    expect(error.next_steps.length).toBeGreaterThanOrEqual(3);
    expect(await stored(api.store)).toEqual({ expansions: 0, events: 0 });
    expect(api.doorbell.rings).toEqual([]);
  });

  test('promise 3: a node with data is taken only when the request names it and says so', async () => {
    api.engine.set(nodeName, healthyNode(nodeName, { facts: { holdsKeys: true } }));
    expect((await post('/v1/expansions', goodRequest)).statusCode).toBe(422);
    const named = { master: masterName, nodes: [{ address: nodeName, overwriteData: true }] };
    const response = await post('/v1/expansions', named);
    expect(response.statusCode).toBe(202);
    expect(response.json().joins[0].target.overwriteData).toBe(true);
  });

  test('a node of another expansion is refused with 409 that names it', async () => {
    const first = (await post('/v1/expansions', goodRequest)).json();
    const response = await post('/v1/expansions', { master: masterName, nodes: nodes(2) });
    expect(response.statusCode).toBe(409);
    expect(response.json().error).toMatchObject({ code: 'node_in_other_expansion', field: 'nodes' });
    expect(response.body).toContain(first.id);
    expect((await stored(api.store)).expansions).toBe(1);
  });

  test('two requests at once for one node: exactly one is accepted', async () => {
    const responses = await Promise.all([
      post('/v1/expansions', goodRequest),
      post('/v1/expansions', goodRequest),
    ]);
    expect(responses.map((response) => response.statusCode).sort((a, b) => a - b)).toEqual([202, 409]);
    expect((await stored(api.store)).expansions).toBe(1);
  });

  test('a second expansion on the same master waits its turn, and says so', async () => {
    const first = (await post('/v1/expansions', goodRequest)).json();
    const second = (await post('/v1/expansions', { master: masterName, nodes: ['10.0.0.9:9221'] })).json();
    expect(second.waitsFor).toBe(first.id);
    expect(second.stateReason.text).toContain(first.id);
  });

  test('a server that never answers costs the time limit, not the request', async () => {
    const engine = fakeEngine();
    const silent = await testApi({
      admission: {
        engine: {
          ...engine,
          connect: (target, credential) => ({
            ...engine.connect(target, credential),
            look: () => new Promise(() => {}),
          }),
        },
        limits: { maxNodes: 200, lookTimeoutMs: 20 },
      },
    });
    const response = await silent.app.inject({ method: 'POST', url: '/v1/plans', payload: goodRequest });
    const codes = response.json().findings.map((finding: { code: string }) => finding.code);
    expect(codes).toEqual(expect.arrayContaining(['master_no_answer', 'node_busy']));
    await silent.app.close();
  });
});

describe('POST /v1/expansions with the id of a plan', () => {
  const request = {
    master: masterName,
    nodes: [nodeName, { address: '10.0.0.3:9221', seenAs: '10.8.0.3:9221', repoint: true }],
    policy: { approval: 'each_batch' },
  };
  const known = { replicationId: 'a', binlog: { db0: { file: 3, offset: 500 } } };
  const planned = async (): Promise<{ id: string }> => (await post('/v1/plans', request)).json();
  beforeEach(() => api.engine.set(masterName, healthyMaster({ replication: known })));
  const start = ({ id }: { id: string }) => post('/v1/expansions', { planId: id, label: 'as seen' });

  test('starts exactly this plan', async () => {
    const plan = await planned();
    const response = await start(plan);
    expect(response.statusCode).toBe(202);
    const { id, label, policy, joins } = response.json();
    expect([label, policy.approval]).toEqual(['as seen', 'each_batch']);
    expect(joins.map(({ target }: { target: object }) => target)).toMatchObject([
      { name: nodeName, repoint: false },
      { name: '10.0.0.3:9221', seenAs: { host: '10.8.0.3' }, repoint: true },
    ]);
    const { items } = await get(`/v1/expansions/${id}/events`);
    expect(items[0].data.planId).toBe(plan.id);
  });

  const changes: readonly [string, () => unknown, RegExp][] = [
    [
      'a node that holds keys now',
      () => api.engine.set(nodeName, healthyNode(nodeName, { facts: { holdsKeys: true } })),
      /10\.0\.0\.2:9221 holds keys|already holds/,
    ],
    [
      'another slave of the master',
      () =>
        api.engine.set(
          masterName,
          healthyMaster({
            replication: { ...known, slaves: [{ ip: '10.0.0.77', port: 9221, lag: { db0: 0 } }] },
          }),
        ),
      /new slaves: 10\.0\.0\.77:9221/,
    ],
    [
      'another server at the address of the master',
      () => api.engine.set(masterName, healthyMaster({ replication: { ...known, replicationId: 'b' } })),
      /not the server of the plan/,
    ],
    [
      'a version that allows other batches',
      () => api.engine.set(masterName, healthyMaster({ version: '4.0.1' })),
      /not the server of the plan/,
    ],
    [
      'an expansion that has come before it',
      () => post('/v1/expansions', { master: masterName, nodes: ['10.0.0.9:9221'] }),
      /Waits for the end of expansion exp_/,
    ],
  ];

  test.each(changes)('is refused with what has changed since: %s', async (_, change, said) => {
    const plan = await planned();
    await change();
    const before = await stored(api.store);
    const response = await start(plan);
    const { error } = response.json();
    expect([response.statusCode, error.code, error.field]).toEqual([409, 'plan_changed', 'planId']);
    expect(error.message).toMatch(said);
    expect(await stored(api.store)).toEqual(before);
  });

  test('starts once: the same plan a second time finds its nodes in use', async () => {
    const plan = await planned();
    expect((await start(plan)).statusCode).toBe(202);
    expect((await start(plan)).json().error.code).toBe('plan_changed');
    expect((await stored(api.store)).expansions).toBe(1);
  });

  test('what spoke against the plan and is gone is no change', async () => {
    api.engine.set(nodeName, healthyNode(nodeName, { facts: { holdsKeys: true } }));
    const plan = await planned();
    expect((await start(plan)).json().error.code).toBe('preflight_failed');
    api.engine.set(nodeName, healthyNode(nodeName));
    expect((await start(plan)).statusCode).toBe(202);
  });

  test('a plan that is not there, a plan of an earlier release, a plan beside a request', async () => {
    expect((await start({ id: 'plan_0' })).statusCode).toBe(404);
    const { nodes: _, ...doc } = (await post('/v1/plans', request)).json();
    await api.store.savePlan({ id: 'plan_old', at: doc.at, doc: { ...doc, id: 'plan_old' } }, 'local');
    expect((await start({ id: 'plan_old' })).json().error.message).toContain('earlier release');
    const both = await post('/v1/expansions', { ...request, planId: 'plan_0' });
    expect([both.statusCode, both.json().error.field]).toEqual([400, 'master']);
  });
});

describe('what an ended expansion has left', () => {
  const given = {
    master: masterName,
    nodes: [
      nodeName,
      { address: '10.0.0.3:9221', seenAs: '10.8.0.3:9221', overwriteData: true },
      '10.0.0.4:9221',
    ],
    policy: { approval: 'each_batch', maxAttempts: 2 },
    label: 'shard 7',
  };
  /** The first node is verified, the second quarantined, the third not begun. */
  const endedOne = async (): Promise<string> => {
    const { id } = (await post('/v1/expansions', given)).json();
    const lease = (await api.store.claim(id, 'test', 60_000))!;
    const before = (await api.store.get(id))!;
    const phases = ['verified', 'quarantined', 'cancelled'] as const;
    const joins = before.joins.map((join, index) => ({ ...join, phase: phases[index]! }));
    const after: Expansion = { ...before, joins, state: 'cancelled', endedAt: 5 };
    await api.store.save(lease, before, after, { events: [], lookAgainInMs: null });
    return id;
  };
  const ask = (request: object) => post('/v1/expansions', request);

  test('is asked for again as it was: master, nodes with their permissions, policy', async () => {
    const id = await endedOne();
    const response = await ask({ retryOf: id, policy: { maxAttempts: 5 }, label: 'again' });
    expect(response.statusCode).toBe(202);
    const expansion = response.json();
    expect(expansion).toMatchObject({
      retryOf: id,
      label: 'again',
      policy: { approval: 'each_batch', maxAttempts: 5 },
      joins: [
        { target: { name: '10.0.0.3:9221', seenAs: { host: '10.8.0.3' }, overwriteData: true } },
        { target: { name: '10.0.0.4:9221', overwriteData: false } },
      ],
    });
    expect(expansion.joins).toHaveLength(2);
    const { items } = await get(`/v1/expansions/${expansion.id}/events`);
    expect(items[0].data.retryOf).toBe(id);
  });

  test('promise 3: partial data that it left are replaced only where the request says so', async () => {
    const id = await endedOne();
    api.engine.set('10.0.0.4:9221', healthyNode('10.0.0.4:9221', { facts: { holdsKeys: true } }));
    expect((await ask({ retryOf: id })).json().error.code).toBe('preflight_failed');
    const response = await ask({
      retryOf: id,
      nodes: [{ address: '10.0.0.4:9221', overwriteData: true }],
    });
    expect(response.statusCode).toBe(202);
    expect(response.json().joins).toHaveLength(2);
  });

  test('can be planned first, and the plan started', async () => {
    const id = await endedOne();
    const plan = (await post('/v1/plans', { retryOf: id })).json();
    expect(plan).toMatchObject({ retryOf: id, batches: [['10.0.0.3:9221'], ['10.0.0.4:9221']] });
    expect((await ask({ planId: plan.id })).json()).toMatchObject({ retryOf: id });
  });

  test('is refused before the end, where nothing is left, and for a node that was not left', async () => {
    const running = (await post('/v1/expansions', { master: masterName, nodes: ['10.0.0.9:9221'] })).json();
    const id = await endedOne();
    const refused = async (request: object) => {
      const { error } = (await ask(request)).json();
      return [error.code, error.field];
    };
    expect(await refused({ retryOf: running.id })).toEqual(['expansion_not_ended', 'retryOf']);
    expect(await refused({ retryOf: 'exp_0' })).toEqual(['no_such_expansion', 'retryOf']);
    expect(await refused({ retryOf: id, nodes: [nodeName] })).toEqual(['validation_failed', 'nodes[0]']);
    expect(await refused({ retryOf: id, master: masterName })).toEqual(['validation_failed', 'master']);

    const lease = (await api.store.claim(running.id, 'test', 60_000))!;
    const before = (await api.store.get(running.id))!;
    const joins = before.joins.map((join) => ({ ...join, phase: 'verified' as const }));
    const after: Expansion = { ...before, joins, state: 'succeeded', endedAt: 5 };
    await api.store.save(lease, before, after, { events: [], lookAgainInMs: null });
    expect(await refused({ retryOf: running.id })).toEqual(['nothing_left', 'retryOf']);
  });
});

describe('Idempotency-Key', () => {
  const key = { 'idempotency-key': 'deploy-2026-11-22' };

  test('the same request again is answered with the expansion of the first, though preflight would refuse it now', async () => {
    const first = await post('/v1/expansions', goodRequest, key);
    api.engine.set(nodeName, healthyNode(nodeName, { replication: slaveOf('10.0.0.1', 9221) }));
    const again = await post('/v1/expansions', { nodes: [nodeName], master: masterName }, key);
    expect(again.statusCode).toBe(202);
    expect(again.json().id).toBe(first.json().id);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect((await stored(api.store)).expansions).toBe(1);
  });

  test('twice at the same time starts one expansion', async () => {
    const both = await Promise.all([
      post('/v1/expansions', goodRequest, key),
      post('/v1/expansions', goodRequest, key),
    ]);
    expect(both.map((response) => response.statusCode)).toEqual([202, 202]);
    expect(new Set(both.map((response) => response.json().id)).size).toBe(1);
    expect((await stored(api.store)).expansions).toBe(1);
  });

  test('another request under the same key is refused', async () => {
    await post('/v1/expansions', goodRequest, key);
    const response = await post('/v1/expansions', { master: masterName, nodes: ['10.0.0.7:9221'] }, key);
    expect(response.statusCode).toBe(409);
    expect(response.json().error).toMatchObject({ code: 'idempotency_key_reused', field: 'Idempotency-Key' });
    expect((await stored(api.store)).expansions).toBe(1);
  });

  test('belongs to whoever gave it: nobody reads or blocks the request of somebody else', async () => {
    const other: AccessToken = { name: 'night', role: 'operator', token: 'another-operator-of-the-tests' };
    const shared = await testApi({ tokens: [operator, other] });
    const start = (payload: object, token: AccessToken) =>
      shared.app.inject({
        method: 'POST',
        url: '/v1/expansions',
        payload,
        headers: { ...key, ...bearer(token) },
      });
    const first = await start(goodRequest, operator);
    const second = await start({ master: masterName, nodes: ['10.0.0.7:9221'] }, other);
    expect([first.statusCode, second.statusCode]).toEqual([202, 202]);
    expect(second.headers['idempotency-replayed']).toBeUndefined();
    // The same request of somebody else is not answered with the expansion of the first.
    const same = await start(goodRequest, other);
    expect([same.statusCode, same.json().error.code]).toEqual([409, 'idempotency_key_reused']);
    expect(same.body).not.toContain(first.json().id);
    expect((await start(goodRequest, operator)).json().id).toBe(first.json().id);
    await shared.app.close();
  });

  test('a refused request does not use the key up', async () => {
    api.engine.set(nodeName, { kind: 'unreachable', at: 0, code: 'ECONNREFUSED', message: 'refused' });
    expect((await post('/v1/expansions', goodRequest, key)).statusCode).toBe(422);
    api.engine.set(nodeName, healthyNode(nodeName));
    expect((await post('/v1/expansions', goodRequest, key)).statusCode).toBe(202);
  });
});

describe('lists', () => {
  const startMany = async (count: number) => {
    const ids: string[] = [];
    for (const node of nodes(count)) {
      api.clock.now += 1000;
      ids.push(
        (await post('/v1/expansions', { master: masterName, nodes: [node], label: `for ${node}` })).json().id,
      );
    }
    return ids.reverse();
  };
  const idsOf = (page: { items: { id: string }[] }) => page.items.map((item) => item.id);

  test('pages by cursor: everything once, newest first, also when something is added in between', async () => {
    const ids = await startMany(5);
    const first = await get('/v1/expansions?limit=2');
    await startManyMore();
    const second = await get(`/v1/expansions?limit=2&cursor=${encodeURIComponent(first.nextCursor)}`);
    const third = await get(`/v1/expansions?limit=2&cursor=${encodeURIComponent(second.nextCursor)}`);
    expect([...idsOf(first), ...idsOf(second), ...idsOf(third)]).toEqual(ids);
    expect(third.nextCursor).toBeNull();
  });

  async function startManyMore() {
    api.clock.now += 1000;
    await post('/v1/expansions', { master: masterName, nodes: ['10.0.7.7:9221'] });
  }

  test('filters by state, master and text', async () => {
    const ids = await startMany(2);
    expect(idsOf(await get('/v1/expansions?state=pending,running'))).toEqual(ids);
    expect(idsOf(await get('/v1/expansions?state=succeeded'))).toEqual([]);
    expect(idsOf(await get(`/v1/expansions?master=${masterName}`))).toEqual(ids);
    expect(idsOf(await get('/v1/expansions?master=10.0.0.99:9221'))).toEqual([]);
    expect(idsOf(await get('/v1/expansions?search=for%2010.0.0.3'))).toEqual([ids[0]]);
  });

  test('a cursor that is none of ours is refused', async () => {
    const response = await api.app.inject({ url: '/v1/expansions?cursor=abc' });
    expect([response.statusCode, response.json().error.field]).toEqual([400, 'cursor']);
  });

  test('events page by seq', async () => {
    await startMany(3);
    const seqs: number[] = [];
    let after: number | null = 0;
    while (after !== null) {
      const page: { items: { seq: number }[]; nextAfter: number | null } = await get(
        `/v1/events?after=${after}&limit=2`,
      );
      seqs.push(...page.items.map((event) => event.seq));
      after = page.nextAfter;
    }
    expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
    expect(seqs).toHaveLength(await api.store.lastSeq());
    const one = await get('/v1/events?type=expansion.accepted&limit=1');
    expect(one.items).toHaveLength(1);
  });
});

describe('one expansion', () => {
  test('a node, its observations, and the evidence', async () => {
    const { id } = (await post('/v1/expansions', goodRequest)).json();
    expect(await get(`/v1/expansions/${id}/nodes/${nodeName}`)).toMatchObject({
      phase: 'waiting',
      attempts: [],
    });
    expect(await get(`/v1/expansions/${id}/nodes/${nodeName}/observations`)).toEqual({
      items: [],
      nextAfter: null,
    });
    expect(await get(`/v1/expansions/${id}/nodes/${masterName}/observations`)).toEqual({
      items: [],
      nextAfter: null,
    });
    expect(await get(`/v1/expansions/${id}/evidence`)).toMatchObject({
      expansionId: id,
      nodes: [{ node: nodeName, evidence: null, comparison: null }],
    });
    const unknown = await api.app.inject({ url: `/v1/expansions/${id}/nodes/10.0.0.77:9221` });
    expect([unknown.statusCode, unknown.json().error.code]).toEqual([404, 'no_such_node']);
    expect(unknown.json().error.message).toContain(nodeName);
  });

  test('observations page by seq', async () => {
    const { id } = (await post('/v1/expansions', goodRequest)).json();
    const lease = (await api.store.claim(id, 'test', 60_000))!;
    const expansion = (await api.store.get(id))!;
    for (let look = 0; look < 3; look += 1) {
      await api.store.save(lease, expansion, expansion, {
        events: [],
        observations: [{ node: nodeName, look: { kind: 'busy', at: look, tookMs: 5 } }],
        lookAgainInMs: null,
      });
    }
    const first = await get(`/v1/expansions/${id}/nodes/${nodeName}/observations?limit=2`);
    const second = await get(
      `/v1/expansions/${id}/nodes/${nodeName}/observations?limit=2&after=${first.nextAfter}`,
    );
    expect([...first.items, ...second.items].map((item: { at: number }) => item.at)).toEqual([0, 1, 2]);
    expect(second.nextAfter).toBeNull();
  });
});

describe('controls', () => {
  /** Puts the expansion into a state, as a worker would. */
  async function put(id: string, change: (expansion: Expansion) => Expansion): Promise<void> {
    const lease = (await api.store.claim(id, 'test', 60_000))!;
    const before = (await api.store.get(id))!;
    await api.store.save(lease, before, change(before), { events: [], lookAgainInMs: null });
    await api.store.release(lease);
  }
  const inState = (state: Expansion['state']) => (expansion: Expansion) => ({ ...expansion, state });

  test.each(['pause', 'cancel'] as const)(
    '%s is stored with who and why, and wakes a worker',
    async (verb) => {
      const { id } = (await post('/v1/expansions', goodRequest)).json();
      const response = await post(`/v1/expansions/${id}/${verb}`, { reason: 'switch maintenance' });
      expect(response.statusCode).toBe(202);
      expect(await api.store.pendingControls(id)).toEqual([
        expect.objectContaining({ verb, node: null, reason: 'switch maintenance', by: 'local' }),
      ]);
      expect(api.doorbell.rings).toEqual([id, id]);
    },
  );

  test.each<readonly [ControlVerb, Expansion['state'], string]>([
    ['resume', 'running', 'not_resumable'],
    ['resume', 'awaiting_approval', 'not_resumable'],
    ['approve', 'running', 'not_awaiting_approval'],
    ['pause', 'paused', 'already_paused'],
    ['pause', 'halted', 'not_pausable'],
    ['cancel', 'succeeded', 'expansion_ended'],
    ['pause', 'failed', 'expansion_ended'],
  ])('%s of an expansion that is %s: 409 %s, and nothing is recorded', async (verb, state, code) => {
    const { id } = (await post('/v1/expansions', goodRequest)).json();
    await put(id, inState(state));
    const response = await post(`/v1/expansions/${id}/${verb}`, { reason: 'test' });
    expect([response.statusCode, response.json().error.code]).toEqual([409, code]);
    expect(response.json().error.next_steps.length).toBeGreaterThan(0);
    expect(await api.store.pendingControls(id)).toEqual([]);
  });

  test('retry and skip need a node that failed', async () => {
    const { id } = (await post('/v1/expansions', goodRequest)).json();
    const url = `/v1/expansions/${id}/nodes/${nodeName}`;
    expect((await post(`${url}/retry`, { reason: 'x' })).json().error.code).toBe('not_retryable');
    await put(id, (expansion) => ({
      ...expansion,
      state: 'halted',
      joins: expansion.joins.map((join) => ({ ...join, phase: 'quarantined' })),
    }));
    const resumed = await post(`/v1/expansions/${id}/resume`, { reason: 'x' });
    expect(resumed.json().error).toMatchObject({ code: 'nodes_unresolved' });
    expect(resumed.json().error.message).toContain(nodeName);
    expect((await post(`${url}/retry`, { reason: 'disk replaced' })).statusCode).toBe(202);
    expect((await post(`/v1/expansions/${id}/nodes/10.9.9.9:1/skip`, { reason: 'x' })).statusCode).toBe(404);
  });

  test('the global stop shows who set it and why', async () => {
    await post('/v1/freeze', { reason: 'power cut in hall 3' });
    expect(await get('/v1/freeze')).toMatchObject({
      frozen: true,
      reason: 'power cut in hall 3',
      by: 'local',
    });
    const second = await api.app.inject({
      method: 'POST',
      url: '/v1/freeze',
      payload: { reason: 'network works' },
    });
    expect([second.statusCode, second.json().error.code]).toEqual([409, 'already_frozen']);
    expect(second.json().error.message).toContain('power cut in hall 3');
    expect(await get('/v1/freeze')).toMatchObject({ reason: 'power cut in hall 3' });
    await api.app.inject({ method: 'DELETE', url: '/v1/freeze', payload: { reason: 'power is back' } });
    expect(await get('/v1/freeze')).toMatchObject({ frozen: false });
  });
});

describe('topology and catalogues', () => {
  test('the master and its slaves as the master tells it', async () => {
    api.engine.set(
      masterName,
      healthyMaster({ replication: { slaves: [{ ip: '10.0.0.8', port: 9221, lag: { db0: 0 } }] } }),
    );
    expect((await post('/v1/topology', { master: masterName })).json()).toMatchObject({
      master: { name: masterName, version: '3.5.4' },
      slaves: [{ ip: '10.0.0.8', port: 9221, lag: { db0: 0 } }],
    });
  });

  test.each([
    ['unreachable', 'master_unreachable'],
    ['denied', 'master_denied'],
    ['garbled', 'master_garbled'],
  ] as const)('a master that is %s is a clear 422', async (kind, code) => {
    api.engine.set(masterName, { kind, at: 0, code: 'E', message: 'as the test says' });
    const response = await post('/v1/topology', { master: masterName });
    expect([response.statusCode, response.json().error.code]).toEqual([422, code]);
    expect(response.json().error.message).toContain(masterName);
  });

  test('every anomaly has a cause, a remedy and next steps', async () => {
    const { items } = await get('/v1/anomalies');
    expect(items.length).toBeGreaterThan(10);
    for (const item of items) {
      expect(item).toMatchObject({
        code: expect.any(String),
        cause: expect.any(String),
        remedy: expect.any(String),
      });
      expect(item.nextSteps.length).toBeGreaterThan(0);
    }
    expect((await get('/v1/findings')).items.length).toBeGreaterThan(20);
  });
});
