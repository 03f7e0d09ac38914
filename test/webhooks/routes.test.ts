import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { webhookRoutes } from '../../src/api/routes/webhooks.ts';
import { eventTypes } from '../../src/model/events.ts';
import { deliverySays } from '../../src/model/webhook-texts.ts';
import { bearer, operator, type TestApi, testApi, viewer } from '../api/support.ts';
import { MemoryWebhooks } from './memory-webhooks.ts';

let api: TestApi;
let webhooks: MemoryWebhooks;
beforeEach(async () => {
  webhooks = new MemoryWebhooks();
  api = await testApi({ tokens: [operator, viewer], api: { routes: [webhookRoutes(webhooks, [])] } });
});
afterEach(() => api.app.close());

function call(method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object, who = operator) {
  return api.app.inject({ method, url, headers: bearer(who), ...(payload ? { payload } : {}) });
}

const create = (payload: object) => call('POST', '/v1/webhooks', payload);

describe('subscriptions', () => {
  it('shows the secret once at creation, and never again, nor in the log', async () => {
    const created = await create({ url: 'https://h.example/p?key=abc', types: ['expansion.succeeded'] });
    expect(created.statusCode).toBe(201);
    const { id, secret, url } = created.json();
    expect(created.headers.location).toBe(`/v1/webhooks/${id}`);
    expect(secret).toMatch(/^whsec_/);
    expect(url).toBe('https://h.example/…');
    const answers = await Promise.all([
      call('GET', '/v1/webhooks'),
      call('GET', `/v1/webhooks/${id}`),
      call('GET', `/v1/webhooks/${id}/deliveries`),
    ]);
    for (const answer of answers) {
      expect(answer.statusCode).toBe(200);
      expect(answer.body).not.toContain(secret);
      expect(answer.body).not.toContain('key=abc');
    }
    expect(api.logLines.join('\n')).toContain('a webhook was made');
    expect(api.logLines.join('\n')).not.toContain(secret);
    expect(api.logLines.join('\n')).not.toContain('key=abc');
  });

  it('are made and deleted by operators only', async () => {
    expect((await call('POST', '/v1/webhooks', { url: 'https://h.example/' }, viewer)).statusCode).toBe(403);
    const { id } = (await create({ url: 'https://h.example/' })).json();
    expect((await call('DELETE', `/v1/webhooks/${id}`, undefined, viewer)).statusCode).toBe(403);
    expect((await call('DELETE', `/v1/webhooks/${id}`)).statusCode).toBe(204);
    expect((await call('GET', `/v1/webhooks/${id}`)).statusCode).toBe(404);
    expect((await call('DELETE', `/v1/webhooks/${id}`)).json().error.code).toBe('no_such_webhook');
  });

  it.each([
    [{}, 'url'],
    [{ url: 'not a url' }, 'url'],
    [{ url: 'http://169.254.169.254/x' }, 'url'],
    [{ url: 'https://h.example/', kind: 'maybe' }, 'kind'],
    [{ url: 'https://h.example/', types: ['UPPER'] }, 'types[0]'],
    [{ url: 'https://h.example/', kind: 'veto', types: ['node.verified'] }, 'types'],
    [{ url: 'https://h.example/', types: ['before_batch'] }, 'types[0]'],
    [{ url: 'https://h.example/', secret: 'mine' }, 'secret'],
  ])('refuse %j and name the field', async (payload, field) => {
    const answer = await create(payload);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error).toMatchObject({ code: 'validation_failed', field });
    expect(webhooks.webhooks).toEqual([]);
  });

  it('are not without number', async () => {
    for (let i = 0; i < 100; i += 1) await create({ url: 'https://h.example/' });
    const answer = await create({ url: 'https://h.example/' });
    expect(answer.statusCode).toBe(409);
    expect(answer.json().error.next_steps).not.toEqual([]);
  });

  it('show what became of each delivery', async () => {
    const { id } = (await create({ url: 'https://h.example/' })).json();
    webhooks.add(id);
    await webhooks.record(webhooks.rows[0]!.id, {
      delivered: false,
      status: 500,
      error: deliverySays('answered', { status: 500, quoted: '' }),
      tookMs: 3,
      retryInMs: 5000,
    });
    const { items } = (await call('GET', `/v1/webhooks/${id}/deliveries`, undefined, viewer)).json();
    expect(items).toMatchObject([{ state: 'pending', lastStatus: 500, lastError: 'answered 500' }]);
    expect(items[0]).not.toHaveProperty('lastSaid');
    const chinese = await api.app.inject({
      url: `/v1/webhooks/${id}/deliveries`,
      headers: { ...bearer(viewer), 'accept-language': 'zh' },
    });
    expect(chinese.json().items[0].lastError).toBe('返回 500');
  });

  it('are described in OpenAPI, with every type of event that there is', async () => {
    const { paths } = (await call('GET', '/openapi.json')).json();
    const body = paths['/v1/webhooks'].post.requestBody.content['application/json'].schema;
    expect(body.properties.types.items.enum).toEqual(eventTypes);
    expect(Object.keys(paths)).toContain('/v1/webhooks/{id}/deliveries');
  });
});
