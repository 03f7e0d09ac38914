import { findListedSlave, isIpv4, isIpv6, isLoopback, samePlace } from '../../model/addresses.ts';
import type { Finding } from '../../model/finding.ts';
import type { FindingCode } from '../../model/findings.ts';
import { formatAddress, type ListedSlave, type Look, type NodeFacts } from '../../model/observation.ts';
import { askAgainWith, finding, listed, loginStep } from './finding.ts';
import { cannotProveRule, databasesNamed } from './preflight-master.ts';
import { knownAs, type PreflightMaster, type PreflightNode } from './preflight-servers.ts';
import { versionPair } from './version-pair.ts';

/** Whether this expansion has acted on the node before. */
export type Standing = 'untouched' | 'touched';

/** Every finding about one node, with the master that it is to join. */
export function nodeRules(master: PreflightMaster, node: PreflightNode, standing: Standing): Finding[] {
  if (node.look.kind !== 'answered') return [noAnswer(node)];
  const { facts } = node.look;
  const masterFacts = master.look.kind === 'answered' ? master.look.facts : null;
  const entry = findListedSlave(masterFacts?.replication?.slaves ?? [], knownAs(node.target, node.look));
  return [
    ...factsRule(node, facts),
    ...addressRules(master, node, facts, masterFacts),
    ...replicationRules(master, node, facts, entry, standing),
    ...dataRules(node, facts),
    ...replicationIdRules(node, facts, masterFacts),
    ...healthRules(node, facts),
    ...versionRules(master, node),
    ...(masterFacts ? settingsRules(master, node, masterFacts, facts) : []),
  ];
}

function noAnswer({ target, look }: PreflightNode): Finding {
  const { name } = target;
  switch (look.kind) {
    case 'unreachable':
      return finding(
        'node_unreachable',
        name,
        `${name} cannot be reached at ${formatAddress(target.address)}: ${look.message} (${look.code}). Nothing was done to it.`,
        'Check the address and that the server runs, and that this service may connect to it.',
      );
    case 'denied':
      return finding(
        'node_denied',
        name,
        `${name} refuses the login: ${look.message} (${look.code}).`,
        loginStep(target),
      );
    case 'garbled':
      return finding(
        'node_garbled',
        name,
        `What answers at ${formatAddress(target.address)} does not speak like a Pika: ${look.message}.`,
        'Check the address and the port of the node.',
      );
    default:
      return finding(
        'node_busy',
        name,
        `${name} took the connection, but did not reply within ${'tookMs' in look ? `${Math.round(look.tookMs)} ms` : 'the limit'}. It may be swapping databases or leaving a master.`,
        'Ask again in a moment. If it stays so, look at the log of the node.',
      );
  }
}

function factsRule({ target }: PreflightNode, facts: NodeFacts): Finding[] {
  const missing = [
    ...(facts.server ? [] : ['INFO server']),
    ...(facts.replication ? databasesNamed(facts) : ['INFO replication']),
  ];
  if (missing.length === 0) return [];
  return [
    finding(
      'node_facts_missing',
      target.name,
      `${target.name} answered, but ${listed(missing)} could not be read.`,
      'Give the user of the service the right to run INFO, CONFIG GET, SCAN and SLAVEOF, and check that the server is a Pika.',
      { missing },
    ),
  ];
}

function addressRules(
  master: PreflightMaster,
  node: PreflightNode,
  facts: NodeFacts,
  masterFacts: NodeFacts | null,
): Finding[] {
  return [
    ...loopbackTrap(master, node),
    ...loopbackNode(master, node),
    ...nodeByName(node, masterFacts),
    ...nodeIpv6(node),
    ...announcedPort(node, facts),
  ];
}

function loopbackTrap(master: PreflightMaster, { target }: PreflightNode): Finding[] {
  const told = master.target.seenAs;
  if (!isLoopback(told.host) || isLoopback(target.address.host)) return [];
  return [
    finding(
      'loopback_trap',
      target.name,
      `${target.name} would be told that its master is ${formatAddress(told)}, which on its own machine is itself.`,
      'Give the master by an address that the nodes can reach, as its address or as seenAs.',
      { seenAs: formatAddress(told) },
    ),
  ];
}

