import { afterEach, beforeEach, expect, test } from 'vitest';
import { objectionTo } from '../../src/admission/may-act.ts';
import type { Rights } from '../../src/model/access.ts';
import type { AccessToken } from '../../src/platform/config.ts';
import { bearer, healthyMaster, masterName, operator, type TestApi, testApi } from '../api/support.ts';

const bound: AccessToken = {
  name: 'team',
  role: 'operator',
  token: 'bound-token-of-the-tests',
  scope: { masters: ['10.0.0.1'], nodes: ['10.0.0.0/24'] },
};
const other = '10.0.1.1:9221';
let api: TestApi;
const ids: string[] = [];
beforeEach(async () => {
  ids.length = 0;
  api = await testApi({ tokens: [operator, bound] });
  api.engine.set(other, healthyMaster());
  for (const [master, node] of [
    [masterName, '10.0.0.2:9221'],
    [other, '10.0.1.2:9221'],
  ]) {
    const payload = { master, nodes: [node] };
    const response = await api.app.inject({
      method: 'POST',
      url: '/v1/expansions',
      headers: bearer(operator),
      payload,
    });
    expect([response.statusCode, response.body]).toEqual([202, response.body]);
    ids.push(response.json().id);
  }
});
afterEach(() => api.app.close());

test('a live stream tells a bound token only of what concerns its masters', async () => {
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = api.app.server.address() as { port: number };
  const told = async (token: AccessToken, until: (text: string) => boolean) => {
    const response = await fetch(`http://127.0.0.1:${port}/v1/events?after=0`, {
      headers: { accept: 'text/event-stream', ...bearer(token) },
    });
    const stream = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!until(text)) text += (await stream.read()).value ?? '';
    await stream.cancel();
    return text;
  };
  expect(await told(operator, (text) => text.includes(ids[1]!))).toContain(ids[0]);
  // A third expansion of its master comes after all the others.
  const last = await api.app.inject({
    method: 'POST',
    url: '/v1/expansions',
    headers: bearer(bound),
    payload: { master: masterName, nodes: ['10.0.0.3:9221'] },
  });
  expect(last.statusCode).toBe(202);
  const own = await told(bound, (text) => text.includes(last.json().id));
  expect(own).toContain(ids[0]);
  expect(own).not.toContain(ids[1]);
});

test('what is stored for other masters is not there, and an act on a node outside is refused', async () => {
  const ask = (url: string, payload?: object) =>
    api.app.inject({
      method: payload === undefined ? 'GET' : 'POST',
      url,
      headers: bearer(bound),
      ...(payload && { payload }),
    });
  const codes = [
    await ask(`/v1/expansions/${ids[1]}`),
    await ask(`/v1/expansions/${ids[1]}/pause`, { reason: 'x' }),
    await ask('/v1/expansions', { master: masterName, nodes: ['10.0.1.9:9221'] }),
    await ask('/v1/expansions', { retryOf: ids[1], nodes: ['10.0.0.9:9221'] }),
    await ask('/v1/plans', { retryOf: ids[1] }),
  ].map((response) => [response.statusCode, response.json().error?.code]);
  expect(codes).toEqual([
    [404, 'no_such_expansion'],
    [404, 'no_such_expansion'],
    [403, 'outside_scope'],
    [404, 'no_such_expansion'],
    [404, 'no_such_expansion'],
  ]);
  expect((await ask(`/v1/expansions/${ids[0]}/pause`, { reason: 'x' })).statusCode).toBe(202);
});

test('what may be acted on follows from the scope alone, and no name is resolved', () => {
  const place = (host: string, port = 9221) => ({ address: { host, port } });
  const outside = (scope: Rights['scope'], master: string, node: string) =>
    objectionTo({ name: 'x', role: 'operator', scope }, 'expand', {
      masters: [place(master)],
      nodes: [place(node)],
    })?.facts.address ?? null;
  for (const [scope, master, node, refused] of [
    [{}, '192.0.2.1', 'anything.example', null],
    [{ masters: ['10.0.0.0/8'] }, '10.0.0.1', '10.0.0.2', null],
    // One list counts for masters and nodes.
    [{ masters: ['10.0.0.0/8'] }, '10.0.0.1', '192.0.2.2', '192.0.2.2:9221'],
    [{ nodes: ['10.0.0.0/8'] }, '192.0.2.1', '10.0.0.2', '192.0.2.1:9221'],
    [{ masters: ['10.0.0.0/8'] }, '167772161', '10.0.0.2', '167772161:9221'],
    [{ masters: ['10.0.0.0/8'] }, '10.0.0.1.evil.example', '10.0.0.2', '10.0.0.1.evil.example:9221'],
    [{ masters: ['::ffff:0:0/96'] }, '10.0.0.1', '10.0.0.1', '10.0.0.1:9221'],
    [{ masters: ['10.0.0.1:9222'], nodes: ['*'] }, '10.0.0.1', 'a.example', '10.0.0.1:9221'],
    [{ masters: ['M.example'], nodes: ['*.example'] }, 'm.EXAMPLE.', 'a.b.example', null],
  ] as const)
    expect({ scope, master, node, refused: outside(scope, master, node) }).toEqual({
      scope,
      master,
      node,
      refused,
    } as object);
});
