import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  parseData,
  parseInstanceCount,
  parseReplication,
  parseServer,
  parseSizes,
  parseStats,
} from '../../../src/engines/pika/info.ts';
import type { ReplicationFacts } from '../../../src/model/observation.ts';
import { dumpedSections, type RecordedReply, recordedReplies, recordingNames } from './recordings.ts';

const crlf = (text: string): string => `${text.trim().split('\n').join('\r\n')}\r\n`;

function replication(text: string): ReplicationFacts {
  const facts = parseReplication(crlf(text));
  if (!facts) throw new Error('no facts');
  return facts;
}

/** What must hold of every reply, whatever state the node was in. */
function expectCoherent(facts: ReplicationFacts): void {
  const databases = Object.keys(facts.binlog);
  expect(databases.length).toBeGreaterThan(0);
  for (const { file, offset } of Object.values(facts.binlog)) {
    expect(file).toBeGreaterThanOrEqual(0);
    expect(offset).toBeGreaterThanOrEqual(0);
  }
  expect(Object.keys(facts.safetyPurgeFile)).toEqual(databases);
  if (facts.role === 'master') {
    expect(facts.dbStates).toEqual({});
    expect(facts.masterHost).toBeNull();
    expect(facts.linkStatus).toBeNull();
  } else {
    expect(Object.keys(facts.dbStates)).toEqual(expect.arrayContaining(databases));
    if (facts.masterHost === null) expect(Object.values(facts.dbStates)).not.toContain('Connected');
    else expect(facts.masterPort).toBeGreaterThan(0);
    const allConnected = Object.values(facts.dbStates).every((state) => state === 'Connected');
    expect(facts.linkStatus === 'up').toBe(allConnected);
  }
  if (facts.role !== 'slave') expect(facts.connectedSlaves).toBe(facts.slaves.length);
}

function expectReadable(reply: RecordedReply): void {
  switch (reply.section) {
    case 'replication': {
      const facts = parseReplication(reply.raw);
      expect(facts).not.toBeNull();
      expectCoherent(facts!);
      expect(facts!.eligibleForMasterElection === null).toBe(reply.version === '3.5.4');
      return;
    }
    case 'stats': {
      const facts = parseStats(reply.raw);
      expect(facts).not.toBeNull();
      expect(facts!.replInputBytes).not.toBeNull();
      expect(facts!.replOutputBytes).not.toBeNull();
      expect(facts!.opsPerSecond).not.toBeNull();
      expect(facts!.commandsProcessed).not.toBeNull();
      return;
    }
    case 'data': {
      const facts = parseData(reply.raw);
      expect(facts.dbSizeBytes).toBeGreaterThanOrEqual(0);
      expect(facts.logSizeBytes).toBeGreaterThanOrEqual(0);
      expect(facts.dbFatal).toBe(false);
      return;
    }
    case 'rocksdb': {
      const facts = parseSizes(reply.raw);
      expect(facts).not.toBeNull();
      expect(facts!.sstBytes).toBeGreaterThanOrEqual(facts!.liveSstBytes!);
      expect(facts!.memtableBytes).toBeGreaterThan(0);
    }
  }
}

describe('every INFO reply of every recording is read in full', () => {
  test.each(recordingNames)('%s', (recording) => {
    for (const reply of recordedReplies(recording)) {
      try {
        expectReadable(reply);
      } catch (error) {
        throw new Error(`t=${reply.t} ${reply.node} ${reply.section}\n${reply.raw}`, { cause: error });
      }
    }
  });
});

