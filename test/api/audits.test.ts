import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { auditRoutes } from '../../src/api/routes/audits.ts';
import { credentialSource } from '../../src/platform/config.ts';
import type { AuditStore } from '../../src/store/audits.ts';
import { storedEvent } from '../support/events.ts';
import { damagedSlave, MemoryAudits, targetAt } from '../support/memory-audits.ts';
import {
  bearer,
  fakeDoorbell,
  operator,
  type RungDoorbell,
  type TestApi,
  testApi,
  viewer,
} from './support.ts';

let api: TestApi;
let audits: MemoryAudits;
let doorbell: RungDoorbell;
beforeEach(async () => {
  audits = new MemoryAudits();
  doorbell = fakeDoorbell();
  const credentials = credentialSource(
    new Map([['dc2', { username: null, password: 'node-password-of-dc2' }]]),
  );
  const routes = [auditRoutes({ audits: audits as unknown as AuditStore, doorbell, credentials })];
  api = await testApi({ tokens: [operator, viewer], api: { routes } });
});
afterEach(() => api.app.close());

const call = (method: 'GET' | 'POST', url: string, payload?: object, who = operator, headers = {}) =>
  api.app.inject({ method, url, headers: { ...bearer(who), ...headers }, ...(payload ? { payload } : {}) });
const start = async (body: object = { masters: ['10.0.0.1:9221'] }) =>
  (await call('POST', '/v1/audits', body)).json();

test('the history of an audit is told as pages, and among all events', async () => {
  const { id } = await start();
  const { id: other } = await start();
  api.store.appendEvents('auditId', id, [storedEvent('audit.started')]);
  api.store.appendEvents('auditId', other, [storedEvent('audit.started')]);
  api.store.appendEvents('auditId', id, [storedEvent('audit.slave_judged', { node: '10.0.0.2:9221' })]);
  const typesOf = async (path: string) =>
    (await call('GET', path, undefined, viewer)).json().items.map(({ type }: { type: string }) => type);
  expect(await typesOf(`/v1/audits/${id}/events`)).toEqual(['audit.started', 'audit.slave_judged']);
  expect(await typesOf(`/v1/audits/${other}/events`)).toEqual(['audit.started']);
  expect(await typesOf('/v1/events?node=10.0.0.2:9221')).toEqual(['audit.slave_judged']);
  expect(await typesOf('/v1/events')).toHaveLength(3);
  expect((await call('GET', '/v1/audits/aud_none/events')).statusCode).toBe(404);
});

test('a stream of an audit tells its events alone, as they are stored', async () => {
  const { id } = await start();
  const base = await api.app.listen({ host: '127.0.0.1', port: 0 });
  const stop = new AbortController();
  const headers = { ...bearer(viewer), accept: 'text/event-stream' };
  const response = await fetch(`${base}/v1/audits/${id}/events`, { headers, signal: stop.signal });
  api.store.appendEvents('auditId', 'aud_other', [storedEvent('audit.started')]);
  api.store.appendEvents('auditId', id, [storedEvent('audit.ended')]);
  let told = '';
  for await (const chunk of response.body!) {
    told += Buffer.from(chunk).toString();
    if (told.includes('audit.ended')) break;
  }
  expect(told).toContain(`"auditId":"${id}"`);
  expect(told).not.toContain('aud_other');
  stop.abort();
});

test('an audit is stored with its options filled in, and a worker is woken', async () => {
  const masters = ['10.0.0.1:9221', { address: '10.0.0.4:9221', credential: 'dc2' }, '10.0.0.1:9221'];
  const slaves = [{ address: '203.0.113.7:19221', seenAs: '10.0.0.2:9221' }];
  const response = await call('POST', '/v1/audits', { masters, slaves, maxOpsPerSecond: 5000 });
  expect(response.statusCode).toBe(202);
  const audit = response.json();
  expect(response.headers.location).toBe(`/v1/audits/${audit.id}`);
  expect(audit).toMatchObject({
    state: 'pending',
    requestedBy: 'ops',
    spec: { depth: 'sample', maxOpsPerSecond: 5000 },
    maxRunning: 2,
    maxRunningPerHost: 1,
    slaves: [{ name: '203.0.113.7:19221', seenAs: { host: '10.0.0.2', port: 9221 } }],
    counts: { masters: 2, slaves: 0, open: 2 },
    repairs: [],
  });
  expect(audit.servers.map(({ target }: { target: { name: string } }) => target.name)).toEqual([
    '10.0.0.1:9221',
    '10.0.0.4:9221',
  ]);
  expect(response.body).not.toContain('node-password');
  expect(doorbell.rings).toEqual([audit.id]);
  expect((await call('GET', `/v1/audits/${audit.id}`, undefined, viewer)).json()).toEqual(audit);
  const [listed] = (await call('GET', '/v1/audits', undefined, viewer)).json().items;
  expect(listed).toMatchObject({ id: audit.id, counts: audit.counts });
  expect(listed).not.toHaveProperty('servers');
});

