/** The known names that a mistyped one may mean, the nearest first. */
export function nearest(name: string, known: readonly string[]): readonly string[] {
  const most = Math.max(1, Math.floor(Math.min(name.length, 40) / 3));
  return known
    .map((each) => ({ each, far: distance(name.slice(0, 40).toLowerCase(), each.toLowerCase()) }))
    .filter(({ far }) => far <= most)
    .sort((a, b) => a.far - b.far)
    .slice(0, 2)
    .map(({ each }) => each);
}

/** Letters to be changed, added or taken away to make one of the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
