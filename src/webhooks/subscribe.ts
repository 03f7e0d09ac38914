import { randomBytes } from 'node:crypto';
import { Refusal } from '../model/refusal.ts';
import { parseWebhookUrl, shownUrl } from '../net/url.ts';
import type { Webhook, WebhookKind } from '../store/webhooks.ts';
import { beforeBatchType } from './before-batch.ts';

export interface WebhookRequest {
  readonly url: string;
  readonly kind?: WebhookKind;
  readonly types?: readonly string[];
}

/** Checks a request and makes the webhook with a fresh secret. Throws Refusal that names the field. */
export function newWebhook(
  request: WebhookRequest,
  made: { readonly id: string; readonly createdBy: string; readonly createdAt: number },
): Webhook {
  const { kind = 'notify', types = [] } = request;
  const url = parseWebhookUrl(request.url);
  if (kind === 'veto' && types.length > 0)
    throw badTypes('types must be left out for kind "veto": it is asked before every batch.');
  if (types.includes(beforeBatchType))
    throw badTypes(`types holds "${beforeBatchType}", which is a question, not an event: use kind "veto".`);
  return { ...made, kind, url: url.href, types: [...new Set(types)], secret: newSecret() };
}

/** A webhook as it is shown: without its secret and without what the address's query holds. */
export function shownWebhook({ secret: _secret, ...webhook }: Webhook): Omit<Webhook, 'secret'> {
  return { ...webhook, url: shownUrl(webhook.url) };
}

const newSecret = (): string => `whsec_${randomBytes(32).toString('base64url')}`;

function badTypes(message: string): Refusal {
  return new Refusal('invalid', 'validation_failed', message, {
    field: 'types',
    nextSteps: ['See docs/webhooks.md for the two kinds of webhooks.'],
  });
}
