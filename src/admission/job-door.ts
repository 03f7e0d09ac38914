/** Who may put jobs into the queue. */
import type { Rights } from '../model/access.ts';
import { refuse } from '../model/refusal.ts';
import { type AccessToken, asksForSignIn } from '../platform/config.ts';
import { isSignedBy, type SignedJob, signedJobOf } from '../platform/signed-job.ts';
import { digestOf } from '../platform/token-text.ts';
import type { IdentityStore } from '../store/identities.ts';
import { IdempotencyConflictError, type Store } from '../store/store.ts';
import type { Requester } from './acceptance.ts';
import { type Idempotency, idempotencyOf } from './fingerprint.ts';
import { objectionToAction } from './may-act.ts';
import { printable } from './validate.ts';

export interface JobDoorParts {
  readonly tokens: readonly AccessToken[];
  readonly identities: Pick<IdentityStore, 'tokensNamed'>;
  readonly store: Pick<Store, 'acceptedUnder'>;
  readonly maxBodyBytes: number;
  readonly now: () => number;
}

/** Who asks by a job, and for what. Throws Refusal for a job that nobody may have sent; StoreUnavailableError. */
export type JobDoor = (
  jobId: string,
  data: unknown,
  idempotencyKey: string,
) => Promise<{ readonly requester: Requester & { readonly via: 'queue' }; readonly payload: unknown }>;

/** A signature older than this, or so far in the future, is none. */
const signatureHoldsMs = 7 * 86_400_000;

/**
 * Lets signed jobs in: the signature is checked before anything of the request is read. Unsigned jobs are let in only where
 * nobody has to sign in. A job whose expansion is stored already is only answered, whatever became of its token.
 */
export function createJobDoor(parts: JobDoorParts): JobDoor {
  const { tokens, identities, store, maxBodyBytes, now } = parts;
  const required = asksForSignIn(tokens) || tokens.some(({ role }) => role === 'producer');

  /** Who signed it; null = nobody who may. */
  async function signerOf(jobId: string, job: SignedJob): Promise<Rights | null> {
    const configured = tokens
      .filter(({ name }) => name === job.by)
      .map(({ name, role, scope = {}, token }) => ({
        rights: { name, role, scope },
        keys: [digestOf(token)],
      }));
    const stored = await identities.tokensNamed(job.by, now());
    const candidates = [
      ...configured,
      ...stored.map(({ token, digests }) => ({ rights: token, keys: digests })),
    ];
    return candidates.find(({ keys }) => isSignedBy(keys, jobId, job))?.rights ?? null;
  }

  return async (jobId, data, key) => {
    const job = signedJobOf(data);
    if (job === null) {
      if (required) throw refuse('job_not_signed', {});
      return { requester: { name: 'queue', via: 'queue' }, payload: data };
    }
    const bytes = Buffer.byteLength(job.body);
    if (bytes > maxBodyBytes) throw refuse('job_too_large', { bytes, most: maxBodyBytes });
    const by = printable(job.by);
    const signer = await signerOf(jobId, job);
    const requester = { name: job.by, via: 'queue' } as const;
    if (signer === null || Math.abs(now() - job.at) > signatureHoldsMs) {
      const payload = parsed(job.body);
      if (await isStored(idempotencyOf(requester, key, payload))) return { requester, payload };
      throw signer === null ? refuse('job_signature_wrong', { by }) : refuse('job_too_old', { at: job.at });
    }
    const objection = objectionToAction(signer, 'produce');
    if (objection !== null) throw objection;
    const { name, role, scope } = signer;
    return { requester: { ...requester, rights: { name, role, scope } }, payload: parsed(job.body) };
  };

  async function isStored(idempotency: Idempotency): Promise<boolean> {
    try {
      return (await store.acceptedUnder(idempotency)) !== null;
    } catch (error) {
      if (error instanceof IdempotencyConflictError) return false;
      throw error;
    }
  }
}

/** What is no JSON is refused by whoever reads the request. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}
