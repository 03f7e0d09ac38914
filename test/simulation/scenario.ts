import type { Policy, PolicyInput } from '../../src/model/policy.ts';
import { createRandom, type Random } from '../../src/simulator/random.ts';
import type { SimulatedVersion } from '../../src/simulator/versions.ts';
import {
  drawServerFaults,
  drawServers,
  isLasting,
  lastsLongerMs,
  type ServerFault,
  type Servers,
  serverRandom,
} from './servers.ts';

/** How a node is before the expansion begins. */
type Beginning =
  | 'empty'
  | 'holds_data'
  | 'slave_of_master'
  | 'slave_of_other'
  | 'knows_replication_id'
  | 'has_slave'
  | 'down';

export interface PlannedNode {
  readonly id: string;
  readonly beginning: Beginning;
  readonly overwriteData: boolean;
  readonly repoint: boolean;
}

export interface PlannedExpansion {
  readonly id: string;
  readonly at: number;
  readonly nodes: readonly string[];
  readonly policy: PolicyInput;
  /** After it is asked for; null = at once. */
  readonly startsInMs: number | null;
}

/** A backup that asks for a hold of the master. */
export interface PlannedHold {
  readonly id: string;
  readonly at: number;
  readonly forMs: number;
  /** Makes a dump as soon as that is safe. */
  readonly dumps: boolean;
  /** Ends the hold so long after that; null = it is left to its time. */
  readonly endsAfterMs: number | null;
}

/** A slave that the master has from the beginning. */
export interface PlannedSlave {
  readonly id: string;
  /** An expansion of before has proven it. */
  readonly proven: boolean;
}

/** Slaves that go, some of them for new nodes. */
export interface PlannedReplacement {
  readonly id: string;
  readonly at: number;
  readonly replace: readonly { readonly old: string; readonly new: string }[];
  readonly takeOut: readonly string[];
  readonly keepVerified: number;
  readonly batchSize: number;
  readonly drainTimeoutMs: number;
  readonly paceMs: number;
  /** null = never. */
  readonly cancelAt: number | null;
  readonly policy: PolicyInput;
}

export interface PlannedAudit {
  readonly id: string;
  readonly at: number;
  readonly depth: 'sample' | 'full';
  readonly samplePerType: number;
  /** null = never. */
  readonly cancelAt: number | null;
}

/** What is done with slaves that are there, beside what is added. */
export interface PlannedFleet {
  readonly slaves: readonly PlannedSlave[];
  readonly replacement: PlannedReplacement | null;
  readonly audits: readonly PlannedAudit[];
}

/** What `scenario.ts` itself draws. */
type OtherFault =
  | 'node_crash'
  | 'node_vanish'
  | 'node_wipe'
  | 'node_stall'
  | 'master_crash'
  | 'master_stall'
  | 'bgsave'
  | 'bgsave_in_copy'
  | 'bgsave_unseen'
  | 'second_slave'
  | 'slave_below'
  | 'hijack'
  | 'foreign_detach'
  | 'foreign_write'
  | 'slow_bgsave'
  | 'failing_bgsave'
  | 'full_disk'
  | 'purge_binlog'
  | 'silence'
  | 'partition'
  | 'service_cut'
  | 'slow_wires'
  | 'lost_replies'
  | 'worker_kill'
  | 'worker_crash_point'
  | 'worker_pause_point'
  | 'worker_stop'
  | 'worker_pause'
  | 'clock_jump'
  | 'database_down'
  | 'database_loses_answers'
  | 'database_slow'
  | 'bells_lost'
  | 'bells_doubled'
  | 'bells_late'
  | 'control'
  | 'freeze'
  | 'drop_keys'
  | 'key_scan'
  | 'write_burst';
export type FaultKind = OtherFault | ServerFault;

export interface PlannedFault {
  readonly at: number;
  readonly kind: FaultKind;
  readonly node: string;
  readonly lastsMs: number;
  /** In [0, 1): whatever the kind needs it for. */
  readonly share: number;
}

