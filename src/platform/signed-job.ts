/** How a producer signs a job of the queue: Redis and its readers get no token, and a job cannot be changed, nor sent under another id. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { digestOf } from './token-text.ts';

/** The data of a signed job. */
export interface SignedJob {
  /** The request as JSON. */
  readonly body: string;
  /** Name of the producer's token. */
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** HMAC-SHA256, in hex, of `<job id>\n<at>\n<body>`; its key is the SHA-256 of the token's text. */
  readonly signature: string;
}

/** Signs a request by a token of the role `producer`. */
export function signJob(
  request: unknown,
  jobId: string,
  { name, token }: { readonly name: string; readonly token: string },
  now: number,
): SignedJob {
  const body = JSON.stringify(request);
  return { body, by: name, at: now, signature: signatureOf(digestOf(token), jobId, now, body) };
}

const signatureOf = (key: Buffer, jobId: string, at: number, body: string): string =>
  createHmac('sha256', key).update(`${jobId}\n${at}\n${body}`).digest('hex');

/** What of a job is signed; null = it is not. */
export function signedJobOf(data: unknown): SignedJob | null {
  if (typeof data !== 'object' || data === null) return null;
  const { body, by, at, signature } = data as Record<string, unknown>;
  const isSigned =
    typeof body === 'string' &&
    typeof by === 'string' &&
    typeof at === 'number' &&
    typeof signature === 'string';
  return isSigned ? { body, by, at, signature } : null;
}

/** Whether one of these keys made the signature. */
export function isSignedBy(keys: readonly Buffer[], jobId: string, job: SignedJob): boolean {
  const given = Buffer.from(job.signature);
  return keys.some((key) => {
    const expected = Buffer.from(signatureOf(key, jobId, job.at, job.body));
    return expected.length === given.length && timingSafeEqual(expected, given);
  });
}
