import { contentWithout, type Dump, judgePartialCopy } from './dump.ts';
import { enqueue, type MetaSyncAnswer, onDbSync, onMetaSync, onSlaveGone, onTrySync } from './master.ts';
import { persistReplicationId, rewriteConfig } from './process.ts';
import { endTransfer, startTransfer } from './transfer.ts';
import {
  arePartitioned,
  type Connection,
  connectionTo,
  deliver,
  type Endpoint,
  findDb,
  idleRsync,
  later,
  masterOf,
  refusesAtOnce,
  type SimDb,
  type SimNode,
  stall,
  type Transfer,
  type World,
} from './world.ts';
import { dropSlaveNode } from './writing.ts';

const initTriesPerRound = 10;
const initRoundsBeforeError = 64;
const fragileDeathChance = 0.35;

const endpointKey = ({ host, port }: Endpoint): string => `${host}:${port}`;

/** Whole tenths of the retry time, as Pika counts whole seconds of its ten. */
const metaSyncUnits = (world: World): number =>
  Math.floor(world.clock.now() / (world.timers.metaSyncRetryMs / 10));

// ---- SLAVEOF -----------------------------------------------------------------------------------------------------

/** RemoveMaster: data, id and offset stay. The connection is closed by a cron, not now (recording 29). */
export function removeMaster(world: World, node: SimNode): void {
  if (node.master === null) return;
  world.note(node, 'master_removed', { master: endpointKey(node.master) });
  node.closing.add(endpointKey(node.master));
  scheduleCloseCron(world, node);
  const { rsyncThreads } = node;
  for (const db of node.dbs) setNoConnect(world, node, db);
  if (rsyncThreads) stall(world, node, node.random.within(world.timers.stopRsyncMs));
  node.rsyncThreads = false;
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
  db.toApply.length = 0;
  setState(world, node, db, 'NoConnect');
}

function setState(world: World, node: SimNode, db: SimDb, state: SimDb['state']): void {
  if (db.state === state) return;
  db.state = state;
  world.note(node, 'state', { db: db.name, state });
}

function stopRsync(world: World, db: SimDb): void {
  if (db.rsync.transfer !== null) endTransfer(world, db.rsync.transfer);
  db.rsync = idleRsync();
}

function scheduleCloseCron(world: World, node: SimNode): void {
  if (node.closeCron !== null) return;
  const period = world.timers.closeCronMs;
  const since = (world.clock.now() - node.startedAt - node.phaseMs) % period;
  node.closeCron = later(world, node, period - ((since + period) % period), () => {
    node.closeCron = null;
    const doomed = [...node.closing];
    node.closing.clear();
    for (const connection of [...node.connections])
      if (connection.slave === node && doomed.includes(addressOf(connection))) closeLate(world, connection);
  });
}

/** A close that hits a database swap kills old versions (recording 13-3.5.4). */
function closeLate(world: World, connection: Connection): void {
  const { slave: node } = connection;
  const swapping = node.dbs.some((db) => db.state === 'WaitDBSync' && isSwapping(db));
  closeConnection(world, connection);
  if (swapping && node.traits.opensSupersededCopy) world.onSegfault(node);
}

const isSwapping = ({ rsync }: SimDb): boolean => rsync.status === 'running' && rsync.transfer === null;

const addresses = new WeakMap<Connection, string>();
const addressOf = (connection: Connection): string => addresses.get(connection)!;

// ---- connections -------------------------------------------------------------------------------------------------

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
    endpointKey(slave.master) === addressOf(connection) &&
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
  node.replState = 'should';
  node.firstMetaSync = false;
  node.lastMetaSync = metaSyncUnits(world);
  const joins = node.dbs.some((db) => db.rsync.status === 'running');
  for (const db of node.dbs) setNoConnect(world, node, db);
  if (joins) stall(world, node, node.random.within(world.timers.stopRsyncMs) / 2);
  node.rsyncThreads = false;
  wake(world, node);
}

// ---- the tick ----------------------------------------------------------------------------------------------------

/** Sees to it that the auxiliary thread looks at the node at its next tick that matters. */
export function wake(world: World, node: SimNode): void {
  if (node.aux !== null && !node.aux.cancelled) {
    if (node.aux.at <= nextTick(world, node)) return;
    node.aux.cancelled = true;
  }
  scheduleTick(world, node, nextTick(world, node));
}