describe('known rows', () => {
  const row = (
    recording: string,
    section: string,
    match: (reply: RecordedReply) => boolean,
  ): RecordedReply => {
    const found = recordedReplies(recording).find((reply) => reply.section === section && match(reply));
    if (!found) throw new Error(`no such row in ${recording}`);
    return found;
  };

  test('a counter beyond 2^63 in INFO stats does not spoil the others (recording 06)', () => {
    const reply = row('06-3.5.4-burst3-hang', 'stats', ({ raw }) => raw.includes('8243966856192227718'));
    const facts = parseStats(reply.raw)!;
    expect(facts.bgsaving).toBe(false);
    expect(Number.isSafeInteger(facts.replOutputBytes)).toBe(true);
  });

  test('the losing slave of recording 05 looks healthy: link up, every DB connected', () => {
    const reply = recordedReplies('05-3.5.4-burst3-writes-silent-loss')
      .filter(({ node, section }) => node === 's1' && section === 'replication')
      .at(-1)!;
    const facts = parseReplication(reply.raw)!;
    expect(facts.linkStatus).toBe('up');
    expect(facts.dbStates).toEqual({ db0: 'Connected' });
    expect(facts.binlog).toEqual({ db0: { file: 43, offset: 3557852 } });
  });

  test('a master lists a slave in full sync as such (recording 05)', () => {
    const reply = row('05-3.5.4-burst3-writes-silent-loss', 'replication', ({ raw }) =>
      raw.includes('full syncing'),
    );
    const facts = parseReplication(reply.raw)!;
    expect(facts.slaves[0]).toMatchObject({ ip: '127.0.0.1', lag: { db0: 'full syncing' } });
  });

  test('a slave caught in the middle of NO ONE names no master, and no DB of it is connected (recording 11)', () => {
    const reply = row('11-3.5.4-slaveof-force', 'replication', ({ raw }) => raw.includes('master_port:-1'));
    expect(parseReplication(reply.raw)).toMatchObject({
      role: 'slave',
      masterHost: null,
      masterPort: null,
      linkStatus: 'down',
      dbStates: { db0: 'Other' },
    });
  });

  test('the middle of a chain is master&&slave (recording 20)', () => {
    const reply = row('20-4.0.1-chain', 'replication', ({ raw }) => raw.includes('role:master&&slave'));
    const facts = parseReplication(reply.raw)!;
    expect(facts.role).toBe('master&&slave');
    expect(facts.masterPort).toBe(20000);
    expect(facts.slaves).toHaveLength(1);
  });

  test('an excerpt of INFO rocksdb is summed over its blocks (recordings 40 and 42)', () => {
    const older = row('40-3.5.4-one-slave-writes-with-counters', 'rocksdb', ({ node }) => node === 'm');
    expect(parseSizes(older.raw)).toEqual({
      sstBytes: 207_647_992,
      sstBytesByDatabase: [207_647_992],
      liveSstBytes: 207_647_992,
      memtableBytes: 4_196_352 + 3 * 4096 + 6144,
      estimatedKeys: 210_971,
    });
    const newer = row('42-4.0.1-burst3-writes-with-counters', 'rocksdb', ({ node }) => node === 'm');
    expect(parseSizes(newer.raw)).toMatchObject({
      sstBytes: 71_648_485 + 71_728_746 + 71_769_467,
      estimatedKeys: 66_792 + 66_760 + 66_300,
    });
    expect(parseInstanceCount(newer.raw)).toBe(3);
    expect(parseInstanceCount(older.raw)).toBeNull();
  });
});

