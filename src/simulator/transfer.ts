import { dumpsDeleted } from './folders.ts';
import { copyPath } from './glog.ts';
import {
  arePartitioned,
  type Connection,
  later,
  numberSetting,
  type SimNode,
  type Transfer,
  type World,
} from './world.ts';

/** Brings the count of arrived bytes up to now, and books them on both sides. */
function settle(world: World, transfer: Transfer): void {
  const now = world.clock.now();
  const { dump, slave, master } = transfer;
  const room = roomFor(transfer);
  if (transfer.gone) count(transfer, 'missingFiles', (now - transfer.settledAt) / 1000);
  if (dump.failed) count(transfer, 'refusedFiles', (master.refusals * (now - transfer.settledAt)) / 1000);
  const elapsed = ((now - transfer.settledAt) / 1000) * transfer.bytesPerSecond;
  if (timesOut(slave, answerTakesMs)) {
    transfer.settledAt = now;
    const came = againInVain(world, transfer, elapsed);
    slave.counters.replIn += came;
    master.counters.replOut += came;
    return;
  }
  const arrived = room < dump.bytes ? elapsed : Math.min(dump.bytes - transfer.copied, elapsed);
  transfer.settledAt = now;
  if (!(arrived > 0)) return;
  transfer.copied = Math.min(transfer.copied + arrived, Math.max(transfer.copied, room));
  slave.counters.replIn += arrived * protocolOverhead;
  master.counters.replOut += arrived * protocolOverhead;
}

/** Delayed acknowledgements make the answer to a request for a piece take so long; a list comes sooner (pika-facts 4.8). */
const answerTakesMs = 40;
export const listTakesMs = 2;

/** Whether the node gives a request up before its answer can be there. */
export function timesOut(node: SimNode, answerMs: number): boolean {
  const timeoutMs = numberSetting(node, 'rsync-timeout-ms');
  return !node.traits.pushes && timeoutMs > 0 && timeoutMs < answerMs;
}

/** Of each answer beside its piece. */
const envelopeBytes = 83;

/**
 * A node whose requests time out begins its files again and again: it gets whole pieces and never the end of a file. 3.5
 * asks for small files first, which come a few bytes at a time for 16 s (recordings 53).
 */
function againInVain(world: World, transfer: Transfer, bytes: number): number {
  if (asksForSmallFiles(world, transfer)) return bytes;
  const piece = Math.floor(numberSetting(transfer.slave, 'throttle-bytes-per-second') / 10);
  const pieces = (asked: number): number => Math.floor(asked / piece);
  const before = transfer.askedAgain;
  transfer.askedAgain += bytes;
  return (pieces(transfer.askedAgain) - pieces(before)) * (piece + envelopeBytes);
}

const smallFilesMs = 16_000;
const smallFilesBytesPerSecond = 20_000;

const asksForSmallFiles = ({ clock }: World, { slave, startedAt }: Transfer): boolean =>
  slave.traits.family === '3.5' && clock.now() - startedAt < smallFilesMs;

function paceOf(world: World, transfer: Transfer, running: readonly Transfer[]): number {
  const throttle = throttleOf(transfer.slave, running);
  if (!timesOut(transfer.slave, answerTakesMs)) return throttle;
  if (asksForSmallFiles(world, transfer)) return smallFilesBytesPerSecond;
  // 3.5 goes on with small files between the large files.
  return transfer.slave.traits.family === '3.5' ? throttle * 0.8 * transfer.slave.random.next() : throttle;
}

/**
 * Bytes that a slave receives and sends beside files and binlog (pika-facts 4.8): once for a question and its answer;
 * each second for pings, and for files that the master cannot open: 185 to 530 in, on real 3.5.4 and 4.0.1.
 */
const talk = {
  metaSync: { in: 115, out: 25 },
  refusal: { in: 52, out: 32 },
  question: { in: 40, out: 55 },
  pings: { in: 14, out: 23 },
  refusedFiles: { in: 185, out: 300 },
  /** Of a dump whose folder was deleted during the copy (recording 52). */
  missingFiles: { in: 512, out: 437 },
} as const;

function count(
  { slave, master }: { readonly slave: SimNode; readonly master: SimNode },
  what: keyof typeof talk,
  times: number,
): void {
  slave.counters.replIn += talk[what].in * times;
  slave.counters.replOut += talk[what].out * times;
  master.counters.replIn += talk[what].out * times;
  master.counters.replOut += talk[what].in * times;
}

