import { lookup as dnsLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Said } from '../model/text.ts';
import { type DeliveryCode, deliverySays } from '../model/webhook-texts.ts';
import { isForbiddenIp } from '../platform/forbidden-ip.ts';
import { withTimeLimit } from '../platform/time-limit.ts';
import { signatureOf, webhookHeaders } from '../webhooks/signature.ts';
import { parseWebhookUrl } from './url.ts';

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
}

const keptAnswerBytes = 1000;

/**
 * Makes the function that sends one signed request. It follows no redirect, reads no more of an answer than it
 * shows, never takes longer than the limit, and never rejects.
 */
export function createSender(options: SendOptions): SendHook {
  return async (hook, signal) => {
    const startedAt = options.now();
    try {
      const answer = await withTimeLimit(options.timeoutMs, signal, (limited) =>
        exchange(hook, startedAt, limited),
      );
      return { ...answer, error: null, tookMs: options.now() - startedAt };
    } catch (error) {
      const said = reasonOf(error as NodeJS.ErrnoException, options.timeoutMs);
      return { status: null, text: '', error: said, tookMs: options.now() - startedAt };
    }
  };
}

async function exchange(
  hook: OutgoingHook,
  now: number,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  const url = parseWebhookUrl(hook.url);
  const body = JSON.stringify(hook.payload);
  const response = await post(url, headersOf(hook, body, now), body, signal);
  try {
    return { status: response.statusCode ?? 0, text: await beginningOf(response, signal) };
  } finally {
    response.destroy();
  }
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

function post(
  url: URL,
  headers: Record<string, string | number>,
  body: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const options: RequestOptions = { method: 'POST', headers, signal, agent: false, lookup: guardedLookup };
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(url, options, resolve);
    request.on('error', reject);
    request.end(body);
  });
}

/** As much of an answer's body as is ever shown. */
export async function beginningOf(response: IncomingMessage, signal: AbortSignal): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      pieces.push(chunk);
      bytes += chunk.length;
      if (bytes >= keptAnswerBytes) break;
    }
  } catch (error) {
    // The status is the answer; a body that never ends only delays what is shown of it.
    if (!signal.aborted) throw error;
  }
  return Buffer.concat(pieces).subarray(0, keptAnswerBytes).toString('utf8');
}

/** A name may lead anywhere, and elsewhere tomorrow: what it leads to is checked at each connection. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  dnsLookup(hostname, { ...options, all: true } as LookupOptions & { all: true }, (error, addresses) => {
    if (error) return callback(error, '');
    const allowed = addresses.filter(({ address }) => !isForbiddenIp(address));
    const [first] = allowed;
    if (!first) return callback(new ForbiddenAddress(hostname, addresses), '');
    if (options.all) return callback(null, allowed);
    callback(null, first.address, first.family);
  });
};

class ForbiddenAddress extends Error {
  readonly code = 'FORBIDDEN';
  readonly said: Said<DeliveryCode>;

  constructor(host: string, found: readonly LookupAddress[]) {
    const said = deliverySays('forbidden_address', { host, addresses: found.map(({ address }) => address) });
    super(said.text);
    this.said = said;
  }
}

function reasonOf(error: NodeJS.ErrnoException, timeoutMs: number): Said<DeliveryCode> {
  const cause = (error.cause as Error | undefined)?.name ?? error.name;
  if (cause === 'TimeoutError') return deliverySays('no_answer', { seconds: timeoutMs / 1000 });
  if (error.name === 'AbortError') return deliverySays('cut_off');
  if (error instanceof ForbiddenAddress) return error.said;
  if (error.code === 'ECONNREFUSED') return deliverySays('connection_refused');
  if (error.code === 'ENOTFOUND') return deliverySays('name_not_resolved');
  return deliverySays('connection_failed', { detail: error.message || error.code || error.name });
}
