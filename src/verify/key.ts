/** Keys and signatures of what the service signs. */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { type Row, row, text } from './json.ts';

export const sha256 = (value: string | Buffer): string => createHash('sha256').update(value).digest('hex');

export const keyIdIn = (key: KeyObject): string =>
  `sha256:${sha256(key.export({ type: 'spki', format: 'der' }))}`;

/** The public key (SPKI, DER) in base64; null where it is none of the kind, or written in another way. */
export function publicKey(base64: string): KeyObject | null {
  const der = decoded(base64);
  if (der === null) return null;
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    // Bits that the reader of DER passes over are bits too.
    const isAsWritten = key.export({ type: 'spki', format: 'der' }).equals(der);
    return key.asymmetricKeyType === 'ed25519' && isAsWritten ? key : null;
  } catch {
    return null;
  }
}

/** null where another text would mean the same bytes. */
function decoded(base64: string): Buffer | null {
  const bytes = Buffer.from(base64, 'base64');
  return bytes.toString('base64') === base64 ? bytes : null;
}

export interface Seal {
  /** Whether the named key has signed the text. */
  readonly isSigned: boolean;
  /** Of the key in the seal; null = it holds none. */
  readonly keyId: string | null;
  /** Whether the seal gives its key another name. */
  readonly isMisnamed: boolean;
}

/** What the `signature` of a document says of a text. */
export function sealOn(signature: unknown, signed: string): Seal {
  const seal: Row = row(signature);
  const key = publicKey(text(seal.publicKey) ?? '');
  const value = decoded(text(seal.value) ?? '');
  const keyId = key === null ? null : keyIdIn(key);
  return {
    isSigned:
      key !== null &&
      value !== null &&
      seal.algorithm === 'ed25519' &&
      verify(null, Buffer.from(signed), key, value),
    keyId,
    isMisnamed: keyId !== null && seal.keyId !== keyId,
  };
}
