/**
 * The smallest part of all keys whose loss a look at `looks` keys, chosen evenly over the whole key space, finds with
 * 99 % probability, 0 to 1.
 *
 * Suppose that a part p of the keys is lost. A random key misses the loss with probability 1 - p, and `looks`
 * independent choices all miss it with probability (1 - p)^looks. That must be at most 1 %, so the smallest such p is 1
 * - 0.01^(1/looks). The choices are independent, so this holds for loss in one piece and for scattered loss. Neighbours
 * of a chosen key are compared too, but do not count as choices. Choosing without replacement from few keys only makes
 * the true figure smaller.
 */
export function smallestLossFound(looks: number): number | null {
  return looks < 1 ? null : 1 - 0.01 ** (1 / looks);
}

/** What was chosen of one type in one DB. */
export interface Stratum {
  /** Independent choices. */
  readonly looks: number;
  /** Whether every key was looked at, so that any loss was found. */
  readonly complete: boolean;
}

/**
 * The figure for several strata (types, DBs), each looked at on its own. The figure of the stratum with the fewest
 * looks is the largest, and holds for every stratum. 0 = every key was looked at; null = nothing was.
 */
export function smallestLossOverall(strata: readonly Stratum[]): number | null {
  const looked = strata.filter((stratum) => stratum.complete || stratum.looks > 0);
  if (looked.length === 0) return null;
  return Math.max(
    ...looked.map((stratum) => (stratum.complete ? 0 : (smallestLossFound(stratum.looks) ?? 1))),
  );
}
