import { arePartitioned, later, numberSetting, type SimNode, type Transfer, type World } from './world.ts';

/** Brings the count of arrived bytes up to now, and books them on both sides. */
function settle(world: World, transfer: Transfer): void {
  const now = world.clock.now();
  const arrived = Math.min(
    transfer.dump.bytes - transfer.copied,
    ((now - transfer.settledAt) / 1000) * transfer.bytesPerSecond,
  );
  transfer.settledAt = now;
  if (!(arrived > 0)) return;
  transfer.copied += arrived;
  transfer.slave.counters.replIn += arrived * protocolOverhead;
  transfer.master.counters.replOut += arrived * protocolOverhead;
}

/** Bytes on the wire per byte of a file (recording 40). */
const protocolOverhead = 1.0005;

/** Bytes counted so far on the node and its counterparts; call before reading counters. */
export function settleAll(world: World, node: SimNode): void {
  for (const transfer of node.outgoing) settle(world, transfer);
  for (const { rsync } of node.dbs) if (rsync.transfer !== null) settle(world, rsync.transfer);
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
      ({ slave, stuck, copied, dump }) =>
        master.alive && !stuck && copied < dump.bytes && !arePartitioned(world, slave, master),
    )
    .map((transfer) => ({ transfer, limit: throttleOf(transfer.slave, running) }))
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

const finished = new WeakMap<Transfer, () => void>();

function reschedule(world: World, transfer: Transfer): void {
  if (transfer.done !== null) transfer.done.cancelled = true;
  transfer.done = null;
  if (!(transfer.bytesPerSecond > 0)) return;
  const left = transfer.dump.bytes - transfer.copied;
  const inMs = (left / transfer.bytesPerSecond) * 1000;
  transfer.done = later(world, transfer.slave, inMs, () => {
    settle(world, transfer);
    transfer.copied = transfer.dump.bytes;
    finished.get(transfer)?.();
  });
}

/** Begins to copy; `done` is called when all bytes have arrived. */
export function startTransfer(
  world: World,
  parts: Pick<Transfer, 'slave' | 'master' | 'db' | 'dump' | 'stuck'>,
  done: () => void,
): Transfer {
  const now = world.clock.now();
  const transfer: Transfer = {
    ...parts,
    startedAt: now,
    copied: 0,
    settledAt: now,
    bytesPerSecond: 0,
    done: null,
  };
  finished.set(transfer, done);
  transfer.master.outgoing.add(transfer);
  reallocate(world, transfer.master);
  return transfer;
}

/** Ends a transfer, finished or not; the others share what it used. */
export function endTransfer(world: World, transfer: Transfer): void {
  if (!transfer.master.outgoing.has(transfer)) return;
  settle(world, transfer);
  if (transfer.done !== null) transfer.done.cancelled = true;
  transfer.master.outgoing.delete(transfer);
  reallocate(world, transfer.master);
}
