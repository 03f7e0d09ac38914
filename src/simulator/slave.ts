import { copyExpected } from './folders.ts';
import { entryOf, type MetaSyncAnswer, onDbSync, onMetaSync, onTrySync } from './master.ts';
import { persistReplicationId, rewriteConfig } from './process.ts';
import { finishRsync, initRsync, requestPush } from './slave-copy.ts';
import {
  clientStops,
  closeConnection,
  closeWhenIdle,
  endpointKey,
  openConnection,
  setState,
  stopRsync,
} from './slave-link.ts';
import { metaSyncDue, metaSyncUnits, nextLook, scheduleTick, wake } from './slave-ticks.ts';
import { countTalk } from './transfer.ts';
import {
  arePartitioned,
  type Connection,
  connectionTo,
  deliver,
  findDb,
  later,
  masterOf,
  refusesAtOnce,
  type SimDb,
  type SimNode,
  type World,
} from './world.ts';
import { dropSlaveNode } from './writing.ts';

/** What the auxiliary thread does at a tick. */
export function onTick(world: World, node: SimNode): void {
  if (node.master === null) return;
  if (node.replState === 'should') tryMetaSync(world, node);
  if (node.replState === 'done') for (const db of node.dbs) tickDb(world, node, db);
  const next = nextLook(world, node);
  if (next !== null && node.aux === null) scheduleTick(world, node, next);
}

function tickDb(world: World, node: SimNode, db: SimDb): void {
  if (db.state === 'TryConnect') sendTrySync(world, node, db);
  else if (db.state === 'TryDBSync') sendDbSync(world, node, db);
  else if (db.state === 'WaitDBSync' && db.rsync.status === 'idle') initRsync(world, node, db);
  else if (db.state === 'WaitDBSync' && db.rsync.status === 'stopped') finishRsync(world, node, db);
}

function tryMetaSync(world: World, node: SimNode): void {
  if (world.clock.now() < metaSyncDue(world, node)) return;
  const master = masterOf(world, node);
  const silent =
    master === undefined ? !refusesAtOnce(node.master!.host) : arePartitioned(world, node, master);
  if (master === undefined || !master.alive || silent) {
    node.notBefore =
      world.clock.now() + world.timers.probeRetryMs + (silent ? world.timers.probeTimeoutMs : 0);
    node.firstMetaSync = true;
    world.note(node, 'master_unreachable', { master: endpointKey(node.master!) });
    world.glog.write(node, 'aux', [
      'W',
      'pika_repl_client.cc',
      `Failed to connect master, Master (${endpointKey(node.master!)}), try reconnect`,
    ]);
    return;
  }
  node.firstMetaSync = false;
  node.lastMetaSync = metaSyncUnits(world);
  world.glog.write(node, 'aux', [
    'I',
    'pika_repl_client.cc',
    `Try Send Meta Sync Request to Master (${endpointKey(node.master!)})`,
  ]);
  if (!master.opens.replication) return;
  const connection = connectionTo(node, master) ?? openConnection(node, master);
  deliver(world, connection, node.random.within(world.timers.metaReplyMs), () => {
    if (
      node.master === null ||
      endpointKey(node.master) !== connection.address ||
      node.replState !== 'should'
    )
      return;
    metaSync(world, node, connection);
  });
}

function metaSync(world: World, node: SimNode, connection: Connection): void {
  const { master } = connection;
  if (cannotParse(node, master)) {
    refuse(world, node, connection, 'the answer cannot be parsed');
    return;
  }
  const answer = onMetaSync(world, master, connection);
  if (answer.kind === 'already exists') {
    world.note(node, 'already_listed', {});
    world.glog.write(node, 'reply', [
      'W',
      'pika_repl_client_conn.cc',
      'Meta Sync Failed: Slave AlreadyExist will keep sending MetaSync msg',
    ]);
    wake(world, node);
    return;
  }
  countTalk(connection, answer.kind === 'wrong password' ? 'refusal' : 'metaSync');
  if (answer.kind === 'wrong password') {
    refuse(world, node, connection, 'masterauth is wrong');
    return;
  }
  const objection = objectionTo(node, answer);
  if (objection !== null) {
    refuse(world, node, connection, objection);
    return;
  }
  if (node.traits.hasReplicationId && !adoptReplicationId(world, node, answer.replicationId)) return;
  if (node.traits.version === '3.5.0') adoptRunId(node, master);
  node.settings.set('write-binlog', 'yes');
  node.replState = 'done';
  world.glog.write(
    node,
    'reply',
    ['I', 'pika_server.cc', 'Mark try connect finish'],
    ['I', 'pika_repl_client_conn.cc', 'Finish to handle meta sync response'],
  );
  for (const db of node.dbs) setState(world, node, db, node.forceFullSync ? 'TryDBSync' : 'TryConnect');
  node.forceFullSync = false;
  wake(world, node);
}

function objectionTo(node: SimNode, answer: Extract<MetaSyncAnswer, { kind: 'ok' }>): string | null {
  if (answer.databases !== node.dbs.length) return 'databases differ';
  const { replicationId } = answer;
  const differs = node.replicationId !== '' && replicationId !== '' && node.replicationId !== replicationId;
  return differs && node.traits.hasReplicationId ? 'replication ids differ' : null;
}

/** 4.0 and 3.x do not understand each other's MetaSync, nor 3.5 that of 3.3 (pika-facts 8, recording 16). */
const cannotParse = (slave: SimNode, master: SimNode): boolean =>
  (slave.traits.family === '4.0' && master.traits.family !== '4.0') ||
  (slave.traits.family === '3.5' && master.traits.family === '3.3');

