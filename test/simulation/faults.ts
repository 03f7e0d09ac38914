import type { Scheduled } from '../../src/simulator/clock.ts';
import type { Cluster } from '../../src/simulator/cluster.ts';
import type { Transfer } from '../../src/simulator/world.ts';
import type { DatabaseTrouble } from './database.ts';
import type { BellTrouble } from './doorbell.ts';
import type { Trouble } from './network.ts';
import type { ServiceProcess } from './process.ts';
import type { FaultKind, PlannedFault } from './scenario.ts';
import { mendServers, serverInjectors } from './server-faults.ts';
import { addressOf } from './servers.ts';
import { byOthers, type Injector, later, type Surroundings } from './surroundings.ts';

/** The words by which somebody attaches a server to another. */
function slaveofForce(cluster: Cluster, id: string): readonly string[] {
  const { host, port } = addressOf(cluster.node(id));
  return ['SLAVEOF', host, String(port), 'force'];
}

/** Where servers have names, each start may find one at another address. */
function movesWith({ cluster, scenario, tell }: Surroundings, id: string): void {
  const node = cluster.node(id);
  if (scenario.servers.addressing !== 'names' || node.alive) return;
  const [, , third, last] = node.host.split('.');
  cluster.fault.readdress(id, `10.0.${Number(third) + 1}.${last}`);
  tell(`${id} comes back at ${node.host}`);
}

/** Ends a node's process and starts it again later. */
function crash(around: Surroundings, id: string, fault: PlannedFault, silent: boolean): void {
  const { cluster, network, witness } = around;
  if (!cluster.node(id).alive) return;
  if (silent) network.vanished.add(id);
  cluster.fault.crash(id, { silent });
  witness.meddled(id, 'process');
  later(around, fault.lastsMs, () => {
    network.vanished.delete(id);
    movesWith(around, id);
    cluster.fault.restart(id);
    witness.meddled(id, 'process');
    around.tell(`${id} starts again${cluster.node(id).alive ? '' : ', and dies at once'}`);
  });
}

/** From the start of a BGSAVE to its end it takes up to 55 ms; this long before a second ends, it still ends in it. */
const bgsaveEndsWithinMs = 60;

type Moment = (copy: Transfer & { readonly done: Scheduled }, cluster: Cluster) => number | null;

/** Makes a dump when `moment` says so of the first copy for which it says anything. */
function bgsaveAt(around: Surroundings, moment: Moment): void {
  const { cluster } = around;
  const until = cluster.now() + 30_000;
  const look = (): void => {
    const copies = cluster.nodes.flatMap((node) => node.dbs.map(({ rsync }) => rsync.transfer));
    for (const copy of copies) {
      if (!copy?.done || copy.master.id !== 'm') continue;
      const at = moment({ ...copy, done: copy.done }, cluster);
      if (at === null || at < cluster.now()) continue;
      later(around, at - cluster.now(), () => {
        around.tell(`BGSAVE on m by somebody else, while ${copy.slave.id} copies`);
        if (cluster.node('m').alive) cluster.fault.bgsave('m');
      });
      return;
    }
    if (cluster.now() < until) later(around, 40, look);
  };
  look();
}

/** Anywhere in the copy, mostly near its end, where hardly a byte is missing. */
const lateInCopy =
  (share: number): Moment =>
  ({ startedAt, done }) =>
    startedAt + (done.at - startedAt) * (share < 0.6 ? 0.9 + share / 8 : share);

/** Within the second in which the dump before was finished, so that LASTSAVE does not change. */
const unseenInCopy: Moment = ({ startedAt, done }, cluster) => {
  const endOfSecond = (cluster.node('m').lastSave + 1) * 1000 - bgsaveEndsWithinMs;
  return endOfSecond - startedAt > (done.at - startedAt) / 4 ? endOfSecond : null;
};

/** Takes keys from the node once it is connected, as a broken disk would. */
function dropKeys(around: Surroundings, fault: PlannedFault): void {
  const { cluster, witness } = around;
  const until = cluster.now() + 40_000;
  const look = (): void => {
    const node = cluster.node(fault.node);
    const connected =
      node.alive && node.master !== null && node.dbs.every(({ state }) => state === 'Connected');
    if (!connected) {
      if (cluster.now() < until) later(around, 40, look);
      return;
    }
    const gone = cluster.fault.dropKeys(fault.node, 0.5 + fault.share / 2);
    witness.meddled(fault.node, 'robbed');
    around.tell(`${gone} keys vanish from ${fault.node}`);
  };
  look();
}

function secondSlave(around: Surroundings, fault: PlannedFault): void {
  const { cluster, witness } = around;
  if (!byOthers(around, 'x', slaveofForce(cluster, 'm'))) return;
  witness.meddled('x', 'role');
  later(around, fault.lastsMs, () => {
    byOthers(around, 'x', ['SLAVEOF', 'NO', 'ONE']);
    witness.meddled('x', 'role');
  });
}