/** Whether the master's list tells the node by its IP, whatever the request calls it. */
const ipsKnown = (look: Look): boolean => look.kind === 'answered' && look.facts.ips !== undefined;

function loopbackNode(master: PreflightMaster, { target, look }: PreflightNode): Finding[] {
  if (!isLoopback(target.seenAs.host) || isLoopback(master.target.seenAs.host) || ipsKnown(look)) return [];
  return [
    finding(
      'node_seen_as_loopback',
      target.name,
      `${target.name} is given by a loopback address, but its master (${formatAddress(master.target.seenAs)}) is not: the master will list the node under another address, and the service then has only its port to find it by.`,
      'State the IP address under which the master sees this node as seenAs.',
    ),
  ];
}

function nodeByName({ target, look }: PreflightNode, masterFacts: NodeFacts | null): Finding[] {
  const { host, port } = target.seenAs;
  if (isIpv4(host) || isIpv6(host) || isLoopback(host) || ipsKnown(look)) return [];
  const samePort = (masterFacts?.replication?.slaves ?? []).filter((slave) => slave.port === port);
  return [
    finding(
      'node_seen_by_name',
      target.name,
      `${target.name} is given by the name "${host}", but the master lists slaves by IP address, so the service has only its port to find it by${samePort.length > 0 ? `; the master already lists ${samePort.length === 1 ? 'one slave' : `${samePort.length} slaves`} on port ${port}` : ''}.`,
      'State the IP address under which the master sees this node as seenAs.',
    ),
  ];
}

function nodeIpv6({ target }: PreflightNode): Finding[] {
  if (!isIpv6(target.seenAs.host) || isLoopback(target.seenAs.host)) return [];
  return [
    finding(
      'ipv6_unsupported',
      target.name,
      `${target.name} is to be seen by the master as ${formatAddress(target.seenAs)}, but Pika nodes speak IPv4 only with each other.`,
      'State the IPv4 address of this node as seenAs.',
    ),
  ];
}

function announcedPort({ target }: PreflightNode, facts: NodeFacts): Finding[] {
  const own = facts.server?.tcpPort ?? null;
  if (own === null || own === target.seenAs.port) return [];
  const right = formatAddress({ host: target.seenAs.host, port: own });
  return [
    finding(
      'announced_port_differs',
      target.name,
      `${target.name} listens on port ${own} by its own configuration and announces that one to the master, not ${target.seenAs.port}.`,
      `State "seenAs": "${right}" (with the IP that the master sees) for this node.`,
      { listens: own, seenAs: target.seenAs.port },
    ),
  ];
}

/**
 * Whether a slave's own facts name this master as its master. Pika stores the host as it was given, but
 * 127.0.0.1 as an address of its own interface (v3.5.4 pika_server.cc:670); so with the right port it also
 * counts when the master lists the slave, or was told by a loopback address.
 */
function isSlaveOfMaster(
  facts: NodeFacts,
  { target: master, look }: PreflightMaster,
  listedByMaster: boolean,
): boolean {
  const { masterHost, masterPort } = facts.replication ?? {};
  if (masterHost == null || masterPort == null) return false;
  const named = { host: masterHost, port: masterPort };
  if (samePlace(named, master.seenAs) || samePlace(named, master.address)) return true;
  const isItsIp = look.kind === 'answered' && (look.facts.ips ?? []).includes(masterHost);
  return masterPort === master.seenAs.port && (isItsIp || listedByMaster || isLoopback(master.seenAs.host));
}

function replicationRules(
  master: PreflightMaster,
  node: PreflightNode,
  facts: NodeFacts,
  entry: ListedSlave | null,
  standing: Standing,
): Finding[] {
  return [
    ...slavesRule(node, facts),
    ...masterOfNodeRule(master, node, facts, entry, standing),
    ...staleRule(master, node, facts, entry),
  ];
}

