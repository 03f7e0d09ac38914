import { entryOf } from './master.ts';
import { onSilence } from './slave.ts';
import { closeAtMaster, closeAtSlave } from './slave-link.ts';
import { reallocate } from './transfer.ts';
import { connectionTo, later, type SimNode, setPartition, type World } from './world.ts';

/** Nothing passes between the two from now on; both find out by their time-outs. */
export function cut(world: World, a: SimNode, b: SimNode): void {
  setPartition(world, a, b, true);
  for (const node of [a, b]) reallocate(world, node);
  for (const [slave, master] of [
    [a, b],
    [b, a],
  ] as const) {
    const connection = connectionTo(slave, master);
    if (connection === undefined) continue;
    const still = (): boolean => connection.open && world.partitions.has([a.id, b.id].sort().join(' '));
    later(world, slave, world.timers.silenceMs, () => {
      if (still()) silence(world, slave);
    });
    later(world, master, world.timers.silenceMs, () => {
      if (still()) entryOf(master, slave)?.dbs.clear();
    });
    later(world, slave, world.timers.slaveIdleMs, () => {
      if (still()) closeAtSlave(world, connection);
    });
    later(world, master, world.timers.masterIdleMs, () => {
      if (master.slaves.some((entry) => entry.connection === connection && !connection.open))
        closeAtMaster(world, connection);
    });
  }
}

const silence = (world: World, slave: SimNode): void => {
  for (const db of slave.dbs)
    if (db.state === 'Connected' || db.state === 'WaitDBSync') onSilence(world, slave, db);
};

/** Bytes that a living connection has held back arrive now; a connection that a side has given up is reset. */
export function heal(world: World, a: SimNode, b: SimNode): void {
  setPartition(world, a, b, false);
  for (const node of [a, b]) reallocate(world, node);
  const between = [...a.connections, ...b.connections].filter(
    ({ slave, master }) => (slave === a && master === b) || (slave === b && master === a),
  );
  for (const connection of new Set(between)) {
    if (!connection.open) closeAtMaster(world, connection);
    for (const run of connection.held.splice(0)) if (connection.open) run();
  }
}

/** Without pings only the time-out is lost; the connection and a copy go on. */
export function losePings(world: World, slave: SimNode): void {
  later(world, slave, world.timers.silenceMs, () => silence(world, slave));
}
