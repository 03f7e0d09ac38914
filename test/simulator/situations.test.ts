/** Faults of real servers, each held to what was recorded of it; see test/recordings/README.md, 45 to 51. */
import { describe, expect, test } from 'vitest';
import {
  bulkText,
  type Cluster,
  createCluster,
  NodeRefused,
  NodeStalled,
  type SimulatedVersion,
} from '../../src/simulator/index.ts';
import { loadRecording, type Recording, type Row, readText } from './recorded-situation.ts';

const MB = 1_000_000;

interface Scene {
  readonly version?: SimulatedVersion;
  readonly slave?: SimulatedVersion;
  readonly databases?: number;
  readonly onAnotherMount?: boolean;
}

/** A master past its first binlog file with some 60 MB, and two nodes that copy 12 MB a second. */
function scene({ version = '3.5.4', slave = version, databases = 1, onAnotherMount = false }: Scene = {}) {
  const cluster = createCluster({
    seed: 1,
    dataScale: (60 * MB) / (500 * 145),
    defaults: { databases, config: { 'throttle-bytes-per-second': 12 * MB } },
  });
  cluster.addNode({ id: 'm', version, binlogAt: { file: 20, offset: 0 } });
  for (const id of ['s1', 's2'])
    cluster.addNode({ id, version: slave, copiesOnAnotherMount: onAnotherMount });
  cluster.load('m', { strings: 500 });
  return cluster;
}

const attach = (cluster: Cluster, id: string): void =>
  void cluster.execute(id, ['SLAVEOF', '127.0.0.1', String(cluster.node('m').port), 'force']);
const stateOf = (cluster: Cluster, id = 's1'): string => cluster.node(id).dbs[0]!.state;
const connects = (cluster: Cluster, id = 's1', withinMs = 60_000): boolean =>
  cluster.advanceUntil(() => stateOf(cluster, id) === 'Connected', withinMs);
const info = (cluster: Cluster, id: string, section: string): string =>
  bulkText(cluster.execute(id, ['INFO', section]));
const lagOf = (cluster: Cluster): string =>
  /lag=\(db0:([^)]*)\)/.exec(info(cluster, 'm', 'replication'))![1]!;

/** A pair of the version that is connected and has nothing to catch up with. */
function healthyPair(scene_: Scene): Cluster {
  const cluster = scene(scene_);
  attach(cluster, 's1');
  expect(connects(cluster)).toBe(true);
  cluster.advance(2_000);
  return cluster;
}

const line = ({ raw }: Row, name: RegExp): string | undefined => name.exec(raw ?? '')?.[1];
const link = /master_link_status:(\w+)/;
const dbState = /db_repl_state:\(db0:(\w+)\)/;
const rowsOf = ({ rows }: Recording, node: string, section: string): readonly Row[] =>
  rows.filter((row) => row.node === node && row.section === section);
const noteAt = ({ rows }: Recording, words: string): number =>
  rows.find(({ note }) => note?.includes(words))!.t!;

// ---- what reaches a slave (45) -----------------------------------------------------------------------------------

interface CommandRow {
  readonly name: string;
  readonly commands: readonly (readonly string[])[];
  readonly slave: Readonly<Record<string, 'same' | readonly [string | null, number]>>;
}

const commandRows = JSON.parse(readText('situations/45-commands.json')) as readonly CommandRow[];

describe.each(['3.5.4', '3.5.5', '4.0.0', '4.0.1'] as const)(
  'what a healthy slave of %s holds after',
  (version) => {
    test.each(commandRows)('$name', ({ commands, slave }) => {
      const cluster = healthyPair({ version });
      for (const argv of commands) cluster.execute('m', argv);
      cluster.advance(1_000);
      const held = (id: string) =>
        [cluster.execute(id, ['GET', 'k']), cluster.execute(id, ['TTL', 'k'])] as const;
      const [value, ttl] = held('s1');
      const [expected, expectedTtl] = slave[version] === 'same' ? held('m') : slave[version]!;
      expect(value).toBe(expected);
      expect(Math.abs(Number(ttl) - Number(expectedTtl))).toBeLessThanOrEqual(1);
    });
  },
);

