import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { goodRequest, masterName, nodeName, stored, type TestApi, testApi } from './support.ts';

let api: TestApi;
beforeEach(async () => {
  api = await testApi();
});
afterEach(() => api.app.close());

const post = (payload: unknown, headers: Record<string, string> = {}) =>
  api.app.inject({
    method: 'POST',
    url: '/v1/expansions',
    headers: { 'content-type': 'application/json', ...headers },
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
  });

const node = (fields: object) => ({
  ...goodRequest,
  nodes: [nodeName, { address: '10.0.0.3:9221', ...fields }],
});
const address = (text: string) => ({ ...goodRequest, nodes: [nodeName, text] });
const policy = (fields: object) => ({ ...goodRequest, policy: fields });

/** Every one of them is answered 400, with the field that is wrong, and leaves nothing behind. */
const cases: readonly (readonly [string, unknown, string | undefined])[] = [
  ['an unknown key at the top', { ...goodRequest, force: true }, 'force'],
  ['an unknown key in a node', node({ password: 'x' }), 'nodes[1].password'],
  ['an unknown key in the master', { ...goodRequest, master: { address: masterName, db: 3 } }, 'master.db'],
  ['an unknown key in the policy', policy({ batchsize: 2 }), 'policy.batchsize'],
  ['an unknown key in policy.verify', policy({ verify: { deep: true } }), 'policy.verify.deep'],
  ['a line feed in a host', address('10.0.0\n.3:9221'), 'nodes[1]'],
  ['a NUL in a host', address('10.0.0.3\0:9221'), 'nodes[1]'],
  ['a C1 control character in a host', node({ address: 'a\u0085b:9221' }), 'nodes[1].address'],
  ['a line feed in the master', { ...goodRequest, master: 'a\r\nSLAVEOF:9221' }, 'master'],
  ['a blank in a host', address('10.0.0.3 :9221'), 'nodes[1]'],
  ['a host with a slash', address('10.0.0.3/24:9221'), 'nodes[1]'],
  ['an empty host', address(':9221'), 'nodes[1]'],
  ['no port', address('10.0.0.3'), 'nodes[1]'],
  ['port 0', address('10.0.0.3:0'), 'nodes[1]'],
  ['port 65536', address('10.0.0.3:65536'), 'nodes[1]'],
  ['a port that is no number', address('10.0.0.3:http'), 'nodes[1]'],
  ['a negative port', address('10.0.0.3:-1'), 'nodes[1]'],
  ['port 65536 in seenAs', node({ seenAs: '172.17.0.2:65536' }), 'nodes[1].seenAs'],
  ['a bad seenAs', node({ seenAs: 'nowhere' }), 'nodes[1].seenAs'],
  ['10,000 nodes', { master: masterName, nodes: manyNodes(10_000) }, 'nodes'],
  ['no node', { master: masterName, nodes: [] }, 'nodes'],
  ['nodes that are no list', { master: masterName, nodes: nodeName }, 'nodes'],
  ['a node that is a number', { ...goodRequest, nodes: [9221] }, 'nodes[0]'],
  ['a node that is null', { ...goodRequest, nodes: [null] }, 'nodes[0]'],
  ['no master', { nodes: [nodeName] }, 'master'],
  ['no nodes', { master: masterName }, 'nodes'],
  ['a flag that is a text', node({ overwriteData: 'true' }), 'nodes[1].overwriteData'],
  ['a flag that is a number', node({ repoint: 1 }), 'nodes[1].repoint'],
  ['a batch size that is a text', policy({ batchSize: '2' }), 'policy.batchSize'],
  ['a batch size of 0', policy({ batchSize: 0 }), 'policy.batchSize'],
  ['a batch size that is no whole number', policy({ batchSize: 1.5 }), 'policy.batchSize'],
  ['an unknown word in the policy', policy({ onFailure: 'ignore' }), 'policy.onFailure'],
  ['a policy that is null', { ...goodRequest, policy: null }, 'policy'],
  ['a look interval of 1 ms', policy({ lookIntervalMs: 1 }), 'policy.lookIntervalMs'],
  ['an endless label', { ...goodRequest, label: 'x'.repeat(201) }, 'label'],
  ['a credential that is not configured', node({ credential: 'nobody' }), 'nodes[1].credential'],
  ['a list instead of an object', [goodRequest], undefined],
  ['a text instead of an object', '"expand"', undefined],
  ['null', 'null', undefined],
];

