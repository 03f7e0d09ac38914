/** A chain of hashes: each entry carries the SHA-256 over the hash before it and its own canonical JSON. */
import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical.ts';

/** What the first entry follows. */
export const chainStart = '0'.repeat(64);

/** The hash of an entry that follows an entry of that hash. */
export const linkHash = (before: string, entry: object): string =>
  createHash('sha256')
    .update(`${before}${canonicalJson(entry)}`)
    .digest('hex');
