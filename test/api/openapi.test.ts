import Type from 'typebox';
import Schema from 'typebox/schema';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { flawOf } from './strict-answers.ts';
import { goodRequest, masterName, nodeName, type TestApi, testApi } from './support.ts';

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
  }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object }> };
  readonly responses: Record<
    string,
    { readonly description?: string; readonly content?: Record<string, { readonly schema: object }> }
  >;
}

let api: TestApi;
let description: {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Record<string, Record<string, Operation>>;
};
/** Routes that are no API: pages, and the description itself. */
const notDescribed = /^(?:\/|\/docs.*|\/openapi\.json|\/runbook.*|\/v1\/says-more)$/;

/** Every route that the server really has, as `get /v1/expansions/{id}`, read from the tree that Fastify prints. */
function registeredRoutes(tree: string): string[] {
  const found: string[] = [];
  const parents: string[] = [];
  for (const line of tree.split('\n')) {
    const match = /^([│ ]*)[├└]── (\S+) \(([A-Z, ]+)\)$/.exec(line);
    if (match === null) continue;
    const depth = match[1]!.length / 4;
    parents.length = depth;
    parents.push(match[2]!);
    const url = parents
      .join('')
      .replace('//', '/')
      .replace(/:(\w+)/g, '{$1}');
    if (notDescribed.test(url)) continue;
    for (const method of match[3]!.split(', ')) {
      if (method !== 'HEAD') found.push(`${method.toLowerCase()} ${url}`);
    }
  }
  return found;
}

beforeAll(async () => {
  api = await testApi({
    api: {
      routes: [
        (app) => {
          app.get(
            '/v1/brought-along',
            { schema: { operationId: 'broughtAlong', summary: 'x', tags: ['events'] } },
            () => ({}),
          );
          const response = { 200: Type.Object({ inner: Type.Object({ a: Type.Integer() }) }) };
          app.get('/v1/says-more', { schema: { hide: true, response } }, () => ({ inner: { a: 1, b: 2 } }));
        },
      ],
    },
  });
  description = (await api.app.inject({ url: '/openapi.json' })).json();
});
afterAll(() => api.app.close());

const operations = () =>
  Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

test('it is OpenAPI 3.1 with a title and the version of the package', () => {
  expect(description.openapi).toBe('3.1.0');
  expect(description.info).toMatchObject({
    title: 'pika-expander',
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
  });
});

test('every route of the API is described: name, summary, tag, answers', () => {
  expect(operations().length).toBeGreaterThan(25);
  for (const { path, method, operation } of operations()) {
    expect({ path, method, ...operation }).toMatchObject({
      operationId: expect.any(String),
      summary: expect.any(String),
      tags: [expect.any(String)],
    });
  }
  const names = operations().map(({ operation }) => operation.operationId);
  expect(new Set(names).size).toBe(names.length);
});

test('no route of the server is missing in it, and none is made up', () => {
  const described = operations().map(({ path, method }) => `${method} ${path}`);
  expect(described.sort()).toEqual(registeredRoutes(api.app.printRoutes({ commonPrefix: false })).sort());
});

test.each([
  ['/v1/plans', 'post'],
  ['/v1/expansions', 'post'],
  ['/v1/expansions', 'get'],
  ['/v1/expansions/{id}', 'get'],
  ['/v1/expansions/{id}/events', 'get'],
  ['/v1/expansions/{id}/evidence', 'get'],
  ['/v1/expansions/{id}/nodes/{node}', 'get'],
  ['/v1/expansions/{id}/nodes/{node}/observations', 'get'],
  ['/v1/expansions/{id}/pause', 'post'],
  ['/v1/expansions/{id}/resume', 'post'],
  ['/v1/expansions/{id}/cancel', 'post'],
  ['/v1/expansions/{id}/approve', 'post'],
  ['/v1/expansions/{id}/nodes/{node}/retry', 'post'],
  ['/v1/expansions/{id}/nodes/{node}/skip', 'post'],
  ['/v1/events', 'get'],
  ['/v1/freeze', 'get'],
  ['/v1/freeze', 'post'],
  ['/v1/freeze', 'delete'],
  ['/v1/topology', 'post'],
  ['/v1/anomalies', 'get'],
  ['/v1/session', 'post'],
  ['/healthz', 'get'],
  ['/readyz', 'get'],
  ['/metrics', 'get'],
  ['/v1/brought-along', 'get'],
])('%s %s is there', (path, method) => {
  expect(description.paths[path]?.[method]).toBeDefined();
});

