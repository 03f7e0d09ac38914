import { findListedSlave, isIpv4, isIpv6, isLoopback, samePlace } from '../../model/addresses.ts';
import type { Finding } from '../../model/finding.ts';
import type { Sameness } from '../../model/findings/reach.ts';
import { formatAddress, type ListedSlave, type Look, type NodeFacts } from '../../model/observation.ts';
import type { NodeTarget } from '../../model/targets.ts';
import { isWithin } from '../../model/versions.ts';
import { type Check, findingsOf, foundAny } from './finding.ts';
import { nodeHostChecks, onTwoMounts } from './preflight-hosts.ts';
import {
  blacklisted,
  closedPorts,
  foldersApart,
  noReplyWithin,
  partsMissing,
  sharding,
  unknownBuild,
  unproven,
} from './preflight-master.ts';
import {
  knownAs,
  metOf,
  notAllowedAt,
  type PreflightMaster,
  type PreflightNode,
} from './preflight-servers.ts';

/** Whether this expansion has acted on the node before. */
export type Standing = 'untouched' | 'touched';

interface EntryScene {
  readonly master: PreflightMaster;
  readonly node: PreflightNode;
  /** Those that the request names before it. */
  readonly earlier: readonly PreflightNode[];
  /** `host:port` of every node that belongs to an expansion that has not ended -> its id. */
  readonly nodesInUse: Readonly<Record<string, string>>;
}

/** Rules about the entry of a node in the request, whatever the node answers. */
export const entryChecks: readonly Check<EntryScene>[] = [
  {
    code: 'node_is_master',
    check: ({ master, node }) => {
      const how = sameServer(master, node);
      return how ? { how } : null;
    },
  },
  {
    code: 'node_named_twice',
    check: (scene) => {
      const twin = twinOf(scene);
      return twin?.how ? { other: twin.other, how: twin.how } : null;
    },
  },
  {
    code: 'announced_address_shared',
    check: (scene) => {
      const twin = twinOf(scene);
      return twin && !twin.how
        ? { other: twin.other, seenAs: formatAddress(scene.node.target.seenAs) }
        : null;
    },
  },
  {
    code: 'node_in_other_expansion',
    check: ({ node: { target }, nodesInUse }) => {
      const keys = [target.name, formatAddress(target.address), formatAddress(target.seenAs)];
      const expansion = keys.map((key) => nodesInUse[key]).find((found) => found !== undefined);
      return expansion === undefined ? null : { expansion };
    },
  },
  {
    code: 'node_protected',
    check: ({ node: { target, isProtected } }) => {
      const permission = target.overwriteData ? 'overwriteData' : target.repoint ? 'repoint' : null;
      return isProtected && permission !== null ? { permission } : null;
    },
  },
];

interface Identity {
  readonly target: NodeTarget;
  readonly look: Look;
}

/** The first node before this one with which it shares a server, or (how null) the address under which the master knows it. */
function twinOf({ master, node, earlier }: EntryScene): { other: string; how: Sameness | null } | null {
  if (sameServer(master, node)) return null;
  for (const { target, look } of earlier) {
    const how = sameServer({ target, look }, node);
    if (how || samePlace(target.seenAs, node.target.seenAs)) return { other: target.name, how };
  }
  return null;
}

