/** How many nodes are attached together, which ones, and why. Pure; the plan and the start of an expansion ask here. */
import { batchReason } from '../../model/batch-reasons.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import type { JoinTarget } from '../../model/expansion.ts';
import type { Policy } from '../../model/policy.ts';
import type { Said } from '../../model/text.ts';

export interface BatchFacts {
  /** null = the version is not known. */
  readonly masterCapabilities: Capabilities | null;
  /** The size of a copy; null = the version does not tell. */
  readonly snapshotBytes: number | null;
  /** In the order of the request. */
  readonly nodes: readonly {
    readonly target: Pick<JoinTarget, 'name' | 'seenAs'>;
    readonly capabilities: Capabilities | null;
  }[];
  readonly policy: Pick<Policy, 'batchSize' | 'bandwidthBytesPerSecond' | 'canary'>;
  /** Full syncs that may run to nodes on one host (`slots.perNodeHost`); null = no limit is set. */
  readonly perNodeHost: number | null;
}

export interface Batches {
  readonly batchSize: number;
  readonly reason: Said;
  /** Names of nodes; every node is in exactly one. */
  readonly batches: readonly (readonly string[])[];
}

/** How many together when nothing speaks for fewer: each more shares the master's disk and network. */
const usualTogether = 4;
/** Where a copy takes seconds, the time goes into attaching and checking, which the nodes do side by side. */
const tinyTogether = 8;
const tinyBatchSeconds = 30;
/** A budget that gives a node less than this is better spent on fewer at a time: a long sync meets more trouble. */
const leastShareBytesPerSecond = 4_000_000;
/** A restart or a backup is likely to cut off a longer copy, which begins again from the first byte. */
const longestCopySeconds = 4 * 3600;
/** The assumed rate of the master without a budget: a network card of one gigabit. */
const assumedBytesPerSecond = 110_000_000;

/**
 * Forms the batches: the request's wish, or with `auto` the least that version, hosts, budget and size allow; never
 * more than every version involved allows. The same facts always give the same answer.
 */
export function chooseBatches(facts: BatchFacts): Batches {
  if (facts.policy.batchSize === 'auto') return automatic(facts);
  const { size, reason } = asAsked(facts, facts.policy.batchSize);
  const batches = canaryFirst(facts).flatMap((nodes) =>
    inBatches(
      nodes.map((node) => node.target.name),
      size,
    ),
  );
  return { batchSize: size, reason, batches };
}

/** No batch holds canary nodes and others. */
function canaryFirst({ nodes, policy: { canary } }: BatchFacts): readonly BatchFacts['nodes'][] {
  if (canary === null || canary >= nodes.length) return [nodes];
  return [nodes.slice(0, canary), nodes.slice(canary)];
}

interface Choice {
  readonly size: number;
  readonly reason: Said;
}

function asAsked(facts: BatchFacts, wish: number): Choice {
  const cap = versionBound(facts);
  const nodes = Math.max(1, facts.nodes.length);
  const size = Math.max(1, Math.min(wish, cap.size, nodes));
  const isVersion = cap.reason.code === 'version';
  if (wish > cap.size)
    return isVersion
      ? { size, reason: batchReason('asked_over_version', { ...cap.reason.facts, asked: wish }) }
      : { size, reason: cap.reason };
  if (wish > nodes) return { size, reason: batchReason('asked_over_nodes', { asked: wish, nodes }) };
  return { size, reason: isVersion ? batchReason('as_asked', cap.reason.facts) : cap.reason };
}

// ------------------------------------------------------------------------------------------------ automatic

function automatic(facts: BatchFacts): Batches {
  const cap = versionBound(facts);
  const together = Math.max(1, facts.nodes.length);
  const bounds: readonly Choice[] = [
    cap,
    { size: together, reason: batchReason('all_nodes', {}) },
    hostBound(facts),
    ...sizeBounds(facts),
  ];
  const least = bounds.reduce((a, b) => (b.size < a.size ? b : a));
  const batchSize = Math.max(1, least.size);
  return {
    batchSize,
    reason: least.reason,
    batches: canaryFirst(facts).flatMap((nodes) => spreadOverHosts(nodes, batchSize, facts.perNodeHost ?? 1)),
  };
}

