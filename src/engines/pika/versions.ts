/** What came with which release of Pika, and stayed. All else that is known of releases: knowledge/pika.yaml. */

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
