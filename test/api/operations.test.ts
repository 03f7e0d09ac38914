import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { buildWorkerApi } from '../../src/api/app.ts';
import { readinessTexts } from '../../src/model/readiness.ts';
import { nobody } from '../../src/model/text.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { storedEvent } from '../support/events.ts';
import { createMemoryIdentities } from '../support/memory-identities.ts';
import { expectText } from '../support/texts.ts';
import { goodRequest, type TestApi, testApi } from './support.ts';

let api: TestApi;
afterEach(() => api.app.close());

test('/healthz says that the process is up, whatever else is wrong', async () => {
  api = await testApi();
  api.store.setUnavailable(true);
  const response = await api.app.inject({ url: '/healthz' });
  expect([response.statusCode, response.json()]).toEqual([200, { status: 'up' }]);
});

test('/readyz says what is wrong, and the details to the log alone', async () => {
  api = await testApi();
  expect((await api.app.inject({ url: '/readyz' })).json()).toMatchObject({ ready: true });
  api.store.setUnavailable(true);
  api.doorbell.fail(new Error('connect ECONNREFUSED 10.9.8.7:6379'));
  const response = await api.app.inject({ url: '/readyz' });
  expect(response.statusCode).toBe(503);
  const wrong = { ok: false, code: 'does_not_answer', text: readinessTexts.does_not_answer.en({}, nobody) };
  expect(response.json()).toEqual({
    ready: false,
    checks: [
      { name: 'database', ...wrong },
      { name: 'queue', ...wrong },
    ],
  });
  expect(response.body).not.toContain('10.9.8.7');
  expect(api.logLines.join('')).toContain('10.9.8.7');
  const chinese = await api.app.inject({ url: '/readyz', headers: { 'accept-language': 'zh' } });
  for (const { text } of chinese.json().checks) expectText(text, 'zh');
});

test('/readyz does not wait for ever', async () => {
  api = await testApi({ api: { readiness: [{ name: 'queue', check: () => new Promise(() => {}) }] } });
  const response = await api.app.inject({ url: '/readyz' });
  expect(response.statusCode).toBe(503);
  expect(response.json().checks[0].text).toContain('no answer within 3 s');
});

test('/metrics: expansions by state, nodes by phase, requests, looks, anomalies', async () => {
  api = await testApi();
  await api.app.inject({ method: 'POST', url: '/v1/expansions', payload: goodRequest });
  await api.app.inject({ url: '/v1/expansions/exp_none' });
  api.metrics.look('node', 'answered', 0.01);
  api.metrics.eventsStored([storedEvent('node.anomaly', { data: { code: 'hung_in_full_sync' } })]);
  const response = await api.app.inject({ url: '/metrics' });
  expect(response.headers['content-type']).toContain('text/plain');
  for (const line of [
    'pika_expander_database_up 1',
    'pika_expander_expansions{state="pending"} 1',
    'pika_expander_expansions{state="running"} 0',
    'pika_expander_joins{phase="waiting"} 1',
    'pika_expander_expansions_due 1',
    'pika_expander_expansions_unattended 1',
    'pika_expander_expansions_at_work 0',
    'pika_expander_frozen 0',
    'pika_expander_anomalies_total{code="hung_in_full_sync"} 1',
    'pika_expander_look_seconds_count{target="node",outcome="answered"} 1',
    'pika_expander_http_request_seconds_count{method="GET",route="/v1/expansions/:id",status="404"} 1',
  ]) {
    expect(response.body).toContain(line);
  }
});

test('/metrics still answers when the database does not, and says so', async () => {
  api = await testApi();
  api.store.setUnavailable(true);
  const response = await api.app.inject({ url: '/metrics' });
  expect(response.statusCode).toBe(200);
  expect(response.body).toContain('pika_expander_database_up 0');
});

