import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { comparisonRoutes } from '../../src/api/routes/comparisons.ts';
import type { StoredDifference } from '../../src/model/views/comparison.ts';
import { credentialSource } from '../../src/platform/config.ts';
import type { ComparisonStore, NewComparison, StoredComparison } from '../../src/store/comparisons.ts';
import { encodeCursor } from '../../src/store/expansion-rows.ts';
import {
  bearer,
  fakeDoorbell,
  operator,
  type RungDoorbell,
  type TestApi,
  testApi,
  viewer,
} from './support.ts';

/** As much of a comparison store as routes use. */
class MemoryComparisons
  implements Pick<ComparisonStore, 'create' | 'get' | 'list' | 'control' | 'differences'>
{
  readonly rows = new Map<string, StoredComparison>();
  readonly found: StoredDifference[] = [];

  async create(comparison: NewComparison): Promise<StoredComparison> {
    const row: StoredComparison = {
      ...comparison,
      state: 'pending',
      stateReason: null,
      startedAt: null,
      endedAt: null,
      cursor: { secret: 'position' },
      progress: null,
      report: null,
      problem: null,
      differencesTotal: 0,
      differencesStored: 0,
      pendingControl: null,
    };
    this.rows.set(row.id, row);
    return row;
  }
  async get(id: string) {
    return this.rows.get(id) ?? null;
  }
  async list({ limit }: { readonly limit: number }) {
    const items = [...this.rows.values()].reverse().slice(0, limit);
    return { items, nextCursor: null };
  }
  async control(id: string, control: NonNullable<StoredComparison['pendingControl']>) {
    this.change(id, { pendingControl: control });
  }
  async differences(_id: string, { afterSeq, limit }: { readonly afterSeq: number; readonly limit: number }) {
    return this.found.filter((difference) => difference.seq > afterSeq).slice(0, limit);
  }
  change(id: string, to: Partial<StoredComparison>) {
    this.rows.set(id, { ...this.rows.get(id)!, ...to });
  }
}

let api: TestApi;
let comparisons: MemoryComparisons;
let doorbell: RungDoorbell;
beforeEach(async () => {
  comparisons = new MemoryComparisons();
  doorbell = fakeDoorbell();
  const credentials = credentialSource(
    new Map([['dc2', { username: null, password: 'node-password-of-dc2' }]]),
  );
  const routes = [
    comparisonRoutes({ comparisons: comparisons as unknown as ComparisonStore, doorbell, credentials }),
  ];
  api = await testApi({ tokens: [operator, viewer], api: { routes } });
});
afterEach(() => api.app.close());

const call = (method: 'GET' | 'POST', url: string, payload?: object, who = operator, headers = {}) =>
  api.app.inject({ method, url, headers: { ...bearer(who), ...headers }, ...(payload ? { payload } : {}) });
const pair = { left: '10.0.0.1:9221', right: { address: '10.0.0.2:9221', credential: 'dc2' } };

test('a comparison is stored with its options filled in, and a worker is woken', async () => {
  const response = await call('POST', '/v1/comparisons', { ...pair, depth: 'full', maxOpsPerSecond: 5000 });
  expect(response.statusCode).toBe(202);
  const comparison = response.json();
  expect(response.headers.location).toBe(`/v1/comparisons/${comparison.id}`);
  expect(comparison).toMatchObject({
    state: 'pending',
    requestedBy: 'ops',
    left: { name: '10.0.0.1:9221' },
    right: { name: '10.0.0.2:9221', credential: 'dc2' },
    spec: { depth: 'full', maxOpsPerSecond: 5000, rounds: 3 },
  });
  expect(comparison).not.toHaveProperty('cursor');
  expect(response.body).not.toContain('node-password');
  expect(doorbell.rings).toEqual([comparison.id]);
  expect((await call('GET', `/v1/comparisons/${comparison.id}`, undefined, viewer)).json()).toEqual(
    comparison,
  );
  expect((await call('GET', '/v1/comparisons', undefined, viewer)).json().items).toEqual([comparison]);
});

