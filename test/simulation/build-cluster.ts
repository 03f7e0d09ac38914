import { type Cluster, createCluster } from '../../src/simulator/cluster.ts';
import type { PlannedNode, Scenario } from './scenario.ts';
import { addressOf, placeOf } from './servers.ts';

const dataScale = 2000;
const settledWithinMs = 120_000;

/** The nodes of a scenario, each as it is before the first request; `start` is the moment from which faults count. */
export function buildCluster(scenario: Scenario): { readonly cluster: Cluster; readonly start: number } {
  const { keys, password, servers } = scenario;
  const settings = {
    'binlog-file-size': 10_485_760,
    'target-file-size-base': 262_144,
    databases: scenario.databases,
    requirepass: password,
    masterauth: password,
  };
  const cluster = createCluster({
    seed: scenario.seed,
    dataScale,
    binlogScale: dataScale,
    keptEvents: 6000,
    defaults: {
      version: scenario.version,
      databases: scenario.databases,
      applyPerSecond: scenario.applyPerSecond,
      config: settings,
    },
  });
  const hiddenOn = (id: string): Readonly<Record<string, string>> => {
    const command = servers.hidden[id];
    return command === undefined ? {} : { [command]: '' };
  };
  let placed = 0;
  const place = (id: string) => placeOf(servers.addressing, id, placed++);
  const { runId } = cluster.addNode({
    id: 'm',
    ...place('m'),
    binlogAt: { file: scenario.binlogFile, offset: 0 },
    renamedCommands: hiddenOn('m'),
  });
  for (let db = 0; db < scenario.databases; db += 1) {
    const where = { db: `db${db}`, outsideBinlog: scenario.outsideBinlog };
    const { strings, hashes, lists, zsets, zsetBytes } = keys;
    cluster.load('m', { ...where, strings, hashes, lists, valueBytes: 40 });
    cluster.load('m', { ...where, zsets, valueBytes: zsetBytes });
  }
  const bytes = cluster
    .node('m')
    .dbs.reduce((total, { keyspace }) => total + keyspace.totalBytes() * dataScale, 0);
  const throttle = Math.max(1, Math.round(bytes / (scenario.transferMs / 1000)));
  const config = { ...settings, 'throttle-bytes-per-second': throttle };
  cluster.addNode({ id: 'm2', ...place('m2'), binlogAt: { file: 2, offset: 0 } });
  cluster.load('m2', { strings: 5, prefix: 'other' });
  cluster.addNode({ id: 'x', ...place('x'), config });
  for (const { id } of scenario.nodes)
    cluster.addNode({
      id,
      ...place(id),
      config,
      version: servers.otherVersions[id] ?? scenario.version,
      copiesOnAnotherMount: servers.onAnotherMount.includes(id),
      renamedCommands: hiddenOn(id),
      ...(servers.copiesOfConfig.includes(id) ? { runId } : {}),
    });
  for (const node of scenario.nodes) prepare(cluster, node, place);
  const { slaves, replacement } = scenario.fleet;
  for (const { id } of slaves) {
    cluster.addNode({ id, ...place(id), config });
    attach(cluster, id, 'm');
  }
  for (const pair of replacement?.replace ?? [])
    cluster.addNode({ id: pair.new, ...place(pair.new), config });
  if (scenario.writesPerSecond > 0)
    cluster.startWrites('m', {
      perSecond: scenario.writesPerSecond,
      mix: { insert: 1, update: 6, delete: 0.3 },
    });
  return { cluster, start: cluster.now() };
}

function attach(cluster: Cluster, id: string, master: string): void {
  const { host, port } = addressOf(cluster.node(master));
  cluster.execute(id, ['SLAVEOF', host, String(port)]);
  cluster.advanceUntil(
    () => cluster.node(id).dbs.every(({ state }) => state === 'Connected'),
    settledWithinMs,
  );
}

function prepare(
  cluster: Cluster,
  { id, beginning }: PlannedNode,
  place: (id: string) => ReturnType<typeof placeOf>,
): void {
  switch (beginning) {
    case 'empty':
      return;
    case 'holds_data':
      cluster.load(id, { strings: 5, prefix: 'own' });
      return;
    case 'slave_of_master':
      attach(cluster, id, 'm');
      return;
    case 'slave_of_other':
      attach(cluster, id, 'm2');
      return;
    case 'knows_replication_id':
      attach(cluster, id, 'm2');
      cluster.execute(id, ['SLAVEOF', 'NO', 'ONE']);
      cluster.advance(8000);
      cluster.execute(id, ['FLUSHALL']);
      return;
    case 'has_slave':
      cluster.addNode({ id: `y${id}`, ...place(`y${id}`) });
      attach(cluster, `y${id}`, id);
      return;
    case 'down':
      cluster.fault.crash(id);
      return;
  }
}
