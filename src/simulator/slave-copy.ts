import { contentWithout, type Dump, judgePartialCopy } from './dump.ts';
import { copyBegins, copyDeleted, movedAway, swapped } from './folders.ts';
import { backupPath, copyPath } from './glog.ts';
import { Keyspace } from './keyspace.ts';
import { enqueue } from './master.ts';
import { rewriteConfig } from './process.ts';
import { closeWhenIdle, setState, stopRsync } from './slave-link.ts';
import { tickAfterPause, wake } from './slave-ticks.ts';
import { endTransfer, listTakesMs, startTransfer, timesOut } from './transfer.ts';
import {
  arePartitioned,
  findDb,
  idleRsync,
  later,
  masterOf,
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

/** ActivateRsync: fetches the list of files, which is refused while the master makes a dump. */
export function initRsync(world: World, node: SimNode, db: SimDb): void {
  const master = masterOf(world, node);
  if (node.traits.pushes || master === undefined || world.clock.now() < db.rsync.nextInitAt) return;
  const source = findDb(master, db.name);
  node.rsyncThreads = true;
  const again = node.traits.initFailure === 'error-after-64';
  if (db.rsync.initTries === 0)
    world.glog.write(node, 'aux', [
      'W',
      'pika_rm.cc',
      again
        ? `Slave DB: ${db.name} Activating Rsync ... (retry count:${db.rsync.initRounds})`
        : 'ActivateRsync ...',
    ]);
  const isReached = master.opens.files && !arePartitioned(world, node, master);
  if (
    source !== undefined &&
    !source.bgsaving &&
    source.dump !== null &&
    isReached &&
    !timesOut(node, listTakesMs)
  ) {
    db.rsync.status = 'running';
    copy(world, node, db, master, source.dump, () => {});
    return;
  }
  world.glog.write(node, 'aux', [
    'W',
    'rsync_client.cc',
    isReached && !timesOut(node, listTakesMs)
      ? `IO error: kRsyncMeta request failed! db is not exist or doing bgsave, retries:${db.rsync.initTries}`
      : `rsync PullRemoteMeta request timeout, retry times: ${db.rsync.initTries}`,
  ]);
  const retryMs = timesOut(node, listTakesMs) ? listTakesMs : world.timers.initRetryMs;
  db.rsync.nextInitAt = world.clock.now() + retryMs;
  db.rsync.initTries++;
  if (db.rsync.initTries >= initTriesPerRound) initFailed(world, node, db);
}

function initFailed(world: World, node: SimNode, db: SimDb): void {
  const { initFailure } = node.traits;
  db.rsync.initTries = 0;
  db.rsync.initRounds++;
  world.glog.write(
    node,
    'aux',
    ['W', 'rsync_client.cc', 'copy remote meta failed! error:Timeout: '],
    [
      'W',
      'pika_rm.cc',
      `Slave DB: ${db.name} rsync failed! full synchronization will be retried later${initFailure === 'error' ? ', error info:rsync client init failed!' : ''}`,
    ],
  );
  const final =
    initFailure === 'error' ||
    (initFailure === 'error-after-64' && db.rsync.initRounds >= initRoundsBeforeError);
  if (!final) return;
  if (initFailure === 'error') node.forceFullSync = true;
  setState(world, node, db, 'Error');
  closeWhenIdle(world, node, world.timers.slaveIdleMs + world.timers.silenceMs);
}

function copy(world: World, node: SimNode, db: SimDb, master: SimNode, dump: Dump, ended: () => void): void {
  const stuck = dump.failed || (node.traits.family !== '4.0' && master.traits.family === '4.0');
  const overhead = node.random.within(world.timers.rsyncOverheadMs);
  world.note(node, 'copy_started', { db: db.name, bytes: dump.bytes, dump: dump.uuid });
  world.glog.write(master, 'bgsave', [
    'I',
    'rsync_server.cc',
    `Rsync Meta request, snapshot_uuid: ${dump.uuid} files count: ${dump.failed ? 1 : dump.files.length} file list: `,
  ]);
  world.glog.copyBegun(node, db, dump);
  const arrived = (): void => {
    later(world, node, overhead, () => {
      const { transfer } = db.rsync;
      if (transfer === null || transfer.dump !== dump) return;
      db.copiedBytes = dump.bytes;
      endTransfer(world, transfer);
      world.glog.copyEnded(transfer, 'whole');
      db.rsync = { ...db.rsync, status: 'stopped', transfer: null, result: { kind: 'complete', dump } };
      wake(world, node);
    });
  };
  db.rsync.transfer = startTransfer(world, { slave: node, master, db, dump, stuck }, arrived, ended);
  copyBegins(db, db.rsync.transfer);
}

/** 3.3: the master pushes when its thread comes to it. */
export function requestPush(world: World, node: SimNode, db: SimDb, master: SimNode): void {
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

/** `receive newer dump, reset state to STOP` (pika-facts 4.6). */
export function onNewerDump(world: World, transfer: Transfer): void {
  const { slave: node, db, dump } = transfer;
  endTransfer(world, transfer);
  world.glog.newerDump(transfer);
  db.rsync = { ...db.rsync, status: 'stopped', transfer: null, result: judgeSuperseded(world, transfer) };
  if (db.rsync.result?.kind === 'discarded') copyDeleted(db);
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
  // Of a failed dump an empty `info` has come, and an empty database is opened (recording 12).
  if (dump.failed) return { kind: 'partial', dump: nothingOf(node, dump), lost: [] };
  const judged = judgePartialCopy(dump, transfer.copied, transfer.workers);
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

const nothingOf = (node: SimNode, dump: Dump): Dump => ({
  ...dump,
  content: new Keyspace(node.traits.instances),
  position: { file: 0, offset: 0 },
});

/** TryUpdateMasterOffset. */
export function finishRsync(world: World, node: SimNode, db: SimDb): void {
  const { result } = db.rsync;
  if (result === null || result.kind === 'hang') return;
  if (result.kind === 'discarded') {
    world.glog.write(node, 'aux', [
      'W',
      'pika_db.cc',
      `info path: ${copyPath(node, db)}/info not exist, Slave DB:${db.name} will restart the sync process...`,
    ]);
    stopRsync(world, db);
    setState(world, node, db, 'TryConnect');
    return;
  }
  const { file, offset } = result.dump.position;
  const master = result.dump.failed ? undefined : masterOf(world, node);
  world.glog.write(
    node,
    'aux',
    [
      'I',
      'pika_db.cc',
      `DB: ${db.name} Information from dbsync info,  master_ip: ${master?.host ?? ''}, master_port: ${master?.port ?? 0}, filenum: ${file}, offset: ${offset}, term: 0, index: 0`,
    ],
    ['I', 'pika_db.cc', `DB: ${db.name}, Prepare change db from: ${backupPath(node, db)}`],
  );
  if (namesOtherMaster(world, node)) {
    setState(world, node, db, 'Error');
    return;
  }
  if (node.copiesOnAnotherMount) {
    cannotRename(world, node, db);
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

/**
 * The old database is moved to `db_bak`, and the copy cannot be moved from another mount to its place. The next full sync
 * deletes what lies in `db_bak` (pika-facts 4.9).
 */
function cannotRename(world: World, node: SimNode, db: SimDb): void {
  world.glog.write(
    node,
    'aux',
    ['W', 'env.cc', `filesystem error: cannot rename: Invalid cross-device link [${copyPath(node, db)}]`],
    ['W', 'pika_db.cc', `DB: ${db.name}, Failed to change db`],
  );
  world.note(node, db.disk.backup ? 'old_data_deleted' : 'old_data_moved_away', { db: db.name });
  stopRsync(world, db);
  movedAway(db);
  db.keyspace = new Keyspace(node.traits.instances);
  setState(world, node, db, 'Error');
}

/**
 * 3.3: the dump's `info` carries the master's own address, and the slave wants the address of its SLAVEOF (#951,
 * pika-facts 8).
 */
function namesOtherMaster(world: World, node: SimNode): boolean {
  return node.traits.pushes && masterOf(world, node)?.host !== node.master?.host;
}

function swap(world: World, node: SimNode, db: SimDb, dump: Dump, lost: readonly string[]): void {
  db.keyspace = contentWithout(dump, lost, node.traits);
  db.toApply.length = 0;
  db.binlog.reset(dump.position);
  db.flushed.clear();
  db.rsync = idleRsync();
  swapped(db, lost);
  for (const entry of node.slaves) dropSlaveNode(world, node, db, entry);
  if (node.unfinished.delete(db.name)) rewriteConfig(node);
  node.fullSyncsDone++;
  world.glog.write(node, 'aux', ['I', 'pika_db.cc', `DB: ${db.name}, Change db success`]);
  world.note(node, 'database_swapped', { db: db.name, lost, keys: db.keyspace.totalCount() });
  setState(world, node, db, 'TryConnect');
  tickAfterPause(world, node);
}
