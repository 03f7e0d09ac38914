/** What lies in the folders of simulated nodes, beside recordings of real servers. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  type Cluster,
  createCluster,
  type NodeOptions,
  type SimulatedVersion,
} from '../../src/simulator/index.ts';
import { recordedEvents, withFolderEvents } from './folder-events.ts';
import { type Play, played, situations, versions } from './recorded-logs.ts';

type Nodes = (typeof situations)[number]['nodes'];

function eventsOf(
  version: SimulatedVersion,
  servers: Readonly<Record<string, string>>,
  act: (play: Play) => void,
  nodes?: Nodes,
) {
  const { cluster, events } = withFolderEvents(
    createCluster({ seed: 1, dataScale: 100, logs: true }),
    servers,
  );
  played(version, act, nodes, cluster);
  return events;
}

describe('folders change in the order of real servers', () => {
  for (const { name, recorded, of, server = 'slave1', nodes, act } of situations)
    test.each(of)(`${name}: %s`, (version) => {
      // Where a second node was refused, its master served the first.
      const servers = server === 'slave1' ? { slave1: 's1', master: 'm' } : { [server]: 's1' };
      expect(eventsOf(version, servers, (play) => act(play, version), nodes)).toEqual(
        recordedEvents(`${recorded}-${version}`, Object.keys(servers)),
      );
    });

  test.each(['3.5.5', '4.0.0', '4.0.1'] as const)('a dump that takes 8 to 14 s: %s', (version) => {
    const events = eventsOf(version, { slave1: 's1', master: 'm' }, ({ cluster, attach, until }) => {
      cluster.fault.slowBgsave('m', version === '3.5.5' ? 13_500 : 8000);
      attach();
      until('Connected');
    });
    expect(events).toEqual(recordedEvents(`27-${version}`, ['slave1', 'master']));
  });

  const burst: Partial<NodeOptions> = { config: { 'throttle-bytes-per-second': 2_000_000 } };
  test.each([
    ...versions.map((version) => ['04a', version, [2000, 2000], ['loss', 'death']] as const),
    ['04b', '3.5.4', [2500, 3000], ['loss', 'loss']] as const,
  ])('a burst of three: %s-%s', (recorded, version, gapsMs, outcomes) => {
    const servers = { master: 'm', slave1: 's1', slave2: 's2', slave3: 's3' };
    const events = eventsOf(version, servers, ({ cluster, attach, until }) => {
      for (const id of ['s2', 's3']) cluster.addNode({ id, version, ...burst });
      for (const [index, outcome] of outcomes.entries())
        cluster.fault.nextSuperseded(`s${index + 1}`, outcome);
      attach();
      for (const [index, ms] of gapsMs.entries()) {
        cluster.advance(ms);
        cluster.execute(`s${index + 2}`, ['SLAVEOF', '127.0.0.1', String(cluster.node('m').port)]);
      }
      until('Connected');
      cluster.advanceUntil(() => cluster.node('s3').dbs[0]!.state === 'Connected', 60_000);
    });
    for (const server of Object.keys(servers))
      expect(events.filter(([of]) => of === server)).toEqual(
        recordedEvents(`${recorded}-${version}`, [server]),
      );
  });

  test.each(['3.5.4', '4.0.1'] as const)('two databases: %s', (version) => {
    const two = { databases: 2 };
    const events = eventsOf(
      version,
      { slave1: 's1', master: 'm' },
      ({ cluster, attach }) => {
        cluster.load('m', { strings: 100, db: 'db1' });
        attach();
        const { dbs } = cluster.node('s1');
        cluster.advanceUntil(() => dbs.every(({ state }) => state === 'Connected'), 60_000);
      },
      { master: two, slave: { ...two, ...burst } },
    );
    const recorded = recordedEvents(`28-${version}`, ['slave1', 'master']);
    for (const name of ['db0', 'db1'])
      expect(events.filter(([, db]) => db === name)).toEqual(recorded.filter(([, db]) => db === name));
  });

  test.each(['3.5.4', '4.0.0', '4.0.1'] as const)('a copy that cannot be moved into place: %s', (version) => {
    const events = eventsOf(
      version,
      { slave1: 's1', master: 'm' },
      ({ cluster, attach, until }) => {
        attach();
        until('Error');
        cluster.execute('s1', ['GET', 'key']);
        cluster.advance(5000);
        cluster.fault.restart('s1');
        until('Error');
      },
      { slave: { copiesOnAnotherMount: true } },
    );
    expect(events).toEqual(recordedEvents(`18-${version}`, ['slave1', 'master']));
  });
});

interface RecordedCopy {
  /** What was sent, in the order of the names, with sizes. */
  readonly files: readonly (readonly [name: string, bytes: number])[];
  /** Which of them had changed every half second of the copy, and their sizes then. */
  readonly samples: readonly (readonly [at: number, changed: readonly (readonly [number, number])[]])[];
}
interface RecordedFiles extends RecordedCopy {
  /** Names in a folder, numbers as N: by what it holds at that time. */
  readonly layout: Readonly<Record<string, string>>;
  readonly oneWorker?: RecordedCopy;
  readonly fullDisk?: {
    readonly grownAt: number;
    readonly bytes: readonly (readonly [at: number, bytes: number])[];
  };
}
const recordedFiles = JSON.parse(
  readFileSync(new URL('../recordings/folders/files.json', import.meta.url), 'utf8'),
) as Readonly<Record<SimulatedVersion, RecordedFiles>>;