/** How two entries are known to be one server, by name, address or process; null when nothing says so. */
export function sameServer(a: Identity, b: Identity): Sameness | null {
  if (a.target.name === b.target.name) return 'name';
  if (samePlace(a.target.address, b.target.address) || shareIp(a, b)) return 'address';
  return sameProcess(a.look, b.look) ? 'process' : null;
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

/** Why a node cannot be read. */
const silentNodeChecks: readonly Check<PreflightNode>[] = [
  { code: 'node_unreachable', check: (node) => metOf(node, 'unreachable') },
  { code: 'node_not_allowed', check: notAllowedAt },
  { code: 'node_denied', check: (node) => metOf(node, 'denied') },
  { code: 'node_garbled', check: (node) => metOf(node, 'garbled') },
  { code: 'node_busy', check: ({ look }) => noReplyWithin(look) },
];

/** docs/pika-facts.md, 8: the node compares its master's address with that in the dump. */
const comparesMasterAddress = ['0.0.0', '3.5.0'] as const;
/** Reported of these; 3.5.4 and later read a greater number as 4. */
const diesOfParallelCopies = ['3.5.0', '3.5.4'] as const;

/** A node that answered, with the master that it is to join. */
interface NodeScene extends PreflightNode {
  readonly master: PreflightMaster;
  readonly facts: NodeFacts;
  /** null = the master did not answer. */
  readonly masterFacts: NodeFacts | null;
  /** The master's entry for it. */
  readonly entry: ListedSlave | null;
  readonly standing: Standing;
}

/** Every rule about one node. */
export const nodeChecks: readonly Check<NodeScene>[] = [
  { code: 'node_facts_missing', check: ({ facts }) => foundAny('missing', partsMissing(facts)) },
  {
    code: 'loopback_trap',
    check: ({ master, target }) => {
      const told = master.target.seenAs;
      const trapped = isLoopback(told.host) && !isLoopback(target.address.host);
      return trapped ? { seenAs: formatAddress(told) } : null;
    },
  },
  {
    code: 'master_given_by_name',
    check: ({ master: { target }, capabilities }) => {
      const { host } = target.seenAs;
      const named = !isIpv4(host) && !isIpv6(host);
      const compares = capabilities !== null && isWithin(capabilities.version, comparesMasterAddress);
      return named && compares ? { host, version: capabilities.version } : null;
    },
  },
  {
    code: 'node_seen_as_loopback',
    check: ({ master: { target: master }, target, facts }) => {
      const odd = isLoopback(target.seenAs.host) && !isLoopback(master.seenAs.host) && !facts.ips;
      return odd ? { seenAs: formatAddress(master.seenAs) } : null;
    },
  },
  {
    code: 'node_seen_by_name',
    check: ({ target: { seenAs }, facts, masterFacts }) => {
      const { host, port } = seenAs;
      if (isIpv4(host) || isIpv6(host) || isLoopback(host) || facts.ips) return null;
      const slaves = masterFacts?.replication?.slaves ?? [];
      return { host, port, samePort: slaves.filter((slave) => slave.port === port).length };
    },
  },
  {
    code: 'ipv6_unsupported',
    check: ({ target: { seenAs } }) =>
      isIpv6(seenAs.host) && !isLoopback(seenAs.host) ? { seenAs: formatAddress(seenAs) } : null,
  },
  {
    code: 'announced_port_differs',
    check: ({ target: { seenAs }, facts }) => {
      const listens = facts.server?.tcpPort ?? null;
      if (listens === null || listens === seenAs.port) return null;
      return { listens, told: seenAs.port };
    },
  },
  {
    code: 'has_slaves',
    check: ({ facts: { replication } }) => {
      const slaves = replication?.slaves ?? [];
      if (slaves.length === 0 && !(replication?.connectedSlaves ?? 0)) return null;
      return { slaves: slaves.map(({ ip, port }) => formatAddress({ host: ip, port })) };
    },
  },
  {
    code: 'already_slave_of',
    check: (scene) => {
      const present = presentMaster(scene);
      if (present === null || present.ours) return null;
      const { presentMaster: name, link } = present;
      const sinceBegun = scene.standing === 'touched';
      return sinceBegun || !scene.target.repoint ? { presentMaster: name, link, sinceBegun } : null;
    },
  },
  {
    code: 'will_be_repointed',
    leftByAttempt: true,
    check: (scene) => {
      const present = presentMaster(scene);
      if (present === null || !scene.target.repoint) return null;
      return scene.standing === 'touched' && !present.ours ? null : present;
    },
  },
  {
    code: 'already_slave_of_this_master',
    leftByAttempt: true,
    check: (scene) => {
      const present = presentMaster(scene);
      if (!present?.ours || scene.target.repoint) return null;
      return { presentMaster: present.presentMaster, link: present.link };
    },
  },
  {
    code: 'stale_entry',
    leftByAttempt: true,
    check: ({ master, facts, entry }) =>
      entry && !isSlaveOfMaster(facts, master, true)
        ? { entry: formatAddress({ host: entry.ip, port: entry.port }) }
        : null,
  },
  {
    code: 'holds_data',
    leftByAttempt: true,
    check: ({ facts, target }) => (facts.holdsKeys && !target.overwriteData ? {} : null),
  },
  {
    code: 'data_unknown',
    leftByAttempt: true,
    check: ({ facts, target }) => (facts.holdsKeys === undefined && !target.overwriteData ? {} : null),
  },
  {
    code: 'data_will_be_replaced',
    leftByAttempt: true,
    check: ({ facts, target }) => (facts.holdsKeys && target.overwriteData ? {} : null),
  },
  {
    code: 'replication_id_same',
    leftByAttempt: true,
    check: ({ facts, masterFacts }) => {
      const replicationId = facts.replication?.replicationId;
      return replicationId && replicationId === masterFacts?.replication?.replicationId
        ? { replicationId }
        : null;
    },
  },
  {
    code: 'replication_id_differs',
    leftByAttempt: true,
    check: ({ facts, masterFacts }) => {
      const replicationId = facts.replication?.replicationId;
      return replicationId && replicationId !== masterFacts?.replication?.replicationId
        ? { replicationId }
        : null;
    },
  },
  { code: 'node_db_fatal', check: ({ facts }) => (facts.dbFatal ? {} : null) },
  {
    code: 'command_hidden',
    planOnly: true,
    check: ({ facts }) => foundAny('commands', facts.hiddenCommands ?? []),
  },
  {
    code: 'commands_blacklisted',
    planOnly: true,
    check: ({ facts }) =>
      blacklisted(facts, ['info', 'config', 'slaveof', 'select', 'scan', 'clearreplicationid']),
  },
  { code: 'ports_unreachable', planOnly: true, check: ({ target, facts }) => closedPorts(target, facts) },
  { code: 'sharding_mode', check: sharding },
  {
    code: 'rsync_parallel_too_high',
    planOnly: true,
    check: ({ facts, capabilities }) => {
      const value = facts.config?.maxRsyncParallelNum ?? 0;
      if (value <= 4 || !capabilities || !isWithin(capabilities.version, diesOfParallelCopies)) return null;
      return { value, version: capabilities.version };
    },
  },
  {
    code: 'paths_apart',
    planOnly: true,
    check: ({ facts: { config }, look: { sight } }) => {
      const { dbPath, dbSyncPath } = config ?? {};
      // An agent sees the mounts themselves.
      if (onTwoMounts(sight, 'db', 'dbSync') !== null) return null;
      return foldersApart(dbPath, dbSyncPath) ? { dbPath: dbPath!, dbSyncPath: dbSyncPath! } : null;
    },
  },
  {
    code: 'never_promoted',
    planOnly: true,
    check: ({ facts }) => (facts.config?.slavePriority === 0 ? {} : null),
  },
  {
    code: 'conn_rbuf_differs',
    planOnly: true,
    check: ({ facts, masterFacts }) => {
      const [value, masterValue] = [facts, masterFacts].map(
        (each) => each?.config?.maxConnRbufSizeBytes ?? null,
      );
      if (value == null || masterValue == null || value === masterValue) return null;
      return { value, masterValue };
    },
  },
  {
    code: 'blob_files_differ',
    planOnly: true,
    check: ({ facts, masterFacts }) => {
      const [own, masterUses] = [facts, masterFacts].map((each) => each?.config?.enableBlobFiles ?? null);
      return own == null || masterUses == null || own === masterUses ? null : { masterUses };
    },
  },
  {
    code: 'node_writable_as_slave',
    check: ({ facts }) => (facts.config?.slaveReadOnly === false ? {} : null),
  },
  ...nodeHostChecks,
  { code: 'version_cannot_be_proven', check: ({ capabilities }) => unproven(capabilities) },
  { code: 'build_unknown', planOnly: true, check: unknownBuild },
  { code: 'version_pair_refused', check: (scene) => pairIs(scene, 'refused') },
  { code: 'version_pair_flawed', check: (scene) => pairIs(scene, 'flawed') },
  { code: 'version_pair_untried', check: (scene) => pairIs(scene, 'untried') },
  {
    code: 'databases_differ',
    check: ({ facts, masterFacts }) =>
      masterFacts && unequal('databases', databases(masterFacts), databases(facts)),
  },
  {
    code: 'db_instance_num_differs',
    check: ({ facts, masterFacts }) =>
      unequal('db-instance-num', masterFacts?.config?.dbInstanceNum, facts.config?.dbInstanceNum),
  },
  {
    code: 'binlog_file_size_differs',
    check: ({ facts, masterFacts }) =>
      unequal(
        'binlog-file-size',
        masterFacts?.config?.binlogFileSizeBytes,
        facts.config?.binlogFileSizeBytes,
      ),
  },
  {
    code: 'settings_unreadable',
    check: ({ facts, masterFacts }) => {
      if (!masterFacts) return null;
      const [unread, unreadOfMaster] = [missingSettings(facts), missingSettings(masterFacts)];
      return unread.length + unreadOfMaster.length === 0 ? null : { unread, unreadOfMaster };
    },
  },
  {
    code: 'masterauth_missing',
    check: ({ facts, masterFacts }) =>
      masterFacts?.config?.requirepassSet === true && facts.config?.masterauthSet === false ? {} : null,
  },
  {
    code: 'masterauth_differs',
    check: (scene) => {
      const { matches, known } = masterauth(scene);
      if (known === true && matches === false) return { equalsConfigured: false };
      return known === false && matches === true ? { equalsConfigured: true } : null;
    },
  },
  {
    code: 'masterauth_unproven',
    check: (scene) => {
      const { facts, masterFacts } = scene;
      const masterWantsPassword = masterFacts?.config?.requirepassSet ?? null;
      const masterauthSet = facts.config?.masterauthSet ?? null;
      if (!masterFacts || masterWantsPassword === false) return null;
      const asked = { masterWantsPassword, masterauthSet };
      if (masterWantsPassword === null || masterauthSet === null) return asked;
      const { matches, known } = masterauth(scene);
      const proven = matches === true || (matches === false && known === true);
      return masterauthSet && !proven ? asked : null;
    },
  },
];

/** Every finding about one node, with the master that it is to join. */
export function nodeFindings(master: PreflightMaster, node: PreflightNode, standing: Standing): Finding[] {
  const about = { master: master.target.name, node: node.target.name };
  const { look } = node;
  if (look.kind !== 'answered') return findingsOf(silentNodeChecks, node, about);
  const masterFacts = master.look.kind === 'answered' ? master.look.facts : null;
  const scene: NodeScene = {
    ...node,
    master,
    facts: look.facts,
    masterFacts,
    entry: findListedSlave(masterFacts?.replication?.slaves ?? [], knownAs(node.target, look)),
    standing,
  };
  const left = standing === 'touched' ? nodeChecks.filter((check) => !check.leftByAttempt) : nodeChecks;
  return findingsOf(left, scene, about);
}

/** The present master of the node, and whether it is the master of the request; null = the node has none. */
function presentMaster({ facts, master, entry }: NodeScene) {
  const { replication } = facts;
  if (!replication || replication.role === 'master') return null;
  return {
    presentMaster: `${replication.masterHost ?? '?'}:${replication.masterPort ?? '?'}`,
    link: replication.linkStatus,
    ours: isSlaveOfMaster(facts, master, entry !== null),
  };
}

/**
 * Whether a slave's own facts name this master as its master. Pika stores the host as it was given, but 127.0.0.1 as an
 * address of its own interface (pika-facts 1.3). So with the right port it also counts when the master lists the slave,
 * or SLAVEOF named a loopback address.
 */
export function isSlaveOfMaster(
  facts: NodeFacts,
  { target: master, look }: Pick<PreflightMaster, 'target' | 'look'>,
  listedByMaster: boolean,
): boolean {
  const { masterHost, masterPort } = facts.replication ?? {};
  if (masterHost == null || masterPort == null) return false;
  const named = { host: masterHost, port: masterPort };
  if (samePlace(named, master.seenAs) || samePlace(named, master.address)) return true;
  const isItsIp = look.kind === 'answered' && (look.facts.ips ?? []).includes(masterHost);
  return masterPort === master.seenAs.port && (isItsIp || listedByMaster || isLoopback(master.seenAs.host));
}

/** What is known of the versions of master and node together; null = another verdict, or a version is not known. */
function pairIs({ master, capabilities: node }: NodeScene, verdict: 'refused' | 'flawed' | 'untried') {
  if (!master.capabilities || !node || master.capabilities.version === node.version) return null;
  const masterVersion = master.capabilities.version;
  const rule = node.slaveOf.find(({ masters }) => isWithin(masterVersion, masters));
  if ((rule?.verdict ?? 'untried') !== verdict) return null;
  return { masterVersion, nodeVersion: node.version, reason: rule?.reason ?? ('nothing_known' as const) };
}

/** The setting, or else the number of DBs that INFO replication prints. */
function databases(facts: NodeFacts): number | null {
  const printed = Object.keys(facts.replication?.binlog ?? {}).length;
  return facts.config?.databases ?? (printed > 0 ? printed : null);
}

function unequal(setting: string, ofMaster: number | null | undefined, ofNode: number | null | undefined) {
  return ofMaster == null || ofNode == null || ofMaster === ofNode ? null : { setting, ofMaster, ofNode };
}

function missingSettings(facts: NodeFacts): string[] {
  return [
    ...(databases(facts) === null ? ['databases'] : []),
    ...((facts.config?.binlogFileSizeBytes ?? null) === null ? ['binlog-file-size'] : []),
  ];
}

/** Whether the node's masterauth equals the configured password, and whether that is the master's; null = nothing to compare. */
function masterauth({ facts, masterFacts }: NodeScene) {
  const compared = masterFacts?.config?.requirepassSet === true && facts.config?.masterauthSet === true;
  return {
    matches: compared ? (facts.config?.masterauthMatchesMaster ?? null) : null,
    known: compared ? (masterFacts.config?.requirepassMatchesLogin ?? null) : null,
  };
}
