import type { SimulatedVersion } from './versions.ts';

/** Settings of 3.5.4 in the order of CONFIG GET (recording 24-3.5.4-config-get), with the defaults of pika-facts 3.3. */
const settings354: readonly (readonly [name: string, value: string])[] = [
  ['port', ''],
  ['thread-num', '1'],
  ['thread-pool-size', '12'],
  ['slow-cmd-thread-pool-size', '1'],
  ['userblacklist', ''],
  ['slow-cmd-list', ''],
  ['sync-thread-num', '6'],
  ['log-path', '/data/pika/ID/log/'],
  ['db-path', '/data/pika/ID/db/'],
  ['maxmemory', '8388608'],
  ['write-buffer-size', '268435456'],
  ['arena-block-size', '1048576'],
  ['max-write-buffer-num', '2'],
  ['timeout', '60'],
  ['requirepass', ''],
  ['masterauth', ''],
  ['userpass', ''],
  ['instance-mode', 'classic'],
  ['databases', ''],
  ['daemonize', 'yes'],
  ['slotmigrate', 'no'],
  ['slotmigrate-thread-num', '1'],
  ['thread-migrate-keys-num', '64'],
  ['dump-path', '/data/pika/ID/dump/'],
  ['dump-expire', '0'],
  ['dump-prefix', ''],
  ['pidfile', '/data/pika/ID/pika.pid'],
  ['maxclients', '10000'],
  ['target-file-size-base', '20971520'],
  ['max-cache-statistic-keys', '0'],
  ['small-compaction-threshold', '5000'],
  ['small-compaction-duration-threshold', '10000'],
  ['max-background-flushes', '1'],
  ['max-background-compactions', '2'],
  ['max-background-jobs', '3'],
  ['max-cache-files', '5000'],
  ['max-bytes-for-level-multiplier', '10'],
  ['block-size', '4096'],
  ['block-cache', '8388608'],
  ['share-block-cache', 'no'],
  ['cache-index-and-filter-blocks', 'no'],
  ['optimize-filters-for-hits', 'no'],
  ['level-compaction-dynamic-level-bytes', 'yes'],
  ['expire-logs-days', '7'],
  ['expire-logs-nums', '10'],
  ['root-connection-num', '2'],
  ['slowlog-write-errorlog', 'no'],
  ['slowlog-log-slower-than', '10000'],
  ['slowlog-max-len', '128'],
  ['write-binlog', 'yes'],
  ['binlog-file-size', '104857600'],
  ['max-write-buffer-size', '10737418240'],
  ['max-client-response-size', '1073741824'],
  ['compression', 'snappy'],
  ['db-sync-path', '/data/pika/ID/dbsync/'],
  ['db-sync-speed', '1024'],
  ['compact-cron', ''],
  ['compact-interval', ''],
  ['disable_auto_compactions', 'false'],
  ['network-interface', 'lo'],
  ['slaveof', ''],
  ['slave-priority', '100'],
  ['save', ''],
  ['appendonly', 'no'],
  ['sync-window-size', '9000'],
  ['max-conn-rbuf-size', '268435456'],
  ['replication-num', '0'],
  ['consensus-level', '0'],
  ['rate-limiter-mode', '1'],
  ['rate-limiter-bandwidth', '2097152000'],
  ['rate-limiter-refill-period-us', '100000'],
  ['rate-limiter-fairness', '10'],
  ['rate-limiter-auto-tuned', 'yes'],
  ['run-id', ''],
  ['blob-cache', '0'],
  ['blob-compression-type', 'none'],
  ['blob-file-size', '268435456'],
  ['blob-garbage-collection-age-cutoff', '0.250000'],
  ['blob-garbage-collection-force-threshold', '1.000000'],
  ['blob-num-shard-bits', '0'],
  ['compression-per-level', ''],
  ['default-slot-num', '1024'],
  ['enable-blob-files', 'no'],
  ['enable-blob-garbage-collection', 'no'],
  ['loglevel', ''],
  ['min-blob-size', '4096'],
  ['pin_l0_filter_and_index_blocks_in_cache', 'no'],
  ['slave-read-only', 'yes'],
  ['throttle-bytes-per-second', '207200000'],
  ['max-rsync-parallel-num', '4'],
  ['replication-id', ''],
  ['cache-num', '16'],
  ['cache-model', '1'],
  ['cache-type', 'string,set,zset,list,hash,bit'],
  ['zset-cache-start-direction', '0'],
  ['zset-cache-field-num-per-key', '512'],
  ['cache-maxmemory', '10737418240'],
  ['cache-maxmemory-policy', '1'],
  ['cache-maxmemory-samples', '5'],
  ['cache-lfu-decay-time', '1'],
  ['acl-pubsub-default', 'resetchannels'],
];

/** What 3.5.5 has beyond that: after which setting, name, value. */
const added355: readonly (readonly [after: string, name: string, value: string])[] = [
  ['slow-cmd-thread-pool-size', 'admin-thread-pool-size', '2'],
  ['slow-cmd-list', 'admin-cmd-list', 'monitor,ping,info'],
  ['sync-thread-num', 'sync-binlog-thread-num', '1'],
  ['slotmigrate', 'slow-cmd-pool', 'no'],
  ['rate-limiter-bandwidth', 'delayed-write-rate', '0'],
  ['delayed-write-rate', 'max-compaction-bytes', '104857600'],
];

const changed355: Readonly<Record<string, string>> = {
  'max-background-flushes': '-1',
  'max-background-compactions': '-1',
  'rate-limiter-bandwidth': '1099511627776',
};

