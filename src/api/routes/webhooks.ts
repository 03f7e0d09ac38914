import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { hasAction, objectionTo } from '../../admission/may-act.ts';
import { eventTypes } from '../../model/events.ts';
import { hookSteps } from '../../model/hook-steps.ts';
import { patterns } from '../../model/invalid-fields.ts';
import { refuse } from '../../model/refusal.ts';
import { type Reader, readSaid } from '../../model/text.ts';
import { PageOf } from '../../model/views/schema.ts';
import {
  Delivery as DeliverySchema,
  type DeliveryView,
  NewWebhook,
  WebhookKind,
  WebhookView,
} from '../../model/views/webhook.ts';
import { deliverySays, deliveryTexts } from '../../model/webhook-texts.ts';
import type { Delivery, Webhook, WebhookStore } from '../../store/webhooks.ts';
import { newWebhook, shownWebhook } from '../../webhooks/subscribe.ts';
import type { ApiParts, RoutePlugin } from '../parts.ts';
import { requesterOf } from '../plugins/app/access-control.ts';
import { trace } from '../plugins/app/trail.ts';
import { reader } from '../reader.ts';
import { errorResponses, Limit, strict } from '../schemas.ts';
import { checkCursor } from '../shared.ts';
import type { ApiTypeProvider } from '../type-provider.ts';

const WebhookBody = Type.Object(
  {
    url: Type.String({ minLength: 8, maxLength: 2000, examples: ['https://hooks.example.net/pika'] }),
    kind: Type.Optional(WebhookKind),
    types: Type.Optional(
      Type.Array(Type.Enum(eventTypes), {
        maxItems: eventTypes.length,
        description: 'Event types to be told of; left out or empty = all.',
      }),
    ),
    steps: Type.Optional(
      Type.Array(Type.Enum(hookSteps), {
        maxItems: hookSteps.length,
        description: 'What a veto is asked about; left out or empty = before_batch.',
      }),
    ),
    answerWithinMs: Type.Optional(
      Type.Integer({
        minimum: 10_000,
        maximum: 604_800_000,
        description: 'How long a veto that answers 202 may take until it is asked again; left out = 1 h.',
      }),
    ),
  },
  { ...strict },
);

const WebhookParams = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 80, pattern: patterns.id }),
});

const maxWebhooks = 100;

/** Subscriptions, and what became of each delivery. `allowed`: receivers with private addresses that may be asked. */
export function webhookRoutes(webhooks: WebhookStore, allowed: readonly string[]): RoutePlugin {
  return (app, parts) => addRoutes(typed(app), parts, webhooks, allowed);
}

const typed = (app: FastifyInstance) => app.withTypeProvider<ApiTypeProvider>();

