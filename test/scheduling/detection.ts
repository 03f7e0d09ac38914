import type { Cluster } from '../../src/simulator/index.ts';
import { createCluster } from '../../src/simulator/index.ts';
import { fill, MB, virtualService } from './virtual-service.ts';

const hour = 3_600_000;

/** What is done to a node that copies, or to its master. */
export const plantedFaults = {
  another_slave: (cluster) => {
    const { host, port } = cluster.node('m');
    cluster.execute('other', ['SLAVEOF', host, String(port), 'force']);
  },
  bgsave: (cluster) => void cluster.execute('m', ['BGSAVE']),
  node_killed: (cluster) => cluster.fault.crash('n1'),
  node_restarted: (cluster) => {
    cluster.fault.crash('n1');
    cluster.fault.restart('n1');
  },
  master_killed: (cluster) => cluster.fault.crash('m'),
  master_restarted: (cluster) => {
    cluster.fault.crash('m');
    cluster.fault.restart('m');
  },
  node_detached: (cluster) => void cluster.execute('n1', ['SLAVEOF', 'NO', 'ONE']),
  other_master: (cluster) => {
    const { host, port } = cluster.node('other');
    cluster.execute('n1', ['SLAVEOF', host, String(port)]);
  },
  cut_off: (cluster) => cluster.fault.partition('n1', 'm'),
} as const satisfies Readonly<Record<string, (cluster: Cluster) => void>>;
export type PlantedFault = keyof typeof plantedFaults;

/**
 * Milliseconds from such a fault, so long after the first file of a copy of 20 s, until the service names a symptom, at default
 * settings in virtual time.
 */
export async function foundAfterMs(
  fault: PlantedFault,
  copiedForMs: number,
  version: '3.5.4' | '4.0.1' = '3.5.4',
): Promise<number> {
  const cluster = createCluster({ seed: 7, dataScale: (400 * MB) / (500 * 190) });
  fill(cluster, { master: 'm', nodes: ['n1', 'other'] }, version);
  const service = virtualService(cluster);
  await service.accept('e', 'm', ['n1'], { forecastTolerance: null });
  service.startProcess();
  const copies = (): boolean =>
    cluster.log.some(({ event, node }) => event === 'copy_started' && node === 'n1');
  if (!(await service.until(copies, hour))) throw new Error('no copy has begun');
  await service.until(() => false, copiedForMs);
  const plantedAt = cluster.now();
  plantedFaults[fault](cluster);
  const named = async () =>
    (await service.events('e')).find(
      ({ type, at }) =>
        at >= plantedAt &&
        (type === 'node.anomaly' || type === 'node.waiting' || type === 'node.quarantined'),
    );
  if (!(await service.until(async () => (await named()) !== undefined, hour)))
    throw new Error(`${fault} was not found`);
  return (await named())!.at - plantedAt;
}
