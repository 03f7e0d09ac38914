/** What becomes of the same nodes when somebody attaches all of them in quick succession and believes what they say. */

import type { BurstNode, BurstRun } from '../model/views/rehearsal.ts';
import type { Cluster } from '../simulator/index.ts';
import { masterId, nodeId, type RehearsedFacts, rehearsalCluster } from './model.ts';

/** Between two SLAVEOF: what a loop over `redis-cli` with a pause does; recordings 05, 08 and 09 use five seconds. */
const gapMs = 5000;
const patience = 3;
const leastVirtualMs = 120_000;
const stepMs = 250;

/** Plays the burst. Throws nothing; a node that dies stays dead. */
export async function playBurst(
  facts: RehearsedFacts,
  options: { readonly seed: string; readonly realLimitMs: number },
): Promise<BurstRun> {
  const cluster = rehearsalCluster(facts, options.seed);
  const startedAt = cluster.now();
  const master = cluster.node(masterId);
  const upAt = new Map<number, number>();
  const deadline = Math.max(leastVirtualMs, facts.expectedSeconds * 1000 * patience);
  const realEnd = performance.now() + options.realLimitMs;
  const step = Math.max(stepMs, deadline / 4000);
  let attached = 0;

  while (cluster.now() - startedAt < deadline && performance.now() < realEnd) {
    if (attached < facts.nodes.length && cluster.now() - startedAt >= attached * gapMs) {
      cluster.execute(nodeId(attached), ['SLAVEOF', master.host, String(master.port)]);
      attached += 1;
      continue;
    }
    const sooner = attached < facts.nodes.length ? startedAt + attached * gapMs : Number.POSITIVE_INFINITY;
    cluster.advanceTo(Math.min(cluster.now() + step, sooner));
    facts.nodes.forEach((_, index) => {
      if (!upAt.has(index) && saysUp(cluster, index)) upAt.set(index, cluster.now() - startedAt);
    });
    if (attached === facts.nodes.length && facts.nodes.every((_, index) => isOver(cluster, index, upAt)))
      break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const keys = Math.max(1, cluster.observe(masterId).keys);
  return {
    gapSeconds: gapMs / 1000,
    seconds: Math.round((cluster.now() - startedAt) / 10) / 100,
    dumps: cluster.observe(masterId).dumpsMade,
    nodes: facts.nodes.map(({ name }, index): BurstNode => {
      const seen = cluster.observe(nodeId(index));
      const at = upAt.get(index);
      const lostKeys = seen.alive ? (seen.lost ?? keys) : keys;
      return {
        node: name,
        says: !seen.alive ? 'dead' : saysUp(cluster, index) ? 'up' : 'syncing',
        upAtSeconds: at === undefined ? null : Math.round(at / 10) / 100,
        lostKeys,
        lostShare: Math.round((lostKeys / keys) * 1000) / 1000,
      };
    }),
  };
}

const saysUp = (cluster: Cluster, index: number): boolean => {
  const node = cluster.node(nodeId(index));
  return node.alive && node.master !== null && node.dbs.every((db) => db.state === 'Connected');
};

const isOver = (cluster: Cluster, index: number, upAt: ReadonlyMap<number, number>): boolean =>
  !cluster.node(nodeId(index)).alive || (upAt.has(index) && saysUp(cluster, index));