const hostOf = ({ target }: Pick<BatchFacts['nodes'][number], 'target'>): string =>
  target.seenAs.host.toLowerCase();

/** Nodes on one host share its disk, so they count as one, or as what the slots of a host allow. */
function hostBound({ nodes, perNodeHost }: BatchFacts): Choice {
  const hosts = new Set(nodes.map(hostOf)).size;
  const size = Math.max(1, hosts * (perNodeHost ?? 1));
  return chosen('hosts', size, { nodes: nodes.length, hosts, perNodeHost });
}

/** The bounds by the size of a copy and by the budget. */
function sizeBounds({ snapshotBytes, policy }: BatchFacts): readonly Choice[] {
  const budget = policy.bandwidthBytesPerSecond;
  const rate = budget ?? assumedBytesPerSecond;
  if (snapshotBytes !== null && (tinyTogether * snapshotBytes) / rate <= tinyBatchSeconds)
    return [chosen('tiny', tinyTogether, { snapshotBytes })];
  const shares = Math.max(1, Math.floor(rate / leastShareBytesPerSecond));
  return [
    chosen('usual', usualTogether, {}),
    chosen('share', shares, { leastBytesPerSecond: leastShareBytesPerSecond, budget }),
    ...(snapshotBytes === null ? [] : [hugeBound(snapshotBytes, rate, budget)]),
  ];
}

/** The fewer share the bandwidth, the sooner each is done; all of them together take as long either way. */
function hugeBound(snapshotBytes: number, rate: number, budget: number | null): Choice {
  const size = Math.max(1, Math.floor((longestCopySeconds * rate) / snapshotBytes));
  return chosen('huge', size, { snapshotBytes, budget, seconds: (size * snapshotBytes) / rate });
}

const chosen = (code: Parameters<typeof batchReason>[0], size: number, facts: object): Choice => ({
  size,
  reason: batchReason(code, { ...facts, size }),
});

/** Batches in the order of the request. Each holds at most a given number of nodes of one host. */
function spreadOverHosts(nodes: BatchFacts['nodes'], size: number, perHost: number): string[][] {
  const batches: string[][] = [];
  let left = [...nodes];
  while (left.length > 0) {
    const taken: BatchFacts['nodes'][number][] = [];
    for (const node of left) {
      const onHost = taken.filter((other) => hostOf(other) === hostOf(node)).length;
      if (taken.length < size && onHost < perHost) taken.push(node);
    }
    batches.push(taken.map((node) => node.target.name));
    left = left.filter((node) => !taken.includes(node));
  }
  return batches;
}

/** Cuts names into batches of at most `size`, keeping their order. */
export function inBatches(names: readonly string[], size: number): string[][] {
  const step = Math.max(1, Math.floor(size));
  const batches: string[][] = [];
  for (let start = 0; start < names.length; start += step) batches.push(names.slice(start, start + step));
  return batches;
}

// -------------------------------------------------------------------------------------------------- version

/** The least of what the master and all nodes allow. */
function versionBound(facts: BatchFacts): Choice {
  if (!facts.masterCapabilities) return { size: 1, reason: batchReason('version_unknown', {}) };
  const bounds = [
    boundOf(null, facts.masterCapabilities),
    ...facts.nodes.flatMap((node) =>
      node.capabilities ? [boundOf(node.target.name, node.capabilities)] : [],
    ),
  ];
  return bounds.reduce((least, bound) => (bound.size < least.size ? bound : least));
}

const boundOf = (node: string | null, { maxConcurrentFullSyncs, version }: Capabilities): Choice =>
  chosen('version', maxConcurrentFullSyncs, { version, node });