function nextTick(world: World, node: SimNode): number {
  const period = world.timers.auxTickMs;
  const now = world.clock.now();
  const since = (now - node.startedAt - node.phaseMs) % period;
  return now + period - ((since + period) % period);
}

function scheduleTick(world: World, node: SimNode, at: number): void {
  node.aux = later(world, node, at - world.clock.now(), () => {
    node.aux = null;
    tick(world, node);
  });
}

function tick(world: World, node: SimNode): void {
  if (node.master === null) return;
  if (node.replState === 'should') tryMetaSync(world, node);
  if (node.replState === 'done') for (const db of node.dbs) tickDb(world, node, db);
  const next = nextLook(world, node);
  if (next !== null && node.aux === null) scheduleTick(world, node, next);
}

/** When the states need the next tick; null = an event will wake the node. */
function nextLook(world: World, node: SimNode): number | null {
  if (node.replState === 'should') return tickAfter(world, node, metaSyncDue(world, node));
  if (node.replState !== 'done') return null;
  const busy = node.dbs.filter(needsTick);
  if (busy.length === 0) return null;
  const waitsForInit = busy.every(
    (db) => db.state === 'WaitDBSync' && db.rsync.nextInitAt > world.clock.now(),
  );
  const earliest = waitsForInit ? Math.min(...busy.map((db) => db.rsync.nextInitAt)) : 0;
  return tickAfter(world, node, earliest);
}

/** The first tick from now on that is not before `at`. */
function tickAfter(world: World, node: SimNode, at: number): number {
  const next = nextTick(world, node);
  const period = world.timers.auxTickMs;
  return next + Math.max(0, Math.ceil((at - next) / period)) * period;
}

const needsTick = (db: SimDb): boolean =>
  db.state === 'TryConnect' ||
  db.state === 'TryDBSync' ||
  (db.state === 'WaitDBSync' &&
    (db.rsync.status === 'idle' || (db.rsync.status === 'stopped' && db.rsync.result?.kind !== 'hang')));

function metaSyncDue(world: World, node: SimNode): number {
  if (node.firstMetaSync) return node.notBefore;
  return Math.max(node.notBefore, ((node.lastMetaSync + 10) * world.timers.metaSyncRetryMs) / 10);
}

function tickDb(world: World, node: SimNode, db: SimDb): void {
  if (db.state === 'TryConnect') sendTrySync(world, node, db);
  else if (db.state === 'TryDBSync') sendDbSync(world, node, db);
  else if (db.state === 'WaitDBSync' && db.rsync.status === 'idle') initRsync(world, node, db);
  else if (db.state === 'WaitDBSync' && db.rsync.status === 'stopped') finishRsync(world, node, db);
}

// ---- MetaSync ----------------------------------------------------------------------------------------------------

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
    return;
  }
  node.firstMetaSync = false;
  node.lastMetaSync = metaSyncUnits(world);
  const connection = connectionTo(node, master) ?? openConnection(node, master);
  deliver(world, connection, node.random.within(world.timers.metaReplyMs), () => {
    if (
      node.master === null ||
      endpointKey(node.master) !== addressOf(connection) ||
      node.replState !== 'should'
    )
      return;
    metaSync(world, node, connection);
  });
}

function openConnection(node: SimNode, master: SimNode): Connection {
  const connection: Connection = { slave: node, master, open: true, held: [] };
  addresses.set(connection, endpointKey(node.master!));
  node.connections.push(connection);
  master.connections.push(connection);
  return connection;
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
    wake(world, node);
    return;
  }
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
  node.settings.set('write-binlog', 'yes');
  node.replState = 'done';
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

/** 4.0 and 3.x do not understand each other's MetaSync, nor 3.5 that of 3.3 (facts 8, recording 16). */
const cannotParse = (slave: SimNode, master: SimNode): boolean =>
  (slave.traits.family === '4.0' && master.traits.family !== '4.0') ||
  (slave.traits.family === '3.5' && master.traits.family === '3.3');

