import { describe, expect, test } from 'vitest';
import { copiedPerFile, databaseFiles, sentFiles } from '../../src/simulator/dump.ts';
import {
  bulkText,
  type Cluster,
  type ClusterOptions,
  createCluster,
  type NodeOptions,
  type SimulatedVersion,
  simulatedVersions,
} from '../../src/simulator/index.ts';
import { Keyspace } from '../../src/simulator/keyspace.ts';
import { traitsOf } from '../../src/simulator/versions.ts';

const megabyte = 1_000_000;

interface Scene extends Partial<ClusterOptions> {
  readonly version?: SimulatedVersion;
  readonly slaves?: number;
  readonly keys?: number;
  readonly hashes?: number;
  readonly master?: Partial<NodeOptions>;
  readonly node?: Partial<NodeOptions>;
}

/** A master past its first binlog files with some 100 MB, slaves that copy 10 MB a second. */
function scene(options: Scene = {}): Cluster {
  const { version = '3.5.4', slaves = 3, keys = 1_000, hashes = 0, master, node, ...rest } = options;
  const cluster = createCluster({
    seed: 1,
    dataScale: (100 * megabyte) / ((keys + hashes) * 145),
    ...rest,
    defaults: { version, config: { 'throttle-bytes-per-second': 10 * megabyte }, ...node },
  });
  cluster.addNode({ id: 'm', binlogAt: { file: 20, offset: 0 }, ...master });
  for (let i = 1; i <= slaves; i++) cluster.addNode({ id: `s${i}` });
  cluster.load('m', { strings: keys, hashes });
  return cluster;
}

const attach = (cluster: Cluster, id: string, ...force: string[]): void => {
  const reply = cluster.execute(id, ['SLAVEOF', '127.0.0.1', String(cluster.node('m').port), ...force]);
  expect(reply).toEqual({ status: 'OK' });
};

const state = (cluster: Cluster, id: string): string => cluster.node(id).dbs[0]!.state;
const reaches = (cluster: Cluster, id: string, wanted: string, withinMs = 120_000): boolean =>
  cluster.advanceUntil(() => state(cluster, id) === wanted, withinMs);
const info = (cluster: Cluster, id: string, section: string): string =>
  bulkText(cluster.execute(id, ['INFO', section]));
const number = (text: string, key: string): number => Number(new RegExp(`${key}:(\\d+)`).exec(text)![1]);
const events = (cluster: Cluster, event: string): number =>
  cluster.log.filter((line) => line.event === event).length;