export const countTalk = (connection: Connection, what: 'metaSync' | 'refusal' | 'question'): void =>
  count(connection, what, 1);

function settlePings(world: World, connection: Connection): void {
  const now = world.clock.now();
  if (!connection.open || now <= connection.pingedAt) return;
  count(connection, 'pings', (now - connection.pingedAt) / 1000);
  connection.pingedAt = now;
}

/** Bytes of the dump that fit on the slave's disk, beside what its other copies hold, opened ones too. */
const roomFor = (transfer: Transfer): number =>
  Math.min(transfer.dump.bytes, Math.max(0, transfer.copied + freeBytes(transfer)));

function freeBytes(transfer: Transfer): number {
  const { copyRoomBytes, dbs } = transfer.slave;
  const opened = dbs.reduce((total, { copiedBytes }) => total + copiedBytes, 0);
  return copiesBeside(transfer).reduce((free, { copied }) => free - copied, copyRoomBytes - opened);
}

/** All that the slave copies from this master, this one included: one for each DB. */
const copiesBeside = ({ master, slave }: Transfer): readonly Transfer[] =>
  [...master.outgoing].filter((each) => each.slave === slave);

/** Bytes on the wire per byte of a file (pika-facts 4.8). */
const protocolOverhead = 1.0005;

/** Bytes counted so far on the node and its counterparts; call before reading counters. */
export function settleAll(world: World, node: SimNode): void {
  for (const transfer of node.outgoing) settle(world, transfer);
  for (const { rsync } of node.dbs) if (rsync.transfer !== null) settle(world, rsync.transfer);
  for (const connection of node.connections) settlePings(world, connection);
}

/** What the node sends to its syncing slaves now, in bytes a second. */
export function outgoingBytesPerSecond(node: SimNode): number {
  let total = 0;
  for (const transfer of node.outgoing) total += transfer.bytesPerSecond;
  return total;
}

/**
 * Shares the master's network among its transfers: each gets at most its slave's throttle (a slave's DBs share it),
 * and what one leaves the others may use.
 */
export function reallocate(world: World, master: SimNode): void {
  const running = [...master.outgoing];
  for (const transfer of running) settle(world, transfer);
  const moving = running
    .filter(
      ({ slave, stuck, gone, copied, dump }) =>
        master.alive &&
        master.opens.files &&
        !stuck &&
        !gone &&
        copied < dump.bytes &&
        !arePartitioned(world, slave, master),
    )
    .map((transfer) => ({ transfer, limit: paceOf(world, transfer, running) }))
    .sort((a, b) => a.limit - b.limit);
  for (const transfer of running) transfer.bytesPerSecond = 0;
  let budget = master.nicBytesPerSecond;
  moving.forEach(({ transfer, limit }, index) => {
    transfer.bytesPerSecond = Math.min(limit, budget / (moving.length - index));
    budget -= transfer.bytesPerSecond;
  });
  for (const transfer of running) reschedule(world, transfer);
}

function throttleOf(slave: SimNode, running: readonly Transfer[]): number {
  const name = slave.traits.pushes ? 'db-sync-speed' : 'throttle-bytes-per-second';
  const set = numberSetting(slave, name) * (slave.traits.pushes ? 1024 * 1024 : 1);
  const limit = set > 0 ? set : Number.POSITIVE_INFINITY;
  return limit / running.filter((transfer) => transfer.slave === slave).length;
}

const calls = new WeakMap<Transfer, { readonly arrived: () => void; readonly ended: () => void }>();

function reschedule(world: World, transfer: Transfer): void {
  if (transfer.done !== null) transfer.done.cancelled = true;
  transfer.done = null;
  if (!(transfer.bytesPerSecond > 0)) return;
  const { slave, dump, copied, bytesPerSecond } = transfer;
  if (timesOut(slave, answerTakesMs)) {
    transfer.done = later(world, slave, 1000, () => failAll(world, transfer));
    return;
  }
  const inMs = ((dump.bytes - copied) / bytesPerSecond) * 1000;
  const together = copiesBeside(transfer).reduce((sum, each) => sum + each.bytesPerSecond, 0);
  const fullInMs = (Math.max(0, freeBytes(transfer)) / together) * 1000;
  if (fullInMs < inMs) {
    transfer.done = later(world, slave, Math.max(fullInMs, leastRetryMs), () => loseFile(world, transfer));
    return;
  }
  transfer.done = later(world, slave, inMs, () => {
    settle(world, transfer);
    transfer.copied = transfer.dump.bytes;
    calls.get(transfer)?.arrived();
  });
}