function slavesRule({ target }: PreflightNode, facts: NodeFacts): Finding[] {
  const slaves = facts.replication?.slaves ?? [];
  if (slaves.length === 0 && !(facts.replication?.connectedSlaves ?? 0)) return [];
  const names = slaves.map((slave) => formatAddress({ host: slave.ip, port: slave.port }));
  return [
    finding(
      'has_slaves',
      target.name,
      `${target.name} has slaves of its own${names.length > 0 ? `: ${listed(names)}` : ''}. Pika refuses SLAVEOF there ("already master of others").`,
      'Point its slaves elsewhere first (SLAVEOF on each of them); a slave that is dead disappears within 180 seconds.',
      { slaves: names },
    ),
  ];
}

function masterOfNodeRule(
  master: PreflightMaster,
  { target }: PreflightNode,
  facts: NodeFacts,
  entry: ListedSlave | null,
  standing: Standing,
): Finding[] {
  const replication = facts.replication;
  if (!replication || replication.role === 'master') return [];
  const present = `${replication.masterHost ?? '?'}:${replication.masterPort ?? '?'}`;
  const state = `link ${replication.linkStatus ?? 'unknown'}`;
  const ours = isSlaveOfMaster(facts, master, entry !== null);
  if (standing === 'touched' && !ours)
    return [
      finding(
        'already_slave_of',
        target.name,
        `${target.name} became a slave of ${present} (${state}) since this expansion began: somebody else attached it.`,
        'Find out who did, then retry this node (it is taken back) or skip it.',
        { master: present },
      ),
    ];
  if (target.repoint)
    return [
      finding(
        'will_be_repointed',
        target.name,
        `${target.name} is a slave of ${ours ? 'this master' : present} (${state}); it is detached, and synced anew from ${master.target.name}, as the request permits.`,
        'Nothing to do; clients that read from this node get no current data until it is verified.',
        { master: present },
      ),
    ];
  if (ours)
    return [
      finding(
        'already_slave_of_this_master',
        target.name,
        `${target.name} is a slave of ${master.target.name} already (${state}). Its state alone does not show whether its data are complete.`,
        `Compare the data of the two to be certain, or ${askAgainWith(target.name, 'repoint', 'overwriteData')}: it is then synced anew.`,
        { master: present },
      ),
    ];
  return [
    finding(
      'already_slave_of',
      target.name,
      `${target.name} is a slave of ${present} (${state}).`,
      `If it may be taken away from ${present}, ${askAgainWith(target.name, 'repoint')}.`,
      { master: present },
    ),
  ];
}

function staleRule(
  master: PreflightMaster,
  { target }: PreflightNode,
  facts: NodeFacts,
  entry: ListedSlave | null,
): Finding[] {
  if (!entry || isSlaveOfMaster(facts, master, true)) return [];
  return [
    finding(
      'stale_entry',
      target.name,
      `The master ${master.target.name} still lists ${formatAddress({ host: entry.ip, port: entry.port })}, although ${target.name} is not its slave. The attach waits until the entry is gone (up to 180 seconds).`,
      'Nothing to do. If it stays, another server announces itself under this address: look for it.',
      { lag: entry.lag },
    ),
  ];
}

function dataRules({ target }: PreflightNode, facts: NodeFacts): Finding[] {
  if (facts.holdsKeys === false) return [];
  if (target.overwriteData) return facts.holdsKeys ? [replacedFinding(target.name)] : [];
  if (facts.holdsKeys)
    return [
      finding(
        'holds_data',
        target.name,
        `${target.name} holds keys. A full sync would replace all of them.`,
        `If its data may go, ${askAgainWith(target.name, 'overwriteData')}; otherwise take another node.`,
      ),
    ];
  return [
    finding(
      'data_unknown',
      target.name,
      `Whether ${target.name} holds keys could not be read.`,
      `Let the user of the service run SELECT and SCAN on this node, or, if its data may go, ${askAgainWith(target.name, 'overwriteData')}.`,
    ),
  ];
}