describe('a superseded copy on versions up to 3.5.4 and on 4.0.0', () => {
  test('loss: types whose files had not all come are empty, those that had are there', () => {
    const cluster = scene({ slaves: 1 });
    cluster.load('m', { hashes: 5, sets: 5 });
    attach(cluster, 's1');
    reaches(cluster, 's1', 'WaitDBSync');
    cluster.advance(5_000);
    cluster.execute('m', ['BGSAVE']);
    expect(reaches(cluster, 's1', 'Connected')).toBe(true);
    const truth = cluster.observe('s1');
    expect(truth.lost).toBe(1_000);
    expect(info(cluster, 's1', 'replication')).toContain('master_link_status:up');
    expect(info(cluster, 'm', 'replication')).toContain('lag=(db0:0)');
    expect(cluster.execute('s1', ['GET', 'key:strings:000000001'])).toBe(null);
    expect(cluster.execute('s1', ['HLEN', 'key:hashes:000000001'])).toBe(3);
    expect(cluster.execute('m', ['EXISTS', 'key:strings:000000001'])).toBe(1);
  });

  test('hang: without `info` it waits for ever, and the master lists it as full syncing', () => {
    const cluster = scene({ slaves: 1, keys: 200, hashes: 800 });
    attach(cluster, 's1');
    reaches(cluster, 's1', 'WaitDBSync');
    cluster.advance(3_000);
    cluster.fault.bgsave('m');
    cluster.advance(600_000);
    expect(state(cluster, 's1')).toBe('WaitDBSync');
    expect(info(cluster, 'm', 'replication')).toContain('lag=(db0:full syncing)');
    expect(cluster.observe('m').slavesInFullSync).toEqual(['s1']);
  });

  test('death: it dies, and dies again at each start, until its data are deleted', () => {
    const cluster = scene({ slaves: 1 });
    cluster.fault.nextSuperseded('s1', 'death');
    attach(cluster, 's1');
    reaches(cluster, 's1', 'WaitDBSync');
    cluster.advance(1_000);
    cluster.fault.bgsave('m');
    cluster.advance(5_000);
    expect(cluster.observe('s1').alive).toBe(false);
    cluster.fault.restart('s1');
    cluster.advance(5_000);
    expect(cluster.observe('s1')).toMatchObject({
      alive: false,
      bootFailure: expect.stringContaining('Corruption'),
    });
    expect(info(cluster, 'm', 'replication')).toContain('connected_slaves:0');
    cluster.fault.wipe('s1');
    cluster.fault.restart('s1');
    expect(cluster.observe('s1').alive).toBe(true);
  });

  test('a young copy ends in silent loss or in death, by the seed alone', () => {
    const ends = new Set<string>();
    for (let seed = 1; seed <= 30; seed++) {
      const cluster = scene({ slaves: 1, seed });
      attach(cluster, 's1');
      reaches(cluster, 's1', 'WaitDBSync');
      cluster.advance(1_500);
      cluster.fault.bgsave('m');
      cluster.advance(5_000);
      ends.add(cluster.observe('s1').alive ? state(cluster, 's1') : 'dead');
    }
    expect([...ends].sort()).toEqual(['Connected', 'dead']);
  });

  test('a dump that lies in binlog file 0 is shared: nobody is hurt', () => {
    const cluster = scene({ master: { binlogAt: { file: 0, offset: 0 } } });
    for (const id of ['s1', 's2', 's3']) {
      attach(cluster, id);
      cluster.advance(2_000);
    }
    cluster.advance(60_000);
    expect(cluster.observe('m').dumpsMade).toBe(1);
    for (const id of ['s1', 's2', 's3']) expect(cluster.observe(id).missing).toBe(0);
  });

  test.each(simulatedVersions)('three SLAVEOFs two seconds apart on %s', (version) => {
    const cluster = scene({ version });
    for (const id of ['s1', 's2', 's3']) {
      attach(cluster, id);
      cluster.advance(2_000);
    }
    cluster.advance(120_000);
    const hurt = ['s1', 's2', 's3'].filter(
      (id) => !cluster.observe(id).alive || cluster.observe(id).missing !== 0,
    );
    const buggy = ['3.5.0', '3.5.1', '3.5.2', '3.5.3', '3.5.4'].includes(version);
    const pushes = version === '3.3.6';
    expect(hurt).toEqual(buggy ? ['s1', 's2'] : []);
    expect(cluster.observe('m').dumpsMade).toBe(buggy || pushes ? 3 : 1);
  });
});

describe('a superseded copy on 3.5.5 and 4.0.1', () => {
  test.each(['3.5.5', '4.0.1'] as const)(
    '%s throws it away and syncs again, not eligible meanwhile',
    (version) => {
      const cluster = scene({ version, slaves: 1 });
      attach(cluster, 's1');
      reaches(cluster, 's1', 'WaitDBSync');
      cluster.advance(3_000);
      cluster.fault.bgsave('m');
      expect(cluster.advanceUntil(() => events(cluster, 'copy_started') === 2, 10_000)).toBe(true);
      expect(info(cluster, 's1', 'replication')).toContain('is_eligible_for_master_election:false');
      expect(reaches(cluster, 's1', 'Connected')).toBe(true);
      expect(info(cluster, 's1', 'replication')).toContain('is_eligible_for_master_election:true');
      expect(cluster.observe('s1').missing).toBe(0);
    },
  );

  test('with file 0 still there it replays the binlog instead and stays ineligible, restart or not', () => {
    const cluster = scene({ version: '4.0.1', slaves: 1, master: { binlogAt: { file: 0, offset: 0 } } });
    attach(cluster, 's1');
    reaches(cluster, 's1', 'WaitDBSync');
    cluster.advance(3_000);
    cluster.fault.bgsave('m');
    expect(reaches(cluster, 's1', 'Connected')).toBe(true);
    cluster.advance(10_000);
    expect(cluster.observe('s1')).toMatchObject({ missing: 0, fullSyncsDone: 0 });
    const eligible = (): string => info(cluster, 's1', 'replication');
    expect(eligible()).toContain('is_eligible_for_master_election:false');
    cluster.fault.crash('s1');
    cluster.fault.restart('s1');
    expect(eligible()).toContain('is_eligible_for_master_election:false');
  });
});

