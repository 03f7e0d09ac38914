import { randomBytes } from 'node:crypto';
import type { EventType } from '../model/events.ts';
import { refuseField } from '../model/refusal.ts';
import type { WebhookKind } from '../model/views/webhook.ts';
import { parseWebhookUrl, shownUrl } from '../net/url.ts';
import type { Webhook } from '../store/webhooks.ts';

export interface WebhookRequest {
  readonly url: string;
  readonly kind?: WebhookKind;
  readonly types?: readonly EventType[];
}

/** Checks a request and makes the webhook with a fresh secret. Throws Refusal that names the field. */
export function newWebhook(
  request: WebhookRequest,
  made: { readonly id: string; readonly createdBy: string; readonly createdAt: number },
): Webhook {
  const { kind = 'notify', types = [] } = request;
  const url = parseWebhookUrl(request.url);
  if (kind === 'veto' && types.length > 0) throw refuseField('veto_with_types', 'types', {});
  return { ...made, kind, url: url.href, types: [...new Set(types)], secret: newSecret() };
}

/** A webhook as it is shown: without its secret and without what the address's query holds. */
export function shownWebhook({ secret: _secret, ...webhook }: Webhook): Omit<Webhook, 'secret'> {
  return { ...webhook, url: shownUrl(webhook.url) };
}

const newSecret = (): string => `whsec_${randomBytes(32).toString('base64url')}`;