function manyNodes(count: number): string[] {
  return Array.from(
    { length: count },
    (_, index) => `10.${index >> 14}.${(index >> 7) & 127}.${index & 127}:9221`,
  );
}

describe('bad input is refused with the field named, and nothing is stored', () => {
  test.each(cases)('%s', async (_name, payload, field) => {
    for (const url of ['/v1/expansions', '/v1/plans']) {
      if (url === '/v1/plans' && field === 'label') continue;
      const response = await api.app.inject({
        method: 'POST',
        url,
        headers: { 'content-type': 'application/json' },
        payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
      });
      const { error } = response.json();
      expect({ status: response.statusCode, code: error.code, field: error.field }).toEqual({
        status: 400,
        code: 'validation_failed',
        field,
      });
      expect(error.message.length).toBeGreaterThan(10);
      expect(error.next_steps.length).toBeGreaterThan(0);
      expect(error.requestId).toBe(response.headers['x-request-id']);
      expect(error.message + error.next_steps.join('')).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
    }
    expect(await stored(api.store)).toEqual({ expansions: 0, events: 0 });
    expect(api.engine.logins).toEqual([]);
    expect(api.doorbell.rings).toEqual([]);
  });

  test.each([
    ['broken JSON', '{"master": "10.0.0.1:9221", "nodes": [', 400, 'broken_json'],
    ['JSON cut in a text', '{"master": "10', 400, 'broken_json'],
    ['an empty body', '', 400, 'broken_json'],
    ['a prototype in JSON', '{"__proto__": {"master": "a:1"}}', 400, 'broken_json'],
    [
      'a body too large',
      JSON.stringify({ ...goodRequest, label: 'x'.repeat(1_100_000) }),
      413,
      'body_too_large',
    ],
  ])('%s', async (_name, payload, status, code) => {
    const response = await post(payload);
    expect({ status: response.statusCode, code: response.json().error.code }).toEqual({ status, code });
    expect(response.json().error.next_steps.length).toBeGreaterThan(0);
    expect(await stored(api.store)).toEqual({ expansions: 0, events: 0 });
  });

  test('a body that is not JSON', async () => {
    const response = await post('master=10.0.0.1:9221', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(response.statusCode).toBe(415);
    expect(response.json().error.code).toBe('unsupported_media_type');
    expect(await stored(api.store)).toEqual({ expansions: 0, events: 0 });
  });

  test.each([
    ['/v1/expansions?limit=0', 'limit'],
    ['/v1/expansions?limit=201', 'limit'],
    ['/v1/expansions?limit=ten', 'limit'],
    ['/v1/expansions?state=running,sleeping', 'state'],
    ['/v1/expansions?colour=red', 'colour'],
    ['/v1/events?after=-1', 'after'],
    ['/v1/events?after=1.5', 'after'],
  ])('the query of %s', async (url, field) => {
    const response = await api.app.inject({ url });
    expect({ status: response.statusCode, field: response.json().error.field }).toEqual({
      status: 400,
      field,
    });
  });

  test.each(['%00', '%ff%01', '%zz%0a', '%7F%', '%C2%85%e4'])(
    'an encoded control character in a query, beside what is no text: %s',
    async (text) => {
      const response = await api.app.inject({ url: `/v1/expansions?search=${text}` });
      const { error } = response.json();
      expect({ status: response.statusCode, code: error.code }).toEqual({
        status: 400,
        code: 'validation_failed',
      });
      expect(error.message).toMatch(/\\u00(?:00|01|0a|7f|85)/);
    },
  );

  test.each([{}, { master: '10.0.0.1' }, { master: 7 }])('the master of a topology: %j', async (payload) => {
    const response = await api.app.inject({ method: 'POST', url: '/v1/topology', payload });
    expect({ status: response.statusCode, field: response.json().error.field }).toEqual({
      status: 400,
      field: 'master',
    });
  });

  test('a control without a reason, or with a blank one', async () => {
    const { id } = (await post(goodRequest)).json();
    for (const payload of [{}, { reason: '' }, { reason: '   ' }, { reason: 7 }]) {
      const response = await api.app.inject({ method: 'POST', url: `/v1/expansions/${id}/pause`, payload });
      expect({ status: response.statusCode, field: response.json().error.field }).toEqual({
        status: 400,
        field: 'reason',
      });
    }
    expect(await api.store.pendingControls(id)).toEqual([]);
  });

  test('an idempotency key with a blank in it', async () => {
    const response = await post(goodRequest, { 'idempotency-key': 'a b' });
    expect(response.statusCode).toBe(400);
    expect(response.json().error.field).toBe('idempotency-key');
    expect(await stored(api.store)).toEqual({ expansions: 0, events: 0 });
  });
});

test('a DELETE without a body may give the type of a body all the same', async () => {
  const headers = { 'content-type': 'application/json' };
  const signOut = await api.app.inject({ method: 'DELETE', url: '/v1/session', headers });
  expect(signOut.statusCode).toBe(204);
  const unfreeze = await api.app.inject({ method: 'DELETE', url: '/v1/freeze', headers });
  expect([unfreeze.statusCode, unfreeze.json().error.code]).toEqual([400, 'validation_failed']);
});

test('a refusal is answered in the language and in the words of whoever asks', async () => {
  const ask = async (headers: Record<string, string>) => {
    const response = await api.app.inject({ url: '/v1/expansions/exp_none', headers });
    return { language: response.headers['content-language'], error: response.json().error };
  };
  const english = await ask({});
  expect(english).toMatchObject({ language: 'en', error: { message: 'There is no expansion exp_none.' } });
  expect(english.error.next_steps[0]).toContain('GET /v1/expansions');
  const chinese = await ask({ 'accept-language': 'zh-CN', 'pika-expander-tool': 'cli' });
  expect(chinese).toMatchObject({
    language: 'zh',
    error: { code: 'no_such_expansion', message: '没有扩容任务 exp_none。' },
  });
  expect(chinese.error.next_steps[0]).toContain('pika-expander list');
});

describe('every error has the one shape', () => {
  test.each([
    ['GET', '/v1/nothing', 404, 'no_such_route'],
    ['GET', '/v1/expansions/exp_none', 404, 'no_such_expansion'],
    ['GET', '/v1/plans/plan_none', 404, 'no_such_plan'],
    ['PUT', '/v1/expansions', 405, 'method_not_allowed'],
    ['DELETE', '/v1/expansions/exp_x', 405, 'method_not_allowed'],
    ['GET', '/v1/expansions/%zz', 400, 'bad_url'],
  ] as const)('%s %s', async (method, url, status, code) => {
    const response = await api.app.inject({ method, url });
    expect({ status: response.statusCode, code: response.json().error.code }).toEqual({ status, code });
    expect(response.json().error).toMatchObject({
      message: expect.any(String),
      next_steps: expect.any(Array),
    });
    if (status === 405) expect(response.headers.allow).toContain('GET');
  });

  test('503 while the database is away', async () => {
    api.store.setUnavailable(true);
    for (const [method, url, payload] of [
      ['POST', '/v1/expansions', goodRequest],
      ['GET', '/v1/expansions', undefined],
      ['GET', '/v1/events', undefined],
    ] as const) {
      const response = await api.app.inject({ method, url, ...(payload ? { payload } : {}) });
      expect({ url, status: response.statusCode, code: response.json().error.code }).toEqual({
        url,
        status: 503,
        code: 'database_unavailable',
      });
      expect(response.headers['retry-after']).toBe('5');
    }
  });

  test('what nobody foresaw is a 500 that tells nothing of the inside, and is logged', async () => {
    api.store.get = async () => {
      throw new Error('inner detail /etc/passwd');
    };
    const response = await api.app.inject({ url: '/v1/expansions/exp_x' });
    expect(response.statusCode).toBe(500);
    expect(response.body).not.toContain('inner detail');
    const { requestId } = response.json().error;
    expect(api.logLines.some((line) => line.includes(requestId) && line.includes('inner detail'))).toBe(true);
  });
});

test('429 names the limit and when to try again', async () => {
  const limited = await testApi({ limits: { requestsPerMinute: 3 } });
  try {
    const statuses: number[] = [];
    for (let request = 0; request < 4; request += 1) {
      statuses.push((await limited.app.inject({ url: '/v1/freeze' })).statusCode);
    }
    expect(statuses).toEqual([200, 200, 200, 429]);
    const response = await limited.app.inject({ url: '/v1/freeze' });
    expect(response.json().error).toMatchObject({ code: 'rate_limited', next_steps: expect.any(Array) });
    expect((await limited.app.inject({ url: '/healthz' })).statusCode).toBe(200);
  } finally {
    await limited.app.close();
  }
});
