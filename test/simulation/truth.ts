import type { CauseCode } from '../../src/model/causes.ts';
import type { Expansion, Join } from '../../src/model/expansion.ts';
import type { Cluster } from '../../src/simulator/cluster.ts';
import type { SimNode } from '../../src/simulator/world.ts';
import type { Scenario } from './scenario.ts';

/** What the judge of words needs of the judge of promises. */
export interface Around {
  readonly cluster: Cluster;
  readonly scenario: Scenario;
  readonly nodeOf: (join: Join) => SimNode;
  /** When somebody else last did something to the node. */
  readonly meddledAt: (nodeId: string) => number;
  readonly report: (promise: string, text: string) => void;
}

/** Compares what the service says of servers (who they are, why they are in trouble) with what was broken. */
export interface Truth {
  /** The node took a SLAVEOF of the service. */
  attached(nodeId: string): void;
  stored(before: Expansion, after: Expansion): void;
}

/** Faults of servers that have one right name. */
type Broken = 'replication_port' | 'files_port' | 'dumps';

/** Every server of a scenario is a server of its own. */
const takenForAnother: ReadonlySet<string> = new Set([
  'node_is_master',
  'node_named_twice',
  'announced_address_shared',
]);

/** Slaves of these versions do not get on with masters of those: the binlog of the one breaks the other (pika-facts 8). */
const neverFit: readonly (readonly [master: string, node: string])[] = [
  ['3.5.4', '3.5.5'],
  ['4.0.0', '4.0.1'],
  ['4.0.1', '4.0.0'],
];

/** A node that is up for longer, and listed in sync, has been seen so. */
const seenListedMs = 20_000;

