import { reopened } from './folders.ts';
import { losePings } from './network.ts';
import { emptyCounters } from './node.ts';
import { closeAtMaster, closeAtSlave } from './slave-link.ts';
import { wake } from './slave-ticks.ts';
import { endTransfer, reallocate } from './transfer.ts';
import { type Connection, idleRsync, later, type SimNode, type World } from './world.ts';

/** Ends the process; `silent`: its host vanishes, so that peers notice only by their time-outs. */
export function stopProcess(world: World, node: SimNode, how: { readonly silent?: boolean }): void {
  if (!node.alive) return;
  node.alive = false;
  node.life++;
  node.aux = null;
  node.closeCron = null;
  for (const { rsync } of node.dbs) {
    if (rsync.transfer === null) continue;
    endTransfer(world, rsync.transfer);
    world.glog.copyEnded(rsync.transfer, 'killed');
  }
  for (const connection of node.connections.slice())
    loseConnection(world, node, connection, how.silent ?? false);
  node.slaves = [];
  node.connections.length = 0;
  world.note(node, 'process_ended', {});
  for (const listener of world.processListeners) listener(node, false);
}

/** The other end notices at once, or, when the whole host is gone, when its own time-out strikes. */
function loseConnection(world: World, gone: SimNode, connection: Connection, silent: boolean): void {
  const isSlave = connection.slave === gone;
  const peer = isSlave ? connection.master : connection.slave;
  const notice = isSlave ? closeAtMaster : closeAtSlave;
  const afterMs = isSlave ? world.timers.masterIdleMs : world.timers.slaveIdleMs;
  if (!silent) {
    notice(world, connection);
    return;
  }
  // A slave that has closed it since, or has another by then, loses nothing.
  later(world, peer, afterMs, () => {
    if (isSlave || connection.open) notice(world, connection);
  });
  if (isSlave) connection.open = false;
  else vanish(world, gone, peer);
}

/** The slave's copies stand still, and nothing is heard for its DBs. */
function vanish(world: World, master: SimNode, slave: SimNode): void {
  reallocate(world, master);
  losePings(world, slave);
}

/**
 * Starts the process with the data of its disk; a process that died on a partial database dies again (pika-facts 4.6).
 */
export function startProcess(world: World, node: SimNode): void {
  if (node.alive) return;
  forgetMemory(world, node);
  if (node.bootFailure !== null) {
    world.note(node, 'start_failed', { reason: node.bootFailure });
    world.glog.write(
      node,
      'main',
      ['I', 'pika.cc', `Server at: /data/${node.id}/pika.conf`],
      ['F', 'storage.cc', node.bootFailure],
    );
    return;
  }
  node.alive = true;
  node.master = endpointOf(node.persisted.slaveof);
  node.replState = node.master === null ? 'none' : 'should';
  node.firstMetaSync = true;
  node.notBefore = 0;
  world.note(node, 'process_started', {});
  world.glog.write(node, 'main', ['I', 'pika.cc', `Server at: /data/${node.id}/pika.conf`]);
  for (const listener of world.processListeners) listener(node, true);
  resetStaleConnections(world, node);
  if (node.master !== null) wake(world, node);
}

/** Fewer than ten binlog files are taken as ten at the start, though not by CONFIG SET (3.3.6 pika_conf.cc:205). */
const asLoaded = (name: string, value: string): string =>
  name === 'expire-logs-nums' ? String(Math.max(10, Number(value))) : value;

function forgetMemory(world: World, node: SimNode): void {
  node.startedAt = world.clock.now();
  node.processId += node.random.int(1, 500);
  node.life++;
  node.counters = emptyCounters();
  node.diskUsage = null;
  node.settings.clear();
  for (const [name, value] of node.persisted.settings) node.settings.set(name, asLoaded(name, value));
  node.replicationId = node.persisted.replicationId;
  node.masterRunId = node.persisted.masterRunId;
  node.unfinished = new Set(node.persisted.unfinished);
  node.closing.clear();
  node.pushQueue.length = 0;
  node.pushing = false;
  node.forceFullSync = false;
  node.rsyncThreads = false;
  node.stalledUntil = 0;
  for (const db of node.dbs) {
    db.state = 'NoConnect';
    db.rsync = idleRsync();
    db.dump = null;
    db.bgsaving = false;
    db.keyScan = null;
    db.toApply.length = 0;
    db.applying = false;
    db.parserBroken = false;
    db.writesToLose = 0;
    db.beforeFlush.length = 0;
    reopened(db);
  }
}

/** Slaves that still hold a connection to the earlier process of a vanished host get a reset. */
function resetStaleConnections(world: World, master: SimNode): void {
  for (const slave of world.nodes.values())
    for (const connection of slave.connections.slice())
      if (connection.slave === slave && connection.master === master) closeAtSlave(world, connection);
}

function endpointOf(text: string): SimNode['master'] {
  const colon = text.lastIndexOf(':');
  return colon === -1 ? null : { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}