test('all keys are compared by one comparison at a time, unless the request says otherwise', async () => {
  const masters = ['10.0.0.1:9221'];
  expect((await start({ masters, depth: 'full' })).maxRunning).toBe(1);
  expect((await start({ masters, depth: 'full', maxRunning: 4 })).maxRunning).toBe(4);
});

test('all masters are those that the service knows', async () => {
  const none = await call('POST', '/v1/audits', { masters: 'all' });
  expect([none.statusCode, none.json().error.field]).toEqual([400, 'masters']);
  audits.masters = [targetAt('10.0.0.9:9221')];
  expect((await start({ masters: 'all' })).servers).toHaveLength(1);
});

test.each([
  [{}, 'masters'],
  [{ masters: [] }, 'masters'],
  [{ masters: 'some' }, 'masters'],
  [{ masters: ['10.0.0.1'] }, 'masters[0]'],
  [{ masters: ['10.0.0.1:9221', { address: '10.0.0.4:9221', credential: 'x' }] }, 'masters[1].credential'],
  [{ masters: ['10.0.0.1:9221'], slaves: ['x'] }, 'slaves[0]'],
  [{ masters: ['10.0.0.1:9221'], depth: 'deep' }, 'depth'],
  [{ masters: ['10.0.0.1:9221'], maxRunning: 0 }, 'maxRunning'],
])('bad input %j is refused with the field named, and nothing is stored', async (payload, field) => {
  const response = await call('POST', '/v1/audits', payload);
  expect([response.statusCode, response.json().error.field]).toEqual([400, field]);
  expect(audits.rows.size).toBe(0);
});

test('a viewer starts and ends none', async () => {
  expect((await call('POST', '/v1/audits', { masters: ['10.0.0.1:9221'] }, viewer)).statusCode).toBe(403);
  const { id } = await start();
  expect((await call('POST', `/v1/audits/${id}/cancel`, { reason: 'x' }, viewer)).statusCode).toBe(403);
});

describe('what was found', () => {
  test('comes with the next step and the request that repairs it', async () => {
    const { id } = await start();
    audits.change(id, { state: 'completed', endedAt: 3 }, [damagedSlave(1, '10.0.0.2:9221')]);
    const audit = (await call('GET', `/v1/audits/${id}`)).json();
    expect(audit.servers[1]).toMatchObject({
      verdict: 'damaged',
      nextStep: expect.stringContaining('"repairs"'),
    });
    expect(audit.repairs).toEqual([
      {
        master: { address: '10.0.0.1:9221', seenAs: '10.0.0.1:9221' },
        nodes: [{ address: '10.0.0.2:9221', seenAs: '10.0.0.2:9221', repoint: true, overwriteData: true }],
        label: `repair after ${id}`,
      },
    ]);
    const chinese = (
      await call('GET', `/v1/audits/${id}`, undefined, viewer, { 'accept-language': 'zh' })
    ).json();
    expect(chinese.servers[1].reason.text).toContain('不一致');
    expect(chinese.servers[1].nextStep).toContain('全量同步');
  });

  test('comes as Markdown too', async () => {
    const { id } = await start();
    audits.change(id, {}, [damagedSlave(1, '10.0.0.2:9221')]);
    const byHeader = await call('GET', `/v1/audits/${id}`, undefined, viewer, { accept: 'text/markdown' });
    expect(byHeader.headers['content-type']).toContain('text/markdown');
    expect(byHeader.body).toContain('## Damaged');
    expect((await call('GET', `/v1/audits/${id}?format=markdown`)).body).toBe(byHeader.body);
  });
});

test('an audit is ended with who and why, once', async () => {
  const { id } = await start();
  const response = await call('POST', `/v1/audits/${id}/cancel`, { reason: 'peak hours' });
  expect(response.statusCode).toBe(202);
  expect(response.json().cancel).toMatchObject({ reason: 'peak hours', by: 'ops' });
  expect(doorbell.rings).toEqual([id, id]);
  audits.change(id, { state: 'cancelled' });
  const again = await call('POST', `/v1/audits/${id}/cancel`, { reason: 'x' });
  expect([again.statusCode, again.json().error.code]).toEqual([409, 'audit_ended']);
});

test('an unknown audit is a 404, and a foreign cursor is refused', async () => {
  const unknown = await call('GET', '/v1/audits/aud_none');
  expect([unknown.statusCode, unknown.json().error.code]).toEqual([404, 'no_such_audit']);
  expect((await call('POST', '/v1/audits/aud_none/cancel', { reason: 'x' })).statusCode).toBe(404);
  expect((await call('GET', '/v1/audits?cursor=abc')).statusCode).toBe(400);
});
