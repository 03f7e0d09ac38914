/** An audit as a whole: which servers it finds, what it compares next, and what it comes to. */
import { isLoopback, samePlace } from '../../model/addresses.ts';
import { judgement } from '../../model/audit-texts.ts';
import { type Address, formatAddress, type ListedSlave } from '../../model/observation.ts';
import type { NodeTarget } from '../../model/targets.ts';
import type { AuditCounts, Repair, StoredAuditDoc, StoredAuditServer } from '../../model/views/audit.ts';

type Verdict = NonNullable<StoredAuditServer['verdict']>;

/** Servers of one audit; what is found beyond is counted. */
export const mostServers = 10_000;
/** Slaves of slaves of slaves: a chain that leads back to its beginning ends here. */
const deepest = 8;

/** A server before anything is known of it. */
export const newServer = (
  target: NodeTarget,
  master: number | null,
  listedAs: string | null,
): Omit<StoredAuditServer, 'index'> => ({
  target,
  master,
  listedAs,
  state: 'waiting',
  version: null,
  role: null,
  captured: null,
  comparisonId: null,
  examples: [],
  findings: [],
  verdict: null,
  reason: null,
  judgedAt: null,
  wholeAt: null,
});

/**
 * How the service reaches a slave that a master lists: as the request says, as an earlier expansion reached it, or at the
 * listed address. A loopback address means the master's own machine.
 */
export function targetOf(
  { ip, port }: ListedSlave,
  master: NodeTarget,
  known: readonly NodeTarget[],
): NodeTarget {
  const seenAs: Address = { host: ip, port };
  const found = known.find((target) => samePlace(target.seenAs, seenAs));
  if (found !== undefined) return found;
  const host = isLoopback(ip) && !isLoopback(master.address.host) ? master.address.host : ip;
  const address = { host, port };
  return { name: formatAddress(address), address, seenAs, credential: master.credential };
}

/** One server, under whichever name. */
export const placeOf = ({ target }: Pick<StoredAuditServer, 'target'>): string =>
  formatAddress(target.address).toLowerCase();

function depthOf(server: StoredAuditServer, servers: readonly StoredAuditServer[]): number {
  let depth = 0;
  for (let at = server.master; at !== null; at = servers[at]!.master) depth += 1;
  return depth;
}

/**
 * Whether the slaves of a server are looked for under it: once, however many ways lead to it, and not without end where
 * slaves list each other. `branches`: places whose slaves were looked for.
 */
export const isBranch = (
  server: StoredAuditServer,
  servers: readonly StoredAuditServer[],
  branches: ReadonlySet<string>,
): boolean => !branches.has(placeOf(server)) && depthOf(server, servers) < deepest;

/**
 * The servers whose comparison begins now: a server takes part in one at a time, and a host in so many as the request
 * says. `to_compare` in the order in which they were found.
 */
export function nextComparisons(
  servers: readonly StoredAuditServer[],
  limits: Pick<StoredAuditDoc, 'maxRunning' | 'maxRunningPerHost'>,
): readonly StoredAuditServer[] {
  const running = servers.filter(({ state }) => state === 'comparing');
  const load = new Map<string, number>();
  const both = (server: StoredAuditServer) => [server, servers[server.master!]!];
  const keysOf = (server: StoredAuditServer) => ({
    places: both(server).map((each) => `server ${placeOf(each)}`),
    hosts: [...new Set(both(server).map(({ target }) => `host ${target.address.host.toLowerCase()}`))],
  });
  const take = (server: StoredAuditServer) => {
    const { places, hosts } = keysOf(server);
    for (const key of [...places, ...hosts]) load.set(key, (load.get(key) ?? 0) + 1);
  };
  for (const server of running) take(server);
  const begun: StoredAuditServer[] = [];
  for (const server of servers) {
    if (running.length + begun.length >= limits.maxRunning) break;
    if (server.state !== 'to_compare') continue;
    const { places, hosts } = keysOf(server);
    const fits =
      places.every((key) => !load.has(key)) &&
      hosts.every((key) => (load.get(key) ?? 0) < limits.maxRunningPerHost);
    if (!fits) continue;
    take(server);
    begun.push(server);
  }
  return begun;
}