/** SyncError: shown as NoConnect, never tried again. */
function refuse(world: World, node: SimNode, connection: Connection, why: string): void {
  node.replState = 'error';
  world.note(node, 'refused_for_good', { why });
  closeConnection(world, connection);
}

/** False = no further now. A node without an id takes the master's, at once and for good, and needs everything. */
function adoptReplicationId(world: World, node: SimNode, id: string): boolean {
  if (id === '') {
    wake(world, node);
    return false;
  }
  if (node.replicationId !== '') return true;
  node.forceFullSync = true;
  node.replicationId = id;
  persistReplicationId(node);
  return true;
}

// ---- TrySync, DBSync ---------------------------------------------------------------------------------------------

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
    wake(world, node);
  });
}

function sendTrySync(world: World, node: SimNode, db: SimDb): void {
  ask(world, node, db, (master) => {
    const answer = onTrySync(world, master, node, db.name);
    world.note(node, 'try_sync', { db: db.name, answer });
    if (answer === 'ok') setState(world, node, db, 'Connected');
    else if (answer === 'purged') setState(world, node, db, 'TryDBSync');
    else if (answer !== 'no such db') setState(world, node, db, 'Error');
  });
}

function sendDbSync(world: World, node: SimNode, db: SimDb): void {
  stopRsync(world, db);
  ask(world, node, db, (master) => {
    const found = onDbSync(world, master, node, db.name);
    setState(world, node, db, found ? 'WaitDBSync' : 'Error');
    if (!found) return;
    if (node.traits.hasEligibleFlag) {
      node.unfinished.add(db.name);
      rewriteConfig(node);
    }
    if (master.traits.pushes) requestPush(world, node, db, master);
  });
}

// ---- the copy ----------------------------------------------------------------------------------------------------

/** ActivateRsync: fetches the list of files, which is refused while the master makes a dump. */
function initRsync(world: World, node: SimNode, db: SimDb): void {
  const master = masterOf(world, node);
  if (node.traits.pushes || master === undefined || world.clock.now() < db.rsync.nextInitAt) return;
  const source = findDb(master, db.name);
  node.rsyncThreads = true;
  if (
    source !== undefined &&
    !source.bgsaving &&
    source.dump !== null &&
    !arePartitioned(world, node, master)
  ) {
    db.rsync.status = 'running';
    copy(world, node, db, master, source.dump, () => {});
    return;
  }
  db.rsync.nextInitAt = world.clock.now() + world.timers.initRetryMs;
  db.rsync.initTries++;
  if (db.rsync.initTries >= initTriesPerRound) initFailed(world, node, db);
}

function initFailed(world: World, node: SimNode, db: SimDb): void {
  const { initFailure } = node.traits;
  db.rsync.initTries = 0;
  db.rsync.initRounds++;
  const final =
    initFailure === 'error' ||
    (initFailure === 'error-after-64' && db.rsync.initRounds >= initRoundsBeforeError);
  if (!final) return;
  if (initFailure === 'error') node.forceFullSync = true;
  setState(world, node, db, 'Error');
  closeWhenIdle(world, node);
}

/** A node all of whose DBs are in Error hears nothing: its connection is closed for idleness, and it tries again. */
function closeWhenIdle(world: World, node: SimNode): void {
  const master = masterOf(world, node);
  const connection = master === undefined ? undefined : connectionTo(node, master);
  if (connection === undefined) return;
  later(world, node, world.timers.slaveIdleMs + world.timers.silenceMs, () => {
    if (connection.open && node.dbs.every((db) => db.state === 'Error')) closeConnection(world, connection);
  });
}

function copy(world: World, node: SimNode, db: SimDb, master: SimNode, dump: Dump, ended: () => void): void {
  const stuck = dump.failed || (node.traits.family !== '4.0' && master.traits.family === '4.0');
  const overhead = node.random.within(world.timers.rsyncOverheadMs);
  world.note(node, 'copy_started', { db: db.name, bytes: dump.bytes, dump: dump.uuid });
  db.rsync.transfer = startTransfer(world, { slave: node, master, db, dump, stuck }, () =>
    later(world, node, overhead, () => {
      const { transfer } = db.rsync;
      if (transfer === null || transfer.dump !== dump) return;
      endTransfer(world, transfer);
      db.rsync = { ...db.rsync, status: 'stopped', transfer: null, result: { kind: 'complete', dump } };
      ended();
      wake(world, node);
    }),
  );
}