describe('dumps that are slow or fail', () => {
  test('longer than ten tries: 3.5.4 goes to Error and comes back by itself, with everything', () => {
    const cluster = scene({ slaves: 1 });
    cluster.fault.slowBgsave('m', 15_000);
    attach(cluster, 's1');
    expect(reaches(cluster, 's1', 'Error', 20_000)).toBe(true);
    expect(info(cluster, 's1', 'replication')).toContain('db_repl_state:(db0:Error)');
    expect(reaches(cluster, 's1', 'Connected', 200_000)).toBe(true);
    expect(cluster.observe('s1').missing).toBe(0);
  });

  test('3.5.5 and 3.5.2 wait for a slow dump', () => {
    for (const version of ['3.5.5', '3.5.2'] as const) {
      const cluster = scene({ version, slaves: 1 });
      cluster.fault.slowBgsave('m', 40_000);
      attach(cluster, 's1');
      cluster.advance(30_000);
      expect(state(cluster, 's1')).toBe('WaitDBSync');
      expect(info(cluster, 'm', 'stats')).toContain('is_bgsaving:Yes');
      expect(reaches(cluster, 's1', 'Connected')).toBe(true);
    }
  });

  test('a failed dump still moves LASTSAVE, and the slave waits until another one is made', () => {
    const cluster = scene({ version: '4.0.1', slaves: 2 });
    cluster.fault.failBgsave('m');
    attach(cluster, 's1');
    cluster.advance(30_000);
    expect(cluster.execute('m', ['LASTSAVE'])).toBeGreaterThan(0);
    expect(state(cluster, 's1')).toBe('WaitDBSync');
    attach(cluster, 's2');
    for (const id of ['s1', 's2']) expect(reaches(cluster, id, 'Connected')).toBe(true);
    expect(cluster.observe('s1').missing).toBe(0);
  });
});