const replacedFinding = (name: string): Finding =>
  finding(
    'data_will_be_replaced',
    name,
    `${name} holds keys; all of them are replaced by the data of the master, as the request permits.`,
    'Nothing to do; last chance to keep a copy.',
  );

function replicationIdRules(
  { target }: PreflightNode,
  facts: NodeFacts,
  masterFacts: NodeFacts | null,
): Finding[] {
  const own = facts.replication?.replicationId;
  if (!own) return [];
  if (own === masterFacts?.replication?.replicationId)
    return [
      finding(
        'replication_id_same',
        target.name,
        `${target.name} remembers the replication id of this master, so a plain SLAVEOF could skip the full sync and leave it without data.`,
        'Nothing to do: the id is cleared and a full sync is forced.',
        { replicationId: own },
      ),
    ];
  return [
    finding(
      'replication_id_differs',
      target.name,
      `${target.name} remembers the replication id of another master, with which this master would be refused for good.`,
      'Nothing to do: the id is cleared before SLAVEOF.',
      { replicationId: own },
    ),
  ];
}

function healthRules({ target }: PreflightNode, facts: NodeFacts): Finding[] {
  const found: Finding[] = [];
  if (facts.dbFatal)
    found.push(
      finding(
        'node_db_fatal',
        target.name,
        `${target.name} reports db_fatal: its database has stopped on a background error.`,
        'Look for "background error" in the log of the node (often a full disk) and repair it first.',
      ),
    );
  if (facts.config?.slaveReadOnly === false)
    found.push(
      finding(
        'node_writable_as_slave',
        target.name,
        `${target.name} is configured with slave-read-only no: clients could write to it and make it differ from the master.`,
        'Set slave-read-only yes in its configuration file (it cannot be changed while it runs) and restart it.',
      ),
    );
  return found;
}

function versionRules(master: PreflightMaster, node: PreflightNode): Finding[] {
  const { name } = node.target;
  if (!node.capabilities)
    return [
      finding(
        'version_cannot_be_proven',
        name,
        `The version of ${name} could not be read.`,
        'Check that the server is a Pika of 3.3.6 or later and lets the service read INFO server.',
      ),
    ];
  return [...cannotProveRule(name, name, node.capabilities), ...pairRule(master, node)];
}

function pairRule(master: PreflightMaster, node: PreflightNode): Finding[] {
  if (!master.capabilities || !node.capabilities) return [];
  const { verdict, reason } = versionPair(master.capabilities, node.capabilities);
  if (verdict === 'fits') return [];
  return [
    finding(
      verdict === 'refused' ? 'version_pair_refused' : 'version_pair_untried',
      node.target.name,
      `${node.target.name} runs ${node.capabilities.version}, the master ${master.capabilities.version}. ${reason}`,
      verdict === 'refused'
        ? 'Add a node of the same version as the master; to change versions move the data by export and import.'
        : 'Better add a node of the same version as the master.',
      { master: master.capabilities.version, node: node.capabilities.version },
    ),
  ];
}

function settingsRules(
  master: PreflightMaster,
  node: PreflightNode,
  masterFacts: NodeFacts,
  facts: NodeFacts,
): Finding[] {
  return [
    ...equalSetting(master, node, 'databases_differ', 'databases', databases(masterFacts), databases(facts)),
    ...equalSetting(
      master,
      node,
      'db_instance_num_differs',
      'db-instance-num',
      masterFacts.config?.dbInstanceNum ?? null,
      facts.config?.dbInstanceNum ?? null,
    ),
    ...equalSetting(
      master,
      node,
      'binlog_file_size_differs',
      'binlog-file-size',
      masterFacts.config?.binlogFileSizeBytes ?? null,
      facts.config?.binlogFileSizeBytes ?? null,
    ),
    ...unreadableRule(master, node, masterFacts, facts),
    ...masterauthRule(master, node, masterFacts, facts),
  ];
}

