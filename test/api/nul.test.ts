import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentRoutes } from '../../src/api/routes/agents.ts';
import { auditRoutes } from '../../src/api/routes/audits.ts';
import { comparisonRoutes } from '../../src/api/routes/comparisons.ts';
import { webhookRoutes } from '../../src/api/routes/webhooks.ts';
import { type AccessToken, credentialSource } from '../../src/platform/config.ts';
import type { AgentStore } from '../../src/store/agents.ts';
import type { AuditStore } from '../../src/store/audits.ts';
import type { ComparisonStore } from '../../src/store/comparisons.ts';
import { encodeCursor } from '../../src/store/expansion-rows.ts';
import { MemoryWebhooks } from '../webhooks/memory-webhooks.ts';
import { type CampaignWorld, campaignRequest, campaignWorld } from '../work/campaign/support.ts';
import { admin, bearer, fakeDoorbell } from './support.ts';

interface Shape {
  readonly type?: string;
  readonly anyOf?: readonly Shape[];
  readonly items?: Shape;
  readonly properties?: Readonly<Record<string, Shape>>;
}
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: 'path' | 'query' | 'header' }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Shape }>> };
}
interface Place {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly field: string;
  readonly payload?: object;
}

let world: CampaignWorld;
let paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
const agent: AccessToken = { name: 'h1', role: 'agent', token: 'agent-token-of-the-tests' };

beforeAll(async () => {
  const parts = { doorbell: fakeDoorbell(), credentials: credentialSource(new Map()) };
  const routes = [
    comparisonRoutes({ ...parts, comparisons: {} as ComparisonStore }),
    auditRoutes({ ...parts, audits: {} as AuditStore }),
    agentRoutes({} as AgentStore),
    webhookRoutes(new MemoryWebhooks(), []),
  ];
  world = await campaignWorld({ tokens: [admin, agent], api: { routes } });
  ({ paths } = (await world.api.app.inject({ url: '/openapi.json' })).json());
});
afterAll(() => world.api.app.close());

const call = ({ method, url, payload }: Pick<Place, 'url'> & Partial<Place>) =>
  world.api.app.inject({
    url,
    headers: bearer(url === '/v1/agents/reports' ? agent : admin),
    ...(method && { method }),
    ...(payload && { payload }),
  });

const withNul = 'a\0b';

/** Every value with one text that holds the character, and the place of that text. */
function texts(shape: Shape): readonly { readonly field: string; readonly value: unknown }[] {
  if (shape.anyOf) return shape.anyOf.flatMap(texts);
  if (shape.items)
    return texts(shape.items).map(({ field, value }) => ({
      field: `[0]${field === '' || field.startsWith('[') ? '' : '.'}${field}`,
      value: [value],
    }));
  if (shape.properties)
    return Object.entries(shape.properties).flatMap(([name, inner]) =>
      texts(inner).map(({ field, value }) => ({
        field: `${name}${field === '' || field.startsWith('[') ? '' : '.'}${field}`,
        value: { [name]: value },
      })),
    );
  return shape.type === 'string' ? [{ field: '', value: withNul }] : [];
}

function places(): readonly Place[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([verb, { parameters = [], requestBody }]) => {
      const method = verb.toUpperCase() as Place['method'];
      const inPath = parameters.filter((each) => each.in === 'path').map(({ name }) => name);
      const url = (nul: string | null) =>
        inPath.reduce((made, name) => made.replace(`{${name}}`, name === nul ? 'a%00b' : 'a-b'), path);
      const schema = requestBody?.content['application/json']?.schema;
      return [
        ...inPath.map((name) => ({ method, url: url(name), field: name })),
        ...parameters
          .filter((each) => each.in === 'query')
          .map(({ name }) => ({
            method,
            url: `${url(null)}?${name}=a%00b`,
            field: name,
            ...(schema && { payload: campaignRequest(1) }),
          })),
        ...(schema === undefined ? [] : texts(schema)).map(({ field, value }) => ({
          method,
          url: url(null),
          field,
          payload: value as object,
        })),
      ];
    }),
  );
}

test('U+0000 is refused in every text of every route, with its place named', async () => {
  const all = places();
  expect(all.length).toBeGreaterThan(150);
  const others: string[] = [];
  for (const { method, url, field, payload } of all) {
    const response = await call({ method, url, ...(payload && { payload }) });
    const { error = null } = response.statusCode === 204 ? {} : response.json();
    const refused = response.statusCode === 400 && error?.code === 'validation_failed';
    if (!refused || error.field !== field || !error.message.includes('\\u0000'))
      others.push(`${method} ${url} ${field}: ${response.statusCode} ${error?.field}: ${error?.message}`);
  }
  expect(others).toEqual([]);
});

test('U+0000 inside a cursor makes it a foreign cursor', async () => {
  const cursor = encodeCursor({ at: 1, id: withNul });
  const lists = Object.entries(paths).filter(([, { get }]) =>
    get?.parameters?.some(({ name }) => name === 'cursor'),
  );
  expect(lists.map(([path]) => path).sort()).toEqual([
    '/v1/audits',
    '/v1/campaigns',
    '/v1/comparisons',
    '/v1/expansions',
    '/v1/sessions',
    '/v1/tokens',
    '/v1/webhooks/{id}/deliveries',
  ]);
  const { id } = (
    await call({ method: 'POST', url: '/v1/webhooks', payload: { url: 'https://h.example/' } })
  ).json();
  for (const [path] of lists) {
    const response = await call({ url: `${path.replace('{id}', id)}?cursor=${cursor}` });
    expect([path, response.statusCode, response.json().error?.field]).toEqual([path, 400, 'cursor']);
  }
});
