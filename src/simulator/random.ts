/** Seeded randomness: the same seed gives the same numbers on every machine. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** Whole number in [low, high]. */
  int(low: number, high: number): number;
  /** Number in [range[0], range[1]). */
  within(range: readonly [number, number]): number;
  hex(length: number): string;
  /** Hex digits out of a pool that is drawn once: cheap, for values whose content does not matter. */
  text(length: number): string;
  pick<T>(items: readonly T[]): T;
}

/** FNV-1a over the text: for seeds made of names. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}

const poolLength = 4096;

/** Mulberry32. */
export function createRandom(seed: number | string): Random {
  let state = (typeof seed === 'number' ? seed : hashText(seed)) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  const hex = (length: number): string => Array.from({ length }, () => int(0, 15).toString(16)).join('');
  let pool: string | undefined;
  const text = (length: number): string => {
    pool ??= hex(poolLength);
    const start = int(0, poolLength - 1);
    if (start + length <= poolLength) return pool.slice(start, start + length);
    return (
      pool.slice(start) + pool.repeat(Math.ceil(length / poolLength)).slice(0, length - poolLength + start)
    );
  };
  return {
    next,
    int,
    within: ([low, high]) => low + next() * (high - low),
    hex,
    text,
    pick: (items) => items[int(0, items.length - 1)]!,
  };
}