test.each(['3.5.4', '4.0.1'] as const)(
  'SET NX EX during a copy: the TTL on the slave of %s is too long by the lag, and nothing is missing',
  (version) => {
    const cluster = scene({ version });
    attach(cluster, 's1');
    cluster.advance(2_000);
    cluster.execute('m', ['SET', 'lock', 'v', 'EX', '3600', 'NX']);
    expect(connects(cluster)).toBe(true);
    cluster.advance(1_000);
    const [own, source] = ['s1', 'm'].map((id) => Number(cluster.execute(id, ['TTL', 'lock'])));
    expect(own! - source!).toBeGreaterThan(1);
    expect(own! - source!).toBeLessThan(10);
    expect(cluster.observe('s1')).toMatchObject({ missing: 0, different: 1, otherExpiry: 1 });
  },
);

describe('a command that the slave cannot parse (45-4.0.1-psetex-stops-replication)', () => {
  const psetex = (cluster: Cluster) => cluster.execute('m', ['PSETEX', 'k', '60000', 'v']);

  test('its offset stands for good, the link goes up and down, and the lag is small', () => {
    const recording = loadRecording('situations/45-4.0.1-psetex-stops-replication');
    const recorded = rowsOf(recording, 's1', 'replication').filter(({ t }) => t! > 10);
    const offsets = new Set(recorded.map((row) => line(row, /binlog_offset=(\d+ \d+)/)));
    expect(offsets.size).toBe(1);
    const recordedStates = new Set(recorded.map((row) => line(row, dbState)));

    const cluster = healthyPair({ version: '4.0.1' });
    cluster.startWrites('m', { perSecond: 50 });
    psetex(cluster);
    cluster.advance(1_000);
    const seen = { offsets: new Set<string>(), states: new Set<string>(), links: new Set<string>() };
    for (let i = 0; i < 2_000; i++) {
      cluster.advance(17);
      const text = info(cluster, 's1', 'replication');
      seen.offsets.add(/binlog_offset=(\d+ \d+)/.exec(text)![1]!);
      seen.states.add(dbState.exec(text)?.[1] ?? '');
      seen.links.add(link.exec(text)![1]!);
      expect(lagOf(cluster)).toMatch(/^\d+$/);
    }
    expect(seen.offsets.size).toBe(1);
    for (const state of recordedStates) expect([...seen.states]).toContain(state ?? '');
    expect([...seen.links].sort()).toEqual(['down', 'up']);
    expect(cluster.observe('s1').missing).toBeGreaterThan(1_000);
  });

  test('a full sync with a newer dump does not help, before the process was started again', () => {
    const cluster = healthyPair({ version: '4.0.1' });
    psetex(cluster);
    cluster.advance(1_000);
    const again = (): void => {
      cluster.execute('m', ['BGSAVE']);
      cluster.advance(1_000);
      cluster.execute('s1', ['SLAVEOF', 'NO', 'ONE']);
      cluster.advance(5_000);
      attach(cluster, 's1');
      cluster.advance(20_000);
      cluster.execute('m', ['SET', 'marker', 'v']);
      cluster.advance(2_000);
    };
    again();
    expect(cluster.execute('s1', ['GET', 'marker'])).toBeNull();
    cluster.fault.crash('s1');
    cluster.fault.restart('s1');
    again();
    expect(cluster.execute('s1', ['GET', 'marker'])).toBe('v');
  });

  test.each([
    ['4.0.0', 'stops'],
    ['4.0.1', 'stops'],
    ['3.5.4', 'refused'],
    ['3.5.5', 'refused'],
  ] as const)('an expiry after 2038-01-19 on %s: %s', (version, what) => {
    const cluster = healthyPair({ version });
    const reply = cluster.execute('m', ['SETEX', 'k', '400000000', 'v']);
    cluster.execute('m', ['SET', 'marker', 'v']);
    cluster.advance(5_000);
    if (what === 'refused')
      expect(reply).toMatchObject({ error: expect.stringContaining('invalid expire time') });
    expect(cluster.execute('s1', ['GET', 'marker'])).toBe(what === 'stops' ? null : 'v');
  });
});

