import { findListedSlave, isIpv6, type KnownAs } from '../../model/addresses.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import type { Finding } from '../../model/finding.ts';
import { formatAddress, type NodeFacts } from '../../model/observation.ts';
import type { Policy } from '../../model/policy.ts';
import type { NodeTarget } from '../../model/targets.ts';
import { finding, listed, loginStep } from './finding.ts';
import { knownAs, type PreflightMaster, type PreflightNode } from './preflight-servers.ts';

interface MasterRulesInput {
  readonly master: PreflightMaster;
  readonly nodes: readonly PreflightNode[];
  readonly policy: Pick<Policy, 'batchSize'>;
}

/** Every finding about the master alone. */
export function masterRules(input: MasterRulesInput): Finding[] {
  const { master } = input;
  if (master.look.kind !== 'answered') return [noAnswer(master)];
  const { facts } = master.look;
  return [
    ...factsRule(master.target, facts),
    ...addressRules(master.target, facts),
    ...roleRules(master.target, facts),
    ...healthRules(master.target, facts),
    ...busyRule(input, facts),
    ...passwordRule(master.target, facts),
    ...versionRules(input),
  ];
}

function noAnswer({ target, look }: PreflightMaster): Finding {
  switch (look.kind) {
    case 'unreachable':
      return finding(
        'master_unreachable',
        null,
        `The master ${target.name} cannot be reached at ${formatAddress(target.address)}: ${look.message} (${look.code}). Nothing was done to any node.`,
        'Check the address and that the server runs, and that this service may connect to it.',
      );
    case 'denied':
      return finding(
        'master_denied',
        null,
        `The master ${target.name} refuses the login: ${look.message} (${look.code}).`,
        loginStep(target),
      );
    case 'garbled':
      return finding(
        'master_garbled',
        null,
        `What answers at ${formatAddress(target.address)} does not speak like a Pika: ${look.message}.`,
        'Check the address and the port of the master.',
      );
    default:
      return finding(
        'master_no_answer',
        null,
        `The master ${target.name} took the connection, but did not reply within ${'tookMs' in look ? `${Math.round(look.tookMs)} ms` : 'the limit'}.`,
        'Ask again in a moment. If it stays so, look at the load and the log of the master first.',
      );
  }
}

function factsRule(target: NodeTarget, facts: NodeFacts): Finding[] {
  const missing = [
    ...(facts.server ? [] : ['INFO server']),
    ...(facts.replication ? databasesNamed(facts) : ['INFO replication']),
    ...(facts.stats ? [] : ['INFO stats']),
  ];
  if (missing.length === 0) return [];
  return [
    finding(
      'master_facts_missing',
      null,
      `The master ${target.name} answered, but ${listed(missing)} could not be read.`,
      'Give the user of the service the right to run INFO, CONFIG GET and LASTSAVE, and check that the server is a Pika.',
      { missing },
    ),
  ];
}

/** 3.3.6 in sharding mode prints no positions, and SLAVEOF has no effect there (v3.3.6 pika_admin.cc:843). */
export function databasesNamed(facts: NodeFacts): string[] {
  const named = Object.keys(facts.replication?.binlog ?? {}).length > 0;
  return named
    ? []
    : ['the binlog position of any DB (INFO replication prints none; is it in sharding mode?)'];
}

function addressRules(target: NodeTarget, facts: NodeFacts): Finding[] {
  return [...ipv6Rule(target), ...mappedPortRule(target, facts), ...derivedPortRule(target)];
}

function ipv6Rule(target: NodeTarget): Finding[] {
  if (!isIpv6(target.seenAs.host)) return [];
  return [
    finding(
      'ipv6_unsupported',
      null,
      `The nodes are to reach the master at ${formatAddress(target.seenAs)}, but Pika nodes speak IPv4 only with each other.`,
      'Give the IPv4 address of the master as seenAs.',
    ),
  ];
}

function mappedPortRule(target: NodeTarget, facts: NodeFacts): Finding[] {
  const own = facts.server?.tcpPort ?? null;
  if (own === null || own === target.seenAs.port) return [];
  return [
    finding(
      'master_port_mapped',
      null,
      `The master listens on port ${own}, but the nodes are told ${target.seenAs.port}. They connect to ${target.seenAs.port + 2000} and ${target.seenAs.port + 10001} as well.`,
      `Check that ${target.seenAs.port + 2000} and ${target.seenAs.port + 10001} lead to ${own + 2000} and ${own + 10001} of the master, or give the address that the nodes use as seenAs.`,
      { listens: own, seenAs: target.seenAs.port },
    ),
  ];
}

