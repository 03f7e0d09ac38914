import { samePlace } from '../../model/addresses.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import type { ExpansionState, JoinTarget, NodeTarget } from '../../model/expansion.ts';
import type { Finding } from '../../model/finding.ts';
import type { FindingCode } from '../../model/findings.ts';
import {
  compareOffsets,
  formatAddress,
  type Look,
  type MasterIdentity,
  type NodeFacts,
} from '../../model/observation.ts';
import type { Policy } from '../../model/policy.ts';
import { finding, listed, seconds } from './finding.ts';
import { masterRules } from './preflight-master.ts';
import { nodeRules } from './preflight-node.ts';
import type { PreflightMaster, PreflightNode } from './preflight-servers.ts';

export { findingCodes } from '../../model/findings.ts';
export { masterBusyReasons } from './preflight-master.ts';

/** What a look must ask of every server for preflight; the names are sections of the engine. */
export const preflightSections = [
  'server',
  'replication',
  'stats',
  'lastsave',
  'sizes',
  'config',
  'data',
] as const;
/** The same for a node that is to be added: also whether it holds any key. */
export const preflightNodeSections = [...preflightSections, 'keys'] as const;

/** More than this in one request is a mistake more often than a wish; it also bounds the time of one preflight. */
export const maxNodesPerExpansion = 200;

export interface PreflightContext {
  /** Expansions of this master that have not ended, the one at work first. */
  readonly expansionsOnMaster: readonly { readonly id: string; readonly state: ExpansionState }[];
  /** `host:port` of every node (by name or address) that belongs to an expansion that has not ended -> its id. */
  readonly nodesInUse: Readonly<Record<string, string>>;
}

export const emptyContext: PreflightContext = { expansionsOnMaster: [], nodesInUse: {} };

export interface PreflightInput {
  readonly master: PreflightMaster;
  readonly nodes: readonly PreflightNode[];
  readonly policy: Pick<Policy, 'batchSize'>;
  readonly context: PreflightContext;
}

/**
 * Every finding about a request, not only the first: the request as a whole, then the master, then each node
 * in the order of the request. Pure; never throws, whatever the looks hold.
 */
export function preflight(input: PreflightInput): Finding[] {
  return [
    ...requestRules(input),
    ...masterRules(input),
    ...input.nodes.flatMap((node) => nodeRules(input.master, node, 'untouched')),
  ];
}

function requestRules(input: PreflightInput): Finding[] {
  return [
    ...sizeRule(input.nodes),
    ...identityRules(input),
    ...waitsForRule(input.context),
    ...input.nodes.flatMap((node) => inUseRule(node.target, input.context)),
  ];
}

function sizeRule(nodes: readonly PreflightNode[]): Finding[] {
  if (nodes.length === 0)
    return [finding('no_nodes', null, 'The request names no node to add.', 'Name at least one node.')];
  if (nodes.length > maxNodesPerExpansion)
    return [
      finding(
        'too_many_nodes',
        null,
        `The request names ${nodes.length} nodes; one expansion takes at most ${maxNodesPerExpansion}.`,
        'Split the nodes over several expansions; on one master they run one after another.',
        { nodes: nodes.length, limit: maxNodesPerExpansion },
      ),
    ];
  return [];
}

function waitsForRule(context: PreflightContext): Finding[] {
  const atWork = context.expansionsOnMaster[0];
  if (!atWork) return [];
  const ahead = context.expansionsOnMaster.length;
  return [
    finding(
      'expansion_on_master',
      null,
      `Expansion ${atWork.id} on this master has not ended (${atWork.state}); this one begins after it${ahead > 1 ? ` and after ${ahead - 1} more that wait already` : ''}.`,
      'Nothing to do; or look at that expansion if it is paused or halted, since this one waits for it.',
      { expansions: context.expansionsOnMaster.map(({ id }) => id) },
    ),
  ];
}

