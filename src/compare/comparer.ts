import type { KeyType } from '../model/comparison.ts';
import type { Settler } from './judge/settle.ts';
import type { Tally } from './judge/tally.ts';
import type { Clock } from './pace.ts';
import type { Pair } from './pair.ts';
import { type MemberPortions, Portion } from './portion.ts';

/** What every walk over keys needs. */
export interface Comparer {
  readonly pair: Pair;
  readonly settler: Settler;
  readonly tally: Tally;
  readonly clock: Clock;
  readonly portions: MemberPortions;
  /** Reads one large collection at a time: its replies may be large. */
  readonly largeInTurn: <T>(work: () => Promise<T>) => Promise<T>;
  /** What a key takes on the average, where the server tells; 0 = not known. */
  readonly meanKeyBytes: number;
  /** Whether keys of a type can expire in the selected DB, so that expiries have to be compared. */
  mayExpire(type: KeyType): boolean;
}

/** Keys asked for at a time where nothing speaks against it. */
export const mostKeysPerPage = 1000;
/** Fewer on Pika, whose ranges come in key order, where large values may lie side by side and meet a range unawares. */
export const mostKeysPerRange = 500;

/** Pages that may be under way at a time. A cap is kept more smoothly by few. */
export const pagesAtOnce = ({ pair }: Comparer): number => (pair.pace.isCapped ? 1 : 5);

/** The same of replies that are large by themselves. */
export const largeAtOnce = 1;

/** Pages in a row that one side may be asked for before the present one has come from both. */
export const pagesAhead = ({ pair }: Comparer, portion: Portion): number =>
  pair.pace.isCapped || portion.ofLargeThings ? 1 : 3;

export const keyPortion = (comparer: Comparer, most = mostKeysPerPage): Portion =>
  new Portion(comparer.pair, most, comparer.meanKeyBytes);