/** 3.3: the master pushes when its thread comes to it. */
function requestPush(world: World, node: SimNode, db: SimDb, master: SimNode): void {
  if (!node.traits.pushes) return;
  enqueue(world, master, (done) => {
    const dump = findDb(master, db.name)?.dump;
    if (dump === null || dump === undefined || db.state !== 'WaitDBSync') {
      done();
      return;
    }
    db.rsync.status = 'running';
    copy(world, node, db, master, dump, done);
  });
}

/** `receive newer dump, reset state to STOP` (facts 4.6). */
export function onNewerDump(world: World, transfer: Transfer): void {
  const { slave: node, db, dump } = transfer;
  endTransfer(world, transfer);
  db.rsync = { ...db.rsync, status: 'stopped', transfer: null, result: judgeSuperseded(world, transfer) };
  world.note(node, 'copy_superseded', {
    db: db.name,
    copied: Math.round(transfer.copied),
    of: Math.round(dump.bytes),
    outcome: db.rsync.result?.kind,
  });
  wake(world, node);
}

function judgeSuperseded(world: World, transfer: Transfer): SimDb['rsync']['result'] {
  const { slave: node, dump } = transfer;
  if (!node.traits.opensSupersededCopy) return { kind: 'discarded' };
  const judged = judgePartialCopy(dump, transfer.copied);
  const lost = judged.kind === 'loss' ? judged.lost : dump.files.map(({ block }) => block);
  const forced = node.forcedOutcomes.shift();
  const young = world.clock.now() - transfer.startedAt < world.timers.fragileCopyMs;
  const fragile = judged.kind === 'loss' && young && node.random.next() < fragileDeathChance;
  const kind = forced ?? (fragile ? 'death' : judged.kind);
  if (kind === 'hang') return { kind };
  if (kind === 'loss') return { kind: 'partial', dump, lost };
  const reason =
    judged.kind === 'death'
      ? judged.reason
      : 'open lists db failed, Corruption: CURRENT file does not end with newline';
  return { kind, dump, lost, reason };
}

// ---- the swap ----------------------------------------------------------------------------------------------------

/** TryUpdateMasterOffset. */
function finishRsync(world: World, node: SimNode, db: SimDb): void {
  const { result } = db.rsync;
  if (result === null || result.kind === 'hang') return;
  if (result.kind === 'discarded') {
    stopRsync(world, db);
    setState(world, node, db, 'TryConnect');
    return;
  }
  db.rsync = { ...idleRsync(), status: 'running' };
  const swapMs = node.random.within(world.timers.swapMs);
  stall(world, node, swapMs);
  later(world, node, swapMs, () => {
    if (db.state !== 'WaitDBSync') return;
    if (result.kind === 'death') world.onDeath(node, db, result);
    else swap(world, node, db, result.dump, result.kind === 'partial' ? result.lost : []);
  });
}

function swap(world: World, node: SimNode, db: SimDb, dump: Dump, lost: readonly string[]): void {
  db.keyspace = contentWithout(dump, lost, node.traits);
  db.binlog.reset(dump.position);
  db.flushed.clear();
  db.rsync = idleRsync();
  for (const entry of node.slaves) dropSlaveNode(world, node, db, entry);
  if (node.unfinished.delete(db.name)) rewriteConfig(node);
  node.fullSyncsDone++;
  world.note(node, 'database_swapped', { db: db.name, lost, keys: db.keyspace.totalCount() });
  setState(world, node, db, 'TryConnect');
  tickAfterPause(world, node);
}

/** The thread that opened the database sleeps a whole tick before it goes on. */
function tickAfterPause(world: World, node: SimNode): void {
  if (node.aux !== null) node.aux.cancelled = true;
  scheduleTick(world, node, world.clock.now() + world.timers.auxTickMs);
}

/** 20 s without a word for this DB: TryConnect, while a copy goes on in the background. */
export function onSilence(world: World, node: SimNode, db: SimDb): void {
  world.note(node, 'silence', { db: db.name });
  setState(world, node, db, 'TryConnect');
  wake(world, node);
}