describe('the reference dumps of each version', () => {
  test.each([
    ['3.5.4', '3.5.4', 5_343_721],
    ['3.5.5', '3.5.5', null],
    ['4.0.1', '4.0.0', 1_869_820 + 1_888_508 + 1_849_550],
  ])('%s, master', (version, reported, sstBytes) => {
    const sections = dumpedSections(`24-${version}-info-master.txt`);
    const server = parseServer(sections.get('INFO server')!)!;
    expect(server.reportedVersion).toBe(reported);
    expect(server.runId).toMatch(/^[0-9a-f]{40}$/);
    expect(server.processId).toBeGreaterThan(0);
    expect(server.tcpPort).toBe(13000);
    expectCoherent(parseReplication(sections.get('INFO replication')!)!);
    expect(parseStats(sections.get('INFO stats')!)!.scanningKeyspace).toBe(false);
    expect(parseData(sections.get('INFO data')!).dbFatal).toBe(false);
    const sizes = parseSizes(sections.get('INFO rocksdb')!)!;
    expect(sizes.sstBytes).toBeGreaterThan(5_000_000);
    if (sstBytes !== null) expect(sizes.sstBytes).toBe(sstBytes);
    expect(parseSizes(sections.get('INFO all')!)).toEqual(sizes);
  });

  test.each(['3.5.4', '3.5.5', '4.0.1'])('%s, slave', (version) => {
    const sections = dumpedSections(`24-${version}-info-slave.txt`);
    const facts = parseReplication(sections.get('INFO replication')!)!;
    expect(facts).toMatchObject({ role: 'slave', linkStatus: 'up', masterPort: 13000 });
    expect(facts.dbStates).toEqual({ db0: 'Connected' });
    expect(facts.hasConnectStatus).toBe(version !== '3.5.4');
    expectCoherent(facts);
  });

  test.each(['3.5.4', '3.5.5', '4.0.1'])('%s, a slave just after SLAVEOF', (version) => {
    const [text] = dumpedSections(`24-${version}-info-slave-just-after-slaveof.txt`).values();
    const facts = parseReplication(text!)!;
    expect(facts.linkStatus).toBe('down');
    expect(facts.dbStates.db0).not.toBe('Connected');
  });
});

