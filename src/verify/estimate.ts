import type { Side } from './pair.ts';
import { infoText, redisKeyspace } from './server.ts';
import type { Tally } from './tally.ts';

/**
 * About how many keys a server holds, over all DBs, without walking them; null where nothing tells. Redis knows it
 * exactly. Pika (3.5 on) tells RocksDB's estimates, which count members of collections beside keys (facts 2.7), so
 * that the share looked at is rather understated.
 */
export async function estimateKeys(side: Side, tally: Tally): Promise<number | null> {
  if (side.facts.kind === 'redis')
    return (await redisKeyspace(side.connection)).reduce((sum, entry) => sum + entry.keys, 0);
  const text = await infoText(side.connection, 'rocksdb');
  const counts = [...text.matchAll(/estimate_num_keys:(\d+)/g)].map((match) => Number(match[1]));
  if (counts.length === 0) return null;
  tally.note("The number of keys is RocksDB's estimate; it counts members of collections too.");
  return counts.reduce((sum, count) => sum + count, 0);
}