/** These say that a server is no slave of this master, and nothing of its data. */
const ofNoSlave: readonly (string | undefined)[] = ['is_master', 'follows_other'];
const fromBest = ['whole', 'not_judged', 'doubtful', 'damaged'] as const;

/** The verdict of each server by its place, the worst where it was found in more than one. */
function verdictsOf(servers: readonly StoredAuditServer[]): ReadonlyMap<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  for (const server of servers) {
    const { verdict, reason } = server;
    if (verdict === null || ofNoSlave.includes(reason?.code)) continue;
    const known = verdicts.get(placeOf(server)) ?? 'whole';
    verdicts.set(placeOf(server), fromBest[Math.max(fromBest.indexOf(known), fromBest.indexOf(verdict))]!);
  }
  return verdicts;
}

/**
 * A slave is as good as its master at best: what was found beside a master that is not whole is judged again, along chains
 * of the greatest depth. A server at which the audit begins has no verdict, unless it is a slave of another master too.
 */
export function inherited(servers: readonly StoredAuditServer[]): readonly StoredAuditServer[] {
  let judged = servers;
  for (let depth = 0; depth <= deepest; depth += 1) {
    const verdicts = verdictsOf(judged);
    judged = servers.map((server) => {
      const master = server.master === null ? null : servers[server.master]!;
      const ofMaster = master === null ? 'whole' : (verdicts.get(placeOf(master)) ?? 'whole');
      const code = ofMaster === 'whole' ? null : besideUnproven(server, ofMaster);
      if (master === null || code === null) return server;
      return { ...server, ...judgement(code, { slave: server.target.name, master: master.target.name }, {}) };
    });
  }
  return judged;
}

/** What becomes of a comparison with a master that is not whole; null = nothing was compared. */
function besideUnproven({ verdict, reason }: StoredAuditServer, ofMaster: Verdict) {
  if (verdict === 'whole') return ofMaster === 'damaged' ? 'like_its_master' : 'master_unproven';
  return reason?.code === 'data_differ' ? 'unlike_its_master' : null;
}

export function countsOf(servers: readonly StoredAuditServer[], leftOut: number): AuditCounts {
  const masters = servers.filter(({ master }) => master === null);
  const slaves = servers.filter(({ master }) => master !== null);
  const of = (verdict: StoredAuditServer['verdict']) =>
    slaves.filter((server) => server.verdict === verdict).length;
  return {
    masters: masters.length,
    mastersNotRead: masters.filter(({ verdict }) => verdict !== null).length,
    slaves: slaves.length,
    open: servers.filter(({ state }) => state !== 'judged').length,
    whole: of('whole'),
    damaged: of('damaged'),
    doubtful: of('doubtful'),
    notJudged: of('not_judged'),
    leftOut,
  };
}

/** What a repair cannot mend by itself: the slave has slaves, or its master lacks data. */
const isRepairable = ({ verdict, reason }: StoredAuditServer): boolean =>
  verdict === 'damaged' && reason !== null && reason.facts.ownSlaves === 0;

/** Per master the request for an expansion that gives its damaged slaves a full sync. */
export function repairsOf(
  { id }: Pick<StoredAuditDoc, 'id'>,
  servers: readonly StoredAuditServer[],
): Repair[] {
  const named = ({ address, seenAs, credential }: NodeTarget) => ({
    address: formatAddress(address),
    seenAs: formatAddress(seenAs),
    ...(credential === null ? {} : { credential }),
  });
  const masters = new Map<string, { target: NodeTarget; nodes: Repair['nodes'][number][] }>();
  for (const server of servers.filter(isRepairable)) {
    const { target } = servers[server.master!]!;
    const place = formatAddress(target.address);
    const entry = masters.get(place) ?? { target, nodes: [] };
    const node = { ...named(server.target), repoint: true, overwriteData: true } as const;
    if (!entry.nodes.some(({ address }) => address === node.address)) entry.nodes.push(node);
    masters.set(place, entry);
  }
  return [...masters.values()].map(({ target, nodes }) => ({
    master: named(target),
    nodes,
    label: `repair after ${id}`,
  }));
}