/** What 4.0.1 has beyond that: after which setting, name, value. */
const added401: readonly (readonly [after: string, name: string, value: string])[] = [
  ['slow-cmd-thread-pool-size', 'admin-thread-pool-size', '2'],
  ['slow-cmd-list', 'admin-cmd-list', 'monitor,ping,info'],
  ['sync-thread-num', 'sync-binlog-thread-num', '1'],
  ['slotmigrate', 'slow-cmd-pool', 'no'],
  ['share-block-cache', 'enable-partitioned-index-filters', 'no'],
  ['max-write-buffer-size', 'max-total-wal-size', '1073741824'],
  ['max-total-wal-size', 'min-write-buffer-number-to-merge', '1'],
  ['min-write-buffer-number-to-merge', 'level0-stop-writes-trigger', '36'],
  ['level0-stop-writes-trigger', 'level0-slowdown-writes-trigger', '20'],
  ['level0-slowdown-writes-trigger', 'level0-file-num-compaction-trigger', '4'],
  ['rate-limiter-bandwidth', 'delayed-write-rate', '0'],
  ['delayed-write-rate', 'max-compaction-bytes', '104857600'],
  ['acl-pubsub-default', 'enable-db-statistics', 'no'],
  ['enable-db-statistics', 'db-statistics-level', '2'],
];

const changed401: Readonly<Record<string, string>> = {
  'max-background-flushes': '-1',
  'max-background-compactions': '-1',
  'rate-limiter-bandwidth': '1099511627776',
};
/** 3.3.6, in the order of pika-facts 3.3; no slave-read-only, throttle, replication-id or run-id. */
const names336 =
  'port thread-num thread-pool-size sync-thread-num log-path db-path maxmemory write-buffer-size arena-block-size max-write-buffer-number timeout requirepass masterauth userpass userblacklist instance-mode databases default-slot-num daemonize dump-path dump-expire dump-prefix pidfile maxclients target-file-size-base max-cache-statistic-keys small-compaction-threshold max-background-flushes max-background-compactions max-cache-files max-bytes-for-level-multiplier block-size block-cache share-block-cache cache-index-and-filter-blocks optimize-filters-for-hits level-compaction-dynamic-level-bytes expire-logs-days expire-logs-nums root-connection-num slowlog-write-errorlog slowlog-log-slower-than slowlog-max-len write-binlog binlog-file-size max-write-buffer-size max-client-response-size compression db-sync-path db-sync-speed compact-cron compact-interval network-interface slaveof slave-priority sync-window-size max-conn-rbuf-size replication-num consensus-level'.split(
    ' ',
  );

/** Came with 3.5.1; before it a node has no id. */
const since351 = ['replication-id'];

/** Settings of a fresh node of that version, in the order of CONFIG GET. */
export function defaultSettings(version: SimulatedVersion, nodeId: string): Map<string, string> {
  const settings = new Map(forVersion(version));
  for (const [name, value] of settings) settings.set(name, value.replace('/ID/', `/${nodeId}/`));
  return settings;
}

function forVersion(version: SimulatedVersion): [string, string][] {
  const known = new Map(settings354);
  if (version === '3.3.6')
    return names336.map((name) => [name, name === 'db-sync-speed' ? '-1' : (known.get(name) ?? '')]);
  if (version === '3.5.5') return extend(added355, changed355);
  if (version.startsWith('4.0')) return extend(added401, changed401);
  return extend([], {}).filter(([name]) => version >= '3.5.1' || !since351.includes(name));
}

function extend(
  added: readonly (readonly [string, string, string])[],
  changed: Readonly<Record<string, string>>,
): [string, string][] {
  const rows: [string, string][] = settings354.map(([name, value]) => [name, changed[name] ?? value]);
  for (const [after, name, value] of added)
    rows.splice(rows.findIndex(([each]) => each === after) + 1, 0, [name, value]);
  return rows;
}

const textSettings =
  'requirepass masterauth userpass userblacklist dump-prefix compact-cron compact-interval'.split(' ');

const numberSettings =
  'timeout maxclients dump-expire slave-priority expire-logs-days expire-logs-nums root-connection-num slowlog-log-slower-than slowlog-max-len max-cache-statistic-keys small-compaction-threshold max-client-response-size db-sync-speed sync-window-size max-cache-files max-background-compactions write-buffer-size max-write-buffer-num arena-block-size'.split(
    ' ',
  );

const numberSettings35 =
  'throttle-bytes-per-second rsync-timeout-ms max-rsync-parallel-num max-background-jobs slotmigrate-thread-num thread-migrate-keys-num small-compaction-duration-threshold max-conn-rbuf-size'.split(
    ' ',
  );

const wordSettings = ['write-binlog', 'slowlog-write-errorlog', 'slotmigrate', 'disable_auto_compactions'];

const smallest: Readonly<Record<string, number>> = {
  'expire-logs-nums': 1,
  'expire-logs-days': 1,
  'throttle-bytes-per-second': 1,
  'rsync-timeout-ms': 1,
  'max-rsync-parallel-num': 1,
};

/** Why CONFIG SET refuses the value; null = it does not. Texts of 3.5.4 pika_admin.cc:2099. */
export function refuseSetting(version: SimulatedVersion, name: string, value: string): string | null {
  const numbers = version === '3.3.6' ? numberSettings : [...numberSettings, ...numberSettings35];
  if (textSettings.includes(name) || wordSettings.includes(name)) return null;
  if (!numbers.includes(name)) return `ERR Unsupported CONFIG parameter: ${name}`;
  const valid = /^-?\d{1,15}$/.test(value) && Number(value) >= (smallest[name] ?? Number.NEGATIVE_INFINITY);
  return valid ? null : `ERR Invalid argument '${value}' for CONFIG SET '${name}'`;
}
