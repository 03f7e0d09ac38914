import { describe, expect, test } from 'vitest';
import { bulkText, type Cluster, createCluster } from '../../src/simulator/index.ts';
import {
  clusterFor,
  loadBase,
  loadRecording,
  type Recording,
  type Row,
  smallDiskBytes,
} from './recorded-situation.ts';

const receivedBytes = (stats: string): number => Number(/repl_input_bytes:(\d+)/.exec(stats)![1]);

/** The situation of the recordings 43, up to the SLAVEOF: the copy is larger than the node's disk. */
function small(recording: Recording): Cluster {
  const cluster = clusterFor(recording, 1);
  loadBase(cluster, 'm', { strings: 150_000 });
  cluster.fault.copyRoom('s1', smallDiskBytes);
  cluster.execute('s1', ['SLAVEOF', '127.0.0.1', String(cluster.node('m').port)]);
  return cluster;
}

const received = (cluster: Cluster): number =>
  receivedBytes(bulkText(cluster.execute('s1', ['INFO', 'stats'])));
const failures = (cluster: Cluster): number =>
  cluster.log.filter(({ event }) => event === 'copy_file_failed').length;

describe.each(['43-3.5.4-slave-disk-full', '43-4.0.1-slave-disk-full'])('a full disk as in %s', (name) => {
  const recording = loadRecording(name);
  const { rows } = recording;
  const slaveofAt = rows.find(({ command }) => command?.startsWith('SLAVEOF'))!.t!;
  const roomAt = rows.find(({ note }) => note?.startsWith('disk has room'))!.t!;
  const connectedAt = rows.find(({ node, raw }) => node === 's1' && raw?.includes('link_status:up'))!.t!;
  const counters = rows.filter(
    (row): row is Row & { t: number; raw: string } =>
      row.node === 's1' && row.section === 'stats' && row.t! > slaveofAt + 5 && row.t! < roomAt,
  );

  test('bytes come as fast as before, without end, and no state shows it', () => {
    const cluster = small(recording);
    const start = cluster.now() - slaveofAt * 1000;
    const simulated = counters.map(({ t }) => {
      cluster.advanceTo(start + t * 1000);
      return received(cluster);
    });
    const recorded = counters.map(({ raw }) => receivedBytes(raw));
    const apart = simulated.map((bytes, i) => (bytes - simulated[0]!) / (recorded[i]! - recorded[0]!));
    const settled = apart.slice(20);
    expect(settled.length).toBeGreaterThan(10);
    expect(Math.min(...settled)).toBeGreaterThan(0.9);
    expect(Math.max(...settled)).toBeLessThan(1.1);
    const perSecond = failures(cluster) / (counters.at(-1)!.t - slaveofAt);
    expect(perSecond).toBeGreaterThan(3);
    expect(perSecond).toBeLessThan(11);
    cluster.advance(480_000);
    expect(cluster.node('s1').dbs[0]!.state).toBe('WaitDBSync');
    expect(received(cluster)).toBeGreaterThan(10e9);
  });

  test('room for the rest: it goes on from what it has, and is whole', () => {
    const cluster = small(recording);
    cluster.advance((roomAt - slaveofAt) * 1000);
    const before = received(cluster);
    cluster.fault.copyRoom('s1', Number.POSITIVE_INFINITY);
    const beganAt = cluster.now();
    expect(cluster.advanceUntil(() => cluster.node('s1').dbs[0]!.state === 'Connected', 30_000)).toBe(true);
    const recordedSeconds = connectedAt - roomAt;
    expect((cluster.now() - beganAt) / 1000).toBeGreaterThan(recordedSeconds - 2.5);
    expect((cluster.now() - beganAt) / 1000).toBeLessThan(recordedSeconds + 2.5);
    expect(received(cluster) - before).toBeLessThan(155e6);
    expect(cluster.observe('s1')).toMatchObject({ missing: 0, different: 0, foreign: 0 });
  });
});

describe('a disk with little room', () => {
  const recording = loadRecording('43-4.0.1-slave-disk-full');

  test('none at all: the first files fail, at most ten a second', () => {
    const cluster = small(recording);
    cluster.fault.copyRoom('s1', 0);
    cluster.advance(60_000);
    expect(failures(cluster)).toBeGreaterThan(100);
    expect(failures(cluster)).toBeLessThan(601);
    expect(received(cluster)).toBeGreaterThan(1e9);
  });

  test('two DBs share it: enough for one of them is not enough for both', () => {
    const cluster = createCluster({ seed: 1, dataScale: 100, defaults: { databases: 2 } });
    for (const id of ['m', 's1']) cluster.addNode({ id });
    for (const db of ['db0', 'db1']) cluster.load('m', { strings: 10_000, db });
    cluster.fault.copyRoom('s1', 200e6);
    cluster.execute('s1', ['SLAVEOF', '127.0.0.1', String(cluster.node('m').port)]);
    cluster.advance(60_000);
    const states = () => cluster.node('s1').dbs.map(({ state }) => state);
    expect(states()).toContain('WaitDBSync');
    cluster.fault.copyRoom('s1', 400e6);
    expect(cluster.advanceUntil(() => states().every((state) => state === 'Connected'), 60_000)).toBe(true);
    expect(cluster.observe('s1')).toMatchObject({ missing: 0, different: 0, foreign: 0 });
  });
});