// ---- FLUSHALL (46) -----------------------------------------------------------------------------------------------

describe('FLUSHALL with a dump that is reused (46)', () => {
  test('4.0.1: the tables shrink at once, the dump stays, a second node copies it and is whole', () => {
    const recording = loadRecording('situations/46-4.0.1-flushall-reused-dump');
    const flushedAt = noteAt(recording, 'flush ->');
    const saves = recording.rows.filter(
      ({ node, command, t }) => node === 'm' && command === 'LASTSAVE' && t! > flushedAt,
    );
    expect(saves).toEqual([]);

    const cluster = healthyPair({ version: '4.0.1' });
    const { lastSave } = cluster.node('m');
    cluster.execute('m', ['FLUSHALL']);
    cluster.load('m', { strings: 5, prefix: 'new' });
    attach(cluster, 's2');
    expect(connects(cluster, 's2')).toBe(true);
    cluster.advance(1_000);
    expect(cluster.node('m').lastSave).toBe(lastSave);
    expect(cluster.observe('s2')).toMatchObject({ missing: 0, different: 0, foreign: 0, keys: 5 });
    expect(Number(/total_net_repl_input_bytes:(\d+)/.exec(info(cluster, 's2', 'stats'))![1])).toBeGreaterThan(
      50 * MB,
    );
  });

  test('3.5.4: a new node gets a new dump, a node that is attached again the old one', () => {
    const recording = loadRecording('situations/46-3.5.4-flushall-during-copy');
    const flushedAt = noteAt(recording, 'flush ->');
    const waits = rowsOf(recording, 's1', 'replication').filter(
      (row) => row.t! > flushedAt && line(row, dbState) === 'WaitDBSync',
    );
    expect(waits.length).toBeGreaterThan(1);
    expect(
      recording.rows.filter(
        ({ node, command, t }) => node === 'm' && command === 'LASTSAVE' && t! > flushedAt,
      ),
    ).toEqual([]);

    const cluster = scene();
    attach(cluster, 's1');
    cluster.advance(2_000);
    cluster.execute('m', ['FLUSHALL']);
    expect(connects(cluster)).toBe(true);
    const { lastSave } = cluster.node('m');
    cluster.execute('s1', ['SLAVEOF', 'NO', 'ONE']);
    cluster.advance(8_000);
    attach(cluster, 's1');
    expect(connects(cluster)).toBe(true);
    expect(cluster.node('m').lastSave).toBe(lastSave);
    cluster.advance(2_000);
    attach(cluster, 's2');
    expect(connects(cluster, 's2')).toBe(true);
    expect(cluster.node('m').lastSave).toBeGreaterThan(lastSave);
  });

  test('3.5.4 loses first writes after it now and then, 3.5.5 and 4.0.1 do not', () => {
    const missing = (version: SimulatedVersion): number[] => {
      const cluster = healthyPair({ version });
      return Array.from({ length: 64 }, (_, round) => {
        cluster.execute('m', ['FLUSHALL']);
        cluster.load('m', { strings: 20, prefix: `r${round}` });
        cluster.advance(1_000);
        return cluster.observe('s1').missing!;
      });
    };
    const lost = missing('3.5.4').filter((keys) => keys > 0);
    expect(lost.length).toBeGreaterThan(1);
    expect(lost.length).toBeLessThan(24);
    expect(Math.max(...lost)).toBeLessThanOrEqual(8);
    for (const version of ['3.5.5', '4.0.1'] as const) expect(Math.max(...missing(version))).toBe(0);
  });
});

// ---- pairs of versions (47) --------------------------------------------------------------------------------------

