import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReadAgents } from '../../src/admission/sights.ts';
import { Hasher } from '../../src/agent/hashes.ts';
import { findPikaProcesses } from '../../src/agent/processes.ts';
import { WatchedServer } from '../../src/agent/server.ts';
import type { AgentsWord } from '../../src/core/sync/files-complete.ts';
import type { AgentServer } from '../../src/model/views/agent.ts';
import { type Cluster, SimulatedHost } from '../../src/simulator/index.ts';
import { bare, type StoredSight, sightOf } from '../../src/store/agents.ts';

const reportEveryMs = 2000;
const wanted = { list: true, hash: false, held: [] };

/** Real agents beside simulated nodes: they read the files of each node's host, and report as its virtual time passes. */
export class SimulatedAgents {
  readonly #cluster: Cluster;
  readonly #folder: string;
  readonly #hasher = new Hasher({ bytesPerSecond: 1e12, sleep: async () => {} });
  readonly #hosts: readonly {
    readonly id: string;
    readonly host: SimulatedHost;
    readonly server: WatchedServer;
  }[];
  readonly #told = new Map<string, { readonly at: number; readonly seen: AgentServer }>();
  #reportedAt = Number.NEGATIVE_INFINITY;
  /** Called when the files of a node are written and its agent has yet to look. */
  beforeLook: (id: string, path: (...parts: string[]) => string) => Promise<void> = async () => {};

  private constructor(cluster: Cluster, folder: string) {
    this.#cluster = cluster;
    this.#folder = folder;
    this.#hosts = cluster.nodes.map(({ id }) => {
      const host = new SimulatedHost(cluster, id, join(folder, id), join(folder, 'proc'));
      return { id, host, server: new WatchedServer(host.conf, null, this.#hasher, () => {}) };
    });
  }

  static async beside(cluster: Cluster): Promise<SimulatedAgents> {
    const agents = new SimulatedAgents(cluster, await mkdtemp(join(tmpdir(), 'simulated-hosts-')));
    for (const { host } of agents.#hosts) await host.make();
    await agents.report();
    return agents;
  }

  async close(): Promise<void> {
    for (const { server } of this.#hosts) await server.close();
    await this.#hasher.stop();
    await rm(this.#folder, { recursive: true });
  }

  /** Reports, if it is time. */
  async report(): Promise<void> {
    const at = Math.round(this.#cluster.now());
    if (at - this.#reportedAt < reportEveryMs) return;
    this.#reportedAt = at;
    for (const { host } of this.#hosts) await host.write();
    const processes = await findPikaProcesses(join(this.#folder, 'proc'));
    for (const { id, host, server } of this.#hosts) {
      await this.beforeLook(id, (...parts) => join(this.#folder, id, ...parts));
      await server.refresh(processes.find(({ conf }) => conf === host.conf) ?? null);
      await server.readLog({ bytes: Number.POSITIVE_INFINITY, ms: Number.POSITIVE_INFINITY });
      const look = await server.look(wanted);
      if (look === null) continue;
      look.arrived();
      const { host: name, port } = this.#cluster.node(id);
      const seen = { ...look.seen, addresses: [{ host: name, port }], sharesDiskWith: [], ports: [] };
      this.#told.set(name, { at, seen });
    }
  }

  /** What the agent beside a node tells now. */
  async wordOf(id: string): Promise<Required<AgentsWord>> {
    const { host, port } = this.#cluster.node(id);
    const [sight] = await this.read.sights([`${host}:${port}`]);
    const listings = await this.read.listings({ ...sight!, port });
    return { sight: sightOf(sight!), listings: listings! };
  }

  readonly read: ReadAgents = {
    sights: async (addresses) =>
      [...this.#told].flatMap(([host, { at, seen }]): StoredSight[] => {
        const { port } = seen.addresses[0]!;
        if (!addresses.includes(`${host}:${port}`)) return [];
        const clocks = { startedAt: 0, receivedAt: at, clockAheadMs: 0, nextReportInMs: reportEveryMs };
        const counts = { reports: 1, refused: 0, instances: [], dropped: { addresses: 0, servers: 0 } };
        const server = { server: bare(seen), hasListings: true };
        return [{ agent: `beside ${host}`, host, version: '1', ...clocks, ...counts, ...server }];
      }),
    listings: async ({ host }) => {
      const { at, seen } = this.#told.get(host)!;
      return { at, dumps: seen.dumps, copies: seen.copies, opened: seen.opened };
    },
  };
}