test.each([
  [{ left: '10.0.0.1:9221' }, 'right'],
  [{ ...pair, left: '10.0.0.1' }, 'left'],
  [{ ...pair, right: { address: '10.0.0.2:99999' } }, 'right.address'],
  [{ ...pair, right: { address: '10.0.0.2:9221', credential: 'x' } }, 'right.credential'],
  [{ ...pair, right: { address: '10.0.0.2:9221', password: 'x' } }, 'right.password'],
  [{ ...pair, depth: 'deep' }, 'depth'],
  [{ ...pair, samplePerType: 0 }, 'samplePerType'],
  [{ ...pair, samplePerType: 50_001 }, 'samplePerType'],
  [{ ...pair, maxOpsPerSecond: '5' }, 'maxOpsPerSecond'],
])('bad input %j is refused with the field named, and nothing is stored', async (payload, field) => {
  const response = await call('POST', '/v1/comparisons', payload);
  expect([response.statusCode, response.json().error.field]).toEqual([400, field]);
  expect(comparisons.rows.size).toBe(0);
});

test('a viewer starts and steers none', async () => {
  expect((await call('POST', '/v1/comparisons', pair, viewer)).statusCode).toBe(403);
  const { id } = (await call('POST', '/v1/comparisons', pair)).json();
  expect((await call('POST', `/v1/comparisons/${id}/cancel`, { reason: 'x' }, viewer)).statusCode).toBe(403);
});

describe('differences', () => {
  const start = async (count: number) => {
    const { id } = (await call('POST', '/v1/comparisons', pair)).json();
    for (let seq = 1; seq <= count; seq += 1) {
      comparisons.found.push({
        seq,
        db: 0,
        key: `key-${seq}`,
        type: 'string',
        kind: 'missing',
        left: 'x',
        right: null,
        rounds: 3,
      });
    }
    return id as string;
  };

  test('come as pages', async () => {
    const id = await start(3);
    const first = (await call('GET', `/v1/comparisons/${id}/differences?limit=2`)).json();
    const second = (
      await call('GET', `/v1/comparisons/${id}/differences?limit=2&after=${first.nextAfter}`)
    ).json();
    expect([...first.items, ...second.items].map((item: { key: string }) => item.key)).toEqual([
      'key-1',
      'key-2',
      'key-3',
    ]);
    expect(second.nextAfter).toBeNull();
  });

  test('come as JSON lines, all of them, to be downloaded', async () => {
    const id = await start(2500);
    const response = await call('GET', `/v1/comparisons/${id}/differences`, undefined, viewer, {
      accept: 'application/x-ndjson',
    });
    expect(response.headers['content-type']).toContain('application/x-ndjson');
    expect(response.headers['content-disposition']).toContain(`${id}-differences.ndjson`);
    const lines = response.body.trimEnd().split('\n');
    expect(lines).toHaveLength(2500);
    expect(JSON.parse(lines[2499]!)).toMatchObject({ seq: 2500, key: 'key-2500', kind: 'missing' });
  });

  test('of an unknown comparison are a 404', async () => {
    const response = await call('GET', '/v1/comparisons/cmp_none/differences');
    expect([response.statusCode, response.json().error.code]).toEqual([404, 'no_such_comparison']);
  });
});

describe('steering', () => {
  test('is recorded with who and why', async () => {
    const { id } = (await call('POST', '/v1/comparisons', pair)).json();
    const response = await call('POST', `/v1/comparisons/${id}/pause`, { reason: 'peak hours' });
    expect(response.statusCode).toBe(202);
    expect(response.json().pendingControl).toMatchObject({ verb: 'pause', reason: 'peak hours', by: 'ops' });
    expect(doorbell.rings).toEqual([id, id]);
    expect((await call('POST', `/v1/comparisons/${id}/resume`, { reason: 'night' })).statusCode).toBe(202);
  });

  test.each([
    ['resume', { state: 'running' }, 'not_paused'],
    ['pause', { state: 'paused' }, 'already_paused'],
    ['cancel', { state: 'completed' }, 'comparison_ended'],
    ['pause', { state: 'running', join: { expansionId: 'exp_1', node: 'n:1' } }, 'comparison_of_expansion'],
  ] as const)('%s of %j: 409 %s', async (verb, change, code) => {
    const { id } = (await call('POST', '/v1/comparisons', pair)).json();
    comparisons.change(id, change);
    const response = await call('POST', `/v1/comparisons/${id}/${verb}`, { reason: 'x' });
    expect([response.statusCode, response.json().error.code]).toEqual([409, code]);
    expect(comparisons.rows.get(id)?.pendingControl).toBeNull();
  });
});

test('a cursor that is none of ours is refused', async () => {
  expect((await call('GET', '/v1/comparisons?cursor=abc')).statusCode).toBe(400);
  const cursor = encodeCursor({ at: 1, id: 'cmp_1' });
  expect((await call('GET', `/v1/comparisons?cursor=${cursor}`)).statusCode).toBe(200);
});