test('figures per node are there while it syncs, are gone afterwards, and are bounded in number', async () => {
  api = await testApi();
  const nodes = Array.from({ length: 150 }, (_, i) => `10.1.0.${i}:9221`);
  const more = Array.from({ length: 150 }, (_, i) => `10.2.0.${i}:9221`);
  for (const list of [nodes, more]) {
    const { id } = (
      await api.app.inject({
        method: 'POST',
        url: '/v1/expansions',
        payload: { ...goodRequest, nodes: list },
      })
    ).json();
    const lease = (await api.store.claim(id, 'test', 60_000))!;
    const before = (await api.store.get(id))!;
    const joins = before.joins.map((join) => ({
      ...join,
      progress: { ...join.progress, receivedBytes: 5, files: { copied: 3, listed: 9 } },
    }));
    await api.store.save(lease, before, { ...before, joins }, { events: [], lookAgainInMs: null });
  }
  const count = async () =>
    (await api.app.inject({ url: '/metrics' })).body
      .split('\n')
      .filter((line) => line.includes('node_received_bytes{')).length;
  expect(await count()).toBe(200);
  const { body } = await api.app.inject({ url: '/metrics' });
  expect(body).toMatch(/node_files_copied\{expansion="exp_\w+",node="10\.\d\.0\.0:9221"\} 3\n/);
  expect(body).toMatch(/node_files_listed\{expansion="exp_\w+",node="10\.\d\.0\.0:9221"\} 9\n/);
  for (const { id } of (await api.store.list({ limit: 10 })).items) {
    api.clock.now += 120_000;
    const lease = (await api.store.claim(id, 'test', 60_000))!;
    const before = (await api.store.get(id))!;
    await api.store.save(
      lease,
      before,
      { ...before, state: 'succeeded' },
      { events: [], lookAgainInMs: null },
    );
  }
  expect(await count()).toBe(0);
});

test('a process that only works answers probes and figures, and nothing else', async () => {
  api = await testApi();
  const { app, store, doorbell, logLines: _lines, clock } = api;
  const worker = await buildWorkerApi({
    store,
    doorbell,
    admission: {} as never,
    log: app.log as never,
    metrics: createMetrics(),
    now: () => clock.now,
    newId: (prefix) => `${prefix}_1`,
    limits: { maxNodes: 1, maxBodyBytes: 1024, requestsPerMinute: 0, maxEventStreams: 1, lookTimeoutMs: 1 },
    tokens: [],
    trail: { add: async () => null, close: async () => {} },
    hideSecrets: (text) => text,
    identities: createMemoryIdentities(),
    trustProxy: 0,
    tls: null,
    readiness: [{ name: 'database', check: () => store.ping() }],
    dashboardDir: null,
    shedLoad: false,
  });
  for (const [url, status] of [
    ['/healthz', 200],
    ['/readyz', 200],
    ['/metrics', 200],
    ['/v1/expansions', 404],
  ] as const) {
    expect([url, (await worker.inject({ url })).statusCode]).toEqual([url, status]);
  }
  await worker.close();
});

test('the dashboard is served with its own addresses, and API addresses stay the API', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'dashboard-'));
  try {
    await mkdir(join(dir, 'assets'));
    writeFileSync(join(dir, 'index.html'), '<!doctype html><title>the dashboard</title>');
    writeFileSync(join(dir, 'assets', 'app-1a2b.js'), 'export {}');
    api = await testApi({ api: { dashboardDir: dir } });
    const page = { accept: 'text/html' };
    for (const url of ['/', '/expansions/exp_1', '/new']) {
      const response = await api.app.inject({ url, headers: page });
      expect([url, response.statusCode, response.body.includes('the dashboard')]).toEqual([url, 200, true]);
      expect(response.headers['cache-control']).toBe('no-cache');
    }
    const asset = await api.app.inject({ url: '/assets/app-1a2b.js' });
    expect(asset.headers['cache-control']).toContain('immutable');
    for (const url of ['/v1/nothing', '/assets/none.js', '/../package.json', '/..%2fpackage.json']) {
      const response = await api.app.inject({ url, headers: page });
      expect([url, response.statusCode, response.body.includes('"version"')]).toEqual([url, 404, false]);
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('without a built dashboard the page says how to build it', async () => {
  api = await testApi({ api: { dashboardDir: '/does/not/exist' } });
  const response = await api.app.inject({ url: '/' });
  expect(response.body).toContain('npm run build');
});