/** Data of all types that have any in the recordings, in many table files. */
function filled(version: SimulatedVersion, workers = 4): Cluster {
  const cluster = createCluster({ seed: 1, dataScale: 100 });
  const config = {
    'target-file-size-base': 400_000,
    'throttle-bytes-per-second': 2_000_000,
    'max-rsync-parallel-num': workers,
  };
  cluster.addNode({ id: 'm', version, config, binlogAt: { file: 20, offset: 0 } });
  cluster.addNode({ id: 's1', version, config });
  cluster.load('m', { strings: 1000, hashes: 20, lists: 20, sets: 20, zsets: 20 });
  return cluster;
}
const attach = (cluster: Cluster) =>
  cluster.execute('s1', ['SLAVEOF', '127.0.0.1', String(cluster.node('m').port)]);
const folderAt = (cluster: Cluster, id: string, path: RegExp) =>
  cluster.foldersOf(id).find((folder) => path.test(folder.path));
const copyOf = (cluster: Cluster) =>
  (folderAt(cluster, 's1', /^dbsync/)?.files ?? []).filter(({ name }) => name !== 'DUMP_META_DATA');
const layoutOf = (cluster: Cluster, id: string, path: RegExp): string =>
  [...new Set(folderAt(cluster, id, path)!.files.map(({ name }) => name.replaceAll(/\d{6}/g, 'N')))]
    .toSorted()
    .join(' ');
const isCopying = (cluster: Cluster) => () => cluster.node('s1').dbs[0]!.rsync.transfer !== null;
const isConnected = (cluster: Cluster) => () => cluster.node('s1').dbs[0]!.state === 'Connected';

