const atOnce = 500;

/** All pages of what is read by seq. */
export async function every<T extends { readonly seq: number }>(
  pageAfter: (afterSeq: number, limit: number) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const found: T[] = [];
  for (let after = 0; ; after = found.at(-1)!.seq) {
    const page = await pageAfter(after, atOnce);
    found.push(...page);
    if (page.length < atOnce) return found;
  }
}
