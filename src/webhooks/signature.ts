import { createHmac, timingSafeEqual } from 'node:crypto';

/** The headers of every request to a receiver. */
export const webhookHeaders = {
  /** The event's type, or `before_batch`. */
  event: 'pika-expander-event',
  /** The same for every attempt at one delivery: a receiver drops what it has seen. */
  delivery: 'pika-expander-delivery',
  /** Seconds since the epoch at which this attempt was signed. */
  timestamp: 'pika-expander-timestamp',
  /** `sha256=` and the HMAC-SHA256 of `timestamp.body` under the webhook's secret, in hexadecimal. */
  signature: 'pika-expander-signature',
} as const;

/** Value of the signature header. */
export function signatureOf(secret: string, timestampSeconds: number, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestampSeconds}.${body}`).digest('hex')}`;
}

/**
 * For receivers: whether a request is genuine and not older than `toleranceSeconds`. `body` is the text as it came,
 * before any JSON parser.
 */
export function verifyWebhook(
  secret: string,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  body: string,
  nowSeconds: number,
  toleranceSeconds = 300,
): boolean {
  const timestamp = headers[webhookHeaders.timestamp];
  const given = headers[webhookHeaders.signature];
  if (typeof timestamp !== 'string' || typeof given !== 'string' || !/^\d+$/.test(timestamp)) return false;
  if (Math.abs(nowSeconds - Number(timestamp)) > toleranceSeconds) return false;
  const expected = Buffer.from(signatureOf(secret, Number(timestamp), body));
  const actual = Buffer.from(given);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}
