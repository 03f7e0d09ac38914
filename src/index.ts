/**
 * The public part of this package: the job for the queue `expansions`, its payload as a type and as JSON Schema, the
 * reading of a failed job, and the check of a webhook's signature. See docs/queue.md and docs/webhooks.md.
 */
import { ExpansionRequest } from './admission/request.ts';
import { type SignedJob, signJob } from './platform/signed-job.ts';
import { type ExpansionJob, makeExpansionJob } from './queue/producer.ts';

export type { EventMap, EventType } from './model/events.ts';
export type { StoredEvent } from './model/views/event.ts';
export type {
  ExpansionJob,
  ExpansionJobFailure,
  ExpansionJobProgress,
  ExpansionJobResult,
} from './queue/producer.ts';
export { expansionQueueName, parseJobFailure } from './queue/producer.ts';
export { verifyWebhook, webhookHeaders } from './webhooks/signature.ts';
export type { ExpansionRequest, SignedJob };

/** JSON Schema of a job's payload; the same as of the body of `POST /v1/expansions`. */
export const expansionRequestSchema: object = ExpansionRequest;

/**
 * The job that asks for an expansion: `queue.add(job.name, job.data, job.opts)`. The key makes it happen once. With a token of the
 * role `producer` the job is signed; the token itself is no part of it.
 * Throws RangeError for a key that cannot be a job id (a colon, only digits, longer than 128).
 */
export function expansionJob(
  request: ExpansionRequest,
  idempotencyKey: string,
): ExpansionJob<ExpansionRequest>;
export function expansionJob(
  request: ExpansionRequest,
  idempotencyKey: string,
  producer: { readonly name: string; readonly token: string },
): ExpansionJob<SignedJob>;
export function expansionJob(
  request: ExpansionRequest,
  idempotencyKey: string,
  producer?: { readonly name: string; readonly token: string },
): ExpansionJob<ExpansionRequest | SignedJob> {
  const data = producer ? signJob(request, idempotencyKey, producer, Date.now()) : request;
  return makeExpansionJob(data, idempotencyKey);
}
