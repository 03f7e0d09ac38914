import { createHash } from 'node:crypto';
import type { Requester } from './acceptance.ts';

/** What is stored of an idempotency key, so that the same request counts once and the key serves no other request. */
export interface Idempotency {
  /** The key within those of its requester: nobody meets the keys of somebody else. */
  readonly key: string;
  readonly fingerprint: string;
}

export const idempotencyOf = ({ via, name }: Requester, key: string, request: unknown): Idempotency => ({
  key: `${via} ${name}\n${key}`,
  fingerprint: fingerprint(request),
});

/** The same text for two requests that ask for the same, whatever the order of their keys or their white space. */
export function fingerprint(request: unknown): string {
  return createHash('sha256').update(canonical(request)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
  return `{${entries.join(',')}}`;
}
