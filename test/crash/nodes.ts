import { type Cluster, createCluster, fastTimers, serveCluster } from '../../src/simulator/index.ts';
import { masterOf } from '../../src/simulator/world.ts';
import { until } from '../support/until.ts';

const MB = 1_000_000;
const keys = { strings: 160, hashes: 40, lists: 40, sets: 40, zsets: 40 };
export const keysOnMaster = Object.values(keys).reduce((sum, count) => sum + count, 0);
const snapshotBytes = 40 * MB;
const ownThrottle = 100 * MB;
export const budget = 60 * MB;
const throttleSetting = 'throttle-bytes-per-second';

/** The nodes of one run, seen from their side alone: what reached them, what they are and hold. */
export interface WatchedNodes {
  /** By id: m is the master, o another one, n1 empty, n2 a slave of o. */
  readonly addresses: Readonly<Record<string, string>>;
  /** What changes replication, as it was said to the node, in order. */
  changesTo(id: string): readonly string[];
  /** The longest time in which nobody looked at the master, of those that touch the node's first full sync. Milliseconds. */
  unwatchedMs(id: string): number;
  /** The most nodes that were in full sync of m at one moment. */
  mostInFullSync(): number;
  /** What is wrong with n1 and n2 as slaves of m; empty = nothing. */
  faults(): readonly string[];
  close(): Promise<void>;
}

export type CrashVersion = '3.5.4' | '3.5.5';

/** Serves a master, with clients that change its values, and two nodes for it. */
export async function watchNodes(version: CrashVersion): Promise<WatchedNodes> {
  const cluster = createCluster({
    seed: 'crash points',
    timers: fastTimers,
    dataScale: snapshotBytes / (keysOnMaster * 190),
    defaults: { version, config: { [throttleSetting]: ownThrottle } },
  });
  for (const id of ['m', 'o']) cluster.addNode({ id, binlogAt: { file: 3, offset: 0 } });
  cluster.load('m', { ...keys, valueBytes: 130 });
  cluster.load('o', { strings: 50, prefix: 'other' });
  for (const id of ['n1', 'n2']) cluster.addNode({ id });
  const commands = new Map<string, Heard[]>();
  const fullSyncs = watchFullSyncs(cluster);

  const watched: Cluster = Object.assign(Object.create(cluster), {
    perform(...[id, argv, session]: Parameters<Cluster['perform']>) {
      const heard = commands.get(id) ?? [];
      heard.push({ at: cluster.world.clock.now(), text: argv.join(' ') });
      commands.set(id, heard);
      return cluster.perform(id, argv, session);
    },
  } satisfies Partial<Cluster>);
  const served = await serveCluster(watched);
  cluster.execute('n2', ['SLAVEOF', ...served.addresses.o!.split(':')]);
  await until(() => cluster.observe('n2').states.db0 === 'Connected', { what: 'n2 is a slave of o' });
  cluster.startWrites('m', { perSecond: 10, mix: { update: 1 } });

  const heardBy = (id: string): readonly Heard[] => commands.get(id) ?? [];
  return {
    addresses: served.addresses,
    changesTo: (id) =>
      heardBy(id)
        .map(({ text }) => text)
        .filter(changesReplication),
    unwatchedMs(id) {
      const attachedAt = heardBy(id).find(({ text }) => isAttach(text))?.at ?? Number.NaN;
      const upAt = fullSyncs.firstEnd(id, attachedAt);
      return longestGap(
        heardBy('m').filter(({ text }) => isLook(text)),
        attachedAt,
        upAt,
      );
    },
    mostInFullSync: fullSyncs.most,
    faults: () => ['n1', 'n2'].flatMap((id) => faultsOf(cluster, id)),
    close: () => served.close(),
  };
}

/** Serves a master with two slaves, of which the first lacks a third of its keys. */
export async function auditedFleet() {
  const cluster = createCluster({
    seed: 'audited',
    now: Date.now(),
    timers: fastTimers,
    defaults: { version: '3.5.4' },
  });
  for (const id of ['m', 's1', 's2']) cluster.addNode({ id, binlogAt: { file: 3, offset: 0 } });
  cluster.load('m', { strings: 200 });
  const served = await serveCluster(cluster);
  for (const id of ['s1', 's2']) {
    cluster.execute(id, ['SLAVEOF', ...served.addresses.m!.split(':')]);
    await until(() => cluster.observe(id).states.db0 === 'Connected', { what: `${id} is a slave of m` });
  }
  cluster.fault.dropKeys('s1', 0.3);
  return {
    master: served.addresses.m!,
    spoilt: served.addresses.s1!,
    close: () => served.close(),
  };
}