export function createTruth({ cluster, scenario, nodeOf, meddledAt, report }: Around): Truth {
  const master = cluster.node('m');
  const now = (): number => cluster.now();
  const brokenSince = new Map<Broken, number>();
  const wholeSince = new Map<Broken, number>();
  const attachedAt = new Map<string, number>();
  const upSince = new Map<string, number>();
  const damagedAt = new Map<string, number>();
  const roomSince = new Map<string, number>();

  const isBroken: Readonly<Record<Broken, () => boolean>> = {
    replication_port: () => !master.opens.replication,
    files_port: () => !master.opens.files,
    dumps: () => master.dumpsFail,
  };
  const everyFault = Object.keys(isBroken) as Broken[];

  function noteBroken(): void {
    for (const fault of everyFault)
      if (isBroken[fault]()) brokenSince.set(fault, brokenSince.get(fault) ?? now());
      else if (brokenSince.delete(fault)) wholeSince.set(fault, now());
  }
  const { closePort, breakDumps, copyRoom } = cluster.fault;
  cluster.fault.copyRoom = (id, bytes) => {
    copyRoom(id, bytes);
    if (bytes === Number.POSITIVE_INFINITY) roomSince.set(id, now());
  };
  cluster.fault.closePort = (...order) => {
    closePort(...order);
    noteBroken();
  };
  cluster.fault.breakDumps = (...order) => {
    breakDumps(...order);
    noteBroken();
  };
  const note = cluster.world.note.bind(cluster.world);
  cluster.world.note = (node, event, data) => {
    note(node, event, data);
    if (event === 'copy_superseded') damagedAt.set(node.id, now());
    if (event === 'state' || event.startsWith('process_')) noteUp(node);
  };

  function noteUp(node: SimNode): void {
    if (!node.alive || node.dbs.some(({ state }) => state !== 'Connected')) upSince.delete(node.id);
    else upSince.set(node.id, upSince.get(node.id) ?? now());
  }

  const entryOf = ({ host, port }: SimNode) =>
    master.slaves.find((slave) => slave.ip === host && slave.port === port);

  /** Broken since the node was attached; nothing else was done to node and master meanwhile. */
  function brokenThroughout(node: SimNode): ReadonlySet<Broken> {
    const since = attachedAt.get(node.id) ?? Number.POSITIVE_INFINITY;
    if (Math.max(meddledAt(node.id), meddledAt('m')) > since) return new Set();
    return new Set(everyFault.filter((fault) => (brokenSince.get(fault) ?? now()) <= since));
  }

  const wasBroken = (fault: Broken, node: SimNode): boolean =>
    brokenSince.has(fault) ||
    (wholeSince.get(fault) ?? Number.NEGATIVE_INFINITY) >= (attachedAt.get(node.id) ?? 0);

  /** A node whose copy was superseded can wait for a file for ever, and asks for none: pings alone come. */
  const isSpoilt = ({ id }: SimNode): boolean =>
    (damagedAt.get(id) ?? Number.NEGATIVE_INFINITY) >= (attachedAt.get(id) ?? 0);

  const lackedRoom = (node: SimNode): boolean =>
    node.copyRoomBytes < Number.POSITIVE_INFINITY ||
    (roomSince.get(node.id) ?? Number.NEGATIVE_INFINITY) >= (attachedAt.get(node.id) ?? 0);

  function checkCause(join: Join): void {
    const named = join.diagnosis?.causes[0]?.code;
    const node = nodeOf(join);
    if (named === undefined || scenario.version === '3.3.6') return;
    const broken = brokenThroughout(node);
    const wrong = (truth: string): void =>
      report('cause', `${node.id}: ${truth}; the cause that was named is ${named}`);
    const says = (code: CauseCode): boolean => named === code;
    if (join.diagnosis!.symptom === 'refused_for_good') {
      if (broken.has('replication_port') && !says('replication_port_closed'))
        wrong('it cannot reach port + 2000 of the master');
    } else if (says('dump_failed') && broken.has('files_port') && !wasBroken('dumps', node))
      wrong('it cannot reach port + 10001 of the master');
    else if (
      says('rsync_port_closed') &&
      broken.has('dumps') &&
      !wasBroken('files_port', node) &&
      !isSpoilt(node)
    )
      wrong('each dump of the master fails');
    else if (says('disk_full') && !lackedRoom(node)) wrong('its disk has room');
  }

  /** What was concluded from who a server is: each is a server of its own, and its master lists it as what it is. */
  function checkIdentity(join: Join): void {
    const node = nodeOf(join);
    const code = join.problem!.code;
    const who = (text: string): void => report('identity', `${node.id} was given up (${code}), but ${text}`);
    if (takenForAnother.has(code)) who('it is a server of its own');
    const quiet = now() - Math.max(meddledAt(node.id), meddledAt('m')) > seenListedMs;
    // An earlier process of it may have had another address: its entry is the node's as well.
    const isListed = master.slaves.some(({ connection }) => connection.slave === node);
    if (code === 'stale_entry' && quiet && !isListed) who('its master does not list it');
    const inSync = node.dbs.every(({ name }) => entryOf(node)?.dbs.get(name)?.state === 'BinlogSync');
    const isUp = now() - (upSince.get(node.id) ?? now()) > seenListedMs;
    if (code === 'up_but_not_listed' && quiet && inSync && isUp) who('its master lists it in sync');
  }

  /** Other versions open a part of a copy too: bytes that nobody saw come stay in doubt, and the node is copied again. */
  const canTell = (join: Join): boolean => !nodeOf(join).traits.opensSupersededCopy;

  /** A node that holds what its master holds may not be taken for one that opened too little. */
  function checkSizes(join: Join): void {
    const node = nodeOf(join);
    if (!isSpoilt(node) && upSince.has(node.id) && cluster.observe(node.id).lost === 0)
      report('healthy', `${node.id} is whole, and its copy was found too small`);
  }

  return {
    attached(nodeId) {
      attachedAt.set(nodeId, now());
      const node = cluster.node(nodeId);
      const isRefused = neverFit.some(
        ([of, slave]) => master.traits.version === of && node.traits.version === slave,
      );
      if (isRefused)
        report('version', `${node.traits.version} of ${nodeId} cannot follow ${master.traits.version}`);
    },
    stored(before, after) {
      for (const join of after.joins) {
        const known = before.joins[join.index];
        if (join.diagnosis?.at !== known?.diagnosis?.at) checkCause(join);
        const fresh = join.anomalies.slice(known?.anomalies.length ?? 0);
        if (
          fresh.some(
            ({ facts }) => facts.as === 'small_tables' || (facts.as === 'few_bytes' && canTell(join)),
          )
        )
          checkSizes(join);
        if (join.problem !== null && join.problem.at !== known?.problem?.at) checkIdentity(join);
      }
    },
  };
}
