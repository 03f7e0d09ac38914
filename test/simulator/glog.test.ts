/** The logs that simulated nodes write, beside those of real servers; and what the log reader makes of them. */
import { describe, expect, test } from 'vitest';
import { readLogLine } from '../../src/engines/pika/log-lines.ts';
import { type Cluster, createCluster } from '../../src/simulator/index.ts';
import { recordedLines, toldByLines } from '../support/log-recordings.ts';
import { played, situations, versions } from './recorded-logs.ts';

/**
 * Left out of the order: lines of single files, of which there are as many as files; how often a list was refused; and
 * what only one side has: the recordings lack the lines of lost connections, the simulation those of timeouts.
 */
const leftOut = new Set([
  'list_file',
  'file_begun',
  'file_failed',
  'worker_done',
  'list_refused',
  'session_lost',
  'file_unanswered',
]);

/** What the lines say one after the other, the same thing once; without the stop of the server at a recording's end. */
function codesOf(lines: readonly string[]): readonly string[] {
  const codes = lines.flatMap((line) => readLogLine(line, 2026)?.fact?.code ?? []);
  const order = codes
    .filter((code) => !leftOut.has(code))
    .filter((code, index, all) => code !== all[index - 1]);
  return order.at(-1) === 'client_stopped' ? order.slice(0, -1) : order;
}
const verdictsOf = (lines: readonly string[]) =>
  toldByLines(lines).attempts.map(({ db, verdict, cause }) => `${db} ${verdict} ${cause}`);

describe('lines in the order of real servers', () => {
  for (const { name, recorded, of, server = 'slave1', nodes, act } of situations)
    test.each(of)(`${name}: %s`, (version) => {
      const lines = played(version, (play) => act(play, version), nodes).logOf('s1');
      const real = recordedLines(`${recorded}-${version}`, server);
      expect(codesOf(lines)).toEqual(codesOf(real));
      expect(verdictsOf(lines)).toEqual(verdictsOf(real));
    });

  test.each(['3.5.4', '4.0.1'] as const)('a copy that cannot be moved into place: %s', (version) => {
    const cluster = played(
      version,
      ({ attach, until }) => {
        attach();
        until('Error');
      },
      {
        slave: { copiesOnAnotherMount: true },
      },
    );
    const real = codesOf(recordedLines(`18-${version}`, 'slave1'));
    expect(codesOf(cluster.logOf('s1'))).toEqual(real.slice(0, real.indexOf('swap_failed') + 1));
  });
});

test('nodes that nobody reads write nothing', () => {
  const cluster = createCluster({ seed: 1 });
  cluster.addNode({ id: 'm' });
  cluster.fault.bgsave('m');
  cluster.advance(5000);
  expect(cluster.logOf('m')).toEqual([]);
});

/** What became of each copy that a node opened: whether it was whole. */
function openedOf(cluster: Cluster, id: string): readonly boolean[] {
  const spoilt = new Set<unknown>();
  const opened: boolean[] = [];
  for (const { node, event, data } of cluster.log) {
    if (node !== id) continue;
    if (event === 'copy_started') spoilt.delete(data.db);
    if (event === 'copy_superseded') spoilt.add(data.db);
    if (event === 'database_swapped') opened.push(!spoilt.has(data.db));
  }
  return opened;
}

/** A master with slaves that join at any time, while dumps are made and processes, ports and disks fail. */
function anyTrouble(seed: number): Cluster {
  const cluster = createCluster({ seed, dataScale: 100, logs: true });
  const version = versions[seed % versions.length]!;
  const databases = 1 + (seed % 3 === 0 ? 1 : 0);
  cluster.addNode({ id: 'm', version, databases, binlogAt: { file: 20, offset: 0 } });
  const { random } = cluster.node('m');
  cluster.load('m', { strings: 400 + random.int(0, 1500) });
  for (const id of ['s1', 's2'])
    cluster.addNode({ id, version, databases, config: { 'throttle-bytes-per-second': 2_000_000 } });
  for (const id of ['s1', 's2'])
    for (let copy = 0; copy < 5; copy++)
      cluster.fault.nextSuperseded(id, random.next() < 0.7 ? 'loss' : random.next() < 0.5 ? 'hang' : 'death');
  const port = String(cluster.node('m').port);
  const troubles: readonly (() => void)[] = [
    () => cluster.fault.bgsave('m'),
    () => cluster.fault.bgsave('m'),
    () => cluster.fault.failBgsave('m'),
    () => cluster.fault.slowBgsave('m', random.int(1000, 15_000)),
    () => cluster.fault.removeDumps('m'),
    () => cluster.fault.crash('s1'),
    () => cluster.fault.restart('s1'),
    () => cluster.fault.crash('m'),
    () => cluster.fault.restart('m'),
    () => cluster.fault.closePort('m', 'files', random.next() < 0.5),
    () => cluster.fault.copyRoom('s2', random.next() < 0.5 ? 4e6 : Number.POSITIVE_INFINITY),
    () =>
      void (
        cluster.node('s2').alive &&
        cluster.node('s2').stalledUntil <= cluster.now() &&
        cluster.execute('s2', ['SLAVEOF', 'NO', 'ONE'])
      ),
  ];
  for (let step = 0; step < 14; step++) {
    for (const id of ['s1', 's2']) {
      const node = cluster.node(id);
      if (node.alive && node.master === null && node.stalledUntil <= cluster.now() && random.next() < 0.8)
        cluster.execute(id, ['SLAVEOF', '127.0.0.1', port]);
    }
    cluster.advance(random.int(200, 6000));
    troubles[random.int(0, troubles.length - 1)]!();
  }
  if (!cluster.node('m').alive) cluster.fault.restart('m');
  cluster.advance(60_000);
  return cluster;
}

test('the log reader finds each copy whole or spoilt as the simulation knows it to be: 150 seeds', () => {
  const found = { complete: 0, incomplete: 0, other: 0 };
  for (let seed = 1; seed <= Number(process.env.GLOG_SEEDS ?? 150); seed++) {
    const cluster = anyTrouble(seed);
    for (const id of ['s1', 's2']) {
      const { attempts } = toldByLines(cluster.logOf(id));
      const opened = attempts
        .filter(({ verdict }) => verdict === 'complete' || verdict === 'incomplete')
        .toSorted((a, b) => a.endedAt! - b.endedAt!);
      expect(
        opened.map(({ verdict }) => verdict === 'complete'),
        `seed ${seed}, ${id}`,
      ).toEqual(openedOf(cluster, id));
      for (const { verdict } of attempts)
        found[verdict === 'complete' || verdict === 'incomplete' ? verdict : 'other']++;
    }
  }
  expect(Math.min(found.complete, found.incomplete, found.other)).toBeGreaterThan(20);
});