describe('literal replies of the fact base', () => {
  test('3.3.6 slave: no replication id, a blank before binlog_offset', () => {
    expect(
      replication(`# Replication(SLAVE)
role:slave
master_host:10.0.0.11
master_port:9221
master_link_status:down
slave_priority:100
slave_read_only:1
db_repl_state:(db0:WaitDBSync)
db0 binlog_offset=0 0,safety_purge=none`),
    ).toEqual({
      role: 'slave',
      replicationId: null,
      masterHost: '10.0.0.11',
      masterPort: 9221,
      linkStatus: 'down',
      dbStates: { db0: 'WaitDBSync' },
      slaves: [],
      connectedSlaves: null,
      binlog: { db0: { file: 0, offset: 0 } },
      safetyPurgeFile: { db0: null },
      eligibleForMasterElection: null,
      hasConnectStatus: false,
    });
  });

  test('3.3.6 master with a lag and a file that may be purged', () => {
    const facts = replication(`# Replication(MASTER)
role:master
connected_slaves:1
slave0:ip=10.200.14.148,port=9222,conn_fd=131,lag=(db0:0)
db0 binlog_offset=143 9122210,safety_purge=write2file133`);
    expect(facts.slaves).toEqual([{ ip: '10.200.14.148', port: 9222, lag: { db0: 0 } }]);
    expect(facts.binlog).toEqual({ db0: { file: 143, offset: 9_122_210 } });
    expect(facts.safetyPurgeFile).toEqual({ db0: 133 });
  });

  test('3.3.6 with consensus prints a line more, which is not taken for a position', () => {
    const facts = replication(`role:master
connected_slaves:0
db0 binlog_offset=3 7,safety_purge=none
db0 consensus last_log=filenum: 0 offset: 0 term: 0 index: 0`);
    expect(facts.binlog).toEqual({ db0: { file: 3, offset: 7 } });
  });

  test('3.5.1 writes a blank before the replication id', () => {
    expect(
      replication('role:master\nReplicationID: 2f4e\nconnected_slaves:0\ndb0 binlog_offset=0 0')
        .replicationId,
    ).toBe('2f4e');
  });

  test('an empty replication id is not the same as none', () => {
    expect(replication('role:master\nReplicationID:\nconnected_slaves:0').replicationId).toBe('');
    expect(replication('role:master\nconnected_slaves:0').replicationId).toBeNull();
  });

  test('the second `db0:` of 3.5.5 and 4.0.1 is kept apart from the binlog line', () => {
    const facts = replication(`role:slave
ReplicationID:2f4e
master_host:10.0.0.11
master_port:9221
master_link_status:down
repl_connect_status:
db0:syncing_full
db1:connected
slave_priority:100
slave_read_only:1
db_repl_state:(db0:WaitDBSync)
is_eligible_for_master_election:false
db0:binlog_offset=0 0,safety_purge=none
db1:binlog_offset=3 41231,safety_purge=none
slave_repl_offset:0`);
    expect(facts.dbStates).toEqual({ db0: 'WaitDBSync', db1: 'Connected' });
    expect(facts.binlog).toEqual({ db0: { file: 0, offset: 0 }, db1: { file: 3, offset: 41_231 } });
    expect(facts.eligibleForMasterElection).toBe(false);
    expect(facts.hasConnectStatus).toBe(true);
  });

  test.each([
    ['no_connect', 'NoConnect'],
    ['syncing_full', 'WaitDBSync'],
    ['error', 'Error'],
    ['connecting', 'WaitReply'],
    ['try_to_incr_sync', 'TryConnect'],
    ['try_to_full_sync', 'TryDBSync'],
    ['connected', 'Connected'],
  ])('repl_connect_status %s is %s', (word, state) => {
    const facts = replication(
      `role:slave\nmaster_host:h\nmaster_port:1\nmaster_link_status:down\nrepl_connect_status:\ndb0:${word}\ndb0:binlog_offset=0 0`,
    );
    expect(facts.dbStates).toEqual({ db0: state });
  });

  test.each([
    ['NoConnect', 'NoConnect'],
    ['WaitDBSync', 'WaitDBSync'],
    ['Error', 'Error'],
    ['kWaitReply', 'WaitReply'],
    ['kTryConnect', 'TryConnect'],
    ['kTryDBSync', 'TryDBSync'],
    ['kDBNoConnect', 'DBNoConnect'],
    ['Other', 'Other'],
    [' InternalError', 'Other'],
  ])('db_repl_state %s is %s', (word, state) => {
    const facts = replication(
      `role:slave\nmaster_host:h\nmaster_port:1\nmaster_link_status:down\ndb_repl_state:(db0:${word})\ndb0:binlog_offset=0 0`,
    );
    expect(facts.dbStates).toEqual({ db0: state });
  });

  test('db_repl_state names only what is not connected: the other DBs of that line are', () => {
    const facts = replication(
      'role:slave\nmaster_host:h\nmaster_port:1\nmaster_link_status:down\ndb_repl_state:(db1:Error)\ndb0:binlog_offset=1 2\ndb1:binlog_offset=0 0',
    );
    expect(facts.dbStates).toEqual({ db0: 'Connected', db1: 'Error' });
  });

  test('a DB of which nothing is said while the link is down is never connected', () => {
    const facts = replication(
      'role:slave\nmaster_host:h\nmaster_port:1\nmaster_link_status:down\ndb0:binlog_offset=1 2',
    );
    expect(facts.dbStates).toEqual({ db0: 'Other' });
  });

  test('several slaves with several DBs, in every kind of lag', () => {
    const facts = replication(`role:master
connected_slaves:3
slave0:ip=10.0.0.12,port=9221,conn_fd=131,lag=(db0:0)(db1:102257548)
slave1:ip=10.0.0.13,port=9221,conn_fd=135,lag=(db0:full syncing)(db1:not syncing)
slave2:ip=fe80::1:2,port=9223,conn_fd=136,lag=(db0:-5)
db0:binlog_offset=3 51231,safety_purge=error
db1:binlog_offset=0 7,safety_purge=none`);
    expect(facts.slaves).toEqual([
      { ip: '10.0.0.12', port: 9221, lag: { db0: 0, db1: 102_257_548 } },
      { ip: '10.0.0.13', port: 9221, lag: { db0: 'full syncing', db1: 'not syncing' } },
      { ip: 'fe80::1:2', port: 9223, lag: { db0: 'not syncing' } },
    ]);
    expect(facts.safetyPurgeFile).toEqual({ db0: null, db1: null });
  });

  test('an IPv6 master is read whole', () => {
    const facts = replication(
      'role:slave\nmaster_host:2001:db8::1\nmaster_port:9221\nmaster_link_status:up\ndb0:binlog_offset=0 0',
    );
    expect(facts.masterHost).toBe('2001:db8::1');
  });

  test('3.3.6 stats have no byte counters', () => {
    const facts = parseStats(
      crlf(`# Stats
total_connections_received:10
instantaneous_ops_per_sec:0
total_commands_processed:100
is_bgsaving:Yes
is_scaning_keyspace:No
is_compact:Yes
compact_cron:
compact_interval:`),
    );
    expect(facts).toEqual({
      bgsaving: true,
      scanningKeyspace: false,
      compacting: true,
      opsPerSecond: 0,
      replInputBytes: null,
      replOutputBytes: null,
      commandsProcessed: 100,
    });
  });

  test('a Redis is not taken for a Pika', () => {
    expect(parseServer('# Server\r\nredis_version:7.2.0\r\n')).toBeNull();
  });

  test('3.3.6 has no INFO rocksdb: an empty reply is no size of 0', () => {
    expect(parseSizes('')).toBeNull();
  });

  test('the blocks of two DBs repeat their keys and are added up', () => {
    const block = '#strings_RocksDB\r\nstrings_estimate_num_keys:10\r\nstrings_total_sst_files_size:100\r\n';
    expect(parseSizes(block + block)).toEqual({
      sstBytes: 200,
      sstBytesByDatabase: [100, 100],
      liveSstBytes: null,
      memtableBytes: null,
      estimatedKeys: 20,
    });
  });

  test('blob files are part of the tables: 82 MB, of which the tables alone say 4 MB (real 4.0.1)', () => {
    const block = (instance: number, sst: number, blob: number): string =>
      [
        `#instance${instance}_RocksDB`,
        `total_sst_files_size:${sst}`,
        `live_sst_files_size:${sst}`,
        'num_blob_files:2',
        `total_blob_file_size:${blob}`,
        `live_blob_file_size:${blob}`,
        '',
      ].join(`\r\ninstance${instance}_`);
    const text =
      block(0, 1_438_712, 25_908_639) + block(1, 1_433_310, 25_815_739) + block(2, 1_431_952, 25_743_774);
    const whole = 4_303_974 + 77_468_152;
    expect(parseSizes(text + text)).toMatchObject({
      sstBytes: 2 * whole,
      sstBytesByDatabase: [whole, whole],
      liveSstBytes: 2 * whole,
    });
  });
});