describe('the transfer', () => {
  test('takes as long as the bytes and the throttle say, and the counters show it', () => {
    const cluster = scene({ slaves: 1 });
    attach(cluster, 's1');
    reaches(cluster, 's1', 'WaitDBSync');
    const snapshot = [...info(cluster, 'm', 'rocksdb').matchAll(/total_sst_files_size:(\d+)/g)];
    const bytes = snapshot.reduce((sum, [, each]) => sum + Number(each), 0);
    const before = cluster.now();
    cluster.advance(5_000);
    const received = (): number => number(info(cluster, 's1', 'stats'), 'total_net_repl_input_bytes');
    expect(received()).toBeGreaterThan(4.7 * 10 * megabyte);
    expect(received()).toBeLessThan(5.1 * 10 * megabyte);
    expect(number(info(cluster, 'm', 'stats'), 'total_net_repl_output_bytes')).toBe(received());
    expect(reaches(cluster, 's1', 'Connected')).toBe(true);
    expect(received() / bytes).toBeGreaterThan(0.99);
    expect(received() / bytes).toBeLessThan(1.02);
    expect(cluster.now() - before).toBeGreaterThan((bytes / 10 / megabyte) * 1000);
    expect(cluster.now() - before).toBeLessThan((bytes / 10 / megabyte) * 1000 + 3_000);
  });

  test('CONFIG SET throttle-bytes-per-second acts on a running transfer', () => {
    const cluster = scene({ slaves: 1 });
    attach(cluster, 's1');
    reaches(cluster, 's1', 'WaitDBSync');
    cluster.advance(1_000);
    const received = (): number => number(info(cluster, 's1', 'stats'), 'total_net_repl_input_bytes');
    const slow = received();
    cluster.execute('s1', ['CONFIG', 'SET', 'throttle-bytes-per-second', '20000000']);
    cluster.advance(1_000);
    expect(received() - slow).toBeCloseTo(20 * megabyte, -5);
  });

  test("the master's network is shared, and what a throttled slave leaves the others use", () => {
    const cluster = scene({ version: '4.0.1', slaves: 3, master: { nicBytesPerSecond: 18 * megabyte } });
    cluster.execute('s3', ['CONFIG', 'SET', 'throttle-bytes-per-second', '2000000']);
    for (const id of ['s1', 's2', 's3']) attach(cluster, id);
    cluster.advance(2_000);
    const rates = ['s1', 's2', 's3'].map((id) => {
      const received = (): number => number(info(cluster, id, 'stats'), 'total_net_repl_input_bytes');
      const before = received();
      cluster.advance(1_000);
      return (received() - before) / megabyte;
    });
    expect(rates.map(Math.round)).toEqual([8, 8, 2]);
  });

  test('replies slow down with the bytes sent, where the node is told so', () => {
    const cluster = scene({ slaves: 1, master: { replyDelayMs: (bytes) => bytes / megabyte } });
    expect(cluster.perform('m', ['PING']).readyAt).toBe(cluster.now());
    attach(cluster, 's1');
    reaches(cluster, 's1', 'WaitDBSync');
    cluster.advance(2_000);
    expect(cluster.perform('m', ['PING']).readyAt - cluster.now()).toBeCloseTo(10);
  });

  test('files come through four workers in the order of their names', () => {
    const content = new Keyspace(1);
    for (let i = 0; i < 100; i++) content.put('string', `k${i}`, 'v', 1_000);
    const traits = traitsOf('3.5.4');
    const files = sentFiles(databaseFiles(content, traits, { bytesPerByte: 1, sstBytes: 20_000 }), traits);
    const names = files.map(({ name }) => name);
    expect(names).toEqual([...names].sort());
    const small = files
      .slice(0, names.indexOf('strings/000100.sst'))
      .reduce((sum, { bytes }) => sum + bytes, 0);
    const copied = copiedPerFile(files, small + 30_000, 4);
    const of = (name: string): number => copied[names.indexOf(name)]!;
    expect(of('info')).toBe(files[names.indexOf('info')]!.bytes);
    expect(of('strings/CURRENT')).toBe(0);
    expect(of('strings/000100.sst')).toBeGreaterThan(0);
    expect(copied.reduce((sum, each) => sum + each, 0)).toBeCloseTo(small + 30_000);
  });

  test('a long copy that has ended is whole, though sums of its sizes are not exact', () => {
    const files = Array.from({ length: 1000 }, (_, index) => ({
      name: `strings/${100_100 + index}.sst`,
      block: 'strings',
      bytes: ((1 + (index % 7)) * 1e7) / 3,
    }));
    const copied = copiedPerFile(
      files,
      files.reduce((sum, { bytes }) => sum + bytes, 0),
      4,
    );
    expect(copied).toEqual(files.map(({ bytes }) => bytes));
  });
});

describe('the binlog', () => {
  test('lag is what is not sent yet: 0 while the slave still applies', () => {
    const cluster = scene({ slaves: 1, node: { applyPerSecond: 20 } });
    attach(cluster, 's1');
    reaches(cluster, 's1', 'Connected');
    cluster.load('m', { strings: 200, prefix: 'new' });
    cluster.advance(2_000);
    expect(info(cluster, 'm', 'replication')).toContain('lag=(db0:0)');
    const offset = (id: string): string => /binlog_offset=[\d ]+/.exec(info(cluster, id, 'replication'))![0];
    expect(offset('s1')).toBe(offset('m'));
    expect(cluster.observe('s1')).toMatchObject({ lost: 0 });
    expect(cluster.observe('s1').missing).toBeGreaterThan(100);
    cluster.advance(20_000);
    expect(cluster.observe('s1').missing).toBe(0);
  });

  test('files that a syncing slave needs are kept on 3.5.4, not on 3.3.6', () => {
    const purges = (version: SimulatedVersion): number => {
      const config = {
        'binlog-file-size': 10_000,
        'throttle-bytes-per-second': 1_000_000,
        'db-sync-speed': 1,
      };
      const cluster = scene({ version, slaves: 1, node: { config } });
      attach(cluster, 's1');
      reaches(cluster, 's1', 'WaitDBSync');
      const before = events(cluster, 'binlog_purged');
      cluster.startWrites('m', { perSecond: 100 });
      cluster.advance(30_000);
      expect(state(cluster, 's1')).toBe('WaitDBSync');
      return events(cluster, 'binlog_purged') - before;
    };
    expect(purges('3.5.4')).toBe(0);
    expect(purges('3.3.6')).toBeGreaterThan(5);
  });

  test('a slave whose next file is gone is dropped, and syncs again after 20 s of silence', () => {
    const cluster = scene({ slaves: 1, node: { config: { 'binlog-file-size': 10_000 } } });
    attach(cluster, 's1');
    reaches(cluster, 's1', 'Connected');
    cluster.fault.partition('m', 's1');
    cluster.load('m', { strings: 500, prefix: 'new' });
    cluster.advance(10_000);
    cluster.fault.purgeBinlog('m');
    cluster.fault.heal('m', 's1');
    cluster.advance(120_000);
    expect(cluster.observe('s1').missing).toBe(0);
  });

  test('a slave ahead of its master goes to Error', () => {
    const cluster = scene({ slaves: 1, version: '3.5.4', node: { replicationId: 'a'.repeat(50) } });
    cluster.node('s1').dbs[0]!.binlog.reset({ file: 99, offset: 0 });
    attach(cluster, 's1');
    expect(reaches(cluster, 's1', 'Error', 5_000)).toBe(true);
  });
});

