import type { KeyType } from '../core/comparison.ts';
import type { Comparer } from './comparer.ts';
import { isAbsentTtl } from './probe.ts';
import { ErrorReply, ReplyReader } from './resp.ts';
import { sameExpiry } from './settle.ts';
import { errorFromReply, sameBytes } from './wire.ts';

/** Compares when keys expire, in one pipelined pass, if they can; `keys` is a page of keys of one type. */
export async function compareExpiries(
  comparer: Comparer,
  type: KeyType,
  keys: readonly Buffer[],
): Promise<void> {
  if (keys.length === 0 || !comparer.mayExpire(type)) return;
  const { pair, settler, clock } = comparer;
  const { name, unitMs } = settler.expiry;
  const writer = pair.write();
  for (const key of keys) writer.add(name, key);
  const startedAt = clock.now();
  const replies = await pair.both(writer);
  const spreadMs = clock.now() - startedAt;
  if (!sameBytes(replies[0], replies[1])) {
    const left = new ReplyReader(replies[0].bytes);
    const right = new ReplyReader(replies[1].bytes);
    for (const key of keys) {
      const a = left.next();
      const b = right.next();
      if (a instanceof ErrorReply) throw errorFromReply(pair.left.connection.name, name, a);
      if (b instanceof ErrorReply) throw errorFromReply(pair.right.connection.name, name, b);
      // A key that is missing shows by its value.
      if (isAbsentTtl(Number(a)) || isAbsentTtl(Number(b))) continue;
      if (!sameExpiry(Number(a) * unitMs, Number(b) * unitMs, settler.ttlSlackMs(spreadMs)))
        settler.suspect({ type, key, probe: { of: 'ttl' } });
    }
  }
  pair.release(replies);
}
