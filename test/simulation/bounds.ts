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
  /** While the service looked. */
  bytes: number;
  /** And while no process of it did. */
  unwatchedBytes: number;
  unwatchedMs: number;
  /** The last look that the service has stored: when it saw it, by its clock and by the true one, and what had come by then. */
  seen: { readonly look: number; readonly at: number; readonly bytes: number };
  /** The node's counter, and whether what came since was no binlog. */
  counted: number;
  isCopying: boolean;
  /** Since when it has copied more than it may. */
  tooManySince: number | null;
}

/** Of a small snapshot one file that is begun again is more than half (src/core/sync/full-sync-pass.ts). */
const leastExcessBytes = 16 * 1024 * 1024;

/** INFO shows more than a dump holds: files that compactions have replaced, and what is in memory. */
const shownShare = 1.05;

/** The look that shows it is on its way for as long. */
const seenAfterMs = 2000;

/** Looks that are further apart: no process looks, or no reply comes. */
const unwatchedAfterMs = 5000;

/** What a master can send of what was asked again while it stood still, bytes a millisecond (pika-facts 4.8). */
const askedAgainBytesPerMs = (4 * 4 * 1024 * 1024) / 1000;

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

  /** The service cannot act while it does not run: from its next look on it has as much as any other copy. */
  function watch(copied: Copied, look: number): void {
    const { seen } = copied;
    if (look === seen.look) return;
    const now = cluster.now();
    if (now - seen.at > unwatchedAfterMs) {
      copied.unwatchedBytes += copied.bytes - seen.bytes;
      copied.unwatchedMs += now - seen.at;
      copied.bytes = seen.bytes;
      copied.tooManySince = null;
    }
    copied.seen = { look, at: now, bytes: copied.bytes };
  }

  const hearsBinlog = (node: SimNode): boolean => node.dbs.some(({ state }) => state === 'Connected');

  const note = cluster.world.note.bind(cluster.world);
  cluster.world.note = (node, event, data) => {
    note(node, event, data);
    if (event === 'state' || event.startsWith('process_')) count(node);
    // A restart explains what came before.
    if (event === 'process_started')
      for (const [id, copied] of copies)
        if (id === node.id || node === master) Object.assign(copied, nothingYet(cluster.now()));
    if (node === master && event === 'bgsave_started') largestDump = Math.max(largestDump, bytesOf(master));
  };

  return {
    attached(nodeId) {
      const { counters } = cluster.node(nodeId);
      copies.set(nodeId, {
        at: cluster.now(),
        ...nothingYet(cluster.now()),
        counted: counters.replIn,
        isCopying: false,
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
        watch(copied, attempt.tracker.lastAnsweredAt ?? 0);
        const most = 2 * shownShare * largestDump + leastExcessBytes;
        // Other versions can have copied several dumps meanwhile.
        const unwatched = node.traits.opensSupersededCopy
          ? Math.max(0, copied.unwatchedBytes - askedAgainBytesPerMs * copied.unwatchedMs)
          : 0;
        // A node that leaves is being detached: its copy was ended by what this look showed.
        if (copied.bytes + unwatched <= most || attempt.endedAt !== null || join.leaving !== null) continue;
        copied.tooManySince ??= cluster.now();
        // The size of a dump that was made before anybody watched is not known: bytes and time together end its copy.
        const isKnown = attempt.tracker.waits.every(({ snapshotBytesAtMost }) => snapshotBytesAtMost != null);
        if (!isKnown || (attempt.tracker.lastAnsweredAt ?? 0) <= copied.tooManySince + seenAfterMs) continue;
        judged.add(key);
        report(
          'bytes',
          `${node.id} copied ${mb(copied.bytes)} while the service looked, and ${mb(copied.unwatchedBytes)} while it did not, of dumps of ${mb(largestDump)} at most`,
        );
      }
    },
  };
}

const nothingYet = (at: number) => ({
  bytes: 0,
  unwatchedBytes: 0,
  unwatchedMs: 0,
  seen: { look: 0, at, bytes: 0 },
  tooManySince: null,
});

const mb = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;