describe('the same files lie in folders as on real servers', () => {
  test.each(versions)('dump, copy and database: %s', (version) => {
    const { layout, files } = recordedFiles[version];
    const cluster = filled(version);
    expect(layoutOf(cluster, 's1', /^db\//)).toBe(layout.empty);
    attach(cluster);
    cluster.advanceUntil(isCopying(cluster), 60_000);
    expect(layoutOf(cluster, 'm', /^dump\/\d{8}\/db0$/)).toBe(layout.dump);
    expect(layoutOf(cluster, 'm', /^db\//)).toBe(layout.filled);
    const { transfer } = cluster.node('s1').dbs[0]!.rsync;
    cluster.advanceUntil(() => transfer!.copied === transfer!.dump.bytes, 60_000);
    const sent = files.map(([name]) => name.replaceAll(/\d{6}/g, 'N'));
    expect(layoutOf(cluster, 's1', /^dbsync\//)).toBe(
      [...new Set([...sent, 'DUMP_META_DATA'])].toSorted().join(' '),
    );
    cluster.advanceUntil(isConnected(cluster), 60_000);
    expect(layoutOf(cluster, 's1', /^db\//)).toBe(layout.swapped);
  });

  /** A newer dump ends the copy halfway. */
  function cutShort(outcome: 'loss' | 'death'): Cluster {
    const cluster = filled('3.5.4');
    attach(cluster);
    cluster.advanceUntil(isCopying(cluster), 60_000);
    cluster.advance(4000);
    cluster.fault.nextSuperseded('s1', outcome);
    cluster.fault.bgsave('m');
    cluster.advance(5000);
    return cluster;
  }
  const { layout } = recordedFiles['3.5.4'];

  test('a copy that was cut short is opened without the tables of what was lost', () => {
    expect(layoutOf(cutShort('loss'), 's1', /^db\//)).toBe(layout.cutShort);
  });

  test('a node that died on its copy has its old data beside it, and `info` is gone', () => {
    const cluster = cutShort('death');
    expect(layoutOf(cluster, 's1', /_bak$/)).toBe(layout.empty);
    const died = layoutOf(cluster, 's1', /^db\/db0$/).split(' ');
    expect([...died, ...layout.died!.split(' ')]).not.toContain('info');
    expect(died).toEqual(expect.arrayContaining(['DUMP_META_DATA', 'hashes/N.sst']));
    expect(cluster.foldersOf('s1').some(({ path }) => path.startsWith('dbsync'))).toBe(false);
  });

  test('dumps that somebody deletes are gone, and a node that is wiped is empty', () => {
    const cluster = filled('3.5.4');
    attach(cluster);
    cluster.advanceUntil(isConnected(cluster), 60_000);
    cluster.fault.removeDumps('m');
    expect(folderAt(cluster, 'm', /^dump/)).toBeUndefined();
    cluster.fault.crash('s1');
    cluster.fault.wipe('s1');
    expect(layoutOf(cluster, 's1', /^db\//)).toBe(layout.empty);
  });

  test.each(['3.5.4', '4.0.1'] as const)('a dump in the making: %s', (version) => {
    const cluster = filled(version);
    cluster.fault.slowBgsave('m', 8000);
    cluster.fault.bgsave('m');
    cluster.advance(4000);
    expect(layoutOf(cluster, 'm', /^dump/)).toBe(recordedFiles[version].layout.inTheMaking);
  });

  test.each(['3.5.4', '3.5.5', '4.0.0'] as const)('a dump that failed: %s', (version) => {
    const cluster = filled(version);
    cluster.fault.failBgsave('m');
    cluster.fault.bgsave('m');
    cluster.advance(1000);
    expect(layoutOf(cluster, 'm', /^dump\/\d{8}\/db0_FAILED$/)).toBe(recordedFiles[version].layout.failed);
    expect(folderAt(cluster, 'm', /^dump\/\d{8}\/db0$/)).toBeUndefined();
  });
});

describe('a copy fills in the order of real servers', () => {
  /** How many files are there in part. Of each worker all before a file are whole, and none after it has begun. */
  function begunBy(
    workers: number,
    files: RecordedCopy['files'],
    sizes: ReadonlyMap<string, number>,
  ): number {
    const states = files.map(([name, bytes]) =>
      sizes.has(name) ? (sizes.get(name) === bytes ? 'w' : 'p') : '-',
    );
    for (let worker = 0; worker < workers; worker++)
      expect(states.filter((_, index) => index % workers === worker).join('')).toMatch(/^w*p?-*$/);
    return states.filter((state) => state === 'p').length;
  }

  /** The files by name, and how many were under way at once at most. */
  function mostBegun({ files, samples }: RecordedCopy, workers: number): number {
    expect(files.map(([name]) => name)).toEqual(files.map(([name]) => name).toSorted());
    const sizes = new Map<string, number>();
    const begun = samples.map(([, changed]) => {
      for (const [index, bytes] of changed) sizes.set(files[index]![0], bytes);
      return begunBy(workers, files, sizes);
    });
    return Math.max(...begun);
  }

  function mostBegunOf(cluster: Cluster, workers: number): number {
    attach(cluster);
    cluster.advanceUntil(isCopying(cluster), 60_000);
    const sent = new Set(cluster.node('m').dbs[0]!.dump!.files.map(({ name }) => name));
    const files = folderAt(cluster, 'm', /^dump/)!
      .files.filter(({ name }) => sent.has(name))
      .map(({ name, bytes }) => [name, bytes] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    const begun: number[] = [];
    for (; isCopying(cluster)(); cluster.advance(500))
      begun.push(begunBy(workers, files, new Map(copyOf(cluster).map(({ name, bytes }) => [name, bytes]))));
    expect(begun.length).toBeGreaterThan(10);
    return Math.max(...begun);
  }

  test.each(versions)('four workers: %s', (version) => {
    expect(mostBegun(recordedFiles[version], 4)).toBe(4);
    expect(mostBegunOf(filled(version), 4)).toBe(4);
  });

  test('one worker', () => {
    expect(mostBegun(recordedFiles['3.5.4'].oneWorker!, 1)).toBe(1);
    expect(mostBegunOf(filled('3.5.4', 1), 1)).toBe(1);
  });

  test('eight are taken as four', () => expect(mostBegunOf(filled('4.0.1', 8), 4)).toBe(4));

  /** In how many samples less is there than in the one before: a file that could not be written is deleted. */
  const falls = (bytes: readonly number[]): number =>
    bytes.filter((each, index) => index > 0 && each < bytes[index - 1]!).length;

  test.each(['3.5.4', '3.5.5', '4.0.1'] as const)(
    'while the disk is full, files go and come: %s',
    (version) => {
      const { grownAt, bytes } = recordedFiles[version].fullDisk!;
      const before = bytes.filter(([at]) => at <= grownAt).map(([, each]) => each);
      const after = bytes.filter(([at]) => at > grownAt).map(([, each]) => each);
      expect([falls(before) > 0, falls(after)]).toEqual([true, 0]);

      const cluster = filled(version);
      const sum = () => copyOf(cluster).reduce((total, each) => total + each.bytes, 0);
      cluster.fault.copyRoom('s1', 6e6);
      attach(cluster);
      cluster.advanceUntil(isCopying(cluster), 60_000);
      const full: number[] = [];
      for (; full.length < 20; cluster.advance(500)) full.push(sum());
      expect(falls(full)).toBeGreaterThan(0);
      cluster.fault.copyRoom('s1', Number.POSITIVE_INFINITY);
      const rest: number[] = [];
      for (; isCopying(cluster)(); cluster.advance(500)) rest.push(sum());
      expect([rest.length > 5, falls(rest)]).toEqual([true, 0]);
    },
  );
});