describe('whatever a node says, parsing neither throws nor yields NaN', () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'role:slave',
      'role:master',
      'db0:',
      'db0:binlog_offset=',
      ' ',
      ',',
      '(',
      ')',
      '(db0:',
      '\r\n',
    ),
    fc.constantFrom(
      'slave0:ip=',
      'port=',
      'lag=(',
      'db_repl_state:',
      '__proto__:',
      'constructor',
      '99999999999999999999',
    ),
    fc.bigInt().map(String),
    fc.double().map(String),
  );
  const text = fc.array(word).map((words) => words.join(''));
  const cutRecorded = fc
    .tuple(
      fc.constantFrom(...recordedReplies('42-4.0.1-burst3-writes-with-counters').slice(0, 300)),
      fc.nat(3000),
      word,
    )
    .map(([reply, at, insert]) => reply.raw.slice(0, at) + insert + reply.raw.slice(at + 3));

  function expectNoNaN(value: unknown): void {
    if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true);
    if (typeof value === 'object' && value !== null) Object.values(value).forEach(expectNoNaN);
  }

  test.each([
    ['arbitrary text', text],
    ['a recorded reply that was cut and mended', cutRecorded],
  ])('%s', (_name, inputs) => {
    fc.assert(
      fc.property(inputs, (input) => {
        for (const parse of [
          parseServer,
          parseStats,
          parseReplication,
          parseSizes,
          parseData,
          parseInstanceCount,
        ])
          expectNoNaN(parse(input));
      }),
      { numRuns: 500 },
    );
  });
});
