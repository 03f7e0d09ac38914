import { describe, expect, test } from 'vitest';
import { masterChecks } from '../../src/core/plan/preflight-master.ts';
import { entryChecks, nodeChecks } from '../../src/core/plan/preflight-node.ts';
import {
  type FindingCode,
  type FindingFacts,
  findingFor,
  findingTable,
  makeFinding,
} from '../../src/model/findings.ts';
import { pairReasons, versionReasons } from '../../src/model/versions.ts';
import { expectText, readers } from '../support/texts.ts';
import { notAllowedSamples } from './not-allowed-samples.ts';

const met = { address: '10.0.0.2:9221', met: 'connect ECONNREFUSED (ECONNREFUSED)' };
const present = { presentMaster: '10.9.9.9:9221', link: 'up' } as const;
const pair = { masterVersion: '3.5.4', nodeVersion: '3.5.5' };
const unequal = { setting: 'databases', ofMaster: 1, ofNode: 8 };
const oneAtATime = { version: '3.5.4', nodes: 2, why: 'next_slave_replaces_dump' } as const;
const growth = {
  writeBytesPerSecond: 1e6,
  duringBatchBytes: { expected: 1e9, high: 2e9 },
  keptBytes: 1e9,
  keptFiles: 1,
  neededFiles: 40,
};

