import { canonicalJson } from '../evidence/canonical.ts';
import { chainStart } from '../evidence/chain.ts';
import type { SigningKey } from '../evidence/signing-key.ts';
import type { TrailStore } from '../store/trail.ts';
import { signedHead, trailFormat } from './head.ts';

/** Entries that are in memory at the same time. */
const atOnce = 500;

/**
 * The lines of an export: its format and the entry that it follows, each entry, and the signed end of them. `after`: the number of
 * the entry that it follows; what is written meanwhile is not in it.
 */
export async function* exportLines(
  store: Pick<TrailStore, 'after' | 'end'>,
  after: number,
  key: SigningKey,
  now: () => number,
): AsyncGenerator<string> {
  const end = await store.end();
  const [before] = after === 0 ? [] : await store.after(after - 1, 1);
  let last = before === undefined ? { seq: 0, hash: chainStart } : { seq: before.seq, hash: before.hash };
  if (after > end.seq) last = end;
  yield line({ format: trailFormat, follows: last });
  while (last.seq < end.seq) {
    const entries = await store.after(last.seq, Math.min(atOnce, end.seq - last.seq));
    if (entries.length === 0) break;
    for (const entry of entries) yield line(entry);
    const { seq, hash } = entries.at(-1)!;
    last = { seq, hash };
  }
  yield line(signedHead(last, now(), key));
}

const line = (value: object): string => `${canonicalJson(value)}\n`;