test('a slave of 3.5.5 under a master of 3.5.4 ends in Error at the first INCR, for good (47)', () => {
  const recording = loadRecording('situations/47-3.5.4-to-3.5.5-incr');
  const last = rowsOf(recording, 's1', 'replication').at(-1)!;
  const lag = rowsOf(recording, 'm', 'replication').at(-1)!;
  const cluster = healthyPair({ version: '3.5.4', slave: '3.5.5' });
  cluster.execute('m', ['SET', 'k', '5']);
  cluster.execute('m', ['DECR', 'k']);
  cluster.advance(1_000);
  expect(cluster.execute('s1', ['GET', 'k'])).toBe('4');
  cluster.execute('m', ['INCR', 'k']);
  cluster.advance(200_000);
  expect(stateOf(cluster)).toBe(line(last, dbState));
  expect(lagOf(cluster)).toBe(/lag=\(db0:([^)]*)\)/.exec(lag.raw!)![1]);
});

// ---- bytes that tell (48) ----------------------------------------------------------------------------------------

interface Talk {
  readonly recording: string;
  readonly version: SimulatedVersion;
  readonly breakIt: (cluster: Cluster) => void;
}

const talks: readonly Talk[] = (['3.5.4', '4.0.1'] as const).flatMap((version) => [
  {
    recording: `${version}-port-2000-closed`,
    version,
    breakIt: ({ fault }) => fault.closePort('m', 'replication'),
  },
  {
    recording: `${version}-masterauth-wrong`,
    version,
    breakIt: (cluster) => {
      cluster.node('m').settings.set('requirepass', 'right');
      cluster.node('s1').settings.set('masterauth', 'wrong');
    },
  },
  { recording: `${version}-dump-fails`, version, breakIt: ({ fault }) => fault.breakDumps('m') },
  ...(version === '4.0.1'
    ? [
        {
          recording: `${version}-port-10001-closed`,
          version,
          breakIt: ({ fault }: Cluster) => fault.closePort('m', 'files'),
        },
      ]
    : []),
]);

describe('bytes of a slave that cannot copy (48)', () => {
  test.each(talks)('$recording', ({ recording, version, breakIt }) => {
    const real = loadRecording(`situations/48-${recording}`);
    const counted = rowsOf(real, 's1', 'stats').map((row) => ({
      t: row.t!,
      in: Number(line(row, /repl_input_bytes:(\d+)/)),
      out: Number(line(row, /repl_output_bytes:(\d+)/)),
    }));
    const end = counted.at(-1)!;
    const cluster = scene({ version });
    breakIt(cluster);
    attach(cluster, 's1');
    cluster.advance(end.t * 1000);
    const stats = info(cluster, 's1', 'stats');
    const bytes = {
      in: Number(/repl_input_bytes:(\d+)/.exec(stats)![1]),
      out: Number(/repl_output_bytes:(\d+)/.exec(stats)![1]),
    };
    for (const way of ['in', 'out'] as const)
      expect([way, Math.abs(bytes[way] - end[way]) <= 0.35 * end[way] + 120]).toEqual([way, true]);
    if (recording.includes('port-2000')) expect(bytes).toEqual({ in: 0, out: 0 });
    if (recording.includes('masterauth')) expect(bytes).toEqual({ in: 52, out: 32 });
    expect(stateOf(cluster)).toBe(line(rowsOf(real, 's1', 'replication').at(-1)!, dbState));
    const listed = info(cluster, 'm', 'replication').includes('slave0');
    expect(listed).toBe(rowsOf(real, 'm', 'replication').at(-1)!.raw!.includes('slave0'));
  });

  test('LASTSAVE moves although the dump failed', () => {
    for (const version of ['3.5.4', '4.0.1'] as const) {
      const saves = loadRecording(`situations/48-${version}-dump-fails`).rows.filter(
        ({ node, command }) => node === 'm' && command === 'LASTSAVE',
      );
      expect(new Set(saves.map(({ reply }) => reply)).size).toBeGreaterThan(1);
      const cluster = scene({ version });
      cluster.fault.breakDumps('m');
      attach(cluster, 's1');
      cluster.advance(5_000);
      expect(cluster.node('m').lastSave).toBeGreaterThan(0);
      cluster.advance(600_000);
      expect(stateOf(cluster)).toBe('WaitDBSync');
    }
  });

  test('without port + 10001 a slave of 3.5.4 is in Error after some 12 s', () => {
    const cluster = scene();
    cluster.fault.closePort('m', 'files');
    attach(cluster, 's1');
    cluster.advance(14_000);
    expect(stateOf(cluster)).toBe('Error');
  });
});

