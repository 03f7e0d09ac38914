import type { Expansion, Join } from '../../src/model/expansion.ts';
import type { Cluster } from '../../src/simulator/cluster.ts';
import { settleAll } from '../../src/simulator/transfer.ts';
import type { SimNode } from '../../src/simulator/world.ts';

/** Watches what each attempt costs: how much its node copies of the master, binlog not counted. */
export interface Bounds {
  /** The node took a SLAVEOF of the service. */
  attached(nodeId: string): void;
  stored(after: Expansion): void;
}

interface Watched {
  readonly cluster: Cluster;
  readonly nodeOf: (join: Join) => SimNode;
  readonly report: (promise: string, text: string) => void;
}

/** What a node has copied since its SLAVEOF. */
interface Copied {
  readonly at: number;
  bytes: number;
  /** The node's counter, and whether what came since was no binlog. */
  counted: number;
  isCopying: boolean;
  /** Since when it has copied more than it may. */
  tooManySince: number | null;
}

/** Of a small snapshot one file that is begun again is more than half (src/core/sync/full-sync-pass.ts). */
const leastExcessBytes = 16 * 1024 * 1024;

/** The look that shows it is on its way for as long. */
const seenAfterMs = 2000;

export function createBounds({ cluster, nodeOf, report }: Watched): Bounds {
  const master = cluster.node('m');
  const copies = new Map<string, Copied>();
  const judged = new Set<string>();
  const bytesOf = (node: SimNode): number =>
    node.dbs.reduce((sum, { keyspace }) => sum + keyspace.totalBytes() * cluster.world.dataScale, 0);
  let largestDump = bytesOf(master);

  function count(node: SimNode): void {
    const copied = copies.get(node.id);
    if (copied === undefined) return;
    if (copied.isCopying) copied.bytes += Math.max(0, node.counters.replIn - copied.counted);
    copied.counted = node.counters.replIn;
    copied.isCopying = node.dbs.some(({ state }) => state === 'WaitDBSync') && !hearsBinlog(node);
  }

  const hearsBinlog = (node: SimNode): boolean => node.dbs.some(({ state }) => state === 'Connected');

  const note = cluster.world.note.bind(cluster.world);
  cluster.world.note = (node, event, data) => {
    note(node, event, data);
    if (event === 'state' || event.startsWith('process_')) count(node);
    // A restart explains what came before.
    if (event === 'process_started')
      for (const [id, copied] of copies) if (id === node.id || node === master) copied.bytes = 0;
    if (node === master && event === 'bgsave_started') largestDump = Math.max(largestDump, bytesOf(master));
  };

  return {
    attached(nodeId) {
      const { counters } = cluster.node(nodeId);
      copies.set(nodeId, {
        at: cluster.now(),
        bytes: 0,
        counted: counters.replIn,
        isCopying: false,
        tooManySince: null,
      });
    },
    stored(after) {
      for (const join of after.joins) {
        const attempt = join.attempts.at(-1);
        const node = nodeOf(join);
        const copied = copies.get(node.id);
        const key = `${after.id} ${node.id} ${join.attempts.length}`;
        if (copied === undefined || attempt?.tracker == null || judged.has(key)) continue;
        if (copied.at < attempt.startedAt) continue;
        settleAll(cluster.world, node);
        count(node);
        const most = 2 * largestDump + leastExcessBytes;
        if (copied.bytes <= most || attempt.endedAt !== null) continue;
        copied.tooManySince ??= cluster.now();
        // The size of a dump that was made before anybody watched is not known: bytes and time together end its copy.
        const isKnown = attempt.tracker.waits.every(({ snapshotBytesAtMost }) => snapshotBytesAtMost != null);
        if (!isKnown || (attempt.tracker.lastAnsweredAt ?? 0) <= copied.tooManySince + seenAfterMs) continue;
        judged.add(key);
        report(
          'bytes',
          `${node.id} copied ${mb(copied.bytes)} since its SLAVEOF, of dumps of ${mb(largestDump)} at most`,
        );
      }
    },
  };
}

const mb = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;