/** The setting, or else the number of DBs that INFO replication prints. */
function databases(facts: NodeFacts): number | null {
  const counted = Object.keys(facts.replication?.binlog ?? {}).length;
  return facts.config?.databases ?? (counted > 0 ? counted : null);
}

function equalSetting(
  master: PreflightMaster,
  { target }: PreflightNode,
  code: FindingCode,
  setting: string,
  ofMaster: number | null,
  ofNode: number | null,
): Finding[] {
  if (ofMaster === null || ofNode === null || ofMaster === ofNode) return [];
  return [
    finding(
      code,
      target.name,
      `${setting} is ${ofNode} on ${target.name} and ${ofMaster} on the master ${master.target.name}.`,
      `Set ${setting} ${ofMaster} in the configuration file of ${target.name} and restart it (it cannot be changed while it runs).`,
      { setting, master: ofMaster, node: ofNode },
    ),
  ];
}

function unreadableRule(
  master: PreflightMaster,
  { target }: PreflightNode,
  masterFacts: NodeFacts,
  facts: NodeFacts,
): Finding[] {
  const unread = [
    ...missingSettings(facts).map((name) => `${name} of ${target.name}`),
    ...missingSettings(masterFacts).map((name) => `${name} of ${master.target.name}`),
  ];
  if (unread.length === 0) return [];
  return [
    finding(
      'settings_unreadable',
      target.name,
      `Not compared, because CONFIG GET did not tell: ${listed(unread)}.`,
      'Let the user of the service run CONFIG GET, or compare these settings by hand.',
      { unread },
    ),
  ];
}

function missingSettings(facts: NodeFacts): string[] {
  return [
    ...(databases(facts) === null ? ['databases'] : []),
    ...((facts.config?.binlogFileSizeBytes ?? null) === null ? ['binlog-file-size'] : []),
  ];
}

function masterauthRule(
  master: PreflightMaster,
  node: PreflightNode,
  masterFacts: NodeFacts,
  facts: NodeFacts,
): Finding[] {
  const wants = masterFacts.config?.requirepassSet ?? null;
  if (wants === false) return [];
  const set = facts.config?.masterauthSet ?? null;
  const { name } = node.target;
  const setIt = `CONFIG SET masterauth on ${name} to the requirepass of ${master.target.name}, and CONFIG REWRITE to keep it over a restart.`;
  if (wants === true && set === false)
    return [
      finding(
        'masterauth_missing',
        name,
        `The master ${master.target.name} wants a password, but ${name} has no masterauth; the link would stay down for good.`,
        setIt,
      ),
    ];
  if (wants === true && set === true) return comparedMasterauth(name, masterFacts, facts, setIt);
  return [
    finding(
      'masterauth_unproven',
      name,
      `Whether the master ${master.target.name} wants a password${wants === null ? '' : `, and whether ${name} has it as masterauth,`} could not be read.`,
      setIt,
    ),
  ];
}

function comparedMasterauth(
  name: string,
  masterFacts: NodeFacts,
  facts: NodeFacts,
  setIt: string,
): Finding[] {
  const matches = facts.config?.masterauthMatchesMaster ?? null;
  const known = masterFacts.config?.requirepassMatchesLogin ?? null;
  if (matches === true && known !== false) return [];
  if (known === true && matches === false)
    return [
      finding(
        'masterauth_differs',
        name,
        `The masterauth of ${name} is not the password of the master; the link would stay down for good.`,
        setIt,
      ),
    ];
  if (known === false && matches === true)
    return [
      finding(
        'masterauth_differs',
        name,
        `The masterauth of ${name} equals the configured password, which is not the requirepass of the master; the link would stay down for good.`,
        setIt,
      ),
    ];
  return [
    finding(
      'masterauth_unproven',
      name,
      `The masterauth of ${name} could not be compared with the password of the master.`,
      setIt,
    ),
  ];
}
