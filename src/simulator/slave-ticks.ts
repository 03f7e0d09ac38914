import { later, type SimDb, type SimNode, type World } from './world.ts';

/** Whole tenths of the retry time, as Pika counts whole seconds of its ten. */
export const metaSyncUnits = (world: World): number =>
  Math.floor(world.clock.now() / (world.timers.metaSyncRetryMs / 10));

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

export function scheduleTick(world: World, node: SimNode, at: number): void {
  node.aux = later(world, node, at - world.clock.now(), () => {
    node.aux = null;
    world.onTick(node);
  });
}

/** When the states need the next tick; null = an event will wake the node. */
export function nextLook(world: World, node: SimNode): number | null {
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

export function metaSyncDue(world: World, node: SimNode): number {
  if (node.firstMetaSync) return node.notBefore;
  return Math.max(node.notBefore, ((node.lastMetaSync + 10) * world.timers.metaSyncRetryMs) / 10);
}

/** The thread that opened the database sleeps a whole tick before it goes on. */
export function tickAfterPause(world: World, node: SimNode): void {
  if (node.aux !== null) node.aux.cancelled = true;
  scheduleTick(world, node, world.clock.now() + world.timers.auxTickMs);
}
