import type { KeyType } from '../../model/comparison.ts';
import { note } from '../../model/comparison-texts.ts';
import { numberIn, ProtocolError, type Reply, ReplyReader } from '../../resp/reader.ts';
import type { ListedStrings } from '../../resp/strings.ts';
import type { Comparer } from '../comparer.ts';
import { areExpiries } from '../judge/plausible.ts';
import { sameExpiry } from '../judge/settle.ts';
import { isAbsentTtl } from '../wire/probe.ts';
import { accepted, assertAccepted, type RawReplies, sameBytes } from '../wire/wire.ts';

/** Expiries that were asked for, and are still to be judged. */
export interface AskedExpiries {
  readonly type: KeyType;
  readonly keys: ListedStrings;
  readonly replies: Promise<{ readonly both: readonly [RawReplies, RawReplies]; readonly spreadMs: number }>;
}

/**
 * Asks both sides when keys expire, in one pipeline, if they can; `keys` is a page of keys of one type, whose bytes must
 * stay as they are until the answer is judged. null = there is nothing to ask.
 */
export function askExpiries(comparer: Comparer, type: KeyType, keys: ListedStrings): AskedExpiries | null {
  if (keys.count === 0 || !comparer.mayExpire(type)) return null;
  const { pair, settler, clock } = comparer;
  if (pair.notCutShort(keys).count < keys.count) comparer.tally.note(note('expiries_zero_byte'));
  const writer = pair.write().addEach(keys, [settler.expiry.name]);
  const startedAt = clock.now();
  const replies = pair.both(writer).then((both) => ({ both, spreadMs: clock.now() - startedAt }));
  replies.catch(() => undefined);
  return { type, keys, replies };
}

export async function judgeExpiries(comparer: Comparer, asked: AskedExpiries | null): Promise<void> {
  if (asked === null) return;
  const { pair, settler } = comparer;
  const { both, spreadMs } = await asked.replies;
  if (sameBytes(both[0], both[1])) {
    assertExpiries(comparer, both[0], asked.keys.count);
  } else {
    const { unitMs } = settler.expiry;
    const left = new ReplyReader(both[0].bytes);
    const right = new ReplyReader(both[1].bytes);
    for (let i = 0; i < asked.keys.count; i++) {
      const a = expiryIn(comparer, 'left', left.next());
      const b = expiryIn(comparer, 'right', right.next());
      // A key that is missing shows by its value.
      if (isAbsentTtl(a) || isAbsentTtl(b)) continue;
      if (!sameExpiry(a * unitMs, b * unitMs, settler.ttlSlackMs(spreadMs)))
        settler.suspect({ type: asked.type, key: asked.keys.get(i), probe: { of: 'ttl' } });
    }
  }
  pair.release(both);
}

/** Compares when keys expire, if they can; `keys` is a page of keys of one type. */
export async function compareExpiries(comparer: Comparer, type: KeyType, keys: ListedStrings): Promise<void> {
  await judgeExpiries(comparer, askExpiries(comparer, type, keys));
}

function assertExpiries({ pair, settler }: Comparer, replies: RawReplies, count: number): void {
  if (areExpiries(replies.bytes, count)) return;
  assertAccepted(pair.left.connection.name, settler.expiry.name, replies);
  throw new ProtocolError(`${settler.expiry.name} was answered with something else than times`);
}

const expiryIn = ({ pair, settler }: Comparer, side: 'left' | 'right', reply: Reply): number =>
  numberIn(accepted(pair[side].connection.name, settler.expiry.name, reply));