export interface Scenario {
  readonly seed: number;
  readonly servers: Servers;
  readonly version: SimulatedVersion;
  readonly password: string;
  readonly processes: number;
  readonly nodes: readonly PlannedNode[];
  readonly expansions: readonly PlannedExpansion[];
  readonly holds: readonly PlannedHold[];
  readonly fleet: PlannedFleet;
  readonly faults: readonly PlannedFault[];
  /** From here on nothing new goes wrong, and what was broken is mended. Milliseconds after the start. */
  readonly calmAt: number;
  readonly binlogFile: number;
  readonly transferMs: number;
  readonly writesPerSecond: number;
  readonly outsideBinlog: boolean;
  readonly keys: {
    readonly strings: number;
    readonly hashes: number;
    readonly lists: number;
    readonly zsets: number;
    readonly zsetBytes: number;
  };
  readonly databases: number;
  readonly applyPerSecond: number;
  readonly mayRaiseBinlogRetention: boolean;
}

const versions: readonly (readonly [SimulatedVersion, number])[] = [
  ['3.5.4', 9],
  ['3.5.5', 4],
  ['4.0.1', 4],
  ['4.0.0', 2],
  ['3.5.3', 1],
  ['3.3.6', 1],
];

const faultWeights: readonly (readonly [OtherFault, number])[] = [
  ['node_crash', 4],
  ['node_vanish', 2],
  ['node_wipe', 1],
  ['node_stall', 2],
  ['master_crash', 2],
  ['master_stall', 1],
  ['bgsave', 2],
  ['bgsave_in_copy', 9],
  ['bgsave_unseen', 9],
  ['second_slave', 5],
  ['slave_below', 2],
  ['hijack', 2],
  ['foreign_detach', 2],
  ['foreign_write', 2],
  ['slow_bgsave', 1],
  ['failing_bgsave', 1],
  ['full_disk', 3],
  ['purge_binlog', 1],
  ['silence', 1],
  ['partition', 2],
  ['service_cut', 2],
  ['slow_wires', 3],
  ['lost_replies', 3],
  ['worker_kill', 6],
  ['worker_crash_point', 6],
  ['worker_pause_point', 6],
  ['worker_stop', 2],
  ['worker_pause', 6],
  ['clock_jump', 2],
  ['database_down', 2],
  ['database_loses_answers', 2],
  ['database_slow', 1],
  ['bells_lost', 2],
  ['bells_doubled', 2],
  ['bells_late', 1],
  ['control', 6],
  ['freeze', 3],
  ['drop_keys', 3],
  ['key_scan', 1],
  ['write_burst', 1],
];

function weighted<T>(random: Random, items: readonly (readonly [T, number])[]): T {
  let left = random.next() * items.reduce((total, [, weight]) => total + weight, 0);
  for (const [item, weight] of items) {
    left -= weight;
    if (left < 0) return item;
  }
  return items.at(-1)![0];
}

/** Everything that a seed decides beforehand; the same seed gives the same scenario for ever. */
export function drawScenario(seed: number): Scenario {
  const random = createRandom(`scenario ${seed}`);
  const nodes = drawNodes(random);
  const calmAt = random.int(10_000, 45_000);
  const version = weighted(random, versions);
  const ofServers = serverRandom(seed);
  const servers = drawServers(ofServers, version, nodes);
  const ids = nodes.map(({ id }) => id);
  const serverFaults = drawServerFaults(ofServers, ids, harmfulUntil(nodes, calmAt));
  const lasts = serverFaults.some(isLasting);
  const ofFleet = createRandom(`fleet ${seed}`);
  const until = harmfulUntil(nodes, calmAt);
  const fleet = seed % withFleet === 4 ? drawFleet(ofFleet, until) : noFleet;
  const fleetIds = [...fleet.slaves.map(({ id }) => id), ...newNodesOf(fleet)].map((id) => ({ id }));
  return {
    seed,
    servers,
    version,
    password: random.next() < 0.3 ? `secret-${random.hex(12)}` : '',
    processes: random.int(1, 3),
    nodes,
    expansions: drawExpansions(random, nodes)
      .map(seed % staged === 1 ? withStages(createRandom(`stages ${seed}`)) : (expansion) => expansion)
      .map((expansion) => (lasts ? allTries(expansion) : expansion)),
    holds: seed % staged === 1 ? drawHolds(createRandom(`holds ${seed}`), until) : [],
    fleet,
    faults: [
      ...drawFaults(random, nodes, until, faultWeights),
      ...serverFaults,
      ...(fleet === noFleet ? [] : drawFaults(ofFleet, fleetIds, until, fleetFaultWeights)),
    ].sort((a, b) => a.at - b.at),
    calmAt: lasts ? calmAt + lastsLongerMs : calmAt,
    binlogFile: random.next() < 0.85 ? random.int(1, 40) : 0,
    transferMs: random.pick([random.int(1200, 2500), random.int(2500, 5000)]),
    writesPerSecond: random.next() < 0.7 ? random.int(1, 12) : 0,
    outsideBinlog: random.next() < 0.3,
    keys: {
      strings: random.int(30, 100),
      hashes: random.int(0, 15),
      lists: random.int(0, 10),
      zsets: random.int(1, 3),
      zsetBytes: random.pick([50, 4000, 4000]),
    },
    databases: random.next() < 0.15 ? 2 : 1,
    applyPerSecond: random.next() < 0.2 ? random.int(20, 200) : Number.POSITIVE_INFINITY,
    mayRaiseBinlogRetention: random.next() < 0.6,
  };
}

