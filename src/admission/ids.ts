import { randomBytes } from 'node:crypto';

/** Makes ids that sort by time, fit into an address and a job id (no `:`), and cannot be guessed. */
export type NewId = (prefix: string) => string;

/** Nine characters hold milliseconds until the year 5188. */
const timeDigits = 9;

/** `exp_` + nine digits of time in base 36 + 16 hexadecimal digits of chance. */
export function idMaker(now: () => number, random: (bytes: number) => Buffer = randomBytes): NewId {
  return (prefix) => `${prefix}_${now().toString(36).padStart(timeDigits, '0')}${random(8).toString('hex')}`;
}
