import type { KeyType } from '../core/comparison.ts';
import { compareExpiries } from './expiry.ts';
import { compareCollections } from './members.ts';
import type { Clock } from './pace.ts';
import type { Pair } from './pair.ts';
import type { Settler } from './settle.ts';
import type { Tally } from './tally.ts';

/** What every walk over keys needs. */
export interface Comparer {
  readonly pair: Pair;
  readonly settler: Settler;
  readonly tally: Tally;
  readonly clock: Clock;
  /** Whether keys of a type can expire in the selected DB, so that expiries have to be compared. */
  mayExpire(type: KeyType): boolean;
}

/** Keys asked for at a time where nothing speaks against it. */
export const mostKeysPerPage = 1000;
/** Bytes of values aimed at per reply. */
const bytesPerPage = 1024 * 1024;

/** How many keys to ask for next, so that replies stay small whatever the size of the values. */
export class PageSize {
  readonly #comparer: Comparer;
  #bytesPerKey = 1024;

  constructor(comparer: Comparer) {
    this.#comparer = comparer;
  }

  get keys(): number {
    const { pace } = this.#comparer.pair;
    const bySize = Math.floor(Math.min(bytesPerPage, pace.largestReply) / this.#bytesPerKey);
    return Math.max(1, Math.min(mostKeysPerPage, pace.largestPage, bySize));
  }

  /** Tells how large the last reply was; a single large value makes the following pages small for a while. */
  saw(keys: number, bytes: number): void {
    if (keys === 0) return;
    const seen = bytes / keys;
    this.#bytesPerKey = Math.max(16, seen > this.#bytesPerKey ? seen : (this.#bytesPerKey + seen) / 2);
  }
}

/** Compares a page of keys of one type that are known to be of that type on one side at least, values and expiries. */
export async function compareTypedKeys(
  comparer: Comparer,
  type: Exclude<KeyType, 'string'>,
  keys: readonly Buffer[],
): Promise<void> {
  if (keys.length === 0) return;
  await compareCollections(comparer.pair, comparer.settler, type, keys);
  await compareExpiries(comparer, type, keys);
}