/** Between two failures of a file on a full disk: 6 to 7 a second were seen (pika-facts 4.9). */
const leastRetryMs = 100;

/**
 * The disk is full: the slave deletes the file that it cannot write, and begins it again at once, without end. The
 * other files have its room meanwhile (pika-facts 4.9).
 */
function loseFile(world: World, transfer: Transfer): void {
  settle(world, transfer);
  const { slave, db, dump } = transfer;
  if (transfer.copied >= roomFor(transfer)) {
    const fileBytes = dump.bytes / Math.max(1, dump.files.filter(({ name }) => name.endsWith('.sst')).length);
    transfer.copied = Math.max(0, transfer.copied - fileBytes * slave.random.next());
    world.glog.fileFailed(
      transfer,
      [
        'W',
        'rsync_client.cc',
        `pwrite failed, filename: ${copyPath(slave, db)}/x errno: No space left on device n: 4096`,
      ],
      [
        'W',
        'rsync_client.cc',
        `copy remote file failed, msg: IO error: ${copyPath(slave, db)}/x: pwrite failed`,
      ],
    );
    world.note(slave, 'copy_file_failed', { db: db.name, reason: 'No space left on device' });
  }
  reschedule(world, transfer);
}

/** Each request for a file went unanswered for too long. */
function failAll(world: World, transfer: Transfer): void {
  const why = `Timeout: rsync timeout: timeout during(in ms) is ${transfer.slave.settings.get('rsync-timeout-ms')}`;
  world.glog.fileFailed(
    transfer,
    ['W', 'rsync_client.cc', why],
    ['W', 'rsync_client.cc', `copy remote file failed, msg: ${why}`],
  );
  reallocate(world, transfer.master);
}

/** From now on, the slave's disk has room for this many bytes of a copy. */
export function setCopyRoom(world: World, slave: SimNode, bytes: number): void {
  settleAll(world, slave);
  slave.copyRoomBytes = bytes;
  for (const { rsync } of slave.dbs) if (rsync.transfer !== null) reallocate(world, rsync.transfer.master);
}

/** Larger values of `max-rsync-parallel-num` are read as this. */
const mostWorkers = 4;

/** Begins to copy; `arrived` is called when all bytes have come, `ended` when nothing is copied any more, for whatever reason. */
export function startTransfer(
  world: World,
  parts: Pick<Transfer, 'slave' | 'master' | 'db' | 'dump' | 'stuck'>,
  arrived: () => void,
  ended: () => void,
): Transfer {
  const now = world.clock.now();
  const transfer: Transfer = {
    ...parts,
    workers: Math.min(mostWorkers, numberSetting(parts.slave, 'max-rsync-parallel-num') || mostWorkers),
    startedAt: now,
    copied: 0,
    askedAgain: 0,
    settledAt: now,
    bytesPerSecond: 0,
    gone: false,
    done: null,
  };
  calls.set(transfer, { arrived, ended });
  transfer.master.outgoing.add(transfer);
  reallocate(world, transfer.master);
  if (transfer.dump.failed) world.glog.filesRefused(transfer);
  return transfer;
}

/** Somebody deletes the folder of the dumps: no file comes any more, and the next slave gets a new dump. */
export function removeDumps(world: World, master: SimNode): void {
  settleAll(world, master);
  for (const db of master.dbs) {
    db.dump = null;
    dumpsDeleted(db);
  }
  for (const transfer of master.outgoing) {
    transfer.gone = true;
    world.glog.filesRefused(transfer);
  }
  reallocate(world, master);
}

/** Ends a transfer, finished or not; the others share what it used. */
export function endTransfer(world: World, transfer: Transfer): void {
  if (!transfer.master.outgoing.has(transfer)) return;
  settle(world, transfer);
  if (transfer.done !== null) transfer.done.cancelled = true;
  transfer.master.outgoing.delete(transfer);
  calls.get(transfer)?.ended();
  reallocate(world, transfer.master);
}