function addRoutes(
  app: ReturnType<typeof typed>,
  { log, now, newId }: ApiParts,
  webhooks: WebhookStore,
  allowed: readonly string[],
): void {
  app.get(
    '/v1/webhooks',
    {
      config: { on: 'all' },
      schema: {
        operationId: 'listWebhooks',
        tags: ['webhooks'],
        summary: 'All webhooks, the oldest first',
        response: { 200: PageOf(WebhookView), ...errorResponses() },
      },
    },
    async () => ({ items: (await webhooks.list()).map(shownWebhook), nextCursor: null }),
  );

  app.post(
    '/v1/webhooks',
    {
      config: { action: 'webhooks', on: 'all' },
      schema: {
        operationId: 'createWebhook',
        tags: ['webhooks'],
        summary: 'Be told of events from now on, or be asked before steps are taken',
        description: 'The answer holds the secret for checking signatures; it is shown this once.',
        body: WebhookBody,
        response: { 201: NewWebhook, ...errorResponses(400, 409, 415) },
      },
    },
    async (request, reply) => {
      const made = { id: newId('whk'), createdBy: requesterOf(request).name, createdAt: now() };
      const webhook = newWebhook(request.body, made, allowed);
      if ((await webhooks.list()).length >= maxWebhooks)
        throw refuse('too_many_webhooks', { most: maxWebhooks });
      await webhooks.create(webhook);
      trace(request, { after: shownWebhook(webhook) });
      const { id, kind, types, steps } = webhook;
      log.info({ webhook: id, kind, types, steps, by: made.createdBy }, 'a webhook was made');
      reply.code(201).header('location', `/v1/webhooks/${id}`);
      return { ...shownWebhook(webhook), secret: webhook.secret };
    },
  );

  app.get(
    '/v1/webhooks/:id',
    {
      config: { on: 'all' },
      schema: {
        operationId: 'getWebhook',
        tags: ['webhooks'],
        summary: 'One webhook',
        params: WebhookParams,
        response: { 200: WebhookView, ...errorResponses(400, 404) },
      },
    },
    async (request) => shownWebhook(await existing(webhooks, request.params.id)),
  );

  app.delete(
    '/v1/webhooks/:id',
    {
      config: { action: 'webhooks', on: 'all' },
      schema: {
        operationId: 'deleteWebhook',
        tags: ['webhooks'],
        summary: 'Delete a webhook with its deliveries',
        params: WebhookParams,
        response: { 204: Type.Null(), ...errorResponses(400, 404) },
      },
    },
    async (request, reply) => {
      trace(request, { before: shownWebhook(await existing(webhooks, request.params.id)) });
      await webhooks.remove(request.params.id);
      log.info({ webhook: request.params.id, by: requesterOf(request).name }, 'a webhook was deleted');
      return reply.code(204).send();
    },
  );

  app.get(
    '/v1/webhooks/:id/deliveries',
    {
      config: { on: 'all' },
      schema: {
        operationId: 'listDeliveries',
        tags: ['webhooks'],
        summary: 'What became of its deliveries, the newest first',
        params: WebhookParams,
        querystring: Type.Object(
          { cursor: Type.Optional(Type.String({ maxLength: 300 })), limit: Limit(200, 50) },
          { ...strict },
        ),
        response: { 200: PageOf(DeliverySchema), ...errorResponses(400, 404) },
      },
    },
    async (request) => {
      const { id, kind } = await existing(webhooks, request.params.id);
      const { cursor, limit = 50 } = request.query;
      checkCursor(cursor);
      const page = await webhooks.deliveries(id, { limit, ...(cursor === undefined ? {} : { cursor }) });
      const { caller } = request;
      const show = caller && hasAction(caller, 'webhooks') ? shownDelivery : shownToViewers;
      const items = page.items.map((delivery) => show(delivery, reader(request)));
      // The trail is for those who may read it.
      const isHidden = kind === 'trail' && !(caller && objectionTo(caller, 'trail', null) === null);
      return { ...page, items: isHidden ? items.map((item) => ({ ...item, payload: null })) : items };
    },
  );
}

function shownDelivery({ webhookId: _, lastSaid, ...delivery }: Delivery, forWhom: Reader): DeliveryView {
  if (lastSaid === null || delivery.lastError === null) return delivery;
  const lastError = readSaid(deliveryTexts, { ...lastSaid, text: delivery.lastError }, forWhom);
  return { ...delivery, lastError };
}

/** What a receiver answered may come from deep inside a network: its words are for operators. */
function shownToViewers(delivery: Delivery, forWhom: Reader): DeliveryView {
  const { lastSaid, lastStatus, lastError } = delivery;
  if (lastError === null || (lastSaid !== null && lastSaid.code !== 'answered'))
    return shownDelivery(delivery, forWhom);
  const bare = deliverySays('answered', { status: lastStatus, quoted: '' });
  return shownDelivery({ ...delivery, lastSaid: bare, lastError: bare.text }, forWhom);
}

async function existing(webhooks: WebhookStore, id: string): Promise<Webhook> {
  const webhook = await webhooks.get(id);
  if (webhook !== null) return webhook;
  throw refuse('no_such_webhook', { id });
}
