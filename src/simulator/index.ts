/**
 * Simulated Pika nodes: one deterministic model, two ways to drive it.
 *
 * In virtual time (tests, the simulation suite, rehearsals):
 *
 *     const cluster = createCluster({ seed: 1, dataScale: 100 });
 *     cluster.addNode({ id: 'm', version: '3.5.4', binlogAt: { file: 20, offset: 0 } });
 *     cluster.addNode({ id: 's1' });
 *     cluster.load('m', { strings: 2000 });
 *     cluster.startWrites('m', { perSecond: 50 });
 *     cluster.execute('s1', ['SLAVEOF', '127.0.0.1', String(cluster.node('m').port)]);
 *     cluster.advanceUntil(() => bulkText(cluster.execute('s1', ['INFO', 'replication'])).includes('status:up'), 60_000);
 *     cluster.observe('s1').lost;         // the truth: keys gone for good
 *     cluster.fault.crash('s1');          // see `Faults`
 *     cluster.foldersOf('s1');            // dumps, copies and databases; `SimulatedHost` writes them for an agent
 *
 * `execute` throws NodeRefused when the process is gone and NodeStalled (with `untilMs`) while it opens a database or
 * handles NO ONE; `perform` also says when the client has the reply. Latency and lost replies are the caller's.
 *
 * In real time, each node over RESP on a TCP port:
 *
 *     const served = await serveCluster(cluster, { timeScale: 1 });
 *     served.addresses.m;                 // '127.0.0.1:40123'
 *     await served.close();
 *
 * Times of Pika (3 s close cron, 10 s MetaSync retry, 20 s silence, stalls, …) are `timers`: `realTimers`,
 * `fastTimers`, `scaleTimers(0.05)`. Sizes are claims: `dataScale` and `binlogScale` multiply what is really held, so
 * that 20,000 small keys can be a full sync of hundreds of megabytes. `createDemoCluster` is the demo's scenario.
 */

export { type Cluster, type ClusterOptions, createCluster, NodeRefused, NodeStalled } from './cluster.ts';
export type { Session } from './commands.ts';
export { SimulatedHost } from './host.ts';

export type { NodeOptions } from './node.ts';

export { createDemoCluster } from './presets.ts';
export type { Reply } from './reply.ts';
export { bulkText, isFailure } from './reply.ts';
export { type ServedCluster, serveCluster } from './server.ts';
export { fastTimers, realTimers, scaleTimers } from './timers.ts';
export { type SimulatedVersion, simulatedVersions } from './versions.ts';
export type { SupersededOutcome } from './world.ts';
