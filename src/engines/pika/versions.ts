/** What came with which release of Pika, and stayed. All else that is known of releases: knowledge/pika.yaml. */

import { compareVersions } from '../../model/versions.ts';

export const oldestKnown = '3.3.6';

export const since = {
  hasReplicationId: '3.5.1',
  hasLastSave: '3.5.3',
  showsFullSyncing: '3.5.3',
  hasReplByteCounters: '3.5.0',
  hasRocksdbSizes: '3.5.0',
  hasStreams: '3.5.3',
  /** Change 2554: INFO data is put together in the background. */
  hasCheapInfoData: '3.5.4',
  /** One name is one key, whatever its type. */
  oneTypePerKey: '4.0.0',
} as const;

/**
 * How far the ports that a full sync needs lie from a node's own (pika-facts 7). Slaves ask their master at + 2000, and
 * take the dump from + 10001. Up to 3.4 the master pushes the dump to + 1000 of the slave.
 */
export function portShifts(version: string, role: 'master' | 'slave'): readonly number[] {
  if (!/^\d/.test(version)) return [];
  const pulls = compareVersions(version, '3.5.0') >= 0;
  if (role === 'slave') return pulls ? [] : [1000];
  return pulls ? [2000, 10_001] : [2000];
}
