import { Redis } from 'ioredis';
import type { Address } from '../model/observation.ts';

/** All key names of a node by SCAN: an independent look, with none of the product's own code. */
export async function countKeys(address: Address): Promise<ReadonlySet<string>> {
  const client = new Redis({ ...address, protocol: 2, disableClientInfo: true, enableReadyCheck: false });
  client.on('error', () => undefined);
  try {
    const keys = new Set<string>();
    let cursor = '0';
    do {
      const [next, page] = await client.scan(cursor, 'COUNT', 5000);
      for (const key of page) keys.add(key);
      cursor = next;
    } while (cursor !== '0');
    return keys;
  } finally {
    client.disconnect();
  }
}
