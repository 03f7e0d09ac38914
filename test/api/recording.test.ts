import { afterEach, expect, test } from 'vitest';
import { recordingRoutes } from '../../src/api/routes/recording.ts';
import { hideSecrets } from '../../src/platform/secrets.ts';
import { bearer, goodRequest, masterName, operator, type TestApi, testApi, viewer } from './support.ts';

let api: TestApi;
afterEach(() => api.app.close());

test('a viewer reads what an expansion saw, line by line, without passwords and on request without addresses', async () => {
  const password = 'a-password-of-the-nodes';
  api = await testApi({
    tokens: [operator, viewer],
    api: { routes: [recordingRoutes(hideSecrets([password]))] },
  });
  const { id } = (
    await api.app.inject({
      method: 'POST',
      url: '/v1/expansions',
      headers: bearer(operator),
      payload: goodRequest,
    })
  ).json();
  const lease = (await api.store.claim(id, 'test', 60_000))!;
  const before = (await api.store.get(id))!;
  const observations = Array.from({ length: 1_203 }, (_, n) => ({
    node: masterName,
    look: { kind: 'garbled' as const, at: before.acceptedAt + n, message: `${n}: ${password} of 10.0.0.1` },
  }));
  await api.store.save(lease, before, before, { events: [], observations, lookAgainInMs: null });

  const read = (query = '') =>
    api.app.inject({ url: `/v1/expansions/${id}/recording${query}`, headers: bearer(viewer) });
  const response = await read();
  expect(response.headers['content-type']).toBe('application/x-ndjson');
  expect(response.headers['content-disposition']).toContain(`${id}.jsonl`);
  const rows = response.body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(rows[0].meta.nodes).toMatchObject({ m: { addr: masterName }, s1: { addr: '10.0.0.2:9221' } });
  const kept = await api.store.observations({ expansionId: id, afterSeq: 0, limit: 10_000 });
  expect(kept.length).toBeGreaterThan(500);
  expect(rows).toHaveLength(kept.length + 1);
  expect(rows.at(-1)).toEqual({
    t: 1.202,
    node: 'm',
    look: { kind: 'garbled', message: '1202: [redacted] of 10.0.0.1' },
  });
  expect(response.body).not.toContain(password);
  expect((await read('?addresses=hidden')).body).not.toContain('10.0.0.');
  expect((await read('?addresses=none')).statusCode).toBe(400);
  expect(
    (await api.app.inject({ url: '/v1/expansions/exp_none/recording', headers: bearer(viewer) })).statusCode,
  ).toBe(404);
});