/** Somebody attaches a slave to a node of the expansion: Pika refuses SLAVEOF there then (pika-facts 1.2). */
function slaveBelow(around: Surroundings, fault: PlannedFault): void {
  const { cluster, witness } = around;
  const told = byOthers(around, 'x', slaveofForce(cluster, fault.node));
  if (!told) return;
  witness.meddled('x', 'role');
  witness.meddled(fault.node, 'process');
  later(around, fault.lastsMs, () => {
    byOthers(around, 'x', ['SLAVEOF', 'NO', 'ONE']);
    witness.meddled('x', 'role');
    witness.meddled(fault.node, 'process');
  });
}

function hijack(around: Surroundings, fault: PlannedFault): void {
  const { cluster, witness } = around;
  byOthers(around, fault.node, ['SLAVEOF', 'NO', 'ONE']);
  witness.meddled(fault.node, 'role');
  later(around, 100 + 3000 * fault.share, () => {
    const to = fault.share < 0.8 ? 'm2' : 'm';
    byOthers(around, fault.node, slaveofForce(cluster, to));
    witness.meddled(fault.node, 'role');
  });
}

function wipe(around: Surroundings, fault: PlannedFault): void {
  const { cluster, witness } = around;
  if (!cluster.node(fault.node).alive) return;
  cluster.fault.crash(fault.node);
  cluster.fault.wipe(fault.node);
  witness.meddled(fault.node, 'data');
  later(around, fault.lastsMs, () => {
    cluster.fault.restart(fault.node);
    witness.meddled(fault.node, 'data');
  });
}

/**
 * The node's disk has room for a part of the copy. Every other one stays so: nobody but a person makes room, and the
 * service must come to an end without. How a 3.3.6 behaves then was not recorded.
 */
function fullDisk({ cluster, scenario }: Surroundings, { node, share, lastsMs }: PlannedFault): void {
  if (scenario.version === '3.3.6') return;
  const bytes = cluster
    .node('m')
    .dbs.reduce((total, { keyspace }) => total + keyspace.totalBytes() * cluster.world.dataScale, 0);
  cluster.fault.copyRoom(node, ((10 * share) % 1) * bytes);
  if (share < 0.5)
    cluster.world.clock.after(lastsMs, () => cluster.fault.copyRoom(node, Number.POSITIVE_INFINITY));
}

/** Sets something for a while. */
function during(around: Surroundings, fault: PlannedFault, set: () => void, unset: () => void): void {
  set();
  later(around, fault.lastsMs, unset);
}

function onProcess(around: Surroundings, fault: PlannedFault, act: (process: ServiceProcess) => void): void {
  const living = around.processes();
  const chosen = living[Math.floor(fault.share * living.length)];
  if (!chosen) return;
  around.tell(`   (it is ${chosen.name})`);
  act(chosen);
}

export const burstPerSecond = 40;

/** The node that is hit by what can hit the master as well. */
const nodeOrMaster = ({ node, share }: PlannedFault): string => (share < 0.3 ? 'm' : node);

/** Wires between the service and a node that are bad for a while. */
const badWires =
  (bad: (share: number) => Partial<Trouble>): Injector =>
  (around, fault) => {
    const trouble = around.network.trouble(nodeOrMaster(fault));
    during(
      around,
      fault,
      () => void Object.assign(trouble, bad(fault.share)),
      () => void Object.assign(trouble, quietWires),
    );
  };

const badDatabase =
  (bad: (share: number) => Partial<DatabaseTrouble>): Injector =>
  (around, fault) =>
    during(
      around,
      fault,
      () => void Object.assign(around.database, bad(fault.share)),
      () => void Object.assign(around.database, quietDatabase),
    );

const badBells =
  (bad: (share: number) => Partial<BellTrouble>): Injector =>
  (around, fault) =>
    during(
      around,
      fault,
      () => void Object.assign(around.bells, bad(fault.share)),
      () => void Object.assign(around.bells, quietBells),
    );

const quietWires: Trouble = { cut: false, slowMs: 0, lossShare: 0 };
const quietDatabase: DatabaseTrouble = { down: false, lostAnswerShare: 0, slowMs: 0 };
const quietBells: BellTrouble = { lostShare: 0, doubledShare: 0, lateMs: 0 };

