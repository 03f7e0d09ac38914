import { infoFields } from '../../engines/pika/info.ts';
import { note } from '../../model/comparison-texts.ts';
import type { Tally } from '../judge/tally.ts';
import type { Pair } from '../pair.ts';
import { infoText, redisKeyspace } from '../wire/server.ts';

/**
 * About how many keys the left server holds, over all DBs, without walking them; null where nothing tells. Redis knows it
 * exactly. Pika (3.5 on) tells RocksDB's estimates, which count members of collections beside keys (pika-facts 2.7), so
 * that the share looked at is rather understated.
 */
export async function estimateKeys(pair: Pair, tally: Tally): Promise<number | null> {
  if (pair.kind === 'redis')
    return (await redisKeyspace(pair.left.connection)).reduce((sum, entry) => sum + entry.keys, 0);
  // Both are asked at the same time: on 4.x the right one's answer is needed too, when it comes to streams.
  const [text] = await Promise.all([pair.rocksdb('left'), pair.typesApart ? null : pair.rocksdb('right')]);
  const counts = [...text.matchAll(/estimate_num_keys:(\d+)/g)].map((match) => Number(match[1]));
  if (counts.length === 0) return null;
  tally.note(note('estimate'));
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * What a key and its value take on the average, on the side where it is more; 0 where nothing tells. Redis scatters keys over
 * its table, so that any page of them takes about so much for each.
 */
export async function meanKeyBytes(pair: Pair): Promise<number> {
  if (pair.kind !== 'redis') return 0;
  const means = await Promise.all(
    [pair.left, pair.right].map(async ({ connection }) => {
      const [memory, keyspace] = await Promise.all([
        infoText(connection, 'memory'),
        redisKeyspace(connection),
      ]);
      const bytes = Number(infoFields(memory).get('used_memory_dataset'));
      const keys = keyspace.reduce((sum, entry) => sum + entry.keys, 0);
      return bytes > 0 && keys > 0 ? bytes / keys : 0;
    }),
  );
  return Math.max(...means);
}
