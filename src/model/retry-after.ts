/** Whoever forbids to ask for a year is asked again all the same. */
const longestMs = 3_600_000;

/** Milliseconds that a refused caller is to wait, by the answer's Retry-After header; 0 = the answer does not say. */
export function retryAfterMs(header: string | null | undefined, now: number): number {
  const text = header?.trim() ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return ms > 0 ? Math.min(longestMs, ms) : 0;
}
