import type { Capabilities } from './capabilities.ts';
import type { NodeTarget } from './expansion.ts';
import { type Finding, hasErrors } from './findings.ts';
import { type Forecast, forecastFindings, makeForecast } from './forecast.ts';
import type { MeasuredSync } from './learning.ts';
import { type BinlogOffset, formatAddress, type NodeFacts, type Role, type SlaveLag } from './node-facts.ts';
import type { Policy } from './policy.ts';
import { type PreflightContext, type PreflightMaster, type PreflightNode, preflight } from './preflight.ts';
import { readableBytes } from './quantities.ts';
import type { WriteRate } from './write-rate.ts';

export type { Forecast, ForecastRange } from './forecast.ts';

/** The master and its slaves as the master tells it. */
export interface Topology {
  readonly master: {
    readonly name: string;
    readonly version: string;
    readonly role: Role | null;
    /** Bytes that a full sync would copy now; null = the version does not tell. */
    readonly sstBytes: number | null;
    readonly binlog: Readonly<Record<string, BinlogOffset>>;
    readonly replicationId: string | null;
  };
  readonly slaves: readonly {
    readonly ip: string;
    readonly port: number;
    readonly lag: Readonly<Record<string, SlaveLag>>;
  }[];
}

/** What an expansion would do, without doing any of it. */
export interface Plan {
  readonly id: string;
  readonly at: number;
  readonly master: NodeTarget;
  /** null = the master could not be read. */
  readonly capabilities: Capabilities | null;
  readonly findings: readonly Finding[];
  /** Whether no finding is an error. */
  readonly acceptable: boolean;
  readonly batchSize: number;
  readonly batchSizeReason: string;
  /** Names of nodes, in the order of the request. */
  readonly batches: readonly (readonly string[])[];
  /** Id of the expansion on the same master for whose end this one would wait. */
  readonly waitsFor: string | null;
  /** null = the master could not be read. */
  readonly topology: Topology | null;
  readonly forecast: Forecast | null;
}

export interface PlanInput {
  readonly id: string;
  readonly at: number;
  readonly master: PreflightMaster;
  readonly nodes: readonly PreflightNode[];
  readonly policy: Policy;
  readonly context: PreflightContext;
  /** What the forecast rests on beyond the looks; absent = nothing was measured. */
  readonly measured?: { readonly writes: WriteRate | null; readonly learnt: readonly MeasuredSync[] };
}

/** Makes the plan of a request from one look at every server that it names. Pure; never throws. */
export function makePlan(input: PlanInput): Plan {
  const { batchSize, reason } = chooseBatchSize(input);
  const batches = inBatches(
    input.nodes.map((node) => node.target.name),
    batchSize,
  );
  const forecast = forecastOf(input, batches);
  const findings = [
    ...preflight(input),
    ...(forecast ? forecastFindings(forecast, input.master.target.name) : []),
  ];
  return {
    id: input.id,
    at: input.at,
    master: input.master.target,
    capabilities: input.master.capabilities,
    findings,
    acceptable: !hasErrors(findings),
    batchSize,
    batchSizeReason: reason,
    batches,
    waitsFor: input.context.expansionsOnMaster[0]?.id ?? null,
    topology: topologyOf(input.master),
    forecast,
  };
}

function forecastOf(input: PlanInput, batches: readonly (readonly string[])[]): Forecast | null {
  const { look, capabilities, target } = input.master;
  if (look.kind !== 'answered' || capabilities === null) return null;
  return makeForecast({
    master: { target, facts: look.facts },
    capabilities,
    nodes: input.nodes.map((node) => ({
      target: node.target,
      facts: node.look.kind === 'answered' ? node.look.facts : null,
    })),
    batches,
    policy: input.policy,
    writes: input.measured?.writes ?? null,
    learnt: input.measured?.learnt ?? [],
  });
}

export interface BatchSizeInput {
  readonly master: Pick<PreflightMaster, 'capabilities'>;
  readonly nodes: readonly Pick<PreflightNode, 'target' | 'capabilities'>[];
  readonly policy: Pick<Policy, 'batchSize'> & Partial<Pick<Policy, 'bandwidthBytesPerSecond'>>;
}

/** How many nodes together when the request leaves the choice: each more shares the master's disk and network. */
const automaticBatchSize = 4;
/** A budget that gives a node less than this is better spent on fewer at a time: a long sync meets more trouble. */
const leastShareBytesPerSecond = 4_000_000;

