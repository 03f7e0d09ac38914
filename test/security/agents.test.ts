import { afterEach, expect, test } from 'vitest';
import { agentRoutes } from '../../src/api/routes/agents.ts';
import type { AccessToken } from '../../src/platform/config.ts';
import { bearer, operator, type TestApi, testApi, viewer } from '../api/support.ts';
import { aReport, aSeenServer } from '../support/agents.ts';
import { createMemoryAgents } from '../support/memory-agents.ts';

const agent: AccessToken = {
  name: 'host-7',
  role: 'agent',
  token: 'agent-token-of-the-tests',
  nodes: ['10.0.0.7'],
};

let api: TestApi;
afterEach(() => api.app.close());
const open = async (tokens: readonly AccessToken[], limits = {}) => {
  api = await testApi({
    tokens,
    limits,
    api: { routes: [agentRoutes(createMemoryAgents({ reachable: () => {} }))] },
  });
};

const post = (headers: Record<string, string>, payload: object = aReport([aSeenServer('10.0.0.7', 9221)])) =>
  api.app.inject({ method: 'POST', url: '/v1/agents/reports', headers, payload });

test('the token of an agent opens no route but that for reports', async () => {
  await open([operator, viewer, agent]);
  const { paths } = (await api.app.inject({ url: '/openapi.json' })).json() as {
    paths: Record<string, Record<string, unknown>>;
  };
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path] as const),
  );
  expect(routes.length).toBeGreaterThan(30);
  const outside = [
    ['GET', '/docs/'],
    ['GET', '/openapi.json'],
    ['GET', '/'],
    ['GET', '/v1/nothing'],
  ] as const;
  for (const [method, path] of [...routes, ...outside]) {
    if (path === '/v1/agents/reports') continue;
    const url = path.replaceAll(/\{\w+\}/g, 'x');
    const body = method === 'GET' ? {} : { payload: {} };
    const response = await api.app.inject({ method: method as 'GET', url, headers: bearer(agent), ...body });
    expect([method, path, response.statusCode]).toEqual([method, path, 403]);
    expect(response.json().error.code).toBe('agents_report_only');
  }
});

test('nobody but an agent reports', async () => {
  await open([operator, viewer, agent]);
  for (const token of [operator, viewer]) {
    const response = await post(bearer(token));
    expect([response.statusCode, response.json().error.code]).toEqual([403, 'agents_only']);
  }
  expect((await post({})).statusCode).toBe(401);
  expect((await post(bearer(agent))).statusCode).toBe(200);
});

test('an agent gets no session, and no cookie makes somebody an agent', async () => {
  await open([operator, agent]);
  const response = await api.app.inject({
    method: 'POST',
    url: '/v1/session',
    payload: { token: agent.token },
  });
  expect([response.statusCode, response.headers['set-cookie']]).toEqual([403, undefined]);
});

test('with tokens of agents alone this machine is the operator as before, and only an agent reports', async () => {
  await open([agent]);
  expect((await api.app.inject({ url: '/v1/expansions' })).statusCode).toBe(200);
  expect((await post({})).statusCode).toBe(403);
  expect((await post({ authorization: 'Bearer something-else-altogether' })).statusCode).toBe(403);
  expect((await post(bearer(agent))).statusCode).toBe(200);
  expect((await api.app.inject({ url: '/v1/expansions', headers: bearer(agent) })).statusCode).toBe(403);
});

test('agents have a limit of their own, which takes nothing from anybody else', async () => {
  await open([operator, agent], { requestsPerMinute: 5 });
  const codes: number[] = [];
  for (let n = 0; n < 121; n += 1) codes.push((await post(bearer(agent))).statusCode);
  expect([codes.filter((code) => code === 200).length, codes.at(-1)]).toEqual([120, 429]);
  expect((await api.app.inject({ url: '/v1/expansions', headers: bearer(operator) })).statusCode).toBe(200);
});

test('the token of an agent is in no answer', async () => {
  await open([operator, agent]);
  await post(bearer(agent));
  const answers = await Promise.all(
    ['/v1/agents', '/metrics', '/openapi.json'].map((url) =>
      api.app.inject({ url, headers: bearer(operator) }),
    ),
  );
  for (const { body, statusCode } of answers)
    expect([statusCode, body.includes(agent.token)]).toEqual([200, false]);
  expect(api.logLines.join('')).not.toContain(agent.token);
});
