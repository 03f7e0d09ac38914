/** The master and the nodes of a plan as simulated nodes: same version, sizes, rates and settings, fewer keys. */

import type { Batches } from '../core/plan/batches.ts';
import type { RefusalFacts } from '../model/refusals.ts';
import type { Plan } from '../model/views/plan.ts';
import {
  type Cluster,
  createCluster,
  realTimers,
  type SimulatedVersion,
  simulatedVersions,
} from '../simulator/index.ts';

/** What of a plan is played. */
export interface RehearsedFacts {
  /** Its name. */
  readonly master: string;
  readonly version: SimulatedVersion;
  readonly snapshotBytes: number;
  readonly writeBytesPerSecond: number;
  readonly binlogAt: { readonly file: number; readonly offset: number };
  /** In the order of the plan. */
  readonly nodes: readonly { readonly name: string; readonly bytesPerSecond: number }[];
  readonly batches: Batches;
  /** How long all of it should take. */
  readonly expectedSeconds: number;
  readonly expectedTransferSeconds: number;
}

/** What of a plan is played, or why it cannot be played. */
export function rehearsedFacts(plan: Plan): RehearsedFacts | RefusalFacts<'cannot_be_rehearsed'> {
  const { forecast, capabilities, topology } = plan;
  if (!forecast || !capabilities || !topology) return unplayable('master_unread');
  const version = simulatedVersions.find((known) => known === capabilities.version);
  if (version === undefined) return unplayable('version_not_simulated', capabilities.version);
  if (forecast.bytesPerNode === null || forecast.secondsTotal === null) return unplayable('size_unknown');
  const nodes = forecast.nodes.map((node) => ({
    name: node.node,
    bytesPerSecond: node.bytesPerSecond?.expected ?? 0,
  }));
  if (nodes.some((node) => !(node.bytesPerSecond > 0))) return unplayable('throttle_unknown');
  return {
    master: topology.master.name,
    version,
    snapshotBytes: forecast.bytesPerNode.expected,
    writeBytesPerSecond: forecast.binlog.writeBytesPerSecond ?? 0,
    binlogAt: Object.values(topology.master.binlog)[0] ?? { file: 0, offset: 0 },
    nodes,
    batches: {
      batchSize: plan.batchSize,
      reason: plan.batchSizeReason,
      batches: plan.batches,
    },
    expectedSeconds: forecast.secondsTotal.expected,
    expectedTransferSeconds: Math.max(...forecast.nodes.map((node) => node.transferSeconds?.expected ?? 0)),
  };
}

const unplayable = (
  cause: RefusalFacts<'cannot_be_rehearsed'>['cause'],
  version: string | null = null,
): RefusalFacts<'cannot_be_rehearsed'> => ({ cause, version, simulated: simulatedVersions });

export const masterId = 'm';
export const nodeId = (index: number): string => `n${index}`;

const keysPerType = 120;
const valueBytes = 100;
/** About what one key weighs in the model; its exact scale is set from what the model then says. */
const bytesPerKey = 190;
/** Writes that are really played; each stands for many. */
const playedWrites = 6_000;
const bytesPerWrite = 210;

/** A cluster in virtual time. The same facts and seed give the same run. */
export function rehearsalCluster(facts: RehearsedFacts, seed: string): Cluster {
  const perSecond = Math.min(20, Math.max(0.2, playedWrites / facts.expectedSeconds));
  const cluster = createCluster({
    seed,
    timers: realTimers,
    dataScale: facts.snapshotBytes / (keysPerType * 5 * bytesPerKey),
    binlogScale: Math.max(1, facts.writeBytesPerSecond / (perSecond * bytesPerWrite)),
    binlogBytesPerSecond: Math.max(20_000_000, 3 * facts.writeBytesPerSecond),
    keptEvents: 2000,
    defaults: {
      version: facts.version,
      config: { 'target-file-size-base': Math.max(20_971_520, Math.round(facts.snapshotBytes / 200)) },
    },
  });
  cluster.addNode({ id: masterId, binlogAt: facts.binlogAt });
  cluster.load(masterId, {
    strings: keysPerType,
    hashes: keysPerType,
    lists: keysPerType,
    sets: keysPerType,
    zsets: keysPerType,
    valueBytes,
    outsideBinlog: true,
  });
  facts.nodes.forEach((node, index) => {
    cluster.addNode({
      id: nodeId(index),
      config: { 'throttle-bytes-per-second': Math.round(node.bytesPerSecond) },
    });
  });
  startWrites(cluster, facts);
  return cluster;
}

/** Clients that overwrite keys at the measured rate; they are gone after the master's process ends. */
export function startWrites(cluster: Cluster, facts: RehearsedFacts): void {
  if (facts.writeBytesPerSecond <= 0) return;
  const perSecond = Math.min(20, Math.max(0.2, playedWrites / facts.expectedSeconds));
  cluster.startWrites(masterId, { perSecond, valueBytes, mix: { update: 1 } });
}
