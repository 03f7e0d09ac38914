/**
 * A process of its own: serves the simulated nodes over TCP, and writes down what happens to them. It is told what to do
 * by messages. When its parent is gone it ends, and takes the processes along that it was told to guard.
 */
import { createCluster, fastTimers, serveCluster } from '../../src/simulator/index.ts';
import { takePort } from '../../src/simulator/world.ts';
import type { Entry, Truth } from './history.ts';
import { quietPort } from './ports.ts';
import { record } from './recorder.ts';
import {
  buildSite,
  dataScale,
  endSite,
  quietSite,
  type SiteAddresses,
  type SitePlan,
  targetIds,
} from './site.ts';

export interface NodesAnswers {
  open(plan: SitePlan): SiteAddresses;
  /** What each target is once the writes have stopped, by its name; the site is ended then. */
  close(siteId: string): readonly (readonly [node: string, truth: Truth])[];
  truth(node: string): Truth;
  firstCommand(nodes: readonly string[], since: number): number;
  /** What the model did with these nodes, one line each. */
  log(
    nodes: readonly string[],
  ): readonly { readonly at: number; readonly node: string; readonly text: string }[];
  /** Sends a command to a node past everything else, as a defect of the service would. */
  meddle(node: string, words: readonly string[]): string;
  /** Takes a share of its keys from a node behind everybody's back. */
  rob(node: string): number;
  guard(pids: readonly number[]): null;
}

export type NodesQuestion = {
  [K in keyof NodesAnswers]: {
    readonly number: number;
    readonly ask: K;
    readonly args: Parameters<NodesAnswers[K]>;
  };
}[keyof NodesAnswers];

export type NodesMessage =
  | { readonly ready: true }
  | { readonly entry: Entry }
  | { readonly number: number; readonly value: unknown }
  | { readonly number: number; readonly error: string };

type Handlers = {
  readonly [K in keyof NodesAnswers]: (
    ...args: Parameters<NodesAnswers[K]>
  ) => ReturnType<NodesAnswers[K]> | Promise<ReturnType<NodesAnswers[K]>>;
};

async function main(): Promise<void> {
  let guarded: readonly number[] = [];
  // First of all, or a parent that ends while the nodes are made leaves them behind for ever.
  process.on('disconnect', () => {
    for (const pid of guarded) endGuarded(pid);
    process.exit(0);
  });
  // Ctrl-C is for the parent, which ends this process when it is done.
  process.on('SIGINT', () => undefined);
  const send = (message: NodesMessage): void => void process.send?.(message);
  const cluster = createCluster({
    seed: process.argv[2] ?? '1',
    now: Date.now(),
    timers: fastTimers,
    dataScale,
    binlogScale: dataScale,
    keptEvents: 300_000,
  });
  const recorder = record(cluster, (entry) => send({ entry }));
  const served = await serveCluster(cluster, { ports: 'given' });
  const sites = new Map<string, SitePlan>();
  const idOf = new Map<string, string>();

  const serve = async (id: string): Promise<string> => {
    takePort(cluster.world, cluster.node(id), await quietPort('nodes'));
    const name = await served.serve(id);
    idOf.set(name, id);
    return name;
  };
  const id = (name: string): string => {
    const known = idOf.get(name);
    if (known === undefined) throw new Error(`no node listens at ${name}`);
    return known;
  };

  const handlers: Handlers = {
    async open(plan) {
      sites.set(plan.id, plan);
      return buildSite(cluster, recorder, plan, serve);
    },
    async close(siteId) {
      const plan = sites.get(siteId)!;
      await quietSite(cluster, recorder, plan);
      const truths = targetIds(plan)
        .flat()
        .map((node) => [served.addresses[node]!, recorder.truth(node)] as const);
      endSite(cluster, recorder, plan);
      return truths;
    },
    truth: (node) => recorder.truth(id(node)),
    firstCommand: (nodes, since) => recorder.firstCommand(nodes.map(id), since),
    log(nodes) {
      const wanted = new Map(nodes.map((name) => [id(name), name]));
      return cluster.log
        .filter(({ node }) => wanted.has(node))
        .map(({ at, node, event, data }) => ({
          at,
          node: wanted.get(node)!,
          text: `${event.replaceAll('_', ' ')} ${JSON.stringify(data)}`,
        }));
    },
    meddle(node, words) {
      const session = cluster.session();
      session.authenticated = true;
      return JSON.stringify(cluster.perform(id(node), words, session).reply);
    },
    rob: (node) => cluster.fault.dropKeys(id(node), 0.5),
    guard(pids) {
      guarded = pids;
      return null;
    },
  };

  process.on('message', async ({ number, ask, args }: NodesQuestion) => {
    try {
      const handler = handlers[ask] as (...all: readonly unknown[]) => unknown;
      send({ number, value: await handler(...args) });
    } catch (error) {
      send({ number, error: (error as Error).stack ?? String(error) });
    }
  });
  send({ ready: true });
}

function endGuarded(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

await main();
