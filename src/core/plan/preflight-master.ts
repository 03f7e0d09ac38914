import { findListedSlave, isIpv6, type KnownAs, samePlace } from '../../model/addresses.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import type { MissingPart } from '../../model/findings/reach.ts';
import type { MasterWork } from '../../model/findings/settings.ts';
import { inUse } from '../../model/knowledge.ts';
import { formatAddress, type Look, type NodeFacts } from '../../model/observation.ts';
import type { Policy } from '../../model/policy.ts';
import type { NodeTarget } from '../../model/targets.ts';
import { portShifts } from '../../model/versions.ts';
import { type Check, foundAny } from './finding.ts';
import { agentChecks, masterHostChecks, onTwoMounts } from './preflight-hosts.ts';
import {
  knownAs,
  metOf,
  notAllowedAt,
  type PreflightMaster,
  type PreflightNode,
} from './preflight-servers.ts';

export interface MasterScene {
  readonly master: PreflightMaster;
  readonly nodes: readonly PreflightNode[];
  readonly policy: Pick<Policy, 'batchSize' | 'requireAgent'>;
}

/** A master that answered. */
export interface AnsweringMasterScene extends MasterScene {
  readonly target: NodeTarget;
  readonly facts: NodeFacts;
  readonly capabilities: Capabilities | null;
}

/** Why a master cannot be read. */
export const silentMasterChecks: readonly Check<MasterScene>[] = [
  { code: 'master_unreachable', check: ({ master }) => metOf(master, 'unreachable') },
  { code: 'master_not_allowed', check: ({ master }) => notAllowedAt(master) },
  { code: 'master_denied', check: ({ master }) => metOf(master, 'denied') },
  { code: 'master_garbled', check: ({ master }) => metOf(master, 'garbled') },
  { code: 'master_no_answer', check: ({ master: { look } }) => noReplyWithin(look) },
];

export const noReplyWithin = (look: Look): { waitedMs: number } | null =>
  look.kind === 'busy' ? { waitedMs: look.tookMs } : null;

