import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { keyIdOf, mostEvidenceBytes, type Verification, verifyEvidence } from './index.ts';
import { type TrailVerification, verifyTrail } from './trail.ts';

/** The file that is checked, or that of the key or of the head, cannot be used; the message says why. */
export class EvidenceFileError extends Error {
  readonly which: 'evidence' | 'key' | 'trail' | 'head';
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

/**
 * `source`: a file of an export, or its text as it comes. `head`: a file with a head that was kept, or null. `key`: as above. Throws
 * EvidenceFileError.
 */
export async function verifyTrailFile(
  source: string | AsyncIterable<string>,
  { head, key }: { readonly head: string | null; readonly key: string | null },
): Promise<TrailVerification> {
  return verifyTrail(typeof source === 'string' ? textOf(source) : source, {
    head: head === null ? null : headText(head),
    trustedKeyId: key === null ? null : trustedKeyId(key),
  });
}

function headText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new EvidenceFileError('head', (error as Error).message);
  }
}

const pieceBytes = 64 * 1024;

/** A file of any size, piece by piece. */
function* textOf(path: string): Generator<string> {
  let file: number | null = null;
  try {
    file = openSync(path, 'r');
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const piece = Buffer.alloc(pieceBytes);
    for (let read = readSync(file, piece); read > 0; read = readSync(file, piece))
      yield decoder.decode(piece.subarray(0, read), { stream: true });
    yield decoder.decode();
  } catch (error) {
    // Bytes that are no text are no export.
    if ((error as { readonly code?: string }).code === 'ERR_ENCODING_INVALID_ENCODED_DATA') yield '\0';
    else throw new EvidenceFileError('trail', (error as Error).message);
  } finally {
    if (file !== null) closeSync(file);
  }
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