/** Serves a master with two slaves, and an empty node that is to take the place of the first. */
export async function replacedFleet() {
  const cluster = createCluster({
    seed: 'replaced',
    now: Date.now(),
    timers: fastTimers,
    defaults: { version: '3.5.4' },
  });
  for (const id of ['m', 's1', 's2']) cluster.addNode({ id, binlogAt: { file: 3, offset: 0 } });
  cluster.addNode({ id: 'n' });
  cluster.load('m', { strings: 200 });
  const detached: string[] = [];
  const watched: Cluster = Object.assign(Object.create(cluster), {
    perform(...[id, argv, session]: Parameters<Cluster['perform']>) {
      const wasSlave = masterOf(cluster.world, cluster.node(id)) !== undefined;
      const outcome = cluster.perform(id, argv, session);
      if (/^slaveof no one$/i.test(argv.join(' ')) && wasSlave) detached.push(id);
      return outcome;
    },
  } satisfies Partial<Cluster>);
  const served = await serveCluster(watched);
  for (const id of ['s1', 's2']) {
    cluster.execute(id, ['SLAVEOF', ...served.addresses.m!.split(':')]);
    await until(() => cluster.observe(id).states.db0 === 'Connected', { what: `${id} is a slave of m` });
  }
  return {
    addresses: served.addresses,
    /** What is wrong with the nodes afterwards; empty = nothing. */
    faults: (): readonly string[] => [
      ...(detached.join(' ') === 's1' ? [] : [`detached: ${detached.join(' ')}`]),
      ...['s2', 'n'].flatMap((id) =>
        masterOf(cluster.world, cluster.node(id))?.id === 'm' ? [] : [`${id} is no slave of m`],
      ),
      ...(cluster.observe('n').lost === 0 ? [] : ['n lacks keys']),
    ],
    close: () => served.close(),
  };
}

interface Heard {
  readonly at: number;
  readonly text: string;
}

/** Whatever is not known to read, or to be the borrowed setting, counts as a change. SLAVEOF without arguments does nothing. */
const changesReplication = (text: string): boolean =>
  !/^(?:slaveof$|info|ping|lastsave|select|config|auth|echo|dbsize|type|p?ttl|m?get|pkscanrange|scanx?|h\w*get\w*|hlen|hkeys|llen|lrange|scard|smembers|sscan|zcard|zrange|zscan|hscan|strlen|exists)\b/i.test(
    text,
  );

/** Of what a look at the master asks, LASTSAVE tells of its dumps. */
const isLook = (text: string): boolean => /^lastsave$/i.test(text);

const isAttach = (text: string): boolean => /^slaveof \d/i.test(text);

/** Longest time without a look, of the gaps that touch the time from `from` to `to`. */
function longestGap(looks: readonly Heard[], from: number, to: number): number {
  const gaps = looks.slice(1).map(({ at }, index) => ({ since: looks[index]!.at, until: at }));
  const touching = gaps.filter((gap) => gap.until >= from && gap.since <= to);
  return Math.max(0, ...touching.map((gap) => gap.until - gap.since));
}

function watchFullSyncs(cluster: Cluster) {
  let most = 0;
  const ends: { id: string; at: number }[] = [];
  const note = cluster.world.note.bind(cluster.world);
  cluster.world.note = (node, event, data) => {
    note(node, event, data);
    if (event !== 'state') return;
    const master = cluster.world.nodes.get('m');
    const ofMaster = cluster.nodes.filter((each) => masterOf(cluster.world, each) === master);
    const syncing = ofMaster.filter(({ dbs }) =>
      dbs.some(({ state }) => state === 'WaitDBSync' || state === 'TryDBSync'),
    );
    most = Math.max(most, syncing.length);
    if (ofMaster.includes(node) && node.dbs.every(({ state }) => state === 'Connected'))
      ends.push({ id: node.id, at: cluster.world.clock.now() });
  };
  return {
    most: () => most,
    firstEnd: (id: string, after: number) =>
      ends.find((end) => end.id === id && end.at >= after)?.at ?? Number.POSITIVE_INFINITY,
  };
}

function faultsOf(cluster: Cluster, id: string): string[] {
  const node = cluster.node(id);
  const { lost, foreign, states } = cluster.observe(id);
  const throttles = { running: node.settings, file: node.persisted.settings };
  return [
    ...(masterOf(cluster.world, node)?.id === 'm' ? [] : [`${id} is no slave of m`]),
    ...(states.db0 === 'Connected' ? [] : [`${id} is ${states.db0}`]),
    ...(lost === 0 ? [] : [`${id} lacks ${lost} keys that will never come`]),
    ...(foreign === 0 ? [] : [`${id} holds ${foreign} keys that m has not`]),
    ...Object.entries(throttles).flatMap(([where, settings]) => {
      const value = settings.get(throttleSetting);
      return value === String(ownThrottle) ? [] : [`${id} has a throttle of ${value} (${where})`];
    }),
  ];
}