/** kPortShiftRsync2, 3.5.0 and later (pika-facts 7): nodes pull the dump from there. */
const highestPortShift = 10_001;

function derivedPortRule({ seenAs }: NodeTarget): Finding[] {
  const derived = seenAs.port + highestPortShift;
  if (derived <= 65_535) return [];
  return [
    finding(
      'master_port_too_high',
      null,
      `The nodes are told port ${seenAs.port} for the master. They pull its dump from that port + ${highestPortShift}, which would be ${derived}; the highest port is 65535.`,
      `If the full sync does not begin, run the master on a port up to ${65_535 - highestPortShift}, or give the address that the nodes use as seenAs.`,
      { port: seenAs.port, derived },
    ),
  ];
}

function roleRules(target: NodeTarget, facts: NodeFacts): Finding[] {
  const replication = facts.replication;
  if (!replication || replication.role === 'master') return [];
  const above = `${replication.masterHost ?? '?'}:${replication.masterPort ?? '?'}`;
  const waiting = Object.entries(replication.dbStates)
    .filter(([, state]) => state !== 'Connected')
    .map(([db, state]) => `${db} ${state}`);
  if (waiting.length > 0 || replication.linkStatus !== 'up')
    return [
      finding(
        'master_still_syncing',
        null,
        `${target.name} is itself a slave of ${above} and not in sync with it: link ${replication.linkStatus ?? 'unknown'}${waiting.length > 0 ? `, ${listed(waiting)}` : ''}. Nodes attached below it now would come up without data.`,
        `Wait until ${target.name} is in sync with ${above}, or name ${above} as the master.`,
        { master: above, linkStatus: replication.linkStatus, dbStates: replication.dbStates },
      ),
    ];
  return [
    finding(
      'master_is_slave',
      null,
      `${target.name} is itself a slave of ${above}: the nodes become slaves of a slave. They get only what it has, and if it is ever synced anew they lose their data until their own sync is repeated.`,
      `Nothing to do if a chain is meant; otherwise name ${above} as the master.`,
      { master: above },
    ),
  ];
}

function healthRules(target: NodeTarget, facts: NodeFacts): Finding[] {
  const found: Finding[] = [];
  if (facts.dbFatal)
    found.push(
      finding(
        'master_db_fatal',
        null,
        `The master ${target.name} reports db_fatal: its database has stopped on a background error.`,
        'Look for "background error" in the log of the master (often a full disk) and repair it first.',
      ),
    );
  if (facts.replication?.eligibleForMasterElection === false)
    found.push(
      finding(
        'master_not_eligible',
        null,
        `The master ${target.name} says is_eligible_for_master_election:false: a full sync of its own was begun and never finished, so its own data may be incomplete. The nodes would get the same.`,
        'Compare its data with where they came from before it is expanded.',
      ),
    );
  return found;
}

/**
 * What the master is at that a full sync must not meet, in plain words; empty = free. Entries of `except` in
 * the list of slaves do not count.
 */
export function masterBusyReasons(facts: NodeFacts, except: readonly KnownAs[] = []): string[] {
  const reasons: string[] = [];
  if (facts.stats?.bgsaving) reasons.push('a dump is being made (is_bgsaving)');
  if (facts.stats?.scanningKeyspace) reasons.push('a key scan is running (is_scaning_keyspace)');
  if (facts.stats?.compacting) reasons.push('a compaction is running (is_compact)');
  const slaves = facts.replication?.slaves ?? [];
  const ours = new Set(except.map((node) => findListedSlave(slaves, node)));
  for (const slave of slaves) {
    if (ours.has(slave)) continue;
    const syncing = Object.entries(slave.lag).filter(([, lag]) => typeof lag !== 'number');
    if (syncing.length > 0)
      reasons.push(
        `slave ${formatAddress({ host: slave.ip, port: slave.port })} is not in sync yet (${listed(syncing.map(([db, lag]) => `${db}: ${lag}`))})`,
      );
  }
  return reasons;
}

