/** Hosts of simulated nodes, and a real agent that sees them all: it finds the processes, their pika.conf, logs and folders. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from '../agent/agent.ts';
import type { Address } from '../model/observation.ts';
import type { Cluster } from '../simulator/index.ts';
import { SimulatedHost } from '../simulator/index.ts';

interface HostRequest {
  readonly cluster: Cluster;
  /** Where the nodes are served that have an agent. */
  readonly nodes: Readonly<Record<string, Address>>;
  /** Where their files are made. */
  readonly folder: string;
  /** Address of the service, and the token of the agent. */
  readonly service: string;
  readonly token: string;
}

interface Host {
  /** Folder of the log of a node. */
  log(node: string): string;
  close(): Promise<void>;
}

const writeEveryMs = 200;

export async function hostWithAgent({ cluster, nodes, folder, service, token }: HostRequest): Promise<Host> {
  const proc = join(folder, 'proc');
  const hosts = new Map(
    Object.keys(nodes).map((id) => [id, new SimulatedHost(cluster, id, join(folder, id), proc)]),
  );
  for (const host of hosts.values()) await host.make();
  const ending = new AbortController();
  const { signal } = ending;
  const parts = { service, token, confs: [], stateFile: null, version: 'demo', signal, say: () => {} };
  const knownAs = Object.values(nodes).map((address) => ({ port: address.port, address }));
  const agent = new Agent({ ...parts, knownAs }, { proc });
  const writing = (async () => {
    while (!signal.aborted) {
      for (const host of hosts.values()) await host.write();
      await sleep(writeEveryMs);
    }
  })();
  const running = Promise.all([agent.run(), writing]);
  return {
    log: (node) => hosts.get(node)!.log,
    async close() {
      ending.abort();
      await running;
    },
  };
}
