import { afterAll, beforeAll, expect, test } from 'vitest';
import { runbook } from '../../src/model/runbook/chapters.ts';
import { languages } from '../../src/model/text.ts';
import { masterName, operator, type TestApi, testApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await testApi({ api: { tokens: [operator] } });
});
afterAll(() => api.app.close());

test.each(languages)('everybody reads the runbook in %s, each entry at its place', async (language) => {
  const { statusCode, headers, body } = await api.app.inject({
    url: '/runbook',
    headers: { 'accept-language': language },
  });
  expect(statusCode).toBe(200);
  expect(headers).toMatchObject({ 'content-language': language, 'content-type': /text\/html/ });
  const places = new Set([...body.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
  const chapters = runbook({ language, tool: 'cli' });
  const anchors = chapters.flatMap(({ id, entries }) => [id, ...entries.map(({ anchor }) => anchor)]);
  expect(anchors.filter((anchor) => !places.has(anchor))).toEqual([]);
});

test('the address chooses the language before the browser does', async () => {
  const { headers, body } = await api.app.inject({
    url: '/runbook?language=zh',
    headers: { 'accept-language': 'en' },
  });
  expect(headers['content-language']).toBe('zh');
  expect(body).toContain('运维手册');
});

test.each([
  ['up_but_incomplete', '/runbook?language=zh#anomaly-up_but_incomplete'],
  ['no_such_code', '/runbook?language=zh'],
])('the code %s leads to %s', async (code, place) => {
  const { statusCode, headers } = await api.app.inject({ url: `/runbook/${code}?language=zh` });
  expect([statusCode, headers.location]).toEqual([302, place]);
});

test('names of facts are no tags', async () => {
  const { body } = await api.app.inject({ url: '/runbook' });
  expect(body).toContain('&#60;node&#62;');
  expect(body).not.toContain('<node>');
});

test('an error says where the runbook says more: of the finding that forbids it', async () => {
  const response = await api.app.inject({
    method: 'POST',
    url: '/v1/expansions',
    headers: { authorization: `Bearer ${operator.token}` },
    payload: { master: masterName, nodes: [masterName] },
  });
  expect(response.statusCode).toBe(422);
  expect(response.json().error.help).toBe('/runbook#finding-node_is_master');
});

test('an error of which the runbook knows nothing has no such place', async () => {
  const response = await api.app.inject({
    url: '/v1/expansions/exp_none',
    headers: { authorization: `Bearer ${operator.token}` },
  });
  expect(response.json().error).not.toHaveProperty('help');
});