describe('faults', () => {
  test('20 s of silence: the master shows `not syncing`, the slave tries anew, and catches up after healing', () => {
    const cluster = scene({ slaves: 1 });
    attach(cluster, 's1');
    reaches(cluster, 's1', 'Connected');
    cluster.fault.partition('m', 's1');
    cluster.load('m', { strings: 10, prefix: 'new' });
    cluster.advance(19_000);
    expect(state(cluster, 's1')).toBe('Connected');
    cluster.advance(2_000);
    expect(state(cluster, 's1')).toBe('WaitReply');
    expect(info(cluster, 'm', 'replication')).toContain('lag=(db0:not syncing)');
    cluster.fault.heal('m', 's1');
    cluster.advance(5_000);
    expect(state(cluster, 's1')).toBe('Connected');
    expect(cluster.observe('s1').missing).toBe(0);
  });

  test('a partition of minutes: both sides close, and the slave joins again by itself', () => {
    const cluster = scene({ slaves: 1 });
    attach(cluster, 's1');
    reaches(cluster, 's1', 'Connected');
    cluster.fault.partition('m', 's1');
    cluster.advance(100_000);
    expect(state(cluster, 's1')).toBe('NoConnect');
    expect(info(cluster, 'm', 'replication')).toContain('connected_slaves:1');
    cluster.advance(100_000);
    expect(info(cluster, 'm', 'replication')).toContain('connected_slaves:0');
    cluster.fault.heal('m', 's1');
    expect(reaches(cluster, 's1', 'Connected', 30_000)).toBe(true);
  });

  test('lost pings in mid-copy on a slave that may replay: connected without a full sync', () => {
    const cluster = scene({ slaves: 1, version: '4.0.1', master: { binlogAt: { file: 0, offset: 0 } } });
    cluster.execute('s1', ['CONFIG', 'SET', 'throttle-bytes-per-second', '1000000']);
    attach(cluster, 's1');
    reaches(cluster, 's1', 'WaitDBSync');
    cluster.fault.losePings('s1');
    expect(reaches(cluster, 's1', 'Connected', 30_000)).toBe(true);
    expect(cluster.observe('s1').fullSyncsDone).toBe(0);
  });

  test('a host that vanishes stays listed for three minutes, and its return is refused until then', () => {
    const cluster = scene({ slaves: 1 });
    attach(cluster, 's1');
    reaches(cluster, 's1', 'Connected');
    cluster.fault.crash('s1', { silent: true });
    cluster.advance(10_000);
    cluster.fault.restart('s1');
    cluster.advance(60_000);
    expect(state(cluster, 's1')).toBe('NoConnect');
    expect(events(cluster, 'already_listed')).toBeGreaterThan(3);
    expect(reaches(cluster, 's1', 'Connected', 150_000)).toBe(true);
  });

  test('a master whose host vanishes in mid-copy: the slave comes back when the master does', () => {
    const cluster = scene({ slaves: 1 });
    attach(cluster, 's1');
    reaches(cluster, 's1', 'WaitDBSync');
    cluster.advance(2_000);
    cluster.fault.crash('m', { silent: true });
    cluster.advance(8_000);
    cluster.fault.restart('m');
    expect(reaches(cluster, 's1', 'Connected', 120_000)).toBe(true);
    cluster.advance(1_000);
    expect(cluster.observe('s1').missing).toBe(0);
  });

  test('NO ONE is not written to the configuration: a restart attaches the node again', () => {
    const cluster = scene({ slaves: 1 });
    attach(cluster, 's1');
    reaches(cluster, 's1', 'Connected');
    cluster.execute('s1', ['SLAVEOF', 'NO', 'ONE']);
    cluster.advance(10_000);
    expect(info(cluster, 's1', 'replication')).toContain('role:master');
    cluster.fault.crash('s1');
    cluster.fault.restart('s1');
    expect(reaches(cluster, 's1', 'Connected', 30_000)).toBe(true);
  });

  test('keys taken from a node behind its back are seen as lost', () => {
    const cluster = scene({ slaves: 1 });
    attach(cluster, 's1');
    reaches(cluster, 's1', 'Connected');
    const gone = cluster.fault.dropKeys('s1', 0.1);
    expect(gone).toBeGreaterThan(50);
    expect(cluster.observe('s1').lost).toBe(gone);
  });
});

