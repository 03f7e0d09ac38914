import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forBrowsers } from '../../scripts/api-shape.ts';
import { describedRoutes } from '../../scripts/described-api.ts';
import {
  ApiError,
  type Client,
  createClient,
  type ExpansionView,
  NoAnswerError,
} from '../../src/client/index.ts';
import { routes } from '../../src/client/operations.ts';
import { goodRequest, masterName, nodeName, operator, type TestApi, testApi } from '../api/support.ts';

let api: TestApi;
let url: string;
let client: Client;
beforeAll(async () => {
  api = await testApi({ tokens: [operator] });
  url = await api.app.listen({ host: '127.0.0.1', port: 0 });
  client = createClient({ url, token: operator.token });
});
afterAll(() => api.app.close());

const refused = async (call: Promise<unknown>): Promise<ApiError> => {
  const error = await call.then(
    () => null,
    (met: unknown) => met,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
};

test('the client has each route of the API but the pages of a browser', async () => {
  const described = (await describedRoutes()).map(({ method, path }) => `${method} ${path}`);
  const known = Object.values(routes).map(
    ({ method, path }) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
  );
  expect(described.length).toBeGreaterThan(80);
  expect(described.filter((route) => !known.includes(route))).toEqual([
    'GET /v1/session/oidc',
    'GET /v1/session/oidc/callback',
  ]);
  expect(forBrowsers).toHaveLength(2);
  expect(known.filter((route) => !described.includes(route))).toEqual([]);
});

test('each route is a function of the client', () => {
  const functions: Record<string, unknown> = { ...client };
  for (const name of Object.keys(routes)) expect([name, typeof functions[name]]).toEqual([name, 'function']);
});

describe('on a service', () => {
  test('it starts an expansion, reads it, lists it, and steers it', async () => {
    const started = await client.startExpansion({ body: goodRequest });
    expect(started.state).toBe('pending');
    const { id } = started;
    expect((await client.getExpansion({ id })).master.name).toBe(masterName);
    expect((await client.listExpansions({ query: { search: masterName, limit: 1 } })).items[0]?.id).toBe(id);
    expect((await client.getNode({ id, node: nodeName })).target.name).toBe(nodeName);
    expect((await client.pauseExpansion({ id, body: { reason: 'test' } })).verb).toBe('pause');
    await client.cancelExpansion({ id, body: { reason: 'over' } });
  });

  test('a key makes a request happen once', async () => {
    const request = { body: { ...goodRequest, nodes: ['10.0.0.41:9221'] }, idempotencyKey: 'once-and-only' };
    expect((await client.startExpansion(request)).id).toBe((await client.startExpansion(request)).id);
  });

  test('a refusal is an error with its code, its findings, what to do, and where the runbook says more', async () => {
    const error = await refused(client.startExpansion({ body: { master: masterName, nodes: [masterName] } }));
    expect(error).toMatchObject({ code: 'preflight_failed', status: 422, passes: false });
    expect(error.findings.map(({ code }) => code)).toContain('node_is_master');
    expect(error.nextSteps.length).toBeGreaterThan(0);
    expect(error.help).toBe(`${url}/runbook#finding-node_is_master`);
    expect(error.requestId).toMatch(/^req_/);
  });

  test('texts come in the language of the client', async () => {
    const chinese = createClient({ url, token: async () => operator.token, language: 'zh' });
    expect((await refused(chinese.getExpansion({ id: 'exp_none' }))).message).toMatch(/\p{Script=Han}/u);
  });

  test('without a token it is refused', async () => {
    const stranger = createClient({ url });
    expect(await refused(stranger.listExpansions())).toMatchObject({ code: 'not_signed_in', status: 401 });
  });

  test('figures come as text, and nothing as undefined', async () => {
    expect(await client.metrics()).toContain('pika_expander_expansions');
  });

  test('a path without its parameter is not sent', async () => {
    await expect(client.getExpansion({ id: '' })).rejects.toThrow('getExpansion needs "id"');
  });
});

describe('over a bad connection', () => {
  const json = (body: unknown, status = 200): Response =>
    new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });

  /** Answers one after the other; null = no answer comes. */
  const clientOf = (answers: ((call: Request) => Response | null)[]) => {
    const calls: Request[] = [];
    const send = async (input: string | URL | Request, init?: RequestInit) => {
      const call = new Request(input, init);
      calls.push(call);
      const answer = answers.shift()!(call);
      if (answer === null) throw new TypeError('fetch failed');
      return answer;
    };
    return { calls, client: createClient({ url: 'http://service.test/', fetch: send as typeof fetch }) };
  };

  test('a start is sent again under the same key', async () => {
    const { calls, client } = clientOf([() => null, () => json({ id: 'exp_1' }, 202)]);
    expect(await client.startExpansion({ body: goodRequest })).toEqual({ id: 'exp_1' });
    const keys = calls.map(({ headers }) => headers.get('idempotency-key'));
    expect(keys).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), keys[0]]);
  });

  test('an act without a key is not sent again: it may have happened', async () => {
    const { calls, client } = clientOf([() => null]);
    await expect(client.pauseExpansion({ id: 'exp_1', body: { reason: 'x' } })).rejects.toThrow(
      NoAnswerError,
    );
    expect(calls).toHaveLength(1);
  });

  test('what is no pika-expander is named', async () => {
    const { client } = clientOf([() => new Response('<html>', { status: 404 })]);
    expect(await refused(client.listExpansions())).toMatchObject({ code: 'http_404' });
  });

  test('a probe that says no is an answer', async () => {
    const { client } = clientOf([() => json({ status: 'not_ready' }, 503)]);
    expect(await client.readyz()).toEqual({ status: 'not_ready' });
  });

  const events = (...seqs: readonly (readonly [seq: number, type: string])[]): Response =>
    new Response(
      [
        ...seqs.map(([seq, type]) => `id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify({ seq, type })}`),
        'event: progress\ndata: {"nodes":[]}',
        '',
      ].join('\n\n'),
      { headers: { 'content-type': 'text/event-stream' } },
    );

  test('a stream goes on after the last event that came', async () => {
    const { calls, client } = clientOf([
      () => events([7, 'node.phase'], [9, 'node.phase']),
      () => null,
      () => events([12, 'expansion.succeeded']),
    ]);
    const stop = new AbortController();
    const seen: (number | 'progress')[] = [];
    for await (const message of client.stream('listExpansionEvents', {
      id: 'exp_1',
      after: 3,
      signal: stop.signal,
    })) {
      seen.push(message.kind === 'event' ? message.event.seq : 'progress');
      if (seen.length === 5) stop.abort();
    }
    expect(seen).toEqual([7, 9, 'progress', 12, 'progress']);
    expect(calls.map(({ headers }) => headers.get('last-event-id'))).toEqual(['3', '9', '9']);
  });

  test('a stream that is refused for good ends with the refusal', async () => {
    const { client } = clientOf([() => json({ error: { code: 'no_such_expansion', message: 'none' } }, 404)]);
    const stream = client.stream('listExpansionEvents', { id: 'exp_1' });
    expect(await refused(stream.next())).toMatchObject({ code: 'no_such_expansion' });
  });

  const inState = (state: ExpansionView['state']) => () => json({ id: 'exp_1', state });

  test('it waits until an expansion ends, and tells of its states', async () => {
    const { client } = clientOf([
      inState('running'),
      () => events([1, 'expansion.running'], [2, 'node.phase'], [3, 'expansion.succeeded']),
      inState('halted'),
      inState('succeeded'),
    ]);
    const states: string[] = [];
    const end = await client.untilEnded('exp_1', { onChange: ({ state }) => states.push(state) });
    expect([end.state, states]).toEqual(['succeeded', ['running', 'halted', 'succeeded']]);
  });

  test('it comes back for a person where it is asked to', async () => {
    const { client } = clientOf([inState('halted')]);
    expect((await client.untilEnded('exp_1', { orNeedsPerson: true })).state).toBe('halted');
  });

  test('waiting ends with the signal', async () => {
    const stop = new AbortController();
    const { client } = clientOf([
      inState('running'),
      () => {
        stop.abort(new Error('enough'));
        return events();
      },
    ]);
    await expect(client.untilEnded('exp_1', { signal: stop.signal })).rejects.toThrow('enough');
  });
});