function busyRule(input: MasterRulesInput, facts: NodeFacts): Finding[] {
  const reasons = masterBusyReasons(
    facts,
    input.nodes.map(({ target, look }) => knownAs(target, look)),
  );
  if (reasons.length === 0) return [];
  return [
    finding(
      'master_busy',
      null,
      `The master ${input.master.target.name} is busy: ${listed(reasons)}. No node is attached before that has ended.`,
      'Nothing to do; to make it quicker, end that work. A slave that is dead stays in the list for up to 180 seconds.',
      { reasons },
    ),
  ];
}

function passwordRule(target: NodeTarget, facts: NodeFacts): Finding[] {
  if (facts.config?.requirepassMatchesLogin !== false) return [];
  return [
    finding(
      'master_password_differs',
      null,
      `The master ${target.name} let the service in, but the configured password is not its requirepass (Pika takes any password while userpass is empty). The nodes' masterauth cannot be checked against it.`,
      'Put the real requirepass of the master into the credential.',
    ),
  ];
}

function versionRules(input: MasterRulesInput): Finding[] {
  const { master, nodes } = input;
  if (!master.capabilities)
    return [
      finding(
        'version_cannot_be_proven',
        null,
        `The version of the master ${master.target.name} could not be read.`,
        'Check that the server is a Pika of 3.3.6 or later and lets the service read INFO server.',
      ),
    ];
  return [
    ...cannotProveRule(null, `The master ${master.target.name}`, master.capabilities),
    ...oneAtATimeRule(master.target, master.capabilities, nodes.length),
    ...reducedRule(input),
    ...streamsRule(master.target, master.capabilities),
  ];
}

/** The finding for a server whose version leaves no proof; used for master and nodes alike. */
export function cannotProveRule(node: string | null, who: string, capabilities: Capabilities): Finding[] {
  if (capabilities.canProveFullSync) return [];
  return [
    finding(
      'version_cannot_be_proven',
      node,
      `${who} runs ${capabilities.version}: ${capabilities.reasons.canProveFullSync ?? 'a full sync cannot be proven there.'}`,
      'Upgrade it to a version that the service knows (3.5.5 or 4.0.1 are the safest).',
    ),
  ];
}

/** Upstream changes 2746 and 2756 are both missing before 3.5.5, the second in 4.0.0; 3.3 and 3.4 push instead. */
const knownBug = /^(?:3\.5\.[0-4]|4\.0\.0)$/;

function oneAtATimeRule(target: NodeTarget, capabilities: Capabilities, nodes: number): Finding[] {
  if (capabilities.maxConcurrentFullSyncs > 1 || nodes < 2) return [];
  const code = knownBug.test(capabilities.version) ? 'version_has_bug' : 'version_one_at_a_time';
  const why = capabilities.reasons.maxConcurrentFullSyncs ?? 'nothing better is known of this version.';
  return [
    finding(
      code,
      null,
      `${target.name} runs ${capabilities.version}, so the ${nodes} nodes are added one at a time: ${why}`,
      capabilities.opensSupersededCopy
        ? 'Nothing to do; but keep BGSAVE (backups) and SLAVEOF by hand away from this master until the expansion has ended.'
        : 'Nothing to do.',
    ),
  ];
}

function streamsRule(target: NodeTarget, capabilities: Capabilities): Finding[] {
  if (capabilities.family !== '3.5' || !capabilities.hasStreams) return [];
  return [
    finding(
      'streams_not_transferred',
      null,
      `${target.name} runs ${capabilities.version}, whose full sync leaves streams out. If it holds any, they will be missing on the nodes and no node will be verified.`,
      'Nothing to do if no streams are used; otherwise upgrade to 4.0.1 or copy them by other means.',
    ),
  ];
}

function reducedRule({ master, nodes, policy }: MasterRulesInput): Finding[] {
  if (policy.batchSize === 'auto') return [];
  const limits = [master, ...nodes].flatMap((it) =>
    it.capabilities ? [{ name: it.target.name, caps: it.capabilities }] : [],
  );
  const least = limits.reduce((a, b) =>
    b.caps.maxConcurrentFullSyncs < a.caps.maxConcurrentFullSyncs ? b : a,
  );
  if (policy.batchSize <= least.caps.maxConcurrentFullSyncs) return [];
  return [
    finding(
      'batch_size_reduced',
      null,
      `The request asks for ${policy.batchSize} nodes together; ${least.name} runs ${least.caps.version}, which allows ${least.caps.maxConcurrentFullSyncs}.`,
      'Nothing to do; the smaller number is used.',
      { asked: policy.batchSize, allowed: least.caps.maxConcurrentFullSyncs },
    ),
  ];
}