function inUseRule(target: JoinTarget, context: PreflightContext): Finding[] {
  const keys = [target.name, formatAddress(target.address), formatAddress(target.seenAs)];
  const id = keys.map((key) => context.nodesInUse[key]).find((found) => found !== undefined);
  if (id === undefined) return [];
  return [
    finding(
      'node_in_other_expansion',
      target.name,
      `${target.name} belongs to expansion ${id}, which has not ended.`,
      `Wait for the end of ${id}, or cancel it (or skip this node in it), then ask again.`,
      { expansion: id },
    ),
  ];
}

interface Identity {
  readonly target: NodeTarget;
  readonly look: Look;
}

function identityRules(input: PreflightInput): Finding[] {
  return input.nodes.flatMap((node, index) => {
    const own = isMasterRule(input.master, node);
    if (own.length > 0) return own;
    const earlier = input.nodes.slice(0, index);
    return twiceRule(earlier, node);
  });
}

function isMasterRule(master: Identity, node: Identity): Finding[] {
  const how = sameServer(master, node);
  if (!how) return [];
  return [
    finding(
      'node_is_master',
      node.target.name,
      `${node.target.name} is the master ${master.target.name} itself (${how}).`,
      'Take it out of the list of nodes, or name the master that was meant.',
    ),
  ];
}

function twiceRule(earlier: readonly Identity[], node: Identity): Finding[] {
  for (const other of earlier) {
    const how = sameServer(other, node);
    if (how)
      return [
        finding(
          'node_named_twice',
          node.target.name,
          `${node.target.name} and ${other.target.name} are one server (${how}).`,
          'Name every node once. Two servers that were started from one copied configuration share a run id: remove `run-id` from one of them and restart it.',
          { other: other.target.name },
        ),
      ];
    if (samePlace(other.target.seenAs, node.target.seenAs))
      return [
        finding(
          'announced_address_shared',
          node.target.name,
          `${node.target.name} and ${other.target.name} are both known to the master as ${formatAddress(node.target.seenAs)}; the master takes only one of them.`,
          'Give each node a port (or an IP) of its own in its configuration, and state it as seenAs.',
          { other: other.target.name, seenAs: formatAddress(node.target.seenAs) },
        ),
      ];
  }
  return [];
}

/** How two entries are known to be one server; null when nothing says so. */
function sameServer(a: Identity, b: Identity): string | null {
  if (a.target.name === b.target.name) return 'the same name';
  if (samePlace(a.target.address, b.target.address) || shareIp(a, b)) return 'the same address';
  return sameProcess(a.look, b.look) ? 'the same run id and process id' : null;
}

/** Names of their own may lead to one server. */
const shareIp = (a: Identity, b: Identity): boolean =>
  a.target.address.port === b.target.address.port &&
  a.look.kind === 'answered' &&
  b.look.kind === 'answered' &&
  (a.look.facts.ips ?? []).some((ip) => b.look.kind === 'answered' && b.look.facts.ips?.includes(ip));

/** Seconds by which the start of one process may seem to differ between two looks. */
const startToleranceSeconds = 5;

/**
 * run_id may be copied with a configuration and process ids are small in containers, so both must be equal and
 * the processes must have started at the same moment.
 */
function sameProcess(a: Look, b: Look): boolean {
  if (a.kind !== 'answered' || b.kind !== 'answered') return false;
  const [one, other] = [a.facts.server, b.facts.server];
  if (!one?.runId || one.runId !== other?.runId) return false;
  if (one.processId === null || one.processId !== other.processId) return false;
  if (one.uptimeSeconds === null || other.uptimeSeconds === null) return false;
  const startedA = a.at / 1000 - one.uptimeSeconds;
  const startedB = b.at / 1000 - other.uptimeSeconds;
  return Math.abs(startedA - startedB) <= startToleranceSeconds;
}

export function masterIdentity(facts: NodeFacts, capabilities: Capabilities): MasterIdentity {
  return {
    version: capabilities.version,
    runId: facts.server?.runId ?? null,
    processId: facts.server?.processId ?? null,
    replicationId: facts.replication?.replicationId ?? null,
    binlog: facts.replication?.binlog ?? {},
  };
}

