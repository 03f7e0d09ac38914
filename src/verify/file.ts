import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { keyIdOf, mostEvidenceBytes, type Verification, verifyEvidence } from './index.ts';

/** The file of evidence, or that of the key, cannot be used; the message says why. */
export class EvidenceFileError extends Error {
  readonly which: 'evidence' | 'key';
  constructor(which: EvidenceFileError['which'], message: string) {
    super(message);
    this.which = which;
  }
}

/** `key`: a key id, a file with the key in PEM, or null. Throws EvidenceFileError. */
export function verifyFile(path: string, key: string | null): Verification {
  const trusted = key === null ? null : trustedKeyId(key);
  return verifyEvidence(contentOf(path), trusted);
}

function trustedKeyId(key: string): string {
  const [, digits] = /^(?:sha256:)?([0-9a-f]{64})$/i.exec(key) ?? [];
  if (digits !== undefined) return `sha256:${digits.toLowerCase()}`;
  let pem: string;
  try {
    pem = readFileSync(key, 'utf8');
  } catch (error) {
    throw new EvidenceFileError('key', (error as Error).message);
  }
  const id = keyIdOf(pem);
  if (id === null) throw new EvidenceFileError('key', `${key} holds no key in PEM`);
  return id;
}

/** Reads no more than may be there, whatever the file says of its size. */
function contentOf(path: string): Uint8Array {
  let file: number | null = null;
  try {
    file = openSync(path, 'r');
    const { size } = fstatSync(file);
    const parts: Buffer[] = [];
    for (let all = 0; all <= mostEvidenceBytes; ) {
      const part = Buffer.alloc(Math.max(64 * 1024, Math.min(size + 1, mostEvidenceBytes + 1) - all));
      const read = readSync(file, part);
      if (read === 0) return Buffer.concat(parts);
      parts.push(part.subarray(0, read));
      all += read;
    }
  } catch (error) {
    throw new EvidenceFileError('evidence', (error as Error).message);
  } finally {
    if (file !== null) closeSync(file);
  }
  throw new EvidenceFileError('evidence', `it is larger than ${mostEvidenceBytes / 1024 / 1024} MiB`);
}
