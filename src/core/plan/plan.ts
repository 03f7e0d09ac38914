import type { Capabilities } from '../../model/capabilities.ts';
import type { NodeTarget } from '../../model/expansion.ts';
import { type Finding, hasErrors } from '../../model/finding.ts';
import type { Forecast, MeasuredSync } from '../../model/forecast.ts';
import {
  type BinlogOffset,
  formatAddress,
  type NodeFacts,
  type Role,
  type SlaveLag,
} from '../../model/observation.ts';
import type { Policy } from '../../model/policy.ts';
import { snapshotSize } from '../sync/master-tracker.ts';
import { chooseBatches } from './batches.ts';
import { forecastFindings, makeForecast } from './forecast.ts';
import { type PreflightContext, preflight } from './preflight.ts';
import type { PreflightMaster, PreflightNode } from './preflight-servers.ts';
import type { WriteRate } from './write-rate.ts';

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
  /** Under which it was made. */
  readonly policy: Policy;
  /** null = the master could not be read. */
  readonly capabilities: Capabilities | null;
  readonly findings: readonly Finding[];
  /** Whether no finding is an error. */
  readonly acceptable: boolean;
  readonly batchSize: number;
  readonly batchSizeReason: string;
  /** Names of nodes. */
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
  /** Full syncs that may run to nodes on one host (`slots.perNodeHost`); absent = no limit is set. */
  readonly perNodeHost?: number | null;
  /** What the forecast rests on beyond the looks; absent = nothing was measured. */
  readonly measured?: { readonly writes: WriteRate | null; readonly learnt: readonly MeasuredSync[] };
}

/** Makes the plan of a request from one look at every server that it names. Pure; never throws. */
export function makePlan(input: PlanInput): Plan {
  const { look, capabilities } = input.master;
  const { batchSize, reason, batches } = chooseBatches({
    masterCapabilities: capabilities,
    snapshotBytes: look.kind === 'answered' ? snapshotSize(look.facts) : null,
    nodes: input.nodes,
    policy: input.policy,
    perNodeHost: input.perNodeHost ?? null,
  });
  const forecast = forecastOf(input, batches);
  const findings = [
    ...preflight(input),
    ...(forecast
      ? forecastFindings(forecast, input.master.target.name, input.policy.mayRaiseBinlogRetention)
      : []),
  ];
  return {
    id: input.id,
    at: input.at,
    master: input.master.target,
    policy: input.policy,
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