/** One in so many scenarios has stages. They slow down what the others find in few seeds. */
const staged = 3;

/** A canary, waits, and a later beginning; from a random of its own, so that the rest of the scenario is as it was. */
const withStages =
  (random: Random) =>
  (expansion: PlannedExpansion): PlannedExpansion => ({
    ...expansion,
    startsInMs: random.next() < 0.15 ? random.int(500, 8000) : null,
    policy: {
      ...expansion.policy,
      canary: random.next() < 0.3 ? random.int(1, 2) : null,
      canaryRestMs: random.next() < 0.5 ? random.int(500, 4000) : 0,
      canaryApproval: random.next() < 0.3,
      restBetweenExpansionsMs: random.next() < 0.3 ? random.int(500, 8000) : 0,
    },
  });

/** Backups; from a random of their own, too. */
const drawHolds = (random: Random, until: number): PlannedHold[] =>
  Array.from({ length: random.pick([0, 0, 1, 1, 1, 2]) }, (_, i) => ({
    id: `hld${i + 1}`,
    at: random.int(0, until),
    forMs: random.int(3000, 40_000),
    dumps: random.next() < 0.5,
    endsAfterMs: random.next() < 0.7 ? random.int(500, 10_000) : null,
  }));

/** One in so many scenarios has slaves that are audited and replaced. */
const withFleet = 6;
const noFleet: PlannedFleet = { slaves: [], replacement: null, audits: [] };
const newNodesOf = ({ replacement }: PlannedFleet): readonly string[] =>
  replacement?.replace.map((pair) => pair.new) ?? [];

function drawFleet(random: Random, until: number): PlannedFleet {
  const slaves = Array.from({ length: random.int(2, 4) }, (_, i) => ({
    id: `o${i + 1}`,
    proven: random.next() < 0.8,
  }));
  const replacement = random.next() < 0.8 ? drawReplacement(random, slaves, until) : null;
  const audits = Array.from({ length: random.pick([0, 1, 1, 2]) }, (_, i) => ({
    id: `aud${i + 1}`,
    at: random.int(0, until),
    depth: random.next() < 0.3 ? ('full' as const) : ('sample' as const),
    samplePerType: random.pick([8, 25]),
    cancelAt: random.next() < 0.15 ? random.int(0, until) : null,
  }));
  return { slaves, replacement, audits };
}

function drawReplacement(random: Random, slaves: readonly PlannedSlave[], until: number): PlannedReplacement {
  const going = slaves.slice(0, random.int(1, slaves.length - 1)).map(({ id }) => id);
  const replaced = random.next() < 0.6 ? random.int(1, Math.min(2, going.length)) : 0;
  return {
    id: 'rep1',
    at: random.int(0, Math.min(until, 8000)),
    replace: going.slice(0, replaced).map((old, i) => ({ old, new: `r${i + 1}` })),
    takeOut: going.slice(replaced),
    keepVerified: random.int(0, 2),
    batchSize: random.int(1, 2),
    drainTimeoutMs: random.pick([0, random.int(500, 6000)]),
    paceMs: random.next() < 0.3 ? random.int(500, 3000) : 0,
    cancelAt: random.next() < 0.2 ? random.int(0, until) : null,
    policy: drawPolicy(random),
  };
}