describe('SLAVEOF again after NO ONE (recording 29)', () => {
  const upAfter = (seed: number, pauseMs: number): number => {
    const cluster = scene({ slaves: 1, seed });
    attach(cluster, 's1');
    reaches(cluster, 's1', 'Connected');
    cluster.execute('s1', ['SLAVEOF', 'NO', 'ONE']);
    cluster.advance(10_000);
    attach(cluster, 's1');
    reaches(cluster, 's1', 'Connected');
    cluster.advance(1_000);
    cluster.execute('s1', ['SLAVEOF', 'NO', 'ONE']);
    cluster.advance(pauseMs);
    const begin = cluster.now();
    attach(cluster, 's1');
    reaches(cluster, 's1', 'Connected');
    cluster.advance(3_000);
    reaches(cluster, 's1', 'Connected');
    return (
      cluster.log.findLast(({ event, data }) => event === 'state' && data.state === 'Connected')!.at - begin
    );
  };
  const seeds = Array.from({ length: 12 }, (_, index) => index + 1);

  test('four seconds later it is up at once, always', () => {
    for (const seed of seeds) expect(upAfter(seed, 4_000)).toBeLessThan(500);
  });

  test('half a second later it costs ten seconds wherever the old connection still stood', () => {
    const times = seeds.map((seed) => upAfter(seed, 500));
    const slow = times.filter((ms) => ms > 500);
    expect(slow.length).toBeGreaterThan(6);
    for (const ms of slow) {
      expect(ms).toBeGreaterThan(9_000);
      expect(ms).toBeLessThan(13_500);
    }
  });
});

describe('several DBs', () => {
  test('each is synced, and DBSLAVEOF syncs one of them again', () => {
    const cluster = scene({ slaves: 1, node: { databases: 2 } });
    cluster.load('m', { strings: 100, db: 'db1', prefix: 'second' });
    attach(cluster, 's1');
    const connected = (): boolean =>
      Object.values(cluster.observe('s1').states).every((each) => each === 'Connected');
    expect(cluster.advanceUntil(connected, 60_000)).toBe(true);
    expect(cluster.observe('s1').missing).toBe(0);
    const run = (...argv: string[]): unknown => cluster.execute('s1', argv);
    expect(run('DBSLAVEOF', 'db1', 'no', 'one')).toEqual({ status: 'OK' });
    expect(info(cluster, 's1', 'replication')).toContain('db_repl_state:(db1:kDBNoConnect)');
    expect(run('DBSLAVEOF', 'db1', 'force')).toEqual({ status: 'OK' });
    expect(cluster.advanceUntil(connected, 60_000)).toBe(true);
    expect(cluster.observe('s1').missing).toBe(0);
  });
});