test('a dump that takes 14 s: 3.5.4 is in Error, and is up by itself after some two minutes with a new dump', () => {
  const cluster = scene();
  cluster.fault.slowBgsave('m', 14_000);
  const begunAt = cluster.now();
  attach(cluster, 's1');
  expect(cluster.advanceUntil(() => stateOf(cluster) === 'Error', 20_000)).toBe(true);
  expect(connects(cluster, 's1', 200_000)).toBe(true);
  expect((cluster.now() - begunAt) / 1000).toBeGreaterThan(90);
  expect((cluster.now() - begunAt) / 1000).toBeLessThan(130);
  expect(cluster.observe('s1')).toMatchObject({ missing: 0, dumpsMade: 0 });
  expect(cluster.node('m').dumpsMade).toBe(2);
});

// ---- a reply that overtakes the slave's own state (49) -----------------------------------------------------------

describe('a reply that overtakes the state of the slave (49)', () => {
  test.each(['3.5.4', '4.0.1'] as const)(
    '%s: the master gives up after 20 s, the slave asks again a minute later',
    (version) => {
      const recording = loadRecording(`situations/49-${version}-reply-overtakes-state`);
      const stuckAt = rowsOf(recording, 's1', 'replication').find(
        (row) => line(row, dbState) === 'kWaitReply',
      )!.t!;
      const droppedAt = rowsOf(recording, 'm', 'replication').find(
        (row) => row.t! > stuckAt && row.raw!.includes('not syncing'),
      )!.t!;
      const upAt = rowsOf(recording, 's1', 'replication').find(
        (row) => row.t! > stuckAt && line(row, link) === 'up',
      )!.t!;

      const cluster = scene({ version });
      cluster.startWrites('m', { perSecond: 20 });
      attach(cluster, 's1');
      cluster.advanceUntil(() => stateOf(cluster) === 'WaitDBSync', 10_000);
      cluster.fault.overtakeReplies('s1');
      cluster.advanceUntil(() => stateOf(cluster) === 'WaitReply', 60_000);
      const begunAt = cluster.now();
      const since = (): number => (cluster.now() - begunAt) / 1000;
      cluster.advance(2_000);
      const early = Number(lagOf(cluster));
      cluster.advance(10_000);
      expect(Number(lagOf(cluster))).toBeGreaterThan(early);
      expect(cluster.advanceUntil(() => lagOf(cluster) === 'not syncing', 60_000)).toBe(true);
      expect(Math.abs(since() - (droppedAt - stuckAt))).toBeLessThan(3);
      expect(connects(cluster, 's1', 120_000)).toBe(true);
      expect(Math.abs(since() - (upAt - stuckAt))).toBeLessThan(12);
      cluster.stopWrites('m');
      cluster.advance(2_000);
      expect(cluster.observe('s1')).toMatchObject({ missing: 0, different: 0 });
    },
  );

  test.each([
    [2, true],
    [1, false],
  ])('of two DBs %d are caught: it helps itself: %s', (caught, helps) => {
    const cluster = scene({ version: '4.0.1', databases: 2 });
    attach(cluster, 's1');
    const { dbs } = cluster.node('s1');
    cluster.advanceUntil(() => dbs.every(({ state }) => state === 'WaitDBSync'), 10_000);
    cluster.fault.overtakeReplies('s1', caught);
    cluster.advance(30_000);
    expect(dbs.filter(({ state }) => state === 'WaitReply')).toHaveLength(caught);
    cluster.advance(600_000);
    expect(dbs.every(({ state }) => state === 'Connected')).toBe(helps);
  });
});

