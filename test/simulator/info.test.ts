import { describe, expect, test } from 'vitest';
import { bulkText, type Cluster, createCluster, type SimulatedVersion } from '../../src/simulator/index.ts';
import { attach, loadRecording, readText } from './recorded-situation.ts';

/** The recorded texts of one file, by the words after `### INFO`. */
function recordedTexts(name: string): Record<string, string> {
  const parts = readText(name).split(/^### INFO ?(.*)\n/m);
  const texts: Record<string, string> = {};
  for (let i = 1; i < parts.length; i += 2) texts[parts[i]!] = parts[i + 1]!;
  return texts;
}

/** Everything that may differ between two runs becomes a letter; names, order, blanks and words stay. */
const shape = (text: string): string =>
  text
    .replaceAll('\r\n', '\n')
    .replace(/^(pika_build_compile_date: ).*$/m, '$1D')
    .replace(/^(# Time:).*$/m, '$1D')
    .replace(/\b[0-9a-f]{40,50}\b/g, 'H')
    .replace(/-?\d+(\.\d+)?([eE][-+]\d+)?/g, 'N')
    .replace(/^\n+$/, '')
    .replace(/\n+$/, '\n');

/** What depends on the commands that were sent, or on the cache's first second. */
const withoutHistory = (text: string): string =>
  text
    .replace(/(# Command_Exec_Count\n)(?:[A-Z]+:N\n)*/, '$1')
    .replace(/(# Commandstats\n)(?:\w+:calls=.*\n)*/, '$1')
    .replace(/cache_status:\w+/, 'cache_status:W');

/** As when the texts were recorded: 5,000 strings and 50 hashes, one slave, one key scan. */
function recordedSituation(version: SimulatedVersion): Cluster {
  const cluster = createCluster({ seed: 1, defaults: { version } });
  cluster.addNode({ id: 'm' });
  cluster.addNode({ id: 's1' });
  cluster.load('m', { strings: 5_000, hashes: 50, valueBytes: 1_024 });
  attach(cluster, 's1', 'm');
  for (const id of ['m', 's1']) cluster.execute(id, ['INFO', 'keyspace', '1']);
  cluster.advance(1_000);
  return cluster;
}

const recordedVersions = ['3.5.4', '3.5.5', '4.0.1'] as const;

describe.each(recordedVersions)('INFO of %s has the recorded layout', (version) => {
  const cluster = recordedSituation(version);
  describe.each([
    ['m', 'master'],
    ['s1', 'slave'],
  ])('on %s', (id, role) => {
    const texts = recordedTexts(`24-${version}-info-${role}.txt`);
    test.each(Object.keys(texts))('INFO %s', (words) => {
      const argv = ['INFO', ...(words === '(no argument)' ? [] : words.split(' '))];
      const reply = bulkText(cluster.execute(id, argv));
      expect(withoutHistory(shape(reply))).toBe(withoutHistory(shape(texts[words]!)));
      expect(reply.split('\n').every((line) => line === '' || line.endsWith('\r'))).toBe(true);
    });
  });

  test('all of it on a slave just after SLAVEOF', () => {
    const fresh = createCluster({ seed: 2, defaults: { version } });
    fresh.addNode({ id: 'm' });
    fresh.addNode({ id: 's1' });
    fresh.load('m', { strings: 100 });
    fresh.execute('s1', ['SLAVEOF', '127.0.0.1', String(fresh.node('m').port)]);
    const [recorded] = Object.values(recordedTexts(`24-${version}-info-slave-just-after-slaveof.txt`));
    const wanted = /db_repl_state:\(db0:(\w+)\)/.exec(recorded!)![1]!;
    const text = (): string => bulkText(fresh.execute('s1', ['INFO', 'all']));
    expect(fresh.advanceUntil(() => text().includes(`db0:${wanted})`), 1_000)).toBe(true);
    const scanned = (each: string): string => each.replace(/# Duration: Ns\n/, '');
    expect(scanned(withoutHistory(shape(text())))).toBe(scanned(withoutHistory(shape(recorded!))));
  });

  test('CONFIG GET *: the same names in the same order', () => {
    const recorded = readText(`24-${version}-config-get.txt`).trimEnd().split('\n');
    const reply = cluster.execute('m', ['CONFIG', 'GET', '*']) as string[];
    expect(reply.filter((_, index) => index % 2 === 0)).toEqual(recorded.map((line) => line.split(' ')[0]));
  });
});

test('every INFO replication that was recorded has a form that the simulator gives', () => {
  const bare = (text: string): string =>
    shape(text)
      .replace(/\((db0):[\w ]+\)/g, '($1:S)')
      .replace(/^slaveN:.*\n/gm, '');
  const names = [
    '03-4.0.1-one-slave-writes',
    '04-3.5.5-one-slave-writes',
    '05-3.5.4-burst3-writes-silent-loss',
  ];
  for (const name of names) {
    const recording = loadRecording(name);
    const version = recording.meta.nodes.m!.version;
    const cluster = createCluster({ seed: 1, defaults: { version } });
    cluster.addNode({ id: 'm', binlogAt: { file: 12, offset: 0 } });
    cluster.addNode({ id: 's1' });
    cluster.load('m', { strings: 50 });
    const given = new Set<string>();
    const look = (): void => {
      for (const id of ['m', 's1'])
        given.add(forms(bare(bulkText(cluster.execute(id, ['INFO', 'replication'])))));
    };
    look();
    cluster.execute('s1', ['SLAVEOF', '127.0.0.1', String(cluster.node('m').port)]);
    for (let i = 0; i < 500; i++) {
      cluster.advance(20);
      if (cluster.node('s1').stalledUntil <= cluster.now()) look();
    }
    for (const { section, raw } of recording.rows)
      if (section === 'replication') expect(given).toContain(forms(bare(raw!)));
  }
});

/** State words and purge words are the sequences' business. */
const forms = (text: string): string =>
  text
    .replace(/^(db0:)(connected|syncing_full|connecting|try_to_\w+|no_connect)$/m, '$1C')
    .replace(/safety_purge=\w+/, 'safety_purge=P')
    .replace(/election:(true|false)/, 'election:B');

describe('versions that were not recorded print what their source says', () => {
  const replication = (version: SimulatedVersion): string[] => {
    const cluster = createCluster({ seed: 1, defaults: { version } });
    cluster.addNode({ id: 'm' });
    cluster.addNode({ id: 's1' });
    cluster.load('m', { strings: 100 });
    cluster.execute('s1', ['SLAVEOF', '127.0.0.1', String(cluster.node('m').port), 'force']);
    const waits = (): boolean => cluster.observe('s1').states.db0 === 'WaitDBSync';
    expect(cluster.advanceUntil(waits, 5_000)).toBe(true);
    const [slave, master] = ['s1', 'm'].map((id) =>
      shape(bulkText(cluster.execute(id, ['INFO', 'replication']))),
    );
    return [slave!, master!];
  };

  test('3.3.6: no replication id, a blank before binlog_offset, never `full syncing`', () => {
    const [slave, master] = replication('3.3.6');
    expect(slave).toBe(
      '# Replication(SLAVE)\nrole:slave\nmaster_host:N.N\nmaster_port:N\nmaster_link_status:down\nslave_priority:N\nslave_read_only:N\ndb_repl_state:(dbN:WaitDBSync)\ndbN binlog_offset=N N,safety_purge=none\n',
    );
    expect(master).toContain('lag=(dbN:not syncing)');
  });

  test.each([
    ['3.5.0', ''],
    ['3.5.1', 'ReplicationID: H\n'],
    ['3.5.2', 'ReplicationID: H\n'],
  ] as const)('%s: ReplicationID with a blank or none, `not syncing` in full sync', (version, id) => {
    const [slave, master] = replication(version);
    expect(slave).toContain(`role:slave\n${id}master_host`);
    expect(slave).toContain('dbN binlog_offset=');
    expect(master).toContain('lag=(dbN:not syncing)');
  });

  test('4.0.0: repl_connect_status, but no eligibility and no slave_repl_offset', () => {
    const [slave, master] = replication('4.0.0');
    expect(slave).toContain('repl_connect_status:\ndbN:syncing_full\nslave_priority');
    expect(slave).not.toMatch(/is_eligible|slave_repl_offset/);
    expect(master).toContain('lag=(dbN:full syncing)');
  });

  test('4.0.0 and 4.0.1 report the same version', () => {
    const cluster = createCluster({ seed: 1 });
    cluster.addNode({ id: 'a', version: '4.0.0' });
    cluster.addNode({ id: 'b', version: '4.0.1' });
    for (const id of ['a', 'b'])
      expect(cluster.execute(id, ['INFO', 'server'])).toContain('pika_version:4.0.0\r\n');
  });

  test('3.3.6 has no run_id and no byte counters', () => {
    const cluster = createCluster({ seed: 1, defaults: { version: '3.3.6' } });
    cluster.addNode({ id: 'a' });
    expect(cluster.execute('a', ['INFO', 'server'])).not.toContain('run_id');
    expect(cluster.execute('a', ['INFO', 'stats'])).not.toContain('total_net_repl_input_bytes');
    expect(cluster.execute('a', ['LASTSAVE'])).toEqual({
      error: `ERR unknown or unsupported command 'lastsave"`,
    });
  });
});