/** Every rule about the master alone. */
export const masterChecks: readonly Check<AnsweringMasterScene>[] = [
  {
    code: 'master_facts_missing',
    check: ({ facts, capabilities }) =>
      foundAny('missing', [
        ...partsMissing(facts),
        ...(facts.stats ? [] : ['INFO stats' as const]),
        ...(hidesDumps(facts, capabilities) ? ['LASTSAVE' as const] : []),
      ]),
  },
  {
    code: 'ipv6_unsupported',
    check: ({ target }) => (isIpv6(target.seenAs.host) ? { seenAs: formatAddress(target.seenAs) } : null),
  },
  {
    code: 'master_port_mapped',
    check: ({ target, facts }) => {
      const listens = facts.server?.tcpPort ?? null;
      const told = target.seenAs.port;
      return listens === null || listens === told ? null : { listens, told };
    },
  },
  {
    code: 'master_port_too_high',
    check: ({ target: { seenAs }, capabilities }) => {
      const shift = Math.max(0, ...portShifts(capabilities?.version ?? null, 'master'));
      return seenAs.port + shift <= 65_535 ? null : { port: seenAs.port, shift };
    },
  },
  {
    code: 'master_still_syncing',
    check: ({ facts }) => {
      const above = masterAbove(facts);
      if (!above || isInSync(facts)) return null;
      const { linkStatus, dbStates } = facts.replication!;
      return { presentMaster: above, linkStatus, dbStates };
    },
  },
  {
    code: 'master_is_slave',
    check: ({ facts }) => {
      const above = masterAbove(facts);
      return above && isInSync(facts) ? { presentMaster: above } : null;
    },
  },
  { code: 'binlog_off', check: ({ facts }) => (facts.config?.writeBinlog === false ? {} : null) },
  { code: 'master_db_fatal', check: ({ facts }) => (facts.dbFatal ? {} : null) },
  {
    code: 'master_not_eligible',
    check: ({ facts }) => (facts.replication?.eligibleForMasterElection === false ? {} : null),
  },
  {
    code: 'master_busy',
    check: ({ facts, nodes }) =>
      foundAny(
        'work',
        masterWork(
          facts,
          nodes.map(({ target, look }) => knownAs(target, look)),
        ),
      ),
  },
  {
    code: 'master_password_differs',
    check: ({ facts }) => (facts.config?.requirepassMatchesLogin === false ? {} : null),
  },
  {
    code: 'command_hidden',
    planOnly: true,
    check: ({ facts }) => foundAny('commands', facts.hiddenCommands ?? []),
  },
  {
    code: 'commands_blacklisted',
    planOnly: true,
    check: ({ facts }) => blacklisted(facts, ['info', 'config', 'select', 'scan']),
  },
  { code: 'ports_unreachable', planOnly: true, check: ({ target, facts }) => closedPorts(target, facts) },
  { code: 'sharding_mode', check: sharding },
  ...agentChecks,
  ...masterHostChecks,
  {
    code: 'dump_path_apart',
    planOnly: true,
    check: ({ facts: { config }, master: { look } }) => {
      const { dbPath, dumpPath } = config ?? {};
      if (onTwoMounts(look.sight, 'db', 'dump') === false) return null;
      return foldersApart(dbPath, dumpPath) ? { dbPath: dbPath!, dumpPath: dumpPath! } : null;
    },
  },
  { code: 'version_cannot_be_proven', check: ({ capabilities }) => unproven(capabilities) },
  { code: 'build_unknown', planOnly: true, check: unknownBuild },
  {
    code: 'version_has_bug',
    planOnly: true,
    check: (scene) => {
      const { capabilities } = scene;
      return capabilities?.upgrade ? withCount(scene, { upgrade: capabilities.upgrade }) : null;
    },
  },
  {
    code: 'version_one_at_a_time',
    planOnly: true,
    check: (scene) => {
      const { capabilities } = scene;
      if (!capabilities || capabilities.upgrade) return null;
      return withCount(scene, { keepDumpsAway: capabilities.opensSupersededCopy });
    },
  },
  {
    code: 'batch_size_reduced',
    planOnly: true,
    check: ({ master, nodes, policy }) => {
      if (!master.capabilities || policy.batchSize === 'auto') return null;
      const least = [master, ...nodes]
        .flatMap(({ target, capabilities }) => (capabilities ? [{ by: target.name, ...capabilities }] : []))
        .reduce((a, b) => (b.maxConcurrentFullSyncs < a.maxConcurrentFullSyncs ? b : a));
      const { by, version, maxConcurrentFullSyncs: allowed } = least;
      return policy.batchSize <= allowed ? null : { asked: policy.batchSize, allowed, by, version };
    },
  },
  { code: 'known_faults', planOnly: true, check: faultsInUse },
  {
    code: 'streams_not_transferred',
    planOnly: true,
    check: ({ capabilities }) =>
      capabilities?.reasons.hasStreams ? { version: capabilities.version } : null,
  },
];

/** The faults of the master's release that concern it, by the commands that it has run; all of them where it does not tell. */
function faultsInUse({ master, facts, capabilities }: AnsweringMasterScene) {
  const calls = facts.commandCalls;
  const faults = (master.faults ?? [])
    .filter(({ severity }) => severity === 'warning')
    .map((fault) => inUse(fault, calls))
    .filter(({ used }) => calls === undefined || used.length > 0);
  return capabilities && faults.length > 0 ? { version: capabilities.version, faults } : null;
}

/** Which of them a login that is not by requirepass may not run. */
export const blacklisted = ({ config }: NodeFacts, needed: readonly string[]) =>
  config?.requirepassMatchesLogin === false
    ? foundAny(
        'commands',
        needed.filter((name) => config.userBlacklist?.includes(name)),
      )
    : null;

/** Whether two absolute paths differ from their first folder on, and so may lie on two filesystems. */
export function foldersApart(a: string | null | undefined, b: string | null | undefined): boolean {
  return a?.startsWith('/') === true && b?.startsWith('/') === true && topFolder(a) !== topFolder(b);
}

const topFolder = (path: string): string => path.split('/').find((part) => part !== '') ?? '';