// ---- where the copy lies on another mount (50) -------------------------------------------------------------------

test.each(['3.5.4', '4.0.1'] as const)(
  '%s with db-sync-path on another mount: Error, the first read kills it, the next full sync deletes the old data (50)',
  (version) => {
    const recording = loadRecording(`situations/50-${version}-copy-on-another-mount`);
    const states = rowsOf(recording, 's1', 'replication').map((row) => line(row, dbState));
    expect(states.filter((state) => state === 'Error')).toHaveLength(2);
    const read = (cluster: Cluster): void => {
      try {
        cluster.execute('s1', ['GET', 'base:1']);
      } catch (error) {
        if (!(error instanceof NodeRefused) && !(error instanceof NodeStalled)) throw error;
      }
    };
    const cluster = scene({ version, onAnotherMount: true });
    cluster.load('s1', { strings: 3, prefix: 'old' });
    attach(cluster, 's1');
    const failed = (): boolean => stateOf(cluster) === 'Error';
    expect(cluster.advanceUntil(failed, 30_000)).toBe(true);
    read(cluster);
    expect(cluster.observe('s1').alive).toBe(false);
    cluster.fault.restart('s1');
    cluster.execute('s1', ['SLAVEOF', 'NO', 'ONE']);
    cluster.advance(5_000);
    attach(cluster, 's1');
    expect(cluster.advanceUntil(failed, 30_000)).toBe(true);
    expect(cluster.log.filter(({ event }) => event.startsWith('old_data')).map(({ event }) => event)).toEqual(
      ['old_data_moved_away', 'old_data_deleted'],
    );
  },
);

// ---- who a server is (51) ----------------------------------------------------------------------------------------

test('nodes given by name, all on one port: the master lists their addresses, they show its name (51)', () => {
  const recording = loadRecording('situations/51-4.0.1-names-and-one-port');
  const listed = rowsOf(recording, 'pika-0', 'replication').map((row) =>
    line(row, /slave0:ip=([\d.]+),port=9221/),
  );
  expect(listed).toContain(recording.meta.nodes['pika-1']!.addr.split(':')[0]);
  const shown = rowsOf(recording, 'pika-1', 'replication').map((row) => line(row, /master_host:(\S+)/));
  expect(shown).toContain('pika-0.pika-headless');

  const cluster = createCluster({ seed: 1, defaults: { version: '4.0.1', port: 9221 } });
  for (const [id, { addr }] of Object.entries(recording.meta.nodes))
    cluster.addNode({ id, host: addr.split(':')[0]!, aliases: [`${id}.pika-headless`] });
  cluster.load('pika-0', { strings: 10 });
  for (const id of ['pika-1', 'pika-2']) cluster.execute(id, ['SLAVEOF', 'pika-0.pika-headless', '9221']);
  cluster.advance(10_000);
  expect(info(cluster, 'pika-0', 'replication')).toMatch(
    /slave0:ip=10\.99\.0\.2,port=9221,.*\r\nslave1:ip=10\.99\.0\.3,port=9221,/,
  );
  expect(info(cluster, 'pika-1', 'replication')).toContain('master_host:pika-0.pika-headless\r\n');
});

test('two nodes whose configuration file was copied say the same run_id, and have processes of their own', () => {
  const cluster = createCluster({ seed: 1 });
  for (const id of ['m', 'm2']) cluster.addNode({ id, runId: 'f'.repeat(40) });
  const [one, other] = ['m', 'm2'].map((id) => info(cluster, id, 'server'));
  const said = (text: string, name: string): string => new RegExp(`${name}:(\\w+)`).exec(text)![1]!;
  expect(said(one!, 'run_id')).toBe(said(other!, 'run_id'));
  expect(said(one!, 'process_id')).not.toBe(said(other!, 'process_id'));
});