/** What happens to slaves that are audited and replaced. */
const fleetFaultWeights: readonly (readonly [OtherFault, number])[] = [
  ['node_crash', 3],
  ['node_vanish', 3],
  ['node_stall', 2],
  ['hijack', 2],
  ['foreign_detach', 3],
  ['partition', 2],
  ['service_cut', 2],
  ['slow_wires', 3],
  ['lost_replies', 3],
  ['worker_crash_point', 6],
  ['worker_pause_point', 6],
  ['drop_keys', 3],
  ['freeze', 1],
];

/** Where something stays broken, each attempt meets it: a remedy without an end shows itself. */
const allTries = ({ policy, ...expansion }: PlannedExpansion): PlannedExpansion => ({
  ...expansion,
  policy: { ...policy, maxAttempts: 3 },
});

function drawNodes(random: Random): PlannedNode[] {
  const beginnings: readonly (readonly [Beginning, number])[] = [
    ['empty', 12],
    ['holds_data', 2],
    ['slave_of_master', 1],
    ['slave_of_other', 1],
    ['knows_replication_id', 1],
    ['has_slave', 1],
    ['down', 1],
  ];
  return Array.from({ length: random.int(1, 4) }, (_, i) => ({
    id: `n${i + 1}`,
    beginning: weighted(random, beginnings),
    overwriteData: random.next() < 0.5,
    repoint: random.next() < 0.5,
  }));
}

function drawPolicy(random: Random): PolicyInput {
  const policy: Partial<Policy> = {
    batchSize: random.pick(['auto', 1, 2, 3, 8] as const),
    approval: random.next() < 0.15 ? 'each_batch' : 'none',
    onFailure: random.pick(['halt', 'halt', 'skip', 'rollback'] as const),
    maxAttempts: random.int(1, 3),
    pauseBetweenBatchesMs: random.next() < 0.15 ? random.int(500, 4000) : 0,
    lookIntervalMs: random.pick([250, 500, 500, 1000, 1000, 2000]),
    stallTimeoutMs: random.int(8, 30) * 1000,
    nodeDownTimeoutMs: random.int(4, 20) * 1000,
    masterBusyTimeoutMs: random.int(10, 40) * 1000,
    stableLooks: random.int(1, 3),
  };
  return {
    ...policy,
    verify: {
      depth: depthAt(random.next()),
      samplePerType: random.pick([3, 8, 25]),
      rounds: random.int(1, 3),
    },
  };
}

const depthAt = (share: number) => (share < 0.1 ? 'full' : share < 0.25 ? 'auto' : 'sample');

function drawExpansions(random: Random, nodes: readonly PlannedNode[]): PlannedExpansion[] {
  const ids = nodes.map(({ id }) => id);
  const cut = ids.length > 1 && random.next() < 0.35 ? random.int(1, ids.length - 1) : ids.length;
  const parts = [ids.slice(0, cut), ids.slice(cut)].filter((part) => part.length > 0);
  return parts.map((part, i) => ({
    id: `exp${i + 1}`,
    at: i === 0 ? 100 : random.pick([random.int(100, 300), random.int(300, 6000)]),
    nodes: part,
    policy: drawPolicy(random),
    startsInMs: null,
  }));
}

/** Most of the work of an expansion is done within ten seconds a node: later faults would hit nobody. */
const harmfulUntil = (nodes: readonly PlannedNode[], calmAt: number): number =>
  Math.min(calmAt - 1000, 3000 + nodes.length * 10_000);

function drawFaults(
  random: Random,
  nodes: readonly { readonly id: string }[],
  until: number,
  weights: readonly (readonly [OtherFault, number])[],
): PlannedFault[] {
  const count = random.next() < 0.06 ? 0 : random.int(1, 9);
  return Array.from({ length: count }, () => ({
    at: random.int(0, until),
    kind: weighted(random, weights),
    node: random.pick(nodes).id,
    lastsMs: Math.round(10 ** (2.5 + random.next() * 2.1)),
    share: random.next(),
  }));
}
