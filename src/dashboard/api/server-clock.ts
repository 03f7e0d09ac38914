/**
 * The service's clock as far as its answers tell it. Times in events are the service's, so an age or a timeline would
 * be wrong by the difference to this machine's clock. Dates in answers have whole seconds, so smaller differences count
 * as none.
 */
let offsetMs = 0;
const noticedFromMs = 2_000;

/** Takes the time from an answer's Date header. */
export function noteServerDate(date: string | null, now: number): void {
  if (date === null) return;
  const server = Date.parse(date);
  if (Number.isNaN(server)) return;
  const difference = server - now;
  offsetMs = Math.abs(difference) < noticedFromMs ? 0 : difference;
}

/** Now, by the service's clock; milliseconds since the epoch. */
export const serverNow = (): number => Date.now() + offsetMs;