test('rename-command takes a command away under its own name', () => {
  const cluster = createCluster({ seed: 1 });
  cluster.addNode({ id: 'm', renamedCommands: { slaveof: 'follow', config: '' } });
  expect(cluster.execute('m', ['SLAVEOF', 'NO', 'ONE'])).toEqual({ error: 'ERR unknown command "slaveof"' });
  expect(cluster.execute('m', ['FOLLOW', 'NO', 'ONE'])).toEqual({ status: 'OK' });
  expect(cluster.execute('m', ['CONFIG', 'GET', 'port'])).toMatchObject({ error: expect.any(String) });
});

test.each(['3.5.4', '4.0.1'] as const)(
  '%s: the target of GEORADIUS … STORE never reaches a slave (recording 45)',
  (version) => {
    const cluster = scene({ version });
    attach(cluster, 's1');
    expect(connects(cluster)).toBe(true);
    cluster.execute('m', ['ZADD', 'places', '1', 'a', '2', 'b']);
    expect(cluster.execute('m', ['GEORADIUSBYMEMBER', 'places', 'a', '9', 'km'])).toEqual(['a', 'b']);
    expect(cluster.execute('m', ['GEORADIUSBYMEMBER', 'places', 'a', '9', 'km', 'STORE', 'near'])).toBe(2);
    cluster.advance(5_000);
    expect(cluster.execute('m', ['ZRANGE', 'near', '0', '-1'])).toEqual(['a', 'b']);
    expect(cluster.observe('s1').missing).toBe(1);
  },
);

describe.each(['3.5.4', '4.0.1'] as const)(
  '%s: the folder of the dumps is deleted during a copy (52)',
  (version) => {
    /** Bytes a second of s1, in and out, over the last 12 s before NO ONE. */
    const recorded = () => {
      const { rows } = loadRecording(`situations/52-${version}-dump-deleted-in-copy`);
      const left = rows.find(({ note }) => note?.includes('NO ONE'))!.t!;
      const seen = rows.flatMap(({ t = 0, node, section, raw = '' }) =>
        node === 's1' && section === 'stats' && t <= left && t >= left - 12
          ? [{ t, in: counter(raw, 'input'), out: counter(raw, 'output') }]
          : [],
      );
      const [first, last] = [seen[0]!, seen.at(-1)!];
      return ['in', 'out'].map((way) => (last[way as 'in'] - first[way as 'in']) / (last.t - first.t)) as [
        number,
        number,
      ];
    };
    const counter = (raw: string, way: string): number =>
      Number(new RegExp(`total_net_repl_${way}_bytes:(\\d+)`).exec(raw)![1]);
    const bytesOf = (cluster: Cluster) => {
      const text = bulkText(cluster.execute('s1', ['INFO', 'stats']));
      return [counter(text, 'input'), counter(text, 'output')] as const;
    };

    test('errors come for ever, as many bytes as recorded, and the next full sync gets a new dump', () => {
      const cluster = scene({ version });
      attach(cluster, 's1');
      while (bytesOf(cluster)[0] < 6 * MB) cluster.advance(500);
      cluster.fault.removeDumps('m');
      const before = bytesOf(cluster);
      cluster.advance(20_000);
      bytesOf(cluster).forEach((now, way) => {
        const [perSecond, real] = [(now - before[way]!) / 20, recorded()[way]!];
        expect(Math.abs(perSecond - real) / real).toBeLessThan(0.15);
      });
      expect(stateOf(cluster)).toBe('WaitDBSync');
      cluster.execute('s1', ['SLAVEOF', 'NO', 'ONE']);
      cluster.advance(6_000);
      attach(cluster, 's1');
      expect(connects(cluster)).toBe(true);
      expect(cluster.observe('s1').missing).toBe(0);
    });
  },
);

// ---- requests that time out (53) ----------------------------------------------------------------------------------