const injectors: Readonly<Record<FaultKind, Injector>> = {
  ...serverInjectors,
  node_crash: (around, fault) => crash(around, fault.node, fault, false),
  node_vanish: (around, fault) => crash(around, fault.node, fault, true),
  node_wipe: wipe,
  node_stall: ({ cluster }, { node, lastsMs }) => cluster.fault.stall(node, lastsMs / 4),
  master_crash: (around, fault) => crash(around, 'm', fault, fault.share < 0.3),
  master_stall: ({ cluster }, { lastsMs }) => cluster.fault.stall('m', lastsMs / 4),
  bgsave({ cluster }) {
    if (cluster.node('m').alive) cluster.fault.bgsave('m');
  },
  bgsave_in_copy: (around, { share }) => bgsaveAt(around, lateInCopy(share)),
  bgsave_unseen: (around) => bgsaveAt(around, unseenInCopy),
  second_slave: secondSlave,
  slave_below: slaveBelow,
  hijack,
  foreign_detach(around, { node }) {
    byOthers(around, node, ['SLAVEOF', 'NO', 'ONE']);
    around.witness.meddled(node, 'role');
  },
  foreign_write(around, { node }) {
    byOthers(around, node, ['SET', 'of-somebody-else', 'value']);
    around.witness.meddled(node, 'data');
  },
  slow_bgsave: ({ cluster }, { lastsMs }) => cluster.fault.slowBgsave('m', Math.min(lastsMs, 20_000)),
  failing_bgsave: ({ cluster }) => cluster.fault.failBgsave('m'),
  full_disk: fullDisk,
  purge_binlog: ({ cluster }) => cluster.fault.purgeBinlog('m'),
  silence: ({ cluster }, { node }) => cluster.fault.losePings(node),
  partition: (around, fault) =>
    during(
      around,
      fault,
      () => around.cluster.fault.partition(fault.node, 'm'),
      () => around.cluster.fault.heal(fault.node, 'm'),
    ),
  service_cut: badWires(() => ({ cut: true })),
  slow_wires: badWires((share) => ({ slowMs: 200 + 6800 * share })),
  lost_replies: badWires((share) => ({ lossShare: 0.1 + 0.6 * share })),
  worker_kill: (around, fault) =>
    onProcess(around, fault, (process) => {
      process.kill();
      later(around, fault.lastsMs, around.startProcess);
    }),
  worker_crash_point: (around, { share, lastsMs }) =>
    around.armPoint(share, (process) => {
      process.kill();
      later(around, lastsMs, around.startProcess);
    }),
  worker_pause_point: (around, { share, lastsMs }) =>
    around.armPoint(share, (process) => process.pause(lastsMs)),
  worker_stop: (around, fault) =>
    onProcess(around, fault, (process) => {
      around.stopProcess(process);
      later(around, fault.lastsMs, around.startProcess);
    }),
  worker_pause: (around, fault) => onProcess(around, fault, (process) => process.pause(fault.lastsMs)),
  clock_jump: (around, fault) =>
    onProcess(around, fault, (process) => process.jumpClock(Math.round((fault.share - 0.5) * 120_000))),
  database_down: badDatabase(() => ({ down: true })),
  database_loses_answers: badDatabase((share) => ({ lostAnswerShare: 0.02 + 0.3 * share })),
  database_slow: badDatabase((share) => ({ slowMs: 2000 * share })),
  bells_lost: badBells((share) => ({ lostShare: 0.3 + 0.7 * share })),
  bells_doubled: badBells((share) => ({ doubledShare: 0.3 + 0.7 * share })),
  bells_late: badBells((share) => ({ lateMs: 10_000 * share })),
  control: (around, { share }) => around.control(share),
  freeze: (around, fault) =>
    during(
      around,
      fault,
      () => around.freeze(true),
      () => around.freeze(false),
    ),
  drop_keys: dropKeys,
  key_scan(around) {
    byOthers(around, 'm', ['INFO', 'keyspace', '1']);
  },
  write_burst({ cluster }) {
    if (cluster.node('m').alive)
      cluster.startWrites('m', { perSecond: burstPerSecond, mix: { insert: 1, update: 20 } });
  },
};

/** Carries one planned fault out. */
export function inject(around: Surroundings, fault: PlannedFault): void {
  const { kind, node, lastsMs, share } = fault;
  around.tell(`${kind.replaceAll('_', ' ')}: ${node}, for ${lastsMs} ms (${share.toFixed(2)})`);
  injectors[kind](around, fault);
}

/** Mends all that was broken: from here on things go their way. */
export function calm(around: Surroundings): void {
  const { cluster, network, database, bells } = around;
  network.calm();
  network.vanished.clear();
  Object.assign(database, quietDatabase);
  Object.assign(bells, quietBells);
  for (const process of around.processes()) process.resetClock();
  for (const node of cluster.nodes) {
    if (node.id !== 'm') cluster.fault.heal(node.id, 'm');
    if (!node.alive) cluster.fault.restart(node.id);
    around.witness.meddled(node.id, 'process');
  }
  mendServers(around);
  byOthers(around, 'x', ['SLAVEOF', 'NO', 'ONE']);
  around.freeze(false);
}
