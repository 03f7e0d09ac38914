import { expect } from 'vitest';
import {
  type Cluster,
  createCluster,
  type NodeOptions,
  type SimulatedVersion,
} from '../../src/simulator/index.ts';

export const versions = ['3.5.4', '3.5.5', '4.0.0', '4.0.1'] as const;

export interface Play {
  readonly cluster: Cluster;
  attach(): void;
  untilCopying(): void;
  until(state: string): void;
}

export function played(
  version: SimulatedVersion,
  act: (play: Play) => void,
  {
    master = {},
    slave = {},
  }: { readonly master?: Partial<NodeOptions>; readonly slave?: Partial<NodeOptions> } = {},
  cluster = createCluster({ seed: 1, dataScale: 100, logs: true }),
): Cluster {
  cluster.addNode({ id: 'm', version, binlogAt: { file: 20, offset: 0 }, ...master });
  cluster.addNode({ id: 's1', version, config: { 'throttle-bytes-per-second': 2_000_000 }, ...slave });
  cluster.load('m', { strings: 2000 });
  const isCopying = () => cluster.node('s1').dbs[0]!.rsync.transfer !== null;
  act({
    cluster,
    attach: () => void cluster.execute('s1', ['SLAVEOF', '127.0.0.1', String(cluster.node('m').port)]),
    untilCopying: () => {
      expect(cluster.advanceUntil(isCopying, 60_000)).toBe(true);
      cluster.advance(4000);
    },
    until: (state) =>
      expect(
        cluster.advanceUntil(() => Object.values(cluster.observe('s1').states).includes(state), 180_000),
      ).toBe(true),
  });
  return cluster;
}

interface Situation {
  readonly name: string;
  readonly recorded: string;
  readonly of: readonly SimulatedVersion[];
  readonly server?: string;
  readonly nodes?: { readonly master?: Partial<NodeOptions>; readonly slave?: Partial<NodeOptions> };
  act(play: Play, version: SimulatedVersion): void;
}

const restarted = ({ attach, untilCopying, cluster, until }: Play, node: string, calmMs: number) => {
  attach();
  untilCopying();
  cluster.fault.crash(node);
  cluster.advance(4000);
  cluster.fault.restart(node);
  cluster.advance(calmMs);
  until('Connected');
};

/** What happened in recordings of log files and folders, played on simulated nodes. */
export const situations: readonly Situation[] = [
  {
    name: 'a full sync',
    recorded: '01',
    of: versions,
    act: ({ attach, until }) => {
      attach();
      until('Connected');
    },
  },
  {
    name: 'BGSAVE by hand during the copy',
    recorded: '05',
    of: ['3.5.4', '4.0.1'],
    act({ attach, untilCopying, cluster, until }) {
      cluster.fault.nextSuperseded('s1', 'loss');
      attach();
      untilCopying();
      cluster.fault.bgsave('m');
      until('Connected');
    },
  },
  { name: 'the node killed', recorded: '06', of: versions, act: (play) => restarted(play, 's1', 1000) },
  { name: 'the master killed', recorded: '07', of: versions, act: (play) => restarted(play, 'm', 15_000) },
  {
    name: 'masterauth missing',
    recorded: '08',
    of: ['3.5.4', '4.0.1'],
    server: 'slave2',
    nodes: { master: { config: { requirepass: 'secret', userpass: 'secret' } } },
    act: ({ attach, cluster }) => {
      attach();
      cluster.advance(20_000);
    },
  },
  {
    name: 'another number of databases',
    recorded: '09',
    of: ['3.5.4'],
    nodes: { slave: { databases: 2 } },
    act: ({ attach, cluster }) => {
      attach();
      cluster.advance(20_000);
    },
  },
  {
    name: 'the disk of the node full for a while',
    recorded: '10',
    of: ['3.5.4', '3.5.5', '4.0.1'],
    act({ attach, untilCopying, cluster, until }) {
      cluster.fault.copyRoom('s1', 5e6);
      attach();
      untilCopying();
      cluster.advance(11_000);
      cluster.fault.copyRoom('s1', Number.POSITIVE_INFINITY);
      until('Connected');
    },
  },
  {
    name: 'a dump that fails, and the next that does not',
    recorded: '12',
    of: ['3.5.4', '3.5.5', '4.0.0'],
    act({ attach, untilCopying, cluster, until }) {
      cluster.fault.failBgsave('m');
      attach();
      untilCopying();
      cluster.fault.bgsave('m');
      until('Connected');
    },
  },
  {
    name: 'port + 10001 silent for a while',
    recorded: '15',
    of: ['3.5.4', '4.0.1'],
    act({ attach, cluster, until }, version) {
      cluster.fault.closePort('m', 'files');
      attach();
      cluster.advance(28_000);
      cluster.fault.closePort('m', 'files', false);
      until(version === '3.5.4' ? 'Error' : 'Connected');
    },
  },
  {
    name: 'port + 2000 silent for a while',
    recorded: '17',
    of: ['3.5.4', '4.0.1'],
    act({ attach, cluster, until }) {
      cluster.fault.closePort('m', 'replication');
      attach();
      cluster.advance(16_000);
      cluster.fault.closePort('m', 'replication', false);
      until('Connected');
    },
  },
  {
    name: 'NO ONE during the copy, and attached again',
    recorded: '24',
    of: ['3.5.4', '4.0.1'],
    act({ attach, untilCopying, cluster, until }) {
      attach();
      untilCopying();
      cluster.execute('s1', ['SLAVEOF', 'NO', 'ONE']);
      cluster.advance(4000);
      attach();
      until('Connected');
    },
  },
  {
    name: 'a dump that takes 6 s',
    recorded: '26',
    of: ['3.5.5', '4.0.0', '4.0.1'],
    act({ attach, cluster, until }) {
      cluster.fault.slowBgsave('m', 6000);
      attach();
      until('Connected');
    },
  },
];
