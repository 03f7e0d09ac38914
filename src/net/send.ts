import type { Said } from '../model/text.ts';
import { type DeliveryCode, deliverySays } from '../model/webhook-texts.ts';
import { withTimeLimit } from '../platform/time-limit.ts';
import { signatureOf, webhookHeaders } from '../webhooks/signature.ts';
import { askOutside, ForbiddenAddress, type OutgoingRequest, type WayOut } from './outgoing.ts';

interface OutgoingHook {
  readonly url: string;
  readonly secret: string;
  readonly deliveryId: string;
  readonly type: string;
  readonly payload: unknown;
}

/** What a receiver said. */
export interface HookAnswer {
  /** null = no answer. */
  readonly status: number | null;
  /** The beginning of the answer's body, as text. */
  readonly text: string;
  /** Why there was no answer; null when there was one. */
  readonly error: Said<DeliveryCode> | null;
  readonly tookMs: number;
}

export type SendHook = (hook: OutgoingHook, signal: AbortSignal) => Promise<HookAnswer>;

export interface SendOptions {
  /** From the first byte out to the last byte in; a receiver that drips is cut off here too. */
  readonly timeoutMs: number;
  readonly now: () => number;
  readonly wayOut: WayOut;
}

/** Makes the function that sends one signed request. It never takes longer than the limit, and never rejects. */
export function createSender(options: SendOptions): SendHook {
  return async (hook, signal) => {
    const startedAt = options.now();
    try {
      const answer = await withTimeLimit(options.timeoutMs, signal, (limited) =>
        askOutside(options.wayOut, requestOf(hook, startedAt), limited),
      );
      const { status, text } = answer;
      return { status, text, error: null, tookMs: options.now() - startedAt };
    } catch (error) {
      const said = whyNoAnswer(error as NodeJS.ErrnoException, options.timeoutMs);
      return { status: null, text: '', error: said, tookMs: options.now() - startedAt };
    }
  };
}

/** One signed request. */
export function requestOf(hook: OutgoingHook, now: number): OutgoingRequest {
  const body = JSON.stringify(hook.payload);
  return { method: 'POST', url: hook.url, headers: headersOf(hook, body, now), body };
}

function headersOf(hook: OutgoingHook, body: string, now: number): Record<string, string | number> {
  const timestamp = Math.floor(now / 1000);
  return {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'user-agent': 'pika-expander',
    [webhookHeaders.event]: hook.type,
    [webhookHeaders.delivery]: hook.deliveryId,
    [webhookHeaders.timestamp]: timestamp,
    [webhookHeaders.signature]: signatureOf(hook.secret, timestamp, body),
  };
}

/** Why a request got no answer. */
export function whyNoAnswer(error: NodeJS.ErrnoException, timeoutMs: number): Said<DeliveryCode> {
  const cause = (error.cause as Error | undefined)?.name ?? error.name;
  if (cause === 'TimeoutError') return deliverySays('no_answer', { seconds: timeoutMs / 1000 });
  if (error.name === 'AbortError') return deliverySays('cut_off');
  if (error instanceof ForbiddenAddress) {
    const { host, addresses, never } = error;
    return deliverySays(never ? 'forbidden_address' : 'private_address', { host, addresses });
  }
  if (error.code === 'ECONNREFUSED') return deliverySays('connection_refused');
  if (error.code === 'ENOTFOUND') return deliverySays('name_not_resolved');
  return deliverySays('connection_failed', { detail: error.message || error.code || error.name });
}
