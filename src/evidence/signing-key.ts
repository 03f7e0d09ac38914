/** The key by which the service signs evidence. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';

export interface SigningKey {
  /** SHA-256 over the public key (SPKI, DER), as `sha256:` and hex digits. */
  readonly keyId: string;
  /** SPKI, DER, base64. */
  readonly publicKey: string;
  /** The same as PEM. */
  readonly publicKeyPem: string;
  /** The signature (Ed25519) in base64. */
  sign(text: string): string;
}

/** Throws with the reason when the text holds no private Ed25519 key in PEM. */
export function readSigningKey(pem: string): SigningKey {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    // The cause may repeat parts of the file.
    throw new Error('it holds no private key in PEM');
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('its key is not of the kind Ed25519');
  const publicKey = createPublicKey(key);
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return {
    keyId: `sha256:${createHash('sha256').update(der).digest('hex')}`,
    publicKey: der.toString('base64'),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    sign: (text) => sign(null, Buffer.from(text), key).toString('base64'),
  };
}

/** A new private key, in PEM. */
export const newPrivateKey = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
