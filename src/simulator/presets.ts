import { type Cluster, createCluster } from './cluster.ts';
import { fastTimers, type Timers } from './timers.ts';
import type { SimulatedVersion } from './versions.ts';

export interface DemoOptions {
  readonly seed?: number | string;
  /** Default 3.5.4. */
  readonly version?: SimulatedVersion;
  /** Default six: n1 to n6. */
  readonly emptyNodes?: number;
  /** Real keys on the master, of all types. Default 24,000. */
  readonly keys?: number;
  /** What they claim to weigh on disk. Default 400 MB. */
  readonly snapshotBytes?: number;
  /** How long one transfer takes at the nodes' throttle, in virtual milliseconds. Default 4,000. */
  readonly transferMs?: number;
  /** Default 200. */
  readonly writesPerSecond?: number;
  readonly timers?: Timers;
  /** Virtual time at the start. Default: now would not be reproducible, so a fixed moment. */
  readonly now?: number;
  /** Port of the master; those of the nodes follow. Default: 9221, or what the system gives where the cluster is served. */
  readonly firstPort?: number;
  /** Whether the nodes keep logs. */
  readonly logs?: boolean;
}

const averageKeyBytes = 190;

/**
 * The demo: `m`, a master that is past its first binlog files and so hits the superseded snapshot on versions up to
 * 3.5.4. Clients write to it without pause. `n1`, `n2`, … are empty nodes of the same version.
 */
export function createDemoCluster(options: DemoOptions = {}): Cluster {
  const keys = options.keys ?? 24_000;
  const version = options.version ?? '3.5.4';
  const snapshotBytes = options.snapshotBytes ?? 400_000_000;
  const throttle = Math.round(snapshotBytes / ((options.transferMs ?? 4_000) / 1000));
  const dataScale = snapshotBytes / (keys * averageKeyBytes);
  const cluster = createCluster({
    seed: options.seed ?? 'demo',
    timers: options.timers ?? fastTimers,
    ...(options.now === undefined ? {} : { now: options.now }),
    logs: options.logs ?? false,
    dataScale,
    binlogScale: dataScale,
    binlogBytesPerSecond: throttle,
    defaults: { version, config: { 'throttle-bytes-per-second': throttle } },
  });
  const portOf = (place: number) => ({
    port: options.firstPort === undefined ? 0 : options.firstPort + place,
  });
  cluster.addNode({ id: 'm', ...portOf(0), binlogAt: { file: 3, offset: 0 } });
  const sixth = Math.floor(keys / 6);
  cluster.load('m', {
    strings: keys - 4 * Math.floor(sixth / 2),
    hashes: Math.floor(sixth / 2),
    lists: Math.floor(sixth / 2),
    sets: Math.floor(sixth / 2),
    zsets: Math.floor(sixth / 2),
    valueBytes: 130,
    expiringShare: 0.02,
  });
  for (let i = 1; i <= (options.emptyNodes ?? 6); i++) cluster.addNode({ id: `n${i}`, ...portOf(i) });
  cluster.startWrites('m', {
    perSecond: options.writesPerSecond ?? 200,
    valueBytes: 130,
    mix: { insert: 6, update: 3, delete: 1 },
  });
  return cluster;
}
