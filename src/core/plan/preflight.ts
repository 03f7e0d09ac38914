import type { Capabilities } from '../../model/capabilities.ts';
import type { ExpansionState } from '../../model/expansion.ts';
import type { Finding } from '../../model/finding.ts';
import type { IdentityChange } from '../../model/findings/standing.ts';
import type { HeldBy } from '../../model/hold.ts';
import {
  type BinlogOffset,
  compareOffsets,
  type MasterIdentity,
  type NodeFacts,
} from '../../model/observation.ts';
import type { Policy } from '../../model/policy.ts';
import { type Check, findingsOf, foundAny } from './finding.ts';
import { type MasterScene, masterChecks, silentMasterChecks } from './preflight-master.ts';
import { entryChecks, nodeChecks, nodeFindings, sameServer } from './preflight-node.ts';
import type { PreflightMaster, PreflightNode } from './preflight-servers.ts';

export { masterWork } from './preflight-master.ts';

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
  /** Expansions of this master that have not ended, first the expansion that is at work. */
  readonly expansionsOnMaster: readonly { readonly id: string; readonly state: ExpansionState }[];
  /** `host:port` of every node (by name or address) that belongs to an expansion that has not ended -> its id. */
  readonly nodesInUse: Readonly<Record<string, string>>;
  /** What holds the master; absent = nothing. */
  readonly held?: HeldBy | null;
}

export const emptyContext: PreflightContext = { expansionsOnMaster: [], nodesInUse: {} };

export interface PreflightInput {
  readonly master: PreflightMaster;
  readonly nodes: readonly PreflightNode[];
  readonly policy: Pick<Policy, 'batchSize' | 'requireAgent'>;
  readonly context: PreflightContext;
}

interface RequestScene {
  readonly nodes: readonly PreflightNode[];
  readonly expansionsOnMaster: PreflightContext['expansionsOnMaster'];
  readonly held: HeldBy | null;
}

const requestChecks: readonly Check<RequestScene>[] = [
  { code: 'no_nodes', planOnly: true, check: ({ nodes }) => (nodes.length === 0 ? {} : null) },
  {
    code: 'too_many_nodes',
    planOnly: true,
    check: ({ nodes }) =>
      nodes.length > maxNodesPerExpansion ? { nodes: nodes.length, limit: maxNodesPerExpansion } : null,
  },
  {
    code: 'expansion_on_master',
    planOnly: true,
    check: ({ expansionsOnMaster: ahead }) =>
      ahead[0] ? { expansions: ahead.map(({ id }) => id), state: ahead[0].state } : null,
  },
  { code: 'master_held', planOnly: true, check: ({ held }) => held },
];

/**
 * Every finding about a request, not only the first: the request as a whole, then the master, then each node
 * in the order of the request. Pure; never throws, whatever the looks hold.
 */
export function preflight({ master, nodes, policy, context }: PreflightInput): Finding[] {
  const { expansionsOnMaster, nodesInUse, held = null } = context;
  return [
    ...findingsOf(requestChecks, { nodes, expansionsOnMaster, held }, aboutMaster(master)),
    ...entryFindings(master, nodes, nodesInUse),
    ...masterFindings({ master, nodes, policy }),
    // Of the master nothing else is said as of a node: that it is no node is all that matters.
    ...nodes
      .filter((node) => sameServer(master, node) === null)
      .flatMap((node) => nodeFindings(master, node, 'untouched')),
  ];
}

const aboutMaster = ({ target }: PreflightMaster) => ({ master: target.name, node: null });

const entryFindings = (
  master: PreflightMaster,
  nodes: readonly PreflightNode[],
  nodesInUse: PreflightContext['nodesInUse'],
): Finding[] =>
  nodes.flatMap((node, index) =>
    findingsOf(
      entryChecks,
      { master, node, earlier: nodes.slice(0, index), nodesInUse },
      { master: master.target.name, node: node.target.name },
    ),
  );

function masterFindings(scene: MasterScene): Finding[] {
  const { look, target, capabilities } = scene.master;
  if (look.kind !== 'answered') return findingsOf(silentMasterChecks, scene, aboutMaster(scene.master));
  const answering = { ...scene, target, facts: look.facts, capabilities };
  return findingsOf(masterChecks, answering, aboutMaster(scene.master));
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
  readonly policy: Pick<Policy, 'batchSize' | 'requireAgent'>;
  /** null = the plan did not know its master. */
  readonly plannedMaster: MasterIdentity | null;
}

const planOnly: ReadonlySet<string> = new Set(
  [...masterChecks, ...nodeChecks].flatMap((check) => (check.planOnly ? [check.code] : [])),
);

/**
 * What must hold again right before a batch is attached: the rules of preflight on fresh looks, without the rules that
 * only concern a request. The master must be the server of the plan. Errors = do not attach. A node that this expansion
 * has touched may be as an earlier attempt left it.
 */
export function revalidate(input: RevalidationInput): Finding[] {
  const { master, nodes } = input;
  return [
    ...entryFindings(master, nodes, {}),
    ...masterFindings(input),
    ...findingsOf(identityChecks, input, aboutMaster(master)),
    ...nodes.flatMap((node) => nodeFindings(master, node, node.touched ? 'touched' : 'untouched')),
  ].filter(({ code }) => !planOnly.has(code));
}

/** The master of the plan, and the master that answers now. */
function identities({ plannedMaster: planned, master: { look, capabilities } }: RevalidationInput) {
  if (!planned || look.kind !== 'answered' || !capabilities) return null;
  return { planned, now: masterIdentity(look.facts, capabilities), facts: look.facts };
}

/** That another server answers at the master's address, or the same server without its data; null = it is the planned master. */
export function masterReplaced(input: Omit<RevalidationInput, 'nodes'>): Finding | null {
  const found = findingsOf(identityChecks, { ...input, nodes: [] }, aboutMaster(input.master));
  return found.find(({ code }) => code === 'master_replaced') ?? null;
}

const identityChecks: readonly Check<RevalidationInput>[] = [
  {
    code: 'master_replaced',
    check: (input) => {
      const known = identities(input);
      return known && foundAny('changes', identityChanges(known.planned, known.now));
    },
  },
  {
    code: 'master_restarted_since_plan',
    check: (input) => {
      const known = identities(input);
      if (!known || identityChanges(known.planned, known.now).length > 0) return null;
      const [before, after] = [known.planned.processId, known.now.processId];
      if (before === null || after === null || before === after) return null;
      return { uptimeSeconds: known.facts.server?.uptimeSeconds ?? null };
    },
  },
];

/** Differences that one server cannot show over time, however often it restarts. */
function identityChanges(planned: MasterIdentity, now: MasterIdentity): IdentityChange[] {
  const position = ({ file, offset }: BinlogOffset): string => `${file}:${offset}`;
  const idChanged = planned.replicationId && now.replicationId !== planned.replicationId;
  return [
    ...(idChanged
      ? [{ of: 'replication_id' as const, before: planned.replicationId!, after: now.replicationId ?? '' }]
      : []),
    ...(planned.version === now.version
      ? []
      : [{ of: 'version' as const, before: planned.version, after: now.version }]),
    ...Object.entries(planned.binlog).flatMap(([db, before]): IdentityChange[] => {
      const after = now.binlog[db];
      if (after && compareOffsets(after, before) >= 0) return [];
      return [{ of: 'binlog', db, before: position(before), after: after ? position(after) : null }];
    }),
  ];
}
