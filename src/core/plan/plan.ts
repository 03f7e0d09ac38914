import { hasErrors } from '../../model/finding.ts';
import type { Forecast, MeasuredSync } from '../../model/forecast.ts';
import { formatAddress, type MasterIdentity, type NodeFacts } from '../../model/observation.ts';
import type { Policy } from '../../model/policy.ts';
import { because } from '../../model/reasons.ts';
import type { Said } from '../../model/text.ts';
import type { Plan, Topology } from '../../model/views/plan.ts';
import { snapshotSize } from '../sync/master-tracker.ts';
import { chooseBatches } from './batches.ts';
import { forecastFindings, makeForecast } from './forecast.ts';
import { masterIdentity, masterReplaced, type PreflightContext, preflight } from './preflight.ts';
import { growthFindings, reachedByAgent } from './preflight-hosts.ts';
import type { PreflightMaster, PreflightNode } from './preflight-servers.ts';
import type { WriteRate } from './write-rate.ts';

export interface PlanInput {
  readonly id: string;
  readonly at: number;
  readonly master: PreflightMaster;
  readonly nodes: readonly PreflightNode[];
  readonly policy: Policy;
  readonly context: PreflightContext;
  /** Full syncs that may run to nodes on one host (`slots.perNodeHost`); absent = no limit is set. */
  readonly perNodeHost?: number | null;
  /** The expansion of which this plan takes up what was left; absent = none. */
  readonly retryOf?: string;
  /** What the master showed when the plan was made that is to be started now; absent = none is. */
  readonly plannedMaster?: MasterIdentity | null;
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
  const { plannedMaster = null } = input;
  const replaced = masterReplaced({ ...input, plannedMaster });
  const findings = [
    ...preflight(input),
    ...(replaced ? [replaced] : []),
    ...(forecast
      ? [
          ...forecastFindings(forecast, input.master.target.name, input.policy.mayRaiseBinlogRetention),
          ...growthFindings(input.master, forecast),
        ]
      : []),
  ];
  return {
    id: input.id,
    at: input.at,
    master: input.master.target,
    nodes: input.nodes.map(({ target }) => target),
    policy: input.policy,
    ...(input.retryOf === undefined ? {} : { retryOf: input.retryOf }),
    capabilities: input.master.capabilities,
    findings,
    acceptable: !hasErrors(findings),
    batchSize,
    batchSizeReason: reason,
    ports: saidOfPorts(input),
    batches,
    waitsFor: input.context.expansionsOnMaster[0]?.id ?? null,
    topology: topologyOf(input.master),
    plannedMaster:
      look.kind === 'answered' && capabilities !== null ? masterIdentity(look.facts, capabilities) : null,
    forecast,
  };
}

/** The service tries them from its own machine; the agents try the way that the nodes will go. */
function saidOfPorts({ master, nodes }: PlanInput): Said | null {
  const { look, target } = master;
  if (look.kind !== 'answered' || look.facts.derivedPorts === undefined) return null;
  const { derivedPorts } = look.facts;
  const of = (isOpen: boolean) =>
    derivedPorts.filter(({ outcome }) => (outcome === 'open') === isOpen).map(({ port }) => port);
  const byAgents = nodes.filter((node) => reachedByAgent(node.look.sight, master)).length;
  const reached = [target.address.port, ...of(true)];
  return because('ports_tried', { reached, notReached: of(false), byAgents, nodes: nodes.length });
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
      gitSha: facts.server?.gitSha ?? null,
      version: master.capabilities?.version ?? facts.server?.reportedVersion ?? 'unknown',
      role: facts.replication?.role ?? null,
      sstBytes: facts.sizes?.sstBytes ?? null,
      binlog: facts.replication?.binlog ?? {},
      replicationId: facts.replication?.replicationId ?? null,
    },
    slaves: (facts.replication?.slaves ?? []).map(({ ip, port, lag }) => ({ ip, port, lag })),
  };
}
