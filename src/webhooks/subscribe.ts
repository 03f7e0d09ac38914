import { randomBytes } from 'node:crypto';
import type { EventType } from '../model/events.ts';
import type { HookStep } from '../model/hook-steps.ts';
import { refuseField } from '../model/refusal.ts';
import type { WebhookKind } from '../model/views/webhook.ts';
import { parseOutgoingUrl, shownUrl } from '../net/url.ts';
import type { Webhook } from '../store/webhooks.ts';

export interface WebhookRequest {
  readonly url: string;
  readonly kind?: WebhookKind;
  readonly types?: readonly EventType[];
  readonly steps?: readonly HookStep[];
  readonly answerWithinMs?: number;
}

/** A veto that answers later has so long unless it asks for another time. */
export const defaultAnswerWithinMs = 3_600_000;

/** Checks a request and makes the webhook with a fresh secret. Throws Refusal that names the field. */
export function newWebhook(
  request: WebhookRequest,
  made: { readonly id: string; readonly createdBy: string; readonly createdAt: number },
  allowed: readonly string[],
): Webhook {
  const { kind = 'notify', types = [], steps = [], answerWithinMs } = request;
  const url = parseOutgoingUrl(request.url, allowed);
  if (kind !== 'notify' && types.length > 0) throw refuseField('types_of_notify_only', 'types', {});
  if (kind !== 'veto' && steps.length > 0) throw refuseField('steps_of_veto_only', 'steps', {});
  if (kind !== 'veto' && answerWithinMs !== undefined)
    throw refuseField('steps_of_veto_only', 'answerWithinMs', {});
  return {
    ...made,
    kind,
    url: url.href,
    types: [...new Set(types)],
    steps: kind !== 'veto' ? [] : steps.length === 0 ? ['before_batch'] : [...new Set(steps)],
    answerWithinMs: kind !== 'veto' ? null : (answerWithinMs ?? defaultAnswerWithinMs),
    secret: newSecret(),
  };
}

/** A webhook as it is shown: without its secret and without what its address holds beside the server. */
export function shownWebhook({ secret: _secret, ...webhook }: Webhook): Omit<Webhook, 'secret'> {
  return { ...webhook, url: shownUrl(webhook.url) };
}

const newSecret = (): string => `whsec_${randomBytes(32).toString('base64url')}`;