export function sharding({ facts }: { readonly facts: NodeFacts }) {
  return facts.config?.instanceMode === 'sharding' ? {} : null;
}

/** Ports of a server that the service could not reach, at the address that the service uses. */
export function closedPorts({ address, seenAs }: NodeTarget, { derivedPorts = [] }: NodeFacts) {
  const ports = derivedPorts.flatMap(({ outcome, ...port }) =>
    outcome === 'open' ? [] : [{ ...port, outcome }],
  );
  if (ports.length === 0) return null;
  return { host: address.host, ports, seenAs: samePlace(address, seenAs) ? null : formatAddress(seenAs) };
}

/** Without LASTSAVE nobody sees the newer dump that such a version takes for the end of a copy. */
const hidesDumps = (facts: NodeFacts, capabilities: Capabilities | null): boolean =>
  capabilities?.hasLastSave === true &&
  capabilities.opensSupersededCopy &&
  facts.lastSaveUnixSeconds === undefined;

/** 3.3.6 in sharding mode prints no positions, and SLAVEOF has no effect there (pika-facts 1.2). */
export function partsMissing(facts: NodeFacts): MissingPart[] {
  const named = Object.keys(facts.replication?.binlog ?? {}).length > 0;
  return [
    ...(facts.server ? [] : ['INFO server' as const]),
    ...(!facts.replication ? ['INFO replication' as const] : named ? [] : ['binlog_position' as const]),
  ];
}

/** The master of the master. */
function masterAbove({ replication }: NodeFacts): string | null {
  if (!replication || replication.role === 'master') return null;
  return `${replication.masterHost ?? '?'}:${replication.masterPort ?? '?'}`;
}

const isInSync = ({ replication }: NodeFacts): boolean =>
  replication?.linkStatus === 'up' &&
  Object.values(replication.dbStates).every((state) => state === 'Connected');

/** What the master is at that a full sync must not meet; empty = free. Entries of `except` in the list of slaves do not count. */
export function masterWork(facts: NodeFacts, except: readonly KnownAs[] = []): MasterWork[] {
  const { bgsaving, scanningKeyspace, compacting } = facts.stats ?? {};
  const slaves = facts.replication?.slaves ?? [];
  const ours = new Set(except.map((node) => findListedSlave(slaves, node)));
  return [
    ...(bgsaving ? [{ what: 'dump' as const }] : []),
    ...(scanningKeyspace ? [{ what: 'scan' as const }] : []),
    ...(compacting ? [{ what: 'compaction' as const }] : []),
    ...slaves.flatMap((slave): MasterWork[] => {
      const syncing = Object.entries(slave.lag).filter(([, lag]) => typeof lag !== 'number');
      if (ours.has(slave) || syncing.length === 0) return [];
      const name = formatAddress({ host: slave.ip, port: slave.port });
      return [{ what: 'slave', slave: name, lag: Object.fromEntries(syncing) }];
    }),
  ];
}

/** A server whose version leaves no proof; for master and nodes alike. */
export function unproven(capabilities: Capabilities | null) {
  if (!capabilities) return { version: 'unknown', why: 'no_version' as const };
  if (capabilities.canProveFullSync) return null;
  return { version: capabilities.version, why: capabilities.reasons.canProveFullSync! };
}

/** A build that is none of the known releases. A build that shows no git sha counts as its version. */
export function unknownBuild({ facts, capabilities }: Pick<AnsweringMasterScene, 'facts' | 'capabilities'>) {
  const gitSha = facts.server?.gitSha ?? null;
  if (capabilities?.isRelease !== false || gitSha === null) return null;
  return { version: capabilities.version, gitSha };
}

/** Nodes that are added one at a time because of the master's version; null = they are not. */
function withCount<T>({ capabilities, nodes }: AnsweringMasterScene, more: T) {
  if (!capabilities || capabilities.maxConcurrentFullSyncs > 1 || nodes.length < 2) return null;
  const { version, reasons } = capabilities;
  return { version, nodes: nodes.length, why: reasons.maxConcurrentFullSyncs!, ...more };
}