/** Facts of every code, in the shapes that its rule makes. */
const samples: { readonly [Code in FindingCode]: readonly FindingFacts<Code>[] } = {
  known_faults: [
    {
      version: '4.0.1',
      faults: [
        {
          code: 'x',
          used: [{ name: 'setex', calls: 12 }],
          text: { en: 'Keys are lost.', zh: 'key 会丢失。' },
          instead: { en: 'Use SET.', zh: '改用 SET。' },
        },
        {
          code: 'y',
          used: [],
          text: { en: 'A.', zh: '甲。' },
          instead: { en: 'Use SET.', zh: '改用 SET。' },
        },
      ],
    },
  ],
  node_protected: (['overwriteData', 'repoint'] as const).map((permission) => ({ permission })),
  agents_contested: [
    { servers: [{ server: '10.0.0.1:9221', agents: ['a@host-1', 'b@host-2'] }] },
    {
      servers: [
        { server: '10.0.0.1:9221', agents: ['a@host-1', 'a@host-1'] },
        { server: '10.0.0.2:9221', agents: ['a@host-1', 'a@host-1'] },
      ],
    },
  ],
  agents_missing: [{ servers: ['10.0.0.1:9221'] }, { servers: ['10.0.0.1:9221', '10.0.0.2:9221'] }],
  agents_required: [{ servers: ['10.0.0.2:9221'] }],
  disk_too_small: (['copy', 'dump', 'growth'] as const).map((what) => ({
    what,
    path: '/data/dbsync',
    freeBytes: 1e9,
    neededBytes: 3e9,
  })),
  paths_on_different_mounts: [{ dbPath: '/data/db', dbSyncPath: '/copies/dbsync' }],
  ports_closed_to_node: [
    { host: 'pika-1', ports: [{ port: 19_222, outcome: 'refused' }] },
    {
      host: 'pika-1',
      ports: [
        { port: 9221, outcome: 'no_answer' },
        { port: 11_221, outcome: 'unresolved' },
      ],
    },
  ],
  ports_closed_to_master: [{ host: '10.0.0.2', ports: [{ port: 10_221, outcome: 'refused' }] }],
  open_file_limit: [{ limit: 1024, needed: 5054 }],
  clock_skew: [{ aheadMs: 5200 }, { aheadMs: -3100 }],
  another_pika_shares_disk: [{ ports: [9222] }, { ports: [9222, 9223] }],
  no_nodes: [{}],
  too_many_nodes: [{ nodes: 201, limit: 200 }],
  expansion_on_master: [
    { expansions: ['exp_1'], state: 'running' },
    { expansions: ['exp_1', 'exp_2'], state: 'halted' },
  ],
  node_in_other_expansion: [{ expansion: 'exp_1' }],
  master_held: [{ hold: 'hld_1', by: 'backup', why: 'nightly backup', until: 1_700_000_000_000 }],
  node_is_master: [{ how: 'name' }, { how: 'process' }],
  node_named_twice: [
    { other: '10.0.0.2:9221', how: 'name' },
    { other: '10.0.0.3:9221', how: 'address' },
  ],
  master_unreachable: [met],
  master_no_answer: [{ waitedMs: 5001 }],
  master_not_allowed: notAllowedSamples,
  node_not_allowed: notAllowedSamples,
  master_denied: [{ ...met, credential: null }],
  master_garbled: [met],
  master_facts_missing: [{ missing: ['INFO server', 'binlog_position'] }],
  node_unreachable: [met],
  node_busy: [{ waitedMs: 800 }],
  node_denied: [{ ...met, credential: 'other' }],
  node_garbled: [met],
  node_facts_missing: [{ missing: ['INFO replication'] }],
  announced_address_shared: [{ other: '10.0.0.3:9221', seenAs: '172.17.0.2:9221' }],
  announced_port_differs: [{ listens: 9221, told: 19221 }],
  master_given_by_name: [{ host: 'pika-0', version: '3.3.6' }],
  ports_unreachable: [
    {
      host: '10.0.0.1',
      ports: [
        { port: 11_221, shift: 2000, outcome: 'refused' },
        { port: 19_222, shift: 10_001, outcome: 'no_answer' },
      ],
      seenAs: '172.17.0.2:9221',
    },
    { host: '10.0.0.2', ports: [{ port: 10_221, shift: 1000, outcome: 'refused' }], seenAs: null },
  ],
  command_hidden: [{ commands: ['slaveof'] }, { commands: ['slaveof', 'config'] }],
  sharding_mode: [{}],
  rsync_parallel_too_high: [{ value: 8, version: '3.5.2' }],
  paths_apart: [{ dbPath: '/data/db/', dbSyncPath: '/copies/dbsync/' }],
  dump_path_apart: [{ dbPath: '/data/db/', dumpPath: '/dumps/' }],
  conn_rbuf_differs: [{ value: 67_108_864, masterValue: 268_435_456 }],
  blob_files_differ: [{ masterUses: true }, { masterUses: false }],
  binlog_off: [{}],
  never_promoted: [{}],
  commands_blacklisted: [{ commands: ['config', 'slaveof'] }],
  node_seen_as_loopback: [{ seenAs: '10.0.0.1:9221' }],
  node_seen_by_name: [
    { host: 'pika-1', port: 9221, samePort: 0 },
    { host: 'pika-1', port: 9221, samePort: 1 },
  ],
  loopback_trap: [{ seenAs: '127.0.0.1:9221' }],
  ipv6_unsupported: [{ seenAs: '[fd00::1]:9221' }],
  master_port_too_high: [{ port: 60_000, shift: 10_001 }],
  master_port_mapped: [{ listens: 9221, told: 19_221 }],
  already_slave_of: [
    { ...present, sinceBegun: false },
    { ...present, link: null, sinceBegun: true },
  ],
  already_slave_of_this_master: [present],
  will_be_repointed: [
    { ...present, ours: true },
    { ...present, ours: false },
  ],
  has_slaves: [{ slaves: [] }, { slaves: ['10.0.0.7:9221', '10.0.0.8:9221'] }],
  stale_entry: [{ entry: '10.0.0.2:9221' }],
  holds_data: [{}],
  data_unknown: [{}],
  data_will_be_replaced: [{}],
  replication_id_differs: [{ replicationId: 'abc' }],
  replication_id_same: [{ replicationId: 'abc' }],
  node_writable_as_slave: [{}],
  node_db_fatal: [{}],
  master_is_slave: [{ presentMaster: '10.9.9.9:9221' }],
  master_still_syncing: [
    { presentMaster: '10.9.9.9:9221', linkStatus: null, dbStates: { db0: 'WaitDBSync' } },
  ],
  master_not_eligible: [{}],
  master_db_fatal: [{}],
  master_replaced: [
    {
      changes: [
        { of: 'replication_id', before: 'abc', after: '' },
        { of: 'version', before: '3.5.4', after: '3.5.5' },
        { of: 'binlog', db: 'db0', before: '3:500', after: '0:0' },
        { of: 'binlog', db: 'db1', before: '3:500', after: null },
      ],
    },
  ],
  master_restarted_since_plan: [{ uptimeSeconds: 12 }, { uptimeSeconds: null }],
  databases_differ: [unequal],
  db_instance_num_differs: [unequal],
  binlog_file_size_differs: [unequal],
  settings_unreadable: [{ unread: ['databases'], unreadOfMaster: ['databases', 'binlog-file-size'] }],
  masterauth_missing: [{}],
  masterauth_differs: [{ equalsConfigured: true }, { equalsConfigured: false }],
  masterauth_unproven: [
    { masterWantsPassword: null, masterauthSet: null },
    { masterWantsPassword: true, masterauthSet: null },
    { masterWantsPassword: true, masterauthSet: true },
  ],
  master_password_differs: [{}],
  master_busy: [
    {
      work: [
        { what: 'dump' },
        { what: 'scan' },
        { what: 'compaction' },
        { what: 'slave', slave: '10.0.0.9:9221', lag: { db0: 'full syncing' } },
      ],
    },
  ],
  binlog_retention_risk: [growth, { ...growth, duringBatchBytes: null }],
  binlog_retention_raised: [growth],
  binlog_disk_growth: [growth],
  version_pair_refused: (Object.keys(pairReasons) as (keyof typeof pairReasons)[]).map((reason) => ({
    ...pair,
    reason,
  })),
  version_pair_flawed: [{ ...pair, reason: 'counter_writes_lose_ttl' }],
  version_pair_untried: [{ ...pair, reason: 'nothing_known' }],
  version_has_bug: [
    { ...oneAtATime, upgrade: 'to_3_5_5' },
    { ...oneAtATime, upgrade: 'away_from_4_0_0' },
  ],
  version_one_at_a_time: [
    { ...oneAtATime, keepDumpsAway: true },
    { ...oneAtATime, keepDumpsAway: false },
  ],
  version_cannot_be_proven: (Object.keys(versionReasons) as (keyof typeof versionReasons)[]).map((why) => ({
    version: '3.5.4',
    why,
  })),
  build_unknown: [{ version: '3.5.4', gitSha: '0123abcd' }],
  streams_not_transferred: [{ version: '3.5.4' }],
  batch_size_reduced: [{ asked: 3, allowed: 1, by: '10.0.0.2:9221', version: '3.5.4' }],
};