export interface RevalidationNode extends PreflightNode {
  /**
   * Whether this expansion has already acted on the node: its data, its master and its replication id may then
   * be what an earlier attempt left there.
   */
  readonly touched: boolean;
}

export interface RevalidationInput {
  readonly master: PreflightMaster;
  /** The nodes of the batch that is about to be attached. */
  readonly nodes: readonly RevalidationNode[];
  readonly policy: Pick<Policy, 'batchSize'>;
  /** null = the plan did not know its master. */
  readonly plannedMaster: MasterIdentity | null;
}

/** Findings that only matter when a request is judged, not again before each batch. */
const planOnly: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'version_has_bug',
  'version_one_at_a_time',
  'streams_not_transferred',
  'batch_size_reduced',
  'too_many_nodes',
]);

/** What an earlier attempt of this expansion may itself have left behind. */
const leftByAttempt: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'already_slave_of_this_master',
  'will_be_repointed',
  'holds_data',
  'data_unknown',
  'data_will_be_replaced',
  'replication_id_same',
  'replication_id_differs',
  'stale_entry',
]);

/**
 * What must hold again right before a batch is attached: the same rules as preflight on fresh looks, without
 * those that only concern a request, and the master must be the server that was planned with. Errors = do not
 * attach. A node that was touched by this expansion is allowed to be as an earlier attempt left it.
 */
export function revalidate(input: RevalidationInput): Finding[] {
  const fresh = [
    ...identityRules({ ...input, context: emptyContext }),
    ...masterRules(input),
    ...masterIdentityRules(input.master, input.plannedMaster),
    ...input.nodes.flatMap((node) =>
      node.touched
        ? nodeRules(input.master, node, 'touched').filter(
            (found) => !leftByAttempt.has(found.code as FindingCode),
          )
        : nodeRules(input.master, node, 'untouched'),
    ),
  ];
  return fresh.filter((found) => !planOnly.has(found.code as FindingCode));
}

function masterIdentityRules(master: PreflightMaster, planned: MasterIdentity | null): Finding[] {
  if (!planned || master.look.kind !== 'answered' || !master.capabilities) return [];
  const now = masterIdentity(master.look.facts, master.capabilities);
  const changes = identityChanges(planned, now);
  if (changes.length > 0)
    return [
      finding(
        'master_replaced',
        null,
        `The server at ${master.target.name} is not the one that was planned with: ${listed(changes)}.`,
        'Check which server should be the master. If this one is right, cancel this expansion and make a new one.',
        { planned, now },
      ),
    ];
  if (planned.processId === null || now.processId === null || planned.processId === now.processId) return [];
  const uptime = master.look.facts.server?.uptimeSeconds ?? null;
  return [
    finding(
      'master_restarted_since_plan',
      null,
      `The master ${master.target.name} was restarted since the plan was made${uptime === null ? '' : ` (${seconds(uptime)} ago)`}; its data and replication id are as before.`,
      'Nothing to do.',
    ),
  ];
}

/** Differences that one server cannot show over time, however often it restarts. */
function identityChanges(planned: MasterIdentity, now: MasterIdentity): string[] {
  const changes: string[] = [];
  if (planned.replicationId && now.replicationId !== planned.replicationId)
    changes.push(
      `its replication id changed from ${planned.replicationId} to ${now.replicationId || '(none)'}`,
    );
  if (planned.version !== now.version)
    changes.push(`its version changed from ${planned.version} to ${now.version}`);
  for (const [db, before] of Object.entries(planned.binlog)) {
    const after = now.binlog[db];
    if (!after) changes.push(`it has no ${db} any more`);
    else if (compareOffsets(after, before) < 0)
      changes.push(
        `the binlog of ${db} went back from ${before.file}:${before.offset} to ${after.file}:${after.offset}`,
      );
  }
  return changes;
}
