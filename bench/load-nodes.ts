/** The nodes of the load benchmark: a process of their own, which tells what reached them. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import {
  type Cluster,
  createCluster,
  fastTimers,
  NodeStalled,
  type ServedCluster,
  serveCluster,
} from '../src/simulator/index.ts';

export interface LoadSite {
  readonly master: string;
  readonly nodes: readonly string[];
}

export interface LoadRequest {
  readonly masters: number;
  readonly nodesEach: number;
  /** Longest time between two looks at a copying node that is no missed look. Milliseconds. */
  readonly lookWithinMs: number;
  /** How long the copy of one node takes. Seconds. */
  readonly copySeconds: number;
  /** So many of the masters, the first, answer each command late. */
  readonly slow?: number;
}

export interface LoadFigures {
  /** Looks at nodes while they copied. */
  readonly looks: number;
  /** Times between two of them. */
  readonly longestMs: number;
  readonly missed: number;
  /** The longest that this process itself did not listen. */
  readonly deafMs: number;
  /** Keys of masters that verified slaves of theirs will never have. */
  readonly lostKeys: number;
  /** Nodes that copy now. */
  readonly copying: number;
  /** Nodes that are connected slaves. */
  readonly slaves: number;
  readonly slaveofs: number;
}

const MB = 1_000_000;
const keys = 100;
const throttle = 40 * MB;

interface Copying {
  lastLookAt: number | null;
}

/** Counts looks at nodes in WaitDBSync, and the times between them. */
function createWatch(lookWithinMs: number) {
  const copying = new Map<string, Copying>();
  const figures = { looks: 0, longestMs: 0, missed: 0, slaveofs: 0 };
  return {
    figures,
    look(id: string, copies: boolean, stalled: boolean): void {
      const known = copying.get(id);
      // A node that does not reply, as while it opens its database, cannot be looked at.
      if (!copies || stalled) return void copying.delete(id);
      const now = performance.now();
      figures.looks += 1;
      if (known?.lastLookAt != null) {
        const gap = now - known.lastLookAt;
        figures.longestMs = Math.max(figures.longestMs, gap);
        if (gap > lookWithinMs) figures.missed += 1;
      }
      copying.set(id, { lastLookAt: now });
    },
  };
}

async function serve({ masters, nodesEach, lookWithinMs, copySeconds, slow = 0 }: LoadRequest) {
  const snapshotBytes = copySeconds * throttle;
  const watch = createWatch(lookWithinMs);
  const clusters: Cluster[] = [];
  const served: ServedCluster[] = [];
  const sites: LoadSite[] = [];
  const ports = new Set<string>();
  for (let i = 0; i < masters; i += 1) {
    const cluster = createCluster({
      seed: `load ${i}`,
      timers: fastTimers,
      dataScale: snapshotBytes / (keys * 190),
      defaults: { version: '3.5.4', config: { 'throttle-bytes-per-second': throttle } },
    });
    // An address of its own for each master and its nodes: the ports of one address would not suffice.
    const host = `127.1.${Math.floor(i / 250)}.${(i % 250) + 1}`;
    cluster.addNode({
      id: 'm',
      host,
      binlogAt: { file: 3, offset: 0 },
      ...(i < slow ? { replyDelayMs: () => 150 } : {}),
    });
    cluster.load('m', { strings: keys, valueBytes: 130 });
    const ids = Array.from({ length: nodesEach }, (_, n) => `n${n}`);
    for (const id of ids) cluster.addNode({ id, host });
    const watched: Cluster = Object.assign(Object.create(cluster), {
      perform(...[id, argv, session]: Parameters<Cluster['perform']>) {
        const word = argv[0]!.toLowerCase();
        // Without arguments it is a question.
        if (word === 'slaveof' && argv.length > 1 && !/^no$/i.test(argv[1]!)) watch.figures.slaveofs += 1;
        const isLook = id !== 'm' && word === 'info' && argv[1] === 'replication';
        const copies = cluster.node(id).dbs.some(({ state }) => state === 'WaitDBSync');
        try {
          const outcome = cluster.perform(id, argv, session);
          if (isLook) watch.look(`${i} ${id}`, copies, false);
          return outcome;
        } catch (error) {
          if (error instanceof NodeStalled) watch.look(`${i} ${id}`, copies, true);
          throw error;
        }
      },
    } satisfies Partial<Cluster>);
    const each = await serveApart(watched, host, ports);
    clusters.push(cluster);
    served.push(each);
    sites.push({ master: each.addresses.m!, nodes: ids.map((id) => each.addresses[id]!) });
  }
  return { watch, clusters, served, sites };
}

/**
 * Servers at loopback are known by all addresses of this machine, so two masters with one port, though at two addresses, would be
 * taken for one master. Until the system gives the master a port that no other has.
 */
async function serveApart(cluster: Cluster, host: string, ports: Set<string>): Promise<ServedCluster> {
  for (;;) {
    const each = await serveCluster(cluster, { host });
    const port = each.addresses.m!.slice(host.length);
    if (!ports.has(port)) {
      ports.add(port);
      return each;
    }
    await each.close();
  }
}

const send = (message: object): void => void process.send!(message);
const delay = monitorEventLoopDelay({ resolution: 10 });
let site: Awaited<ReturnType<typeof serve>> | null = null;

process.on('message', (message: LoadRequest | 'figures') => {
  if (message !== 'figures') {
    void serve(message).then((made) => {
      site = made;
      delay.enable();
      send({ sites: made.sites });
    });
    return;
  }
  const { watch, clusters } = site!;
  const slaves = clusters.flatMap((cluster) =>
    cluster.nodes.filter(({ id }) => id !== 'm').map(({ id }) => cluster.observe(id)),
  );
  const figures: LoadFigures = {
    ...watch.figures,
    deafMs: delay.max / 1e6,
    lostKeys: slaves.reduce((sum, { lost }) => sum + (lost ?? keys), 0),
    copying: slaves.filter(({ states }) => states.db0 === 'WaitDBSync').length,
    slaves: slaves.filter(({ states }) => states.db0 === 'Connected').length,
  };
  send(figures);
});
process.once('disconnect', () => process.exit(0));