describe('3.3.6 pushes from the master', () => {
  test('one slave after another, each with all its keys', () => {
    const cluster = scene({ version: '3.3.6', node: { config: { 'db-sync-speed': 10 } } });
    for (const id of ['s1', 's2', 's3']) attach(cluster, id);
    cluster.advance(3_000);
    expect(['s1', 's2', 's3'].filter((id) => state(cluster, id) === 'WaitDBSync')).toHaveLength(3);
    expect([...cluster.node('m').outgoing]).toHaveLength(1);
    for (const id of ['s1', 's2', 's3']) expect(reaches(cluster, id, 'Connected')).toBe(true);
    cluster.advance(2_000);
    for (const id of ['s1', 's2', 's3']) expect(cluster.observe(id).missing).toBe(0);
  });

  test.each(['SLAVEOF NO ONE', 'a crash'])(
    '%s of the slave that it pushes to keeps nobody waiting',
    (end) => {
      const cluster = scene({ version: '3.3.6', node: { config: { 'db-sync-speed': 10 } } });
      for (const id of ['s1', 's2']) attach(cluster, id);
      expect(cluster.advanceUntil(() => cluster.node('m').outgoing.size === 1, 10_000)).toBe(true);
      const [{ slave } = { slave: cluster.node('s1') }] = cluster.node('m').outgoing;
      if (end === 'a crash') cluster.fault.crash(slave.id);
      else cluster.execute(slave.id, ['SLAVEOF', 'NO', 'ONE']);
      expect(reaches(cluster, slave.id === 's1' ? 's2' : 's1', 'Connected')).toBe(true);
    },
  );

  test('a master given by another name than its own ends in Error', () => {
    const cluster = scene({ version: '3.3.6', slaves: 1 });
    cluster.execute('s1', ['SLAVEOF', 'localhost', String(cluster.node('m').port)]);
    expect(reaches(cluster, 's1', 'Error')).toBe(true);
  });
});

test('3.5.0 syncs in full with a master process that it does not know, and only then', () => {
  const cluster = scene({ version: '3.5.0', slaves: 1, master: { binlogAt: { file: 0, offset: 0 } } });
  const again = (): void => {
    cluster.execute('s1', ['SLAVEOF', 'NO', 'ONE']);
    cluster.advance(10_000);
    attach(cluster, 's1');
    expect(reaches(cluster, 's1', 'Connected')).toBe(true);
  };
  again();
  expect(cluster.observe('s1').fullSyncsDone).toBe(1);
  again();
  expect(cluster.observe('s1').fullSyncsDone).toBe(1);
});

describe('the same seed gives the same run', () => {
  const history = (seed: number): string => {
    const cluster = scene({ seed });
    cluster.startWrites('m', { perSecond: 100, mix: { insert: 2, update: 2, delete: 1, expire: 1 } });
    attach(cluster, 's1');
    cluster.advance(2_500);
    attach(cluster, 's2');
    cluster.advance(2_500);
    cluster.fault.crash('s1');
    cluster.fault.restart('s1');
    cluster.advance(40_000);
    return JSON.stringify([
      cluster.log,
      cluster.observe('s1'),
      cluster.observe('s2'),
      info(cluster, 'm', 'replication'),
    ]);
  };

  test('event by event', () => {
    expect(history(7)).toBe(history(7));
    expect(history(7)).not.toBe(history(8));
  });

  test('however finely time is advanced', () => {
    const run = (stepMs: number): string => {
      const cluster = scene({ seed: 3, slaves: 1 });
      cluster.startWrites('m', { perSecond: 50 });
      attach(cluster, 's1');
      for (let t = 0; t < 20_000; t += stepMs) cluster.advance(stepMs);
      return JSON.stringify([cluster.log, cluster.observe('s1')]);
    };
    expect(run(10)).toBe(run(20_000));
  });
});

test('keys that expire and are deleted under a write load are no loss on a healthy slave', () => {
  const cluster = scene({ slaves: 1 });
  cluster.startWrites('m', {
    perSecond: 300,
    mix: { insert: 3, update: 3, delete: 2, expire: 2 },
    expireSeconds: [1, 8],
  });
  attach(cluster, 's1');
  expect(reaches(cluster, 's1', 'Connected')).toBe(true);
  for (let i = 0; i < 20; i++) {
    cluster.advance(700);
    expect(cluster.observe('s1').lost).toBe(0);
  }
  cluster.stopWrites('m');
  cluster.advance(5_000);
  expect(cluster.observe('s1')).toMatchObject({ missing: 0, different: 0, foreign: 0 });
});