/** How many nodes are attached together, and why in plain words: the request's wish, capped by every version involved. */
export function chooseBatchSize(input: BatchSizeInput): { batchSize: number; reason: string } {
  const cap = concurrencyCap(input);
  const nodes = Math.max(1, input.nodes.length);
  const byBudget = withinBudget(input.policy.bandwidthBytesPerSecond ?? null);
  const wish = input.policy.batchSize === 'auto' ? byBudget : input.policy.batchSize;
  const batchSize = Math.max(1, Math.min(wish, cap.limit, nodes));
  if (input.policy.batchSize === 'auto' && byBudget < automaticBatchSize && batchSize === byBudget)
    return {
      batchSize,
      reason: `Chosen by the service: ${batchSize} together, so that each gets at least ${readableBytes(leastShareBytesPerSecond)}/s of the budget of ${readableBytes(input.policy.bandwidthBytesPerSecond!)}/s, as far as it goes. ${cap.reason}`,
    };
  if (input.policy.batchSize === 'auto') return { batchSize, reason: automaticReason(batchSize, cap) };
  if (wish > cap.limit)
    return { batchSize, reason: `The request asks for ${wish}, but ${lowerFirst(cap.reason)}` };
  if (wish > nodes)
    return {
      batchSize,
      reason: `The request asks for ${wish}; it names ${nodes === 1 ? 'one node' : `${nodes} nodes`}.`,
    };
  return { batchSize, reason: `As the request asks. ${cap.reason}` };
}

const withinBudget = (budget: number | null): number =>
  budget === null
    ? automaticBatchSize
    : Math.max(1, Math.min(automaticBatchSize, Math.floor(budget / leastShareBytesPerSecond)));

interface Cap {
  readonly limit: number;
  readonly reason: string;
}

/** The least of what the master and all nodes allow. */
function concurrencyCap(input: BatchSizeInput): Cap {
  if (!input.master.capabilities)
    return { limit: 1, reason: 'The version of the master is not known, so full syncs run one at a time.' };
  const caps = [
    capOf('the master', input.master.capabilities),
    ...input.nodes.flatMap((node) => (node.capabilities ? [capOf(node.target.name, node.capabilities)] : [])),
  ];
  return caps.reduce((least, cap) => (cap.limit < least.limit ? cap : least));
}

function capOf(who: string, capabilities: Capabilities): Cap {
  const why = capabilities.reasons.maxConcurrentFullSyncs;
  return {
    limit: capabilities.maxConcurrentFullSyncs,
    reason: `On ${capabilities.version} (${who}) at most ${capabilities.maxConcurrentFullSyncs} full sync${capabilities.maxConcurrentFullSyncs === 1 ? '' : 's'} of one master may run at a time${why ? `: ${why}` : '.'}`,
  };
}

function automaticReason(batchSize: number, cap: Cap): string {
  if (cap.limit === 1) return cap.reason;
  if (batchSize < automaticBatchSize && batchSize < cap.limit)
    return `All nodes of the request together. ${cap.reason}`;
  return `Chosen by the service: ${batchSize} together share one dump and leave the master room for its clients. ${cap.reason}`;
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/** Cuts names into batches of at most `size`, keeping their order. */
export function inBatches(names: readonly string[], size: number): string[][] {
  const step = Math.max(1, Math.floor(size));
  const batches: string[][] = [];
  for (let start = 0; start < names.length; start += step) batches.push(names.slice(start, start + step));
  return batches;
}

/** The master's own view of itself and its slaves; null when it could not be read. */
export function topologyOf(master: PreflightMaster): Topology | null {
  if (master.look.kind !== 'answered') return null;
  const facts: NodeFacts = master.look.facts;
  return {
    master: {
      name: master.target.name || formatAddress(master.target.address),
      version: master.capabilities?.version ?? facts.server?.reportedVersion ?? 'unknown',
      role: facts.replication?.role ?? null,
      sstBytes: facts.sizes?.sstBytes ?? null,
      binlog: facts.replication?.binlog ?? {},
      replicationId: facts.replication?.replicationId ?? null,
    },
    slaves: (facts.replication?.slaves ?? []).map(({ ip, port, lag }) => ({ ip, port, lag })),
  };
}
