/** Expansions that are part of something else: each is admitted exactly once, also after a kill. */
import type { Logger } from 'pino';
import type { Requester } from '../admission/acceptance.ts';
import type { Admission } from '../admission/admission.ts';
import { idempotencyOf } from '../admission/fingerprint.ts';
import type { Admitted } from '../model/admitted.ts';
import type { Control, Expansion } from '../model/expansion.ts';
import { Refusal, refuse } from '../model/refusal.ts';
import type { Doorbell } from '../queue/doorbell.ts';
import { FencedError } from '../store/leases.ts';
import { IdempotencyConflictError, type Store, StoreUnavailableError, type Within } from '../store/store.ts';

/** A request under a key of its own. */
export interface WithinRequest {
  readonly who: Requester;
  readonly key: string;
  readonly request: unknown;
}

/** What became of an admission that an earlier worker decided on, as the store of expansions tells. */
export async function admittedBefore(
  store: Pick<Store, 'acceptedUnder'>,
  { who, key, request }: WithinRequest,
  now: number,
): Promise<Admitted<Expansion>> {
  try {
    const expansion = await store.acceptedUnder(idempotencyOf(who, key, request));
    return expansion === null ? { kind: 'not_happened' } : { kind: 'accepted', expansion };
  } catch (error) {
    if (!(error instanceof IdempotencyConflictError)) throw error;
    return { kind: 'refused', problem: refuse('idempotency_key_reused', {}).asProblem(now) };
  }
}

export interface AdmitParts {
  readonly admission: Pick<Admission, 'expand'>;
  readonly log: Pick<Logger, 'error'>;
  readonly now: () => number;
}

/** Has an expansion admitted. Throws what keeps this worker from going on: the lease is lost, or the database is away. */
export async function admitWithin(
  { admission, log, now }: AdmitParts,
  { who, key, request }: WithinRequest,
  within: Within,
): Promise<Admitted<Expansion>> {
  try {
    const { expansion } = await admission.expand(request, who, key, within);
    return { kind: 'accepted', expansion };
  } catch (error) {
    if (error instanceof FencedError || error instanceof StoreUnavailableError) throw error;
    if (error instanceof Refusal && !error.passes)
      return { kind: 'refused', problem: error.asProblem(now()) };
    const { id } = within.lease;
    log.error(
      { [`${within.of}Id`]: id, key, err: error },
      'an expansion could not be admitted; it is tried again',
    );
    const refusal = error instanceof Refusal ? error : refuse('internal_error', { inLog: id });
    return { kind: 'try_later', problem: refusal.asProblem(now()) };
  }
}

/** Asks for it under the same id each time, so that it counts once; the expansion's worker applies it. */
export async function cancelWithin(
  {
    store,
    doorbell,
  }: { readonly store: Pick<Store, 'addControl'>; readonly doorbell: Pick<Doorbell, 'ring'> },
  expansionId: string,
  asked: Pick<Control, 'id' | 'reason' | 'by' | 'at'>,
): Promise<void> {
  await store.addControl(expansionId, { ...asked, verb: 'cancel', node: null });
  await doorbell.ring(expansionId).catch(() => undefined);
}

/** Preflight can take long, and a worker that has to stop does not wait for it. Without the lease its result is not stored. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal, otherwise: T): Promise<T> {
  work.catch(() => undefined);
  const done = new AbortController();
  const aborted = new Promise<T>((resolve) => {
    const leave = () => resolve(otherwise);
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true, signal: done.signal });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    done.abort();
  }
}