test('every parameter of a path is declared and required', () => {
  for (const { path, operation } of operations()) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
    const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
    expect({ path, names: declared.map((parameter) => parameter.name).sort() }).toEqual({
      path,
      names: inPath.sort(),
    });
    for (const parameter of declared) expect(parameter.required).toBe(true);
  }
});

test('every answer has a description, and every schema can be used', () => {
  for (const { path, operation } of operations()) {
    const schemas = [operation.requestBody, ...Object.values(operation.responses)]
      .flatMap((part) => Object.values(part?.content ?? {}))
      .map((content) => content.schema);
    for (const schema of schemas) expect(() => Schema.Compile(schema)).not.toThrow();
    for (const [status, response] of Object.entries(operation.responses)) {
      expect({ path, status, described: (response.description ?? '') !== '' }).toMatchObject({
        described: true,
      });
    }
  }
});

test('an answer that says more than its description fails every test', async () => {
  const response = await api.app.inject({ url: '/v1/says-more' });
  expect(response.statusCode).toBe(500);
  expect(api.logLines.join('')).toContain('GET /v1/says-more is answered otherwise than described');
});

describe('answers are as they are described', () => {
  const check = (path: string, method: string, status: number, body: unknown) => {
    const content = description.paths[path]?.[method]?.responses[String(status)]?.content;
    const schema = content?.['application/json']?.schema;
    expect({ path, method, status, described: schema !== undefined }).toMatchObject({ described: true });
    expect({ path, method, status, flaw: flawOf(schema, body) }).toMatchObject({ flaw: null });
  };

  test('on a service with one expansion', async () => {
    const started = await api.app.inject({ method: 'POST', url: '/v1/expansions', payload: goodRequest });
    check('/v1/expansions', 'post', 202, started.json());
    const { id } = started.json();
    const plan = await api.app.inject({
      method: 'POST',
      url: '/v1/plans',
      payload: { master: masterName, nodes: ['10.0.0.7:9221'] },
    });
    check('/v1/plans', 'post', 200, plan.json());

    for (const [path, url] of [
      ['/v1/expansions', '/v1/expansions'],
      ['/v1/expansions/{id}', `/v1/expansions/${id}`],
      ['/v1/expansions/{id}/events', `/v1/expansions/${id}/events`],
      ['/v1/expansions/{id}/evidence', `/v1/expansions/${id}/evidence`],
      ['/v1/expansions/{id}/nodes/{node}', `/v1/expansions/${id}/nodes/${nodeName}`],
      [
        '/v1/expansions/{id}/nodes/{node}/observations',
        `/v1/expansions/${id}/nodes/${nodeName}/observations`,
      ],
      ['/v1/plans/{id}', `/v1/plans/${plan.json().id}`],
      ['/v1/events', '/v1/events'],
      ['/v1/freeze', '/v1/freeze'],
      ['/v1/anomalies', '/v1/anomalies'],
      ['/v1/findings', '/v1/findings'],
      ['/v1/session', '/v1/session'],
      ['/healthz', '/healthz'],
      ['/readyz', '/readyz'],
    ] as const) {
      const response = await api.app.inject({ url });
      expect([url, response.statusCode]).toEqual([url, 200]);
      check(path, 'get', 200, response.json());
    }
    const topology = await api.app.inject({
      method: 'POST',
      url: '/v1/topology',
      payload: { master: masterName },
    });
    check('/v1/topology', 'post', 200, topology.json());
    const paused = await api.app.inject({
      method: 'POST',
      url: `/v1/expansions/${id}/pause`,
      payload: { reason: 'test' },
    });
    check('/v1/expansions/{id}/pause', 'post', 202, paused.json());
  });

  test('errors too', async () => {
    for (const [method, url, payload, path, status] of [
      ['POST', '/v1/expansions', { nodes: [] }, '/v1/expansions', 400],
      ['POST', '/v1/expansions', { master: masterName, nodes: [masterName] }, '/v1/expansions', 422],
      ['GET', '/v1/expansions/exp_none', undefined, '/v1/expansions/{id}', 404],
    ] as const) {
      const response = await api.app.inject({ method, url, ...(payload ? { payload } : {}) });
      expect(response.statusCode).toBe(status);
      check(path, method.toLowerCase(), status, response.json());
    }
  });
});