describe('a node whose requests for files time out', () => {
  const MiB = 1024 * 1024;
  const counted = (raw: string): number => Number(/total_net_repl_input_bytes:(\d+)/.exec(raw)![1]);

  /** 31 MB at 5 MiB/s, as recorded. */
  function timingOut(version: SimulatedVersion, timeoutMs: number): Cluster {
    const cluster = createCluster({ seed: 1, dataScale: (31 * MB) / (500 * 145) });
    cluster.addNode({ id: 'm', version, binlogAt: { file: 20, offset: 0 } });
    const config = { 'throttle-bytes-per-second': 5 * MiB, 'rsync-timeout-ms': timeoutMs };
    cluster.addNode({ id: 's1', version, config });
    cluster.load('m', { strings: 500 });
    attach(cluster, 's1');
    return cluster;
  }

  const receivedAt = (cluster: Cluster, second: number): number => {
    if (cluster.now() < second * 1000) cluster.advance(second * 1000 - cluster.now());
    return counted(info(cluster, 's1', 'stats'));
  };

  const recorded = (name: string, second: number): number =>
    counted(
      rowsOf(loadRecording(`situations/53-${name}`), 's1', 'stats').findLast(({ t }) => t! <= second)!.raw!,
    );

  test('4.0.1 receives as much as its throttle lets it, in whole pieces, and no file ends', () => {
    const cluster = timingOut('4.0.1', 20);
    const start = cluster.now() / 1000;
    for (const second of [10, 20, 29]) {
      const ratio = receivedAt(cluster, start + second) / recorded('4.0.1-requests-time-out', second);
      expect(ratio).toBeGreaterThan(0.9);
      expect(ratio).toBeLessThan(1.15);
    }
    const before = receivedAt(cluster, start + 29);
    const came = receivedAt(cluster, start + 29.5) - before;
    const piece = Math.floor((5 * MiB) / 10);
    expect(came % piece).toBeLessThan(1000);
    cluster.advance(300_000);
    expect(stateOf(cluster)).toBe('WaitDBSync');
  });

  test('3.5.4 receives small files again and again for 16 s, and then large files with pauses', () => {
    const cluster = timingOut('3.5.4', 20);
    const start = cluster.now() / 1000;
    for (const second of [8, 15]) {
      expect(receivedAt(cluster, start + second)).toBeLessThan(2 * MB);
      expect(recorded('3.5.4-requests-time-out', second)).toBeLessThan(2 * MB);
    }
    const perSecond = (of: (second: number) => number): number => {
      const before = of(25);
      return (of(45) - before) / 20;
    };
    const simulated = perSecond((second) => receivedAt(cluster, start + second));
    const real = perSecond((second) => recorded('3.5.4-requests-time-out', second));
    for (const pace of [simulated, real]) {
      expect(pace).toBeGreaterThan(MB);
      expect(pace).toBeLessThan(4 * MB);
    }
    expect(stateOf(cluster)).toBe('WaitDBSync');
  });

  test('rsync-timeout-ms 1000 cures it in the copy', () => {
    const cluster = timingOut('4.0.1', 20);
    cluster.advance(15_000);
    cluster.execute('s1', ['CONFIG', 'SET', 'rsync-timeout-ms', '1000']);
    expect(connects(cluster, 's1', 20_000)).toBe(true);
    expect(cluster.observe('s1')).toMatchObject({ missing: 0, different: 0, foreign: 0 });
  });

  test('3.5.4 with 1 ms gives the list of files up within seconds, and no file has come', () => {
    const { rows } = loadRecording('situations/53-3.5.4-list-times-out');
    const shows = (state: string) => rows.find(({ raw }) => raw?.includes(`db0:${state}`))!.t!;
    const cluster = timingOut('3.5.4', 1);
    cluster.advanceUntil(() => stateOf(cluster) === 'WaitDBSync', 10_000);
    const beganAt = cluster.now();
    expect(cluster.advanceUntil(() => stateOf(cluster) === 'Error', 10_000)).toBe(true);
    for (const ms of [cluster.now() - beganAt, 1000 * (shows('Error') - shows('WaitDBSync'))])
      expect(ms).toBeLessThan(2500);
    expect(receivedAt(cluster, 0)).toBeLessThan(1000);
  });
});
