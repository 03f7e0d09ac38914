import { canonicalJson } from '../evidence/canonical.ts';
import type { SigningKey } from '../evidence/signing-key.ts';
import type { TrailHead } from '../model/views/trail.ts';
import type { TrailEnd } from '../store/trail.ts';

/** Another shape is another format. */
export const trailFormat = 'pika-expander trail 1';

/** The end of the trail at a time, signed: whoever keeps it can show later that entries are missing or others. */
export function signedHead({ seq, hash }: TrailEnd, at: number, key: SigningKey): TrailHead {
  return {
    format: trailFormat,
    seq,
    hash,
    at,
    signature: {
      algorithm: 'ed25519',
      keyId: key.keyId,
      publicKey: key.publicKey,
      value: key.sign(`${trailFormat} ${canonicalJson({ seq, hash, at })}`),
    },
  };
}