const codes = Object.keys(findingTable) as FindingCode[];
const ofMaster = new Set<string>(masterChecks.map(({ code }) => code));
const ofNode = new Set<string>([...entryChecks, ...nodeChecks].map(({ code }) => code));
const nodesOf = (code: FindingCode): readonly (string | null)[] =>
  !ofNode.has(code) && !code.startsWith('node_')
    ? [null]
    : ofMaster.has(code)
      ? [null, '10.0.0.2:9221']
      : ['10.0.0.2:9221'];
const made = <Code extends FindingCode>(code: Code) =>
  nodesOf(code).flatMap((node) =>
    samples[code].map((facts) => makeFinding(code, { master: '10.0.0.1:9221', node }, facts)),
  );

describe('every finding', () => {
  test.each(codes)('%s reads for everybody, after it was stored', (code) => {
    for (const finding of made(code))
      for (const reader of readers) {
        const { text, nextStep } = findingFor(JSON.parse(JSON.stringify(finding)), reader);
        for (const words of [text, nextStep]) expectText(words, reader.language);
      }
  });

  test.each(codes)('%s says what it means in both languages', (code) => {
    for (const { language, tool } of readers)
      expectText(findingTable[code].meaning[language]({}, { language, tool }), language);
  });

  test('of another release keeps the words in which it was stored', () => {
    const old = {
      code: 'too_many_nodes',
      severity: 'error' as const,
      node: null,
      text: 'Far too many.',
      nextStep: 'Fewer.',
    };
    expect(findingFor(old, { language: 'zh', tool: 'cli' }).text).toBe('Far too many.');
    expect(findingFor({ ...old, code: 'gone' }, { language: 'zh', tool: 'cli' })).toEqual({
      ...old,
      code: 'gone',
    });
  });
});
