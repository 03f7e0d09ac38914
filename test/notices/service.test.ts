import { afterAll, beforeAll, expect, test } from 'vitest';
import { startService } from '../../src/main.ts';
import { patiently } from '../support/patiently.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { Service, secrets } from './services.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.stop());

const as = (name: string) => ({
  authorization: `Bearer a-token-of-${name}`,
  'content-type': 'application/json',
});

test('a process of the API tells channels too, of what is about the service as a whole', async () => {
  const database = await postgres.createMigratedDatabase();
  const receiver = await new Service('dingtalk').start();
  const service = await startService(
    { port: 0, logLevel: 'silent', role: 'api' },
    {
      DATABASE_URL: database.url,
      PIKA_EXPANDER_OPERATOR_TOKEN: 'a-token-of-an-operator',
      PIKA_EXPANDER_OUTGOING: '127.0.0.1',
    },
  );
  const ask = async (method: string, path: string, body: object) => {
    const asked = { method, headers: as('an-operator'), body: JSON.stringify(body) };
    const answer = await patiently(() => fetch(`${service.url}${path}`, asked));
    return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
  };
  const settings = {
    name: 'on call',
    kind: 'dingtalk',
    url: receiver.url,
    secret: secrets.dingtalk,
    language: 'zh',
  };
  const made = await ask('POST', '/v1/channels', settings);
  expect(made.status).toBe(201);
  expect(await ask('POST', `/v1/channels/${String(made.json.id)}/test`, {})).toMatchObject({
    json: { delivered: true, error: null },
  });
  await ask('POST', '/v1/freeze', { reason: 'works' });
  await until(() => receiver.taken.length === 2);
  expect(receiver.taken[1]!.text).toMatch(/^\[需要处理\] 服务\n[\s\S]*冻结了全部操作：works/);
  const [, id = ''] = /(inc_\w+)/.exec(receiver.taken[1]!.text) ?? [];
  expect(await ask('POST', `/v1/incidents/${id}/acknowledge`, { reason: 'mine' })).toMatchObject({
    status: 200,
  });
  await until(() => receiver.taken.length === 3);
  expect(receiver.taken[2]!.text).toMatch(/^\[已确认\][\s\S]*：mine/);
  await service.close();
  await receiver.close();
  await database.drop();
});
