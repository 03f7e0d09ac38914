/** Where each row begins, and behind the last where all end. */
export function topsOf(
  keys: readonly number[],
  heights: ReadonlyMap<number, number>,
  estimate: number,
): Float64Array {
  const tops = new Float64Array(keys.length + 1);
  for (let index = 0; index < keys.length; index += 1)
    tops[index + 1] = (tops[index] as number) + (heights.get(keys[index] as number) ?? estimate);
  return tops;
}

/** The row that covers this place; the last one below the end. */
export function indexAt(tops: Float64Array, top: number): number {
  let low = 0;
  let high = Math.max(0, tops.length - 2);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((tops[middle] as number) <= top) low = middle;
    else high = middle - 1;
  }
  return low;
}
