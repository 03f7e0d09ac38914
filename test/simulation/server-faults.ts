import type { Cluster } from '../../src/simulator/cluster.ts';
import type { Transfer } from '../../src/simulator/world.ts';
import { isLasting, type ServerFault } from './servers.ts';
import { byOthers, type Injector, later, type Surroundings } from './surroundings.ts';

/** Breaks something, and mends it after a while. */
const breaks =
  (set: (cluster: Cluster, broken: boolean, share: number) => void): Injector =>
  (around, fault) => {
    const { share, lastsMs } = fault;
    set(around.cluster, true, share);
    if (!isLasting(fault)) later(around, lastsMs, () => set(around.cluster, false, share));
  };

/** Does something while a node copies, or after a while without any copy. */
function whileCopying(around: Surroundings, share: number, act: () => void): void {
  const { cluster } = around;
  const until = cluster.now() + 15_000;
  const copies = (): Transfer[] =>
    cluster.nodes.flatMap(({ dbs }) => dbs.flatMap(({ rsync }) => rsync.transfer ?? []));
  const look = (): void => {
    const copy = copies().find(({ done, master }) => done !== null && master.id === 'm');
    if (copy === undefined && cluster.now() < until) later(around, 40, look);
    else later(around, copy ? share * (copy.done!.at - cluster.now()) : 0, act);
  };
  look();
}

/** What is written to the master is right there, and what its slaves make of it tells nobody but the data. */
function onlyDataTell({ cluster, scenario, witness }: Surroundings): void {
  witness.meddled('m', 'process');
  for (const { id } of scenario.nodes) if (cluster.node(id)) witness.meddled(id, 'robbed');
}

function flushInCopy(around: Surroundings, { node, share }: Parameters<Injector>[1]): void {
  whileCopying(around, share, () => {
    around.cluster.fault.nextFlushLoses(node, Math.floor(share * 9));
    around.tell('FLUSHALL on m by somebody else');
    byOthers(around, 'm', ['FLUSHALL']);
    // The first writes after it are those that get lost.
    for (let i = 0; i < 20; i++) byOthers(around, 'm', ['SET', `after-flush:${i}`, 'value']);
    onlyDataTell(around);
  });
}

/** Commands that slaves of some versions take wrongly, or cannot take at all (recordings 45 and 47). */
const oddCommands: readonly (readonly (readonly string[])[])[] = [
  [['PSETEX', 'odd:psetex', '600000', 'v']],
  [['SETEX', 'odd:far', '400000000', 'v']],
  [['SETEX', 'odd:setex', '600', 'v']],
  [['SET', 'odd:lock', 'v', 'EX', '600', 'NX']],
  [
    ['SET', 'odd:counter', '5'],
    ['EXPIRE', 'odd:counter', '600'],
    ['INCR', 'odd:counter'],
  ],
  [['APPEND', 'odd:append', 'v']],
];

function runOddCommands(around: Surroundings, { share, lastsMs }: Parameters<Injector>[1]): void {
  const { cluster } = around;
  const commands = oddCommands[Math.floor(share * oddCommands.length)]!;
  const until = cluster.now() + Math.min(lastsMs, 10_000);
  const run = (): void => {
    // A lock is taken again and again; each time it is another key.
    const suffix = String(Math.round(cluster.now()));
    for (const [name, key, ...rest] of commands) byOthers(around, 'm', [name!, `${key}:${suffix}`, ...rest]);
    onlyDataTell(around);
    if (cluster.now() < until) later(around, 400, run);
  };
  whileCopying(around, share, run);
}

/** The dump is replaced while nobody looks: what the node then opens can be told by what the service sees afterwards alone. */
const bgsaveWhileAway: Injector = (around, { share }) =>
  whileCopying(around, 0.3 + 0.6 * share, () => {
    for (const process of around.processes()) process.pause(2000 + 6000 * share);
    around.tell('BGSAVE on m by somebody else, while no process of the service runs');
    if (around.cluster.node('m').alive) around.cluster.fault.bgsave('m');
  });

export const serverInjectors: Readonly<Record<ServerFault, Injector>> = {
  port_closed: breaks(({ fault }, closed, share) =>
    fault.closePort('m', share < 0.5 ? 'replication' : 'files', closed),
  ),
  dumps_fail: breaks(({ fault }, broken) => fault.breakDumps('m', broken)),
  dump_takes_long: ({ cluster }, { share }) => cluster.fault.slowBgsave('m', 8000 + 12_000 * share),
  flush_in_copy: flushInCopy,
  odd_commands: runOddCommands,
  bgsave_while_away: bgsaveWhileAway,
  replies_overtake: ({ cluster, scenario }, { node, share }) =>
    cluster.fault.overtakeReplies(node, share < 0.7 ? scenario.databases : 1),
};

/** Mends what is broken of the servers themselves. */
export function mendServers({ cluster }: Surroundings): void {
  for (const port of ['replication', 'files'] as const) cluster.fault.closePort('m', port, false);
  cluster.fault.breakDumps('m', false);
}
