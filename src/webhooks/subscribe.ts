import { randomBytes } from 'node:crypto';
import type { EventType } from '../model/events.ts';
import { refuseField } from '../model/refusal.ts';
import type { WebhookKind } from '../model/views/webhook.ts';
import { parseOutgoingUrl, shownUrl } from '../net/url.ts';
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
  allowed: readonly string[],
): Webhook {
  const { kind = 'notify', types = [] } = request;
  const url = parseOutgoingUrl(request.url, allowed);
  if (kind === 'veto' && types.length > 0) throw refuseField('veto_with_types', 'types', {});
  return { ...made, kind, url: url.href, types: [...new Set(types)], secret: newSecret() };
}

/** A webhook as it is shown: without its secret and without what its address holds beside the server. */
export function shownWebhook({ secret: _secret, ...webhook }: Webhook): Omit<Webhook, 'secret'> {
  return { ...webhook, url: shownUrl(webhook.url) };
}

const newSecret = (): string => `whsec_${randomBytes(32).toString('base64url')}`;
