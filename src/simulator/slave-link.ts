import { onSlaveGone } from './master.ts';
import { metaSyncUnits, wake } from './slave-ticks.ts';
import { endTransfer } from './transfer.ts';
import {
  type Connection,
  type Endpoint,
  idleRsync,
  isSwapping,
  later,
  type SimDb,
  type SimNode,
  stall,
  type World,
} from './world.ts';

export const endpointKey = ({ host, port }: Endpoint): string => `${host}:${port}`;

/** RemoveMaster: data, id and offset stay. The connection is closed by a cron, not now (pika-facts 1.4). */
export function removeMaster(world: World, node: SimNode): void {
  if (node.master === null) return;
  world.note(node, 'master_removed', { master: endpointKey(node.master) });
  node.closing.add(endpointKey(node.master));
  scheduleCloseCron(world, node);
  const { rsyncThreads } = node;
  if (rsyncThreads) world.glog.write(node, 'reply', clientStops);
  for (const db of node.dbs) setNoConnect(world, node, db);
  if (rsyncThreads) stall(world, node, node.random.within(world.timers.stopRsyncMs));
  node.rsyncThreads = false;
  world.glog.write(node, 'reply', [
    'I',
    'pika_server.cc',
    `Remove Master Success, ip_port: ${endpointKey(node.master)}`,
  ]);
  node.master = null;
  node.replState = 'none';
}

/** SLAVEOF host port: the old master goes first, and the new one is taken when the threads are joined (recording 21). */
export function changeMaster(world: World, node: SimNode, master: Endpoint): void {
  removeMaster(world, node);
  const joinedInMs = node.stalledUntil - world.clock.now();
  if (joinedInMs > 0) later(world, node, joinedInMs + 1, () => setMaster(world, node, master));
  else setMaster(world, node, master);
}

/** SetMaster: MetaSync follows with the next tick. */
function setMaster(world: World, node: SimNode, master: Endpoint): void {
  node.master = master;
  node.replState = 'should';
  node.firstMetaSync = true;
  node.notBefore = 0;
  world.note(node, 'master_set', { master: endpointKey(master) });
  wake(world, node);
}

function setNoConnect(world: World, node: SimNode, db: SimDb): void {
  stopRsync(world, db);
  setState(world, node, db, 'NoConnect');
}

export function setState(world: World, node: SimNode, db: SimDb, state: SimDb['state']): void {
  if (db.state === state) return;
  db.state = state;
  world.note(node, 'state', { db: db.name, state });
}

export function stopRsync(world: World, db: SimDb): void {
  if (db.rsync.transfer !== null) {
    endTransfer(world, db.rsync.transfer);
    world.glog.copyEnded(db.rsync.transfer, 'stopped');
  }
  db.rsync = idleRsync();
}

export const clientStops = ['W', 'rsync_client.cc', 'RsyncClient stop ...'] as const;

function scheduleCloseCron(world: World, node: SimNode): void {
  if (node.closeCron !== null) return;
  const period = world.timers.closeCronMs;
  const since = (world.clock.now() - node.startedAt - node.phaseMs) % period;
  node.closeCron = later(world, node, period - ((since + period) % period), () => {
    node.closeCron = null;
    const doomed = [...node.closing];
    node.closing.clear();
    for (const connection of node.connections.slice())
      if (connection.slave === node && doomed.includes(connection.address)) closeLate(world, connection);
  });
}

/** A close that hits a database swap kills old versions (recording 13-3.5.4). */
function closeLate(world: World, connection: Connection): void {
  const { slave: node } = connection;
  const swapping = node.dbs.some((db) => db.state === 'WaitDBSync' && isSwapping(db));
  closeConnection(world, connection);
  if (swapping && node.traits.opensSupersededCopy) world.onSegfault(node);
}

/** Both ends learn of it at once; see `crash` for hosts that vanish without a word. */
export function closeConnection(world: World, connection: Connection): void {
  if (!connection.open) return;
  closeAtSlave(world, connection);
  closeAtMaster(world, connection);
}

export function closeAtMaster(world: World, connection: Connection): void {
  connection.open = false;
  const { master } = connection;
  drop(master, connection);
  onSlaveGone(world, master, connection);
}

/** FdClosedHandle: back to MetaSync, unless refused for good; the next try is ten seconds away. */
export function closeAtSlave(world: World, connection: Connection): void {
  connection.open = false;
  const { slave } = connection;
  drop(slave, connection);
  if (!slave.alive) return;
  if (
    slave.master !== null &&
    endpointKey(slave.master) === connection.address &&
    slave.replState !== 'error'
  )
    resetMetaSync(world, slave);
  slave.lastMetaSync = metaSyncUnits(world);
}

const drop = (node: SimNode, connection: Connection): void => {
  const index = node.connections.indexOf(connection);
  if (index !== -1) node.connections.splice(index, 1);
};

function resetMetaSync(world: World, node: SimNode): void {
  world.note(node, 'connection_lost', {});
  world.glog.write(
    node,
    'reply',
    [
      'W',
      'pika_repl_client_thread.cc',
      `Master conn disconnect : ${endpointKey(node.master!)} try reconnect`,
    ],
    ...(node.rsyncThreads ? [clientStops] : []),
  );
  node.replState = 'should';
  node.firstMetaSync = false;
  node.lastMetaSync = metaSyncUnits(world);
  const joins = node.dbs.some((db) => db.rsync.status === 'running');
  for (const db of node.dbs) setNoConnect(world, node, db);
  if (joins) stall(world, node, node.random.within(world.timers.stopRsyncMs) / 2);
  node.rsyncThreads = false;
  wake(world, node);
}

/** A slave that hears nothing for its DBs closes the connection a minute later, and asks again after ten seconds at most. */
export function closeWhenIdle(world: World, node: SimNode, afterMs: number): void {
  const connection = node.connections.find(({ slave, open }) => slave === node && open);
  if (connection === undefined) return;
  const hears = ({ state }: SimDb): boolean => state === 'Connected' || state === 'WaitDBSync';
  later(world, node, afterMs, () => {
    if (connection.open && !node.dbs.some(hears)) closeConnection(world, connection);
  });
}

export function openConnection(node: SimNode, master: SimNode): Connection {
  const address = endpointKey(node.master!);
  const connection: Connection = {
    slave: node,
    master,
    address,
    open: true,
    pingedAt: Number.POSITIVE_INFINITY,
    held: [],
  };
  node.connections.push(connection);
  master.connections.push(connection);
  return connection;
}
