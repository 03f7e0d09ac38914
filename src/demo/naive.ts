/** What a loop of SLAVEOFs does to three nodes: the failure that the product exists for. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine, NodeConnection } from '../engines/engine.ts';
import type { NodeTarget } from '../model/expansion.ts';
import { formatAddress, type ReplicationFacts } from '../model/observation.ts';
import { countKeys } from './count-keys.ts';

export interface NaiveResult {
  readonly node: string;
  readonly link: string;
  readonly lag: string;
  readonly keys: number;
  readonly missing: number;
}

const gapMs = 1200;
const patienceMs = 40_000;

/** Attaches the nodes one after the other without waiting, as scripts do, until all say up with lag 0. */
export async function naiveBurst(
  engine: Engine,
  master: NodeTarget,
  nodes: readonly NodeTarget[],
  say: (text: string) => void,
): Promise<readonly NaiveResult[]> {
  const masterConnection = engine.connect(master, null);
  const connections = nodes.map((node) => engine.connect(node, null));
  try {
    for (const [i, connection] of connections.entries()) {
      if (i > 0) await sleep(gapMs);
      const result = await connection.command({ kind: 'slaveof', master: master.seenAs, force: false }, 5000);
      say(
        `redis-cli -p ${nodes[i]!.address.port} SLAVEOF ${master.address.host} ${master.address.port}   -> ${result.reply}`,
      );
    }
    const seen = await allUp(connections, masterConnection, nodes);
    const missing = await stillMissing(master, nodes);
    return await Promise.all(nodes.map((node, i) => lookAt(node, connections[i]!, seen, missing[i]!)));
  } finally {
    for (const connection of [masterConnection, ...connections]) connection.close();
  }
}

type SlaveEntry = ReplicationFacts['slaves'][number];

/** What the master says of its slaves when all are up with lag 0. */
async function allUp(
  connections: readonly NodeConnection[],
  master: NodeConnection,
  nodes: readonly NodeTarget[],
): Promise<readonly SlaveEntry[]> {
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline) {
    const up = await Promise.all(
      connections.map(async (connection) => (await replicationOf(connection))?.linkStatus === 'up'),
    );
    const slaves = (await replicationOf(master))?.slaves ?? [];
    const caughtUp = nodes.every((node) =>
      Object.values(slaves.find((slave) => slave.port === node.address.port)?.lag ?? { db0: 1 }).every(
        (lag) => lag === 0,
      ),
    );
    if (up.every(Boolean) && caughtUp) return slaves;
    await sleep(100);
  }
  throw new Error(`the naive burst did not end within ${patienceMs / 1000} s`);
}

async function replicationOf(connection: NodeConnection): Promise<ReplicationFacts | null> {
  const look = await connection.look({ sections: ['replication'], timeoutMs: 3000 });
  return look.kind === 'answered' ? (look.facts.replication ?? null) : null;
}

/**
 * Keys of the master that a node lacks in two counts some time apart. While clients write, a single count would also
 * find keys that are on their way.
 */
async function stillMissing(master: NodeTarget, nodes: readonly NodeTarget[]): Promise<readonly number[]> {
  const first = await missingKeys(master, nodes);
  await sleep(1500);
  const second = await missingKeys(master, nodes);
  return first.map((keys, i) => [...keys].filter((key) => second[i]!.has(key)).length);
}

async function missingKeys(
  master: NodeTarget,
  nodes: readonly NodeTarget[],
): Promise<readonly ReadonlySet<string>[]> {
  const all = await countKeys(master.address);
  const held = await Promise.all(nodes.map((node) => countKeys(node.address)));
  return held.map((keys) => new Set([...all].filter((key) => !keys.has(key))));
}

async function lookAt(
  node: NodeTarget,
  connection: NodeConnection,
  slaves: readonly SlaveEntry[],
  missing: number,
): Promise<NaiveResult> {
  const own = await replicationOf(connection);
  const entry = slaves.find((slave) => slave.port === node.address.port);
  return {
    node: formatAddress(node.address),
    link: own?.linkStatus ?? '?',
    lag: entry ? Object.values(entry.lag).join(', ') : '?',
    keys: (await countKeys(node.address)).size,
    missing,
  };
}