/** SyncError: shown as NoConnect, never tried again. */
function refuse(world: World, node: SimNode, connection: Connection, why: string): void {
  node.replState = 'error';
  world.note(node, 'refused_for_good', { why });
  world.glog.write(
    node,
    'reply',
    ['W', 'pika_repl_client_conn.cc', refusalLine(node, why)],
    ['W', 'pika_server.cc', 'Sync error, set repl_state to PIKA_REPL_ERROR'],
  );
  closeConnection(world, connection);
}

const refusalLine = (node: SimNode, why: string): string => {
  if (why === 'masterauth is wrong') return 'Meta Sync Failed: Auth with master error, Invalid masterauth';
  if (why === 'databases differ')
    return `Self db structs(number of databases: ${node.dbs.length}) inconsistent with master(number of databases: 0), failed to establish master-slave relationship`;
  return 'Meta Sync Failed: replicationid on both sides of the connection are inconsistent';
};

/** False = no further now. A node without an id takes the master's, at once and for good, and needs everything. */
function adoptReplicationId(world: World, node: SimNode, id: string): boolean {
  if (id === '') {
    wake(world, node);
    return false;
  }
  if (node.replicationId !== '') return true;
  node.forceFullSync = true;
  world.glog.write(node, 'reply', [
    'I',
    'pika_repl_client_conn.cc',
    `New node is added to the cluster and requires full replication, remote replication id: ${id}, local replication id: `,
  ]);
  node.replicationId = id;
  persistReplicationId(node);
  return true;
}

/** 3.5.0 knows masters by their run id (pika-facts 4.1). */
function adoptRunId(node: SimNode, master: SimNode): void {
  if (node.masterRunId === master.runId) return;
  node.forceFullSync = true;
  node.masterRunId = master.runId;
  persistReplicationId(node);
}

function ask(world: World, node: SimNode, db: SimDb, question: (master: SimNode) => void): void {
  const master = masterOf(world, node);
  const connection = master === undefined ? undefined : connectionTo(node, master);
  if (master === undefined || connection === undefined) {
    setState(world, node, db, 'Error');
    return;
  }
  setState(world, node, db, 'WaitReply');
  deliver(world, connection, node.random.within(world.timers.replyMs), () => {
    if (db.state === 'WaitReply') question(master);
    countTalk(connection, 'question');
    connection.pingedAt = Math.min(connection.pingedAt, world.clock.now());
    if (node.overtakingReplies > 0) overtaken(world, node, db, connection);
    wake(world, node);
  });
}

/**
 * The reply was there before the slave had noted that it waits for a reply; it notes it now, and nothing more comes for
 * this DB. The master gives it up after 20 s. The slave's connection is closed for idleness after 60 s, unless another of
 * its DBs hears something (pika-facts 5.3).
 */
function overtaken(world: World, node: SimNode, db: SimDb, connection: Connection): void {
  node.overtakingReplies--;
  setState(world, node, db, 'WaitReply');
  const { master } = connection;
  later(world, master, world.timers.silenceMs, () => {
    const entry = entryOf(master, node);
    const source = findDb(master, db.name);
    if (db.state === 'WaitReply' && entry?.connection === connection && source !== undefined)
      dropSlaveNode(world, master, source, entry);
  });
  closeWhenIdle(world, node, world.timers.slaveIdleMs + world.timers.closeCronMs);
}

function sendTrySync(world: World, node: SimNode, db: SimDb): void {
  ask(world, node, db, (master) => {
    const answer = onTrySync(world, master, node, db.name);
    world.note(node, 'try_sync', { db: db.name, answer });
    if (answer === 'ok' || answer === 'purged')
      world.glog.write(node, 'reply', [
        'I',
        'pika_repl_client_conn.cc',
        `DB: ${db.name} ${answer === 'ok' ? 'TrySync Ok' : 'Need To Try DBSync'}`,
      ]);
    if (answer === 'ok') setState(world, node, db, 'Connected');
    else if (answer === 'purged') setState(world, node, db, 'TryDBSync');
    else if (answer !== 'no such db') setState(world, node, db, 'Error');
  });
}

function sendDbSync(world: World, node: SimNode, db: SimDb): void {
  if (node.rsyncThreads) world.glog.write(node, 'aux', clientStops);
  stopRsync(world, db);
  copyExpected(db);
  ask(world, node, db, (master) => {
    const found = onDbSync(world, master, node, db.name);
    setState(world, node, db, found ? 'WaitDBSync' : 'Error');
    if (!found) return;
    world.glog.write(node, 'reply', ['I', 'pika_repl_client_conn.cc', `DB: ${db.name} Need Wait To Sync`]);
    if (node.traits.hasEligibleFlag) {
      node.unfinished.add(db.name);
      rewriteConfig(node);
    }
    if (master.traits.pushes) requestPush(world, node, db, master);
  });
}

/** Recording 45: the link was up for 0.3 s at a time, and down for 0.3 s. */
const upWithoutUseMs = 300;

/** `Redis parser failed`: the slave asks for its place in the binlog once more. */
export function onUnparsed(world: World, node: SimNode, db: SimDb): void {
  later(world, node, upWithoutUseMs, () => {
    if (db.state !== 'Connected' || !db.parserBroken) return;
    setState(world, node, db, 'TryConnect');
    wake(world, node);
  });
}

/** 20 s without a word for this DB: TryConnect, while a copy goes on in the background. */
export function onSilence(world: World, node: SimNode, db: SimDb): void {
  world.note(node, 'silence', { db: db.name });
  setState(world, node, db, 'TryConnect');
  wake(world, node);
}
