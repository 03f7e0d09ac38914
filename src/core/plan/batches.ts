/** How many nodes are attached together, which ones, and why. Pure; the plan and the start of an expansion ask here. */
import type { Capabilities } from '../../model/capabilities.ts';
import type { JoinTarget } from '../../model/expansion.ts';
import type { Policy } from '../../model/policy.ts';
import { readableBytes, readableSeconds } from '../../model/quantities.ts';
import { counted } from '../../model/text.ts';

export interface BatchFacts {
  /** null = the version is not known. */
  readonly masterCapabilities: Capabilities | null;
  /** What one copy takes; null = the version does not tell. */
  readonly snapshotBytes: number | null;
  /** In the order of the request. */
  readonly nodes: readonly {
    readonly target: Pick<JoinTarget, 'name' | 'seenAs'>;
    readonly capabilities: Capabilities | null;
  }[];
  readonly policy: Pick<Policy, 'batchSize' | 'bandwidthBytesPerSecond'>;
  /** Full syncs that may run to nodes on one host (`slots.perNodeHost`); null = no limit is set. */
  readonly perNodeHost: number | null;
}

export interface Batches {
  readonly batchSize: number;
  /** In plain words. */
  readonly reason: string;
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
/** A copy that lasts longer is likely to be cut off by a restart or a backup, and begins anew from the first byte. */
const longestCopySeconds = 4 * 3600;
/** What the master is taken to send where no budget is given: a network card of one gigabit. */
const assumedBytesPerSecond = 110_000_000;

/**
 * Forms the batches: the request's wish, or with `auto` the least that version, hosts, budget and size allow; never
 * more than every version involved allows. The same facts always give the same answer.
 */
export function chooseBatches(facts: BatchFacts): Batches {
  if (facts.policy.batchSize === 'auto') return automatic(facts);
  const { size, reason } = asAsked(facts, facts.policy.batchSize);
  const names = facts.nodes.map((node) => node.target.name);
  return { batchSize: size, reason, batches: inBatches(names, size) };
}

interface Choice {
  readonly size: number;
  readonly reason: string;
}

function asAsked(facts: BatchFacts, wish: number): Choice {
  const cap = versionBound(facts);
  const nodes = Math.max(1, facts.nodes.length);
  const size = Math.max(1, Math.min(wish, cap.size, nodes));
  if (wish > cap.size) return { size, reason: `The request asks for ${wish}, but ${lowerFirst(cap.reason)}` };
  if (wish > nodes)
    return {
      size,
      reason: `The request asks for ${wish}; it names ${nodes === 1 ? 'one node' : `${nodes} nodes`}.`,
    };
  return { size, reason: `As the request asks. ${cap.reason}` };
}

// ------------------------------------------------------------------------------------------------ automatic

function automatic(facts: BatchFacts): Batches {
  const cap = versionBound(facts);
  const together = Math.max(1, facts.nodes.length);
  const bounds: readonly Choice[] = [
    cap,
    { size: together, reason: 'All nodes of the request together.' },
    hostBound(facts),
    ...sizeBounds(facts),
  ];
  const least = bounds.reduce((a, b) => (b.size < a.size ? b : a));
  const batchSize = Math.max(1, least.size);
  return {
    batchSize,
    reason: least.reason,
    batches: spreadOverHosts(facts.nodes, batchSize, facts.perNodeHost ?? 1),
  };
}

const hostOf = ({ target }: Pick<BatchFacts['nodes'][number], 'target'>): string =>
  target.seenAs.host.toLowerCase();

/** Nodes on one host share its disk, so they count as one, or as what the slots of a host allow. */
function hostBound({ nodes, perNodeHost }: BatchFacts): Choice {
  const hosts = new Set(nodes.map(hostOf)).size;
  const size = Math.max(1, hosts * (perNodeHost ?? 1));
  const where = hosts === 1 ? 'one host' : `${hosts} hosts`;
  const share =
    perNodeHost === null || perNodeHost === 1
      ? 'nodes on one host share its disk'
      : `at most ${perNodeHost} full syncs may run to one host (slots.perNodeHost)`;
  return { size, reason: chosen(size, `the ${nodes.length} nodes lie on ${where}, and ${share}.`) };
}

/** What the size of a copy and the budget speak for. */
function sizeBounds({ snapshotBytes, policy }: BatchFacts): readonly Choice[] {
  const budget = policy.bandwidthBytesPerSecond;
  const rate = budget ?? assumedBytesPerSecond;
  const rateWords =
    budget === null ? 'a network card of one gigabit' : `the budget of ${bytesPerSecond(rate)}`;
  if (snapshotBytes !== null && (tinyTogether * snapshotBytes) / rate <= tinyBatchSeconds)
    return [
      {
        size: tinyTogether,
        reason: chosen(tinyTogether, `copying ${readableBytes(snapshotBytes)} takes them seconds only.`),
      },
    ];
  const usual = {
    size: usualTogether,
    reason: chosen(usualTogether, 'more would leave the master little room for its clients.'),
  };
  const shares = Math.max(1, Math.floor(rate / leastShareBytesPerSecond));
  const byShare = {
    size: shares,
    reason: chosen(
      shares,
      `each is to get at least ${bytesPerSecond(leastShareBytesPerSecond)} of ${rateWords}, as far as it goes.`,
    ),
  };
  return snapshotBytes === null
    ? [usual, byShare]
    : [usual, byShare, hugeBound(snapshotBytes, rate, rateWords)];
}

/** The fewer share the bandwidth, the sooner each is done; all of them together take as long either way. */
function hugeBound(snapshotBytes: number, rate: number, rateWords: string): Choice {
  const fitting = Math.floor((longestCopySeconds * rate) / snapshotBytes);
  const size = Math.max(1, fitting);
  const seconds = readableSeconds((size * snapshotBytes) / rate);
  const why =
    'a copy that is cut off begins anew, and the dump takes disk of the master until the last copy is done.';
  return {
    size,
    reason: chosen(
      size,
      `a copy of ${readableBytes(snapshotBytes)} at its share of ${rateWords} takes ${seconds} then; ${why}`,
    ),
  };
}

const chosen = (size: number, why: string): string =>
  `Chosen by the service: ${size === 1 ? 'one at a time' : `${size} together`}, because ${why}`;

const bytesPerSecond = (rate: number): string => `${readableBytes(rate)}/s`;

/** Batches in the order of the request, with at most so many nodes of one host in each. */
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
  if (!facts.masterCapabilities)
    return { size: 1, reason: 'The version of the master is not known, so full syncs run one at a time.' };
  const bounds = [
    boundOf('the master', facts.masterCapabilities),
    ...facts.nodes.flatMap((node) =>
      node.capabilities ? [boundOf(node.target.name, node.capabilities)] : [],
    ),
  ];
  return bounds.reduce((least, bound) => (bound.size < least.size ? bound : least));
}

function boundOf(who: string, capabilities: Capabilities): Choice {
  const { maxConcurrentFullSyncs: size, version } = capabilities;
  return {
    size,
    reason: `On ${version} (${who}) at most ${counted(size, 'full sync')} of one master may run at a time.`,
  };
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
