import { type KeyType, keyTypes } from './keyspace.ts';
import { numberSetting, type SimDb, type SimNode, setting, type World } from './world.ts';

/** One RocksDB of a DB: its prefix in INFO, what it holds, and how it is spread over disk and memory. */
export interface Block {
  readonly prefix: string;
  readonly keys: number;
  readonly sstBytes: number;
  /** Values of `min-blob-size` and more, where `enable-blob-files` is set. */
  readonly blobBytes: number;
  readonly memtableBytes: number;
}

const prefixes35: readonly [KeyType, string][] = [
  ['string', 'strings'],
  ['hash', 'hashes'],
  ['list', 'lists'],
  ['set', 'sets'],
  ['zset', 'zsets'],
];

/** An empty memtable's size. */
const idleMemtableBytes = { '3.3': 2048, '3.5': 2048, '4.0': 14336 } as const;

/** The databases of a DB in the order in which INFO rocksdb prints them. */
export function blocksOf(world: World, node: SimNode, db: SimDb): Block[] {
  const { keyspace } = db;
  if (node.traits.family === '4.0')
    return Array.from({ length: keyspace.instances }, (_, instance) =>
      block(world, node, db, `instance${instance}`, {
        bytes: keyTypes.reduce((total, type) => total + keyspace.bytes(type, instance), 0),
        keys: keyTypes.reduce((total, type) => total + keyspace.count(type, instance), 0),
      }),
    );
  return prefixes35.map(([type, prefix]) =>
    block(world, node, db, prefix, { bytes: keyspace.bytes(type), keys: keyspace.count(type) }),
  );
}

/** Of what is flushed, with values of 1 KB and `min-blob-size 512` (real 4.0.1: 77.5 of 81.8 MB). */
const blobShare = 0.947;

/** Data stay in the memtable until it is full; a dump flushes it (`flushed` is cleared then). */
function block(
  world: World,
  node: SimNode,
  db: SimDb,
  prefix: string,
  held: { readonly bytes: number; readonly keys: number },
): Block {
  const bytes = Math.round(held.bytes * world.dataScale);
  const limit = Math.max(1, numberSetting(node, 'write-buffer-size'));
  const flushed = Math.min(db.flushed.get(prefix) ?? bytes, bytes);
  const memtable = (bytes - flushed) % limit;
  db.flushed.set(prefix, bytes - memtable);
  const blobBytes =
    setting(node, 'enable-blob-files') === 'yes' ? Math.round((bytes - memtable) * blobShare) : 0;
  return {
    prefix,
    keys: held.keys,
    sstBytes: bytes - memtable - blobBytes,
    blobBytes,
    memtableBytes: idleMemtableBytes[node.traits.family] + memtable,
  };
}

const columnFamilies = [
  'default',
  'hash_data_cf',
  'set_data_cf',
  'list_data_cf',
  'zset_data_cf',
  'zset_score_cf',
  'stream_data_cf',
];

const compactionFields = [
  'AvgSec',
  'CompCount',
  'CompMergeCPU',
  'CompSec',
  'CompactedFiles',
  'KeyDrop',
  'KeyIn',
  'MovedGB',
  'NumFiles',
  'RblobGB',
  'ReadGB',
  'ReadMBps',
  'RnGB',
  'Rnp1GB',
  'Score',
  'SizeBytes',
  'WblobGB',
  'WnewGB',
  'WriteAmp',
  'WriteGB',
  'WriteMBps',
];

const writeStalls = [
  'l0-file-count-limit-delays',
  'l0-file-count-limit-stops',
  'memtable-limit-delays',
  'memtable-limit-stops',
  'pending-compaction-bytes-delays',
  'pending-compaction-bytes-stops',
  'total-delays',
  'total-stops',
];

type Line = readonly [name: string, value: number | string];

function levelLines({ sstBytes }: Block): Line[] {
  const lines: Line[] = [];
  for (const [what, filled, empty] of [
    ['num_files_at_level', 1, 0],
    ['compression_ratio_at_level', '1.000000', '-1.000000'],
  ] as const)
    for (let level = 0; level <= 6; level++)
      for (const family of columnFamilies)
        lines.push([
          `${what}${level}_${family}`,
          level === 0 && family === 'default' && sstBytes > 0 ? filled : empty,
        ]);
  return lines;
}

function propertyLines(block: Block, is40: boolean): Line[] {
  const { sstBytes, blobBytes, memtableBytes } = block;
  const cache = is40 ? 83886080 : 8388608;
  return [
    ['num_immutable_mem_table', 0],
    ['num_immutable_mem_table_flushed', 0],
    ['mem_table_flush_pending', 0],
    ['num_running_flushes', 0],
    ['compaction_pending', 0],
    ['num_running_compactions', 0],
    ['background_errors', 0],
    ['cur_size_active_mem_table', memtableBytes],
    ['cur_size_all_mem_tables', memtableBytes],
    ['size_all_mem_tables', memtableBytes],
    ['estimate_num_keys', block.keys],
    ['estimate_table_readers_mem', Math.round(sstBytes / 140)],
    ['num_snapshots', 0],
    ['num_live_versions', 1],
    ['current_super_version_number', 1],
    ['estimate_live_data_size', sstBytes],
    ...(is40 ? levelLines(block) : []),
    ['total_sst_files_size', sstBytes],
    ['live_sst_files_size', sstBytes],
    ['estimate_pending_compaction_bytes', 0],
    ['block_cache_capacity', cache],
    ['block_cache_usage', 96],
    ['block_cache_pinned_usage', 96],
    ['num_blob_files', blobBytes > 0 ? 1 : 0],
    ['blob_stats', 0],
    ['total_blob_file_size', blobBytes],
    ['live_blob_file_size', blobBytes],
    ...(is40
      ? ([
          ['blob_cache_capacity', 0],
          ['blob_cache_usage', 0],
          ['blob_cache_pinned_usage', 0],
        ] as const)
      : []),
  ];
}

function compactionLines({ sstBytes }: Block, level: 'L0' | 'Sum'): Line[] {
  const values: Readonly<Record<string, number>> = {
    CompCount: sstBytes > 0 ? 1 : 0,
    NumFiles: sstBytes > 0 ? 1 : 0,
    SizeBytes: sstBytes,
    WriteAmp: sstBytes > 0 ? 1 : 0,
  };
  return compactionFields.map((field) => [
    `compaction.${level}.${field}`,
    ` ${(values[field] ?? 0).toFixed(6)}`,
  ]);
}

function statisticLines(block: Block): Line[] {
  return [
    ['cf-l0-file-count-limit-delays-with-ongoing-compaction', ' 0'],
    ['cf-l0-file-count-limit-stops-with-ongoing-compaction', ' 0'],
    ...(block.sstBytes > 0 ? compactionLines(block, 'L0') : []),
    ...compactionLines(block, 'Sum'),
    ...writeStalls.map((name): Line => [name, ' 0']),
  ];
}

/** INFO rocksdb (3.5.0+): recordings 24. DBs follow each other without a name. */
export function infoRocksdb(world: World, node: SimNode): string {
  const is40 = node.traits.family === '4.0';
  let text = '# RocksDB\r\n';
  for (const db of node.dbs)
    for (const each of blocksOf(world, node, db)) {
      text += `#${each.prefix}_RocksDB\r\n`;
      for (const [name, value] of [...propertyLines(each, is40), ...statisticLines(each)])
        text += `${each.prefix}_${name}:${value}\r\n`;
    }
  return text;
}
